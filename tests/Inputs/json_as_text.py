"""Compares what phases print as JSON with what they print as text: puts the JSON into the words of the
text, and says how many lines are the same, or the first that is not.

    json_as_text.py KIND… -- ashlar plan …
"""
import itertools
import json
import subprocess
import sys


def items(record, keys):
    return "".join(f" {key}={record[key]}" for key in keys if key in record)


def units(of):
    for unit in of["units"]:
        yield "unit " + unit["name"] + items(unit, ["cache", "frame"])
        for weight in unit["weights"]:
            yield "  weight " + weight["name"] + items(weight, ["type", "layout", "size"])
        for name in unit["shares"]:
            yield "  shares " + name
        for on in unit["on"]:
            times = [key for key in on if key.endswith("_ns")]
            yield "  on " + on["name"] + items(on, ["weights", *times])


def placement(of):
    for unit in of["units"]:
        keys = ["state", "home", "decode", "prefill", "forward"]
        yield "place " + unit["name"] + items(unit, keys)
    for memory in of["memories"]:
        yield "memory " + memory["name"] + items(memory, ["bytes", "capacity", "slack"])
    yield "workload" + items(of["workload"], ["ns"])


def schedule(of):
    for phase in of["phases"]:
        yield "schedule " + phase["name"] + items(phase, ["tokens"])
        for step in phase["steps"]:
            name = step["stream" if step["step"] == "send" else "unit"]
            line = f"  {step['step']} {name}" + items(step, ["from", "to", "on", "bytes"])
            if step["after"] or step["step"] == "run":
                line += f" after=[{','.join(step['after'])}]"
            yield line


def arena(of):
    for memory in of["memories"]:
        yield "memory " + memory["name"] + items(memory, ["capacity", "peak", "slack"])
        for region in memory["regions"]:
            slot = " slot" if region["slot"] else ""
            yield "  region " + region["name"] + items(region, ["offset", "size"]) + slot


def tensors(of):
    for t in of["tensors"]:
        yield f"{t['name']} {t['type']} {t['shape']} {t['file']} {t['offset']} {t['bytes']}"
    counts = {key: len(of[key]) for key in ("tensors", "files")} | {"bytes": of["bytes"]}
    yield "end" + items(counts, counts)


KINDS = {kind.__name__: kind for kind in (units, placement, schedule, arena, tensors)}



def run(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def compare(kind, command):
    command = [*command, "--emit=" + kind]
    text = run(command).decode().splitlines()
    lines = list(KINDS[kind](json.loads(run([*command, "--json"]))))
    for expected, found in itertools.zip_longest(text, lines):
        if expected != found:
            sys.exit(f"{kind}: as text: {expected}\n{kind}: as JSON: {found}")
    print(f"{kind}: {len(text)} lines")


if __name__ == "__main__":
    at = sys.argv.index("--")
    for kind in sys.argv[1:at]:
        compare(kind, sys.argv[at + 1 :])
