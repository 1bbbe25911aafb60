"""Shapes about work and promises: storms, newcomers, errands and gardens.

What a shape is, stories.py says.
"""

from words import ELDERS, FOODS, maybe

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
