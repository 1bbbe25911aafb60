"""Copies a pack with some bytes of a section, or of what is about them, changed, and all its checksums
right again: what only another writer of packs would make.

    reseal.py PACK COPY SECTION OFFSET BYTES(hexadecimal) [COUNT]

SECTION: weight (the first), plan, tokenizer, report, header, index, or names.
"""
import struct
import sys

MASK = 2**64 - 1
P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
KINDS = ["weight", "plan", "tokenizer", "report"]
HEADER, ENTRY, TRAILER = 128, 48, 64  # as runtime/PackFormat.h has them


def rotate(x, n):
    return (x << n | x >> (64 - n)) & MASK


def step(lane, word):
    return rotate((lane + word * P2) & MASK, 31) * P1 & MASK


def xxh64(data):
    """With seed 0."""
    at = len(data) // 32 * 32
    total = P5
    if at:
        lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
        for words in struct.iter_unpack("<4Q", data[:at]):
            lanes = [step(lane, word) for lane, word in zip(lanes, words)]
        total = sum(rotate(lane, n) for lane, n in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            total = ((total ^ step(0, lane)) * P1 + P4) & MASK
    total = (total + len(data)) & MASK
    for size, turn, p, q in ((8, 27, P1, P4), (4, 23, P2, P3), (1, 11, P1, 0)):
        while len(data) - at >= size:
            word = int.from_bytes(data[at : at + size], "little")
            word = step(0, word) if size == 8 else word * (P1 if size == 4 else P5)
            total = (rotate((total ^ word) & MASK, turn) * p + q) & MASK
            at += size
    for shift, p in ((33, P2), (29, P3), (32, 1)):
        total = (total ^ total >> shift) * p & MASK
    return total


def main(pack, copy, section, offset, change, count=1):
    with open(pack, "rb") as file:
        data = bytearray(file.read())
    entries = struct.unpack_from("<I", data, 12)[0]
    index, names, name_bytes = struct.unpack_from("<3Q", data, 80)
    change = bytes.fromhex(change) * int(count)
    places = {
        "header": (0, HEADER, None),
        "index": (index, entries * ENTRY, None),
        "names": (names, name_bytes, None),
    }
    for entry in range(index, index + entries * ENTRY, ENTRY):
        kind, at, size = struct.unpack_from("<IQQ", data, entry + 12)
        places.setdefault(KINDS[kind], (at, size, entry + 32))
    start, size, checksum = places[section]
    data[start + int(offset) : start + int(offset) + len(change)] = change
    if checksum:
        struct.pack_into("<Q", data, checksum, xxh64(data[start : start + size]))
    sealed = data[:HEADER] + data[index : index + entries * ENTRY] + data[names : names + name_bytes]
    struct.pack_into("<Q", data, len(data) - TRAILER + 8, xxh64(sealed))
    with open(copy, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
