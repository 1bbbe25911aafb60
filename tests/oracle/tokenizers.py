"""Compares the tokenizer of the runtime with the package `tokenizers` (0.23), id by id:

    python3 tests/oracle/tokenizers.py [--count 20000] [--seed 1] [--tool PROGRAM]

Every tokenizer of tests/Inputs/text, and variants of it, gets every code point in several places,
one word of a megabyte, and random texts; and random ids to decode. PROGRAM is tokenize.cpp of this
folder, the target `tokenize` of the build.
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


def fixtures():
    """Yields name and tokenizer.json: the fixtures, and each with one setting changed."""
    for path in sorted((ROOT / "tests/Inputs/text").glob("*.inc")):
        if path.stem == "golden":
            continue
        text = path.read_text(encoding="utf-8")
        text = text.removeprefix('R"json(').removesuffix(')json"\n')
        yield path.stem, text
        file = json.loads(text)
        if file["pre_tokenizer"]["type"] == "ByteLevel":
            file["pre_tokenizer"]["add_prefix_space"] = True
            yield path.stem + " with prefix space", json.dumps(file)
            file["pre_tokenizer"]["use_regex"] = False
            yield path.stem + " with prefix space, without regex", json.dumps(file)
        file = json.loads(text)
        file["model"]["ignore_merges"] = not file["model"]["ignore_merges"]
        yield path.stem + " with ignore_merges turned", json.dumps(file, ensure_ascii=False)
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
        yield path.stem + " without some bytes", json.dumps(file, ensure_ascii=False)


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
            "石", "石壁", "かな", "한", "भाषा", "🙂", "👩\u200d👩", "\u0000", "\ufeff", "\ufffd",
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


def requests(reference, texts, count):
    """Yields mode, payload and the answer of the package."""

    def encoded(text, mode):
        reference.encode_special_tokens = not mode & READ
        ids = reference.encode(text, add_special_tokens=bool(mode & ADD)).ids
        return " ".join(map(str, ids))

    def decoded(ids, mode):
        return reference.decode(ids, skip_special_tokens=not mode & ADD).encode().hex()

    for text in systematic(29):
        yield READ, text.encode(), encoded(text, READ)
    for text in ["a" * 10**6, "ab\u00e9" * 10**5, " " * 10**5, "\n " * 1000, "'" * 10**5]:
        yield READ, text.encode(), encoded(text, READ)
    for i in range(count):
        mode = texts.random.choice([0, ADD, READ, ADD | READ])
        data = texts.broken() if i % 4 == 3 else texts.text().encode()
        yield mode, data, encoded(data.decode(errors="replace"), mode)
    for _ in range(count // 4):
        size = reference.get_vocab_size() + 5
        ids = [texts.random.randrange(size) for _ in range(texts.random.randint(0, 30))]
        mode = IDS | texts.random.choice([0, ADD])
        yield mode, struct.pack(f"<{len(ids)}i", *ids), decoded(ids, mode)


def compare(tool, name, text, count, seed):
    reference = Tokenizer.from_str(text)
    tokens = [t["content"] for t in json.loads(text)["added_tokens"]]
    asked = list(requests(reference, Texts(seed, tokens), count))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "tokenizer.json").write_text(text, encoding="utf-8")
        data = b"".join(struct.pack("<II", mode, len(d)) + d for mode, d, _ in asked)
        run = subprocess.run(
            [tool, folder], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
    answers = run.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(asked), (len(answers), len(asked))
    different = [(a, answer) for a, answer in zip(asked, answers) if a[2] != answer]
    print(f"{name}: {len(asked)} requests, {len(different)} differences")
    for (mode, payload, expected), answer in different[:5]:
        print(f"  mode {mode} {payload[:200]!r}\n    expected {expected[:300]}\n    found    {answer[:300]}")
    return len(different)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", help="default: the one beside the ashlar on PATH")
    options = parser.parse_args()
    beside = pathlib.Path(shutil.which("ashlar") or sys.exit("there is no ashlar on PATH"))
    tool = options.tool or beside.parents[1] / "tests/oracle/tokenize"
    different = sum(
        compare(tool, name, text, options.count, options.seed) for name, text in fixtures()
    )
    sys.exit(different != 0)


if __name__ == "__main__":
    main()
