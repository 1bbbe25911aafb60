"""Compares the tokenizer of the runtime with the package `tokenizers` (0.23), id by id:

    python3 tests/oracle/tokenizers.py [--count 200000] [--changed 20000] [--seed 1]
                                       [--tool PROGRAM]

Every tokenizer of tests/Inputs/text gets every code point in several places, one word of a
megabyte, its added tokens in all surroundings, and as many random texts as --count says; a quarter
as many that are no UTF-8, and as many random lists of ids to decode. So does each with one setting
changed, with as many as --changed says. PROGRAM is tokenize.cpp of this folder, the target
`tokenize` of the build.
"""
import argparse
import json
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.pop(0)  # this folder, in which this file has the package's name
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADD, READ, IDS = 1, 2, 4
AT_ONCE = 5000  # texts that the package is given, which it divides among all processors
AROUND = [
    "", " ", "  ", "\n", "\r\n", "\t", "a", "A", "1", "'", "'s", "!", "<", "é", "\u0301", "石", "🙂",
    "\u200d", "\u00a0", "\u0000",
]


def fixtures():
    """Yields name, what was changed, and tokenizer.json: the fixtures, and each with one setting
    changed."""
    for path in sorted((ROOT / "tests/Inputs/text").glob("*.inc")):
        if path.stem == "golden":
            continue
        text = path.read_text(encoding="utf-8")
        text = text.removeprefix('R"json(').removesuffix(')json"\n')
        yield path.stem, "", text
        file = json.loads(text)
        if file["pre_tokenizer"]["type"] == "ByteLevel":
            file["pre_tokenizer"]["add_prefix_space"] = True
            yield path.stem, " with prefix space", json.dumps(file)
            file["pre_tokenizer"]["use_regex"] = False
            yield path.stem, " with prefix space, without regex", json.dumps(file)
        file = json.loads(text)
        normal = file["normalizer"]
        file["normalizer"] = None if normal else {"type": "NFC"}
        change = " without normalizer" if normal else " with NFC"
        yield path.stem, change, json.dumps(file, ensure_ascii=False)
        file = json.loads(text)
        file["model"]["ignore_merges"] = not file["model"]["ignore_merges"]
        yield path.stem, " with ignore_merges turned", json.dumps(file, ensure_ascii=False)
        file = json.loads(text)
        for c in "aeĠ1é":  # and what was merged from them
            file["model"]["vocab"].pop(c, None)
        vocab = file["model"]["vocab"]
        pairs = [p.split(" ") if isinstance(p, str) else p for p in file["model"]["merges"]]
        file["model"]["merges"] = [p for p in pairs if p[0] in vocab and p[1] in vocab]
        file["model"]["vocab"] = {t: i for i, t in enumerate(vocab)}
        model, extra = file["model"]["vocab"], 0
        for token in file["added_tokens"]:
            if token["content"] in model:
                token["id"] = model[token["content"]]
            else:
                token["id"] = len(model) + extra
                extra += 1
        file["post_processor"] = None
        yield path.stem, " without some bytes", json.dumps(file, ensure_ascii=False)


def code_points():
    for c in range(0x110000):
        if not 0xD800 <= c < 0xE000:
            yield chr(c)


def systematic(every):
    """All code points among characters of each class, and some of them in more places."""
    block = ""
    for i, c in enumerate(code_points()):
        block += f"{c}a{c}1{c}! {c}{c}stones{c}"
        if i % 1000 == 999:
            yield block
            block = ""
        if i % every == 0 or i < 0x400:
            yield f"{c}a {c}1{c}!'{c} '{c}e '{c}l 'r{c} 'l{c} 'v{c}\n{c}\n {c}  {c}{c}wall{c}"
    yield block


class Texts:
    def __init__(self, seed, tokens):
        self.random = random.Random(seed)
        self.parts = [
            "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'rE", "'\u017f", "'", "''",
            " ", "  ", "   ", "\n", "\r", "\r\n", "\t", "\u00a0", "\u0085", "\u2028", "\u3000",
            "\u180e", "\u200b", "\u200d", "the", "stone", "stones", "wall", "place", "River", "a",
            "1", "12", "123", "٣", "½", "!", "?!", "...", "(", "]", "é", "e\u0301", "ß", "мир",
            "石", "石壁", "かな", "か\u3099", "한", "\u1112", "\u1161", "\u11ab", "하", "\u0323",
            "\u0307", "\u0308", "\u0327", "\u0345", "\u0344", "ṩ", "q", "u\u0308", "\u0958", "भाषा", "🙂", "👩\u200d👩", "\u0000", "\ufeff", "\ufffd",
        ] + tokens
        # Halves of added tokens, too.
        self.parts += [t[: len(t) // 2] for t in tokens] + [t[len(t) // 2 :] for t in tokens]

    def character(self):
        top = self.random.choice([0x7F, 0xFF, 0x24F, 0x7FF, 0x33FF, 0xFFFF, 0x1FFFF, 0x10FFFF])
        while True:
            c = self.random.randint(0, top)
            if not 0xD800 <= c < 0xE000:
                return chr(c)

    def text(self):
        n = self.random.choice([1, 2, 3, 5, 8, 20, 60])
        share = self.random.choice([0, 0.1, 0.5, 1])
        pick = lambda: (
            self.character() if self.random.random() < share else self.random.choice(self.parts)
        )
        return "".join(pick() for _ in range(n))

    def broken(self):
        """Bytes that are not always UTF-8."""
        data = bytearray(self.text().encode())
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randint(0, len(data))
            data[at : at + self.random.randint(0, 1)] = self.random.randbytes(
                self.random.randint(0, 2)
            )
        return bytes(data)


def edges(tokens):
    """Added tokens between all that may stand beside them, halves of others too; and what is nearly
    one."""
    halves = [half for t in tokens for half in (t[: len(t) // 2], t[len(t) // 2 :])]
    around = AROUND + tokens + halves
    for token in tokens:
        for left in around:
            for right in around:
                yield left + token + right
        for i, c in enumerate(token):
            for other in ["", " ", c + c, c.swapcase(), "\u0301" + c]:
                yield f"a {token[:i]}{other}{token[i + 1 :]} a"


def requests(size, tokens, texts, count):
    """Yields mode and payload, for a tokenizer of that size with those added tokens."""
    for text in systematic(29):
        yield READ, text.encode()
    for text in ["a" * 10**6, "ab\u00e9" * 10**5, " " * 10**5, "\n " * 1000, "'" * 10**5]:
        yield READ, text.encode()
    for text in edges(tokens):
        for mode in [READ, ADD]:
            yield mode, text.encode()
    modes = [0, ADD, READ, ADD | READ]
    for _ in range(count):
        yield texts.random.choice(modes), texts.text().encode()
    for _ in range(count // 4):
        yield texts.random.choice(modes), texts.broken()
    for _ in range(count // 4):
        ids = [texts.random.randrange(size + 5) for _ in range(texts.random.randint(0, 30))]
        yield IDS | texts.random.choice([0, ADD]), struct.pack(f"<{len(ids)}i", *ids)


def expected(reference, asked):
    """What the package says, in the same order."""
    answers = [""] * len(asked)
    for mode in sorted({mode for mode, _ in asked}):
        # Whole groups of one mode: this is a setting of the package, not of a call.
        reference.encode_special_tokens = not mode & READ
        places = [i for i, (other, _) in enumerate(asked) if other == mode]
        for first in range(0, len(places), AT_ONCE):
            some = places[first : first + AT_ONCE]
            given = [asked[i][1] for i in some]
            if mode & IDS:
                ids = [struct.unpack(f"<{len(data) // 4}i", data) for data in given]
                found = reference.decode_batch(ids, skip_special_tokens=not mode & ADD)
                found = [text.encode().hex() for text in found]
            else:
                given = [data.decode(errors="replace") for data in given]
                found = reference.encode_batch_fast(given, add_special_tokens=bool(mode & ADD))
                found = [" ".join(map(str, encoding.ids)) for encoding in found]
            for i, answer in zip(some, found, strict=True):
                answers[i] = answer
    return answers


def compare(tool, name, text, count, seed):
    reference = Tokenizer.from_str(text)
    tokens = [t["content"] for t in json.loads(text)["added_tokens"]]
    asked = list(requests(reference.get_vocab_size(), tokens, Texts(seed, tokens), count))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "tokenizer.json").write_text(text, encoding="utf-8")
        data = b"".join(struct.pack("<II", mode, len(d)) + d for mode, d in asked)
        quiet = subprocess.DEVNULL
        run = subprocess.run(
            [tool, folder], input=data, stdout=subprocess.PIPE, stderr=quiet, check=True
        )
    found = run.stdout.decode().split("\n")[:-1]
    assert len(found) == len(asked), (len(found), len(asked))
    answers = zip(asked, expected(reference, asked), found)
    different = [(request, a, b) for request, a, b in answers if a != b]
    print(f"{name}: {count} random texts of {len(asked)} requests, {len(different)} differences")
    for (mode, payload), a, b in different[:5]:
        print(f"  mode {mode} {payload[:200]!r}\n    expected {a[:300]}\n    found    {b[:300]}")
    return len(different)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200000, help="random texts for a tokenizer")
    parser.add_argument("--changed", type=int, default=20000, help="and for one that was changed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", help="default: the one beside the ashlar on PATH")
    options = parser.parse_args()
    beside = pathlib.Path(shutil.which("ashlar") or sys.exit("there is no ashlar on PATH"))
    tool = options.tool or beside.parents[1] / "tests/oracle/tokenize"
    different = 0
    for name, change, text in fixtures():
        count = options.changed if change else options.count
        different += compare(tool, name + change, text, count, options.seed)
    sys.exit(different != 0)


if __name__ == "__main__":
    main()
