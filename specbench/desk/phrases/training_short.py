"""Yes, no, goodbye and other short answers in ever more words, for training the micro-Llama only.

None is one of ``phrases_unseen``.
"""

from __future__ import annotations

from specbench.desk.phrases.grammar import Book, parse

__all__ = ["MORE_SHORT"]

MORE_SHORT: Book = parse(
    """
    # yes
    [Do what you must|Do what you have to|Do what's needed|Do whatever it takes].
    [That'd be|That would be|It'd be] [lovely|great|wonderful|fantastic|ideal|nice].
    [I see|There's|I can think of] no reason [why not|not to|against it].
    [Works|Suits|Fits] me [fine|well|nicely|perfectly].
    [Couldn't|Could not] be better[, do it|, go on|].
    [Most certainly|Without a doubt|Without question][.|!|, yes.]
    You [have|got] my [permission|consent|approval|OK|word].
    [I'd|I would] [appreciate|welcome|love] that.
    [If you would|If you could|If you'd be so kind|If it isn't too much trouble], yes.
    [No objection|No objections|Nothing against it|No objection from me][, proceed|, go on|].
    [Why not|Sure, why not|Well, why not][?|.|!]
    [Hell|Heck|Oh] yes[!|, do it!|.]
    [Yup|Yea|Aye|Ya|Yess|Jep|Uh-huh|Mhm][.|!|]
    [You bet|You betcha|Sure thing, do it|Damn right|Too right][!|.]
    [Right on|Spot on|Bang on|Dead on|On the dot][.|!|, yes.]
    [You got it|You've got it|Got it in one|Nailed it], [that's it|exactly so|yes].
    That is [accurate|exact|true|so|it exactly|how it is].
    [That's|That is] [exactly|just|precisely] [what I need|what I'm after|what I had in mind|what I meant].
    [I'm|I am] [in favor|in favour|all for it|for it|on board|game].
    [Count me in|I'm in|I'm sold|Deal|It's a deal|Done deal][.|!]
    [Green light|Thumbs up|Full steam ahead|All systems go][.|!| from me.]
    [Fire away|Knock yourself out|Be my guest|Have at it][.|!]
    [Feel free|You're free to|You are welcome to do so|You're allowed to][.|, yes.]
    [I guess so|I suppose so|I suppose|I think so|I believe so|Guess so].
    [If we must|If it must be|If it has to be|If there's no other way], [yes|then do it|so be it].
    [Let it be so|Very well|Well then, yes][.|, proceed.|, go on.]
    [I trust you|I trust you on this|I leave it to you|You know best], [go on|do it|carry it out].
    [I'm happy|I'm content|I'm satisfied|I'm comfortable] with [that|this|it], [go on|proceed|yes].
    [Please|Pretty please], [yes|yes, do|exactly that|just that].
    [I'd be|I would be] [grateful|glad|obliged|thankful] if you [did|would|could].
    [It|That|This] [suits|pleases|satisfies] me.
    [As you|Just as you|Like you] [say|said|suggest|propose|wrote], yes.
    [Let's|Let us] [go|proceed|go ahead|get it done|get on with it|make it happen].
    [Get|Have] it [done|over with|sorted][, please|].
    [Just do it|Simply do it|Do it already|Do it now|Do it, please][.|!]
    [Consider|Take] [it|that] as [a yes|agreed|approved|my yes].
    [It's|That's|That is] a yes[| from me| on my side].
    [The answer is|My answer is|I say|I'll say] [yes|a clear yes|yes to that].
    [Approved|Accepted|Authorized|Authorised|Permitted|Endorsed][.|!|, go on.]
    I [hereby |][accept|approve|authorize it|consent|permit it|give my consent].
    [I'm|I am] [sure|certain|positive|quite sure|a hundred percent sure], [yes|go on|do it].
    [100 percent|One hundred percent|Totally|Completely|Entirely], [yes|agreed|right].
    [Obviously|Clearly|Of course yes|Surely|Undoubtedly|Evidently][.|!]
    [Very much so|Quite so|Just so|Quite right|So it is|It is indeed].
    [I can't|I couldn't|Can't] [complain|argue with that|say no to that|ask for more], [do it|yes].
    [No problem with that|No issue with that|Not a problem for me], [do it|go on|proceed].
    I [don't|wouldn't] mind [at all|that|if you do|one bit].
    I have [nothing|no problem|no complaint] [against it|with it|with that].
    [Okey-dokey|Okie dokie|Righto|Right-o|Roger that|Alrighty], [do it|go for it|yes].
    [Amen to that|Hear, hear|Music to my ears|That's the spirit|Yes indeed][.|!]
    [Awesome|Fantastic|Brilliant|Excellent|Super], [do that|please do that|let's do that|yes].
    [That|This|It] sounds [fine|right|perfect|like a plan|reasonable|fair|about right].
    [That|This|It] looks [good|right|fine|correct|okay] [to me|from here|on my end].
    [Fair enough|Fair|Fine|Reasonable], [go on|do so|you can do that|let's do it].
    [I was hoping|I hoped] [you'd say that|you'd offer that|for that], yes.
    [I thought|Thought] you'd never ask[!|.]
    [I'd like that|I want that|I wish that|I'd love to|I'm keen on that][.|!|, yes.]
    [The sooner the better|Right away, please|At once, please|As soon as you can], [yes|do it].
    [Yes|Sure|Yeah], [thanks for checking|thanks for asking|good that you ask|kind of you].
    [Thank you|Thanks], [do that|do so|please proceed|that would help].
    [That would|That'd|It would] [help|be a help|be a relief|save me|make my day], [yes|thanks|please].
    [Would you|Could you|Can you]? [That'd be great|Please do so|Yes please].
    [It is okay|Is okay|Is good|Is fine|Is right] [for me|so], [you can do|make it|do it].
    [Yes yes|Yes of course|Yes sure|Yes sir|Yes ma'am|Yes it is|Yes that is it][.|!|]
    [You can|You could|You should|You may] [do it|do that|go ahead|proceed][| now| please].
    [I want you to|I need you to|I'm asking you to|I'd have you] [do it|do that|go ahead].
    [That's|This is] [my wish|my intention|the idea|the plan|what we said|as agreed].
    [I have|I've] [decided|made up my mind], [do it|go through with it|yes].
    [It's|That's] [okay|ok|all right|alright|fine|good] [by|with] me.
    [I can|I could] live with that[, go on|, do it|].
    [Ready|I'm ready] when you are[, go|, do it|].
    [Press|Push|Hit] the button[, please|!|.]
    [Go right ahead|Fire it off|Send it through|Put it through|Push it through][.|, please.]
    [Finish it|Complete it|See it through|Wrap it up that way|Carry it out][.|, please.|, yes.]
    [Nothing stands|There's nothing standing] in the way[, go on|, proceed|].
    [All correct|All right so far|All good, proceed|Everything's right|Everything matches|It checks out].
    [Checked|I checked], [it's right|all is correct|that's correct|no mistake there].
    [Same here|I think the same|My thoughts exactly|We see it the same way|We agree], [do it|yes|go on].
    [I'm with you|I'm on your side|You're right|You are correct|You have it right][.|, yes.|, go on.]
    [You|You've] [understood|heard] [me |it |]right[, yes|].
    [Yes|Right], [you read my mind|you understood|you have it|as I said].
    [I'll take|I'd take|I accept] that [offer|proposal|suggestion|solution].
    [Good|Great|Nice|Splendid|Excellent] [idea|suggestion|plan|thinking], [do it|go on|yes].
    [yes do pls|yes pls|yes plz|sure do that|k go|ya do it|yes go]
    [Better now than never|Now or never|Here goes|Here we go], [do it|yes|go].
    [With pleasure|With joy|Happily|Willingly|Most gladly|Cheerfully][.|!|, yes.]
    [Reluctantly|With a heavy heart|Grudgingly|Sadly], yes.
    [Sigh|Well|Oh well|Hm|Fine], [yes then|do it then|go on then|just do it].
    [Oh|Ah|Wow|Great], [yes, please|yes, wonderful|please do|you can do that? Yes].
    [Can't|I can't|I cannot] wait[, do it|, go for it|, go on]!
    # no
    [Absolutely|Definitely|Certainly|Surely|Of course] not[.|!]
    [Please don't|Do not|Don't do it|Don't do that|Please do not][.|!]
    [Not a chance|No chance|Never|Not in a million years|Over my dead body|Not on your life][.|!]
    [Negative|Denied|Rejected|Declined|Refused|Not approved][.|!]
    [That's|It's|That is] a no[| from me|, sorry|, thanks].
    [Hands off|Keep your hands off it|Don't touch it|Don't touch anything][.|!|, please.]
    [I disagree|I object|I don't agree|I do not consent|I'm against it][.|!]
    [That's|That is|This is] [wrong|not right|incorrect|not correct|not what I meant|not what I want].
    I'm not [convinced|happy with that|in favor|up for that|sold on it], [no|leave it].
    [I'd|I would] [sooner|prefer to|better] [keep it|leave it|hold on to it|not do that].
    [Thanks but no thanks|Thanks, but no|No thank you|No thanks|No, thanks a lot][.|!]
    [Let me|I'd like to|I want to|I need to] [sleep on it|think it over|think again|ask my wife first].
    [Let it|Just let it] [be|stand|stay as it is|rest].
    [I|We] [don't|do not] want [that|this|it|that done].
    [Not like this|Not that way|Not at that price|Not under those conditions|Not today][.|, no.]
    [Hold your horses|Hold it|Not so fast|Whoa|Easy now], [don't|no|not that].
    [I changed|I've changed|Changed] my mind, [no|don't do it|let it be|keep it].
    [I take it back|I take that back|Scrap that|Scratch that|Strike that].
    [It was|That was] [a bad idea|a mistake|hasty of me|a silly idea], [no|don't|leave it].
    [Perhaps not|Maybe not|I think not|I guess not|Probably not][.|, no.]
    [I'm afraid|Sorry|Unfortunately|Regrettably], [that's a no|I can't agree|I must decline].
    [I pass|I'll pass|I'd pass|Hard pass|Pass] [on that|on this one|].
    [I must|I have to|I'll have to|Let me] [decline|refuse|say no|turn that down].
    [No need|There's no need|Not necessary|Not needed|Unnecessary][, leave it|, don't|].
    [Don't bother|Spare yourself that|Save yourself the trouble|No need to bother][.|, no.]
    [Abort|Undo that|Stop it|Stop right there|Call it off|Halt][.|!]
    [No no|No no no|Noo|Nooo|Naw|Nay|Uh-uh|Nuh-uh][.|!|]
    [no dont|no pls|nope dont do it|no leave it|nah keep it]
    [I'm|I am] [having|getting] [second thoughts|cold feet|doubts], [no|don't do it|leave it].
    [Under no circumstances|By no means|In no case|On no account|No way at all][.|!]
    [Not really|Not exactly|Not quite|Not at all|Far from it][.|, no.]
    [Count me out|I'm out of that one|Not with me|Not for me][.|, no.]
    [Doesn't|That doesn't|This doesn't] [work for me|suit me|help me|sound right|look right].
    [That's|That is] [not acceptable|unacceptable|not okay|not good enough|not an option], [no|don't].
    [Put it back|Leave it be|Leave it alone|Leave it there|Leave everything in place][.|, please.]
    [I'd|I would] [regret|hate|dislike] that, [no|don't|so no].
    [I'll|I will] [stick with|hold on to|keep] what I have[, no|].
    [We'll|Let's|We] [keep|leave] it [like this|the old way|as before|for now].
    [Wait|Stop|Hang on], [that isn't it|that's wrong|you misunderstood|not that].
    [You got|You've got|You have] [it|me|that] wrong[, no|].
    [Hm|Hmm|Uh|Well|Ehm], [I'd say no|rather no|better leave it|I don't think so].
    I [don't think|don't believe|doubt] [that's right|that's a good idea|I want that].
    [It's|That's] [too risky|too hasty|too early|too expensive] for me[, no|, leave it|].
    [Is not good|Is not right|Is wrong|Is not okay] [for me|so], [no|please not|not do it].
    [My answer is|The answer is|I say|I'll say] [no|a clear no|no to that].
    [Please|Kindly] [refrain|leave it|abstain|drop it|do nothing|don't do anything].
    [Do nothing|Change nothing|Don't change a thing|Don't change anything][.|, please.]
    [Much as I'd like to|As tempting as it is|It's kind of you], [no|but no|I'll say no].
    [That|This] [isn't|is not] what I [asked for|wanted|said|had in mind].
    [I'd|I would] rather [you didn't|you don't|stay with it|leave things alone].
    # bye
    [You|You guys] [made|saved] my day[, bye|, goodbye|, thanks]!
    [You're|You are] [a star|a gem|a lifesaver|the best|an angel|a legend], [bye|take care|thanks]!
    [I'm happy|I'm satisfied|I'm content|I'm pleased] now, [bye|goodbye|thanks and bye].
    [Problem|Issue|Matter|Case] [solved|closed|settled|fixed], [thanks|thank you|bye].
    [That|This] [solves|solved|settles|fixes|fixed] [it|my problem|everything], [thanks|bye].
    [I have|I've got|I got] [all|everything] I [need|needed|wanted][, thanks|, bye|. Goodbye].
    [That was|That's] [quick|fast|easy|painless|smooth]! [Thanks, bye.|Have a nice day.|Goodbye.]
    [Great|Excellent|Superb|First-class|Outstanding] [service|support|job|work], [bye|thank you|see you].
    [No|Nope|Nah], [nothing else|that was everything|that'll be all|I'm done][, thanks|. Thank you|. Bye].
    [That'll be|That will be|That would be] [all|everything][, thanks|, thank you| for today|].
    [We're|We are] [done|done here|through|good][, thanks|, thank you|, bye|].
    [Have|Enjoy] [a nice|a lovely|a great|a pleasant|a wonderful] [evening|weekend|afternoon|week][.|!|, bye.]
    Enjoy [the rest of |]your [day|shift|week|evening][.|!|, and thanks.]
    [All the best|Best wishes|Stay well|Be well|Keep well][.|, and thanks.| to you.]
    [Until next time|Till next time|See you around|Catch you later|Toodle-oo], [thanks|thank you].
    [Bye now|Bye for now|Bye bye|Buh-bye|Bye-bye][, thanks| and thanks|, and thank you].
    [Many thanks|A thousand thanks|Thanks a million|Thanks a ton|Thanks heaps], [bye|goodbye|take care].
    [Much obliged|I'm obliged|I'm in your debt|I owe you one][, bye|, goodbye|. Take care].
    [I appreciate|I really appreciate|Much appreciated,] [your help|all you did|your time], [bye|goodbye].
    [Glad|Happy|Pleased|Relieved] that's [sorted|settled|resolved|done]. [Bye.|Thanks, bye.|Thank you!]
    [Couldn't have|Couldn't] [gone better|asked for more], [bye|thank you|thanks, bye].
    [It was|It's been] [a pleasure|nice|lovely|good] [talking to you|chatting with you|dealing with you].
    [Pleasure|Nice|Good] doing business with you[, bye|. Goodbye|].
    [You've been|You were] [great|wonderful|very kind|most helpful|fantastic|amazing]. [Bye.|Thanks.|Take care.]
    [Five stars|Ten out of ten|Top marks|A plus|Full marks] [for you|from me], [bye|thanks|goodbye].
    [I couldn't|I can't] thank you enough[, bye|, goodbye|].
    [No further|No other] [questions|requests|issues|wishes][, thanks|, bye|, goodbye|].
    [Wonderful|Marvelous|Terrific|Splendid|Smashing], [that's all|that's everything|I'm all done|nothing more].
    [I'm|I am] [sorted|covered|taken care of|done|finished][, thank you|, thanks|, cheers| for today].
    [Over and out|That's a wrap|Mission accomplished|Job done|Case closed][.|, thanks.|, bye.]
    [Thx|Thanx|Ty|Tysm|thanks a lot], [bye|cya|thats all|have a good one]
    [Sweet|Cool|Neat|Nice one|Sorted], [that's me done|that's all from me|cheers, bye|bye then].
    [With that|And with that|So], I'm [happy|all set|done]. [Goodbye.|Bye.|Thank you.]
    [Say hi to|Thank|Greet] your [colleagues|team|boss] from me, [bye|take care|goodbye].
    [I'll|I will] [recommend you|leave a good review|be back as a customer|tell my friends]. [Bye!|Thanks!]
    [Nothing more to|There's nothing left to] [ask|add|do|discuss][, thanks|, thank you|, bye].
    [You've|You have] done [enough|plenty|all I wanted][, thank you|, thanks, bye|, goodbye].
    [It is all good|Is all good|All is good|All is fine|Everything is good] now, [thank you|thanks|bye].
    [Farewell|Adieu|Adios|Au revoir|Tschuess], [and thank you|and thanks|thanks for all].
    [Good night|Goodnight|Good evening then], [and thanks|thank you|and thank you for the help].
    # bye_flat
    [I had|I'd] hoped for [more|better|something else|a different answer]. [Bye.|Goodbye.|Oh well.]
    [Not|That's not|This isn't] [great|ideal|what I wanted to hear], but [bye|so be it|never mind].
    [Then|So] [there's nothing to be|nothing can be|nothing is to be] done. [Bye.|Goodbye.|Okay.]
    [What a|Such a] [shame|pity|letdown|bummer|disappointment][. Bye.|. Goodbye.|, but thanks.]
    [Bummer|Shame|Pity|Damn|Alas], [bye then|goodbye then|thanks for trying].
    [Thanks|Thank you] for [trying|nothing|your efforts|looking], [I guess|anyway|at least].
    [You tried|At least you tried|You did what you could][. Bye.|, thanks.|, goodbye.]
    [I'll|I will] [live with it|have to live with it|manage somehow|cope][. Bye|, bye|].
    [I'll|I will|Then I'll] [look elsewhere|ask somewhere else|buy elsewhere|find another way], [bye|goodbye].
    [If that's so|If that's how it is|In that case|If so], [goodbye|bye|then that's that].
    [That's that, then|That's that|So that's that|So much for that][. Bye.|. Goodbye.|.]
    [No luck then|No luck today|Out of luck, I see|Tough luck][. Bye.|. Thanks.|, goodbye.]
    [I'm|I am] [disappointed|not happy|not impressed|a bit let down], but [bye|goodbye|okay, bye].
    [It is|It was] what it is. [Bye.|Goodbye.|Thanks anyway.]
    You [can't win them all|can't have everything|win some, you lose some][. Bye|, bye|].
    [Rules are rules|Policy is policy|I can't change your rules][, I guess|, goodbye|, bye].
    [Okay|Fine|Right|Alright], [I have no choice|I'll accept it|I'll leave it at that|I give up], [bye|thanks].
    [Meh|Hmph|Ugh|Humph|Sigh], [okay bye|bye|goodbye then|then not].
    [Then not|Then no|So no|So not possible][. Bye.|, goodbye.|, pity.]
    [I was afraid of that|I feared as much|I expected as much|Thought so], [bye|goodbye|thanks anyway].
    [Worth a try|It was worth a try|It was worth a shot|I had to ask|Just had to ask][. Bye.|, goodbye.]
    [Maybe|Perhaps] I'll have more luck [next time|elsewhere|some other day][. Bye|, bye|].
    [Not much|Nothing] [I can do|to be done|one can do] [then|about it][. Bye.|, goodbye.|.]
    [ok then|k|welp|oh well], [too bad|nvm bye|bye i guess|thats a pity]
    [Is a pity|Is not nice|Is sad], but [okay, bye|what can I do|goodbye].
    [Well|Hm|Okay], that [didn't help|didn't work out|went nowhere|wasn't much use][. Bye.|, goodbye.]
    [So I wrote|So I asked] for nothing[. Bye|, goodbye|, pity].
    [I'll|I will] [swallow it|put up with it|let it go|drop the matter][. Bye.|. Goodbye.|.]
    [No|Nothing else], [if you can't do that|since you can't help|if that isn't possible]. [Bye.|Goodbye.]
    [Regrettable|Unlucky|Sad|Disheartening|Frustrating], [but understood|but all right|but fine][. Bye.|.]
    # leave
    [Can't|I can't|I cannot] [stay|wait any longer|go on now|continue now], [bye|sorry|another time].
    [I'm|I am] [late|running late|out of time|in a hurry], [bye|have to stop|we'll continue later].
    [Let's|We'll|We can] [continue|finish this|do this|pick this up] [tomorrow|another time|some other day].
    [My lunch break|My break|My free time] is over, [bye|sorry|have to go|got to stop].
    [My battery is|My phone is] [almost dead|at one percent|about to die], [bye|I'll write later].
    [The kids need me|Dinner is ready|The bus is here|The doorbell rang], [I'm gone|must go|got to go].
    [Someone|Somebody] [needs me|is waiting for me|is at the door], [I have to stop|must go|later].
    [I'll|I will] [get back to you|be back|return|come back] [another day|when I have time|next week].
    [Too|That's too|This is too] [complicated|slow|tedious|much hassle], [I'm leaving|I give up|forget it].
    [I've|I have] [lost patience|no patience left|waited long enough|no nerve for this], [bye|I'm gone].
    [You know what|Ah, you know what]? [Forget this|Never mind all this|I'm done here|I give up].
    [Drop|Close|End] [the chat|this conversation|this], I [have to go|must leave|have no time].
    [g2g|gtg|brb tomorrow|gotta bounce|gotta dash|im out][, sorry|, later|]
    [I'm|I am] [being called away|needed elsewhere|about to board|getting off the train], [later|bye].
    [Not now after all|Bad timing|Wrong moment], [I'll write again|another day|I have to go].
    [I|We] [must|have to|need to] [interrupt|break off|stop|cut this short] here[, sorry|].
    [Work|Duty|My boss|My family] [calls|is calling], [I'll be off|must dash|until later].
    [What a|This is a] waste of [time|my time|an evening], [I'm leaving|I'm gone|bye].
    [I don't|I no longer] [care|feel like it|want to go on], [bye|leave it|I'm off].
    [I'd|I would] rather [phone|call the hotline|go to the shop|do this in person], [bye|forget this].
    [Emergency|An emergency here|Something urgent], [have to leave|got to go|I must run]!
    [Must|Got to|Have to|Need to] [dash|fly|leave|hurry|rush][, sorry|, bye|, talk another time].
    [I'll|I will] [sort it out|deal with it|look into it] [myself|later|at home], [bye|I have to go].
    [This chat|This|All this] is [getting nowhere|driving me mad|no good], [I'm off|goodbye|I quit].
    [Time's up|No time left|Out of time|My time is up], [have to leave|bye|sorry, later].
    # wait
    [Of course|Certainly|Sure], [I'll wait|I'm waiting|I'll hold|I can hold].
    [Please|Well|Right], take [all the time you need|as long as you need|your time].
    [Don't|No need to] [rush|hurry|stress]. [I've got time.|I have all day.|]
    I have [time|plenty of time|all evening|a few minutes].
    [I'll|Let me] [grab a coffee|make some tea|get a drink|stretch my legs] [meanwhile|in the meantime].
    [Standing by|On hold|Holding|Waiting patiently|I'm all ears][.|!]
    [Still|I'm still] [here|waiting|with you|on the line][.|!]
    [K|kk|okey|oki|okok|mkay][.|]
    [Great|Cool|Super|Lovely|Perfect], [I'll wait|I'm here|waiting|I'll hang on].
    [Thanks|Thank you|Cheers] for [checking|looking|looking into it|having a look].
    [How much longer|How long|Will it be long|Does it take long|Is it going to be long]?
    [And|So|Well][,|] [what does it say|what do you see|what did you find|any result]?
    [Are you|You] [there|still with me|still looking|still at it]?
    [Anything|Found it|Any progress|Any update|Any result|Got something]?
    [Hurry|Hurry up|Be quick|Quickly|A bit faster], [please|if you can|I'm in a hurry].
    I [haven't got|don't have] [much time|forever|all night|long].
    [Noted|Roger|Copy|Understood], [waiting|I'll wait|standing by].
    [A moment|One moment|A minute|Two minutes] is [fine|okay|no problem|nothing].
    [Whenever|Just tell me when|Tell me when|Ping me when|Let me know when] you're ready.
    [I'm|I am] [patient|not in a hurry|in no hurry|not going anywhere].
    [Tick tock|Tick, tock|Dum di dum|Waiting music, please|La la la][...|.]
    [Good things|All good things] [come to those who wait|take time].
    [Just|Only] don't [forget me|leave me hanging|let me wait too long|fall asleep].
    [It's okay|That's okay|That's fine|All right], [look it up|I'll be right here|I'm waiting].
    [Is it|Is that|Is your system] [slow today|always so slow|stuck|still loading]?
    [Hmm|Hm|Uhm|Ehm][...|.|?]
    [I'm getting|Getting] [impatient|a bit nervous|curious|tired of waiting].
    [I hope|Hopefully] [it won't take long|it's quick|you find it|you find something].
    [No worries|No stress|No probs|All good], [I'm here|take your time|I'll wait].
    [Let me know|Tell me|Say] [what you find|what comes out|what you see|once it's there].
    # chat_bot
    [Is this|Is that] [a bot|an AI|a computer|a script] [answering me|I'm talking to|writing this]?
    [Tell me|Be honest|Honestly], are you [human|a machine|a robot|made of code]?
    [Do you|Does someone like you] have [feelings|a face|a name|a heart|a body]?
    [What|Who] are you, [a human|actually|really|exactly|anyway]?
    [You|You must] type [very fast|so fast|too fast] [for a human|for a person].
    [Are these|Are your] [answers|replies] [automatic|generated|canned|written by a computer]?
    [Can|Could] [a robot|a bot|software|an AI] [really do this|help with that|understand me]?
    [Is|Would] this [a language model|one of those AIs|ChatGPT|artificial intelligence]?
    [I hope|I do hope] [you're|I'm talking to] [a real human|a living person|not a robot].
    [I wonder|I'm wondering|I'd like to know] [if you're human|whether you are a bot|who's behind this].
    [Have I got|Did I get|Did I reach] [a human|a robot|a real person|a machine] [here|today]?
    [Would you|Could you] pass [the Turing test|for a human|a captcha]?
    [Are you|You're] [flesh and blood|made of flesh|a living being|one of us][, or not|, by chance|]?
    [My son|My friend|My wife] [says|thinks|claims] you're [a bot|not human|just a program].
    [Bot|Robot|Machine|AI] or [human|person|real person]?
    [Beep boop|Bleep bloop], [are you a robot|am I talking to a robot]?
    [Do they|Have they] [replaced|swapped] you [with|for] [computers|robots] [yet|by now|already]?
    [Do you|Can you] [dream|sleep|eat|drink coffee], or are you a [bot|machine|program]?
    [So|And] this is [AI|a chatbot|automatic support|a virtual assistant], [right|isn't it|is it]?
    [I can't|Can't|Hard to] tell [if|whether] you're [a person|human|real|a robot].
    # chat_day
    [Did you|You did] [sleep well|have a good morning|have lunch|have your coffee]?
    [How was|How's] your [weekend|morning|week|night|Monday]?
    [Any|Got any] plans for [the weekend|tonight|the holidays|later]?
    [Are there|Do you get] [many|a lot of] [customers|chats|complaints] today?
    [When|What time] [do you finish|is your shift over|do you get off|can you go home] today?
    [I bet|I guess|I imagine] you [have|had] [a busy day|a long day|a lot going on|your hands full].
    [Is|Isn't] it [hot|cold|sunny|rainy|snowing] [where you are|over there|at your place]?
    [Everything|All|Things] [good|fine|okay] [on your side|at your end|with you|over there]?
    [You doing|Are you doing|Doing] [okay|well|alright|fine] [today|there|tonight]?
    [Do they treat|Are they treating] you [well there|right|kindly][| over there]?
    [Hope|I hope] [everyone's nice to you|the customers are nice|they pay you well|it's not too stressful].
    [Working|Still working|You're working] [so late|this early|on a day like this]?
    [What's|What is] [the weather|the mood|life|it] like [over there|where you are|at your office]?
    [How have|How've] you been [lately|today|these days|recently]?
    [Friday|The weekend|Closing time] is [near|coming|almost here], [right|isn't it|at least]?
    [Do you|You] [like|enjoy] [your job|working there|this work|helping people]?
    [Has it|Has your day] been [a good day|a long one|quiet|stressful|okay] [so far|until now]?
    [Must be|It must be] [hard|tiring|fun|boring] [answering all day|doing this job|at that desk].
    [What's new|What's up|How goes it|How do you do|How do|How's tricks][?| over there?| today?]
    [Don't|I hope you don't] work too [hard|long|much] today.
    # chat_talk
    [The sun|The moon] is [out|shining|lovely] here[| today| finally].
    [Traffic|The train|The tube] was [awful|terrible|a nightmare] [today|this morning].
    [I'm|I am] [not good|hopeless|terrible|a bit slow] with [computers|these chats|technology].
    [Excuse|Sorry for|Pardon] my [typos|spelling|English|bad typing].
    [I|We] [just moved|just got home|just woke up|had guests all day], [it's a mess|so tired|bear with me].
    [Autocorrect|This keyboard|My keyboard|Spellcheck] [hates me|drives me crazy|is fighting me].
    [My neighbor|My neighbour|Somebody here] is [drilling|mowing the lawn|playing drums] [again|all day].
    [I'm|I am] [new to this|doing this for the first time|not used to chats].
    [Mondays|Rainy days|Days like this], [I tell you|honestly|never my thing].
    [It's|It is] [so hot|freezing|so windy|snowing|foggy] [here|where I am] [today|right now].
    [I forgot|I can't find|Where did I put] my [glasses|reading glasses|charger], [one moment|sorry].
    [I spilled|Just spilled] [coffee|tea|water|juice] [on my desk|everywhere|on the keyboard], sorry.
    [My daughter|My son|My husband|Grandma] is [helping me type|looking over my shoulder|laughing at me].
    [I should|I really should] [go to bed earlier|be working now|be asleep|learn to type].
    [Life|Time|The week|This year] [flies|goes so fast|is crazy], [doesn't it|you know].
    [What a|Such a] [morning|Monday|year|weather|mess here], [honestly|I tell you|phew].
    [I haven't|Haven't] [eaten|slept|had breakfast] [yet|all day|properly], [forgive me|sorry].
    [Online shopping|All this technology|Modern life] is [not easy|confusing] [at my age|for me|sometimes].
    [My bird|My hamster|My parrot|The puppy] is [making noise|eating my notes|on my shoulder], [funny|sorry].
    [Sorry|Excuse me], I got [distracted|sidetracked|interrupted|a phone call], [back now|here again].
    """
)
