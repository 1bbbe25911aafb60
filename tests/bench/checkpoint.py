"""Writes the checkpoints that ./dev bench measures: as large as real ones, with random weights.

    checkpoint.py DIR SHAPE        SHAPE: 1.2B, 0.34B

Speed does not depend on what weights say, as long as they are usual numbers. They come from a pool
of normal values, so that a billion of them take seconds; sizes keep activations near one.
"""
import array
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Inputs"))
import checkpoints

SHAPES = {
    "1.2B": ["--hidden=2048", "--layers=24", "--ffn=5632", "--heads=32", "--kv-heads=8"],
    "0.34B": ["--hidden=1024", "--layers=24", "--ffn=2816", "--heads=16", "--kv-heads=4"],
}
CONTEXT = 512
COMMON = ["--vocab=32000", f"--context={CONTEXT}", "--dtype=bf16"]
POOL = 1 << 18  # values


def description(shape):
    options = checkpoints.parse(["", *COMMON, *SHAPES[shape]])
    return (
        f"Llama with {shape} parameters (hidden {options.hidden}, {options.layers} layers, ffn "
        f"{options.ffn}, {options.heads}/{options.kv_heads} heads, vocabulary {options.vocab})"
    )


def spread_of(name, shape):
    """Mean and spread of a tensor's values, as tests/Inputs/checkpoints.py has them."""
    if "norm" in name:
        return 1.0, 0.1
    return 0.0, 0.3 if "embed" in name else shape[-1] ** -0.5


class Pool:
    """Rows of normal bf16 values, each from another place of a pool."""

    def __init__(self):
        source = random.Random(1)
        self.values = [source.gauss(0, 1) for _ in range(POOL)]
        self.encoded = {}

    def rows(self, name, shape):
        kind = spread_of(name, shape)
        if kind not in self.encoded:
            mean, spread = kind
            values = array.array("f", (mean + spread * value for value in self.values))
            halves = array.array("H", values.tobytes())[1::2]  # the upper ones, cut
            self.encoded[kind] = memoryview(halves.tobytes())
        source, encoded = random.Random(name), self.encoded[kind]
        columns = shape[-1]
        for _ in range(shape[0] if len(shape) == 2 else 1):
            at = 2 * source.randrange(POOL - columns)
            yield encoded[at : at + 2 * columns]


def write(directory, shape):
    os.makedirs(directory, exist_ok=True)
    options = checkpoints.parse(["", *COMMON, *SHAPES[shape]])
    checkpoints.write_json(directory, "config.json", checkpoints.config_of(options))
    tensors = checkpoints.tensors_of(options)
    header, _ = checkpoints.header_of(tensors)
    pool = Pool()
    with open(os.path.join(directory, "model.safetensors"), "wb") as file:
        file.write(checkpoints.file_of(header))
        for name, _, size in tensors:
            file.write(b"".join(pool.rows(name, size)))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in SHAPES:
        sys.exit(__doc__)
    write(*sys.argv[1:])
