"""Copies a checkpoint of one weight file with some numbers of a tensor changed.

    set_numbers.py CHECKPOINT COPY TENSOR INDEX=NUMBER…
"""
import json
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Inputs"))
from checkpoints import encode


def main(checkpoint, to, tensor, *changes):
    shutil.copytree(checkpoint, to, dirs_exist_ok=True)
    path = os.path.join(to, "model.safetensors")
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + struct.unpack_from("<Q", data)[0]
    entry = json.loads(data[8:start])[tensor]
    for change in changes:
        index, number = change.split("=")
        number = encode([float(number)], entry["dtype"])
        at = start + entry["data_offsets"][0] + int(index) * len(number)
        data[at : at + len(number)] = number
    with open(path, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
