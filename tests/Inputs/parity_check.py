"""Compares a placed executable with what transformers computed. Needs nothing but Python.

    parity_check.py APP REFERENCE [--tolerance 1e-4] [--greedy 64] [--batch 3]

REFERENCE is a folder as tests/oracle/models.py writes it:
    prompt.txt    token ids, separated by commas
    logits.npy    of each of them
    greedy.txt    what follows the first tokens of the prompt when the likeliest is always taken
or, of a model that reads rows,
    x.npy         rows
    y.npy         what each of them becomes

With a batch, an app of that batch is given all prompts at once. Greedy texts then begin at several
places of the reference's, so that sequences of different lengths are decoded together.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

from compare_npy import Matrix, compare

LENGTHS = [1, 7, 130]  # of prompts: one token; less than a chunk; several chunks
GREEDY_AFTER = 7
APART = 5  # so many tokens each sequence of a batch is ahead of the one before


def run(app, *arguments):
    done = subprocess.run([app, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{app} {arguments[0]} exits with {done.returncode}: {done.stderr}")
    return done.stdout


def tokens(prompt, length):
    return "--tokens=" + ",".join(prompt[:length])


def prompt_logits(app, prompt, lengths, file):
    """Of the first tokens of a prompt, for each length; all in one run."""
    run(app, "logits", *(tokens(prompt, length) for length in lengths), "-o", file)
    found, first = Matrix(file), 0
    for length in lengths:
        yield found.part(first, length)
        first += length
    if found.rows != first:
        raise ValueError(f"logits of {found.rows} tokens, {first} asked for")


def agreement(found, expected):
    """How many tokens are the same before the first one that differs."""
    same = 0
    while same < min(len(found), len(expected)) and found[same] == expected[same]:
        same += 1
    return same


def differences(app, reference, batch=1, prompts=LENGTHS):
    """For each length of a prompt, the largest difference; and greedy tokens before the first one
    that differs, of how many."""
    reference = pathlib.Path(reference)
    prompt = (reference / "prompt.txt").read_text().strip().split(",")
    expected = Matrix(reference / "logits.npy")
    result = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "logits.npy")
        for first in range(0, len(prompts), batch):
            lengths = prompts[first : first + batch]
            for length, found in zip(lengths, prompt_logits(app, prompt, lengths, file)):
                result.append(compare(found, expected, length))
    ids = (reference / "greedy.txt").read_text().strip().split(",")
    starts = [i * APART for i in range(batch)]
    texts = [prompt[:GREEDY_AFTER] + ids[:start] for start in starts]
    found = run(app, "generate", *(tokens(text, len(text)) for text in texts), "-n", len(ids),
                "--output=tokens", "--ignore-eos").split()
    found = [line.split(",") for line in found]
    if [len(line) for line in found] != [len(ids)] * batch:
        raise ValueError(f"{[len(line) for line in found]} tokens generated, {len(ids)} asked for")
    agreed = min(start + agreement(line, ids[start:]) for start, line in zip(starts, found))
    return result, agreed, len(ids)


def row_differences(app, reference, counts=LENGTHS):
    """For each number of rows, the largest difference."""
    rows, expected = Matrix(pathlib.Path(reference, "x.npy")), Matrix(pathlib.Path(reference, "y.npy"))
    result = []
    with tempfile.TemporaryDirectory() as folder:
        given, made = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npy")
        for count in counts:
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
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    rows = pathlib.Path(options.reference, "x.npy").exists()
    if rows:
        found, good = row_differences(options.app, options.reference), True
    else:
        found, agreed, asked = differences(options.app, options.reference, options.batch)
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
