"""Looks at logits in .npy files, with nothing but Python.

    npy.py shape FILE             prints type and shape
    npy.py near FILE FILE         fails when they differ by more than rounding
    npy.py greedy FILE IDS N      fails unless each of IDS from the N-th on is the likeliest to follow
"""
import array
import ast
import math
import struct
import sys

TOLERANCE = 2e-4  # of the largest logit: sums of f32 in another order


def read(path):
    with open(path, "rb") as file:
        magic, length = file.read(8), struct.unpack("<H", file.read(2))[0]
        assert magic == b"\x93NUMPY\x01\x00" and (10 + length) % 64 == 0, "not a .npy file"
        header = ast.literal_eval(file.read(length).decode("latin-1"))
        values = array.array("f")
        values.frombytes(file.read())
    rows, columns = header["shape"]
    assert header["descr"] == "<f4" and not header["fortran_order"]
    assert len(values) == rows * columns, f"{len(values)} numbers in a file of {rows} x {columns}"
    assert all(map(math.isfinite, values)), "not finite"
    return [values[i * columns : (i + 1) * columns] for i in range(rows)]


def shape(path):
    rows = read(path)
    print(f"float32 [{len(rows)}, {len(rows[0])}]")


def near(left, right):
    a, b = read(left), read(right)
    assert len(a) == len(b) and len(a[0]) == len(b[0]), "shapes differ"
    largest = max(max(map(abs, row)) for row in a)
    apart = max(abs(x - y) for p, q in zip(a, b) for x, y in zip(p, q))
    assert apart <= TOLERANCE * largest, f"apart by {apart}, where the largest is {largest}"
    print(f"near: {len(a)} x {len(a[0])}")


def greedy(path, ids, start):
    rows = read(path)
    with open(ids) as file:
        ids = [int(id) for id in file.read().split(",")]
    assert len(rows) == len(ids)
    for at in range(int(start), len(ids)):
        likeliest = max(range(len(rows[0])), key=rows[at - 1].__getitem__)
        assert ids[at] == likeliest, f"token {at} is {ids[at]}, the likeliest is {likeliest}"
    print(f"greedy: {len(ids) - int(start)} tokens")


if __name__ == "__main__":
    {"shape": shape, "near": near, "greedy": greedy}[sys.argv[1]](*sys.argv[2:])
