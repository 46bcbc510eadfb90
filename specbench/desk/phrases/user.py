"""What customers say, by act: the intents and every answer. The held-out paraphrases are in ``phrases_unseen``."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse
from specbench.desk.phrases.user_intents import INTENTS

__all__ = ["SEEN"]

_ANSWERS: Book = parse(
    """
    # give_email
    [It's|My email is|Sure, it's|That's] {email}.
    {email}
    [You can find me under|Look me up with] {email}.
    The email [on the account|I use] is {email}.
    [Sure|Of course|Yes]: {email}
    {email} should be the one.
    My account is under {email}.
    Email: {email}

    # intro_email
    My [account|login] is {email}.
    [My email|The email on the account|The email I use] is {email}.
    You can find me under {email}.
    Account: {email}
    I'm registered as {email}.
    (Account {email})
    I ordered with {email}.
    My email, in case you need it: {email}

    # intro_name_zip
    [I'm|My name is|This is] {first} {last}, zip [code |]{zip}.
    {first} {last}, {zip}.
    Name: {first} {last}. Zip: {zip}.
    My name is {first} {last} and my zip code is {zip}.
    The account is {first} {last}, {zip}.
    {first} {last} here, zip {zip}.
    (I'm {first} {last}, {zip}.)
    Name and zip: {first} {last}, {zip}.

    # intro_name
    [I'm|My name is|This is] {first} {last}.
    {first} {last} here.
    Name's {first} {last}.
    The account is under {first} {last}.
    It's {first} {last} [writing|again].
    Yours, {first} {last}
    The name is {first} {last}.
    My account should be under {first} {last}.

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

    # chat_bot
    By the way, are you a [bot|real person|machine]?
    Am I talking to a [human|person|robot]?
    [Wait|Hold on], are you [a bot|human]?
    You're not a real person, are you?
    Is there a human [behind this|on the other side]?
    Just curious: [are you an AI|is this automated]?
    Do I talk to [software|a person] here?
    Are you one of those chatbots?

    # chat_day
    [How's your day|How are you] [today|so far]?
    Hope you [have|are having] a [good|calm|quiet] day.
    How's [it going|everything] over there?
    Busy day [for you|at the desk]?
    Is it always this [quiet|busy] at your desk?
    You must be tired of [people like me|all these questions].
    I hope I'm not keeping you from your [coffee|lunch|break].
    Long shift [today|for you]?

    # chat_talk
    It's raining cats and dogs here.
    Sorry for [the trouble|all the questions].
    What a [day|week].
    My [cat|dog|kid] just [walked over|sat on] the keyboard, sorry.
    Sorry, I'm on my phone, typing is [slow|hard].
    One second, the [doorbell|kettle|baby]... okay, back.
    I had no coffee yet, bear with me.
    The internet is [slow|terrible] here [today|again].

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
    [That's all|That's it|That was all][, thanks|, thank you|, bye].
    [Thanks|Thank you][| so much], [bye|have a nice day|that's all].
    [Great|Perfect|Wonderful], thanks for your help.
    No, that's [everything|all]. [Thanks!|Bye.]
    All good now[|, thanks].
    [Cheers|Thanks], you've been helpful.
    Nothing else, [thanks|thank you].
    Okay, [bye|goodbye].

    # bye_flat
    [OK|Okay|Alright], [bye|then not|never mind].
    [Hm|Well], that's a pity. [Bye|Goodbye].
    [Too bad|A pity]. Thanks anyway.
    I see. [Bye|That's all then].
    [OK|Okay], I'll think about it.
    Not what I hoped for, but [thanks|okay].
    Fine, [then that's it|nothing else then].
    [Understood|Got it]. Bye.

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

SEEN: Book = {**INTENTS, **_ANSWERS}
