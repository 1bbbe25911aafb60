"""Compares placed executables with transformers, on models of random weights:

    parity.py [--only TEXT] [--keep DIR]

Every model of the grid is placed for prompts in one piece, in chunks of 32 tokens and token by
token, for this machine and for AVX2 in turn; further models have what the grid lacks. Each is asked
for the logits of 1, 7 and 130 tokens, of which every one is compared, and for 64 greedy tokens. Then
it is placed once more for a batch of 3, whose sequences are at different places of the same text.
The `ashlar` on PATH is the one that is tested.

With a cache in f32, the largest difference may be 1e-4 of the largest logit. A narrower cache is
compared with a reference whose cache is rounded as well, and may differ by 4e-3 (bf16, int8) or 5e-4
(f16): where a key or value lies half-way between two numbers of that type, the last bit of f32
decides which one it becomes, and all later tokens see it. (1.2e-3 and 1.4e-4 were seen, each from a
single key or value. What all that rounding does together is ten times as much: 1.5e-2 and 1.5e-3.
With int8, 3.8e-5 and 4.7e-2.)
There, greedy tokens are compared only as far as such a difference cannot turn them.

Layers of torch.nn.Sequential are given 1, 7 and 130 rows, within the same 1e-4.
"""
import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile

# This folder comes last: tokenizers.py in it has a package's name.
sys.path.append(sys.path.pop(0))
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/Inputs"))
import layers
from layers import Layers
from models import Shape, load, save, write_reference
from parity_check import differences, row_differences

TOLERANCE = {"f32": 1e-4, "bf16": 4e-3, "f16": 5e-4, "int8": 4e-3}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    shape: Shape | Layers
    chunk: int | None  # None: what the plan decides
    machine: str = "this"
    cache: str = "f32"
    dtype: str | None = None  # that weights are stored in; None: as in the file
    batch: int = 1
    quantize: str | None = None
    products: str = "f32"
    provider: str = "native"


def grid():
    heads = {
        "grouped": dict(hidden=64, heads=8, kv=2, head_dim=8, ffn=91),
        "multi": dict(hidden=72, heads=4, kv=4, head_dim=18, ffn=75),
    }
    axes = itertools.product(heads, ["default", "llama3"], [False, True], ["f32", "bf16"])
    for i, (head, rope, tied, dtype) in enumerate(axes):
        shape = Shape(**heads[head], rope=rope, tied=tied, dtype=dtype)
        name = f"{head}, {rope}{', tied' if tied else ''}"
        for j, chunk in enumerate([256, 32, 1]):
            machine = ["this", "cpu-small"][(i.bit_count() + j) % 2]
            yield Case(name, shape, chunk, machine)


def others():
    grouped = dict(hidden=64, heads=8, kv=2, head_dim=8, ffn=91)
    biased = Shape(**grouped, dtype="bf16", attention_bias=True, mlp_bias=True)
    for chunk, machine in [(256, "cpu-small"), (32, "this"), (1, "this")]:
        yield Case("both biases", biased, chunk, machine)
    yield Case("attention bias", Shape(attention_bias=True, tied=True), 32, "cpu-small")
    yield Case("mlp bias", Shape(mlp_bias=True, dtype="f16"), 256)
    wide = Shape(heads=4, kv=4, head_dim=48, ffn=130, rope="llama3")
    for chunk, machine in [(256, "this"), (32, "cpu-small")]:
        yield Case("heads of 48, hidden 64", wide, chunk, machine)
    large = Shape(heads=4, kv=2, head_dim=64, ffn=129, layers=1, dtype="f16", rope="llama3")
    yield Case("heads of 64", large, 256)
    yield Case("heads of 64", large, 32, "cpu-small")
    yield Case("heads of 128", Shape(heads=2, kv=1, head_dim=128, dtype="bf16"), 32)
    yield Case("one key head of 8", Shape(kv=1, tied=True), 32)
    many = Shape(heads=32, kv=1, head_dim=8, dtype="bf16")
    yield Case("one key head of 32", many, 256, "cpu-small")
    yield Case("one key head of 32", many, 32)
    odd = Shape(hidden=57, heads=3, kv=3, head_dim=22, ffn=77, vocab=283, layers=3, dtype="f16")
    yield Case("odd sizes", odd, 32)
    yield Case("odd sizes", dataclasses.replace(odd, dtype="bf16"), 256, "cpu-small")
    yield Case("sums of 1100", Shape(ffn=1100, layers=1), 256)
    yield Case("sums of 1100", Shape(ffn=1101, layers=1, dtype="bf16"), 32, "cpu-small")
    yield Case("linear positions", Shape(rope="linear", dtype="bf16"), 256)
    yield Case("older config", Shape(rope="llama3", dtype="bf16", older=True), 256)
    yield Case("shards", Shape(shards=True), 32)
    yield Case("context of 130", Shape(context=130, dtype="bf16"), None)
    yield Case("chunk of 7", Shape(tied=True, dtype="bf16"), 7)
    # Five threads, whatever there is, and no instruction set beyond x86-64.
    for dtype, chunk in [("f32", 256), ("f16", 32), ("bf16", 1)]:
        yield Case("plain x86-64", Shape(dtype=dtype, rope="llama3"), chunk, "plain")
    yield Case("stored narrower", Shape(), 256, "this", dtype="bf16")
    yield Case("stored narrower", Shape(tied=True), 32, "cpu-small", dtype="f16")
    yield Case("stored wider", Shape(dtype="bf16"), 32, "this", dtype="f32")
    multi = Shape(hidden=72, heads=4, kv=4, head_dim=18, ffn=75, dtype="bf16", rope="llama3")
    for cache in ["bf16", "f16", "int8"]:
        for chunk, machine in [(256, "this"), (32, "cpu-small"), (1, "this")]:
            yield Case("narrow cache", Shape(dtype="bf16"), chunk, machine, cache)
        yield Case("narrow cache, multi", multi, 32, "this", cache)
        yield Case("narrow cache, heads of 64", large, 256, "cpu-small", cache)
    yield Case("narrow cache", Shape(dtype="bf16"), 256, "plain", "bf16")


def families():
    """What other families have that Llama has not, each in one piece, in chunks and one by one."""
    sizes = dict(hidden=60, heads=4, ffn=91, tied=True)
    gpt2 = Shape(family="gpt2", **sizes)
    opt = Shape(family="opt", **sizes)
    small = dict(word_embed_proj_dim=40, do_layer_norm_before=False)
    shapes = {
        "gpt2": gpt2,
        "gpt2, bf16, own head": dataclasses.replace(gpt2, dtype="bf16", tied=False),
        "gpt2, f16, no prefix": dataclasses.replace(gpt2, dtype="f16", prefix=False),
        "gpt2, scales by layer": dataclasses.replace(
            gpt2, more=(("scale_attn_by_inverse_layer_idx", True), ("scale_attn_weights", False))),
        "opt": opt,
        "opt, bf16, no prefix": dataclasses.replace(opt, dtype="bf16", prefix=False),
        "opt, norms behind": dataclasses.replace(opt, more=tuple(small.items())),
        "opt, norms behind, f16": dataclasses.replace(
            opt, dtype="f16", more=(("do_layer_norm_before", False),)),
        "opt, no last norm": dataclasses.replace(
            opt, tied=False, more=(("_remove_final_layer_norm", True), ("enable_bias", False))),
        "opt, bare norms": dataclasses.replace(
            opt, more=(("layer_norm_elementwise_affine", False), ("word_embed_proj_dim", 72))),
        "mistral, window of 20": Shape(family="mistral", more=(("sliding_window", 20),)),
        "mistral, window of 1": Shape(family="mistral", more=(("sliding_window", 1),)),
        "mistral, window of 64, bf16": Shape(
            family="mistral", dtype="bf16", kv=8, more=(("sliding_window", 64),)),
        "mistral, no window": Shape(family="mistral", more=(("sliding_window", None),)),
        "qwen2": Shape(family="qwen2", tied=True),
        "qwen2, windows, f16": Shape(
            family="qwen2", dtype="f16", layers=3, more=(
                ("use_sliding_window", True), ("sliding_window", 33), ("max_window_layers", 1))),
        "qwen3": Shape(family="qwen3", head_dim=20),
        "qwen3, layer types, bf16": Shape(
            family="qwen3", dtype="bf16", attention_bias=True, layers=3, more=(
                ("use_sliding_window", True), ("sliding_window", 7),
                ("layer_types", ("sliding_attention", "full_attention", "sliding_attention")))),
    }
    for i, (name, shape) in enumerate(shapes.items()):
        for j, chunk in enumerate([256, 32, 1]):
            machine = ["this", "cpu-small", "plain"][(i + j) % 3]
            yield Case(name, shape, chunk, machine)
    activations = ["relu", "gelu", "gelu_pytorch_tanh", "quick_gelu", "relu2", "tanh", "sigmoid"]
    for i, activation in enumerate(activations):
        shape = dataclasses.replace(gpt2, more=(("activation_function", activation),))
        yield Case(f"gpt2, {activation}", shape, 32, ["this", "cpu-small", "plain"][i % 3])
    yield Case("gated gelu", Shape(more=(("hidden_act", "gelu"),)), 256, "cpu-small")


def feed_forward():
    """Feed-forward models of several sizes, activations and types."""
    sizes = {
        "one layer": (40, 30),
        "one number": (1, 1, 1),
        "narrowing": (784, 300, 100, 10),
        "equal widths": (96, 96, 96, 96, 96, 96),
        "odd sizes": (57, 131, 77, 131, 3),
        "sums of 1100": (1100, 70, 1101),
    }
    machines = ["this", "cpu-small", "plain"]
    for i, (name, widths) in enumerate(sizes.items()):
        for j, chunk in enumerate([None, 32, 1]):
            dtype = ["f32", "bf16", "f16"][(i + j) % 3]
            yield Case(f"mlp, {name}", Layers(widths, dtype=dtype), chunk, machines[j])
    for i, activation in enumerate(layers.ACTIVATIONS):
        shape = Layers((33, 64, 48, 9), activation, bias=i % 2 == 0, dtype=["f32", "bf16"][i % 2])
        yield Case(f"mlp, {activation}", shape, 100, machines[i % 3])
        yield Case(f"mlp, {activation} last", dataclasses.replace(shape, last=activation), 7)
    for dtype in ["f32", "f16", "bf16"]:
        yield Case("mlp, stored otherwise", Layers((50, 60, 70)), 64, "this", dtype=dtype)


def in_batches(case):
    """Of a model that reads rows there is no batch."""
    yield case
    if not isinstance(case.shape, Layers):
        yield dataclasses.replace(case, batch=3)


class Models:
    """Each checkpoint and each reference once, as folders."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}

    def checkpoint(self, shape):
        if shape not in self.made:
            path = self.folder / f"model{len(self.made)}"
            (layers.save if isinstance(shape, Layers) else save)(shape, path)
            self.made[shape] = path
        return self.made[shape]

    def reference(self, case):
        key = (case.shape, case.cache, case.dtype)
        if key not in self.made:
            model = self.checkpoint(case.shape)
            path = self.folder / f"reference{len(self.made)}"
            self.made[key] = path
            if isinstance(case.shape, Layers):
                layers.write_reference(case.shape, model, path, case.dtype)
                return path
            least = 0.0 if case.cache == "f32" else 2 * TOLERANCE[case.cache]
            write_reference(load(model, case.dtype), path, case.cache, least)
        return self.made[key]


def plain_machine(folder):
    path = folder / "plain.yaml"
    lines = (ROOT / "specs/machines/cpu-small.yaml").read_text().splitlines()
    lines = [line.replace("threads: 2", "threads: 5") for line in lines if " isa: " not in line]
    path.write_text("\n".join(lines) + "\n")
    return path


def build(case, model, app, plain):
    command = ["ashlar", "build", model, "-o", app]
    command += ["--products", case.products, "--provider", case.provider]
    command += ["--batch", str(case.batch)]
    if not isinstance(case.shape, Layers):
        command += ["--kv-dtype", case.cache]
    if case.chunk:
        command += ["--prefill-chunk", str(case.chunk)]
    if case.machine != "this":
        command += ["--machine", plain if case.machine == "plain" else case.machine]
    if case.dtype:
        command += ["--dtype", case.dtype]
    if case.quantize:
        command += ["--quantize", case.quantize]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ashlar build exits with {done.returncode}: {done.stderr}")


def judge(case, model, reference, app, plain):
    """A row of the table, behind the name; and whether it is good."""
    try:
        build(case, model, app, plain)
        if isinstance(case.shape, Layers):
            errors, agreed, asked = row_differences(app, reference), 0, 0
        else:
            errors, agreed, asked = differences(app, reference, case.batch)
    except (RuntimeError, ValueError) as error:
        return str(error), False
    finally:
        app.unlink(missing_ok=True)
    row = "  ".join(f"{error:7.1e}" for error in errors) + f"  {agreed:3} of {asked}"
    return row, max(errors) <= TOLERANCE[case.cache] and agreed == asked


def show(case, row, verdict):
    weights = case.shape.dtype + (f" as {case.dtype}" if case.dtype else "")
    print(f"{case.name:26} {weights:12} {case.cache:5} {case.chunk or 'plan':>5} {case.batch:5}"
          f" {case.machine:10} {row}  {verdict}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", metavar="TEXT", default="", help="models with this in their name")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="keep models in DIR")
    options = parser.parse_args()
    cases = itertools.chain(grid(), others(), families(), feed_forward())
    cases = [case for case in cases if options.only in case.name]
    cases = [each for case in cases for each in in_batches(case)]
    failed = 0
    print(f"{'model':26} {'weights':12} {'cache':5} {'chunk':>5} {'batch':>5} {'machine':10}"
          "       1        7      130  greedy")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        plain, models = plain_machine(folder), Models(folder)
        # Before the builds, which want the processors for themselves.
        folders = [(models.checkpoint(case.shape), models.reference(case)) for case in cases]
        with concurrent.futures.ThreadPoolExecutor(max(1, os.cpu_count() // 2)) as pool:
            rows = [
                pool.submit(judge, case, *folders[i], folder / f"app{i}", plain)
                for i, case in enumerate(cases)
            ]
            for case, row in zip(cases, rows):
                text, good = row.result()
                failed += not good
                show(case, text, "ok" if good else "FAILED")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
