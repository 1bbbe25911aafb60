"""Writes runtime/text/UnicodeRanges.h, the classes of characters, and Composition.h, what becomes
of them in normal form C:

    python3 -m pip install unicodedata2==16.0.0 tokenizers==0.23.3
    python3 runtime/text/unicode_tables.py

Both are as the Python package `tokenizers` has them built in, so that text becomes the same ids:
classes by Unicode 16.0, the normal form by an older version, which leaves younger characters as
they are. Which ones it knows, it is asked. tests/oracle/tokenizers.py compares every code point.
"""
import pathlib

import unicodedata2
from tokenizers import normalizers

assert unicodedata2.unidata_version == "16.0.0", unicodedata2.unidata_version

LETTER, NUMBER, WORD = 1, 2, 4

# Other_Alphabetic beyond the categories below: the circled and squared letters.
CIRCLED = [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]
JOINERS = (0x200C, 0x200D)

ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)  # composed by a rule, not by a table

composed = normalizers.NFC().normalize_str
decomposed = normalizers.NFD().normalize_str


def classes(c):
    category = unicodedata2.category(chr(c))
    result = 0
    if category[0] == "L":
        result |= LETTER
    if category[0] == "N":
        result |= NUMBER
    if (
        category[0] in "LM"
        or category in ("Nd", "Nl", "Pc")
        or c in JOINERS
        or any(first <= c <= last for first, last in CIRCLED)
    ):
        result |= WORD
    return result


def mark_classes():
    """The canonical combining class of every mark that the package knows."""
    marks = {c: unicodedata2.combining(chr(c)) for c in ALL if unicodedata2.combining(chr(c))}
    low = {}
    for c, k in marks.items():
        low.setdefault(k, c)
    known = {}
    for c, k in marks.items():
        # Out of order beside a mark of another class, a mark that is known changes its place.
        other = 220 if k == 1 else 1
        text = chr(c) + chr(low[other]) if k > other else chr(low[other]) + chr(c)
        if decomposed("x" + text) != "x" + "".join(map(decomposed, text)):
            known[c] = k
    return known


def decompositions():
    """Code point, the one or two that it becomes, and whether two become it again."""
    for c in ALL:
        if c in HANGUL or decomposed(chr(c)) == chr(c):
            continue
        parts = [int(part, 16) for part in unicodedata2.decomposition(chr(c)).split()]
        text = "".join(map(chr, parts))
        assert len(parts) in (1, 2) and decomposed(text) == decomposed(chr(c))
        assert decomposed(text[1:]) == text[1:]  # only the first is looked up again
        yield c, parts[0], parts[1] if len(parts) == 2 else 0, composed(text) == chr(c)


def starts(value, shift):
    """Where a function of code points changes, and to what: (code point << shift) | value."""
    before = None
    for c in range(0x110000):
        now = value(c)
        if now != before:
            yield c << shift | now
            before = now


def array(kind, name, numbers, per_line):
    numbers = [f"{number:#x}" for number in numbers]
    lines = [f"inline constexpr {kind} {name}[] = {{"]
    for i in range(0, len(numbers), per_line):
        lines.append("    " + ", ".join(numbers[i : i + per_line]) + ",")
    return lines + ["};"]


def write(name, comment, *arrays):
    lines = [f"/// {line}" for line in [*comment, "Written by unicode_tables.py."]]
    lines += ["#pragma once", "", "#include <cstdint>", ""]
    lines += ["namespace ashlar {", "", "// clang-format off"]
    for i, part in enumerate(arrays):
        lines += [""] * (i > 0) + part
    lines += ["// clang-format on", "", "} // namespace ashlar", ""]
    pathlib.Path(__file__).with_name(name).write_text("\n".join(lines))


def main():
    write(
        "UnicodeRanges.h",
        [
            "Where the classes of characters change, by Unicode 16.0: (code point << 3) | classes,",
            "ascending. 1: letter (L), 2: number (N), 4: word character (as in a regex's \\w).",
        ],
        array("uint32_t", "UnicodeRanges", starts(classes, 3), 10),
    )
    marks = mark_classes()
    write(
        "Composition.h",
        [
            "What normal form C is made by. MarkRanges: where the combining class changes,",
            "(code point << 8) | class. Decompositions: (code point << 43) | (first << 22) |",
            "(second << 1) | whether both become it again; second is 0 where there is none.",
            "Both are ascending.",
        ],
        array("uint32_t", "MarkRanges", starts(lambda c: marks.get(c, 0), 8), 9),
        array(
            "uint64_t",
            "Decompositions",
            (c << 43 | a << 22 | b << 1 | again for c, a, b, again in decompositions()),
            7,
        ),
    )


if __name__ == "__main__":
    main()
