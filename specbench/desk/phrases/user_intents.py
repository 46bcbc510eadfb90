"""What customers want, in their words, by intent. The held-out ones are in ``phrases_unseen``."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["INTENTS"]

INTENTS: Book = parse(
    """
    # greet
    Hi[| there].
    Hello[|!|, anyone there?]
    Good [morning|afternoon|evening].
    Hey[|, can you help me?| there, I need some help.]
    Hi, I have a [quick |]question.
    Hello, I need help with [something|my account|a purchase].
    [Hi|Hello|Hey], is this support?
    Hey, are you [free|available]?

    # open
    [Hi|Hello|Hey][| there],
    [Hi|Hello]!
    Good [morning|afternoon|evening].
    Hey.
    Hi, hope you're [well|doing fine].
    Hello, [quick question|I need a hand].
    Hi, me again.
    Greetings.

    # close
    Thanks!
    [Thanks|Thank you] in advance.
    Please.
    Can you [help|sort this out]?
    [Appreciate it|Cheers].
    I'm [a bit |]in a hurry.
    Hope you can help.
    Let me know [please|soon].

    # join
    [Great|OK|Perfect|Thanks|Good]. [One more thing.|Another question.|Next one.]
    [Also|And also],
    While I [have you|am here]:
    [Got it|Understood], [thanks|thank you]. Then something else.
    [Alright|Okay]. There is one more thing.
    Before you go:
    And another thing.
    [Cool|Nice|Fine], [next|now this]:

    # status
    [Where is|What's the status of|Any news on] {order}?
    [Can|Could] you [check|tell me] where {order} is?
    [I'd like|I want] to know what's happening with {order}.
    [When will|When does] {order} [arrive|get here]?
    I'm still waiting for {order}[|, is it on its way].
    Has {order} [shipped|been sent out|left the warehouse] yet?
    Just checking [on|up on] {order}.
    [Please give|Give] me an update on {order}.

    # status_none
    Where's my stuff?
    [Where is|When do I get] my [order|parcel|package]?
    I ordered something [a while|some days] ago and [nothing came|have nothing yet].
    My [order|delivery|parcel] [has not|hasn't] arrived.
    Any idea when my [package|parcel] [gets here|will be here]?
    I'm waiting for a [delivery|parcel][| and would like to know where it is].
    Can you tell me where my order is?
    What's going on with my order?

    # cancel
    [I want|I'd like|I need] to cancel {order}.
    [Can you|Could you|Would you] cancel {order}[| for me]?
    [Please cancel|Cancel] {order}.
    [How do I|Can I still] cancel {order}?
    Is it too late to cancel {order}?
    {order} has to be cancelled[|, please].
    I have to [call off|cancel] {order}.
    I don't want {order} any more.

    # no longer needed
    I don't need it [anymore|any longer].
    My plans changed.
    [It is|It's] no longer needed.
    We [solved it|managed] without it.
    I got one as a present.
    A friend [lent|gave] me one.
    There's no use for it now.
    The trip was called off.

    # ordered by mistake
    I ordered it by mistake.
    [That was|It was] an accident.
    I [clicked|hit] the wrong button.
    My [kid|son|daughter] ordered it on my phone.
    I didn't mean to buy it.
    I picked the wrong thing.
    I ordered twice by accident.
    It was a wrong click.

    # too slow
    It takes too long.
    I can't wait [that long|any longer].
    It won't be here in time.
    I need it sooner than that.
    It's been [sitting there for days|too slow].
    The delivery is too slow for me.
    It would arrive too late [for me|for the birthday].
    I needed it this week.

    # found cheaper
    I found it cheaper [elsewhere|in another shop].
    Another [shop|store] sells it for less.
    I got a better price [somewhere else|elsewhere].
    It's cheaper [in town|around the corner].
    There's a better offer [elsewhere|in another shop].
    A competitor has it on sale.
    I can get it for less.
    The price is lower somewhere else.

    # return
    [I want|I'd like|I need] to return the {item} from {order}.
    The {item} from {order} [isn't|is not] what I expected, I want to [send it back|return it].
    [Can|Could] I send back the {item}? It was in {order}.
    How do I return the {item}? It's from {order}.
    I [don't like|am not happy with] the {item} in {order} and [want|would like] my money back.
    Please set up a return for the {item} from {order}.
    The {item} [doesn't fit|is not for me]. [It was part of|It's in] {order}. I want to return it.
    Return request: the {item}, {order}.

    # return_item
    [I want|I'd like|I need] to return the {item}[| I bought].
    The {item} [isn't|is not] what I expected, I want to [send it back|return it].
    [Can|Could] I send back the {item} I [got|ordered]?
    How do I return [the|my] {item}?
    I [don't like|am not happy with] the {item} and [want|would like] my money back.
    Please set up a return for the {item}.
    The {item} [doesn't fit|is not for me]. I want to return it.
    My new {item} has to go back.

    # exchange
    [Can|Could] I [exchange|swap] the {item} from {order} for [something else|a different one]?
    [I'd like|I want] to exchange the {item}, {order}.
    The {item} in {order} is the wrong [type|one] for me. Can I swap it?
    I want a different model instead of the {item} ({order}).
    Is an exchange possible for the {item} from {order}?
    I'd rather have [another|a different] one than the {item} in {order}.
    Swap the {item} from {order} for another one [please|if you can].
    Can you replace the {item} of {order} with [another|a different] model?

    # damaged
    The {item} from {order} [arrived broken|came damaged|is cracked|stopped working].
    My {item} is [broken|defective|faulty]. It was in {order}.
    [Something is wrong|There's a problem] with the {item} I got in {order}, it [does not work|is damaged].
    {order}: the {item} was [smashed|dented|broken] when I opened the box.
    I opened {order} and the {item} is [in pieces|damaged|scratched all over].
    The {item} [died|broke] after [two|three] days. It's from {order}.
    You sent me a [damaged|broken] {item} in {order}.
    I want to report a [faulty|damaged] {item} from {order}.

    # late
    {order} should have been here by now. [What's going on?|Why is it late?]
    Why is {order} taking so long?
    I think {order} [is lost|got lost].
    {order} is late [and I need it|again]. Can you do something?
    [The tracking of|Tracking for] {order} hasn't changed for days.
    I've been waiting [forever|way too long] for {order}.
    This is [annoying|frustrating]: {order} still isn't here.
    Can you [find out|check] why {order} is [late|delayed]?

    # order_address
    [I need|I want] to change the [delivery|shipping] address of {order} to {address}.
    Please send {order} to {address} instead.
    {order} has the wrong address, it should go to {address}.
    Can you redirect {order} to {address}?
    I won't be home, [can|could] {order} go to {address}?
    Change where {order} is going: {address}.
    The [shipping|delivery] address on {order} should be {address}.
    Could you ship {order} to {address}?

    # account_address
    [I moved|I've moved|We moved] [to|and now live at] {address}. [Please update my account.|Can you change it?]
    [I need|I want] to [change|update] my address to {address}.
    My new address is {address}.
    Please [set|update] the address on my account to {address}.
    [Can|Could] you put {address} as my address?
    Update my profile: I live at {address} now.
    From now on everything should go to {address}, [please update|please change] my address.
    My account has an old address, the new one is {address}.

    # warranty
    How long is the warranty [on|for] the {item} [from|in] {order}?
    Is the {item} from {order} still under warranty?
    [I need|I'd like] the warranty terms for the {item} I bought, {order}.
    The {item} in {order}: how many months of warranty [do I have|is there]?
    Does the {item} from {order} have a guarantee?
    What warranty [came|comes] with the {item} in {order}?
    Until when is the {item} from {order} covered?
    Can you check the warranty of my {item}? It's from {order}.

    # refund_amount
    How much [would|will] I get back if I return everything [from|in] {order}?
    What would the refund be for {order}?
    [If I send back|If I return] all of {order}, what do I get?
    I'm thinking of returning {order}. How much money is that?
    Tell me the full refund amount for {order}[| please].
    What refund can I expect for {order}?
    Could you work out the refund for {order}?
    How much is {order} worth if everything goes back?

    # ticket
    [Any update|Any news|What's new] on my [support |]ticket?
    I [opened|have] a ticket and [nobody answered|heard nothing since].
    [Can|Could] you check [my ticket|the ticket I opened]?
    What's the status of my [complaint|ticket|case]?
    I wrote to you [last week|some days ago] about a problem. Is anyone [working on it|looking at it]?
    Following up on my [support case|ticket].
    Did someone look at my [ticket|complaint] yet?
    I'm waiting for an answer to my [ticket|case].

    # preference
    [I'd like|I want] {wish}.
    Can you change my [settings|preferences]? I want {wish}.
    [Please update|Update] my preferences, I'd prefer {wish}.
    From now on I want {wish}.
    Could you set it so that I have {wish}?
    Settings question: can I have {wish}?
    Going forward I'd like {wish}.
    I prefer {wish}, please [change that|note it].

    # shop
    [Do you have|Have you got] any {category} [stuff|products|items] under {limit}?
    I'm looking for {a_noun}, [not more than|at most|max] {limit}.
    What {noun} can I get for [less than|under] {limit}?
    [Can you recommend|Could you suggest] {a_noun} [below|under] {limit}?
    I need {a_noun} and have {limit} [to spend|as a budget].
    Which {noun} would you [suggest|recommend] up to {limit}?
    Got {a_noun} for under {limit}?
    I want to buy {a_noun}. My limit is {limit}.
    """
)
