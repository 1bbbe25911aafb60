"""Copies a pack with one bit changed: of its index, or of its plan's text.

    flip.py PACK COPY index|plan
"""
import struct
import sys


def main(pack, copy, what):
    with open(pack, "rb") as file:
        data = bytearray(file.read())
    index = struct.unpack_from("<Q", data, 80)[0]  # behind magic, version, count and two digests
    at = index + 16 if what == "index" else data.index(b"ashlar plan 1\n") + 20
    data[at] ^= 1
    with open(copy, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
