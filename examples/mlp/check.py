"""Computes in plain Python what the model makes of the rows that it read, and compares. The hidden
layer is computed whole; of the result, every STEP-th column. Needs nothing but Python.

    check.py DIR Y [--step 100] [--tolerance 2e-2]

The tolerance is for processors that multiply bf16: there an app rounds rows to bf16, unless it is
built with --products f32, and then 1e-4 is enough.
"""
import argparse
import array
import ast
import json
import operator
import os
import struct
import sys


def read_rows(path):
    with open(path, "rb") as file:
        length = struct.unpack("<8xH", file.read(10))[0]
        rows, columns = ast.literal_eval(file.read(length).decode())["shape"]
        numbers = array.array("f", file.read())
    return [numbers[i * columns : (i + 1) * columns] for i in range(rows)]


def float32(halves):
    """Numbers whose upper halves these are."""
    result = bytearray(2 * len(halves))
    result[2::4], result[3::4] = halves[0::2], halves[1::2]
    return array.array("f", bytes(result))


class Weights:
    def __init__(self, path):
        self.file = open(path, "rb")
        length = struct.unpack("<Q", self.file.read(8))[0]
        self.tensors = json.loads(self.file.read(length))
        self.begin = 8 + length

    def row(self, name, index, columns):
        at = self.begin + self.tensors[name]["data_offsets"][0] + 2 * columns * index
        return float32(os.pread(self.file.fileno(), 2 * columns, at))

    def linear(self, module, rows, step=1):
        """Every step-th column of what a linear layer makes of rows."""
        outputs, inputs = self.tensors[f"{module}.weight"]["shape"]
        bias = self.row(f"{module}.bias", 0, outputs)
        result = [[] for _ in rows]
        for i in range(0, outputs, step):
            weights = self.row(f"{module}.weight", i, inputs)
            for made, row in zip(result, rows):
                made.append(sum(map(operator.mul, weights, row), bias[i]))
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory")
    parser.add_argument("y")
    parser.add_argument("--step", type=int, default=100)
    parser.add_argument("--tolerance", type=float, default=2e-2)
    options = parser.parse_args()

    weights = Weights(os.path.join(options.directory, "model.safetensors"))
    hidden = weights.linear(0, read_rows(os.path.join(options.directory, "x.npy")))
    hidden = [[max(h, 0.0) for h in row] for row in hidden]
    expected = weights.linear(2, hidden, options.step)
    found = [row[:: options.step] for row in read_rows(options.y)]

    largest = max(abs(e) for row in expected for e in row)
    differences = [abs(f - e) / largest for rows in zip(found, expected, strict=True)
                   for f, e in zip(*rows, strict=True)]
    close = all(d <= options.tolerance for d in differences)
    print(f"{len(found)} rows, {len(found[0])} columns of each: "
          f"{'as expected' if close else f'off by {max(differences):.1e}'}")
    sys.exit(not close)


main()
