"""Writes a .npy file of zeros, or one that says something else than it holds. Needs nothing but Python.

    npy_file.py FILE TYPE SHAPE [--version 1] [--fortran] [--bytes N] [--head N]

SHAPE is what stands between the brackets of the tuple; N bytes of numbers, or a length of the head,
are those that belong to it unless they are given.
"""
import argparse
import struct

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("type")
parser.add_argument("shape")
parser.add_argument("--version", type=int, default=1)
parser.add_argument("--fortran", action="store_true")
parser.add_argument("--bytes", type=int)
parser.add_argument("--head", type=int)
o = parser.parse_args()
descr = o.type if o.type.startswith("[") else repr(o.type)
head = f"{{'descr': {descr}, 'fortran_order': {o.fortran}, 'shape': ({o.shape}), }}\n".encode()
count = o.bytes
if count is None:
    count = 4
    for size in o.shape.split(","):
        count *= int(size) if size.isdigit() else 1
with open(o.file, "wb") as file:
    file.write(b"\x93NUMPY" + bytes([o.version, 0]))
    file.write(struct.pack("<H" if o.version == 1 else "<I", len(head) if o.head is None else o.head))
    file.write(head + bytes(count))
