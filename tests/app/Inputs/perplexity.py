"""Computes the perplexity of tokens from the logits of an app, and compares it with what the app says.

    perplexity.py APP IDS [--context 16] [--end 2]
"""
import argparse
import json
import math
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Inputs"))
from compare_npy import Matrix
from parity_check import run


def windows(ids, context, end):
    window = []
    for id in ids:
        window.append(id)
        if id == end or len(window) == context:
            yield window
            window = []
    yield window


def nats(app, window):
    """Of each token but the first, behind those before it."""
    with tempfile.NamedTemporaryFile() as file:
        run(app, "logits", "--tokens=" + ",".join(map(str, window)), "-o", file.name)
        logits = Matrix(file.name)
    for at, id in enumerate(window[1:]):
        row = logits.numbers[at * logits.columns : (at + 1) * logits.columns]
        most = max(row)
        yield most + math.log(math.fsum(math.exp(x - most) for x in row)) - row[id]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("app")
    parser.add_argument("ids")
    parser.add_argument("--context", type=int, default=16)
    parser.add_argument("--end", type=int, default=2)
    o = parser.parse_args()
    ids = [int(id) for id in o.ids.split(",")]
    costs = [list(nats(o.app, w)) for w in windows(ids, o.context, o.end) if len(w) > 1]
    tokens = sum(map(len, costs))
    mean = sum(map(sum, costs)) / tokens
    said = json.loads(run(o.app, "perplexity", "--tokens", o.ids, "--json"))
    assert (said["tokens"], said["windows"]) == (tokens, len(costs)), said
    assert abs(said["nats"] - mean) < 1e-5, (said, mean)
    assert abs(said["perplexity"] / math.exp(mean) - 1) < 1e-5, (said, math.exp(mean))
    print(f"{tokens} tokens in {len(costs)} windows: agrees")


if __name__ == "__main__":
    main()
