"""Held-out paraphrases of what customers say, for testing whether a model copes with phrasings it never saw."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["UNSEEN"]

UNSEEN: Book = parse(
    """
    # greet
    Howdy.
    Is somebody around to assist me?

    # open
    Dear support team,
    Morning folks!

    # close
    Much obliged.
    Looking forward to your answer.

    # join
    That settles it. Moving on.
    I've got a further matter.

    # status
    Tell me how far {order} has got.
    I would love to learn the whereabouts of {order}.

    # status_none
    Nothing has turned up on my doorstep so far.
    I keep looking out of the window for the delivery van. Where is it?

    # cancel
    Kindly stop {order} before it goes out.
    There's no use for {order} any longer, please scrap it.

    # no longer needed
    Circumstances have made it superfluous.
    I can do without.

    # ordered by mistake
    That purchase was never intended.
    My finger slipped at the checkout.

    # too slow
    By the time it gets here I'll be away.
    The wait is unacceptable.

    # found cheaper
    A rival undercuts you.
    I spotted a bargain down the road.

    # return
    What are the steps for giving back the {item} that came with {order}?
    The {item} out of {order} disappoints me. Take it back?

    # return_item
    What are the steps for giving back the {item}?
    The {item} disappoints me. Will you take it back?

    # exchange
    Might there be an alternative to the {item} of {order}? I'd trade it in.
    Let me trade the {item} out of {order} for some other kind.

    # damaged
    I unpacked {order} only to see that the {item} has had it.
    The {item} belonging to {order} refuses to do anything at all.

    # late
    {order} was promised for an earlier day. Please investigate.
    My patience with {order} is running thin.

    # order_address
    Let {order} be delivered at {address} rather than at my place.
    Different destination for {order}, please: {address}.

    # account_address
    Our household relocated. Mail reaches us at {address} these days.
    Kindly replace the residence in my profile by {address}.

    # warranty
    Suppose the {item} of {order} fails: for how long would you repair it free of charge?
    Coverage period of the {item} out of {order}?

    # refund_amount
    Were I to hand back the whole of {order}, which sum would you reimburse?
    Calculate what comes back to me for {order}.

    # ticket
    A while back I filed a report with you. Has it moved?
    Please look into the case that I raised.

    # preference
    Would you be so kind and arrange {wish}?
    It would suit me better to have {wish}.

    # shop
    My budget is {limit} and I am after {a_noun}.
    Show me {a_noun} that won't cost over {limit}.

    # give_email
    I registered with {email}.
    Mine reads {email}.

    # intro_email
    I signed up using {email}.
    Look for {email} among your customers.

    # intro_name_zip
    Listed as {first} {last} in {zip}.
    Best regards, {first} {last}, {zip}

    # intro_name
    Listed as {first} {last}.
    Best regards, {first} {last}

    # fix_email
    Slip of the finger: it reads {email}.
    Check once more with {email}.

    # give_name_zip
    They call me {first} {last} and I live in the {zip} area.
    Registered to {first} {last}, postcode {zip}.

    # give_name
    They call me {first} {last}.
    Registered to {first} {last}.

    # give_zip
    Postcode {zip}.
    I live in the {zip} area.

    # give_order
    The confirmation says {id}.
    Reference {id}, if I read it properly.

    # no_order
    That reference is beyond me.
    I would have to dig for it, so no.

    # no_order_item
    That reference is beyond me, though the {item} was inside.
    All I recall is having bought the {item}.

    # pick_order
    I am talking about {id}.
    Choose {id}.

    # correct
    I read out the wrong line. {id} is what I need.
    Scratch that, make it {id}.

    # yes
    By all means.
    You have my blessing.

    # no
    I take that back, everything stays.
    Better not.

    # pick_product
    My choice falls on the {name}.
    Put me down for the {name}.

    # chat_bot
    Do machines like you ever sleep?
    Do you have a heartbeat?

    # chat_day
    Did the morning treat you kindly?
    Plenty to do over at your place?

    # chat_talk
    The neighbours are drilling again, pardon my typing.
    What a heat wave we've got.

    # wait
    I shall be patient.
    Go on then.

    # ask_total
    Which sum was charged for it?
    What did they bill me for that order?

    # ask_placed
    On what date was the purchase made?
    Since when has that order existed?

    # ask_address
    Whose doorstep is that order headed for?
    Read me the destination of that order.

    # bye
    We're done here, much obliged.
    Farewell and take care.

    # bye_flat
    Shame, though I expected as much.
    So be it.

    # leave
    Somebody's at the door, so I must stop here.
    I'm losing my patience, goodbye.
    """
)
