"""What the desk's agent says, by act."""

from __future__ import annotations

from specbench.agent.phrases import Book, parse

__all__ = ["AGENT"]

AGENT: Book = parse(
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
    # not_in_order
    I don't see [a|any] {item} in order {id}. Is it another order?
    Order {id} has no {item} in it. Could you check the number?
    There's no {item} in {id}. Which order is it?
    {id} doesn't include that {item}. Is the number right?
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
    # typo
    I mistyped that, trying again.
    Sorry, wrong number on my side. Once more.
    That was a typo of mine.
    # processing
    Order {id} is still being processed[|, it has not shipped yet]. [It was placed on {placed}.|]
    {id} from {placed} hasn't shipped yet, it is in processing.
    We're still preparing order {id} [({items})|]. It will ship soon.
    Your order {id} [with the {items}|from {placed}] is processing and hasn't left the warehouse.
    # in transit
    Order {id} is on its way with {carrier}. It was last seen in {seen} and should arrive on {due}.
    {carrier} has it: last scan in {seen}, expected on {due}.
    Your parcel ({tracking}) is in transit and due on {due}. Last seen in {seen}.
    It's in transit. {carrier} expects to deliver order {id} on {due}.
    # out for delivery
    Good news: order {id} is out for delivery today.
    {carrier} has it on the van, you get it today.
    It is out for delivery in {seen} and arrives today.
    # delayed
    I'm sorry, order {id} is delayed. It was due on {due} and was last seen in {seen}.
    {carrier} reports a delay. The parcel was last seen in {seen}, it was expected on {due}.
    It's late: due on {due}, last scan in {seen}. I apologise.
    # shipped
    Order {id} has shipped, the tracking number is {tracking}.
    It is shipped. You can follow it with {tracking}.
    # delivered
    Order {id} was delivered on {delivered}.
    Our records say that {id} arrived on {delivered}.
    It was delivered on {delivered} to {street}.
    {id} ({items}) was delivered on {delivered}.
    # cancelled
    Order {id} was cancelled.
    {id} is cancelled, so nothing will be sent.
    That order is already cancelled.
    # confirm_cancel
    Order {id} ({items}, {total}) can still be cancelled. [Shall I cancel it?|Do you want me to go ahead?]
    I can cancel {id} for you, {total} would be refunded. [Is that OK?|Go ahead?]
    {id} has not shipped yet. Shall I cancel it and refund {total}?
    Just to confirm: cancel order {id} with the {items}?
    # done_cancel
    Order {id} is cancelled and {total} will be refunded.
    [Done|All done], {id} is cancelled. The refund is {total}.
    I've cancelled {id}. You'll get {total} back.
    # no_cancel
    Order {id} is already {status}, so I can't cancel it.
    I'm sorry, {id} is {status} and can't be cancelled [any more|].
    It's too late for that: {id} is {status}.
    # kept
    [No problem|Alright|OK], I leave everything as it is.
    Sure, nothing has been changed.
    Understood, I won't change anything.
    # confirm_return
    I can register the return of the {item} for {price}, paid back {method}. [OK?|Shall I?]
    You'd get {price} for the {item}, paid {method}. Do you want me to set up the return?
    The {item} from {id} can go back. Refund: {price} {method}. [Shall I go ahead?|Is that right?]
    To confirm: return the {item} from order {id}, {price} paid back {method}?
    # done_return
    The return of the {item} is registered. You get {price} back {method}.
    [Done|All set]. {price} will be refunded {method} once the {item} is back.
    I've set up the return, {price} goes back {method}.
    # too_late
    Order {id} was delivered on {delivered}, more than 30 days ago, so I can't take it back.
    I'm sorry, the 30 day return period is over: {id} came on {delivered}.
    That one arrived on {delivered}, and returns are possible for 30 days only.
    # not_delivered
    Order {id} is {status}, so there's nothing to send back yet.
    {id} hasn't been delivered, its status is {status}. I can't do that now.
    That is only possible after delivery, and {id} is {status}.
    # options
    Instead of the {item} you could have: {list}. Which one would you like?
    In {category} we have {list}. Which one do you want?
    Here is what I can offer: {list}. Which one do you prefer?
    # no_stock
    The {name} is out of stock, sorry. I can't exchange it right now.
    I'm afraid the {name} is sold out at the moment, so the exchange isn't possible.
    Sorry, there's no {name} left in stock.
    # confirm_exchange
    The {name} is {price}. [Shall I exchange it?|Do you want to swap?]
    I can swap the {item} for the {name} at {price}. Go ahead?
    To confirm: {item} back, {name} ({price}) to you?
    # done_exchange
    The exchange is registered: the {name} comes to you. {difference}
    Done, you'll get the {name}. {difference}
    All set, the {item} will be swapped for the {name}. {difference}
    # confirm_address
    I'll change it to {address}. Is that right?
    To confirm, the new address is {address}?
    Shall I [set|change] the address to {address}?
    # done_address
    The address of {what} is now {address}.
    Done, {what} has the new address.
    I've updated {what} to {address}.
    # no_address
    Order {id} is {status}, so its address can't be changed any more.
    I'm sorry, I can't redirect {id}, it is {status}.
    It's too late to change the address: {id} is {status}.
    # warranty
    The {name} has a warranty of {months} months. [You bought it on {placed}.|]
    {months} months from the purchase on {placed}.
    There are {months} months of warranty on the {name}.
    You have {months} months of warranty, counted from {placed}.
    # refund_quote
    The full refund for {id} would be {total}.
    If everything goes back you get {total}.
    That would be {total} for the whole order.
    All items of {id} together are {total}.
    # ticket
    Ticket {ticket} ({subject}) is {status}. Last update: {update}.
    Your ticket {ticket} is {status}: {update}.
    I see {ticket}, "{subject}". It is {status}, {update}.
    # no_ticket
    I don't see any ticket on your account.
    There are no tickets under your name.
    Your account has no support tickets.
    # done_preference
    Done, {change}.
    Your preferences are updated: {change}.
    I've changed that, {change}.
    # same_preference
    That is already set: {change}.
    No change needed, {change} already.
    # confirm_ticket
    Shall I open a ticket so that [a colleague|a specialist] looks into it?
    I can open a ticket for this. Do you want me to?
    Would you like me to open a ticket about it?
    # done_ticket
    I've opened ticket {ticket} with {priority} priority. [We will contact you by {channel}.|We'll be in touch.]
    Ticket {ticket} is open ({priority} priority). [Someone will get back to you by {channel}.|You'll hear from us.]
    Done, the ticket number is {ticket}. [You'll get an answer by {channel}.|A colleague takes over.]
    # offer_refund
    I'm sorry about that. I can refund {price} for the {item}. Is that OK?
    Sorry to hear it. Would a refund of {price} be fine?
    I apologise. Shall I refund the {price} you paid for the {item}?
    # offer_goodwill
    For the trouble I can refund {price}, a tenth of the total. Is that OK?
    I can offer you 10% back, that is {price}. [Shall I?|Do you want that?]
    May I refund {price} for the [delay|wait]?
    As an apology I'd refund {price}. [OK?|Is that fine?]
    # done_goodwill
    Done, {price} is refunded for order {id}.
    I've refunded {price}. Sorry again for the wait.
    The {price} for {id} will be on your account soon.
    # done_refund
    I've refunded {price} for the {item}.
    Done, {price} is on its way back to you.
    The refund of {price} is issued.
    # shop_list
    We have {list}.
    In your budget there's {list}.
    I'd suggest {list}.
    I found {list}.
    # shop_detail
    The {name} is {price}, {stock}, with {months} months of warranty.
    I'd pick the {name}: {price}, {stock}, {months} months of warranty.
    How about the {name}? It's {price}, {stock}.
    # shop_none
    I'm afraid there's nothing like that in your budget.
    We have nothing in that range at the moment, sorry.
    # total
    The total of {id} was {total}.
    {id} came to {total}.
    You paid {total}.
    # placed
    You placed {id} on {placed}.
    {id} was ordered on {placed}.
    On {placed}.
    # address
    It goes to {address}.
    The address on {id} is {address}.
    {id} is addressed to {address}.
    # chat_bot
    I'm the desk's virtual assistant[, happy to help|].
    No human here, I'm the desk's assistant program.
    I'm an automated assistant[, but I do my best|].
    # chat_day
    All good here, [thanks|thank you][!|.]
    I'm fine, thanks for asking.
    Everything is [well|fine] on my side.
    # chat_talk
    [No worries|No problem][!|.]
    [Don't worry about it|That's fine].
    Ha, I see.
    # anything
    [Anything else?|Is there anything else?|Anything else I can do?]
    Can I help with anything else?
    [What else can I do for you?|Do you need anything else?]
    # goodbye
    You're welcome, [have a nice day|bye][!|.]
    [Glad to help|My pleasure]. [Goodbye!|Have a good one!]
    Thanks for contacting us. Bye!
    Take care!
    # goodbye_left
    [No problem|Understood], come back any time.
    Sorry about that. We're here when you need us.
    Alright, until next time.
    """
)
