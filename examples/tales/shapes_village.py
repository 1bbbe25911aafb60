"""Shapes that need a village: things lost and found, quarrels, climbs and tricks.

What a shape is, stories.py says.
"""

from words import ELDERS, FOODS, KEEPSAKES, maybe

LOST = {
    "roles": [KEEPSAKES, ELDERS],
    "beats": [
        ("{His} [dearest|greatest] treasure was a {thing}, a gift from {his} {elder}.",
         "{hero} had a {thing} that {his} {elder} had given {him}, and {he} carried it "
         "everywhere.",
         "Of all the things {he} owned, {hero} loved best the {thing} from {his} {elder}."),
        ("{When}, {hero} [reached for|looked for] the {noun}, but it was gone.",
         "{When}, {hero} saw [with a start|to {his} horror] that the {noun} was missing.",
         "{When}, {hero} came home and found that the {noun} was lost."),
        ("{He} looked {spot1} and {spot2}, but found only [dust|dry leaves|an old shoe|a snail].",
         "First {he} searched {spot1}. Then {he} searched {spot2}. There was no {noun} anywhere.",
         "{He} turned over every stone {spot1}. {He} even crawled around {spot2}, but found "
         "nothing."),
        maybe("{He} sat down and [sighed|almost cried].",
              "A tear ran down {his} cheek.",
              '"[Where can it be|What shall I do]?" {he} whispered.'),
        ('[Just then|At that moment] {fkind} named {friend} came by. "Why [are you so sad|do '
         'you look so sad], {hero}?" asked {friend}. "I have lost my {noun}," said {hero}.',
         'Along came {friend}, {fkind} from next door. "I have lost my {noun}," {hero} told '
         "{fhim}.",
         '{friend}, {fkind}, heard {him} and stopped. "Have you lost something?" {fhe} asked. '
         '"Yes, my {thing}," said {hero}.'),
        ('"[Four eyes see more than two|Let us look together|Do not give up yet]," said '
         '{friend}. "Where did you [last have it|go yesterday]?"',
         '"[I will help you|We will find it]," {friend} said. "Think back. Where did you go '
         'yesterday?"'),
        ('{hero} thought hard. "I was {spot3}!" {he} cried[| at last].',
         'Then {hero} remembered. "I [took a nap|had my lunch] {spot3}!"'),
        ("They [ran|hurried] there together, and [between two stones|half hidden in the "
         "grass|under a big leaf] lay the {noun}, [safe and sound|shining in the light|a little "
         "wet but not broken].",
         "[Side by side|Together] they searched every corner, until {friend} [gave a "
         "shout|laughed out loud]. There was the {noun}, in [a magpie's nest|the middle of a "
         "puddle|a crack in the wall]!"),
        ('"Thank you, {friend}!" {hero} said. "[I would never have found it alone|You are a '
         'true friend]." And {he} gave {friend} half of {food}.',
         "{hero} [hugged|thanked] {friend} and held the {noun} tight all the way home.",
         '{hero} jumped for joy. "Come home with me," {he} said, and they shared {food}.'),
    ],
    "morals": ["four eyes see more than two", "a friend is the best treasure of all",
               "it is wise to ask for help", "what is lost can be found with patience"],
}

QUARREL = {
    "roles": [[
        {"thing": "red kite", "noun": "kite", "broke": "tore from end to end",
         "tool": "a needle and thread", "fun": "flew it high above the roofs"},
        {"thing": "toy boat", "noun": "boat", "broke": "cracked down the middle",
         "tool": "a pot of glue", "fun": "sailed it across the water"},
        {"thing": "little cart", "noun": "cart", "broke": "lost a wheel",
         "tool": "a hammer and nails", "fun": "rode it down the hill"},
        {"thing": "painted drum", "noun": "drum", "broke": "split with a bang",
         "tool": "a piece of leather", "fun": "drummed and marched all day"},
        {"thing": "wooden puppet", "noun": "puppet", "broke": "fell to pieces",
         "tool": "a ball of string", "fun": "made it dance for everyone"},
        {"thing": "rope swing", "noun": "swing", "broke": "snapped in two", "tool": "a new rope",
         "fun": "took turns to swing up to the leaves"},
    ], FOODS],
    "beats": [
        ("{His} best friend was {friend}, {fkind}.",
         "{He} had one very good friend, {fkind} named {friend}.",
         "Every day {he} played with {friend}, {fkind} who lived [close by|next door]."),
        ("{When}, the two friends found a {thing} {spot1}.",
         "{When}, while they played {spot1}, they found a {thing}."),
        ('"[I saw it first!" cried {hero}. "No, I did|It is mine!" cried {hero}. "No, it is '
         'mine]!" [shouted|said] {friend}.',
         '"Let me have it," said {hero}. "No, I want it," said {friend}.'),
        ("They pulled and pulled, until the {noun} {broke}.",
         "{hero} pulled on one side and {friend} on the other, and the {noun} {broke}."),
        ('"[That was your fault|Look what you did]!" said {hero}. [Both went home angry|They '
         "turned away and did not speak].",
         "They [looked at each other with angry eyes|said some very cross words] and went home "
         "without [a goodbye|another word]."),
        maybe("All [evening|night] {hero} felt [lonely|cold inside]. The [house|room] was too "
              "quiet, and even {food} did not taste good.",
              "{hero} tried to play alone, but [it was no fun|no game was any good without "
              "{friend}].",
              "{hero} remembered how {friend} had once [sat with {him} when {he} was "
              "ill|carried {him} home in the rain|given {him} the last piece of cake]."),
        ("[In the morning|The next day] {he} took {food} and set out to find {friend}. Halfway, "
         "{spot2}, {he} met {friend}, who was carrying {tool}.",
         "[Early the next day|The next morning] there was a knock at the door. It was {friend}, "
         "with {tool}. {hero} put {food} on the table."),
        ('"I am sorry," said {hero}. "[I am sorry too|So am I]," said {friend}. "[I missed '
         'you|A {noun} is only a {noun}, but you are my friend]."',
         '"I was wrong," {hero} said softly. "We were both wrong," {friend} answered. "[Let us '
         'mend it together.|Shall we mend it?]"'),
        ("So they sat down and mended the {noun}, and then they {fun}.",
         "They worked until the {noun} was as good as new, ate {meal}, and {fun}."),
    ],
    "morals": ["a friend is worth more than any toy", "sharing is better than winning",
               "a kind word can mend almost anything", "it is never too late to say sorry"],
}

CLIMB = {
    "roles": [[
        {"why": "{friend} was ill, and only the blue flower from the top of {peak} could help",
         "task": "pick the blue flower", "took": "picked one blue flower",
         "end": "They made tea from the flower, and the next morning {friend} was well again"},
        {"why": "a baby bird had fallen from its nest on the top of {peak}, and {friend} had "
                "found it {spot1}",
         "task": "bring the bird home", "took": "put the bird back in its nest",
         "end": "The mother bird sang so sweetly that {friend} clapped when {he} came down"},
        {"why": "the lamp on the top of {peak} had gone out, and {friend} had to come home that "
                "very night",
         "task": "light the lamp", "took": "lit the lamp again",
         "end": "Far below, {friend} saw the light and found the way home"},
        {"why": "the kite that {friend} had made was caught in a bush on the top of {peak}",
         "task": "bring down the kite", "took": "untied the kite from the bush",
         "end": "{friend} was so happy that {fhe} let {him} fly the kite first"},
        {"why": "the great bell on the top of {peak} had to be rung, but {friend}, who rang it, "
                "had hurt a foot",
         "task": "ring the bell", "took": "rang the bell three times",
         "end": "{friend} heard it down below and knew that all was well"},
    ]],
    "weathers": ["windy", "cold", "bright", "grey", "quiet"],
    "beats": [
        ("But {hero} was afraid of high places.",
         "There was only one thing {he} feared, and that was [high places|falling].",
         "{hero} had never climbed anything higher than a chair."),
        ("{He} had a good friend, {fkind} named {friend}.",
         "{His} neighbour was {fkind} named {friend}.",
         "Not far away lived {friend}, {fkind}, who was {his} friend."),
        ("{When}, {hero} heard that {why}.",
         "{When}, there was bad news: {why}."),
        maybe('"Who will [climb up|go up there] and {task}?" asked {folk}. Nobody answered.',
              "Everybody looked at {peak}. It was steep and high, and nobody wanted to go.",
              "{folk} said it was too steep and [shook their heads|went back to work]."),
        ('{hero} [took a deep breath|swallowed hard]. "I will go," {he} said[| in a small '
         "voice].",
         '"I am afraid," thought {hero}, "but [I must try|{friend} needs me]."'),
        ("[Step by step|Slowly] {he} went up. The wind pulled at {him}, and the stones were "
         "[loose|slippery|cold].",
         "{He} did not look down. {He} only looked for the next stone, and then the next."),
        maybe('Halfway up, {his} legs began to shake. "One more step," {he} told {himself}. '
              '"[Just one more|And now another]."',
              "Once {he} slipped, but {he} held on to a root and [did not let go|waited until "
              "{his} heart was calm].",
              "When {he} grew tired, {he} sat on a ledge and [hummed a tune|thought of "
              "{friend}]. Then {he} climbed on."),
        ("At last {he} stood on the top. {He} could see [the whole world|all the little houses "
         "below|as far as the clouds]. {He} {took}.",
         "And then there was no more hill, only sky. {hero} {took} and laughed out loud."),
        ("{end}.",),
        ('"You are the bravest one I know," said {friend}. "[I was afraid all the way|My knees '
         'are still shaking]," said {hero}.',
         '"Were you not afraid?" asked {friend}. "[Very|Yes, very much]," said {hero}, "but I '
         'went anyway."',
         "{folk} cheered, and {friend} brought {food} for the brave climber."),
    ],
    "morals": ["being brave means going on while you are afraid",
               "the highest hill is climbed one step at a time",
               "a small step and another small step can reach the sky",
               "love makes the heart brave"],
}

TRICK = {
    "roles": [[
        {"beast": "wolf"},
        {"beast": "troll"},
        {"beast": "giant"},
        {"beast": "crocodile"},
        {"beast": "lion"},
        {"beast": "ogre"},
    ], [
        {"plan": "[You may be strong|Eat if you like], but the {beast} in the pond says that it "
                 "is much stronger than you",
         "act": "ran to the pond and saw its own face in the water. It roared at it, jumped in "
                "with a splash, and got so wet and cold that it ran home"},
        {"plan": "[Wait a little.|Why hurry?] My cousin is coming soon with a cart full of "
                 "cakes, and that is a far better meal",
         "act": "sat down to wait for the cart. It waited until dark, and then it waited until "
                "morning, but no cart ever came"},
        {"plan": "[A wise {beast} can count|First show me how clever you are]. Tell me how many "
                 "leaves are on that tree",
         "act": "began to count the leaves. Each time the wind blew, it had to start again, and "
                "it is counting still"},
        {"plan": "[You look tired|What a long day you have had]. Let me sing you a song before "
                 "you eat",
         "act": "lay down to listen. The song was soft and slow, and soon the {beast} was "
                "snoring like a saw"},
        {"plan": "[This is a magic sack|I know a game]. Whoever sits in this sack for an hour "
                 "becomes twice as big",
         "act": "crept into the sack at once. Quickly the string was tied, and the {beast} had "
                "to promise to go away for ever"},
        {"plan": "[Someone is following you|Look behind you]. A long black thief comes after you "
                 "wherever you go",
         "act": "turned and saw its own shadow. It ran and ran to get away from it, over the "
                "hills and out of this tale"},
    ], FOODS],
    "weathers": ["sunny", "bright", "warm", "windy", "quiet"],
    "beats": [
        ("{When}, {hero} [packed|took] {food} and went to visit {friend}, {fkind} who lived "
         "{spot1}.",
         "{When}, {hero} was bringing {food} to {friend}, {fkind} who was [a dear friend|{his} "
         "neighbour]."),
        ('But {spot2} stood a [big|hungry|greedy] {beast}. "[Stop|Halt]!" it [growled|roared]. '
         '"Give me {meal}, [or I will eat you|and then I will eat you too]!"',
         '[Suddenly|All at once], {spot2}, a [huge|greedy|hungry] {beast} jumped out. "I smell '
         '{food}!" it [growled|roared]. "Give it to me, and then I will eat you too!"'),
        maybe("{hero} trembled, but {he} [thought quickly|kept {his} head].",
              "{His} heart beat fast, but {hero} did not run away.",
              "{hero} was too small to fight and too slow to run. But {he} could think."),
        ('"{plan}," {hero} said [politely|with a bow|in a calm voice].',),
        maybe('"[Is that so|Really]?" said the {beast}, which was strong but not very clever.',
              "The {beast} scratched its head. It had never [heard of such a thing|been spoken "
              "to like that]."),
        ("And it {act}.",
         "So the {beast} {act}."),
        ("{hero} picked up {meal} and ran [as fast as {he} could|all the way] to {friend}.",
         "Then {hero} [tiptoed past|went on {his} way] and soon knocked at the door of {friend}."),
        ('"You are late," said {friend}. "[What happened|Where have you been]?" {hero} told '
         "{fhim} everything, and they laughed until [their sides hurt|the cups shook on the "
         "table].",
         'When {friend} heard the story, {fhe} [laughed out loud|could hardly believe it]. "So '
         'small, and so clever!" {fhe} said, and gave {hero} the best chair.'),
        maybe("After that, the {beast} was never seen {spot2} again.",
              "{folk} were glad, for now the road was safe for everyone.",
              "Together they ate {meal}, and nothing had ever tasted better."),
    ],
    "morals": ["a quick mind is stronger than a big fist", "greed makes even the strong foolish",
               "it helps to stay calm", "the clever need not be strong"],
}

FOUND = {
    "roles": [KEEPSAKES, ELDERS, FOODS],
    "beats": [
        ("{When}, {hero} went for a walk and saw something [small|pretty] on the ground "
         "{spot1}. It was a {thing}.",
         "{When}, {hero} almost stepped on a {thing} that lay {spot1}."),
        ('It was the [prettiest|finest] {noun} {he} had ever seen. "[How I would like to keep '
         'it!|Is it mine now?]" {he} thought.',
         '{He} [held it up to the light|turned it over and over]. "[Finders keepers|Nobody saw '
         'me find it]," whispered a small voice inside.'),
        ('But then {he} thought, "[Somebody must miss it|Somewhere someone is looking for it]."',
         "But it belonged to someone else, and {hero} knew it."),
        maybe('So {he} asked the judge. "[Not mine|It is not mine]," said the judge. {He} asked '
              'the teacher. "[Nor mine|Not mine either]," said the teacher.',
              "{He} asked [at every door|{folk}], but everyone shook their heads.",
              "{He} asked the old woman at the well and the man with the cart, but the {noun} "
              "did not belong to them."),
        ("[At last|Near sunset], {spot2}, {he} [met|found] {fkind} named {friend}, who was "
         "[crying|looking at the ground with sad eyes].",
         "Then {he} heard someone [cry|sigh] {spot2}. It was {friend}, {fkind} {he} hardly knew."),
        ('"What is wrong?" asked {hero}. "I have lost my {thing}," said {friend}. "It was a '
         'gift from my {elder}."',
         '"Are you looking for something?" {hero} asked. "Yes," said {friend}. "A {thing}. My '
         '{elder} gave it to me, and now it is gone."'),
        ('{hero} [opened {his} bag|smiled] and held out the {noun}. "[Is this it|Could this be '
         'the one]?"',
         "Without a word {hero} put the {noun} in front of {fhim}."),
        ('{friend} [cried out with joy|could not speak for joy]. "[How can I thank you|You '
         'could have kept it]!" {fhe} said at last.',
         'The face of {friend} lit up like a lamp. "You [brought it back|found it]! Thank you, '
         'thank you!"'),
        maybe("{Fhe} invited {hero} to supper, and there was {food} and much laughter.",
              "The next day {friend} brought {hero} {food}, and they talked until [dark|the "
              "moon rose]."),
        maybe("{hero} had no {noun} now, but {he} had [something better: a new friend|a new "
              "friend]."),
    ],
    "morals": ["an honest heart finds good friends", "giving back is better than keeping",
               "the best find is a friend", "what belongs to another can never make you happy"],
}
