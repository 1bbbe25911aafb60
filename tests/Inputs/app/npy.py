"""Looks at logits in .npy files, with nothing but Python.

    npy.py shape FILE             prints type and shape
    npy.py greedy FILE IDS N [R]  fails unless each of IDS from the N-th on is the likeliest to follow,
                                  with R as repetition penalty
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from compare_npy import Matrix


def shape(path):
    logits = Matrix(path)
    print(f"float32 [{logits.rows}, {logits.columns}]")


def greedy(path, ids, start, penalty="1"):
    logits = Matrix(path)
    with open(ids) as file:
        ids = [int(id) for id in file.read().split(",")]
    assert logits.rows == len(ids)
    for at in range(int(start), len(ids)):
        row = logits.numbers[(at - 1) * logits.columns : at * logits.columns]
        for seen in set(ids[:at]):
            row[seen] *= float(penalty) if row[seen] < 0 else 1 / float(penalty)
        likeliest = max(range(logits.columns), key=row.__getitem__)
        assert ids[at] == likeliest, f"token {at} is {ids[at]}, the likeliest is {likeliest}"
    print(f"greedy: {len(ids) - int(start)} tokens")


if __name__ == "__main__":
    {"shape": shape, "greedy": greedy}[sys.argv[1]](*sys.argv[2:])
