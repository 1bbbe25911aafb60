"""Copies the header of a pack to a file that is one large hole otherwise.

    sparse.py PACK COPY plan|index|names

What is as large as an app may believe, and a little more: a plan, whose sums are right but for its own;
an index; or the names.
"""
import struct
import sys

from reseal import ENTRY, HEADER, TRAILER, xxh64

LARGE = 1 << 30
SIZE, ENTRIES = LARGE + 8192, 1 << 24


def main(pack, copy, what):
    with open(pack, "rb") as file:
        header = bytearray(file.read(HEADER))
    entry = struct.pack("<QIIQQQ8x", 0, 0, 1, 4096, LARGE + 1, 0)
    entries, name_bytes = {"plan": (1, 0), "index": (ENTRIES, 0), "names": (0, LARGE + 1)}[what]
    struct.pack_into("<I", header, 12, entries)
    struct.pack_into("<3Q", header, 80, HEADER, HEADER + entries * ENTRY, name_bytes)
    sum = xxh64(header + entry) if what == "plan" else 0
    with open(copy, "wb") as file:
        file.truncate(SIZE)
        file.write(header + entry)
        file.seek(SIZE - TRAILER)
        file.write(struct.pack("<2Q40x8s", SIZE, sum, b"ASHLPEND"))


if __name__ == "__main__":
    main(*sys.argv[1:])
