"""Short tales from a small grammar: the whole training corpus of this example.

A tale is made of an opening, a shape (lost thing, quarrel, climb, ...) and an ending. Each
shape is a list of beats, each beat a tuple of sentences that say the same thing in other words.
Within a sentence

    [a|b|c]   stands for one of its parts, which may hold brackets themselves,
    {word}    stands for what this tale has bound to `word`; {Word} capitalises it.

People, places and things are bound once per tale, so a name or an object that returns is the
same one. The hero and the friend always have different pronouns, so "he" and "she" are never
in doubt. The same seed gives the same tales on every machine: only `random.Random` is used.

    python stories.py 3        prints three tales
"""

import math
import random
import re
import sys

END = "<|endoftext|>"

# The model is trained on rows of 256 tokens and a tale must fit in one row.  A word or a
# punctuation mark is about one token, so counting those keeps the tokenizer out of this file.
SHORTEST, LONGEST = 125, 222

# ------------------------------------------------------------------------------------ the cast

GIRLS = ["Mira", "Lily", "Anna", "Nora", "Ruby", "Tilly", "Elsie", "Clara",
         "Rosa", "Ivy", "Hazel", "Daisy", "Poppy", "Greta", "Luna", "Molly"]
BOYS = ["Tom", "Pip", "Oskar", "Finn", "Bruno", "Leo", "Otto", "Jack",
        "Milo", "Hugo", "Ned", "Sam", "Toby", "Felix", "Max", "Emil"]

SHE = {"he": "she", "him": "her", "his": "her", "himself": "herself", "child": "girl"}
HE = {"he": "he", "him": "him", "his": "his", "himself": "himself", "child": "boy"}

ANIMALS = ["mouse", "rabbit", "hedgehog", "fox", "squirrel", "badger", "bear", "otter", "kitten",
           "frog", "goat", "donkey", "tortoise", "beaver", "mole", "lamb", "puppy", "dragon"]
TRADES = ["baker", "shepherd", "miller", "tailor", "sailor", "weaver", "potter", "gardener",
          "clockmaker", "cobbler", "painter", "beekeeper"]
NATURES = ["little", "young", "small", "shy", "cheerful", "clever", "gentle", "curious",
           "merry", "quiet", "kind", "careful"]

HOBBIES = [
    {"love": "sing old songs", "loved": "sang an old song"},
    {"love": "count the stars", "loved": "counted the stars"},
    {"love": "bake small cakes", "loved": "baked a small cake"},
    {"love": "tell funny stories", "loved": "told a funny story"},
    {"love": "draw pictures", "loved": "drew a picture"},
    {"love": "play the flute", "loved": "played the flute"},
    {"love": "watch the clouds", "loved": "watched the clouds turn pink"},
    {"love": "drink tea by the fire", "loved": "drank tea by the fire"},
    {"love": "listen to the birds", "loved": "listened to the birds"},
    {"love": "dance in the kitchen", "loved": "danced in the kitchen"},
]

FOODS = [
    {"food": "a loaf of warm bread", "meal": "the bread"},
    {"food": "a basket of plums", "meal": "the plums"},
    {"food": "a pot of honey", "meal": "the honey"},
    {"food": "an apple pie", "meal": "the pie"},
    {"food": "a bag of nuts", "meal": "the nuts"},
    {"food": "a plate of ginger biscuits", "meal": "the biscuits"},
    {"food": "a round yellow cheese", "meal": "the cheese"},
    {"food": "a jar of berry jam", "meal": "the jam"},
    {"food": "a pot of pea soup", "meal": "the soup"},
    {"food": "a bowl of cherries", "meal": "the cherries"},
]

KEEPSAKES = [
    {"thing": "silver bell", "noun": "bell"}, {"thing": "blue button", "noun": "button"},
    {"thing": "wooden whistle", "noun": "whistle"}, {"thing": "brass key", "noun": "key"},
    {"thing": "red scarf", "noun": "scarf"}, {"thing": "glass marble", "noun": "marble"},
    {"thing": "golden ring", "noun": "ring"}, {"thing": "green hat", "noun": "hat"},
    {"thing": "tin compass", "noun": "compass"}, {"thing": "white feather", "noun": "feather"},
    {"thing": "copper coin", "noun": "coin"}, {"thing": "painted spoon", "noun": "spoon"},
]

ELDERS = [{"elder": "grandmother"}, {"elder": "grandfather"}, {"elder": "aunt"},
          {"elder": "uncle"}]

# `where` opens the tale; `spots` are where things are lost, found and met; `peak` is what one
# climbs; `folk` are the neighbours; `hush` is a sound of the place that closes a scene.
PLACES = [
    {"where": "in a village by the sea", "peak": "the white cliff", "folk": "the fishermen",
     "hush": "the waves sang softly",
     "spots": ["under the old pier", "behind the boat shed", "beside the harbour wall",
               "near the fish market", "on the sandy beach", "among the nets"]},
    {"where": "at the edge of a deep forest", "peak": "Owl Rock", "folk": "the woodcutters",
     "hush": "the tall trees whispered",
     "spots": ["under the oldest oak", "behind a mossy log", "beside the fern path",
               "near the hollow tree", "among the mushrooms", "by the hidden spring"]},
    {"where": "on a farm among golden fields", "peak": "Windmill Hill", "folk": "the farmers",
     "hush": "the tall wheat rustled",
     "spots": ["behind the red barn", "under the hay cart", "beside the duck pond",
               "near the garden gate", "among the cabbages", "by the stone well"]},
    {"where": "in a town at the foot of a mountain", "peak": "Eagle Rock",
     "folk": "the townspeople", "hush": "far away a cow bell rang",
     "spots": ["under the clock tower", "behind the bakery", "beside the fountain",
               "near the school steps", "on the market square", "by the stone bridge"]},
    {"where": "in a valley full of apple trees", "peak": "Crow Hill", "folk": "the apple pickers",
     "hush": "the bees hummed in the trees",
     "spots": ["under the crooked apple tree", "behind the cider house", "beside the stream",
               "near the old ladder", "among the baskets", "by the beehives"]},
    {"where": "on a small green island", "peak": "Lantern Hill", "folk": "the islanders",
     "hush": "the gulls called over the water",
     "spots": ["under the palm tree", "behind the round rocks", "beside the blue lagoon",
               "near the rope bridge", "on the pebble beach", "among the seashells"]},
    {"where": "beside a slow green river", "peak": "Heron Hill", "folk": "the river people",
     "hush": "the river murmured in its bed",
     "spots": ["under the willow tree", "behind the ferry house", "beside the water wheel",
               "near the stepping stones", "among the reeds", "by the wooden bridge"]},
    {"where": "near an old stone mill", "peak": "Miller's Hill", "folk": "the neighbours",
     "hush": "the mill wheel turned and turned",
     "spots": ["under the mill steps", "behind the flour sacks", "beside the mill pond",
               "near the crooked fence", "among the blackberries", "by the cart road"]},
    {"where": "in a little house on the moor", "peak": "Thunder Hill", "folk": "the shepherds",
     "hush": "the heather swayed in the wind",
     "spots": ["under the stone arch", "behind the sheepfold", "beside the peat path",
               "near the lonely pine", "among the heather", "by the dark pool"]},
    {"where": "in a busy harbour town", "peak": "Signal Hill", "folk": "the sailors",
     "hush": "the ropes creaked in the harbour",
     "spots": ["under the stone stairs", "behind the barrels", "beside the lighthouse",
               "near the sail shop", "on the long quay", "among the crates"]},
]

WEATHERS = {
    "rainy": "Rain [drummed on the roof|tapped on every leaf|ran down the windows]",
    "windy": "The wind [whistled in the chimney|chased leaves along the path|shook the fences]",
    "sunny": "The sun [shone on every roof|warmed the stones|danced on the windows]",
    "foggy": "Fog [hid the road|lay thick over everything|crept past the windows]",
    "cold": "The air [smelled of smoke|bit at every nose|was as clear as glass]",
    "bright": "The sky [was as blue as a plate|was full of birds|had not one cloud]",
    "grey": "Low clouds [hung over the hills|drifted by|hid the sun]",
    "warm": "A soft breeze [smelled of flowers|stirred the grass|came through the window]",
    "misty": "Mist [rose from the ground|hung between the trees|made the world look soft]",
    "quiet": "[Nothing stirred|Not a leaf moved|Only a cricket sang]",
}

# --------------------------------------------------------------------------- opening and ending

OPENINGS = (
    "[Once upon a time|Once upon a time|Once upon a time|Once|Long ago|A long time ago], "
    "[there lived {kind} named {hero}|{kind} named {hero} lived] {where}.",
    "Once upon a time there was {kind} [named|called] {hero}, who lived {where}.",
    "{Where}, there [once lived|lived] {kind} [named|called] {hero}.",
    "There once was {kind} [named|called] {hero}, who [lived|had a home] {where}.",
    "Far away, {where}, lived {kind} [named|called] {hero}.",
)
NATURE_LINES = (
    "{He} [loved to|liked to] {love} [and was never in a hurry|whenever the work was done|"
    "more than anything|in the evening].",
    "{hero} [loved to|liked nothing better than to] {love}[| when the day was over].",
    "Everyone [knew|liked] {him}, because {he} [always had a smile to share|"
    "was good to big and small|loved to {love} for anyone who asked].",
    "{hero} was [not very big|not very strong|not very rich], but {he} had a [warm|good|big] "
    "heart and loved to {love}.",
)
SUDDEN_OPENINGS = (
    "One {weather} {time}, {kind} [named|called] {hero} [looked out of the window|woke from a nap|"
    "opened the door]. {Sky}. {hero} lived {where} and loved to {love}.",
    "It was a {weather} {time}. {Sky}, and {kind} [named|called] {hero} was [sweeping the step|"
    "washing a cup|putting on a coat]. {hero} lived {where} and loved to {love}.",
    "On a {weather} {time}, {where}, {kind} [named|called] {hero} sat [by the door|at the table|"
    "on a bench]. {Sky}. {hero} loved to {love}, and {he} was good at it.",
)
ENDINGS = (
    "From that day on, {hero} and {friend} [were the best of friends|met every week|"
    "helped each other in everything].",
    "The next evening, {hero} {loved}, and {friend} [kept {him} company|sat close by|"
    "smiled from ear to ear].",
    "The next evening, {hero} {loved}, and {hush}.",
    "{hero} and {friend} sat side by side [for a long time|until the stars came out], and {hush}.",
    "And whenever {hero} {loved} after that, {he} thought of {friend} and smiled.",
    "And if you go there today, you may still [see|meet] {hero} and {friend} {spot3}, "
    "[laughing together|telling the tale|sharing {food}].",
)
MORAL_LINES = (
    "{hero} had learned that {moral}.",
    "And that is how {hero} learned that {moral}.",
    "{hero} never forgot that {moral}.",
    '"{Moral}," {hero} [liked to say|always said] after that.',
    '"{Moral}," said {friend}, and {hero} [nodded|agreed].',
)

# ----------------------------------------------------------------------------------- the shapes
# A shape is a dict: `roles` lists what is bound besides the cast (one dict is picked from each),
# `beats` tells the middle, `morals` are clauses.  `weathers` and `times` narrow the day.


def maybe(*lines):
    """A beat that half of the tales leave out."""
    return ("[[" + "|".join(lines) + "]|]",)


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

STORM = {
    "roles": [[
        {"harm": "the roof had a big hole", "skill": "I have mended many roofs",
         "fix": "climbed up with boards and nails", "good": "not one drop came in"},
        {"harm": "the door had blown away", "skill": "I know how to make a door",
         "fix": "cut and planed the planks", "good": "the new door closed without a sound"},
        {"harm": "the chimney had fallen down", "skill": "I can lay bricks",
         "fix": "set brick upon brick", "good": "the smoke rose straight into the sky"},
        {"harm": "the fence lay flat on the ground", "skill": "I am good with wood",
         "fix": "set up every post", "good": "the fence stood straighter than before"},
        {"harm": "the garden was full of broken branches",
         "skill": "I have a saw and a strong back", "fix": "sawed and carried and raked",
         "good": "the garden was neat, with wood for winter"},
    ], FOODS],
    "weathers": ["grey", "windy", "cold", "quiet", "warm"],
    "times": ["afternoon", "evening"],
    "beats": [
        ("{When}, the sky turned [black|dark] and a great storm came.",
         "{When}, {hero} saw black clouds racing over {peak}. A storm was coming."),
        maybe("The wind howled, [the shutters banged|the trees bent low], and rain fell like "
              "[stones|ropes].",
              "Thunder rolled, and the rain beat on the windows."),
        maybe("{hero} [lit a candle|made a fire] and was glad to be inside.",
              "{hero} closed every shutter and put the kettle on."),
        ("Then there was a knock at the door. Outside stood {fkind}, wet to the skin.",
         "Suddenly {he} heard a weak voice outside. {hero} opened the door, and there stood "
         "{fkind}, shaking with cold."),
        ('"[Please|Excuse me], may I come in?" the stranger asked. "My name is {friend}. [I '
         'have lost my way|The storm took my tent|The road is under water]."',
         '"I am {friend}," said the stranger. "Nobody [will let me in|opened the door]. [May I '
         'rest here|Have you a dry corner]?"'),
        ("{His} house was small, and there was only {food} left. But {hero} did not think "
         'twice. "Come in and get warm," {he} said.',
         '"[Of course|Come in, come in]," said {hero}. "There is only one chair and {food}, but '
         'we can share."'),
        maybe("They ate {meal} by the fire, and {friend} told stories until the thunder [was "
              "gone|went away].",
              "{hero} gave {friend} a dry blanket. They ate {meal} and listened to the rain "
              "until they fell asleep."),
        ("In the morning the storm was over, but {harm}. {hero} [wanted to cry|hung {his} head].",
         'The next day the sun came out, and {hero} saw that {harm}. "[What shall I do|Who can '
         'help me now]?" {he} said.'),
        ('"{skill}," said {friend}. "You helped me, and now I will help you."',
         '{friend} [smiled|rolled up {fhis} sleeves]. "{skill}," {fhe} said. "[Let us '
         'begin|Hand me the tools]!"'),
        ("Together they {fix}, and by evening {good}.",
         "They {fix} all day long, and when they were done, {good}."),
    ],
    "morals": ["a door opened in kindness is never opened for nothing",
               "kindness comes back like the sun after rain", "there is always room for one more",
               "a guest can turn into a friend"],
}

MAKE = {
    "roles": [[
        {"thing": "kite", "mat": "paper and sticks", "fail": "it flopped to the ground",
         "again": "the wind broke it", "advice": "A kite needs a long tail",
         "win": "the kite rose up and up until it was a dot in the sky"},
        {"thing": "little boat", "mat": "bark and wax", "fail": "it tipped over",
         "again": "it sank like a stone", "advice": "A boat needs a heavy keel",
         "win": "the boat sailed proudly over the water"},
        {"thing": "clay jug", "mat": "clay and water", "fail": "it cracked in the sun",
         "again": "the handle fell off", "advice": "Clay must dry slowly, in the shade",
         "win": "the jug held water without losing a drop"},
        {"thing": "loaf of bread", "mat": "flour and salt", "fail": "it was as hard as a brick",
         "again": "it was black on the outside", "advice": "Dough must rest before it is baked",
         "win": "the bread was golden, soft and light"},
        {"thing": "basket", "mat": "willow twigs", "fail": "the bottom fell out",
         "again": "the twigs snapped", "advice": "Twigs must lie in water for a night",
         "win": "the basket was round and strong"},
        {"thing": "flute", "mat": "a hollow reed", "fail": "it made no sound at all",
         "again": "it squeaked like a gate", "advice": "The holes must be small and smooth",
         "win": "the flute sang like a bird"},
        {"thing": "warm blanket", "mat": "soft wool", "fail": "it was full of holes",
         "again": "it came apart at the edge", "advice": "Pull each knot tight, and do not rush",
         "win": "the blanket was thick and warm"},
    ], ELDERS],
    "beats": [
        ('{When}, {hero} had an idea. "I will make a {thing} for my {elder}!" {he} said.',
         '{When}, {hero} remembered that tomorrow was the birthday of {his} {elder}. "I will '
         'make a {thing}!" {he} said.'),
        ("{He} took {mat} and worked [until noon|for an hour|with great care].",
         "{He} gathered {mat} and set to work {spot1}."),
        ("But when {he} [tried it|was done], {fail}.",
         "When it was ready, {fail}."),
        ("{hero} tried again, and this time {again}.",
         '"[Once more|I must try again]," said {hero}. But the second time {again}.'),
        maybe('"I [cannot do it|will never learn]," {he} [said sadly|groaned], and {he} kicked '
              "a stone.",
              '{hero} threw down {his} tools. "[It is too hard|I give up]!" {he} said.'),
        ("{friend}, {fkind} [from next door|who was passing by], had [seen everything|heard "
         "{him}].",
         "Now {fkind} named {friend} had been watching [from the fence|for a while]."),
        ('"Do you know how often I failed when I was [learning|young]?" asked {friend}. "[A '
         'hundred times|More than I can count]. {advice}."',
         '"May I tell you a secret?" {friend} said. "{advice}. And nobody gets it right the '
         'first time."'),
        ("{hero} listened, and began once more. This time {he} did not hurry, and {friend} sat "
         "beside {him}.",
         "So {hero} dried {his} eyes and started again. {friend} held the pieces, and {hero} "
         "worked slowly."),
        ("And look: {win}!",
         "When it was finished, {win}."),
        maybe('"[I did it|It works]!" cried {hero}. "[You never gave up|I knew you could]," '
              "said {friend}.",
              'The {elder} of {hero} [was delighted|smiled and smiled]. "It is the finest '
              '{thing} in the world!"'),
    ],
    "morals": ["every mistake is a teacher", "the third try may be the lucky one",
               "patience is the best tool", "nobody is born a master"],
}

NEWCOMER = {
    "roles": [FOODS, [
        {"rumour": "never said a word to anyone", "truth": "I am only shy"},
        {"rumour": "looked very fierce", "truth": "I frown because I am worried"},
        {"rumour": "never came out in the day", "truth": "I did not know if I was welcome"},
        {"rumour": "spoke in a strange way",
         "truth": "I come from far away and I am still learning"},
        {"rumour": "must be very proud", "truth": "I did not dare to say hello"},
    ]],
    "beats": [
        ("{When}, {fkind} named {friend} moved into the empty house {spot1}.",
         "{When}, a cart stopped {spot1}, and {fkind} named {friend} carried a few boxes into "
         "the empty house."),
        ("[Soon|Before long] everyone was talking. {Folk} said that the newcomer {rumour}.",
         "Nobody went to say hello. It was said that {friend} {rumour}."),
        maybe('"[Stay away from there|Better not go near]," people [warned|said]. But {hero} '
              "saw a [lonely|small] light in the window each night.",
              "But {hero} noticed that {friend} always [sat alone|walked alone] {spot2}, and "
              "{he} felt sorry."),
        ("[One day|The next day] {he} [packed|made] {food} and went [to the house|to the door]. "
         "{His} heart beat fast as {he} knocked.",
         "So {hero} took {food}, walked to the house and knocked three times."),
        maybe("For a long time nothing happened. Then the door opened, [just a crack|very "
              "slowly].",
              "The door creaked, and two eyes looked out."),
        ('"[Good day|Hello]," said {hero}. "My name is {hero}. [I brought you something.|Would '
         'you like to share this with me?]"',
         '"Welcome," {hero} said. "I am {hero}, and this is for you."'),
        ('{friend} [looked at|stared at] {meal} and then began to smile. "You are the first one '
         'who came," {fhe} said. "{truth}."',
         '"For me?" said {friend}. [A tear fell on {meal}|{Fhe} could hardly believe it]. '
         '"{truth}."'),
        ("They sat down at the table, and soon they found that they both loved to {love}.",
         "They ate {meal} together and talked and talked. And what a surprise: {friend} loved "
         "to {love} too!"),
        ("The next week {hero} took {friend} to the [feast|fair] and [introduced {fhim}|showed "
         "{fhim}] to everyone. Soon {friend} was laughing with {folk}.",
         "After that {hero} told {folk} the truth, and one by one they came to the door with "
         "[flowers|bread and salt|kind words]."),
    ],
    "morals": ["a stranger is a friend you have not met yet", "one hello can change everything",
               "it is better to ask than to guess", "a kind heart knocks first"],
}

ERRAND = {
    "roles": [FOODS, ELDERS, [
        {"block": "the bridge was broken",
         "way": "{friend} knew a row of flat stones, and they hopped across"},
        {"block": "a fallen tree lay across the road",
         "way": "{friend} showed {him} a tunnel under the roots"},
        {"block": "thick fog hid the path",
         "way": "{friend} walked ahead with a lantern and sang, so that {he} could follow"},
        {"block": "an angry goose stood on the path",
         "way": "{friend} threw a few crumbs into the grass, and the goose forgot to be angry"},
        {"block": "the path split into three",
         "way": "{friend} knew that the one with the white stones was the right one"},
    ]],
    "weathers": ["rainy", "windy", "grey", "cold", "misty"],
    "beats": [
        ("{When}, {hero} promised to bring {food} to {his} {elder} on the other side of {peak}.",
         "{When}, a message came: the {elder} of {hero} was ill in bed. So {hero} packed {food} "
         "for the visit."),
        maybe('"[Go straight there|Be there before dark]," {folk} told {him}, "[for the way is '
              'long|and mind the road]."',
              '"I will be there before sunset," {he} said, and off {he} went.'),
        ("{Spot1} {he} met {fkind} named {friend}, whose [foot was caught in a root|cart was "
         "stuck in the mud|bag had burst].",
         "On the way, {spot1}, {fkind} named {friend} called out for help. {Fhis} [cart was "
         "stuck|sack had torn]."),
        ('"[I am in a hurry|I have little time]," thought {hero}, "but [I cannot just walk '
         'by|this will not take long]." And {he} stopped to help.',
         "{hero} looked at the sun, which was already low. Then {he} put down {meal} and "
         "helped."),
        ('"Thank you," said {friend}. "[May I walk with you?|Let me come along.]" And they went '
         "on together.",
         '"I will not forget this," said {friend}, and {fhe} went along to keep {him} company.'),
        ("A little later they stopped short, for {block}.",
         "But [soon|near the hill] there was trouble: {block}."),
        maybe('"[Oh no|What now]!" said {hero}. "We will never be there in time."',
              "{hero} did not know what to do."),
        ("But {way}.",
         "Luckily, {way}."),
        ('[Just as|When] the sun went down, they knocked at the door. "[Right on time|You '
         'came]!" said {his} {elder} happily.',
         "The first star was shining when they arrived, and the {elder} of {hero} was waiting "
         "at the window with a lamp."),
        maybe("All three ate {meal} by the fire.",
              "{hero} told the whole story, and {friend} got a warm seat and a full plate."),
    ],
    "morals": ["time given to a friend is never lost", "a helping hand finds help",
               "a promise is easier to keep with a friend", "no road is long in good company"],
}

GARDEN = {
    "roles": [[
        {"seed": "pumpkin seed", "plant": "pumpkin", "grew": "as big as a cart",
         "use": "pumpkin soup for everyone"},
        {"seed": "sunflower seed", "plant": "sunflower", "grew": "taller than the roof",
         "use": "a handful of seeds for every neighbour"},
        {"seed": "apple seed", "plant": "apple tree", "grew": "full of red apples",
         "use": "apple cake for everyone"},
        {"seed": "bean", "plant": "bean plant", "grew": "all the way up the chimney",
         "use": "bean stew for everyone"},
        {"seed": "melon seed", "plant": "melon", "grew": "too heavy for one to lift",
         "use": "a cool slice for every neighbour"},
        {"seed": "rose seed", "plant": "rose bush", "grew": "covered with a hundred roses",
         "use": "a red rose for every door"},
    ]],
    "weathers": ["sunny", "bright", "warm", "quiet", "rainy"],
    "beats": [
        ("{When}, {hero} found a tiny {seed} {spot1}.",
         '{When}, an old traveller gave {hero} a {seed}. "[Plant it|Put it in the ground]," '
         'said the traveller, "and wait."'),
        ("{He} [dug a hole|made a bed of soft earth] {spot2}, put the seed in and gave it water.",
         "{He} planted it {spot2} and [sang to it|watered it] every day."),
        ("One day passed, and then another. Nothing happened.",
         "{He} waited for a week, but the ground stayed bare.",
         "Each morning {he} ran out to look, and each morning there was only earth."),
        ('"[It must be dead|It is no use]," said {hero}. "I will dig it up."',
         "{hero} lost {his} patience and fetched a spade to see what was wrong."),
        ('"Wait!" called {friend}, {fkind} who [lived next door|was leaning on the fence]. "[A '
         'seed works in the dark|A seed has its own clock]. Give it time."',
         'But {friend}, {fkind} [with muddy boots|from over the hill], held {him} back. "If you '
         'dig it up, it will [never grow|die]," {fhe} said. "Give it time."'),
        maybe('"How long?" asked {hero}. "[As long as it needs|Until it is ready]," said '
              '{friend}. "[I will wait with you|Come, let us wait together]."',
              "So {hero} put the spade away, and the two [sat down|drank tea] and waited "
              "together."),
        ("Then, after a night of [rain|soft rain], a small green tip stood in the earth! {hero} "
         "[shouted for joy|danced around it].",
         "And one morning there it was: a green sprout, no bigger than a [finger|pin]."),
        ("It grew and grew. By the end of summer the {plant} was {grew}.",
         "All summer they watered it, and at last the {plant} was {grew}."),
        ("{folk} came from all around to see it, and there was {use}.",
         "{hero} did not keep it for {himself}. There was {use}."),
        maybe('"[And you wanted to dig it up|I am glad you waited]," laughed {friend}.',
              "{hero} saved one seed from it and gave it to {friend}."),
    ],
    "morals": ["good things need time", "patience grows the sweetest fruit",
               "great things begin small", "what you share grows bigger"],
}

NOISE = {
    "roles": [[
        {"noise": "tap, tap, tap", "cause": "a thin branch was knocking at the window",
         "cure": "They tied the branch back with a ribbon"},
        {"noise": "scratch, scratch, scratch",
         "cause": "a baby hedgehog was stuck in a flower pot",
         "cure": "They lifted it out and gave it a drop of milk"},
        {"noise": "whoo, whoo, whoo", "cause": "the wind was blowing over an empty bottle",
         "cure": "They filled the bottle with flowers, and all was still"},
        {"noise": "bump, bump, bump", "cause": "a loose shutter was swinging to and fro",
         "cure": "They closed the shutter with a hook"},
        {"noise": "drip, drip, drip", "cause": "water was falling into an old tin bucket",
         "cure": "They put a cloth in the bucket, and all was still"},
        {"noise": "squeak, squeak, squeak",
         "cause": "six tiny mice were dancing on the old table",
         "cure": "They gave the mice some crumbs and let them dance"},
    ], [
        {"fear": "ghost"},
        {"fear": "monster"},
        {"fear": "robber"},
        {"fear": "witch"},
    ]],
    "weathers": ["windy", "rainy", "foggy", "cold", "quiet"],
    "times": ["evening", "night"],
    "beats": [
        ('{When}, {hero} lay in bed and heard a strange sound. "{Noise}!" it went.',
         '{When}, just as {hero} was falling asleep, something went "{noise}" in the dark.'),
        maybe('{He} pulled the blanket up to {his} nose. "{Noise}!" it went again.',
              '{He} sat up. It was quiet for a moment, and then it came again: "{noise}!"'),
        ('"It must be a {fear}!" {he} [thought|whispered]. "[A big one|With long teeth]!"',
         "{hero} was sure that it was a {fear}, and {his} [teeth chattered|knees shook]."),
        ("{He} climbed out of the window and ran to {friend}, {fkind} who lived {spot1}.",
         "At last {he} ran across to the house of {friend}, {fkind} and good neighbour."),
        maybe('"Wake up, {friend}! There is a {fear} in my house!" {he} cried.',
              '"Please help me," {he} said. "I heard a {fear}!"'),
        ('{friend} [yawned and lit a lantern|took a lantern and a broom]. "[Have you seen '
         'it|Did you see it]?" {fhe} asked. "No," said {hero}, "but I heard it."',
         '"I am a little afraid of them too," said {friend}, "but [together we can look|two are '
         'braver than one]." And {fhe} lit a lantern.'),
        maybe('Hand in hand they crept back. "{Noise}!" The lantern shook.',
              'On tiptoe they went through the dark house. "{Noise}!" It was very close now.'),
        ("{hero} took a deep breath and [pulled the curtain aside|opened the back door]. There "
         "was no {fear} at all. It was only this: {cause}.",
         "Then {friend} held up the light, and they saw it: {cause}. There was no {fear} at all."),
        ("They looked at each other and laughed until they [cried|had to sit down]. {cure}.",
         '"[What a terrible|So that is your] {fear}!" said {friend}, and both of them laughed. '
         "{cure}."),
        maybe("Then they [drank warm milk|ate {food}], and {hero} slept soundly till morning.",
              "After that {hero} was not afraid any more, and {he} slept like a stone."),
    ],
    "morals": ["most monsters are small when you hold a light to them",
               "fear grows in the dark and shrinks in the light",
               "it is good to look before you run", "two are braver than one"],
}

CONTEST = {
    "roles": [[
        {"game": "race around {peak}", "prize": "a golden cup", "lead": "was running in front",
         "ready": "ran up and down the hill"},
        {"game": "sack race across the meadow", "prize": "a silver spoon",
         "lead": "was hopping in front", "ready": "hopped around the house in a sack"},
        {"game": "cart race to the old bridge", "prize": "a crown of flowers",
         "lead": "was rolling in front", "ready": "oiled the wheels of {his} cart"},
        {"game": "barrel race along the road", "prize": "a shining medal",
         "lead": "was rolling {his} barrel in front", "ready": "rolled a barrel up the hill"},
    ], [
        {"fall": "had fallen into a ditch"},
        {"fall": "had twisted a foot"},
        {"fall": "was stuck in a thorn bush"},
        {"fall": "had tumbled over a root"},
    ]],
    "weathers": ["sunny", "bright", "cold", "quiet", "grey"],
    "beats": [
        ("Every year there was a {game}, and the prize was {prize}.",
         "Now {folk} were holding a great {game}. The winner would get {prize}."),
        maybe("{hero} had never won anything. For weeks {he} {ready}.",
              "How {hero} wished to win! Each day {he} {ready}."),
        ('{When}, [everybody came to watch|the big day was here]. "[Ready, steady, go|One, two, '
         'three, go]!" called the judge.',
         "{When}, the drum sounded and they were off."),
        ("[Soon|To everyone's surprise] {hero} {lead}. \"[This time I will win|The prize is "
         'almost mine]," {he} thought.',
         "{hero} did better than ever before, and soon {he} {lead}. The crowd cheered."),
        ("Then {he} heard a cry {spot1}. It was {friend}, {fkind}, who {fall}.",
         "But {spot1} {he} saw {fkind} named {friend}, who {fall}."),
        maybe('"[Go on without me|Do not stop for me]!" said {friend}. "You will lose!"',
              "The others rushed past and [did not stop|looked the other way]."),
        ("{hero} looked at the finish, and then at {friend}. It was a hard choice, but a short "
         "one. {He} turned back.",
         '"[A race is only a race|There will be other races]," said {hero}, and {he} stopped.'),
        ("{He} helped {friend} up, and arm in arm they went on. They were the very last to "
         "arrive.",
         "{He} tied {his} scarf around the sore spot and let {friend} lean on {him}. When they "
         "reached the finish, all the others were there already."),
        maybe("It was quiet for a moment. Then {folk} began to clap, louder and louder.",
              "But the crowd cheered more for them than for the winner."),
        maybe('The winner came and held out {prize}. "[You have earned this more than I|This is '
              'yours]," said the winner.',
              "There was no prize for {hero}, but {friend} gave {him} {food} and [a hug|a big "
              "smile]."),
    ],
    "morals": ["there is more than one way to win", "kindness crosses every finish line first",
               "a friend is better than a prize", "the last can be the first in our hearts"],
}

WISH = {
    "roles": [[
        {"being": "a silver fish", "trap": "tangled in an old net", "free": "cut the net"},
        {"being": "a tiny fairy", "trap": "caught in a spider web", "free": "opened the web"},
        {"being": "a white bird", "trap": "caught in a thorn bush",
         "free": "bent the thorns aside"},
        {"being": "a fallen star", "trap": "stuck in the mud", "free": "washed off the mud"},
        {"being": "a golden beetle", "trap": "lying on its back", "free": "turned it over"},
    ], [
        {"need": "the well had been dry for weeks, and {friend} had to carry water from far away",
         "wish": "I wish for water in the well",
         "came": "there was a rumble, and the well was full to the brim"},
        {"need": "winter was near, and {friend} had no wood for the stove",
         "wish": "I wish for a warm stove for {friend}",
         "came": "smoke rose from the chimney, and the wood pile reached the roof"},
        {"need": "{friend} had lost {fhis} voice and could not sing any more",
         "wish": "I wish that {friend} may sing again", "came": "a clear song came over the hill"},
        {"need": "the fields were poor, and {friend} had nothing to eat but thin soup",
         "wish": "I wish for a good harvest for all of us",
         "came": "the fields turned green and gold as far as one could see"},
        {"need": "the path to the house of {friend} was dark, and {fhe} was afraid to walk home",
         "wish": "I wish for a light on the path of {friend}",
         "came": "a row of small lamps shone along the path"},
    ]],
    "beats": [
        ("{When}, {spot1}, {hero} found {being} that was {trap}.",
         "{When}, {hero} heard a thin voice {spot1}. It was {being}, {trap}."),
        ("Very gently, {he} {free} and set it free.",
         '"[Hold still|Do not be afraid]," said {hero}, and {he} {free}.'),
        ('"Thank you," it said. "For this I will give you one wish. [Choose well|Think before '
         'you speak]!"',
         '"You saved me," it said. "You may make one wish, [but only one|whatever you like]."'),
        maybe("{hero} thought of [a sack of gold|a house with a tower|a coat of silk|a ship of "
              "{his} own]. {He} thought of [a mountain of cake|a crown|a white horse].",
              "What should it be? Gold? A [castle|palace]? [A horse that could fly|A chest of "
              "jewels]?"),
        ("But then {he} thought of {friend}, {fkind} who lived {spot2}. For {need}.",
         "Then {he} remembered {his} neighbour {friend}, {fkind}. For {need}."),
        ('So {hero} closed {his} eyes and said, "{wish}."',
         '"I know," said {hero}. "{wish}."'),
        maybe('"Nothing for yourself?" it asked. {hero} shook {his} head. "[I have enough|That '
              'is my wish]," {he} said.',
              '"That is a [good|rare] wish," it said, and it was gone in a flash of light.'),
        ("At that moment {came}.",
         "And [before {he} could blink|all at once] {came}."),
        ('{friend} came running [with shining eyes|out of the house]. "{hero}! [Did you see '
         'that|Something wonderful has happened]!"',
         '{friend} [laughed and cried at once|danced for joy]. "[It is a wonder!|Who did this?]" '
         "{fhe} asked. {hero} only smiled."),
        maybe("That day there was a great feast, and {hero} sat [next to {friend}|in the "
              "middle].",
              "{hero} was as poor as before, but {he} felt like the richest one in the land."),
    ],
    "morals": ["the best wish is a wish for others", "joy is doubled when you give it away",
               "a full heart is better than a full purse", "small kindness can work great magic"],
}

RESCUE = {
    "roles": [[
        {"stuck": "in a deep muddy hole", "pull": "a long rope"},
        {"stuck": "on a log in the middle of the water", "pull": "a fishing line"},
        {"stuck": "between two heavy rocks", "pull": "a strong pole"},
        {"stuck": "in the top of a thin tree", "pull": "a tall ladder"},
        {"stuck": "under a fallen gate", "pull": "an iron bar"},
    ]],
    "beats": [
        ('{When}, {hero} heard a voice calling, "Help! Help!"',
         "{When}, {hero} was walking {spot1} when someone cried for help."),
        ("{He} [ran|followed the sound] and found {fkind} named {friend}, stuck {stuck}.",
         "It was {friend}, {fkind}, who was stuck {stuck}."),
        maybe('"[How did you get there|What happened]?" asked {hero}. "I [was chasing a '
              'butterfly|was following a bee|was not looking where I went]," said {friend}. '
              '"Please get me out!"',
              '"Please help me!" said {friend}. "I have been here since [sunrise|yesterday]."'),
        maybe("{hero} pulled as hard as {he} could, but {he} was not strong enough.",
              "{hero} tried this way and that way, but alone {he} could not do it."),
        ('"[Do not leave me|Please do not go]!" said {friend}. "Only to fetch help," said '
         '{hero}. "I promise to come back."',
         '"I will be back," {hero} promised. "Sing a song so that you are not afraid."'),
        ('{He} found the {helper1} {spot2}. "[I am busy|I have no time]," the {helper1} said. '
         "But {hero} [begged|asked again], and the {helper1} came along.",
         "{He} knocked at the door of the {helper1}, who [came at once|dropped everything and "
         "came]."),
        ("On the way they met the {helper2}, who brought {pull}.",
         "{folk} came too, and one of them carried {pull}."),
        ('"All together!" cried {hero}. "[One, two, three|Heave, ho]!" They pulled and they '
         "pushed, and [pop|at last], {friend} was free!",
         'Some pulled and some pushed, and {hero} told them when. "Now!" And with a great '
         "heave, {friend} was free."),
        maybe('"You came back," said {friend}. "[A promise is a promise|Of course I did]," said '
              "{hero}.",
              "{friend} hugged every one of them, and {hero} twice."),
        maybe("To celebrate, they all ate {food} {spot3}.",
              "Then {friend} took them all home and served {food}."),
    ],
    "morals": ["what one cannot do, many can", "asking for help is not weak but wise",
               "a promise must be kept", "many hands make light work"],
}

MOON = {
    "roles": [[
        {"tool": "a fishing net"},
        {"tool": "a bucket"},
        {"tool": "a soup spoon"},
        {"tool": "a long rake"},
        {"tool": "a butterfly net"},
    ], FOODS],
    "weathers": ["quiet", "warm", "cold"],
    "times": ["evening", "night"],
    "beats": [
        ("{When}, {hero} looked into the pond and [gasped|jumped back]. The moon was lying in "
         "the water!",
         "{When}, {hero} walked past the pond and saw something round and white in it. It was "
         "the moon!"),
        maybe('"The moon has fallen from the sky!" {he} cried. "[I must save it|It will drown]!"',
              '"Oh dear," {he} said. "The moon fell down. [Now the nights will be dark|Who will '
              'light the night]?"'),
        ('{He} ran to {friend}, {fkind} who lived {spot1}. "[Come quickly|Hurry], and bring '
         '{tool}!"',
         '{He} woke {friend}, {fkind} and old friend. "We need {tool}!" {he} said.'),
        maybe("{friend} rubbed {fhis} eyes, but {fhe} came along.",
              '"At this hour?" said {friend}. But {fhe} put on {fhis} shoes and came.'),
        ("They leaned out and dipped {tool} into the pond. The moon broke into a hundred "
         "[pieces|silver pieces].",
         "As soon as they touched the water, the moon [shook and fell apart|broke into bits]."),
        maybe('"Now we have broken it!" [wailed|cried] {hero}. They sat down in the grass and '
              "did not know what to say.",
              '{hero} [began to cry|hid {his} face]. "It is all my fault," {he} said.'),
        ("After a while the water was still again, and there was the moon, [whole and round|as "
         "good as new].",
         "But little by little the pond grew calm, and the pieces came together again."),
        ('{friend} looked at the pond, and then {fhe} looked up. "{hero}," {fhe} said slowly, '
         '"how many moons are there?"',
         'Then {friend} lay back and began to laugh. "{hero}, look up!" {fhe} said.'),
        ("High above them hung the moon, and it seemed to smile. The one in the pond was only "
         "its [picture|mirror].",
         "There was the moon, high in the sky, where it had been all the time."),
        ("They laughed so loudly that the frogs [fell silent|joined in]. Then they ate {food} "
         "by moonlight.",
         '"[Well, we saved it|At least it is clean now]," said {hero}, and they ate {food} by '
         "moonlight."),
    ],
    "morals": ["it is wise to look twice", "a good friend comes even at midnight",
               "not everything is what it seems", "a mistake is a good reason to laugh"],
}

MUSIC = {
    "roles": [[
        {"tool": "fiddle", "sound": "played"},
        {"tool": "drum", "sound": "beat"},
        {"tool": "flute", "sound": "played"},
        {"tool": "horn", "sound": "blew"},
        {"tool": "harp", "sound": "played"},
    ], [
        {"woe": "the king could not sleep", "cure": "the king closed his eyes and slept"},
        {"woe": "the cows would not give any milk", "cure": "the cows gave more milk than ever"},
        {"woe": "the sheep had run away", "cure": "the sheep came back one by one"},
        {"woe": "the baby next door would not stop crying", "cure": "the baby began to laugh"},
        {"woe": "a swarm of bees sat on the church door",
         "cure": "the bees flew off in a long line"},
    ]],
    "beats": [
        ("{He} had an old {tool}, and {he} {sound} it every day, but not very well.",
         "{hero} owned a {tool} with a [crack|scratch] in it, and {he} {sound} it all day long."),
        ('"[Stop that noise|What a terrible sound]!" said {folk}, and they shut their windows.',
         "{folk} put their fingers in their ears and [shook their heads|ran away]."),
        ('Only {friend}, {fkind}, liked to listen. "[It sounds like you|There is a song in '
         'there]," {fhe} said. "Play on."',
         'But {friend}, {fkind} who lived {spot1}, sat down and tapped {fhis} foot. "Play on," '
         '{fhe} said. "[It gets better every day|I like it]."'),
        maybe("So {hero} went on, [day after day|week after week], {spot2}, where nobody was "
              "disturbed.",
              "So {he} practised {spot2}, with {friend} as the only listener."),
        ("[One day|Then one day] there was trouble: {woe}.",
         "But one [morning|evening] everybody was worried, because {woe}."),
        maybe("{folk} tried [shouting|everything], but nothing helped.",
              "They tried this and they tried that, and it only got worse."),
        ('"Let {hero} try," said {friend}. People laughed, but [nobody had a better idea|they '
         "were tired and let {him} come].",
         '{friend} pushed {hero} forward. "Now," {fhe} whispered. "[Play as you play for me|Do '
         'not be afraid]."'),
        ("{hero} took the {tool} with trembling heart and began. The song was slow and "
         "[sweet|soft], and everyone grew still.",
         "At first the {tool} shook. Then {hero} looked at {friend}, and the music came, warm "
         "and clear."),
        ("And see, {cure}!",
         "Before the song was over, {cure}."),
        maybe('"[Again|One more song]!" cried {folk}, and nobody ever shut a window again.',
              "{folk} threw their hats into the air, and {friend} [clapped the loudest|was very "
              "proud]."),
    ],
    "morals": ["practice turns noise into music", "one good listener is enough to begin",
               "everyone has a song inside", "it is good to keep on trying"],
}

SHAPES = [LOST, QUARREL, CLIMB, TRICK, FOUND, STORM, MAKE, NEWCOMER, ERRAND, GARDEN, NOISE,
          CONTEST, WISH, RESCUE, MOON, MUSIC]

# ---------------------------------------------------------------------------------- the grammar


def split_choice(text, start):
    """The parts of the bracket that opens at `start`, and where it ends."""
    parts, depth, begin = [], 0, start + 1
    for at in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if (text[at] == "|" and depth == 1) or depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
        if depth == 0:
            return parts, at + 1
    raise ValueError("unclosed bracket: " + text)


def capital(text):
    return text[:1].upper() + text[1:]


class Teller:
    """Tells one tale at a time; `nats` adds up how many choices the tale took."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def pick(self, options):
        self.nats += math.log(len(options))
        return options[self.rng.randrange(len(options))]

    def pick_some(self, options, count):
        """`count` different options, in random order."""
        rest, chosen = list(options), []
        for _ in range(count):
            chosen.append(self.pick(rest))
            rest.remove(chosen[-1])
        return chosen

    def say(self, template):
        """Expands brackets and names until none is left, then mends articles."""
        text = template
        while "[" in text or "{" in text:
            start = text.find("[")
            if start >= 0:
                parts, end = split_choice(text, start)
                text = text[:start] + self.pick(parts) + text[end:]
            else:
                text = re.sub(r"\{(\w+)\}", self.bound, text)
        return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)

    def bound(self, match):
        word = match.group(1)
        value = self.words[word[0].lower() + word[1:]]
        return capital(value) if word[0].isupper() else value

    def character(self):
        """A nature and a kind, such as "a shy otter"; CHILD is a girl or boy by pronoun."""
        group = self.pick([ANIMALS, ANIMALS, TRADES, ["CHILD"]])
        return "a " + self.pick(NATURES) + " " + self.pick(group)

    def cast(self):
        """Binds hero and friend, with different pronouns so that no "she" is ambiguous."""
        hero, friend = self.pick([(SHE, HE), (HE, SHE)])
        self.words.update(hero)
        self.words.update({"f" + key: friend[key] for key in ("he", "him", "his")})
        self.words["hero"] = self.pick(GIRLS if hero is SHE else BOYS)
        self.words["friend"] = self.pick(GIRLS if friend is SHE else BOYS)
        kind = self.character()
        other = self.character()
        # Two of a kind would make "the otter" mean either of them.
        while other.split()[-1] == kind.split()[-1]:
            other = self.character()
        self.words["kind"] = kind.replace("CHILD", hero["child"])
        self.words["fkind"] = other.replace("CHILD", friend["child"])
        helpers = [trade for trade in TRADES if trade not in kind + other]
        self.words["helper1"], self.words["helper2"] = self.pick_some(helpers, 2)

    def scene(self, shape):
        """Binds place, day, hobby, food and what the shape needs."""
        place = self.pick(PLACES)
        self.words.update({key: place[key] for key in ("where", "peak", "folk", "hush")})
        for i, spot in enumerate(self.pick_some(place["spots"], 3)):
            self.words["spot%d" % (i + 1)] = spot
        weather = self.pick(shape.get("weathers", list(WEATHERS)))
        self.words["weather"] = weather
        self.words["sky"] = WEATHERS[weather]
        self.words["time"] = self.pick(shape.get("times", ["morning", "morning", "afternoon"]))
        for role in [HOBBIES, FOODS] + [r for r in shape["roles"] if r is not FOODS]:
            self.words.update(self.pick(role))
        self.words["moral"] = self.pick(shape["morals"])

    def opening(self):
        if self.pick([0, 0, 1]):
            self.words["when"] = "that [same|very] {time}"
            return self.say(self.pick(SUDDEN_OPENINGS))
        self.words["when"] = "[one|one|on a] {weather} {time}"
        return self.say(self.pick(OPENINGS)) + " " + self.say(self.pick(NATURE_LINES))

    def ending(self):
        """A moral and a last picture, in either order, or one of the two."""
        lines = [self.say(self.pick(MORAL_LINES)), self.say(self.pick(ENDINGS))]
        return " ".join(capital(line) for line in self.pick(
            [lines, lines[::-1], lines[:1], lines[1:]]))

    def attempt(self, shape):
        self.words, self.nats = {}, math.log(len(SHAPES))
        self.cast()
        self.scene(shape)
        parts = [self.opening()]
        middle = [capital(self.say(self.pick(beat))) for beat in shape["beats"]]
        parts.append(" ".join(line for line in middle if line))
        parts.append(capital(self.ending()))
        return "\n\n".join(parts)

    def tale(self):
        """A tale of the right length; the others are dropped, but every shape keeps its share."""
        shape = self.rng.choice(SHAPES)
        while True:
            text = self.attempt(shape)
            if SHORTEST <= len(re.findall(r"\w+|[^\w\s]+", text)) <= LONGEST:
                return text


def tales(seed, count):
    """`count` tales of this seed, each without its end token."""
    teller = Teller(seed)
    for _ in range(count):
        yield teller.tale()


if __name__ == "__main__":
    for story in tales(seed=7, count=int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        print(story + "\n" + END + "\n")
