"""Compares what `ashlar build --quantize` rounds away of weights with what llama.cpp's formats do,
which are written down here: of the same numbers, int8 may not lose more than q8_0, to a thousandth of
it, for they are the same but for what becomes of scales; and int4 not more than q4_0. Neither may take
more bytes. One model is trained, the others are random.

The `ashlar` on PATH is the one that is tested.
"""
import math
import pathlib
import subprocess
import sys
import tempfile

# This folder comes last: tokenizers.py in it has a package's name.
sys.path.append(sys.path.pop(0))
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/Inputs"))
import numpy
import torch
import transformers

import quantized
from models import Shape, config_of, save

BLOCK = 32  # weights of a row that have a scale, here as there
SAME = 1.001


def q8_0(blocks):
    scales = numpy.abs(blocks).max(axis=1, keepdims=True) / 127
    return steps(blocks, scales), scales


def q4_0(blocks):
    """The largest weight is the level -8, whatever its sign."""
    largest = numpy.take_along_axis(blocks, numpy.abs(blocks).argmax(axis=1)[:, None], axis=1)
    scales = largest / -8
    return numpy.clip(numpy.floor(quotients(blocks, scales) + 8.5), 0, 15) - 8, scales


def steps(blocks, scales):
    found = quotients(blocks, scales)
    return numpy.copysign(numpy.floor(numpy.abs(found) + 0.5), found)


def quotients(blocks, scales):
    return numpy.divide(blocks, scales, out=numpy.zeros_like(blocks), where=scales != 0)


# Of each type, that of llama.cpp, and the bytes of a block there.
PEERS = {"int8": ("q8_0", q8_0, 34), "int4": ("q4_0", q4_0, 18)}


def wrong(rounding, weights):
    """The sum of squares of errors. Scales are stored as f16."""
    blocks = weights.reshape(-1, BLOCK)
    levels, scales = rounding(blocks)
    return float(((levels * scales.astype(numpy.float16).astype(numpy.float32) - blocks)
                  .astype(numpy.float64) ** 2).sum())


def compare(name, model, folder, options):
    checkpoint = quantized.Checkpoint(model)
    for kind, (peer, rounding, size) in PEERS.items():
        app = folder / f"{name}-{kind}"
        subprocess.run(["ashlar", "build", model, "-o", app, "--machine", "cpu-small", "--quantize",
                        kind, *options], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        squares = ours = theirs = 0.0
        for keys, more, lost in quantized.errors(checkpoint, app):
            rows, columns = int(keys["rows"]), int(keys["columns"])
            assert columns % BLOCK == 0 and not keys["transposed"], keys["name"]
            assert int(keys["size"]) <= rows * columns // BLOCK * size, keys["name"]
            weights = numpy.array(checkpoint.values(keys["tensor"]), numpy.float32)
            squares, ours = squares + more, ours + lost
            theirs += wrong(rounding, weights.reshape(rows, columns))
        ours, theirs = (math.sqrt(lost / squares) for lost in (ours, theirs))
        print(f"{name}, {kind}: {ours:.5f} of the weights rounded away, {peer} {theirs:.5f}:",
              "ok" if ours <= theirs * SAME else "FAILED", flush=True)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        compare("tales", ROOT / "examples/tales/model", folder, [])
        shape = Shape(hidden=256, heads=8, kv=4, head_dim=32, ffn=704, vocab=1024, dtype="bf16")
        save(shape, folder / "uniform")
        torch.manual_seed(1)
        normal = transformers.AutoModelForCausalLM.from_config(config_of(shape))
        normal.to(torch.bfloat16).save_pretrained(folder / "normal")
        for name in ["uniform", "normal"]:
            compare(name, folder / name, folder, ["--no-tokenizer"])


if __name__ == "__main__":
    main()
