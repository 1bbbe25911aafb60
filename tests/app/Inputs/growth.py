"""Compares perplexities, a line of JSON each, with the first one.

    growth.py FILE MOST…    by which part each of the others may be larger
"""
import json
import sys


def main(path, *most):
    with open(path) as file:
        first, *others = map(json.loads, file)
    print(f"{first['windows']} windows, {first['tokens']} tokens: perplexity {first['perplexity']}")
    for other, limit in zip(others, map(float, most), strict=True):
        assert (other["windows"], other["tokens"]) == (first["windows"], first["tokens"]), other
        growth = other["perplexity"] / first["perplexity"] - 1
        print(f"grows by {growth:.4%}".replace("%", " %"))
        assert growth <= limit, other


if __name__ == "__main__":
    main(*sys.argv[1:])
