"""Shapes about wonders and rescues: noises, contests, wishes, the moon and music.

What a shape is, stories.py says.
"""

from words import FOODS, maybe

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
