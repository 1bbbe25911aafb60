"""Makes a model of two linear layers with a ReLU between them, and rows for it to read. Needs
nothing but Python.

    make.py DIR [--size 10000] [--rows 3] [--seed 1] [--sparse]

DIR gets config.json, model.safetensors (bf16; at 10000, 400 MB) and x.npy. Equal options write
equal bytes. With --sparse the weights are only room: enough to plan.
"""
import argparse
import json
import pathlib
import random
import struct

POOL = 64  # rows


def floats(source, count, spread):
    return struct.pack(f"<{count}f", *(source.gauss(0, spread) for _ in range(count)))


def bfloat16(numbers):
    """The upper halves of float32s."""
    result = bytearray(len(numbers) // 2)
    result[0::2], result[1::2] = numbers[2::4], numbers[3::4]
    return result


def header(size):
    tensors, end = {}, 0
    for name, shape in ("0.weight", [size, size]), ("0.bias", [size]), \
            ("2.weight", [size, size]), ("2.bias", [size]):
        begin, end = end, end + 2 * size ** len(shape)
        tensors[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(tensors, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, end


def write_weights(file, size, source):
    """Each row is a stretch of one pool of random numbers, from a place of its own: to make a
    number for each weight would take minutes."""
    pool = bfloat16(floats(source, POOL * size, size**-0.5))
    for _ in range(2):
        for _ in range(size + 1):  # the bias is one row more
            begin = 2 * source.randrange((POOL - 1) * size + 1)
            file.write(pool[begin : begin + 2 * size])


def write_rows(path, rows, size, source):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {size}), }}"
    head = head.ljust(-(len(head) + 11) % 64 + len(head)) + "\n"
    path.write_bytes(struct.pack("<8sH", b"\x93NUMPY\x01\x00", len(head)) + head.encode()
                     + floats(source, rows * size, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=10000)
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sparse", action="store_true", help="no weights, only their room")
    options = parser.parse_args()
    directory, size = options.directory, options.size
    if size < 1 or options.rows < 1:
        parser.error("a model has at least one column, and reads at least one row")

    directory.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "mlp", "sizes": [size] * 3, "activation": "relu"}
    (directory / "config.json").write_text(json.dumps(config) + "\n")
    head, length = header(size)
    with open(directory / "model.safetensors", "wb") as file:
        file.write(head)
        if options.sparse:
            file.truncate(len(head) + length)
        else:
            write_weights(file, size, random.Random(options.seed))
    write_rows(directory / "x.npy", options.rows, size, random.Random(~options.seed))


main()
