"""A second book of held-out paraphrases: the clean test of whether a model copes with phrasings it never saw.

Its author saw neither a training phrase nor those of ``phrases_unseen``, nor what a model made of them, and wrote it
when the training phrases were final; what came out equal to one of them (case and signs aside) was taken out.
No training phrase is to be written with it in view; the model's card says for which one choice it was looked at.
"""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["FRESH"]

FRESH: Book = parse(
    """
    # greet
    Hello hello, anybody there?
    Good morning to you!
    Hi, am I through to customer support?

    # open
    Hi everyone!
    Hey, hope I've come to the right place.

    # close
    Any help with this would be much appreciated.
    Many thanks in advance!
    Would be great if you could sort that out for me.

    # join
    Brilliant, that's one thing off my list. On to the second.
    OK, so that's settled. There's something else as well.
    Thank you, that takes care of it. I have another matter, though.
    Lovely, all good there. While I've got you, one more thing.

    # status
    Could you tell me how far along {order} is?
    Any sign of {order} yet?
    I'm trying to find out where {order} has got to.
    Hi, would you mind checking the tracking on {order} and telling me where it is right now?

    # status_none
    Where on earth is my parcel at the moment?
    I bought something from you and would love to know where it is by now.
    Can you look up how far my delivery has got?
    any news on when my stuff gets here

    # cancel
    I want to call off {order}.
    Kindly cancel {order} for me.
    Please stop {order} before it ships, I'm cancelling it.
    Would it still be possible to withdraw {order}? I've decided to cancel.

    # no longer needed
    I simply have no use for it anymore.
    My plans have changed, so I won't be needing it after all.
    A friend gave me one, so now I can do without it.
    It isn't needed anymore.

    # ordered by mistake
    I hit the buy button by accident.
    My kid was playing with my phone and placed it without me knowing.
    I never meant to order that, it was a slip.
    Clicked the wrong thing at checkout, sorry, that was my error.

    # too slow
    It's taking way too long to get here.
    I can't wait that many days for a delivery.
    The shipping is just too slow for me.
    Honestly, at this pace it would never reach me in time.

    # found cheaper
    Another shop sells the same thing for less.
    I've come across a much better price somewhere else.
    Turns out it costs a good bit less at a store near me.
    Saw it cheaper elsewhere.

    # return
    I'd like to send back the {item} from {order} and get my money back.
    The {item} that came with {order} isn't for me. How do I return it for a refund?
    Please set up a return for the {item} in {order}, I want a refund on it.
    returning the {item} from {order}, refund please

    # return_item
    The {item} isn't what I hoped for, I want to give it back and be refunded.
    How can I send the {item} back to you for a refund?
    I'm not keeping the {item}. Please arrange a return and refund me.
    Can I get my money back on the {item} if I mail it back?

    # exchange
    I'd rather have a different product than the {item} from {order}. Could we swap it?
    Is it possible to trade the {item} I got with {order} for something else?
    Please exchange the {item} in {order} for another product.
    No refund needed, I'd just like to switch the {item} from {order} for some other article.

    # damaged
    I unpacked {order} and the {item} is broken.
    The {item} from {order} reached me in pieces.
    Unfortunately the {item} that came with {order} doesn't work at all, it was faulty straight out of the box.
    There's a big crack in the {item} you sent me with {order}, it must have been damaged on the way.

    # late
    {order} should have been here days ago. What's the hold-up?
    Why hasn't {order} turned up yet? The promised date has come and gone.
    You've missed the delivery date for {order}, can you explain the delay?
    I'm still waiting for {order}, which is well overdue by now. What went wrong?

    # order_address
    I need {order} delivered somewhere else, namely to {address}.
    Could you redirect {order} so that it goes to {address}?
    Please don't ship {order} to my usual place, send it to {address} instead.
    Different delivery address for {order}, please: {address}.

    # account_address
    We've just moved house, so please put {address} down as the address in my account.
    I live at {address} now. Could you update my customer profile?
    New home, new address: {address}. Please change it on my account.
    My account still shows my old place. Since the move, I'm at {address}.

    # warranty
    Does the warranty still cover the {item} I got with {order}?
    For how long is the {item} from {order} under warranty?
    I'd like to know when the warranty on the {item} in {order} runs out.
    Is there any warranty left on the {item} that came with {order}?

    # refund_amount
    If I sent {order} back in full, how much money would I get?
    Just asking for now: what would the refund come to if I returned everything in {order}?
    I'm not returning anything yet, but how big would the refund for {order} be if every item went back?
    What sum would you pay me back for {order}, supposing I returned the whole lot?

    # ticket
    Is there any progress on the complaint I filed?
    I opened a support ticket a while back and haven't heard a thing. What's happening with it?
    How's my open case coming along?
    Has anyone looked at my ticket yet?

    # preference
    Could you change my settings? I'd prefer {wish}.
    Please make a note in my account preferences that I want {wish}.
    I'd much prefer {wish}, so please adjust my profile accordingly.
    Can you set up my account differently? Going forward I would like {wish}.

    # shop
    I'm shopping for {a_noun} and don't want to pay more than {limit}.
    Could you help me find {a_noun} to buy? {limit} is the most I can spend.
    My budget is {limit} tops. Which {noun} can I buy from you for that?
    I'd like to treat myself to {a_noun}, as long as it costs {limit} or less.

    # give_email
    Of course, you'll find me under {email}.
    The address I signed up with is {email}.
    Sure thing: {email}

    # intro_email
    My account is registered to {email}.
    You should have me on file as {email}.
    In case you need it to look me up, my email is {email}.
    I'm the customer with the email {email}.

    # intro_name_zip
    This is {first} {last} writing, zip {zip}.
    You can look me up as {first} {last} in {zip}.
    I'm {first} {last}, living in the {zip} area.

    # intro_name
    My name's {first} {last}, by the way.
    You're talking to {first} {last}.
    The account is in the name of {first} {last}.

    # fix_email
    Oops, there was a typo in my email. It should be {email}.
    Sorry, I left out a letter, the right address is {email}.
    My bad, I misspelled it. Please try {email}.
    Ah, clumsy fingers! What I meant to type was {email}.

    # give_name_zip
    Sure, it's {first} {last} and the zip is {zip}.
    First name {first}, last name {last}, and I'm in {zip}.
    No problem. I'm called {first} {last}, and my postal code is {zip}.

    # give_name
    The account should be under {first} {last}.
    {first} {last} here, pleased to meet you
    You can put me down as {first}, surname {last}.

    # give_zip
    The postal code you're after is {zip}.
    sure, zip code {zip}

    # give_order
    The one I'm asking about is {id}.
    I've got the confirmation in front of me, it says {id}.
    The confirmation mail says {id}.
    {id}, if I'm reading this right
    That would be number {id}, please

    # no_order
    Sorry, no clue, I deleted the confirmation email ages ago.
    haven't got the number on me right now
    I'm afraid I couldn't tell you, I never wrote that number down.
    Hmm, can't find the order number anywhere

    # no_order_item
    No idea what the number was, but it's the order with the {item} in it.
    I don't have the number handy, sorry. The {item} was part of that order, if that helps.
    can't remember the number, all I know is the {item} came in that order
    The number escapes me, but look for the one containing the {item}.

    # pick_order
    Out of those, it's {id}.
    From your list, I mean {id}.
    Let's take {id}, the others are fine.
    Of the ones you've listed, {id} is what I'm after.
    Out of those, I mean {id}.
    {id} is the one I'm after
    Let's go with {id} from your list, please
    Of the ones you just listed, it's {id}

    # correct
    Sorry, I got a digit wrong. It should be {id}.
    Oh, I mistyped the number, it's actually {id}.
    Just double-checked and I had a typo in there. The right one is {id}.
    Whoops, mixed up the numbers when typing. Try {id}.
    No, wrong one. I was talking about {id}.
    Hang on, that's not the order I had in mind. I meant {id}.
    Not that one, please. It's {id} I want you to look at.
    I think we've got our wires crossed, this should be about {id} and not that one.
    Oops, I misread the number, it should have been {id}.
    No no, wrong order! I was talking about {id}
    My mistake, I copied the wrong line. The right number is {id}.
    Hang on, we're looking at a different order than I had in mind, mine is {id}

    # yes
    Yes, that's fine with me.
    Sounds good, go right ahead.
    Absolutely, please proceed.
    yep do it
    That's exactly what I want, so please carry on.
    You have my okay.
    Sounds good, please do that.
    Yep, go for it
    By all means, you have my okay.
    Sure thing, let's do it.
    That's fine with me, carry on and make the change

    # no
    No, please don't.
    On second thought, I'd rather you left everything as it is.
    nah, forget it
    Thanks, but I don't want that. Keep it the way it was.
    Not like that, no. Please don't change anything.
    Hmm, no, I've changed my mind, let's not do it.
    On second thought, I'd rather keep it the way it is.
    Nah, leave it
    No thank you, please don't change anything.
    I'd prefer you didn't, let's just let it stand
    Don't do that, please. I'm happy with things as they are.
    nope, forget about it

    # pick_product
    The {name} looks right, I'll take that one.
    Put me down for the {name}, please.
    Of those, I like the {name} best, so let's do that.

    # chat_bot
    Am I chatting with a real human being or a machine?
    Just curious, is there an actual person typing these replies?
    You answer so quickly, you must be a computer, right?

    # chat_day
    How's your day going so far?
    Are you having a good day over there?
    And how are things with you today?
    Busy shift today, or is it going alright for you?

    # chat_talk
    It's been pouring down here since this morning.
    What a gorgeous sunny day it is outside!
    Can you believe how cold it's got this week?
    Finally Friday, I can't wait for the weekend.

    # wait
    No rush, I'm not going anywhere.
    Sure, take all the time you need.
    Okay, I'll hang on.
    That's alright, I'll be here.
    Of course, I can wait a moment.
    no worries, I'll hold
    No rush, take all the time you need.
    Sure, I'll hang on
    Okay, I'm not going anywhere.
    That's alright, I can wait a bit
    Of course, just let me know once you've had a look.
    np, standing by

    # ask_total
    How much did I pay for that order in all?
    Quick question in between: how much was the whole order?
    Out of curiosity, what did that order come to altogether?
    How much did I end up paying for the whole thing?
    what was the grand total on that one?
    Could you remind me of the full amount I was charged for it?

    # ask_placed
    Remind me, on what day did I place that order?
    By the way, when exactly did I order that?
    Can you also see the date that order was made?
    Just out of interest, how long ago did I place it?
    Quick question, what day did I place that order?
    When exactly did I order this, do you have the date?
    Can you see on which date I bought it?
    remind me, what's the order date on that one?

    # ask_address
    By the way, which address is this one going to?
    Could you tell me where that parcel is being sent?
    what delivery address do you have down for it?
    Just to be sure, whereabouts will this order be dropped off?

    # bye
    That was everything, thank you so much!
    Nothing more from my side. Have a lovely day!
    I'm all set, thanks for your help.
    No, that covers it. You've been great, bye!
    That's me sorted, cheers and take care!
    Brilliant, you've covered everything. Many thanks and goodbye!
    Nothing else from my side, thank you so much. Bye bye
    thx for the help, all done here, cya

    # bye_flat
    Oh well, that's a pity. Bye then.
    Not what I was hoping for, but so be it. Goodbye.
    Shame. Guess there's nothing to be done, I'll leave it there. Bye
    I see... too bad. Well, have a good day anyway.

    # leave
    Sorry, I've got to dash. I'll get back to you another time.
    Someone's at the door, I have to go now. Bye!
    gotta run, my bus is here
    I have no time to finish this right now, let's leave it for today.
    """
)
