"""Who and what the tales are about: names, places, weathers, and the sentences that open and end
a tale. How a sentence is written, stories.py says.
"""

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


def maybe(*lines):
    """A beat that half of the tales leave out."""
    return ("[[" + "|".join(lines) + "]|]",)
