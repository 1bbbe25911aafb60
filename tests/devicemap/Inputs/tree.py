"""Writes a modules file from a short notation:

    tree.py 'embed(weight=8) blk:Block(scale=4 @table=2 fc(weight=3:float32))' [--tied a,b]…

`name(…)` is a module with what is in it, of class M or of the one that is named; `name=N` is a
parameter of N elements, `@name=N` a buffer, of int8 or of the type that is named.
"""

import argparse
import json
import re


def parse(text):
    stack = [{"class": "Root", "params": [], "buffers": [], "children": []}]
    for token in re.findall(r"\)|[^\s()]+\(?", text):
        if token == ")":
            stack.pop()
        elif token.endswith("("):
            name, _, kind = token[:-1].partition(":")
            child = {
                "name": name,
                "class": kind or "M",
                "params": [],
                "buffers": [],
                "children": [],
            }
            stack[-1]["children"].append(child)
            stack.append(child)
        else:
            name, _, rest = token.partition("=")
            count, _, dtype = rest.partition(":")
            part = {"name": name.lstrip("@"), "shape": [int(count)], "dtype": dtype or "int8"}
            stack[-1]["buffers" if token.startswith("@") else "params"].append(part)
    return stack[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tree")
    parser.add_argument("--tied", action="append", default=[])
    options = parser.parse_args()
    tied = [group.split(",") for group in options.tied]
    print(json.dumps({"modules": parse(options.tree), "tied": tied}))


if __name__ == "__main__":
    main()
