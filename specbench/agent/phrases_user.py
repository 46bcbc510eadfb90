"""What customers say, by act. The held-out ones are in ``phrases_unseen``."""

from __future__ import annotations

from specbench.agent.phrases import Book, parse

__all__ = ["SEEN"]

SEEN: Book = parse(
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
    [Please cancel|Can you cancel|Could you cancel] {order}[| for me]?
    I [changed my mind|don't need it anymore], [please|so] cancel {order}.
    Cancel {order}, I ordered it by mistake.
    I found it cheaper elsewhere. [Can I|How do I] cancel {order}?
    Is it too late to cancel {order}?
    {order} [takes too long|is too slow], cancel it please.
    I have to [call off|cancel] {order}.

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

    # give_email
    [It's|My email is|Sure, it's|That's] {email}.
    {email}
    [You can find me under|Look me up with] {email}.
    The email [on the account|I use] is {email}.
    [Sure|Of course|Yes]: {email}
    {email} should be the one.
    My account is under {email}.
    Email: {email}

    # fix_email
    [Oops|Sorry|My bad], it's {email}.
    [Ah|Hmm], I mistyped it: {email}
    Try {email} [instead|please].
    Sorry, a typo. The right one is {email}.
    Then it must be {email}.
    [Maybe|Perhaps] I used {email}.
    It should be {email}, sorry.
    My mistake, {email}.

    # give_name_zip
    [I'm|My name is|This is|It's] {first} {last}, zip [code |]{zip}.
    {first} {last}, {zip}.
    I don't have the email at hand. {first} {last}, zip {zip}.
    Name: {first} {last}. Zip: {zip}.
    The name is {first} {last} and my zip code is {zip}.
    {first} {last} from {zip}.
    I'd rather use my name: {first} {last}, {zip}.
    [Sure|OK], {first} {last}, and the zip is {zip}.

    # give_name
    [I'm|My name is|This is|It's] {first} {last}.
    {first} {last}[| here].
    I don't remember which email I used. My name is {first} {last}.
    The account is under {first} {last}.
    Name's {first} {last}.
    [Sure|OK], {first} {last}.
    You should have me as {first} {last}.
    I can't find the email, but I'm {first} {last}.

    # give_zip
    [It's|My zip is|That's] {zip}.
    {zip}
    [Sure|OK|Right], {zip}.
    The zip code is {zip}.
    Zip {zip}.
    {zip}, I think.
    That would be {zip}.
    Of course, {zip}.

    # give_order
    [It's|That's|The order is] {id}.
    {id}
    [Sure|Yes|OK], {id}.
    The [number|order number] is {id}.
    Let me see... {id}.
    I think it's {id}.
    My order number is {id}.
    Found it: {id}

    # no_order
    I don't have the [number|order number|id].
    No idea[|, sorry].
    I don't know the [number|order number]. Can't you [see|look it up]?
    I deleted the [email|confirmation], so I don't have it.
    Not at hand[|, sorry].
    You should [see|have] it in my account.
    I can't find it.
    Hmm, I don't remember.

    # no_order_item
    I don't have the number, but it's the one with the {item}.
    No idea, it was the {item}.
    I lost the number. It is the order with the {item}.
    It's the {item}, I don't know the number.
    The {item}. That's all I can tell you.
    Not sure about the number. I bought the {item}.
    Can't find it. It has the {item} in it.
    Don't know, but the {item} was in there.

    # pick_order
    [The one|That would be|It's] {id}.
    {id}[, please|].
    I mean {id}.
    The order {id}.
    [Probably|It must be] {id}.
    {id} is the one.
    Let's see, {id}.
    That's {id}.

    # correct
    [Sorry|Oops], it is {id}.
    [Ah|Oh], I gave you the wrong number. It's {id}.
    My mistake, I meant {id}.
    That's the wrong one, I meant {id}.
    Wait, it should be {id}.
    [Hmm|Uh], I misread it: {id}
    No, sorry, the number is {id}.
    I mixed them up, {id} is the right one.

    # yes
    Yes[, please|, go ahead|].
    [Sure|Okay|OK], [do it|go ahead].
    [Yes|Yep|Yeah], that's [right|correct|fine].
    Please do.
    [Correct|Right], please go on.
    That works[| for me].
    Sounds good.
    [Absolutely|Definitely|Of course].

    # no
    [Actually|Hmm], no. [Leave it|Keep it as it is].
    [Wait|Hold on], I changed my mind. [Don't do it.|Let's not.]
    No, [forget it|never mind that].
    [On second thought|Thinking about it], leave it as it is.
    No thanks, I'd rather [wait|not].
    Not now, let me think about it.
    Hm, no. I'll keep it.
    Let's not do that after all.

    # pick_product
    [I'll take|Give me|Let's go with] the {name}.
    The {name}[, please|].
    The {name} [sounds good|looks right].
    {name}, please.
    [Then|OK], the {name}.
    I'd go for the {name}.
    I like the {name}.
    Make it the {name}.

    # chat
    By the way, are you a [bot|real person]?
    [How's your day|How are you] [today|so far]?
    It's raining cats and dogs here.
    You're [quick|fast], I like that.
    Sorry for [the trouble|all the questions].
    I hope I'm not keeping you from your coffee.
    What a [day|week].
    My [cat|dog|kid] just [walked over|sat on] the keyboard, sorry.

    # wait
    [OK|Okay|Sure|Alright].
    [Thanks|Thank you], I'll wait.
    Take your time.
    No problem.
    [Fine|Good].
    Please be quick, I don't have all day.
    [Hello?|Are you still there?|Any news?]
    How long will this take?

    # ask_total
    What was the total [of that order|on it][| again]?
    And how much did I pay for [it|that order]?
    How much was [it|that order]?
    What did that order cost [me|in total]?
    Remind me of the price of that order?
    Can you tell me the order total?
    And the total was?
    What's the amount on that order?

    # ask_placed
    When did I [order|buy] [it|that]?
    And when did I place [it|that order]?
    What was the order date?
    Which day did I order [it|that][| again]?
    Do you see when I ordered it?
    When was that order placed?
    How long ago did I order that?
    And the order date is?

    # ask_address
    [Where|To which address] is that order [going|being sent]?
    Which address do you have [for|on] that order?
    What's the delivery address on it?
    And is it my home address on that order?
    Can you confirm the address of that order?
    What address did I put in for that order?
    Where was that order addressed to?
    Is the address [on it|of that order] right?

    # bye
    [That's all|That's it|That was all][, thanks|. Thank you!|, bye].
    [Thanks|Thank you][| so much| a lot], [bye|have a nice day|that's all].
    [Great|Perfect|Wonderful], thanks for your help.
    No, that's [everything|all]. [Thanks!|Bye.]
    All good now[|, thanks].
    [Cheers|Thanks], you've been helpful.
    Nothing else, [thanks|thank you].
    Okay, [bye|goodbye].

    # leave
    I have to go, [I'll come back later|bye].
    This takes too long, [forget it|I'm out].
    Never mind, I'll [call|write] [later|tomorrow].
    [Sorry|Oh], my meeting starts. [Later.|Another time.]
    Forget it.
    I'll try again tomorrow.
    I don't have time for this [now|today].
    Gotta run, [bye|talk later].
    """
)
