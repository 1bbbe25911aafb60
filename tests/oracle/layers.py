"""Sequential layers of torch.nn with random weights, and what torch computes with them on the CPU."""
import dataclasses
import json
import pathlib
import random

import numpy
import safetensors.torch
import torch

from models import LENGTH, TYPES, values

ACTIVATIONS = {
    "relu": torch.nn.ReLU,
    "gelu": torch.nn.GELU,
    "gelu_pytorch_tanh": lambda: torch.nn.GELU(approximate="tanh"),
    "silu": torch.nn.SiLU,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
}


@dataclasses.dataclass(frozen=True)
class Layers:
    sizes: tuple
    activation: str = "relu"
    last: str | None = None  # an activation behind the last layer
    bias: bool = True
    dtype: str = "f32"


def module_of(layers):
    modules = []
    for rows, columns in zip(layers.sizes[1:], layers.sizes):
        modules.append(torch.nn.Linear(columns, rows, bias=layers.bias))
        modules.append(ACTIVATIONS[layers.activation]())
    modules.pop()
    if layers.last:
        modules.append(ACTIVATIONS[layers.last]())
    return torch.nn.Sequential(*modules)


def save(layers, directory):
    """Writes the checkpoint."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    module = module_of(layers)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(values(name, parameter.shape))
    tensors = module.to(TYPES[layers.dtype]).state_dict()
    safetensors.torch.save_file(tensors, directory / "model.safetensors")
    config = {"activation": layers.activation, "bias": layers.bias, "model_type": "mlp",
              "sizes": list(layers.sizes)}
    if layers.last:
        config["last_activation"] = layers.last
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def load(layers, model, weights=None):
    """In f32, with matrices rounded to `weights` before, if that is given."""
    module = module_of(layers)
    tensors = safetensors.torch.load_file(pathlib.Path(model) / "model.safetensors")
    if weights:
        tensors = {n: t.to(TYPES[weights]) if t.dim() == 2 else t for n, t in tensors.items()}
    module.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    return module


def rows_of(layers, length):
    source = random.Random("rows")
    rows = [[2 * source.random() - 1 for _ in range(layers.sizes[0])] for _ in range(length)]
    return torch.tensor(rows, dtype=torch.float32)


def write_reference(layers, model, directory, weights=None, length=LENGTH):
    """Writes what tests/Inputs/parity_check.py compares with; with matrices rounded to `weights`, if
    that is given."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    x = rows_of(layers, length)
    with torch.no_grad():
        y = load(layers, model, weights)(x)
    numpy.save(directory / "x.npy", x.numpy().astype("<f4"))
    numpy.save(directory / "y.npy", y.numpy().astype("<f4"))
