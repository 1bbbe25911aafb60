"""Reads weights of a one-layer llama out of a pack, by its index, and compares each number with the
checkpoint's, converted.

    values.py SAFETENSORS PACK INDEX
"""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Inputs"))
from checkpoints import encode

WEIGHTS = {
    "table": "model.embed_tokens.weight",
    "layers.0.n1": "model.layers.0.input_layernorm.weight",
    "layers.0.k": "model.layers.0.self_attn.k_proj.weight",
    "layers.0.gate": "model.layers.0.mlp.gate_proj.weight",
    "layers.0.down": "model.layers.0.mlp.down_proj.weight",
}


def decode(data, dtype):
    if dtype == "BF16":  # the upper half of a float32
        halves = struct.unpack(f"<{len(data) // 2}H", data)
        data, dtype = struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves)), "F32"
    letter = {"F32": "f", "F16": "e"}[dtype]
    return struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data)


def panels(values, rows, columns, together):
    """[panel][column / together][32 rows][together], with zeros where there is no row or column."""
    result = []
    for panel in range(0, rows, 32):
        for column in range(0, columns, together):
            for row in range(panel, panel + 32):
                for at in range(column, column + together):
                    inside = row < rows and at < columns
                    result.append(values[row * columns + at] if inside else 0.0)
    return result


def main(checkpoint, pack, index):
    with open(checkpoint, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:start])
    with open(pack, "rb") as file:
        packed = file.read()
    with open(index) as file:
        entries = {entry["name"]: entry for entry in json.load(file)["entries"]}
    for name, tensor in WEIGHTS.items():
        entry, source = entries[name], header[tensor]
        rows, columns = ([1] + source["shape"])[-2:]
        begin, end = source["data_offsets"]
        values = decode(data[start + begin : start + end], source["dtype"])
        if entry["layout"] == "panels":
            values = panels(values, rows, columns, 2 if entry["type"] == "bf16" else 1)
        expected = encode(values, entry["type"].upper())
        assert packed[entry["offset"] :][: entry["bytes"]] == expected, name
        print(f"{entry['type']} {entry['layout']} {name} [{rows}, {columns}]")


if __name__ == "__main__":
    main(*sys.argv[1:])
