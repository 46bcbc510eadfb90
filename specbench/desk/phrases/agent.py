"""What the desk's agent says, by act: questions, small talk, and every answer."""

from __future__ import annotations

from specbench.desk.phrases.agent_account import ABOUT_ACCOUNT
from specbench.desk.phrases.agent_orders import ABOUT_ORDERS
from specbench.desk.phrases.grammar import Book, parse

__all__ = ["AGENT"]

_TALK: Book = parse(
    """
    # greet
    [Hi|Hello][!| there!] [How can I help you|What can I do for you] [today|]?
    Welcome to the support desk. [How can I help?|What is it about?]
    Hello, [sure|happy to help]. What is it about?
    Hi! [Tell me what you need.|What do you need?]
    # ident
    [Could|Can] you [please |]give me the email on your account, or your name and zip code?
    To find your account I need your email, or your [full |]name and zip code.
    [Sure|Happy to help|Of course]. [What is|May I have] the email address of your account?
    I can help with that. Which email is the account registered under? Name and zip code work too.
    Let me find you first: what is your email, or your name with zip code?
    I need to verify your account. [Please send|Please give me] your email or your name and zip code.
    # zip
    Thanks. [And|What is] your zip code?
    Thank you, {first}. I also need [your|the] zip code.
    And the zip code [of your address|on the account], please?
    [Got it|OK]. Which zip code do you have on file?
    # no_email
    I can't find an account with that email. [Could you check it?|Is there another one?]
    There is no customer with that email. Could you check the spelling[|, or give me your name and zip code]?
    [Hmm, that|That] email isn't known here. Can you try again, or give me your name and zip code?
    That didn't match any account. Which [other |]email could it be?
    # ask_order
    [Which order is it about?|Which order do you mean?] Do you have the order number?
    [Could|Can] you give me the order number?
    What is the order number[|, please]?
    Do you [know|have] the order id? It starts with D.
    Sure, [which|what's the] order number?
    I need the order number for that[|, if you have it].
    # no_such_order
    I can't find an order {id}. Could you check the number?
    There is no order {id}. [Is there a typo?|Can you look again?]
    {id} doesn't exist [in our system|here]. Which number do you have?
    Order {id} wasn't found. Could you read me the number again?
    [Sorry, I|I] get no result for {id}. Which number is on your confirmation?
    [Hmm|Sorry], {id} isn't an order I can see. Can you check it?
    # not_in_order
    I don't see [a|any] {item} in order {id}. Is it another order?
    Order {id} has no {item} in it. Could you check the number?
    There's no {item} in {id}. Which order is it?
    {id} doesn't include that {item}. Is the number right?
    [I looked at|I checked] {id}, but it doesn't contain a {item}. Is that the right number?
    The {item} isn't part of order {id}. Do you have another number?
    # which_order
    I see [these orders|several orders]: {list}. Which one [is it|do you mean]?
    You have {list}. Which of them is it about?
    There are {count} that could be it: {list}. Which one?
    [It could be one of these|I have these on file]: {list}. Which one do you mean?
    # moment
    [One moment|Just a moment|One second][ please|], I'm [looking that up|checking].
    Give me a moment to [look into this|check].
    I'll look into it[| right away], please hold on.
    [Sure|Of course], let me look into that. One moment.
    # narrate
    Let me [check|have a look|see].
    [I'm checking|Checking] that [now|for you].
    I'll look that up.
    [OK|Sure|Right], let me look.
    One moment.
    Let me pull that up.
    # narrate_again
    I'll check the [latest|current] state first.
    Let me make sure that is still right.
    Let me double-check.
    [Let me|I'll] read the order again [first|to be safe].
    Once more, to be [sure|safe].
    # typo
    I mistyped that, trying again.
    Sorry, wrong number on my side. Once more.
    That was a typo of mine.
    [Oops|Sorry], I swapped two digits. Again.
    I typed the number wrong, [one more try|again].
    My typing error, not yours.
    # chat_bot
    I'm the desk's virtual assistant[, happy to help|].
    No human here, I'm the desk's assistant program.
    I'm an automated assistant[, but I do my best|].
    I'm software, but a [friendly|helpful] one.
    You're talking to a program[, yes|].
    # chat_day
    All good here, [thanks|thank you][!|.]
    I'm fine, thanks for asking.
    Everything is [well|fine] on my side.
    [Can't complain|Quite good], thanks.
    # chat_talk
    [No worries|No problem][!|.]
    [Don't worry about it|That's fine].
    Ha, I see.
    [Happens to all of us|I know the feeling].
    # anything
    [Anything else?|Is there anything else?|Anything else I can do?]
    Can I help with anything else?
    [What else can I do for you?|Do you need anything else?]
    Is that all?
    Something else?
    # goodbye
    You're welcome, [have a nice day|bye][!|.]
    [Glad to help|My pleasure]. [Goodbye!|Have a good one!]
    Thanks for contacting us. Bye!
    Take care!
    # goodbye_left
    Until later.
    [No problem|Understood], come back any time.
    Sorry about that. We're here when you need us.
    Alright, until next time.
    [Take your time|Of course], bye.
    See you another time.
    """
)

AGENT: Book = {**_TALK, **ABOUT_ORDERS, **ABOUT_ACCOUNT}
