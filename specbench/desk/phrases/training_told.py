"""What customers tell and ask in passing in ever more words, for training the micro-Llama only.

None is one of ``phrases_unseen``.
"""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["MORE_TOLD"]

MORE_TOLD: Book = parse(
    """
    # greet
    [Good morning|Good afternoon|Good evening|Morning|Evening][.|!|, all.|, team.]
    [Hi|Hello|Hey], [it's me|it's me again|me again|a customer here][.|!]
    [I have|I've got|I've] [a question|a request|a little problem|an issue with an order].
    [Can|Could|Would] [someone|you|anybody] [help me|help me out|give me a hand|assist me]?
    [Knock knock|Ding dong|Ahoy|G'day|Hi hi][.|!]
    [Who can I|Is there someone I can] [talk to|ask|turn to] [here|about an order]?
    [I'm|I am] [looking for|hoping for|here for] [help|support|some advice|assistance].
    Is [support|customer service|the desk|your team] [open|available|awake|online] [now|]?
    [Hi|Hello] and [good day|good morning|good evening][.|!|, dear team.]
    [I need|I'd like|I want] to [speak to someone|talk to support|ask something|sort something out].
    [Nice|Good] to [meet you|see you're online|find you here][.|!]
    [Do I have|Have I got|Did I reach] [the support|customer service|the right desk] [here|]?
    [Got|Do you have|Have you got] [a minute|a moment|a second|time for me]?
    [hi|hello|hey|heyy|helloo|hiii][| there| support| team]
    [Something|A thing] about [my order|an order|my account|my purchase], [please|can you help|hello].
    # open
    [Good morning|Good afternoon|Good evening|Morning],
    [Dear|Hello|Hi] [support|customer service|shop team|sir or madam],
    [Right|Okay|Alright|Listen|Look|Now then],
    [Quick|Short|Small|Simple] [question|request|thing|one]:
    [Sorry to|I hate to|I don't want to] [disturb|be a pain|be a nuisance], but
    [Here's|Here is] [my problem|the thing|my story|the situation|what I need]:
    [Hope|I hope] [you can help|you're well|this finds you well|I'm right here].
    [First things first|To begin with|Straight to the point|Without further ado]:
    [I'm|I am] [a longtime customer|a regular|new here|a new customer].
    [Help|SOS|Mayday|Please help][!|.]
    [Ladies and gentlemen|Dear people|Friends|Folks|Hi folks],
    [Thanks|Thank you] [for taking my message|for being there|in advance].
    [A|One] [question|wish|request] [from me|on my part|if I may]:
    [G'day|Ahoy|Hey hey|Hi hi|Hello hello][.|!|,]
    [I write|I'm writing|I'm contacting you|I turn to you] [because I need help|with a request].
    # close
    [Thanks|Thank you] [in advance|beforehand|ahead of time|already].
    [Yours|Yours sincerely|Sincerely|Regards|Cordially|Respectfully].
    [Any help|Your help|A quick answer] [is welcome|would be great|is appreciated|would be lovely].
    [Please|Kindly] [help|advise|assist|see to it|look into this|take care of it].
    [Hope|I hope] [you can help|that's possible|that's okay|that's not a problem].
    [Can you|Could you|Will you] [do that|help|help with that|manage that|see to that]?
    [Is that|Would that be] [possible|doable|feasible|okay|something you do]?
    [Please|Pls|Plz], [and thanks|and thank you|quickly|asap|if you can].
    [As soon as possible|The sooner the better|Today if you can|At your earliest convenience].
    [That's|This is] [my problem|my request|all I want|the whole story|what I came for].
    [Thx|Tnx|ty|thanks|tia][.|!|]
    [What can you do|How do we do that|How do I go about it|How do we proceed]?
    [No|There's no] [rush|hurry], [but thanks|though|at all].
    [You'd|You would] [do me a favor|help me a lot|make me happy].
    [Awaiting your reply|I await your answer|Let me know].
    # join
    [Okay|Good|Perfect|Excellent|Wonderful], [and now|next up|moving on|on to the next]:
    [Also|Likewise|In addition|Additionally|Furthermore|Moreover],
    [There's|There is] [something else|one more thing|another thing|a second thing].
    [Before|But before] [I go|you go|we finish|I leave],
    [I almost forgot|Nearly forgot|I forgot to say|It just occurs to me]:
    [Second|Secondly|Next question|Number two|Point two|Part two]:
    [Now|So now|Then] [to|about] [my other matter|the next thing|something different|my second point].
    [One|A] [last|final|further|second] [thing|point|question|request]:
    [Could|Can|May] I [also ask|ask another thing|trouble you once more|bring up something else]?
    [If you have|If you've got|Got] [another moment|a minute more|time for one more],
    [That's|That was] [one thing|the first thing|part one]. [Now|Next|And]
    [While|As long as] [I have you|I've got you|you're at it|I'm here],
    [Thanks|Cheers|Great stuff|Good work]. [I'd also like this|One more wish|Another question]:
    [Oh|Ah|Hm], [wait|one more|something else|there was something else]:
    [Changing|To change] the [subject|topic|matter],
    # give_email
    [Gladly|Certainly|No problem|With pleasure|Right|Okay], [it's|that's|here]: {email}.
    [It|That|This] [would|should|must|ought to] be {email}.
    [I ordered|I bought it|I shop] [with|using|under] {email}.
    [Write down|Note down|Put in|Type in|Note] {email}[, please|, thanks|].
    [The|My] [account email|login|username|user] [is|reads|goes] {email}.
    [Let me spell it|I'll type it|I'll copy it in|Pasting it]: {email}
    {email}[, as always|, I hope|, all lowercase|, that's my only one|, no spaces].
    [I have|I've got|There's] [just one|only the one|a single] address: {email}.
    [My order mails|Your mails|Your letters|The confirmations] [go|come|went] to {email}.
    [The account|It] is [registered|listed|filed|in your books] [under|as|with] {email}.
    [My private|My work|My personal|My usual|My main] [email|address|one] is {email}.
    [That|This] is what I [use|log in with|registered]: {email}.
    Does {email} [work|help|do|show up|ring a bell]?
    [I'm|I am|You'll find me as|I'm listed as] {email}.
    [You asked for it|As requested|As asked|Email as requested]: {email}.
    # intro_email
    [I'm|I am] {email}[, by the way| in your system| on your site|].
    [I shop|I bought] [with|using|under] {email}.
    [For reference|For your info|FYI|To find me|So you can find me]: {email}.
    [The|My] [account email|username|user|sign-in] [is|reads|goes] {email}.
    [This is|It's] {email} [writing|again|here|speaking].
    [My account|My profile|It] is [registered|listed|filed] [under|as|with] {email}.
    [Your mails|The confirmations|My order mails] [go|come|went] to {email}.
    [Email first|Before you ask|To save time|You'll need this], {email}.
    [My private|My work|My personal|My usual|My main] [email|address] is {email}.
    [From|Sender|Sent from|Account email|Registered email]: {email}
    [I belong to|I have|It concerns|It's about] the account {email}.
    [You'll find|You find|There you see] [it all|my orders|everything] under {email}.
    [I'm|I am] [logged in|signed in|a customer] as {email}.
    [The address I gave you|The mail you have|The email you know me by] is {email}.
    [Everything|All my orders|My stuff] [runs|goes] [through|under] {email}.
    # fix_email
    [Silly me|Stupid me|How silly|Clumsy me|Dear me], {email}.
    [I left out|I forgot|I missed|I swapped] a letter[, it's|. It's|:] {email}.
    [Wrong|That was the wrong|That was an old] [one|address|email]. [Now|It's|Use] {email}.
    [My fingers slipped|Fat fingers|Autocorrect, sorry|Typing too fast], {email}.
    [Let me|I'll] [try again|correct that|retype it|spell it again|check]: {email}.
    [Could|Can|Might] it be {email}[| then| instead]?
    [Really|Strange|Odd|No account]? [Then|Then try|Maybe] {email}.
    [Not found|Nothing there|No match]? [Perhaps|Then it's|Look under] {email}.
    [I have|I've got|There's] [another|a second|a different] [one|address]: {email}.
    [I now see|I just noticed|I see] [the mistake|the typo|my error]. {email}.
    [I|I must have] [used|taken|given] [the other one|my other address|my old one], {email}.
    [It's spelled|The spelling is|Properly spelled|Correctly, it's] {email}.
    [Make that|Scratch that,|Correction:|Better:] {email}.
    [So sorry|I'm sorry|Excuse me|Forgive me|Beg your pardon], {email}[ it is| of course|].
    [Without the typo|In full|Once more, slowly|Now without mistakes]: {email}.
    # give_name_zip
    [I'm|It's] {first}, {first} {last}, [zip|postal code|and the zip is] {zip}.
    [Gladly|Certainly|No problem|Of course]: {first} {last}, {zip}.
    {first} {last}[;| -| /] {zip}
    {zip}, {first} {last}[.|, that's me.| is my name.]
    [My email is gone|Forgot the email|I don't know the email|No email], [but I'm|so here's] {first} {last}, {zip}.
    [Can we|Can you] [do it by|use] my name? {first} {last}, {zip}.
    [You'll find|You should find|There must be] {first} {last} [in|at|with zip] {zip}.
    [I was registered|I signed up|I'm listed] as {first} {last}, [zip|in] {zip}.
    [First name|Given name|Forename] {first}, [last name|family name] {last}, [zip|postcode] {zip}.
    [Last name|Family name] {last}, [first name|given name] {first}, [zip|area] {zip}.
    {last}, {first}, [zip|zip code|postal code|code] {zip}.
    [Name and zip, then|By name, then|Here's my name]: {first} {last}, {zip}.
    [It should say|Your file should say|I'm on file as] {first} {last}, {zip}.
    [The parcels go|My parcels go|You deliver] to {first} {last}, {zip}.
    [I answer to|They call me|People call me] {first} {last}, my [zip|postal code] is {zip}.
    {first} {last} [is the name|that is me], {zip} [is the zip|is where I live].
    [I'm|I am] {first} {last} and I [live|reside|am] in [{zip}|the {zip} area].
    [Would|Will|Does] {first} {last}, {zip} [do|help|work|be enough]?
    [Instead of the email|In place of the email|Rather than the email]: {first} {last}, {zip}.
    [That'd be|That would be|That is|You want] {first} {last}, [with zip|zip|and] {zip}.
    # intro_name_zip
    [Hi from|Greetings from|Hello from] {first} {last}, {zip}.
    [Name|Client|User|Buyer|From]: {first} {last}, {zip}
    [My name's|They call me|People call me] {first} {last}, [zip|and my zip is] {zip}.
    {first} {last}[;| -| /] {zip}
    [I'm|I am] {first} {last} and I [live|reside] in {zip}.
    [I'm|I am] {first} {last}, [zip code|postal code|postcode] {zip}, [by the way|if you need it|for reference].
    [For reference|FYI|To find me|So you can find me]: {first} {last}, {zip}.
    {last}, {first}, [zip|zip code|postal code] {zip}.
    [First name|Given name] {first}, [last name|family name] {last}, [zip|postcode] {zip}.
    [It's about|It concerns|This concerns] [the account of|customer] {first} {last}, {zip}.
    [You know me as|I'm on file as|I'm listed as|I'm registered as] {first} {last}, {zip}.
    [No email at hand|I forgot my email|Email forgotten], but I'm {first} {last}, {zip}.
    [Before you ask|To save time|You'll need this]: {first} {last}, {zip}.
    {first} {last} [writing|speaking|typing], zip [code |]{zip}.
    [My details|My data|Details|About me]: {first} {last}, {zip}.
    [Deliveries go|My parcels go|You ship] to {first} {last}, {zip}.
    [The account holder is|The account belongs to|I order as] {first} {last}, {zip}.
    [This is|It's] {first} {last} [from|in|out of] [{zip}|the {zip} area].
    [Let me introduce myself|To introduce myself|A word about me]: {first} {last}, {zip}.
    [Sent by|Written by|A message from] {first} {last}, {zip}.
    # give_name
    [Gladly|Certainly|No problem|Of course|Yes], {first} {last}.
    [First name|Given name] {first}, [last name|family name|surname] {last}.
    {last}, {first}[.|, that is.| it is.]
    [That'd be|That would be|You want|It should be] {first} {last}.
    [My email is gone|Forgot the email|I've no idea which email], [but I'm|the name is] {first} {last}.
    [I'm|I was] [listed|registered|on file|signed up] as {first} {last}.
    [People|Friends] call me {first} {last}.
    [Does|Would|Will] [the name |]{first} {last} [help|do|work]?
    [By name, then|Here's my name|As to my name|Name as requested]: {first} {last}.
    [I order|I shop|I bought it] as {first} {last}.
    [Can you|Could you] find me [by name|by my name|as] {first} {last}?
    {first} {last}, [at your service|pleased to meet you|if that helps|the email escapes me].
    # intro_name
    [Hi from|Greetings from|Hello from] {first} {last}.
    [My name's|People call me] {first} {last}.
    [You know me as|I'm on file as|I'm listed as|I'm registered as] {first} {last}.
    [For reference|FYI|So you can find me|To find me]: {first} {last}.
    [First name|Given name] {first}, [last name|family name|surname] {last}.
    [It's about|It concerns|This concerns] [the account of|customer] {first} {last}.
    [Let me introduce myself|To introduce myself|A word about me]: {first} {last}.
    [Client|User|Buyer|From|Name]: {first} {last}
    [The account holder is|The account belongs to|I order as] {first} {last}.
    [Best|Kind regards|Best wishes|With thanks|Warmly], {first} {last}
    {last}, {first}[.|, customer of yours.| is my name.]
    {first} {last}, [pleased to meet you|a customer of yours|customer for years|how do you do].
    # give_zip
    [Gladly|Certainly|No problem|Yes|Well], [it's|that's|here]: {zip}.
    [It|That|This] [should|must|ought to] be {zip}.
    [My postcode|My postal code|My zip code|The postcode|The zip] [is|would be|reads] {zip}.
    [I'm|We're|I am] [from|at|over in|based in|located in] {zip}.
    [The parcel goes|Parcels come|You deliver|You ship] to {zip}.
    {zip}[, as far as I know|, unless I'm mistaken|, if I remember right|, I'm fairly sure].
    [I moved, but|Back then] it was {zip}.
    [Digits|The digits|The numbers|In digits]: {zip}.
    [Let me think|Let me see|Hold on|Erm|Uh]... {zip}.
    [Should be listed|It's listed|It's on file|You have it] as {zip}.
    [Zip|The code]? [That's|It's|Sure,|] {zip}.
    [I believe|I guess|I suppose|Pretty sure] [it's|it is|that's] {zip}.
    [My home|My town|My place|My neighborhood|My address] [is|has|is in] {zip}.
    [As requested|As asked|Here you are|Here you have it]: {zip}.
    [I entered|I gave|I put in|You want] {zip}.
    # give_order
    [Gladly|Certainly|No problem|Of course], [it's|that's|here it is:] {id}.
    [I've got|I have got|There it is,] {id} [on my screen|in front of me|written down].
    [The slip|My account page|The subject line] [says|reads|shows|has] {id}.
    [That'd|That would|That must|It should|It would] be {id}.
    [Let me look|Let me check|One second|Just a second|Scrolling]... {id}.
    [It's about|It concerns|We're talking about|This is about] {id}.
    [Copied|Copying it|Copy and paste|Pasted] [from the mail|from my account|here]: {id}
    {id}[, I hope|, if I read it right|, fresh from the mail|, says my receipt].
    [As requested|As asked|Here you are|Here you have it|Order number as asked]: {id}.
    [You'll find it|You find it|It's filed|It's listed|It runs] [under|as] {id}.
    [I read|I see|I find|It reads|It shows] {id} [in the mail|on the invoice|on the label|there].
    [Order ID|Reference|My reference|Purchase number|The ID]: {id}.
    [Pretty sure|I'm fairly sure|I'm certain|I believe] [it's|that's|it was] {id}.
    [The one I mean|The order in question|What I need] is {id}.
    Does {id} [exist|help|work|show up|ring a bell]?
    [Look at|Look up|Open|Pull up|Search for] {id}[, please|, would you|].
    [The number I got|The number you gave me|The number they sent me] [is|was] {id}.
    [Ah|Aha|Here|Got it|Yes], [there it is|I see it|found the mail]: {id}.
    [Order number|Number]? [Sure|That's|It's|Right,] {id}.
    [Please|Kindly] [take|check|open|use] {id}.
    # no_order
    [I have|I've] [no clue|no idea|not the faintest idea|absolutely no idea][, sorry|, honestly|].
    [I threw away|I tossed|I shredded|I misplaced] the [receipt|invoice|paper|slip].
    [Search me|Good question|You tell me|If only I knew|I wish I knew][.|!]
    [Can't|Couldn't|Can] you [find|see|check] [it|that] [in your system|on your side|from my account]?
    [Must I|Should I|Do I have to|Do I need to] [know|have] [that|it]?
    [Which|What] [number|order number]? [I never saw one.|I don't have any.|I was given none.]
    [Where|How] [do I find|would I find|can I see|do I get] [that|it|the number]?
    [It slipped my mind|It escapes me|I don't recall|I can't recall it|I can't remember it][, sorry|].
    [I didn't|I never] [write it down|keep it|save it|note it|print it].
    [The confirmation|The email|Your mail] [never arrived|went to spam|got deleted|is nowhere to be found].
    [I'm|I am] [not at home|on the road|at work], so I [can't look it up|don't have the papers].
    [I'm afraid|Sadly|Alas|Regrettably] I [don't know|can't say|can't tell you|have lost it].
    [That|The number] I [can't tell you|do not know|don't remember|couldn't say].
    [Haven't|I haven't] [got it|got a number|the slightest idea|kept it|a clue].
    [Can we|Can't we] [do without|manage without|do it without the number]?
    [Just|Please just] [check|look at|see|go through] [my orders|my account|my purchases].
    [I've looked|I looked|I searched] [everywhere|all over|high and low], [no number|it's gone|nothing].
    [You|Your system] [must|ought to|surely|will] [have it|know it|have that on file].
    [My computer crashed|I have a new phone|I changed phones], [the mail is gone|so no number].
    [No number|No order number|Nothing] [here|on me|with me|available|to be found][, sorry|].
    [I only know|All I know is|I just know] [I ordered something|that I paid|it was my order], not the number.
    [Don't|I don't] have [a number|any number|the papers|the details] [here|with me|any more].
    [Not|I'm not] [sure|certain] [what it was|which number that is|where to find it][, sorry|].
    [I not know|I not have|I don't find] [number|the number|this number][, sorry|, please help|].
    [idk|no clue|dont know][, sorry| sry|, can u look|]
    # no_order_item
    [I'd have to guess|No clue|Beats me|I can't say], but [it had|there was] the {item} [in it|inside].
    [Can you|Could you] [find|look for|search for] [the one|the order] with the {item}?
    [All I know|The only thing I know|What I remember] is that [it had|I ordered] the {item}.
    [I forgot|I never noted|I don't remember] the number, [it was|but I bought] the {item}.
    [It's|That's] [the order|the one] where I [bought|ordered|got] the {item}.
    [You'll|You] [recognize it|know it|find it] by the {item}, [no number here|I have no number].
    [Number|Order number]? [No, but|Don't have it, but|Not here,] it was the {item}.
    [I lost|I deleted|I misplaced] the [mail|receipt|confirmation]. It was for the {item}.
    [Look|Please look] for the {item}[, I have no number|, I don't know the number].
    [The one I mean|The order I mean|The right one] [has|had] the {item}, [number unknown|no idea of the number].
    [It was|That was] [when I bought|the purchase of|my order for] the {item}[, more I can't say|].
    [Sorry|Sadly|Alas], no number, [just|only] the {item}.
    [The {item}|It was the {item}], [that one|if that helps|does that help]? [No number.|The number I don't have.]
    [I paid|I ordered|You charged me] for the {item}, [but the number is lost|the number I don't know].
    [Must have been|It must be|It should be] the [order|one] with the {item}[, no number|].
    [Without|In place of] a number: the [order|purchase] with the {item}.
    [I can|I could] only [describe it|tell you the item|say what was in it]: the {item}.
    [Among other things|As far as I recall|If I remember right], it [had|contained] the {item}, [no number|sorry].
    [My order|The parcel|The package] [had|contained|included] the {item}, [don't know the number|no number here].
    [idk|dunno|no clue], [it had|the one with|i bought] the {item}
    # pick_order
    [Let's|We'll|I'll] [take|go with|say|choose|settle on] {id}.
    [I want|I'd like|I choose|I select|I'd go for|My pick is] {id}.
    [Of those|Out of these|From the list|Among them], {id}.
    {id}, [not the other|not the others|if I'm right|the others are fine|most likely].
    [It's|That's|It is] [about|for|regarding] {id}.
    [I think|I believe|I guess|I suppose|I'd guess] [it's|it is|that's|you want] {id}.
    [The answer is|The one in question is|The one I want is|My choice is] {id}.
    [Must have been|It would be|It should be|It has to be|That must be] {id}.
    [Which one|Which order|Which]? {id}[.|, I'd say.|, please.]
    [Ah|Oh|Right|Okay|Aha], [then|that's|so] {id}.
    [Please|Kindly] [take|use|pick|open|choose] {id}.
    [Looking at them|Reading the list|From what I see|Going by the items], {id}.
    [Let me think|Let me look|Hmm|Well|Erm]... {id}.
    [I'm talking about|I'm speaking of|I have in mind|I was thinking of|I refer to] {id}.
    [Only|Just] {id}[, please|, thanks|, the rest is fine|].
    [Definitely|Certainly|Surely|Clearly|Obviously] {id}.
    {id} [sounds right|looks right|looks familiar|rings a bell|matches|it is].
    [Here|In this case|This time|For now], {id}.
    [That one|The one] [there|you named|you listed], {id}.
    [The order I mean|The order in question|The problem order] is {id}.
    # correct
    [Silly me|Stupid me|How silly|Clumsy me|Dear me], [it's|I meant|that's] {id}.
    [My fingers slipped|Fat fingers|A typo|Typing error|I mistyped], [it's|make it|should be] {id}.
    [Stop|Hold on|Hang on|No no|Hey], [I meant|I want|it was] {id}.
    [I was|I was looking] at the wrong [order|line|mail|receipt]. [It's|The right one is|Take] {id}.
    [Make that|Rather|Better|I mean to say] {id}.
    [I told you|I said|I gave you|I typed] the wrong [one|thing|order]. {id}[ is right| it is|].
    [Forget|Ignore|Disregard] [that number|the last one|what I said], [it's|take|use] {id}.
    [I confused|I mistook|I mixed up] [the orders|two orders|the numbers|the digits]. [It's|Take] {id}.
    [On closer look|Looking again|Reading it again|Now I see], [it's|it says|that's] {id}.
    [That's|That is|It's] not [mine|the one|my order|what I meant]. [I want|Look at|Take] {id}.
    [Could you|Can you|Please] [switch|change|move] to {id} [instead|rather|please]?
    [I swapped|I left out|I forgot] a digit, [it's|so it's|make it] {id}.
    [So sorry|I'm sorry|Excuse me|Forgive me|Beg your pardon], {id} [is right|is correct|it is].
    [Actually|In fact|In truth|Really], [it's|it is|I meant] {id}.
    [That's|That was] [an old one|another order|a different order|my wife's order]. [It's|Mine is] {id}.
    [You have|We have|I see you have] the wrong one, [it's|the right one is|take] {id}.
    [Scratch|Strike|Scrap] that, {id}[.|, please.| it is.]
    {id} [is what I meant|was the one I meant|is the one I wanted], [sorry|pardon|my fault].
    [My bad|My fault|I messed up|I goofed|I slipped], {id}.
    [No|Nope|Uh, no], [the other one|a different one|another one]: {id}.
    # pick_product
    [I'm|I am] [leaning towards|drawn to|keen on|going for|tempted by] the {name}.
    [The {name}|I think the {name}] [fits|suits me|is right|is best|works|would be great].
    [Can|Could|May] I [have|get|take|try] the {name}[| please| then]?
    [Let's|Let me|We'll|I'll] [try|settle on|say|pick|choose|have] the {name}.
    [My favorite|My favourite|My pick|The winner|My preference] is the {name}.
    [Of those|Out of these|From that list|Among them], the {name}.
    [I fancy|I love|I prefer|I favor|I'm happy with] the {name}.
    [Surely|Definitely|Clearly|Certainly|Absolutely] the {name}.
    [I think|I guess|I suppose|I believe] [I'll take|I want|it's] the {name}.
    [Hmm|Let me think|Well|Tough choice|Hard to say]... the {name}.
    [Please|Kindly] [take|send|choose|put in|note down] the {name}.
    [Swap|Exchange|Change] it [for|to] the {name}[, please|, thanks|].
    [Oh|Ooh|Ah|Wow], the {name}[!|, please.|, lovely.|, that one.]
    [The {name}|{name}], [that's the one|I've decided|final answer|no doubt|my choice].
    [I've|I have] [decided on|settled on|set my heart on|chosen|opted for] the {name}.
    [It|That] [has to|must|will|would|might as well] be the {name}.
    [Nothing beats|You can't go wrong with|Can't resist|Hard to beat] the {name}.
    [If it's available|If you have it|If that's okay|If I may choose], the {name}.
    [I'd be|I would be] [happy|glad|fine|content|okay] with the {name}.
    [Mine is|For me|For my part|I'm for|My vote goes to] the {name}.
    [Give|Send|Ship|Mail] me that {name}[, please|].
    One {name}[, please|, thanks| for me, please].
    [I like|I want|I prefer] the {name} [best|most|more than the others].
    [In that case|Then|Well then|Okay then|Right], [let me have|I want|send me] the {name}.
    [gimme|ill have|lets do|send] the {name}[ pls| thx|]
    # ask_total
    [How|And how] expensive was [it|that order|the order|all of it]?
    [What did|How much did] [you|your shop] [charge|bill|take from] me [for it|for that order|in total]?
    [How much money|How many dollars|What sum] [was it|did I spend|went into it|did I hand over]?
    [What's|What was] the [bottom line|grand total|final amount|invoice amount|bill] [on it|of it|there]?
    [Do you|Can you] [see|know|tell] [what I paid|how much it was|what it cost|the amount]?
    [I'd like to know|I want to know|I'm curious] [what it cost|how much it was|the total|what I paid].
    [Could you|Would you] [name|give me|state|confirm] the [total|amount|price|sum], please?
    [What|How much] [does the order|does it|does that order] [add up to|total|sum up to]?
    [How much|What] was the damage [in dollars|in the end|on that one|to my card]?
    [What|Which] [amount|sum|price] [is|was] [on the bill|on the invoice|on the receipt]?
    [All in all|All told|Altogether|In sum|In total], [how much was it|what did it cost|what did I pay]?
    [I forgot|I don't remember] [what I paid|how much it was|the price]. [How much?|Can you say?|Do you know?]
    [The price|The amount|The bill|The order value] [of it|of that order|for it][, please|, what is it]?
    [how much total|total pls|whats the total|price of it][ again|]?
    [For how much|At what price|For what price] did I [buy|order|get] [it|that|them]?
    # ask_placed
    [What|Which] [date|month|week] [was it|was that|did I order|did I buy it|is the order from]?
    [How long|How many days|How many weeks] [ago was that|ago was it|is that ago|has it been]?
    [Do you|Can you] [know|tell|see] [when I bought it|the order date|what day it was|when that was]?
    [I'd like to know|I want to know|I'm curious] [when I ordered|the order date|when I bought it].
    [Could you|Would you] [give me|tell me|remind me of] the [order date|day of the order|purchase date], please?
    [When|And when] [did that order come in|did you get my order|did my order reach you]?
    [From when|From what date|Since when|From which day] is [that|this|the] order?
    [What does it say|What do you see] [as the order date|for the date of order|as the purchase date]?
    [When did|On what day did] I [make|do|submit|send|complete] [that purchase|the order|this order]?
    [What's|What is] the [purchase date|date on it|date on that order|date of purchase]?
    [I forgot|I don't remember] [when I ordered|the order date|when that was]. [When?|Do you know?]
    [Was it|Did I order] [last week|last month|a month ago|recently]? [When exactly?|On what date?]
    [when did i order|order date pls|when was that|what date was it][ again|]?
    [The date|The day] I [ordered|bought it|placed it|paid][, please|, what was it|, do you have it]?
    [At which time|At what point|When in the year] [did I buy|did I order|was] [it|that]?
    # ask_address
    [Where|And where] [are you sending|do you send|do you deliver|will you ship|is it headed] [it|that order]?
    [What|Which] [street|city|house|location] [is it going to|does it go to|is on the order]?
    [Do you|Can you] [see|tell me] [where it's going|the delivery address|what address I gave]?
    [I'd like to know|I want to know|I'm curious] [where it goes|which address it has|where you're sending it].
    [Could you|Would you] [read me|give me|repeat|confirm] the [address|shipping address], please?
    [What's|What is] the [shipping address|destination|address on file|drop-off address] [for it|there|on that order]?
    [Where|To what place|To whose door] [will|should|does] [the parcel|the package|the box] [come|go|land]?
    Did I [give|use|put in|enter] [the right address|my new address|my work address] [there|for it]?
    [Is it|Will it be|Was it] [going|sent|delivered] to my [home|office|old address|new place]?
    [Which|What] of my addresses [is on it|did you use|does it go to|is it]?
    [I forgot|I don't remember] [which address I gave|where I had it sent]. [Which is it?|Can you check?]
    [Where to|To where] [exactly|precisely]? [Which address is it?|I mean the delivery.|The order, I mean.]
    [where is it going|what address is it|address pls|which address][ again|]?
    [The address|The destination|The delivery address] [on it|of that order], [what is it|please|do you see it]?
    [Let me|I'd like to] [hear|double-check|check|verify] the [address|destination] [on it|of that order], please.
    """
)
