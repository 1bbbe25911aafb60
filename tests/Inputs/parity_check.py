"""Compares a placed executable with what transformers computed. Needs nothing but Python.

    parity_check.py APP REFERENCE [--tolerance 1e-4] [--greedy 64]

REFERENCE is a folder as tests/oracle/models.py writes it:
    prompt.txt    token ids, separated by commas
    logits.npy    of each of them
    greedy.txt    what follows the first tokens of the prompt when the likeliest is always taken
or, of a model that reads rows,
    x.npy         rows
    y.npy         what each of them becomes
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

from compare_npy import Matrix, compare

LENGTHS = [1, 7, 130]  # of prompts: one token; less than a chunk; several chunks
GREEDY_AFTER = 7


def run(app, *arguments):
    done = subprocess.run([app, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{app} {arguments[0]} exits with {done.returncode}: {done.stderr}")
    return done.stdout


def tokens(prompt, length):
    return "--tokens=" + ",".join(prompt[:length])


def differences(app, reference):
    """For each length of a prompt, the largest difference; and greedy tokens before the first one
    that differs, of how many."""
    reference = pathlib.Path(reference)
    prompt = (reference / "prompt.txt").read_text().strip().split(",")
    expected = Matrix(reference / "logits.npy")
    result = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "logits.npy")
        for length in LENGTHS:
            run(app, "logits", tokens(prompt, length), "-o", file)
            result.append(compare(Matrix(file), expected, length))
    ids = (reference / "greedy.txt").read_text().strip().split(",")
    found = run(app, "generate", tokens(prompt, GREEDY_AFTER), "-n", len(ids), "--output=tokens",
                "--ignore-eos").strip().split(",")
    if len(found) != len(ids):
        raise ValueError(f"{len(found)} tokens generated, {len(ids)} asked for")
    agreed = 0
    while agreed < len(ids) and found[agreed] == ids[agreed]:
        agreed += 1
    return result, agreed, len(ids)


def row_differences(app, reference):
    """For each number of rows, the largest difference."""
    rows, expected = Matrix(pathlib.Path(reference, "x.npy")), Matrix(pathlib.Path(reference, "y.npy"))
    result = []
    with tempfile.TemporaryDirectory() as folder:
        given, made = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npy")
        for count in LENGTHS:
            rows.save_first(count, given)
            run(app, "forward", "--input", given, "-o", made)
            result.append(compare(Matrix(made), expected, count))
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("app")
    parser.add_argument("reference")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--greedy", type=int, help="tokens that must agree (default: all)")
    options = parser.parse_args()
    rows = pathlib.Path(options.reference, "x.npy").exists()
    if rows:
        found, good = row_differences(options.app, options.reference), True
    else:
        found, agreed, asked = differences(options.app, options.reference)
        good = agreed >= (asked if options.greedy is None else options.greedy)
    for length, difference in zip(LENGTHS, found):
        close = difference <= options.tolerance
        good &= close
        print(f"{length} {'rows' if rows else 'tokens'}: {'close' if close else 'DIFFERENT'} "
              f"({difference:.1e})")
    if not rows:
        print(f"greedy: {agreed} of {asked} tokens agree")
    sys.exit(not good)


if __name__ == "__main__":
    main()
