"""Compares the device maps of models, and the plans that follow them, with Accelerate's and
Transformers':

    plans.py [--count 240] [--seed 1] [--keep DIR]

Models of random configurations and types, and then published ones in their real sizes, are made on
the meta device, and planned through the real specs from files of the same shapes. Each gets random
budgets, many of which one byte decides, for all four strategies and both rule sets. What is
compared: the sizes of all modules, the budgets, the map and what is said of it (as devicemaps.py
does), and the device of every parameter and buffer. Where a reference ends in an exception,
Ashlar's error must name the same one. Of each model's maps, the one that uses the most devices is
planned whole: what the plan stores must lie where the map says.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

# This folder comes last: tokenizers.py in it has a package's name.
sys.path.sort(key=str(pathlib.Path(__file__).resolve().parent).__eq__)
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Inputs"))
import published
import torch
import transformers as library
from devicemaps import error_matches, told
from map_references import Reference, accelerate, recorded, said, transformers, uncovered
from modules import FAMILIES, write_checkpoint
from transformers.modeling_utils import ContextManagers

STRATEGIES = ["auto", "balanced", "balanced_low_0", "sequential"]
RULES = ["accelerate", "transformers"]
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
HUGE = 1 << 50

# What a machine has, where nothing is given, is measured: here it is that of the case.
measured = None
read_machine = accelerate.get_max_memory
accelerate.get_max_memory = transformers.accelerate_max_memory = lambda given=None: (
    dict(measured) if given is None else read_machine(given)
)


# --- cases ----------------------------------------------------------------------------------------


def random_budgets(rng, sizes):
    """Around what parts of the model take, where one byte decides."""
    parts = [size for name, size in sizes.items() if size and name.count(".") <= 3]
    layers = [size for name, size in sizes.items() if re.search(r"\.\d+$", name)]
    leaves = [size for name, size in sizes.items() if size and name.endswith((".weight", ".bias"))]
    largest = [0, max(layers, default=0), max(leaves, default=0)]

    def size():
        kind = rng.random()
        if kind < 0.05 or not parts:
            return rng.choice([0, 1, 10 * sizes.get("", 0)])
        if kind < 0.35:
            return int(sizes[""] * rng.uniform(0.02, 1.3))
        value = sum(rng.sample(parts, min(len(parts), rng.choice([1, 1, 2, 3]))))
        value += rng.choice([0, 0, 1, 2, 3, 5]) * max(layers, default=0) + rng.choice(largest)
        return max(0, value + rng.choice([-1, 0, 0, 1]))

    first = rng.choice([0] * 12 + [1])
    budgets = {first + i: size() for i in range(rng.choice([0, 1, 1, 2, 2, 3, 4]))}
    if rng.random() < 0.7 or not budgets:
        budgets["cpu"] = size()
    return budgets


class Case(Reference):
    """A model with a strategy, a rule set, budgets and options, instead of a tree with them."""

    def __init__(self, rng, made, strategy, rules):
        self.accelerate = rules == "accelerate"
        self.module = accelerate if self.accelerate else transformers
        self.rules, self.strategy = rules, strategy
        self.type = rng.choice([None] * 4 + list(DTYPES))
        self.types, self.model, self.folder = {}, made.untied, made.folder
        if self.accelerate:
            self.model = made.tied
            self.types = {"dtype": DTYPES.get(self.type), "special_dtypes": None}
        elif self.type:
            self.model = made.model_as_loaded(DTYPES[self.type])
        self.options = {"clean_result": True}
        for name in ("offload_buffers", "fallback_allocation"):
            self.options[name] = self.accelerate and rng.random() < 0.2
        classes = sorted({type(module).__name__ for module in self.model.modules()})
        self.no_split, self.given_split = made.no_split, rng.random() < 0.15
        if self.given_split:
            self.no_split = rng.sample(classes, rng.choice([0, 1, 1, 2]))
        self.memory = random_budgets(rng, self.sizes())
        self.from_machine = "cpu" in self.memory and 0 in self.memory and rng.random() < 0.15
        self.from_machine = self.from_machine and min(self.memory.values()) > 0
        self.case = {"max_memory": {}, "device_map": strategy, "no_split": self.no_split,
                     "options": self.options}

    def budgets(self):
        global measured
        measured = self.memory if self.from_machine else None
        given = None if self.from_machine else dict(self.memory)
        if self.strategy == "sequential":
            return self.module.get_max_memory(given)
        low_zero = self.strategy == "balanced_low_0"
        return self.module.get_balanced_memory(
            self.model, given, self.no_split, low_zero=low_zero, **self.types)

    def map(self):
        if self.accelerate:
            return super().map()
        self.budgets()
        given = None if self.from_machine else dict(self.memory)
        self.model._no_split_modules = set(self.no_split)
        return dict(transformers._get_device_map(self.model, self.strategy, given, None))

    def arguments(self):
        """For Ashlar, without what is to be printed."""
        arguments = [self.folder, f"--device-map={self.strategy}", f"--compat={self.rules}"]
        if self.type:
            arguments.append(f"--dtype={self.type}")
        arguments += [f"--{name.replace('_', '-')}" for name in self.options
                      if name != "clean_result" and self.options[name]]
        if self.given_split:
            arguments.append(f"--no-split={','.join(self.no_split)}")
        if not self.from_machine:
            sizes = ",".join(f"{device}={size}" for device, size in self.memory.items())
            arguments.append(f"--max-memory={sizes}")
        return arguments


class Made:
    """A model, as both references get it to see, and its files."""

    def __init__(self, config, dtype, folder):
        self.config, self.folder = config, folder
        self.untied = self.model_as_loaded(dtype)
        with torch.device("meta"):
            self.tied = library.AutoModelForCausalLM.from_config(config, dtype=dtype)
        self.no_split = sorted(self.tied._no_split_modules)

    def model_as_loaded(self, dtype):
        """What Transformers' from_pretrained makes before it asks for a device map."""
        kind = library.MODEL_FOR_CAUSAL_LM_MAPPING[type(self.config)]
        with ContextManagers(kind.get_init_context(dtype, False, False, None)):
            return kind(self.config)


def random_model(rng, number, folder):
    config, dtype = FAMILIES[number % len(FAMILIES)](rng.choice), rng.choice(list(DTYPES.values()))
    made = Made(config, dtype, pathlib.Path(folder, str(number)))
    write_checkpoint(made.tied, made.folder)
    return made


def published_model(name, folder):
    folder = pathlib.Path(folder, name)
    published.write(name, folder)
    dtype = DTYPES[published.MODELS[name][1].lower()]
    return Made(library.AutoConfig.from_pretrained(folder), dtype, folder)


# --- Ashlar ---------------------------------------------------------------------------------------


def profile(capacities, path):
    """A machine with these memories: 0, 1, … and "cpu"."""
    lines = ["ashlar-machine: 1", "name: made", "memories:"]
    names = {device: "host" if device == "cpu" else f"gpu{device}" for device in capacities}
    lines += [f"  - {{name: {names[d]}, capacity: {size}}}" for d, size in capacities.items()]
    lines.append("processors:")
    for name in names.values():
        kind, isa = ("cpu", "    isa: [avx2, f16c, fma]\n") if name == "host" else ("emulated", "")
        lines.append(f"  - name: {'cpu' if name == 'host' else name}\n    kind: {kind}\n"
                     f"    memory: {name}\n    threads: 1\n{isa}    rates:")
        for kernel, types in {"linear": DTYPES, "attend": DTYPES, "elementwise": ["f32"]}.items():
            lines += [f"      - {{kernel: {kernel}, type: {type}, latency_ns: 100, read: 1e11, "
                      "compute: 1e12}" for type in types]
    devices = [name for name in names.values() if name != "host"]
    lines.append("links:" if devices else "links: []")
    for pair in [pair for name in devices for pair in (("host", name), (name, "host"))]:
        lines.append(f"  - {{name: {'-'.join(pair)}, from: {pair[0]}, to: {pair[1]}, "
                     "latency_ns: 10000, rate: 1e10}")
    lines += ["disks:", "  - {name: disk, path: ., latency_ns: 100000, rate: 1e9}"]
    path.write_text("\n".join(lines) + "\n")
    return path


def ask(case, emit, machine):
    """What was printed, or None, and what was said."""
    command = ["ashlar", "plan", *case.arguments(), f"--emit={emit}", "--no-tokenizer"]
    command += [f"--machine={machine}"] if machine else []
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    texts = [line for line in run.stderr.splitlines() if re.search(": (error|warning): ", line)]
    if run.returncode > 1:
        texts.append(f"exits with {run.returncode}")
    return (run.stdout if run.returncode == 0 else None), texts


def stored(plan):
    """Each tensor's home in a plan, which must have its bytes in that memory."""
    memory, memories, homes = None, {}, {}
    for line in plan.splitlines():
        word, name = line.split()[:2]
        if word == "memory":
            memory = name
        elif word == "region":
            memories[name] = memory
        elif word == "unit":
            home = re.search(r" home=(\S+)", line)[1]
        elif word == "weight":
            tensor, region = re.search(r' tensor="(\S+)".* region=(\S+)', line).groups()
            if tensor in homes or home not in ("disk", memories[region]):
                return f"{tensor} is in {region}, and its unit's home is {home}"
            homes[tensor] = home
    return homes


# --- what is compared -----------------------------------------------------------------------------


def names(result):
    return {str(key): value for key, value in result.items()}


def devices(model, device_map):
    """The device of each tensor, by the longest prefix that the map has."""
    result = {}
    for tensors in (model.named_parameters, model.named_buffers):
        for tensor, _ in tensors(remove_duplicate=False):
            prefix = tensor
            while prefix not in device_map and prefix:
                prefix = prefix.rpartition(".")[0]
            result[tensor] = device_map.get(prefix)
    return result


def expected_map(case):
    """A map or an exception, and what is said; as devicemaps.py has it."""
    expected, texts = recorded(case.map)
    facts = said(texts)
    if not isinstance(expected, Exception):
        if missing := uncovered(case, expected):
            facts[f"uncovered {missing}"] += 1
        if case.accelerate:
            facts += case.parted(expected)
    return expected, facts


def same_error(error, answer):
    return answer[0] is None and error_matches(error, answer[1])


def same_budgets(expected, answer):
    if isinstance(expected, Exception):
        return same_error(expected, answer)
    return answer[0] is not None and json.loads(answer[0]) == names(expected)


def same_map(case, expected, facts, answer):
    if isinstance(expected, Exception):
        return same_error(expected, answer)
    printed, texts = answer
    if printed is None:
        return False
    found = json.loads(printed)
    return (found == names(expected)
            and devices(case.model, found) == devices(case.model, expected)
            and told(texts) == facts)


def same_plan(case, device_map, answer):
    if isinstance(device_map, Exception):
        return same_error(device_map, answer)
    if answer[0] is None:
        return False
    of = lambda device: {"cpu": "host", "disk": "disk"}.get(device, f"gpu{device}")
    tied = case.model.all_tied_weights_keys
    expected = {name: of(device) for name, device in devices(case.model, device_map).items()
                if name in dict(case.model.named_parameters()) and name not in tied}
    prefix = case.model.base_model_prefix + "."  # which some files leave out
    found = stored(answer[0])
    if isinstance(found, str):
        print(f"  {found}")
        return False
    found = {name if name in expected else prefix + name: home for name, home in found.items()}
    return found == expected


class Count:
    def __init__(self):
        self.same, self.different = collections.Counter(), collections.Counter()
        self.raised, self.devices = collections.Counter(), collections.Counter()

    def add(self, kind, case, same, expected, answer, facts=None):
        self.raised[kind] += same and isinstance(expected, Exception)
        (self.same if same else self.different)[kind] += 1
        if not same and sum(self.different.values()) <= 5:
            print(f"{kind} of {type(case.model).__name__}: {' '.join(map(str, case.arguments()))}")
            print(f"  {case.model.config.to_json_string()}\n  machine {case.memory}"
                  f"\n  expected {expected!r} {facts}\n  found    {answer[0]} {answer[1]}")

    def report(self):
        for kind in sorted(self.same | self.different):
            more = f" ({self.raised[kind]} errors there and here)" if self.raised[kind] else ""
            print(f"{kind}: {self.same[kind] + self.different[kind]} cases{more}, "
                  f"{self.different[kind]} differences")
        split = ", ".join(f"{count} on {n}" for n, count in sorted(self.devices.items()))
        print(f"whole plans by the number of their devices: {split}")


def compare(made, rng, machine, count, pool):
    cases = [Case(rng, made, strategy, rules) for rules in RULES for strategy in STRATEGIES]
    asked = []
    for i, case in enumerate(cases):
        own = profile(case.memory, made.folder / f"machine{i}.yaml") if case.from_machine else None
        emits = ["sizes", "budgets", "device-map"]
        asked.append([pool.submit(ask, case, emit, own) for emit in emits])
    to_plan = []
    for case, answers in zip(cases, asked):
        sizes, budgets, device_map = (answer.result() for answer in answers)
        expected = dict(case.sizes())
        same = sizes[0] is not None and json.loads(sizes[0]) == expected
        count.add(f"{case.rules} sizes", case, same, expected, sizes)

        expected, _ = recorded(case.budgets)
        same = same_budgets(expected, budgets)
        count.add(f"{case.rules} {case.strategy} budgets", case, same, expected, budgets)

        expected, facts = expected_map(case)
        same = same_map(case, expected, facts, device_map)
        count.add(f"{case.rules} {case.strategy} maps", case, same, expected, device_map, facts)
        if not case.from_machine:
            spread = 0 if isinstance(expected, Exception) else len(set(expected.values()))
            to_plan.append((spread, rng.random(), case, expected))

    # The one that spreads the model over most devices.
    spread, _, case, expected = max(to_plan)
    answer = ask(case, "plan", machine)
    same = same_plan(case, expected, answer)
    count.devices[spread] += 1
    count.add("plans", case, same, expected, answer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="DIR", help="where the models' files stay")
    options = parser.parse_args()
    count = Count()
    with tempfile.TemporaryDirectory() as temporary, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = options.keep or temporary
        capacities = dict.fromkeys([0, 1, 2, 3, 4, "cpu"], HUGE)
        machine = profile(capacities, pathlib.Path(folder, "machine.yaml"))
        for number in range(options.seed, options.seed + options.count):
            rng = random.Random(number)
            compare(random_model(rng, number, folder), rng, machine, count, pool)
        for name in published.MODELS:
            rng = random.Random(f"{options.seed} {name}")
            compare(published_model(name, folder), rng, machine, count, pool)
    count.report()


if __name__ == "__main__":
    main()
