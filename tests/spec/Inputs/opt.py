"""Copies an OPT checkpoint with other norms, as the header of its weights alone:

    opt.py CHECKPOINT DIR bare      without the weights of norms
    opt.py CHECKPOINT DIR before    with a norm behind the last layer
"""
import json
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Inputs"))
from checkpoints import file_of, header_of


def main(checkpoint, directory, kind):
    os.makedirs(directory, exist_ok=True)
    shutil.copy(os.path.join(checkpoint, "config.json"), directory)
    with open(os.path.join(checkpoint, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    tensors = [
        (name, entry["dtype"], entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and not (kind == "bare" and "layer_norm" in name)
    ]
    if kind == "before":
        for part in ["weight", "bias"]:
            tensors.append((f"model.decoder.final_layer_norm.{part}", "BF16", [32]))
    text, size = header_of(tensors)
    with open(os.path.join(directory, "model.safetensors"), "wb") as file:
        file.write(file_of(text))
        file.truncate(8 + len(text) + size)


if __name__ == "__main__":
    main(*sys.argv[1:])
