"""Compares the modules, parameters and buffers of models with those that transformers makes:

    modules.py [--count 240] [--seed 1]

Models of random configurations are made on the meta device, which holds no values. Their
`named_modules` (paths and classes), `named_parameters` and `named_buffers` must be those that
`ashlar plan --emit=model` lists, in the same order: device maps depend on it. The `ashlar` on PATH
is the one that is tested.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

# This folder comes last: tokenizers.py in it has a package's name.
sys.path.sort(key=str(pathlib.Path(__file__).resolve().parent).__eq__)
import torch
import transformers

transformers.logging.set_verbosity_error()
DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def decoder(pick):
    """What Llama, Mistral and Qwen have in common."""
    heads = pick([1, 2, 4, 6])
    head_dim = 2 * pick([1, 4, 5, 8])
    shape = dict(
        hidden_size=heads * pick([8, 16, 20]),
        intermediate_size=pick([7, 32, 90]),
        max_position_embeddings=pick([16, 2048]),
        num_attention_heads=heads,
        num_hidden_layers=pick([0, 1, 2, 5, 11]),
        num_key_value_heads=pick([kv for kv in [1, 2, 3, 4, 6] if heads % kv == 0]),
        head_dim=head_dim,
        hidden_act=pick(["silu", "silu", "gelu", "gelu_pytorch_tanh", "relu", "swish", "gelu_new"]),
        tie_word_embeddings=pick([False, True]),
        vocab_size=pick([5, 100]),
    )
    if pick([True, False]):
        scaled = {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e6}
        shape["rope_parameters"] = pick([scaled, {"rope_type": "default", "rope_theta": 500.0}])
    return shape


def llama(pick):
    return transformers.LlamaConfig(
        attention_bias=pick([False, True]), mlp_bias=pick([False, True]), **decoder(pick))


def mistral(pick):
    return transformers.MistralConfig(sliding_window=pick([None, 1, 4096]), **decoder(pick))


def windows(pick, layers):
    if pick([True, False]):
        return {}
    result = dict(use_sliding_window=True, sliding_window=8, max_window_layers=pick([0, 1, 28]))
    if pick([True, False]):
        kinds = ["full_attention", "sliding_attention"]
        result["layer_types"] = [pick(kinds) for _ in range(layers)]
    return result


def qwen2(pick):
    shape = decoder(pick)
    return transformers.Qwen2Config(**shape, **windows(pick, shape["num_hidden_layers"]))


def qwen3(pick):
    shape = decoder(pick)
    return transformers.Qwen3Config(
        attention_bias=pick([False, True]), **shape, **windows(pick, shape["num_hidden_layers"]))


def gpt2(pick):
    heads = pick([1, 3, 4])
    return transformers.GPT2Config(
        activation_function=pick(["gelu_new", "gelu_new", "gelu", "relu", "gelu_fast", "tanh"]),
        n_embd=heads * pick([4, 10]),
        n_head=heads,
        n_inner=pick([None, 33]),
        n_layer=pick([0, 1, 2, 11]),
        n_positions=pick([16, 1024]),
        tie_word_embeddings=pick([True, True, False]),
        vocab_size=pick([7, 100]),
    )


def opt(pick):
    heads = pick([1, 3, 4])
    hidden = heads * pick([4, 10])
    return transformers.OPTConfig(
        _remove_final_layer_norm=pick([False, False, True]),
        activation_function=pick(["relu", "relu", "gelu"]),
        do_layer_norm_before=pick([True, False]),
        enable_bias=pick([True, True, False]),
        ffn_dim=pick([7, 64]),
        hidden_size=hidden,
        layer_norm_elementwise_affine=pick([True, True, False]),
        max_position_embeddings=pick([16, 2048]),
        num_attention_heads=heads,
        num_hidden_layers=pick([0, 1, 2, 11]),
        tie_word_embeddings=pick([True, True, False]),
        vocab_size=pick([7, 100]),
        word_embed_proj_dim=pick([hidden, hidden + 1]),
    )


FAMILIES = [llama, mistral, qwen2, qwen3, gpt2, opt]


def expected(model):
    """Lines as `found` makes them."""
    for path, module in model.named_modules():
        yield f"module {path} : {type(module).__name__}"
    for name, parameter in model.named_parameters():
        yield f"parameter {name} {list(parameter.shape)}"
    persistent = model.state_dict().keys()
    for name, buffer in model.named_buffers():
        kept = " persistent" if name in persistent else ""
        yield f"buffer {name} {list(buffer.shape)} {str(buffer.dtype).removeprefix('torch.')}{kept}"


def found(text):
    lines = text.splitlines()
    yield "module  : " + re.match(r"model \S+ : (\w+) ", lines[0])[1]
    for line in lines:
        if line.startswith("module "):
            yield line.removesuffix(" nosplit")
        elif weight := re.match(r'weight \S+ (\[[^]]*\]) "([^"]*)" \w+(.*)', line):
            shape, name, more = weight.groups()
            sizes = json.loads(shape)
            if " tied to " not in more:
                yield f"parameter {name} {sizes[::-1] if ' transposed' in more else sizes}"
        elif buffer := re.match(r'buffer "([^"]*)" (.*)', line):
            yield f"buffer {buffer[1]} {buffer[2]}"


def write_checkpoint(model, directory):
    """A checkpoint without values: only their room."""
    model.config.save_pretrained(directory)
    header, end = {}, 0
    dropped = {"lm_head.weight"} if model.config.tie_word_embeddings else set()
    for name, tensor in model.state_dict().items():
        if name in dropped:
            continue
        begin, end = end, end + tensor.numel() * tensor.element_size()
        shape = list(tensor.shape)
        header[name] = dict(dtype=DTYPES[tensor.dtype], shape=shape, data_offsets=[begin, end])
    text = json.dumps(header).encode()
    with open(pathlib.Path(directory, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)


def compare(config, directory):
    """Lines that only one of the two has, or that stand in another order."""
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    write_checkpoint(model, directory)
    done = subprocess.run(
        ["ashlar", "plan", directory, "--emit=model"], capture_output=True, text=True)
    if done.returncode or done.stderr:
        return [f"ashlar plan exits with {done.returncode}: {done.stderr}"]
    ours, theirs = list(found(done.stdout)), list(expected(model))
    if ours == theirs:
        return []
    one, other = collections.Counter(ours), collections.Counter(theirs)
    lines = [f"  ours alone: {line}" for line in (one - other)]
    lines += [f"  theirs alone: {line}" for line in (other - one)]
    return lines or ["  the order differs"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    source = random.Random(options.seed)
    cases = [FAMILIES[i % len(FAMILIES)] for i in range(options.count)]
    configs = [make(source.choice) for make in cases]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        directories = [pathlib.Path(folder, str(i)) for i in range(len(configs))]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for i, lines in enumerate(pool.map(compare, configs, directories)):
                failed += bool(lines)
                name = type(configs[i]).__name__
                print(f"modules of {name} {i}: {'DIFFERENT' if lines else 'equal'}", *lines, sep="\n")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
