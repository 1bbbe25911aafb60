"""Compares the reader of safetensors files with the package `safetensors`, on files that are damaged
at random:

    python3 tests/oracle/safetensors_mutations.py [--count 20000] [--seed 1]

What the package refuses, `ashlar inspect` must refuse. Where `ashlar` alone refuses, its reason must
be one of the rules that compiler/checkpoint/README.md names as stricter.
"""
import argparse
import collections
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import safetensors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Inputs"))
import damage
from checkpoints import file_of

BATCH = 1000

# Reasons of ours that the package has not. Each names a rule of compiler/checkpoint/README.md.
STRICTER = {
    r"in a string$|half of a surrogate pair": 3,
    r"nested deeper than 3 levels": 4,
    r"expected a value$": 4,
    r"expected '\{' before the (description|metadata)": 4,
    r"expected a type's name in quotes": 4,
    r"twice$": 6,
    r"more than 16 keys|is longer than 1 MiB": 7,
    r"larger than 2\^63 - 1": 8,
    r"has more than 64 numbers": 9,
    r"whose size overflows 64 bits": 11,
    r"control character$|longer than 1024 bytes": 14,
    r"\"__metadata__\"": 15,
}


# --- files ----------------------------------------------------------------------------------------


def bases():
    """Files of a few hundred bytes, good and damaged."""
    kinds = [kind for kind in damage.FILES if kind not in ("million-and-one", "large")]
    files = [damage.FILES[kind]() for kind in kinds]
    return [data for data in files if 8 <= len(data) < 4096]


def whole(source):
    """A file without a mistake: a few small tensors of any types, in any order."""
    entries, end = [], 0
    for i in range(source.randrange(1, 5)):
        dtype = source.choice(list(damage.BITS))
        shape = [source.randrange(4) for _ in range(source.randrange(3))] + [8]
        begin, end = end, end + math.prod(shape) * damage.BITS[dtype] // 8
        entries.append((f"t{i}", {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}))
    if source.random() < 0.5:
        entries.append(("__metadata__", {"format": "pt"}))
    source.shuffle(entries)
    return file_of(json.dumps(dict(entries)), bytes(end))


NUMBERS = [0, 1, 2, 3, 4, 7, 8, 9, 12, 16, 20, 2**31, 2**32, 2**60, 2**62, 2**63 - 1, 2**63,
           2**64 - 1, 2**64]
PIECES = [
    '"', "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "-", ".0", "e0", "0", "null", "true",
    "\\u0061", "\\u0000", "\\ud800", "\\ud83d\\ude00", "\u00e9", "\u200b", '"x":1,', '"x":{},',
    '"x":[[]],', '"x":null,', '"dtype":"F32",', '"shape":[2],', '"data_offsets":[0,8],',
    '"__metadata__":{"k":"v"},', '"__metadata__":null,', '"a":{"dtype":"U8","shape":[0],'
    '"data_offsets":[0,0]},', "1e400", "-0", "[]", "{}", '"F32"', '{"F32":null}',
    '["F32",[2],[0,8]]',
]


def mutate_text(header, source):
    """One change to a header, which is bytes."""
    at = source.randrange(len(header) + 1)
    numbers = list(re.finditer(rb"\d+", header))
    strings = list(re.finditer(rb'"[^"]*"', header))
    kind = source.randrange(9)
    if kind == 0 and header:  # another byte
        at = min(at, len(header) - 1)
        return header[:at] + bytes([source.randrange(256)]) + header[at + 1:]
    if kind == 1:  # fewer
        return header[:at] + header[at + source.randrange(1, 8):]
    if kind == 2:  # twice
        end = min(len(header), at + source.randrange(1, 60))
        return header[:end] + header[at:]
    if kind in (3, 4):
        return header[:at] + source.choice(PIECES).encode() + header[at:]
    if kind in (5, 6) and numbers:
        match = source.choice(numbers)
        number = int(match[0]) + source.choice([-8, -4, -1, 1, 4, 8]) if source.random() < 0.5 else (
            source.choice(NUMBERS))
        return header[:match.start()] + str(number).encode() + header[match.end():]
    if kind == 7 and strings:
        match, other = source.choice(strings), source.choice(strings)[0]
        if source.random() < 0.5:
            other = b'"' + source.choice(list(damage.BITS)).encode() + b'"'
        return header[:match.start()] + other + header[match.end():]
    return reordered(header, source)


def reordered(header, source):
    """The same object with its keys in another order, or written with blanks."""
    try:
        value = json.loads(header)
    except ValueError:
        return header
    if isinstance(value, dict):
        keys = list(value)
        source.shuffle(keys)
        value = {key: value[key] for key in keys}
    return json.dumps(value, indent=source.choice([None, 1])).encode()


def mutated(file, source):
    length = int.from_bytes(file[:8], "little")
    length = min(length, len(file) - 8)
    header, data = file[8 : 8 + length], file[8 + length :]
    for _ in range(source.choice([1, 1, 1, 2, 3])):
        header = mutate_text(header, source)
    if source.random() < 0.1:
        data = data[: source.randrange(len(data) + 1)] + bytes(source.randrange(9))
    claimed = None
    if source.random() < 0.05:
        claimed = max(0, len(header) + source.choice([-1, 1, 8, 2**40]))
    return file_of(header, data, claimed)


# --- comparison -----------------------------------------------------------------------------------


def reference(data):
    try:
        safetensors.deserialize(data)
        return None
    except safetensors.SafetensorError as error:
        return str(error)


def ours(paths):
    """For each path None, or why it is refused."""
    run = subprocess.run(["ashlar", "inspect", *paths], capture_output=True, text=True,
                         errors="replace")
    if run.returncode not in (0, 1):
        sys.exit(f"ashlar inspect ended with {run.returncode}: {run.stderr[-1000:]}")
    shown = {line[:-1] for line in run.stdout.split("\n") if line.endswith(":")}
    reasons = dict(re.findall(r"^(\S+): error: (.*)$", run.stderr, re.MULTILINE))
    if any((path in shown) == (path in reasons) for path in paths):
        sys.exit("ashlar inspect neither showed nor refused a file")
    return [reasons.get(path) for path in paths]


def rule_of(reason, data):
    for text, rule in STRICTER.items():
        if re.search(text, reason):
            return rule
    # Of two tensors of one name the package looks at the last alone.
    names = []
    length = int.from_bytes(data[:8], "little")
    json.loads(data[8 : 8 + length], object_pairs_hook=lambda pairs: names.append(
        [name for name, _ in pairs]))
    return 6 if len(set(names[-1])) < len(names[-1]) else None


def compare(files, folder, counts, stricter):
    """Returns what the package refuses and we do not, and reasons of ours that are none."""
    paths = [str(folder / f"{i}.safetensors") for i in range(len(files))]
    for path, data in zip(paths, files):
        pathlib.Path(path).write_bytes(data)
    wrong = []
    for data, reason in zip(files, ours(paths)):
        theirs = reference(data)
        counts[theirs is None, reason is None] += 1
        if reason is None and theirs is not None:
            wrong.append((data, f"accepted, although: {theirs}"))
        if reason is not None and theirs is None:
            rule = rule_of(reason, data)
            stricter[rule] += 1
            if rule is None:
                wrong.append((data, f"refused, without a rule: {reason}"))
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    source = random.Random(options.seed)
    damaged = bases()
    counts, stricter, wrong = collections.Counter(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, options.count, BATCH):
            files = [mutated(whole(source) if source.random() < 0.6 else source.choice(damaged),
                             source)
                     for _ in range(min(BATCH, options.count - start))]
            wrong += compare(files, pathlib.Path(folder), counts, stricter)
    for data, why in wrong[:20]:
        print(f"{data!r}: {why}")
    print(f"{options.count} files: {counts[True, True]} accepted by both, "
          f"{counts[False, False]} refused by both, {counts[True, False]} refused by a stricter rule "
          f"({', '.join(f'{rule}: {n}' for rule, n in sorted(stricter.items(), key=str))}), "
          f"{len(wrong)} wrong: {'FAILED' if wrong else 'ok'}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
