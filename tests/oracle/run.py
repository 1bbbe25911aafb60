"""Compares Ashlar with the Python packages that it must agree with: what `./dev oracle` runs.

    run.py [PART…]         PART: fixtures, modules, parity, table, rounding, tokenizers, sampling,
                           devicemaps, plans, safetensors (default: all)

The `ashlar` that is tested is the one on PATH. The last line is the count of comparisons that
passed and failed.
"""
import argparse
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent

# What each part runs, and the end of a line with which it reports a comparison that passed or one
# that failed.
PARTS = {
    "fixtures": (["make_fixtures.py", "--check"], r"ok", r"FAILED"),
    "modules": (["modules.py"], r"equal", r"DIFFERENT"),
    "parity": (["parity.py"], r"ok", r"FAILED"),
    "table": (["parity_table.py"], r"ok", r"FAILED"),
    "rounding": (["rounding.py"], r"ok", r"FAILED"),
    "tokenizers": (["tokenizers.py"], r" 0 differences", r" [1-9]\d* differences"),
    "sampling": (["sampling.py"], r" 0 differences", r" [1-9]\d* differences"),
    "devicemaps": (["devicemaps.py"], r" 0 differences", r" [1-9]\d* differences"),
    "plans": (["plans.py"], r" 0 differences", r" [1-9]\d* differences"),
    "safetensors": (["safetensors_mutations.py"], r"ok", r"FAILED"),
}


def run(command, good, bad):
    """Shows what the part prints; counts."""
    passed = failed = 0
    part = subprocess.Popen(
        [sys.executable, "-u", FOLDER / command[0], *command[1:]], stdout=subprocess.PIPE, text=True
    )
    for line in part.stdout:
        print(line, end="", flush=True)
        passed += bool(re.search(good + "$", line))
        failed += bool(re.search(bad + "$", line))
    # One that ends early, or finds nothing to compare, has failed.
    if part.wait() != 0 or passed + failed == 0:
        failed = max(failed, 1)
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", metavar="PART", nargs="*", help=", ".join(PARTS))
    names = parser.parse_args().parts or list(PARTS)
    for name in names:
        if name not in PARTS:
            parser.error(f"there is no part '{name}': {', '.join(PARTS)}")
    passed = failed = 0
    for name in names:
        print(f"--- {name}", flush=True)
        counts = run(*PARTS[name])
        passed, failed = passed + counts[0], failed + counts[1]
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
