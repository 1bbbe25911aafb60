"""Writes inputs to begin with, a folder for each fuzz target: seeds.py DIR. All come from the tree:
carried specs and profiles, what tests are made of, and damaged checkpoints."""
import argparse
import itertools
import os
import pathlib
import re
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests" / "Inputs"))
import checkpoints
import damage

SMALL = 1 << 16  # larger ones only take time


def files(*patterns):
    found = itertools.chain.from_iterable(sorted(TREE.glob(pattern)) for pattern in patterns)
    return {str(path.relative_to(TREE)): path.read_bytes() for path in found}


def specs():
    found = files("specs/models/*.ash", "tests/spec/**/*.ash")
    for name, text in files("tests/spec/*.test").items():  # some of them are several
        for i, part in enumerate(text.split(b"// -----\n")):
            found[f"{name}-{i}"] = part
    return found


def profiles():
    found = files("specs/machines/*.yaml", "tests/**/*.yaml")
    # Tests keep theirs in heredocs and `split-file`s: every part that begins as a profile does.
    for name, text in files("tests/machine/*.test").items():
        for i, part in enumerate(text.split(b"ashlar-machine:")[1:]):
            found[f"{name}-{i}"] = b"ashlar-machine:" + part
    return found


def plans():
    return files("tests/plan/Inputs/*.plan")


def safetensors():
    kinds = {kind: make() for kind, make in damage.FILES.items() if kind != "million-and-one"}
    # Each as a file, and its header alone.
    return kinds | {kind + "-header": data[8:] for kind, data in kinds.items()}


def indexes():
    tensors = {"a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors"}
    changes = {
        "good": {}, "absent": {"d": "1.safetensors"}, "elsewhere": {"a": "2.safetensors"},
        "parent": {"a": "../1.safetensors"}, "number": {"a": 1}, "no-file": {"a": "3.safetensors"},
    }
    texts = {
        name: checkpoints.json_text({"metadata": {"total_size": 12},
                                     "weight_map": tensors | change})
        for name, change in changes.items()
    }
    texts["empty"] = "{}"
    return {name: text.encode() for name, text in texts.items()}


CONFIGS = [
    "", "--tied", "--rope-scaling linear", "--rope-scaling llama3", "--rope-scaling yarn",
    "--rope-style v4 --rope-scaling llama3", "--attention-bias --mlp-bias", "--model-type mistral",
    "--model-type qwen2", "--model-type qwen3", "--config eos_token_id [2,3]",
    "--config head_dim null", "--config time_step_limit [0.0,Infinity]",
    '--config auto_map {"AutoConfig":"a--b.C"}', '--config text_config {"hidden_size":4}',
    '--config quantization_config {"quant_method":"gptq"}',
]


def configs():
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for i, options in enumerate(CONFIGS):
            directory = os.path.join(folder, str(i))
            checkpoints.main([directory, "--sparse", *options.split()])
            texts = [pathlib.Path(directory, name).read_bytes()
                     for name in ("config.json", "generation_config.json")]
            found[str(i)] = b"\0".join(texts)
    return found


TARGETS = {"spec": specs, "profile": profiles, "plan": plans, "safetensors": safetensors,
           "index": indexes, "config": configs}


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("directory", type=pathlib.Path)
    directory = parser.parse_args(arguments).directory
    for target, inputs in TARGETS.items():
        folder = directory / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in inputs().items():
            if len(data) <= SMALL:
                (folder / re.sub(r"[^\w.-]", "-", name)).write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:])
