"""What the agent says about warranty, refunds, tickets, preferences and products, by act."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["ABOUT_ACCOUNT"]

ABOUT_ACCOUNT: Book = parse(
    """
    # warranty
    The {name} has a warranty of {months} months. [You bought it on {placed}.|]
    {months} months from the purchase on {placed}.
    There are {months} months of warranty on the {name}.
    You have {months} months of warranty, counted from {placed}.
    It's covered for {months} months [from {placed}|after the purchase].
    The {name} comes with {months} months, starting on {placed}.
    # refund_quote
    The full refund for {id} would be {total}.
    If everything goes back you get {total}.
    That would be {total} for the whole order.
    All items of {id} together are {total}.
    [It's|That's] {total} in total.
    You would get back {total} for {id}.
    A full return of {id} gives you {total}.
    The refund amount is {total}.
    # ticket
    Ticket {ticket} ({subject}) is {status}. Last update: {update}.
    Your ticket {ticket} is {status}: {update}.
    I see {ticket}, "{subject}". It is {status}, {update}.
    About "{subject}": ticket {ticket} is {status}, {update}.
    [The latest on|News on] {ticket}: {update}. It is {status}.
    {ticket} is {status}. The note says: {update}.
    Ticket {ticket} about "{subject}" is marked as {status} ({update}).
    # no_ticket
    I don't see any ticket on your account.
    There are no tickets under your name.
    Your account has no support tickets.
    [I can't find|There isn't] any ticket for you.
    I looked, but no ticket is registered.
    Nothing here: you have no tickets[| with us].
    # done_preference
    Saved: {change}.
    Done, {change}.
    Your preferences are updated: {change}.
    I've changed that, {change}.
    [All set|It's saved]: {change}.
    OK, {change} from now on.
    I've saved it, {change}.
    # same_preference
    It is like that now: {change}.
    That is already set: {change}.
    No change needed, {change} already.
    Nothing to do, {change} [already|as of now].
    [I looked|I checked], {change} already.
    Your settings say so already: {change}.
    # confirm_ticket
    I would pass this on as a ticket. OK?
    Shall I open a ticket so that [a colleague|a specialist] looks into it?
    I can open a ticket for this. Do you want me to?
    Would you like me to open a ticket about it?
    [May I|Should I] open a ticket for you?
    A colleague should look at this. Shall I create a ticket?
    # done_ticket
    I've opened ticket {ticket} with {priority} priority. [We'll be in touch.|]
    Ticket {ticket} is open ({priority} priority). [You'll hear from us.|]
    Done, the ticket number is {ticket}. [A colleague takes over.|]
    [I created|There is now] ticket {ticket}, priority {priority}.
    # done_ticket_by
    I've opened ticket {ticket} with {priority} priority. We will contact you by {channel}.
    Ticket {ticket} is open[| ({priority} priority)]. Someone will get back to you by {channel}.
    Done, the ticket number is {ticket}. You'll get an answer by {channel}[, as you prefer|].
    Your case is {ticket}[|, with {priority} priority]. We reply by {channel}.
    Ticket {ticket} is created, you will hear from a colleague by {channel}.
    # offer_refund
    I'm sorry about that. I can refund {price} for the {item}. Is that OK?
    Sorry to hear it. Would a refund of {price} be fine?
    I apologise. Shall I refund the {price} you paid for the {item}?
    I could pay back the {price} for the {item}. [Is that fine?|Would you like that?]
    [That shouldn't happen.|Sorry!] Shall I refund {price} for it?
    You'd get {price} back for the {item}, OK?
    # offer_goodwill
    For the trouble I can refund {price}, a tenth of the total. Is that OK?
    I can offer you 10% back, that is {price}. [Shall I?|Do you want that?]
    May I refund {price} for the [delay|wait]?
    As an apology I'd refund {price}. [OK?|Is that fine?]
    Would {price} back make up for the wait?
    # done_goodwill
    {price} for order {id} will be paid back.
    Done, {price} is refunded for order {id}.
    I've refunded {price}. Sorry again for the wait.
    The {price} for {id} will be on your account soon.
    [You get|You'll see] {price} back. Thanks for your patience.
    The refund of {price} is on its way.
    It's booked: {price} for order {id}.
    # done_refund
    I've refunded {price} for the {item}.
    Done, {price} is on its way back to you.
    The refund of {price} is issued.
    [All done|It's done]: {price} for the {item}.
    You'll get the {price} back soon.
    I've paid back the {price}.
    The {price} for the {item} goes back to you.
    # shop_list
    We have {list}.
    In your budget there's {list}.
    I'd suggest {list}.
    I found {list}.
    These would fit: {list}.
    [How about|What about] {list}?
    Have a look at {list}.
    # shop_other
    I see no {noun} in the results. [There is|I have] {list}.
    I find no {noun} there, but we have {list}.
    No {noun} came up, [only|but there is] {list}.
    My search shows no {noun} for that price. [There is|We do have] {list}.
    [Sorry,|I'm afraid] no {noun} turned up. What about {list}?
    # shop_detail
    There is one for {price}: the {name}, {stock}.
    The {name} is {price}, {stock}, with {months} months of warranty.
    I'd pick the {name}: {price}, {stock}, {months} months of warranty.
    How about the {name}? It's {price}, {stock}.
    I'd go for the {name} at {price}, {stock}.
    The {name} could suit you: {price}, {stock}.
    There is the {name} for {price}, {stock}, with {months} months of warranty.
    Take a look at the {name} ({price}, {stock}).
    # shop_none
    I'm afraid there's nothing like that in your budget.
    We have nothing in that range at the moment, sorry.
    [Sorry,|I'm afraid] I find nothing that fits.
    No product matches that, sorry.
    I have nothing to offer there [at the moment|right now].
    There is nothing that fits [at present|for now].
    # total
    The total of {id} was {total}.
    {id} came to {total}.
    You paid {total}.
    It cost {total} in total.
    [That was|It was] {total}.
    {total} for order {id}.
    The order total is {total}.
    # placed
    That was on {placed}.
    You placed {id} on {placed}.
    {id} was ordered on {placed}.
    On {placed}.
    [The order date is|It was placed on] {placed}.
    You ordered it on {placed}.
    {placed} is the date of order {id}.
    # address
    It goes to {address}.
    The address on {id} is {address}.
    {id} is addressed to {address}.
    [It's|The address is] {address}.
    We have {address} on {id}.
    Order {id} is for {address}.
    {address} is what I see.
    """
)
