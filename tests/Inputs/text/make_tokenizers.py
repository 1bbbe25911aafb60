"""Makes the fixtures of the tokenizer tests with the package `tokenizers` (0.23):

    python3 tests/Inputs/text/make_tokenizers.py

Three small byte-level BPE tokenizers, trained on text that is made here, and golden.inc, what the
package says to texts that are hard to cut. The tokenizers are tokenizer.json files wrapped as C++
string literals, so that the unit tests carry them inside; tests/oracle/tokenizers.py unwraps them.
"""
import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

HERE = pathlib.Path(__file__).parent

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

WORDS = """the a of to and in that it is was for on with as at by from stone wall cut fit place one
two three small great river house light never under over between them they're we'll don't I'm he'd
you've it's Water HOUSE tokens memory weights layer layers schedule planning planned plans größer
naïve café été мир слово слова 石 石壁 図書館 かな カナ 한국어 भाषा שלום سلام emoji 🙂 🙃 e\u0301 3 14 159
2653 58979 0x1f fn(x) a[i] == != += // /* */ {} () "quoted" 'single' … — –""".split()
SPACES = [" "] * 12 + ["  ", "\n", "\n\n", "\t", "\r\n", "    ", "\u00a0"]


def training_text():
    rng = random.Random(20)
    for _ in range(400):
        yield "".join(
            rng.choice(WORDS) + rng.choice(["", "", "", ".", ",", "!", ":"]) + rng.choice(SPACES)
            for _ in range(40)
        )


def train(pre_tokenizer, special, normalizer=None, size=600):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        training_text(),
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def gpt2():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    file = json.loads(train(byte_level, ["<|endoftext|>"]).to_str())
    file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
    return file


def llama3():
    tokenizer = train(split(LLAMA3), ["<|begin_of_text|>", "<|end_of_text|>"])
    bos = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A",
                pair="<|begin_of_text|> $A <|begin_of_text|> $B",
                special_tokens=[("<|begin_of_text|>", bos)],
            ),
        ]
    )
    file = json.loads(tokenizer.to_str())
    # Tokens that no merge leads to: only a piece as a whole can be one.
    for token in ["Ġunmerged", "Zq", "ĠĠĠĠĠĠĠĠĠĠ"]:
        file["model"]["vocab"][token] = len(file["model"]["vocab"])
    file["model"]["ignore_merges"] = True
    return file


def qwen2():
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = train(split(QWEN2), special, normalizers.NFC())
    tokenizer.add_tokens(
        [
            AddedToken("<tool>", normalized=False),
            AddedToken("<tool>s", normalized=False),
            AddedToken("stones", single_word=True),
            AddedToken("wall", single_word=True, normalized=False),
            AddedToken("<left>", lstrip=True, normalized=False),
            AddedToken("<right>", rstrip=True),
            AddedToken("<both>", lstrip=True, rstrip=True, normalized=False, special=True),
            AddedToken(" \n", rstrip=True, normalized=False),
            AddedToken("Ġfoo", normalized=False),
            AddedToken("übergröße ß"),
            AddedToken("fu\u0308nf"),  # looked for as fünf
            AddedToken("se\u0301t", normalized=False),  # never composed
        ]
    )
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return json.loads(tokenizer.to_str())


TOKENIZERS = {"gpt2": gpt2, "llama3": llama3, "qwen2": qwen2}

TEXTS = [
    "",
    " ",
    "   ",
    "a",
    " a",
    "The stone is cut to fit one place in one wall.",
    "they're we'll don't I'm he'd you've it's",
    "THEY'RE WE'LL DON'T I'M HE'D YOU'VE IT'S'",
    "it'\u017f IT'\u017f 'S's'\u017fs '\u212a 'l 'r' ''s",
    "'sa 'reb ' s 're've",
    "  two   three    four \t five\t\tsix",
    "trailing   ",
    "trailing \n",
    "\n",
    "\n\n\n  x",
    "a\r\nb\r\n\r\nc \r\n d",
    "  \n  \n  x\n  ",
    ".\n\n!!\r\n ?\n",
    "nbsp\u00a0\u00a0x nel\u0085\u0085x ls\u2028x ogham\u1680x em\u2003\u2003x mvs\u180ex zwsp\u200bx",
    "1 12 123 1234 12345 1234567 3.14159 1,000,000",
    "x1 1x ٣٤٥٦ १२३४५ Ⅷ ½¾ ² ①②③④",
    "größer NAÏVE café cafe\u0301 e\u0301\u0302\u0303 \u0301alone",
    "fünf fu\u0308nf fu\u0327\u0308nf sét se\u0301t e\u0301t u\u0308bergro\u0308ße ß \u0308nf",
    "q\u0307\u0323 q\u0323\u0307 \u1e0b\u0323 a\u0345\u0301\u0327\u0316 \u0344\u0958\u2126\u212b\ufa30\U0002f800",
    "\u1112\u1161\u11ab\u1100\u1173\u11af \ud558\u11ab \uac00\u11a7 \u1100\u1176 \U0001d15e \U00011935\U00011930",
    "мир слово 石壁図書館 かなカナ 한국어 भाषा שלום سلام ไทย",
    "🙂🙃 👩\u200d👩\u200d👧 🇩🇪 \u2764\ufe0f",
    "\U00010d50\U00010d40 \u0897 \u1c89 \ua7cb \U000105c0 new in 16",
    "\ufeffbom \ufffd \U0010ffff \u0000 \u0001\u007f",
    "def f(x):\n    return x[0] == 0x1f  # comment\n\n\nif not a:\n\tpass\n",
    "((())) [[]] {}{} <<>> ==!= //**// \"quoted\" 'single' `tick`",
    " unmerged unmerged Zq Zqq  Zq          x",
    "<|endoftext|>",
    "<|endoftext|>a<|endoftext|><|endoftext|> b <|endoftext|>",
    "<|endoftext| > <|endoftext <<|endoftext|>>",
    "<|begin_of_text|>hello<|end_of_text|>\n<|begin_of_text|>",
    "<|im_start|>user\nstones<|im_end|>\n<|im_start|>",
    "<tool>s <tool>x<tool",
    "stones stones. astones stonesb 'stones' stones_ ⓢstones\u0301 wall wallwall wall",
    "x  <left>  y  <right>  z  <both>  <both>\n\n<left><right>",
    "a \n \n \n b  \n  <left>",
    "Ġfoo foo Ġ übergröße ß übergröße ßa",
    "a" * 300,
    "ab" * 200 + " " * 50 + "!" * 100 + "9" * 50,
]


def literal(data):
    """A C++ string literal: octal escapes have a fixed length, others eat what follows."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in data) + '"'


def main():
    lines = ["// Written by make_tokenizers.py: {text, ids, ids of plain text, decoded, shown}."]
    for name, make in TOKENIZERS.items():
        file = make()
        text = json.dumps(file, ensure_ascii=False, indent=None, separators=(",", ":"))
        for part in ('"added_tokens"', '"normalizer"', '"pre_tokenizer"', '"post_processor"',
                     '"decoder"', '"model"', '"vocab"', '"merges"'):
            text = text.replace("," + part, ",\n" + part, 1)
        # A literal of this kind ends only at its own delimiter, which no tokenizer contains.
        assert ')json"' not in text
        (HERE / f"{name}.inc").write_text('R"json(' + text + ')json"\n', encoding="utf-8")
        tokenizer = Tokenizer.from_str(text)
        lines.append(f"static const Golden {name}Golden[] = {{")
        for sample in TEXTS:
            tokenizer.encode_special_tokens = True
            plain = tokenizer.encode(sample, add_special_tokens=False).ids
            tokenizer.encode_special_tokens = False
            ids = tokenizer.encode(sample).ids
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            shown = tokenizer.decode(ids, skip_special_tokens=True)
            lines.append(f"    {{{literal(sample.encode())}sv,")
            lines.append(f"     {{{','.join(map(str, ids))}}},")
            lines.append(f"     {{{','.join(map(str, plain))}}},")
            lines.append(f"     {literal(decoded.encode())}sv,")
            lines.append(f"     {literal(shown.encode())}sv}},")
        lines.append("};")
    (HERE / "golden.inc").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
