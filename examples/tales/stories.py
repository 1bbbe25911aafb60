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

from shapes_village import CLIMB, FOUND, LOST, QUARREL, TRICK
from shapes_wonder import CONTEST, MOON, MUSIC, NOISE, RESCUE, WISH
from shapes_work import ERRAND, GARDEN, MAKE, NEWCOMER, STORM
from words import (ANIMALS, BOYS, ENDINGS, FOODS, GIRLS, HE, HOBBIES, MORAL_LINES, NATURE_LINES,
                   NATURES, OPENINGS, PLACES, SHE, SUDDEN_OPENINGS, TRADES, WEATHERS)

END = "<|endoftext|>"

# The model is trained on rows of 256 tokens and a tale must fit in one row.  A word or a
# punctuation mark is about one token, so counting those keeps the tokenizer out of this file.
SHORTEST, LONGEST = 125, 222

# A shape is a dict: `roles` lists what is bound besides the cast (one dict is picked from each),
# `beats` tells the middle, `morals` are clauses.  `weathers` and `times` narrow the day.
SHAPES = [LOST, QUARREL, CLIMB, TRICK, FOUND, STORM, MAKE, NEWCOMER, ERRAND, GARDEN, NOISE,
          CONTEST, WISH, RESCUE, MOON, MUSIC]


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
