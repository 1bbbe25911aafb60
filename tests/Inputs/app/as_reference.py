"""Writes what an app computes as a folder that parity_check.py compares others with.

    as_reference.py APP FOLDER [--vocabulary 60]
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from parity_check import GREEDY_AFTER, LENGTHS, run, tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("app")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--vocabulary", type=int, default=60)
    o = parser.parse_args()
    prompt = [str((i * i * 7 + i * 13 + 5) % o.vocabulary) for i in range(max(LENGTHS))]
    (o.folder / "prompt.txt").write_text(",".join(prompt))
    run(o.app, "logits", tokens(prompt, len(prompt)), "-o", o.folder / "logits.npy")
    (o.folder / "greedy.txt").write_text(
        run(o.app, "generate", tokens(prompt, GREEDY_AFTER), "-n", 64, "--output=tokens",
            "--ignore-eos"))


if __name__ == "__main__":
    main()
