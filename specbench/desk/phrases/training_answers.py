"""More paraphrases of what customers answer, for training the micro-Llama only; none is one of ``phrases_unseen``."""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["MORE_ANSWERS"]

MORE_ANSWERS: Book = parse(
    """
    # greet
    [Anybody|Someone|Somebody] [here|home|online|there]?
    [Hola|Heya|Yo|Greetings|Good day|Salutations].
    [I could use|I require|I'm in need of] [some help|assistance|support].
    [May|Could|Can] I [bother you|ask something|have a word]?
    Is this the [helpdesk|support line|right place]?
    [Help|Hello], [please|anyone]?
    # open
    [Good day|Greetings|Hi team|Dear all|Hello support|To whom it may concern],
    [Hiya|Heya|Yo][.|!]
    [Happy|Lovely] [Monday|Tuesday|Friday|morning].
    [So|Well|Okay so],
    [Excuse me|Pardon me|Sorry to bother you].
    I [need|could use] your help.
    # close
    [Kind|Best|Warm] regards.
    [Many thanks|Thanks a lot|Thanks a bunch|Ta|Gracias].
    [I'm waiting|I'd be grateful|I count on you|Hope to hear from you].
    [It's|This is] [urgent|important|rather urgent].
    [Sorry|Apologies] for the [bother|hassle].
    [Reply|Answer] [soon|quickly], please.
    # join
    [Fine|Right|Super|Lovely|Noted]. [Next|Now|Then|And then]:
    [Besides that|On top of that|Another matter|Apart from that|Further],
    [Since we're talking|While we're at it|As you're here],
    [Good|Great]. I have [one more request|another issue|something more].
    [Thanks for that|Nice work|Much appreciated]. [Now|And] something [different|new|else].
    [By the way|Oh and|Plus],
    # give_email
    [Use|Try|Take|Check] {email}.
    {email} [is mine|is it|is my address|belongs to me].
    [I think|I guess|Probably] {email}.
    [Here you go|Here it is|There you go]: {email}.
    I [use|have|go by|log in with|subscribed with|joined with] {email}.
    [My|The] [mail|address|mail address|contact] is {email}.
    [Search|Search for|Go with] {email}, please.
    You should [have|know|find] {email}.
    # intro_email
    [Use|Try|Take|Check] {email}.
    I [use|have|go by|log in with|subscribed with|joined with] {email}.
    [My|The] [mail|address|mail address|contact] is {email}.
    [Search|Search for|Go with] {email}, please.
    You [should have|know|will find] me as {email}.
    Reach me at {email}.
    {email} [is mine|is my login|is my account|belongs to me].
    [Customer|User|Profile|Mail|Login]: {email}.
    # fix_email
    [Pardon|Apologies|Whoops|Argh]. {email}.
    [How about|What about|Perhaps|Or] {email}?
    [The correct one|The right address|The real one] is {email}.
    I [misspelled|mangled|botched] it. {email}.
    [Look for|Use|Go with] {email} then.
    {email}, [that must be it|this time correctly|now it's right].
    [One more try|Second try|Again]: {email}.
    # give_name_zip
    {first} {last}, [living in|residing in|at|from] {zip}.
    [Call me|I go by|I'm called] {first} {last}, [zip is|zip|code] {zip}.
    {zip} and the name [is|would be] {first} {last}.
    [Surname {last}, first name {first}|First name {first}, surname {last}], zip {zip}.
    [Look for|Search|Try|Find] {first} {last} in {zip}.
    [My name|Name]: {first} {last}, [zip|zip code|my code]: {zip}.
    The customer is {first} {last}, {zip}.
    # intro_name_zip
    {first} {last}, [living in|residing in|at|from] {zip}.
    [Call me|I go by|I'm called] {first} {last}, [zip is|zip|code] {zip}.
    [Regards|Yours|Thanks|Cheers], {first} {last}, {zip}.
    [Look for|Search|Try|Find] {first} {last} in {zip}.
    The customer is {first} {last}, {zip}.
    [Account of|Customer|Signed] {first} {last}, {zip}.
    You have me as {first} {last}, zip {zip}.
    # intro_name
    [Call me|I go by|I'm called] {first} {last}.
    [Regards|Yours truly|Thanks|Cheers|Sincerely], {first} {last}.
    [Account of|Customer|Signed|Sent by] {first} {last}.
    You have me [as|under] {first} {last}.
    [Find|Look up|Search] {first} {last}.
    {first} {last} [speaking|typing|on the line].
    # give_name
    [Call me|I go by|I'm called] {first} {last}.
    [The customer is|The name would be|My full name is] {first} {last}.
    [Find|Look up|Search|Try] {first} {last}.
    {first} {last}, [I lost the email|no email at hand|that's me|that's all I have].
    [It might be|Must be|Should be] [under|on] {first} {last}.
    # give_zip
    [The code is|My code is|My area is|I'm in|I live in|We're in] {zip}.
    [Zip code|Postal code|Area code]: {zip}.
    {zip}[, thanks|, if I'm right| it is|, here].
    [Try|Use|Take] {zip}.
    # give_order
    [Number|Order|No.|Nr.] {id}.
    [It says|The mail says|The receipt says|The invoice shows|I read] {id}[| here].
    {id}[, that's it|, here you go|, I believe| is the number|, as far as I see].
    [Here|There]: {id}.
    [Try|Check|Take|Use] {id}.
    [I wrote down|I noted|I have] {id}.
    [Hold on|Wait|Searching]... {id}!
    # no_order
    [I forgot it|I lost it|Don't have it|I have none|Beats me|Dunno|Who knows].
    [Sorry|Unfortunately], I [don't have|can't find|never noted|lost] [it|that|the number].
    [The mail|The receipt|The paper] is [gone|lost|in the trash].
    [Please|Can you] look [it up|in my account|yourself].
    I never [got|received|saw|kept] a number.
    [Without|There's no] number, sorry.
    # no_order_item
    [Only|Just] that [it had|there was|it contained] the {item}.
    [It contains|It includes|It has|There was] the {item}, [no number|that's all I know|I lost the number].
    I [forgot|lost|don't have] the number, [look for|search for|find] the {item}.
    [The order|The one] [with|containing|that had] the {item}.
    [Number unknown|No number], [the item is|I got] the {item}.
    The {item} was in it, [more I don't know|but no number].
    # pick_order
    [Take|Use|Go with|I pick|I'd say] {id}.
    {id}[, that one|, I guess|, definitely|, thanks|, for sure].
    [About|Regarding|Concerning] {id}.
    [The right one is|I meant|I think of|I'm thinking of|Let it be] {id}.
    [This one|That one]: {id}.
    # correct
    [Not that one|Not that|Wrong order|Wrong number], [it's|I want|take|use] {id}.
    [Oh dear|Oh no|Whoops|Pardon|Argh], {id}.
    [The correct number|The right one|The right number|The real one] [is|would be] {id}.
    I [meant|need|want|was thinking of] {id}[|, sorry| instead].
    [Change that to|Replace it by|Use|Take|Try] {id} [instead|rather|please].
    [Let me correct|I must correct|Correction]: {id}.
    {id}, [not the other one|that's the right one|my error].
    # yes
    [Go for it|Go on|Do so|Do that|Yes do it|Proceed|Make it so|Let's do it].
    [Affirmative|Agreed|Confirmed|Granted|Alright|Fine with me|Fine by me|Perfect].
    [I agree|I confirm|I'm OK with that|That's what I want|You may].
    [Yes|Sure|OK|Great], [thank you|thanks|proceed|very good|confirmed].
    [Exactly|Precisely|Indeed|Certainly|Naturally|Gladly].
    [Please|Kindly] [proceed|go on|continue|carry on].
    # no
    [Stop|Nope|Nah|No way|Cancel that|Don't][.|, please.|!]
    [I'd rather not|I would not|I won't|Rather not], [thanks|sorry].
    [Leave|Keep] [everything|it all|things] [as is|the way it is|unchanged].
    [I reconsidered|I thought again|I'm not sure any more]. [No|Don't|Leave it].
    [Forget|Skip|Drop] [it|that|the whole thing].
    [No|Nope], [I want to keep it|I'll leave it|not like that|that's not for me].
    # pick_product
    [I choose|I pick|I want|I'd like|I'd prefer|I decide for|My choice is] the {name}.
    {name}[, thanks|, that one|, if possible|. Thanks| it is].
    The {name}[ for me| is fine| is nice| will do| appeals to me|, why not].
    [Send|Get|Book|Order] [me |]the {name}.
    [Let it be|It should be|Let's take] the {name}.
    # chat_bot
    [Are you|Could you be] [a computer|artificial|a program|a chatbot|alive]?
    [Is someone|Is anybody] real [there|answering|typing]?
    Do I [chat|write] with a [machine|computer|person]?
    [Funny|Strange], you [sound|write] like a [robot|machine].
    # chat_day
    [Nice|Lovely|Awful] weather [today|here], isn't it?
    [How are things|How's life|How's work|All well] [over there|with you|today]?
    [Do you|Must you] work [all day|at night|on weekends]?
    [Hope|I hope] [work|the shift|the week] is [fine|kind|going well].
    # chat_talk
    [My phone|My battery|The wifi|My screen] is [dying|weird|acting up|slow].
    [Phew|Oof|Ugh], [long day|so hot here|so tired|so much noise].
    [The kids|The dogs|The baby] [are loud|woke up|want food], [sorry|one second].
    I'm [on the bus|at work|cooking|in a meeting], so I [type|write] slowly.
    # wait
    [I can wait|I'll be here|I'm here|Waiting|No rush|No hurry|Sure thing].
    [Go ahead|Alright then|Understood|Fine by me].
    [Well|So|And]?
    [Is it done|Found anything|Done yet|Any luck]?
    # ask_total
    [How much|What] did [it|the order|this order|everything] [come to|cost|amount to]?
    [What's|What is|Tell me] the [sum|price|full price|cost|total price] of [it|that order|the order]?
    [What|How much] [have I paid|was I charged|do I pay] for [it|that|the order]?
    [The total|The sum|The cost][, please|, what was it]?
    # ask_placed
    [On which day|What day|At what date] [did I order|did I buy|was] [it|that]?
    [The date|The order date|The day] of [that|this|the] order[|, please]?
    How old is [that|this|the] order?
    [When was it|When exactly was it|Since when is it] [ordered|bought|placed]?
    # ask_address
    [What|Which] [place|destination|address] is [it|that order|the order] [going|shipped|sent] to?
    [Where|Where exactly] [does|will] [it|the order|that order] [go|arrive|end up]?
    [Tell|Give] me the address [on|of|for] [it|that order|the order].
    [Remind me of|Check|Verify] the [delivery |]address, please.
    # bye
    [Super|Lovely|Brilliant|Excellent|Awesome], [bye|that was it|thanks|see you].
    [I'm all set|I'm good|We're finished|Nothing more|No more questions][, thanks|. Bye|.]
    [See you|Take care|So long|Ciao|Cheerio|Have a good day|Have a good one].
    [Thanks|Thank you] [for everything|for the help|kindly|very much], [ciao|see you|bye bye].
    [You helped|You've helped|That helped] [a lot|me|very well]. [Bye.|Goodbye.|Thanks.]
    # bye_flat
    [Oh well|Whatever|Never mind then|Alright then|Fine then], [bye|see you|thanks anyway].
    [That's|How] [sad|disappointing|unfortunate|annoying]. [Bye.|Goodbye.|Thanks though.]
    [I understand|Understood|I get it], [nothing more|that's it|no more questions].
    [Can't be helped|Such is life]. [Bye.|Thanks.]
    # leave
    [I'm off|I'm leaving|I quit|I must go|I need to go|I have to run][.|, sorry.|, bye.]
    [Something|The phone|My train|My boss] [came up|rings|is here|calls], [bye|later|sorry].
    [Enough|I've had enough|This is useless|This is going nowhere][.|, bye.]
    [Another day|Some other time|Maybe later|Later then].
    """
)
