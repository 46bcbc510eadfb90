"""What the agent says about orders, parcels, returns and exchanges, by act."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["ABOUT_ORDERS"]

ABOUT_ORDERS: Book = parse(
    """
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
    Order {id} is travelling with {carrier}, now in {seen}. [Expected on {due}.|It should be with you on {due}.]
    [Good news:|] {carrier} picked up {id}, it was scanned in {seen}. Delivery is planned for {due}.
    Your parcel is in {seen} at the moment. Delivery date: {due}.
    # out for delivery
    Good news: order {id} is out for delivery today.
    {carrier} has it on the van, you get it today.
    It is out for delivery in {seen} and arrives today.
    The parcel [{tracking} |]is out for delivery, it should reach you today.
    [It's|Order {id} is] in the delivery van of {carrier} today.
    You should get {id} today, it is out for delivery in {seen}.
    # delayed
    I'm sorry, order {id} is delayed. It was due on {due} and was last seen in {seen}.
    {carrier} reports a delay. The parcel was last seen in {seen}, it was expected on {due}.
    It's late: due on {due}, last scan in {seen}. I apologise.
    [Sorry,|I'm afraid] {carrier} is behind with {id}. It was expected on {due}, the last scan is from {seen}.
    Order {id} should have come on {due}, but it is delayed. The last scan was in {seen}.
    The tracking says delayed. Last seen in {seen}, due on {due}. [Sorry for that.|My apologies.]
    # shipped
    Order {id} has shipped, the tracking number is {tracking}.
    It is shipped. You can follow it with {tracking}.
    {id} has left our warehouse, tracking number {tracking}.
    [Good news:|] order {id} was handed to the carrier. Tracking: {tracking}.
    Your order {id} is on the way. The tracking number is {tracking}.
    [It's|It has been] sent, the number to track it is {tracking}.
    # delivered
    Order {id} was delivered on {delivered}.
    Our records say that {id} arrived on {delivered}.
    It was delivered on {delivered} to {street}.
    {id} ({items}) was delivered on {delivered}.
    [It|Order {id}] reached you on {delivered}, according to the carrier.
    The carrier delivered {id} on {delivered}.
    [I see here that|It says here that] {id} was handed over on {delivered}.
    # cancelled
    Order {id} was cancelled.
    {id} is cancelled, so nothing will be sent.
    That order is already cancelled.
    Order {id} [has been|was] cancelled [before|earlier].
    [It looks like|I see that] {id} is cancelled.
    {id} won't come, it was cancelled.
    # confirm_cancel
    Order {id} ({items}, {total}) can still be cancelled. [Shall I cancel it?|Do you want me to go ahead?]
    I can cancel {id} for you, {total} would be refunded. [Is that OK?|Go ahead?]
    {id} has not shipped yet. Shall I cancel it and refund {total}?
    Just to confirm: cancel order {id} with the {items}?
    So you want {id} cancelled ({items}), with {total} refunded. Correct?
    [May I|Should I] cancel order {id} over {total}?
    # done_cancel
    Order {id} is cancelled and {total} will be refunded.
    [Done|All done], {id} is cancelled. The refund is {total}.
    I've cancelled {id}. You'll get {total} back.
    Order {id} won't be sent, and {total} goes back to you.
    [It's|That's] cancelled. {total} will be refunded.
    The cancellation of {id} went through, {total} is on its way back.
    # no_cancel
    Order {id} is already {status}, so I can't cancel it.
    I'm sorry, {id} is {status} and can't be cancelled [any more|].
    It's too late for that: {id} is {status}.
    Cancelling isn't possible, {id} is {status}.
    Unfortunately {id} can't be cancelled, its status is {status}.
    [Only orders in processing can be cancelled|I can only cancel orders in processing], and {id} is {status}.
    # kept
    [No problem|Alright|OK], I leave everything as it is.
    Sure, nothing has been changed.
    Understood, I won't change anything.
    [Fine|Of course], it stays as it is.
    Then I won't do anything.
    # confirm_return
    I can register the return of the {item} for {price}, paid back {method}. [OK?|Shall I?]
    You'd get {price} for the {item}, paid {method}. Do you want me to set up the return?
    The {item} from {id} can go back. Refund: {price} {method}. [Shall I go ahead?|Is that right?]
    To confirm: return the {item} from order {id}, {price} paid back {method}?
    Shall I register the return? {price} for the {item}, paid back {method}.
    The refund for the {item} would be {price}, {method}. [Good?|Go ahead?]
    # done_return
    The return of the {item} is registered. You get {price} back {method}.
    [Done|All set]. {price} will be refunded {method} once the {item} is back.
    I've set up the return, {price} goes back {method}.
    All registered: the {item} goes back and {price} is refunded {method}.
    [Your return is set up|The return is in the system]. Refund for the {item}: {price}.
    Please send the {item} back, the {price} will be paid {method}.
    # too_late
    The 30 days for {id} are over, it came on {delivered}.
    Order {id} was delivered on {delivered}, more than 30 days ago, so I can't take it back.
    I'm sorry, the 30 day return period is over: {id} came on {delivered}.
    That one arrived on {delivered}, and returns are possible for 30 days only.
    [Unfortunately|Sorry,] {id} arrived on {delivered}, which is more than 30 days ago.
    Returns close after 30 days, and {id} was delivered on {delivered}.
    I can't do that, order {id} has been with you since {delivered}. The limit is 30 days.
    # not_delivered
    Order {id} is {status}, so there's nothing to send back yet.
    {id} hasn't been delivered, its status is {status}. I can't do that now.
    That is only possible after delivery, and {id} is {status}.
    [Please wait for the delivery first|We need the delivery first]: {id} is {status}.
    At the moment {id} is {status}, so that isn't possible [yet|now].
    Your order {id} is {status}. I can only take back delivered items.
    # options
    Instead of the {item} you could have: {list}. Which one would you like?
    In {category} we have {list}. Which one do you want?
    Here is what I can offer: {list}. Which one do you prefer?
    [There are|You can choose from] {list}. Which would you rather have?
    Possible replacements for the {item}: {list}. [Which one?|What do you say?]
    I see {list}. [Do you like one of these?|Which one would suit you?]
    # no_stock
    The {name} is out of stock, sorry. I can't exchange it right now.
    I'm afraid the {name} is sold out at the moment, so the exchange isn't possible.
    Sorry, there's no {name} left in stock.
    We've run out of the {name}, so I can't swap it [now|at the moment].
    [Unfortunately|Sorry,] the {name} isn't in stock.
    The {name} has just sold out.
    # confirm_exchange
    That would be the {name}, {price}. Agreed?
    The {name} is {price}. [Shall I exchange it?|Do you want to swap?]
    I can swap the {item} for the {name} at {price}. Go ahead?
    To confirm: {item} back, {name} ({price}) to you?
    So the {name} for {price} in place of the {item}. [Correct?|Right?]
    Shall I swap the {item} for the {name}?
    # done_exchange
    The exchange is registered: the {name} comes to you. {difference}
    Done, you'll get the {name}. {difference}
    All set, the {item} will be swapped for the {name}. {difference}
    You'll receive the {name} instead. {difference}
    The {name} replaces the {item}. {difference}
    [It's|That's] arranged, the {name} is yours. {difference}
    The swap is in the system: {name}. {difference}
    # confirm_address
    I'll change it to {address}. Is that right?
    To confirm, the new address is {address}?
    Shall I [set|change] the address to {address}?
    The new address would be {address}. [Correct?|OK?]
    [So|Just to be sure], {address}?
    # done_address
    The address of {what} is now {address}.
    Done, {what} has the new address.
    I've updated {what} to {address}.
    {what} now goes to {address}.
    [That's|It's] changed: {address}.
    All set, {address} is saved for {what}.
    I've put {address} on {what}.
    The new address is saved.
    # no_address
    I can't change where {id} goes, it is {status}.
    Order {id} is {status}, so its address can't be changed any more.
    I'm sorry, I can't redirect {id}, it is {status}.
    It's too late to change the address: {id} is {status}.
    [Unfortunately|Sorry,] the address of {id} is fixed now, it is {status}.
    Order {id} is {status}. I could only change that while it is processing.
    {id} is {status}, a new address isn't possible.
    """
)
