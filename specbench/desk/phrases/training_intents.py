"""More paraphrases of what customers want, for training the micro-Llama only; no line is one of ``phrases_unseen``."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["MORE_INTENTS"]

MORE_INTENTS: Book = parse(
    """
    # status
    Could somebody look up {order}? I'd like to know [its progress|where things stand|if it moved].
    [How far along|How close] is {order}?
    Is {order} anywhere near me [now|already|yet]?
    [Track|Trace|Locate] {order} for me[|, would you|, please].
    What [happened to|became of|is the story with] {order}?
    [I wonder|I'm wondering|I was curious] where {order} might be.
    {order}: [status|whereabouts|progress|update] please.
    [Give me|Send me|I need] the delivery status of {order}.
    [Did|Has] the courier [pick up|picked up|collect] {order}?
    On which day [does|will|should] {order} reach me?
    [Let me know|Find out|Please see] when {order} is [due|coming|expected].
    Any progress with {order}?
    [Which city|Which depot|What stage] is {order} at?
    Has anything happened with {order} since I paid?
    [I'd love|I'm hoping] to hear where {order} is at the moment.
    {order}, where does it [hide|stay|stand]?
    Can you see {order} in your system and say how it's going?
    My [wife|husband|boss|neighbour] keeps asking about {order}. Where is it?
    [Roughly when|About when|At what time] can I count on {order}?
    # status_none
    I bought something [recently|the other day|last week] and still wait for it.
    [No sign|No trace|Not a hint] of my parcel [yet|so far|anywhere].
    What [happened to|is up with] the thing I bought?
    The [mailbox|porch|letterbox] is still empty. Where's my [order|shipment|purchase]?
    [Has|Did] my [purchase|shipment|box] [leave|left] your place?
    The postman [brought|delivered] nothing [again|today]. Where is it?
    [Find|Locate|Trace] my [parcel|shipment|package] please.
    I expected a [box|parcel|package] from you. [Where does it stay?|Is it coming?]
    How long until my [things|goods|items] arrive?
    I want to know where my [shipment|purchase|goods] went.
    Still nothing here from you. What now?
    Could you track my [delivery|shipment|box]?
    # cancel
    [Abort|Stop|Undo|Drop|Void] {order}[|, please|, will you].
    I [changed my mind about|no longer want|won't take|have second thoughts about] {order}.
    [Take|Strike|Remove] {order} off [the list|my account|the books].
    Do not [send|ship|deliver|process] {order}[|, please].
    {order} [can|should|must] be [stopped|dropped|voided|undone].
    [Make sure|See to it] that {order} doesn't ship.
    [Is there a way|Any chance|Is it possible] to [stop|undo|withdraw|back out of] {order}?
    I'm [backing out of|withdrawing|revoking] {order}.
    [Halt|Hold back|Scratch] {order} before it leaves [your warehouse|the building].
    Please [annul|reverse|terminate|end] {order}.
    I would rather not [get|receive|have] {order}.
    Cancellation of {order}, please.
    We [can|should] forget about {order}, I [won't need|don't want] it.
    [Pull|Withdraw|Retract] {order} for me.
    {order} shouldn't be sent any more.
    [I made|There was] an error with {order}, it needs cancelling.
    # no longer needed
    [I have|We have] no [need|use|room] for it [now|at present|these days].
    [Turns out|It turns out] I already [have|own] one.
    The [party|event|project|move|wedding] isn't happening.
    [My|Our] old one [works|runs] again.
    [We|I] decided [against it|to do without it|to live without it].
    [Someone|My sister|A colleague] gave me hers.
    It has become [pointless|unnecessary|useless|redundant].
    [My needs|Things|Our plans] are different now.
    I don't require it [any more|after all].
    [I'd never use it|It would only collect dust].
    # ordered by mistake
    I [pressed|tapped|touched] [buy|order|pay] without meaning to.
    It [was not|wasn't] [meant|intended|planned].
    [I got confused|I mixed things up] and bought it [wrongly|in error].
    [My toddler|The cat|My little one] did it on the tablet.
    [Wrong button|Wrong item|Wrong click|Wrong page], sorry.
    That order was a [slip|blunder|mishap|misclick|mistake].
    I [never meant|did not want|had no intention] to [order|purchase|get] it.
    I [bought|got] the same thing [two times|twice] [without noticing|by error].
    It went through [accidentally|unintentionally|by error].
    I thought it was [something else|another product].
    # too slow
    [I can't|I cannot] wait [so long|until then|for weeks].
    Your shipping [drags on|takes ages|is a crawl].
    [It was|It's] needed [yesterday|days ago|by Friday|before the weekend].
    [I leave|We travel|I fly] [tomorrow|on Monday|soon], it won't arrive before.
    [The delay|The delivery date|That date] is [too long|too far off|no good|unbearable].
    I'm out of time[|, it's too late for me].
    [It hasn't moved|Nothing moved] for [days|a week], I'm done waiting.
    The date you gave me is after [the party|our trip|her birthday].
    You need too many days for it.
    It will come after I need it.
    # found cheaper
    I can [have|buy|get] it for [less money|half of that|a lower price] [nearby|online|at the market].
    [Your price|The price] is [too high|steep], others [ask less|charge less].
    [Somebody|Another seller|The shop next door|A website] [offers|sells] it [cheaper|at a discount].
    [There is|I saw] a [deal|discount|sale|bargain offer] [at another seller|somewhere else|on another site].
    It costs less [at the mall|in my town|with someone else].
    I [came across|noticed] a cheaper [one|seller|shop].
    [Elsewhere|In the other store] I'd [pay|spend] less.
    I'm saving money by buying it [locally|from someone else].
    Others sell it at a better rate.
    # return
    I'd [prefer|like|love] to [give|bring|hand] back the {item} [of|from|in] {order}.
    [Take back|Accept back|Collect] the {item} [of|from] {order}[|, please].
    The {item} [of|in|from] {order} [goes|has to go|must go] back.
    I [regret|dislike|hate|don't need] the {item} from {order}. [Return it for me.|I'd return it.|Take it back.]
    {order} had a {item} that I [won't keep|don't want to keep|would send back].
    Send me a [label|form|slip] to return the {item} from {order}.
    The {item} ({order}) [is too big|is too small|is ugly|doesn't suit me], I want [a refund|to return it|it gone].
    [May|Could|Can] the {item} of {order} be [returned|sent back|refunded]?
    I'm [sending|shipping|giving] back the {item} [I got in|from|of] {order}.
    [Start|Open|Arrange|Create] a return: {item} out of {order}.
    [Refund me for|I want my money for|Money back for] the {item} in {order}, I am returning it.
    The {item} from {order} [let me down|wasn't worth it|is not my taste]. [How can it go back?|Back with it.]
    We [decided|chose] to return the {item}, part of {order}.
    I don't want to keep the {item} that was in {order}.
    [Return process|Returning] for the {item}, {order}, how does it work?
    # return_item
    I'd [prefer|like|love] to [give|bring|hand] back the {item}.
    [Take back|Accept back|Collect] [the|my] {item}[|, please].
    The {item} [goes|has to go|must go] back[| to you].
    I [regret|dislike|hate|don't need] the {item}. [Return it for me.|I'd return it.|Take it back please.]
    [Send me|I need] a [label|form|slip] to return the {item}.
    The {item} [is too big|is too small|is ugly|doesn't suit me], I want [a refund|to return it|it gone].
    [May|Could|Can] the {item} be [returned|sent back|refunded]?
    I'm [sending|shipping|giving] back the {item}.
    [Start|Open|Arrange|Create] a return for the {item}.
    [I want my money for|Money back for] the {item}, I am returning it.
    The {item} [let me down|wasn't worth it|is not my taste]. How can it go back?
    I don't want to keep the {item}[| you sent].
    # exchange
    [Trade|Change|Switch|Substitute] the {item} [of|from|in] {order} for [another|a different one|some other model].
    I'd [prefer|like] [another|a different] [model|type|kind|version] [than|instead of] the {item} of {order}.
    [Is there|Do you have] [something else|another one|a substitute] [for|instead of] the {item} in {order}?
    Could the {item} from {order} be [swapped|switched|replaced|changed] [for another|against a different one]?
    The {item} from {order} isn't [right|ideal|what I need], [swap it|give me another model|exchange it].
    {order}: [please|can you] [swap|exchange|switch|trade] the {item}[|, thanks].
    [What can I get|What else could I have] in exchange for the {item} of {order}?
    I [picked|chose|took] the wrong {item} in {order}, [I'd change it|can I change it] for another [one|sort].
    An exchange of the {item} [in|from] {order}[|, please].
    I want to [switch|change|swap] the {item} that came in {order} to [another|a different] [model|product].
    [Offer|Show|Give] me a replacement model for the {item} from {order}, [I don't like this one|I'd swap it].
    Instead of the {item} in {order} I'd take a different one.
    [Let's|Can we] exchange the {item}, it's from {order}.
    I need some other [kind|sort] than the {item} I got with {order}, a swap.
    # damaged
    The {item} [of|in|from] {order} [is busted|is ruined|won't work|won't start|has a crack|has a hole|is bent].
    [Broken|Cracked|Shattered|Torn|Dead] {item} in {order}.
    {order} [came|arrived] with a [broken|cracked|ruined|useless|torn] {item}.
    The {item} I received with {order} [fell apart|is leaking|makes strange noises|does nothing|is kaput].
    [There are|I see|I found] [cracks|dents|scratches|stains] on the {item} from {order}.
    [When I unpacked it|Out of the box], the {item} from {order} [was broken|was cracked|did not work].
    My {item} [quit|gave up|failed|stopped] [on the first day|right away|after a week]. {order}.
    I got a [defective|busted|damaged|ruined] {item} with {order}.
    {order} [contained|had|included] a {item} that is [damaged|broken|defective|not working].
    Complaint: {item} [broken|damaged|defective], {order}.
    The {item} [of|from] {order} doesn't [turn on|function|run|hold together].
    [Unfortunately|Sadly], the {item} in {order} was [crushed|chipped|broken] [in transit|on the way|during shipping].
    The {item} [suffered|took damage] on its way to me, {order}.
    What do I do about a [broken|damaged|dead] {item}? It came with {order}.
    {order}, the {item} [has a defect|is a wreck|is garbage|is not usable].
    # late
    {order} [is overdue|missed its date|is behind schedule|was due days ago].
    [How come|What's the reason] {order} [is late|isn't here|takes so long]?
    You [promised|said|told me] {order} would be here [by now|last week|on Monday]. [Look into it.|What's wrong?]
    {order} [was supposed|was meant|ought] to [arrive|be here|come] [days ago|last week|before today].
    The [date|delivery date|day] for {order} [has passed|is over|came and went].
    [I'm fed up|I'm tired of|I'm done with] waiting for {order}. [Where is the delay?|What's the delay?]
    {order} [got stuck|is stuck|vanished|disappeared|seems lost], [it's late|please check|help].
    Something [went wrong|must be wrong] with the delivery of {order}, it's [late|overdue].
    [Delayed|Late|Overdue] again: {order}.
    Why [hasn't|has] {order} [come|shown up|arrived|not come] [yet|already]?
    [Chase|Check on|Follow up on] {order}, it is [late|overdue|days late].
    My {order} delivery is way past the date.
    [Honestly|Seriously], where is {order}? It is [a week|days|very] late.
    {order} didn't [arrive|come] when you said it would.
    [Complain to|Call] the carrier about {order}, it's [late|overdue].
    # order_address
    [Deliver|Ship|Mail|Bring|Route] {order} to {address}[|, please|, not to my home].
    The destination of {order} [is|becomes|should become|must be] {address}.
    [Make|Let] {order} go to {address}.
    {order} [must|has to|needs to|ought to] [go|be sent|be shipped|be delivered] to {address}.
    I [typed|entered|gave] the wrong address for {order}, [correct is|it's|use] {address}.
    [Reroute|Redirect|Forward|Divert] {order} [to|towards] {address}.
    [Use|Take|Put] {address} [as the address of|for|on] {order}.
    New [delivery|shipping] address for {order}: {address}.
    {order} should arrive at {address}[| instead].
    [Fix|Correct|Edit|Adjust] the address of {order}, it's {address}.
    Have {order} [dropped off|delivered|left] at {address}[|, please].
    I'd rather get {order} at {address}.
    [Can|Could|Would] you deliver {order} to {address} [instead|rather]?
    We are [away|elsewhere|at my parents], send {order} to {address}.
    # account_address
    [I|We] [relocated|moved house|changed flats|live elsewhere now]: {address}.
    {address} is [my|our] [new home|new place|address now|current address].
    [Change|Switch|Fix|Correct|Edit] the address [in my profile|of my account|you have for me]: {address}.
    [Write down|Note|Save|Store|Register] {address} as my [new |]address.
    My [profile|account|record] should [say|show|list|read] {address}.
    [Since last week|As of today|These days] I [live|stay] at {address}, [adjust my account|fix my profile].
    [Put|Enter] my new address [in the account|on file], {address}.
    I have a new address: {address}.
    [Replace|Overwrite] my [old|former|previous] address [by|with] {address}.
    You have my old address. It [is|should be|changed to] {address}.
    [Our family|My office|Our shop] moved to {address}, [please note it|keep it on file].
    Address change[| for my account]: {address}.
    # warranty
    [For how long|How many months|How many years] is the {item} [from|of|in] {order} [covered|guaranteed|protected]?
    [What|Which] guarantee [do I have|is there|do I get] on the {item} [from|of] {order}?
    [Does|Will] the warranty [for|on] the {item} in {order} [still|yet] [hold|apply|count]?
    [When does|When will] the [warranty|guarantee] of the {item} from {order} [end|expire|run out]?
    The {item} out of {order}, [what's its warranty|is it guaranteed|is there warranty left]?
    [Check|Look up|Find] the warranty [period|time|length] of the {item}[,| from| in] {order}.
    [I'd like|I want|I wish] to know the warranty [length|term|period] for the {item} in {order}.
    Is my {item} [insured|covered|protected] by warranty? [It was in|It came with|From] {order}.
    How long [can I claim|do you stand behind|does the maker guarantee] the {item} of {order}?
    Warranty [info|question|length], {item}, {order}.
    If my {item} breaks, am I covered? {order}.
    # refund_amount
    [What|Which amount|How many dollars] [do I|will I|would I] [get|receive] if {order} goes back [completely|whole]?
    [Say|Suppose|Imagine] I return {order} [entirely|completely|in full], [how much|what sum] is refunded?
    [Total|Full|Complete] refund for {order}, how much [is it|would it be]?
    [Estimate|Compute|Figure out|Quote me] the refund for [all of|the whole] {order}.
    How much money [comes|would come] back for {order}?
    [I'm considering|I plan on] returning [all of|the whole] {order}. What's the refund?
    [Tell|Show] me what [returning|giving back] {order} [is worth|would bring|pays].
    What do you pay [back |]if I return everything in {order}?
    [What's|What is] the [refundable amount|refund value|refund total] of {order}?
    If all items of {order} [were returned|came back], what would I [get|be paid]?
    The refund sum for {order}, please.
    # ticket
    [What happened|What's happening|What goes on] with my [ticket|case|complaint|request]?
    [Is|Was] [anyone|somebody|someone] [handling|reading|answering] my [ticket|case|complaint|request]?
    I [reported|raised|submitted|sent] [a problem|a complaint|an issue|something] [recently|days ago]. [News?|And?]
    [How is|Where is|How goes] my [support |][case|ticket|request]?
    [Look up|Check|Find|See] my [open |][ticket|case|complaint].
    [Did|Has] my [case|ticket|issue] [get solved|been solved|make progress|been answered]?
    Nobody [replied|responded|wrote back] to my [ticket|complaint|report].
    There should be a ticket [from me|in my name]. [How is it going?|What's the state?]
    [Status|State|Progress] of my [complaint|ticket|request][|, please]?
    I am still waiting for [an answer|a reply|feedback] on my [ticket|case|problem].
    The issue I told you about [last time|before], is it [solved|done|fixed]?
    You have a complaint of mine. [What's its state?|Is it settled?]
    # preference
    [I'd like|I want|I wish|I prefer] {wish}[|, please| from now on].
    [Set|Change|Switch|Adjust] my [settings|preferences|account] to {wish}.
    [Could|Can|Would] I [have|get] {wish}?
    {wish}[, please|, that is what I want|, can you set that].
    From now on [I want|I'd like|give me] {wish}.
    [Update|Change] my [settings|preferences|profile]: {wish}.
    [For the future|In future|Going forward], {wish}[|, please].
    [Is it possible|Is there a way] to [get|have] {wish}?
    My [preference|choice|wish] is {wish}.
    [Please note|Remember|Make a note]: {wish}.
    I would [rather|prefer to] have {wish}.
    [Make it|Let it be] {wish}.
    # shop
    [I'm looking for|I search|I need|I want to buy|I'd buy] {a_noun} [under|below|for up to|for at most] {limit}.
    [Do you have|Have you got|Is there|Do you sell] {a_noun} for [less than|under|at most|up to|below] {limit}?
    [Recommend|Suggest|Find|Offer] me {a_noun}, {limit} [at most|tops|maximum|or less].
    What {a_noun} can I [get|buy|afford] [for|with] {limit}?
    [Looking for|Searching for|In need of] {a_noun}, [max|no more than|not above] {limit}.
    I [can|would|want to] spend {limit} on {a_noun}.
    {limit} is all I have for {a_noun}. [What do you have?|Anything?]
    [My wife|My friend|My son] [wants|needs] {a_noun}. [Something|Anything] [up to|under|below] {limit}?
    [A gift|A present]: {a_noun}, [within|not over|under] {limit}.
    With {limit} in my pocket, is there {a_noun} for me?
    {a_noun} [for|around|within] {limit}, [please|what is there|do you have any]?
    """
)
