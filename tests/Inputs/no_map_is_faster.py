"""Holds the plan that is solved for against the plans of all device maps of published models:

    no_map_is_faster.py DIR [MODEL ...]      all of published.py's, where none is named

A map that leaves no room for caches and activations is tried with the budgets that its refusal
suggests. Prints how many maps were made, and each that takes less time for the workload.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import published

MACHINES = ["laptop-8gb", "desktop-24gb", "pair-8-12gb", "pair-24gb", "server-8x80gb"]
STRATEGIES = ["auto", "balanced", "balanced_low_0", "sequential"]
PROMPT, GENERATE = 512, 256  # the workload that plans are made for


def plan(*options):
    done = subprocess.run(["ashlar", "plan", *map(str, options), "--no-tokenizer", "--json"],
                          capture_output=True, text=True)
    if done.returncode not in (0, 2):
        sys.exit(f"{' '.join(map(str, options))} exits with {done.returncode}: {done.stderr}")
    return (json.loads(done.stdout) if done.returncode == 0 else None), done.stderr


def nanoseconds(plan):
    times = {phase["name"]: phase["ns"] for phase in plan["phases"]}
    return -(-PROMPT // plan["chunk"]) * times["prefill"] + GENERATE * times["decode"]


def main(directory, *names):
    maps = 0
    for name in names or published.MODELS:
        model = pathlib.Path(directory) / name
        published.write(name, model)
        for machine in MACHINES:
            request = [model, "--machine", machine, "--context", 1024]
            solved, why = plan(*request)
            if not solved:
                sys.exit(f"{name} on {machine}: {why}")
            for strategy in STRATEGIES:
                for rules in ["accelerate", "transformers"]:
                    options = [*request, "--device-map", strategy, "--compat", rules]
                    followed, why = plan(*options)
                    budgets = re.search(r"--max-memory (\S+)", why)
                    if not followed and budgets:
                        followed, _ = plan(*options, "--max-memory", budgets[1])
                    if not followed:
                        continue
                    maps += 1
                    if nanoseconds(followed) < nanoseconds(solved):
                        print(f"{name} on {machine}: {strategy} of {rules} is faster")
    print(f"{maps} maps")


if __name__ == "__main__":
    main(*sys.argv[1:])
