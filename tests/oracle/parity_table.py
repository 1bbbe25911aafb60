"""Prints how far placed executables are from Transformers, in one table:

    parity_table.py [--only TEXT] [--keep DIR]

A row for each family, type of its weights, batch, and provider of prefill's products; a column for
each length of a prompt, with the largest difference of a number among all logits of the prompt, as
a part of the largest logit. The prompt of 513 takes two chunks. The reference computes in f32 with
the very numbers that the app has: those of the checkpoint, which is in the type of the row, or, of
int8 and int4, those that are read out of the app's pack. How much may differ (column `at most`)
depends on what becomes of the rows of a prompt before they meet weights (column `rows`):

    f32      they stay as they are: sums are made in another order. 1e-4
    15 bits  whole numbers of 15 bits, where weights are whole numbers. 1e-3
    bf16     rounded, where weights are bf16 and it was asked for; by LibTorch, products as well.
             Half as much again as Transformers differs from itself when it computes in bf16.

Greedy tokens are as many as agree before the first that differs, of 64 behind a prompt of 7; of
several sequences at different places of the same text, the least. With rows of f32 it must be all
of them, and otherwise as many as nothing that may differ can turn.

The `ashlar` on PATH is the one that is tested, and plans for this machine; the module for LibTorch
is the one beside it, or what ASHLAR_TORCH_LIBRARY names.
"""
import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import re
import shutil
import sys
import tempfile
import threading

import parity  # first, for it puts this folder behind the packages

import torch

import layers
import quantized
from layers import Layers
from models import Shape, load, logits_of, save, write_reference
from parity_check import differences, row_differences

PROMPTS = [1, 7, 64, 513]
BATCHES = [1, 3]
EXACT, WHOLE = 1e-4, 1e-3
ROUNDED = 1.5  # times what Transformers rounds away: it rounds sums and biases at once, we apart

CONTEXT = 640  # more than the longest prompt, and than 64 tokens behind a short one
CHUNK = 512
FAMILIES = {
    "llama": Shape(rope="llama3", context=CONTEXT),
    "mistral": Shape(family="mistral", context=CONTEXT, more=(("sliding_window", 100),)),
    "qwen2": Shape(family="qwen2", context=CONTEXT, tied=True, layers=3, more=(
        ("use_sliding_window", True), ("sliding_window", 33), ("max_window_layers", 1))),
    "qwen3": Shape(family="qwen3", head_dim=20, context=CONTEXT),
    "gpt2": Shape(family="gpt2", hidden=60, heads=4, tied=True, context=CONTEXT),
    "opt": Shape(family="opt", hidden=60, heads=4, tied=True, context=CONTEXT),
    "mlp": Layers((57, 131, 77, 131, 3), activation="gelu"),
}
# Of each type of weights, the provider and what becomes of rows.
PROVIDERS = {
    "f32": [("native", "f32"), ("torch", "f32")],
    "f16": [("native", "f32"), ("torch", "f32")],
    "bf16": [("native", "f32"), ("native", "bf16"), ("torch", "bf16")],
    "int8": [("native", "15 bits"), ("torch", "15 bits")],
    "int4": [("native", "15 bits"), ("torch", "15 bits")],
}


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why there are no numbers in a row; and what the tool must say to it, if it is asked."""

    text: str
    says: str | None = None


TORCH_TYPES = Reason(
    "LibTorch's products are those with weights of f32 and bf16: the tool refuses others",
    "--provider torch: the model has no product that LibTorch computes",
)
NO_SEQUENCES = Reason(
    "a model of rows has no sequences that could be a batch: the tool refuses one",
    "--batch is about sequences of tokens, and the model reads rows",
)
NO_MODULE = Reason("no module for LibTorch was built here: see runtime/torch/README.md")
NO_BF16 = Reason(
    "the processor here does not multiply bf16: the tool refuses to round rows",
    "--products bf16: the cpu has no instructions to multiply bf16",
)


def reason_against(case, rows):
    if isinstance(case.shape, Layers) and case.batch > 1:
        return NO_SEQUENCES
    if case.provider == "torch":
        if case.quantize or case.shape.dtype == "f16":
            return TORCH_TYPES
        if not pathlib.Path(os.environ["ASHLAR_TORCH_LIBRARY"]).exists():
            return NO_MODULE
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return NO_BF16 if rows == "bf16" and not re.search(r"\bavx512_bf16\b", flags) else None


def cases_of(family, weights):
    """Each with what becomes of rows."""
    whole = weights in quantized.TYPES
    shape = dataclasses.replace(FAMILIES[family], dtype="bf16" if whole else weights)
    for batch, (provider, rows) in itertools.product(BATCHES, PROVIDERS[weights]):
        yield parity.Case(family, shape, CHUNK, batch=batch, quantize=weights if whole else None,
                          products="bf16" if rows == "bf16" else "f32", provider=provider), rows


# Transformers changes settings of the whole process while it makes or loads a model.
ALONE = threading.Lock()


class Models:
    """A checkpoint, and what is expected of it."""

    def __init__(self, shape, folder):
        self.shape, self.folder = shape, folder
        self.checkpoint, self.reference = folder / "model", folder / "reference"
        self.leads = []  # by how much each greedy token is ahead of the next one
        with ALONE:
            (layers.save if isinstance(shape, Layers) else save)(shape, self.checkpoint)

    def numbers_of(self, case, app):
        """A checkpoint with the numbers that the app has."""
        if not case.quantize:
            return self.checkpoint
        quantized.copy(self.checkpoint, app, self.folder / "numbers")
        return self.folder / "numbers"

    def expect(self, case, app):
        """Writes the reference, for which some app must be there."""
        if self.reference.exists():
            return
        model = self.numbers_of(case, app)
        if isinstance(self.shape, Layers):
            layers.write_reference(self.shape, model, self.reference, length=max(PROMPTS))
        else:
            self.leads = write_reference(load(model), self.reference, length=max(PROMPTS))

    def most(self, rows):
        """How much may differ."""
        if rows != "bf16":
            return EXACT if rows == "f32" else WHOLE
        if isinstance(self.shape, Layers):
            module = layers.load(self.shape, self.checkpoint)
            x = layers.rows_of(self.shape, max(PROMPTS))
            with torch.no_grad():
                exact, rounded = module(x), module.bfloat16()(x.bfloat16()).float()
        else:
            models = [load(self.checkpoint, type=type) for type in ["f32", "bf16"]]
            exact, rounded = (logits_of(model, max(PROMPTS)) for model in models)
        return ROUNDED * ((rounded - exact).abs().max() / exact.abs().max()).item()

    def certain(self, rows, most):
        """How many greedy tokens nothing that may differ can turn."""
        if rows == "f32":
            return len(self.leads)
        return len(list(itertools.takewhile(lambda ahead: ahead > 2 * most, self.leads)))


@dataclasses.dataclass
class Row:
    """What stands in the columns behind the first ones."""

    text: str
    good: bool
    reason: Reason | None = None


def refused(case, reason, models):
    row = Row("      -" + "        -" * (len(PROMPTS) + 1), True, reason)
    if reason.says:
        try:
            parity.build(case, models.checkpoint, models.folder / "app", None)
            return Row("is not refused", False)
        except RuntimeError as error:
            if reason.says not in str(error):
                return Row(str(error), False)
    return row


def judge_one(case, rows, models):
    reason, app = reason_against(case, rows), models.folder / "app"
    if reason:
        return refused(case, reason, models)
    try:
        parity.build(case, models.checkpoint, app, None)
        with ALONE:
            models.expect(case, app)
            most = models.most(rows)
        if isinstance(case.shape, Layers):
            errors, agreed = row_differences(app, models.reference, PROMPTS), 0
        else:
            errors, agreed, _ = differences(app, models.reference, case.batch, PROMPTS)
    except (RuntimeError, ValueError) as error:
        return Row(str(error), False)
    asked = len(models.leads)
    text = f"{most:7.1e}  " + "  ".join(f"{error:7.1e}" for error in errors)
    text += f"  {agreed:2} of {asked}" if asked else "         -"
    return Row(text, max(errors) <= most and agreed >= models.certain(rows, most))


def judge(group, folder):
    """The rows of a family with weights of one type, which share checkpoint and reference."""
    folder.mkdir()
    cases = list(cases_of(*group))
    models = Models(cases[0][0].shape, folder)
    return [(case, rows, judge_one(case, rows, models)) for case, rows in cases]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", metavar="TEXT", default="", help="families named like this")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="keep models in DIR")
    options = parser.parse_args()
    tool = pathlib.Path(shutil.which("ashlar") or sys.exit("there is no ashlar on PATH"))
    os.environ.setdefault("ASHLAR_TORCH_LIBRARY", str(tool.parents[1] / "lib/libashlar_torch.so"))
    groups = [(f, w) for f in FAMILIES if options.only in f for w in PROVIDERS]
    failed, reasons = 0, []
    print(f"{'family':8} {'weights':7} {'batch':>5}  {'provider':8} {'rows':7} {'at most':>7}"
          + "".join(f"{prompt:>9}" for prompt in PROMPTS) + "    greedy")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folders = [folder / "-".join(group) for group in groups]
        with concurrent.futures.ThreadPoolExecutor(max(1, os.cpu_count() // 2)) as pool:
            for (_, weights), found in zip(groups, pool.map(judge, groups, folders)):
                for case, rows, row in found:
                    failed += not row.good
                    verdict = "ok" if row.good else "FAILED"
                    if row.reason:
                        reasons += [row.reason] if row.reason not in reasons else []
                        verdict = f"({reasons.index(row.reason) + 1})"
                    print(f"{case.name:8} {weights:7} {case.batch:5}  {case.provider:8} {rows:7} "
                          f"{row.text}  {verdict}", flush=True)
    for i, reason in enumerate(reasons):
        print(f"({i + 1}) {reason.text}")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
