"""Writes modules files that would cost a naive reader or walk its time or its stack:

hostile.py deep | long | ends | partners
"""

import json
import sys


def module(name, *children, params=()):
    params = [{"name": name, "shape": [1], "dtype": "int8"} for name in params]
    return {"name": name, "class": "M", "params": params, "children": list(children)}


def chain(first, depth):
    made = module("x", params=["w"])
    for _ in range(depth - 2):
        made = module("x", made)
    return module(first, made)


def deep():
    return [chain("a", 129)], []


def long():
    return [module("a" * 600, module("b" * 600))], []


def ends():
    """Names that are the ends of others, over equal chains: every one is around every parameter."""
    chains = [chain("a" * length, 62) for length in range(1, 501)]
    return chains, [["a" * length + ".x" * 61 + ".w" for length in range(1, 501)]]


def partners():
    """One module that fits alone, and thousands that are split one by one to fit with it."""
    first = module("first", *(module(f"m{i}", params=["w"]) for i in range(6000)))
    others = [module(f"p{i}", module("q", params=["w", "v"])) for i in range(6000)]
    return [first, *others], [[f"first.m{i}.w", f"p{i}.q.w"] for i in range(6000)]


if __name__ == "__main__":
    children, tied = globals()[sys.argv[1]]()
    print(json.dumps({"modules": {"children": children}, "tied": tied}))
