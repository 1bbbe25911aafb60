"""Compares two .npy files of float32 [rows, columns]. Needs nothing but Python.

    compare_npy.py FOUND EXPECTED [--rows N] [--tolerance 1e-4]

FOUND must hold the first N rows of EXPECTED (default: all). Prints the largest difference, divided
by the largest magnitude of what is expected, and fails when it is over the tolerance.
"""
import argparse
import array
import ast
import copy
import math
import struct
import sys


class Matrix:
    """Rows and columns of a file, and its numbers, row by row."""

    def __init__(self, path):
        with open(path, "rb") as file:
            magic, length = struct.unpack("<8sH", file.read(10))
            if magic != b"\x93NUMPY\x01\x00":
                raise ValueError(f"{path}: not a .npy file of version 1.0")
            head = ast.literal_eval(file.read(length).decode("latin-1"))
            self.numbers = array.array("f", file.read())
        if head["descr"] != "<f4" or head["fortran_order"] or len(head["shape"]) != 2:
            raise ValueError(f"{path}: not float32 [rows, columns]: {head}")
        self.rows, self.columns = head["shape"]
        if len(self.numbers) != self.rows * self.columns:
            raise ValueError(f"{path}: {len(self.numbers)} numbers, its head says {head['shape']}")
        if sys.byteorder == "big":
            self.numbers.byteswap()

    def first(self, rows):
        return self.numbers[: rows * self.columns]

    def part(self, first, rows):
        """Some rows as a matrix of their own."""
        result = copy.copy(self)
        result.numbers = self.numbers[first * self.columns : (first + rows) * self.columns]
        result.rows = len(result.numbers) // self.columns
        return result

    def save_first(self, rows, path):
        """Writes a file of the first rows alone, as numpy does."""
        head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {self.columns}), }}"
        head = head.ljust(-(len(head) + 11) % 64 + len(head)) + "\n"
        with open(path, "wb") as file:
            file.write(struct.pack("<8sH", b"\x93NUMPY\x01\x00", len(head)) + head.encode())
            file.write(self.first(rows).tobytes())


def largest_difference(found, expected):
    """Relative to the largest magnitude expected; infinite where something is not a number."""
    difference = largest = 0.0
    for a, b in zip(found, expected, strict=True):
        if not (math.isfinite(a) and math.isfinite(b)):
            return math.inf
        difference = max(difference, abs(a - b))
        largest = max(largest, abs(b))
    return difference / largest if largest else math.inf


def compare(found, expected, rows=None):
    """The largest difference of two matrices, of which the second may have more rows."""
    rows = expected.rows if rows is None else rows
    if (found.rows, found.columns) != (rows, expected.columns) or rows > expected.rows:
        raise ValueError(
            f"found [{found.rows}, {found.columns}], expected [{rows}, {expected.columns}]"
        )
    return largest_difference(found.numbers, expected.first(rows))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("found")
    parser.add_argument("expected")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    options = parser.parse_args()
    found, expected = Matrix(options.found), Matrix(options.expected)
    difference = compare(found, expected, options.rows)
    print(f"{found.rows} rows: largest difference {difference:.1e}")
    sys.exit(not difference <= options.tolerance)


if __name__ == "__main__":
    main()
