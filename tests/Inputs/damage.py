"""Damaged checkpoints, by the names that `checkpoints.py --damage` takes. Each breaks one rule of
the safetensors format or of its index and keeps the others."""
import json
import os

from checkpoints import file_of


def entry(dtype='"F32"', shape="[2]", offsets="[0,8]", more=""):
    return f'{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}{more}}}'


def one(*arguments, data=8, **named):
    """A file with one tensor, "a"."""
    return file_of('{"a":' + entry(*arguments, **named) + "}", bytes(data))


def many(*entries, data=8, before=""):
    text = ",".join(f"{name}:{value}" for name, value in entries)
    return file_of(before + "{" + text + "}", bytes(data))


def raw(header, data=8, length=None):
    return file_of(header, bytes(data), length)


BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}


def every_type():
    """A tensor of eight numbers of each type, under its name."""
    entries, end = [], 0
    for name, bits in BITS.items():
        begin, end = end, end + bits
        entries.append(f'"{name}":' + entry(f'"{name}"', "[8]", f"[{begin},{end}]"))
    return "{" + ",".join(entries) + "}", bytes(end)


GOOD = '{"a":' + entry() + "}"

# Each is a whole file. What a file costs to make is paid only when it is asked for.
FILES = {
    # the length
    "empty": lambda: b"",
    "short": lambda: b"1234567",
    "length-huge": lambda: raw(GOOD, length=2**63),
    "length-above-limit": lambda: raw(GOOD, length=100_000_001),
    "length-beyond-file": lambda: raw(GOOD, length=len(GOOD) + 9),
    "length-whole-file": lambda: raw(GOOD, length=len(GOOD) + 8),
    "lfs-pointer": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 8\n",
    # the text
    "header-empty": lambda: raw(""),
    "not-utf8": lambda: raw(b'{"\xff":' + entry().encode() + b"}"),
    "not-utf8-surrogate": lambda: raw(b'{"\xed\xa0\x80":' + entry().encode() + b"}"),
    "escaped-surrogate": lambda: many(('"\\ud800"', entry())),
    "not-an-object": lambda: raw("[" + GOOD + "]"),
    "trailing-text": lambda: raw(GOOD + "x"),
    "trailing-blanks": lambda: raw(GOOD + "   \n"),
    "leading-blanks": lambda: raw("  " + GOOD),
    "unfinished": lambda: raw(GOOD[:-1]),
    "unfinished-string": lambda: raw('{"a'),
    "trailing-comma": lambda: raw(GOOD[:-1] + ",}"),
    "control-in-string": lambda: raw('{"a\n":' + entry() + "}"),
    "bad-escape": lambda: many(('"\\u00zz"', entry())),
    "no-colon": lambda: raw(GOOD.replace(":", " ", 1)),
    "no-brackets": lambda: one(shape="2"),
    "no-comma": lambda: one(more=' "x":1'),
    "metadata-no-comma": lambda: many(('"__metadata__"', '{"k":"" "l":""}'), data=0),
    "array-no-comma": lambda: one(more=',"x":[1 1]'),
    "object-no-comma": lambda: one(more=',"x":{"k":1 1}'),
    "17-keys": lambda: one(more="".join(f',"x{i}":1' for i in range(17))),
    "deep": lambda: one(more=',"x":[[1]]'),
    "deep-object": lambda: one(more=',"x":{"k":{}}'),
    "large": lambda: many(
        *((f'"{i}"', entry('"U8"', "[0]", "[0,0]")) for i in range(300_000)), data=0),
    # keys
    "twice": lambda: many(('"a"', entry()), ('"a"', entry())),
    "twice-escaped": lambda: many(('"a"', entry()), ('"\\u0061"', entry())),
    "twice-key": lambda: one(more=',"dtype":"F32"'),
    "twice-unknown-key": lambda: one(more=',"x":1,"x":1'),
    "twice-inner-key": lambda: one(more=',"x":{"k":1,"k":1}'),
    "unknown-object": lambda: one(more=',"x":{"k":1,"l":"m"}'),
    "unknown-long": lambda: one(more=',"x":[' + "1," * 600_000 + "1]"),
    "unknown-key": lambda: one(more=',"x":[1,-2.5e3,"y",null]'),
    "no-dtype": lambda: many(('"a"', '{"shape":[2],"data_offsets":[0,8]}')),
    "no-shape": lambda: many(('"a"', '{"dtype":"F32","data_offsets":[0,8]}')),
    "no-offsets": lambda: many(('"a"', '{"dtype":"F32","shape":[2]}')),
    "not-a-description": lambda: many(('"a"', "8")),
    # numbers
    "fraction": lambda: one(shape="[2.0]"),
    "exponent": lambda: one(shape="[2e0]"),
    "negative": lambda: one(shape="[-2]"),
    "negative-zero": lambda: one(shape="[-0]", offsets="[0,0]", data=0),
    "leading-zero": lambda: one(shape="[02]"),
    "above-63-bits": lambda: one(shape="[9223372036854775808]"),
    "number-as-string": lambda: one(shape='["2"]'),
    "one-offset": lambda: one(offsets="[8]"),
    "three-offsets": lambda: one(offsets="[0,8,8]"),
    # shapes and types
    "rank-9": lambda: one(shape="[1,1,1,1,1,1,1,1,2]"),
    "rank-65": lambda: one(shape="[" + "1," * 64 + "2]"),
    "unknown-type": lambda: one(dtype='"F31"'),
    "unknown-type-outside": lambda: one(dtype='"F31"', offsets="[8,9223372036854775807]"),
    "every-type": lambda: file_of(*every_type()),
    "type-not-a-string": lambda: one(dtype="32"),
    "overflow": lambda: one(shape="[4294967296,4294967296]"),
    "overflow-before-zero": lambda: one(shape="[4294967296,4294967296,0]", offsets="[0,0]", data=0),
    "too-few-bytes": lambda: one(shape="[3]"),
    "too-many-bytes": lambda: one(shape="[1]"),
    "half-a-byte": lambda: one(dtype='"F4"', shape="[3]", offsets="[0,2]", data=2),
    "half-bytes": lambda: one(dtype='"F4"', shape="[2,2]", offsets="[0,2]", data=2),
    "scalar-and-empty": lambda: many(
        ('"e"', entry(shape="[0,7]", offsets="[4,4]")), ('"s"', entry(shape="[]", offsets="[0,4]")),
        data=4),
    # extents
    "reversed": lambda: one(offsets="[8,0]"),
    "hole-at-start": lambda: one(offsets="[4,12]", data=12),
    "hole": lambda: many(('"a"', entry()), ('"b"', entry(offsets="[12,20]")), data=20),
    "overlap": lambda: many(('"a"', entry()), ('"b"', entry(offsets="[4,12]")), data=12),
    "same-place": lambda: many(('"a"', entry()), ('"b"', entry())),
    "cut-short": lambda: one(data=7),
    "appended": lambda: one(data=9),
    "other-order": lambda: many(('"b"', entry(offsets="[8,16]")), ('"a"', entry()), data=16),
    # names
    "name-1024": lambda: many(('"' + "n" * 1024 + '"', entry())),
    "name-1025": lambda: many(('"' + "n" * 1025 + '"', entry())),
    "name-nul": lambda: many(('"a\\u0000"', entry())),
    "name-control": lambda: many(('"a\\u001b[31m"', entry())),
    "name-c1-control": lambda: many(('"a\\u009b31m"', entry())),
    "million-and-one": lambda: many(
        *((f'"{i}"', entry('"U8"', "[0]", "[0,0]")) for i in range(1_000_001)), data=0),
    # metadata
    "metadata-twice": lambda: many(('"__metadata__"', "{}"), ('"__metadata__"', "{}"), data=0),
    "metadata-twice-key": lambda: many(('"__metadata__"', '{"k":"","k":""}'), data=0),
    "metadata-number": lambda: many(('"__metadata__"', '{"k":1}'), data=0),
    "metadata-string": lambda: many(('"__metadata__"', '"k"'), data=0),
    "metadata-large": lambda: many(
        ('"__metadata__"', '{"k":"' + "v" * 600_000 + '","l":"' + "v" * 600_000 + '"}'), data=0),
    "metadata-long-string": lambda: many(
        ('"__metadata__"', '{"k":"' + "v" * 1_100_000 + '"}'), data=0),
}


def change_index(change):
    def apply(directory):
        path = os.path.join(directory, "model.safetensors.index.json")
        with open(path) as file:
            index = json.load(file)
        change(index["weight_map"], index)
        with open(path, "w") as file:
            json.dump(index, file, indent=2, sort_keys=True)

    return apply


def rename_file(name):
    return change_index(lambda files, index: files.update({"model.norm.weight": name}))


def second_copy(directory):
    """The first shard once more, under a name that the index gives to one tensor of the last."""
    files = sorted(f for f in os.listdir(directory) if f.endswith(".safetensors"))
    with open(os.path.join(directory, files[0]), "rb") as file:
        content = file.read()
    with open(os.path.join(directory, "twin.safetensors"), "wb") as file:
        file.write(content)
    rename_file("twin.safetensors")(directory)


def convert(name):
    """Nothing but a file in another format."""
    def apply(directory):
        for file in os.listdir(directory):
            if file.endswith(".safetensors"):
                os.remove(os.path.join(directory, file))
        if name:
            with open(os.path.join(directory, name), "wb") as file:
                file.write(b"PK")

    return apply


NORM = "model.norm.weight"

# Each changes a checkpoint that was written whole; those of the index need --shards.
CHANGES = {
    "index-parent": rename_file("../model.safetensors"),
    "index-absolute": rename_file("/etc/model.safetensors"),
    "index-nul": rename_file("model\0.safetensors"),
    "index-other-ending": rename_file("model.bin"),
    "index-no-name": rename_file(".safetensors"),
    "index-number": rename_file(1),
    "index-absent-file": rename_file("absent.safetensors"),
    "index-absent-tensor": change_index(
        lambda files, index: files.update({"absent": files[NORM]})),
    "index-wrong-file": change_index(
        lambda files, index: files.update({NORM: files["model.embed_tokens.weight"]})),
    "index-unmapped": change_index(lambda files, index: files.pop(NORM)),
    "index-total": change_index(lambda files, index: index.update(metadata={"total_size": 7.0})),
    "index-dot": rename_file(".."),
    "index-no-map": change_index(lambda files, index: index.pop("weight_map")),
    "index-million-and-one": change_index(
        lambda files, index: files.update((str(i), files[NORM]) for i in range(1_000_001))),
    "index-twin": second_copy,
    "no-weights": convert(None),
    "pickle": convert("pytorch_model.bin"),
    "gguf": convert("model-q4.gguf"),
}

KINDS = [*FILES, *CHANGES]


def write_file(directory, kind):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "model.safetensors"), "wb") as file:
        file.write(FILES[kind]())
