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

GROUP_BYTES = {"int8": 1088, "int4": 576}  # of 32 rows and 32 columns
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


def level_at(group, kind, row, column):
    if kind == "int8":
        return group[64 + column // 4 * 128 + row * 4 + column % 4] - 128
    both = group[64 + column // 8 * 128 + row * 4 + column % 4]
    return LEVELS[both >> 4 if column % 8 >= 4 else both & 15]


def read(keys, data):
    """(row, column, number, scale) of each weight; what is beyond them must say zero as well as it
    can."""
    kind, rows, columns = keys["type"], int(keys["rows"]), int(keys["columns"])
    groups = -(-columns // 32)
    assert len(data) == -(-rows // 32) * groups * GROUP_BYTES[kind], keys["name"]
    zero = 0 if kind == "int8" else 2
    for at in range(len(data) // GROUP_BYTES[kind]):
        group = data[at * GROUP_BYTES[kind] :][: GROUP_BYTES[kind]]
        scales = struct.unpack_from("<32e", group)
        for row in range(32):
            for column in range(32):
                level = level_at(group, kind, row, column)
                to = at // groups * 32 + row, at % groups * 32 + column
                if to[0] < rows and to[1] < columns:
                    yield *to, scales[row] * level / 128, scales[row]
                elif to[0] >= rows:
                    assert scales[row] == 0 and level == zero, (keys["name"], to)
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
