"""Reads the weights of a pack that are stored as whole numbers, by what runtime/Step.h says of the
layout and templates/cpu/quantized.h of the meaning. Needs nothing but Python.

    quantized.py check CHECKPOINT PACK         compares each with the checkpoint's, and prints for each
                                               its type, its name and the size of the error
    quantized.py report CHECKPOINT PACK        what `ashlar build` prints of these errors
    quantized.py checkpoint CHECKPOINT PACK TO a copy of the checkpoint in f32, with the numbers that
                                               the pack holds

CHECKPOINT is a directory with one weight file; PACK may be an app.
"""
import json
import math
import os
import re
import shutil
import struct
import sys

TYPES = ["int8", "int4"]
BUNDLE = {"int8": 32, "int4": 64}  # columns that 1088 bytes of 32 rows hold
ROW_SCALES = {"int8": 0, "int4": 128}  # bytes before the first of a panel
LEVELS = [-127, -99, -78, -61, -46, -33, -21, -9, 2, 13, 24, 36, 49, 64, 82, 105]
# What may be rounded away of many weights that are distributed normally, as a part of them.
MOST = {"int8": 0.0055, "int4": 0.075}


def weights_of(pack):
    """The plan's line of each quantized weight, as a dict, and its bytes."""
    with open(pack, "rb") as file:
        data = file.read()
    size = struct.unpack_from("<Q", data, len(data) - 64)[0]
    data = data[len(data) - size :]
    count = struct.unpack_from("<I", data, 12)[0]
    index, names = struct.unpack_from("<2Q", data, 80)
    places = {}
    for at in range(index, index + 48 * count, 48):
        name, length, _, offset, size = struct.unpack_from("<QIIQQ", data, at)
        places[data[names + name : names + name + length].decode()] = data[offset : offset + size]
    for line in places["plan"].decode().splitlines():
        if line.startswith("  weight ") and re.search(r" type=int[48] ", line):
            keys = dict(re.findall(r'(\w+)="?([^" ]+)', line))
            keys["name"] = line.split()[1]
            keys["transposed"] = line.endswith(" transposed")
            yield keys, places[keys["name"]]


def panel_bytes(kind, columns):
    return ROW_SCALES[kind] + -(-columns // BUNDLE[kind]) * 1088


def level_at(bundle, kind, row, column):
    if kind == "int8":
        return bundle[64 + column // 4 * 128 + row * 4 + column % 4] - 128
    both = bundle[64 + column // 32 * 512 + column % 32 // 8 * 128 + row * 4 + column % 4]
    return LEVELS[both >> 4 if column % 8 >= 4 else both & 15]


def scales_of(panel, bundle, kind):
    """Of each of the 32 rows, a scale for each group of a bundle."""
    if kind == "int8":
        return [[scale] for scale in struct.unpack_from("<32e", bundle)]
    parts = struct.unpack_from("<64b", bundle)
    return [[scale * parts[row], scale * parts[32 + row]]
            for row, scale in enumerate(struct.unpack_from("<32f", panel))]


def read(keys, data):
    """(row, column, number, scale) of each weight; what is beyond them must say zero as well as it
    can."""
    kind, rows, columns = keys["type"], int(keys["rows"]), int(keys["columns"])
    size = panel_bytes(kind, columns)
    assert len(data) == -(-rows // 32) * size, keys["name"]
    zero = 0 if kind == "int8" else 2
    for first in range(0, rows, 32):
        panel = data[first // 32 * size :][:size]
        for start in range(0, columns, BUNDLE[kind]):
            bundle = panel[ROW_SCALES[kind] + start // BUNDLE[kind] * 1088 :][:1088]
            scales = scales_of(panel, bundle, kind)
            for row in range(32):
                for column in range(BUNDLE[kind]):
                    level, scale = level_at(bundle, kind, row, column), scales[row][column // 32]
                    to = first + row, start + column
                    if to[0] < rows and to[1] < columns:
                        yield *to, scale * level / 128, scale
                    elif to[0] >= rows:
                        assert scale == 0 and level == zero, (keys["name"], to)
                    else:
                        assert level == zero, (keys["name"], to)


class Checkpoint:
    def __init__(self, directory):
        self.directory = directory
        names = [name for name in os.listdir(directory) if name.endswith(".safetensors")]
        assert len(names) == 1, names
        with open(os.path.join(directory, names[0]), "rb") as file:
            self.data = file.read()
        self.start = 8 + struct.unpack_from("<Q", self.data)[0]
        self.header = json.loads(self.data[8 : self.start])
        self.metadata = self.header.pop("__metadata__", {"format": "pt"})

    def values(self, tensor):
        entry = self.header[tensor]
        begin, end = entry["data_offsets"]
        data = self.data[self.start + begin : self.start + end]
        if entry["dtype"] == "BF16":  # the upper half of a float32
            halves = struct.unpack(f"<{len(data) // 2}H", data)
            data = struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves))
        letter = "e" if entry["dtype"] == "F16" else "f"
        return list(struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data))


def place(keys, row, column):
    """Of a number in its tensor."""
    rows, columns = int(keys["rows"]), int(keys["columns"])
    return column * rows + row if keys["transposed"] else row * columns + column


def errors(checkpoint, pack):
    """keys, sum of squares of the weights, and of their errors, of each weight."""
    for keys, data in weights_of(pack):
        values = checkpoint.values(keys["tensor"])
        squares = wrong = 0.0
        for row, column, number, scale in read(keys, data):
            weight = values[place(keys, row, column)]
            if keys["type"] == "int8":  # a step is scale / 128
                assert abs(weight - number) <= scale / 256 * (1 + 1e-6), (keys["name"], row, column)
            squares += weight * weight
            wrong += (weight - number) ** 2
        yield keys, squares, wrong


def relative(squares, wrong):
    return math.sqrt(wrong / squares) if squares else 0.0


def check(directory, pack):
    for keys, squares, wrong in errors(Checkpoint(directory), pack):
        error, most = relative(squares, wrong), MOST[keys["type"]]
        count = int(keys["rows"]) * int(keys["columns"])
        assert error <= most * (1 + 1 / math.sqrt(count)), (keys["name"], error)
        print(f"{keys['type']} {keys['name']} [{keys['rows']}, {keys['columns']}] error {error:.4f}")


def report(directory, pack):
    places, totals = {}, {}
    for keys, squares, wrong in errors(Checkpoint(directory), pack):
        name = ".".join(keys["name"].split(".")[:2])
        found = squares, wrong, keys["name"]
        places.setdefault((name, keys["type"]), []).append(found)
        totals.setdefault(("all", keys["type"]), []).append(found)
    print(f"{'quantized':<20} type    error")
    for (name, kind), found in list(places.items()) + list(totals.items()):
        error = relative(*(sum(column) for column in list(zip(*found))[:2]))
        worst = max(found, key=lambda weight: relative(*weight[:2]))
        most = f"  most in {worst[2]}: {relative(*worst[:2]):.2%}" if len(found) > 1 else ""
        print(f"{name:<20} {kind:<5} {f'{error:.2%}':>7}{most}")


def copy(directory, pack, to):
    checkpoint = Checkpoint(directory)
    tensors = {name: checkpoint.values(name) for name in checkpoint.header}
    for keys, data in weights_of(pack):
        for row, column, number, _ in read(keys, data):
            tensors[keys["tensor"]][place(keys, row, column)] = number
    shutil.copytree(directory, to, ignore=shutil.ignore_patterns("*.safetensors"))
    header, body = {"__metadata__": checkpoint.metadata}, bytearray()
    for name, values in tensors.items():
        begin = len(body)
        body += struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": checkpoint.header[name]["shape"],
                        "data_offsets": [begin, len(body)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(to, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


if __name__ == "__main__":
    {"check": check, "report": report, "checkpoint": copy}[sys.argv[1]](*sys.argv[2:])
