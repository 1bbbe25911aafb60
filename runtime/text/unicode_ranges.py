"""Writes runtime/text/UnicodeRanges.h, the table of character classes:

    python3 -m pip install unicodedata2==16.0.0 && python3 runtime/text/unicode_ranges.py

The version of Unicode is the one that the Python package `tokenizers` has built in (0.23: 16.0), so
that both cut text at the same places; tests/oracle/tokenizers.py compares every code point.
"""
import pathlib

import unicodedata2

assert unicodedata2.unidata_version == "16.0.0", unicodedata2.unidata_version

LETTER, NUMBER, WORD = 1, 2, 4

# Other_Alphabetic beyond the categories below: the circled and squared letters.
CIRCLED = [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]
JOINERS = (0x200C, 0x200D)


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


def main():
    starts = []
    before = None
    for c in range(0x110000):
        now = classes(c)
        if now != before:
            starts.append(c << 3 | now)
            before = now
    lines = []
    for i in range(0, len(starts), 10):
        lines.append("    " + ", ".join(f"{s:#x}" for s in starts[i : i + 10]) + ",")
    text = "\n".join(
        [
            "/// Where the classes of characters change, by Unicode 16.0: (code point << 3) | classes,",
            "/// ascending. 1: letter (L), 2: number (N), 4: word character (as in a regex's \\w).",
            "/// Written by unicode_ranges.py.",
            "#pragma once",
            "",
            "#include <cstdint>",
            "",
            "namespace ashlar {",
            "",
            "// clang-format off",
            "inline constexpr uint32_t UnicodeRanges[] = {",
            *lines,
            "};",
            "// clang-format on",
            "",
            "} // namespace ashlar",
            "",
        ]
    )
    pathlib.Path(__file__).with_name("UnicodeRanges.h").write_text(text)


if __name__ == "__main__":
    main()
