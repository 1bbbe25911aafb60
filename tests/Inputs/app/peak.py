"""Compares the peak of a run, as watch.cpp reports it, with the plan's: at most what the plan takes
of host memory, LibTorch included, and 16 MiB for the program itself, and not less than its weights.

    peak.py PLAN STDERR
"""
import re
import sys

PROGRAM = 16 << 20


def main(plan, errors):
    with open(plan) as file:
        text = file.read()
    memory = re.search(r"^memory host .* peak=(\d+)(?: outside=(\d+))?", text, re.MULTILINE)
    planned = int(memory[1]) + int(memory[2] or 0)
    weights = int(re.search(r"region host.weights offset=0 size=(\d+)", text)[1])
    with open(errors) as file:
        peak = int(re.search(r"^watched .* peak=(\d+)$", file.read(), re.MULTILINE)[1])
    if weights <= peak <= planned + PROGRAM:
        print("within the plan")
        return 0
    print(f"the run took {peak} bytes; the plan has {planned}, of which weights {weights}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
