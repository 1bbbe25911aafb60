"""Compares device maps with those of Accelerate and Transformers, on random modules and on models:

    devicemaps.py [--count 3000] [--seed 1] [--keep DIR]

Each tree gets random budgets and options, and both rule sets give it sizes, budgets (balanced, with
and without low_zero), a map (by a random strategy, cleaned or not) and a check of a random map.
What is compared: every number and entry; which modules' maps miss tensors and which ties they
part; the warning of buffers, with its bytes; the devices that stay empty, with the bytes that they
would need; and where a reference ends in an exception, that Ashlar's error names the same one.
"""

import argparse
import collections
import copy
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

# This folder comes last: tokenizers.py in it has a package's name.
sys.path.sort(key=str(pathlib.Path(__file__).resolve().parent).__eq__)
import accelerate.utils.modeling as accelerate
from module_trees import (
    CLASSES,
    PLANNED,
    make_tree,
    random_budgets,
    random_map,
    some,
    tensors,
    walk,
)
from map_references import Reference, recorded, said, uncovered
from real_models import real_models

DIVIDER = "// -----\n"


# --- cases ----------------------------------------------------------------------------------------


def make_case(seed, rules):
    """What is asked, a user's map to be checked, and the reference; one in ten is of a model."""
    rng = random.Random(seed)
    model = None
    if rng.random() < 0.1:
        model, root, tied, no_split = rng.choice(real_models())
    else:
        root, tied = make_tree(rng)
    names = [name for name, _ in walk(root)]
    all_tensors = [name for kind in ("params", "buffers") for name, _ in tensors(root, kind)]
    strategy = rng.choice(["sequential", "sequential", "auto", "balanced", "balanced_low_0"])
    options = {"offload_buffers": rng.random() < 0.2, "clean_result": rng.random() < 0.6}
    if rules == "accelerate":
        if rng.random() < 0.3:
            options["dtype"] = rng.choice(PLANNED)
        if rng.random() < 0.2:
            special = some(rng, all_tensors, 3) + some(rng, ["weight", "bias"], 1)
            options["special_dtypes"] = {name: rng.choice(PLANNED) for name in special}
        options["fallback_allocation"] = rng.random() < 0.3
    else:
        if rng.random() < 0.1:
            paths = [name for name, _ in tensors(root, "params")]
            options["no_placement_params"] = [
                name.split(".", rng.randrange(3))[-1] for name in some(rng, paths, 2)
            ]
        for i, group in enumerate(tied):
            if not model and rng.random() < 0.3:
                tied[i] = {"source": group[0], "targets": group[1:]}
    if not model or rng.random() < 0.2:
        no_split = some(rng, CLASSES, rng.choice([0, 1, 1, 2]))
    # Transformers looks for parameters in all of a no-split class, be it a parameter itself.
    if rng.random() < 0.03 and "no_placement_params" not in options:
        no_split = no_split + [rng.choice(["Absent", "Parameter", "Tensor"])]
    case = {"modules": root, "tied": tied, "no_split": no_split, "options": options}
    reference = Reference(case, rules, model)
    case["max_memory"] = random_budgets(rng, reference.sizes(), strategy)
    case["device_map"] = strategy
    manual = {key: case[key] for key in ("modules", "tied")}
    manual["device_map"] = random_map(rng, root, names)
    manual["options"] = {"clean_result": rng.random() < 0.5}
    return case, manual, reference


# --- what is compared -----------------------------------------------------------------------------


def count(names):
    """How many "a, b and 3 more" are."""
    more = re.search(r" and (\d+) more", names)
    return names.count(",") + 1 + int(more[1] if more else 0)


def told(texts):
    """The facts in what Ashlar says."""
    facts = collections.Counter()
    for text in texts:
        if found := re.search(r"offloaded modules take (\S+) bytes", text):
            facts[f"buffers {float(found[1])}"] += 1
        if "nothing was placed on" in text:
            for device, size in re.findall(r"(\S+) \(has \S+ bytes, needs (\S+)\)", text):
                facts[f"empty {device} {float(size)}"] += 1
        if "tied parameters are on different devices" in text:
            facts["parted"] += 1
        if found := re.search(r"that are no modules: (.*)", text):
            facts[f"strangers {count(found[1])}"] += 1
        if found := re.search(r"warning: the device map gives no device to (.*)", text):
            facts[f"uncovered {count(found[1])}"] += 1
    return facts


def error_matches(error, texts):
    """Whether Ashlar's error is the exception that the reference ended with."""
    errors = [text for text in texts if ": error: " in text]
    if len(errors) != 1:
        return False
    if "does not give any device" in str(error):
        found = re.search(r"gives no device to (.*)", errors[0])
        return found and count(found[1]) == len(str(error).split(": ", 1)[1].split(", "))
    return type(error).__name__ in errors[0]


def ask_ashlar(cases, rules, emit, folder):
    """For each case what was printed, or None, and what was said."""
    path = pathlib.Path(folder) / f"{rules}-{emit}.json"
    path.write_text(DIVIDER.join(json.dumps(case) + "\n" for case in cases))
    command = ["ashlar", "plan", "--from=modules", str(path), "--split-input-file"]
    command += [f"--compat={rules}", f"--emit={emit}"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"devicemaps.py: exit code {run.returncode}\n{run.stderr[-2000:]}")
    printed = [json.loads(part) if part.strip() else None for part in run.stdout.split(DIVIDER)]
    texts = [[] for _ in cases]
    for line in run.stderr.splitlines():
        # By the number of the case, or by a line of the file, in which a case has two.
        if found := re.match(r".*?(?: part (\d+)|:(\d+):\d+): (error|warning): ", line):
            texts[int(found[1]) - 1 if found[1] else int(found[2]) // 2].append(line)
    if len(printed) != len(cases):
        sys.exit(f"devicemaps.py: {len(printed)} answers to {len(cases)} cases")
    return list(zip(printed, texts))


def by_text(result):
    """With keys as JSON has them."""
    return result if isinstance(result, Exception) else {str(k): v for k, v in result.items()}


class Comparison:
    def __init__(self, rules, kind):
        self.rules, self.kind = rules, kind
        self.same = self.differences = 0
        self.raised = collections.Counter()

    def add(self, number, expected, facts, answer, case):
        printed, texts = answer
        if isinstance(expected, Exception):
            self.raised[type(expected).__name__] += 1
            same = printed is None and error_matches(expected, texts)
        else:
            same = printed == expected and told(texts) == facts
        self.same += same
        if not same:
            self.differences += 1
            if self.differences <= 3:
                print(f"case {number}: {json.dumps(case)}")
                print(f"  expected {expected!r} {dict(facts)}\n  found    {printed} {texts}")

    def report(self):
        raised = ", ".join(f"{count} {name}" for name, count in sorted(self.raised.items()))
        print(
            f"{self.rules} {self.kind}: {self.same + self.differences} cases"
            + (f" ({raised} there and here)" if raised else "")
            + f", {self.differences} differences"
        )


def compare(rules, seeds, folder):
    cases, manuals, references = zip(*(make_case(seed, rules) for seed in seeds))
    comparison = Comparison(rules, "sizes")
    for i, answer in enumerate(ask_ashlar(cases, rules, "sizes", folder)):
        comparison.add(
            seeds[i], dict(references[i].sizes()), collections.Counter(), answer, cases[i]
        )
    comparison.report()

    comparison = Comparison(rules, "budgets")
    for i, answer in enumerate(ask_ashlar(cases, rules, "budgets", folder)):
        expected, _ = recorded(references[i].budgets)
        comparison.add(seeds[i], by_text(expected), collections.Counter(), answer, cases[i])
    comparison.report()

    comparison = Comparison(rules, "maps")
    for i, answer in enumerate(ask_ashlar(cases, rules, "device-map", folder)):
        expected, texts = recorded(references[i].map)
        facts = said(texts)
        if not isinstance(expected, Exception):
            left_off = "no_placement_params" in cases[i]["options"]  # then nobody looks
            if (missing := uncovered(references[i], expected)) and not left_off:
                facts[f"uncovered {missing}"] += 1
            # Transformers says so itself; for Accelerate whoever loads by the map does.
            if rules == "accelerate":
                facts += references[i].parted(expected)
        comparison.add(seeds[i], by_text(expected), facts, answer, cases[i])
    comparison.report()

    comparison = Comparison(rules, "checks")
    for i, answer in enumerate(ask_ashlar(manuals, rules, "device-map", folder)):
        expected = copy.deepcopy(manuals[i]["device_map"])
        error, texts = recorded(lambda: references[i].check(expected))
        if not isinstance(error, Exception) and manuals[i]["options"]["clean_result"]:
            expected = accelerate.clean_device_map(expected)
        comparison.add(
            seeds[i],
            error if isinstance(error, Exception) else expected,
            said(texts),
            answer,
            manuals[i],
        )
    comparison.report()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="DIR", help="where the modules files stay")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.count)
    with tempfile.TemporaryDirectory() as folder:
        for rules in ("accelerate", "transformers"):
            compare(rules, seeds, options.keep or folder)


if __name__ == "__main__":
    main()
