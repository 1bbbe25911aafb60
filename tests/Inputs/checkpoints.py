"""Writes small checkpoints for tests: a directory with config.json, generation_config.json and
random weights in safetensors files, as transformers 5 lays them out. Needs nothing but Python.

    checkpoints.py DIR [--model-type qwen3] [--layers 2] … [--damage KIND]

Equal options write equal bytes, and a tensor's values depend on the seed and its name alone: not
on the type that they are stored in, nor on the other tensors.
"""
import argparse
import json
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I8": 8, "U8": 8, "F8_E4M3": 8, "F4": 4}


# --- values ---------------------------------------------------------------------------------------


def bfloat16(bits):
    """The upper half of a float32, rounded to nearest, ties to even."""
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def encode(values, dtype):
    count = len(values)
    if dtype == "F32":
        return struct.pack(f"<{count}f", *values)
    if dtype == "F16":
        return struct.pack(f"<{count}e", *values)
    if dtype == "BF16":
        bits = struct.unpack(f"<{count}I", struct.pack(f"<{count}f", *values))
        return struct.pack(f"<{count}H", *map(bfloat16, bits))
    return bytes(count * BITS[dtype] // 8)  # for tests of what is refused


def random_values(name, shape, seed):
    """Sizes that keep activations near one, so that every layer matters to the result."""
    source = random.Random(f"{seed} {name}")
    if "norm" in name:
        mean, spread = 1.0, 0.1
    elif name.endswith("bias"):
        mean, spread = 0.0, 0.1
    elif "embed" in name:
        mean, spread = 0.0, 0.3
    else:
        mean, spread = 0.0, 1 / math.sqrt(shape[-1])
    return [source.gauss(mean, spread) for _ in range(math.prod(shape))]


# --- safetensors ----------------------------------------------------------------------------------


def size_of(dtype, shape):
    return math.prod(shape) * BITS[dtype] // 8


def header_of(tensors):
    """The header's text for [(name, dtype, shape)], side by side in this order."""
    header = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, dtype, shape in tensors:
        begin, end = end, end + size_of(dtype, shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8), end


def file_of(header, data=b"", length=None):
    """The bytes of a safetensors file, whatever is in its header."""
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def write_safetensors(path, tensors, seed, sparse):
    header, size = header_of(tensors)
    with open(path, "wb") as file:
        file.write(file_of(header))
        if sparse:
            file.truncate(8 + len(header) + size)
            return
        for name, dtype, shape in tensors:
            file.write(encode(random_values(name, shape, seed), dtype))


# --- models ---------------------------------------------------------------------------------------


def config_of(options):
    o = options
    architecture = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}
    rope = {"rope_theta": o.rope_theta, "rope_type": o.rope_scaling or "default"}
    if o.rope_scaling == "linear":
        rope["factor"] = 2.0
    elif o.rope_scaling:
        rope.update(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                    original_max_position_embeddings=max(o.context // 8, 1))
    config = {
        "architectures": [architecture[o.model_type] + "ForCausalLM"],
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "dtype": {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}[o.dtype],
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": o.hidden,
        "initializer_range": 0.02,
        "intermediate_size": o.ffn,
        "max_position_embeddings": o.context,
        "model_type": o.model_type,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "num_key_value_heads": o.kv_heads,
        "pad_token_id": None,
        "rms_norm_eps": 1e-05,
        "rope_parameters": rope,
        "tie_word_embeddings": o.tied,
        "transformers_version": "5.23.0",
        "use_cache": True,
        "vocab_size": o.vocab,
    }
    if o.model_type != "qwen2":
        config["head_dim"] = o.head_dim
    if o.model_type in ("llama", "qwen3"):
        config["attention_bias"] = o.attention_bias
    if o.model_type == "llama":
        config["mlp_bias"] = o.mlp_bias
        config["pretraining_tp"] = 1
    if o.model_type == "mistral":
        config["sliding_window"] = None
    if o.model_type in ("qwen2", "qwen3"):
        config.update(layer_types=["full_attention"] * o.layers, max_window_layers=o.layers,
                      sliding_window=None, use_sliding_window=False)
    if o.rope_style == "v4":
        del config["rope_parameters"]
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = rope if o.rope_scaling else None
        config["torch_dtype"] = config.pop("dtype")
    return config


def tensors_of(options):
    """[(name, dtype, shape)] in the order of the reference implementation's modules."""
    o = options
    dtype = o.dtype.upper()
    result = []

    def add(name, *shape):
        result.append((name, dtype, list(shape)))

    def linear(name, rows, columns, bias):
        add(name + ".weight", rows, columns)
        if bias:
            add(name + ".bias", rows)

    query, key = o.heads * o.head_dim, o.kv_heads * o.head_dim
    add("model.embed_tokens.weight", o.vocab, o.hidden)
    for i in range(o.layers):
        layer = f"model.layers.{i}."
        bias = o.attention_bias or o.model_type == "qwen2"
        linear(layer + "self_attn.q_proj", query, o.hidden, bias)
        linear(layer + "self_attn.k_proj", key, o.hidden, bias)
        linear(layer + "self_attn.v_proj", key, o.hidden, bias)
        linear(layer + "self_attn.o_proj", o.hidden, query, o.attention_bias)
        if o.model_type == "qwen3":
            add(layer + "self_attn.q_norm.weight", o.head_dim)
            add(layer + "self_attn.k_norm.weight", o.head_dim)
        linear(layer + "mlp.gate_proj", o.ffn, o.hidden, o.mlp_bias)
        linear(layer + "mlp.up_proj", o.ffn, o.hidden, o.mlp_bias)
        linear(layer + "mlp.down_proj", o.hidden, o.ffn, o.mlp_bias)
        add(layer + "input_layernorm.weight", o.hidden)
        add(layer + "post_attention_layernorm.weight", o.hidden)
    add("model.norm.weight", o.hidden)
    if not o.tied:
        add("lm_head.weight", o.vocab, o.hidden)
    return result


def edited(tensors, options):
    """What --drop, --add, --shape, --type and --prefix ask for."""
    def shape(text):
        return [int(size) for size in text.split(",") if size]

    shapes = {name: shape(text) for name, text in options.shape}
    types = dict(options.type)
    for name, text in options.add:
        tensors = tensors + [(name, options.dtype.upper(), shape(text))]
    result = []
    for name, dtype, size in tensors:
        if name in options.drop:
            continue
        renamed = name
        for old, new in options.prefix:
            if renamed.startswith(old):
                renamed = new + renamed[len(old):]
        result.append((renamed, types.get(name, dtype), shapes.get(name, size)))
    return result


def json_text(value):
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def write_json(directory, name, value):
    with open(os.path.join(directory, name), "w") as file:
        file.write(json_text(value))


def write_shards(directory, shards, seed, sparse):
    """One file, or several and an index."""
    count = len(shards)
    weight_map, total = {}, 0
    for i, tensors in enumerate(shards):
        name = f"model-{i + 1:05}-of-{count:05}.safetensors" if count > 1 else "model.safetensors"
        write_safetensors(os.path.join(directory, name), tensors, seed, sparse)
        weight_map.update((tensor, name) for tensor, _, _ in tensors)
        total += sum(size_of(dtype, shape) for _, dtype, shape in tensors)
    if count > 1:
        write_json(directory, "model.safetensors.index.json",
                   {"metadata": {"total_size": total}, "weight_map": weight_map})


def write_checkpoint(options):
    directory = options.directory
    os.makedirs(directory, exist_ok=True)
    config = config_of(options)
    for key in options.drop_config:
        del config[key]
    for key, value in options.config:
        config[key] = json.loads(value)
    write_json(directory, "config.json", config)
    write_json(directory, "generation_config.json",
               {"_from_model_config": True, "bos_token_id": 1, "eos_token_id": 2,
                "transformers_version": "5.23.0"})
    tensors, count = edited(tensors_of(options), options), options.shards
    shards = [tensors[len(tensors) * i // count : len(tensors) * (i + 1) // count]
              for i in range(count)]
    write_shards(directory, shards, options.seed, options.sparse)


# --- command line ---------------------------------------------------------------------------------


def parse(arguments):
    from damage import KINDS

    pair = {"action": "append", "nargs": 2, "default": []}
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("directory")
    p.add_argument("--model-type", choices=["llama", "mistral", "qwen2", "qwen3"], default="llama")
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--hidden", type=int, default=64)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, default=2)
    p.add_argument("--head-dim", type=int, help="default: hidden / heads")
    p.add_argument("--ffn", type=int, default=96)
    p.add_argument("--vocab", type=int, default=128)
    p.add_argument("--context", type=int, default=512)
    p.add_argument("--dtype", choices=["f32", "f16", "bf16"], default="f32")
    p.add_argument("--tied", action="store_true")
    p.add_argument("--attention-bias", action="store_true")
    p.add_argument("--mlp-bias", action="store_true")
    p.add_argument("--rope-theta", type=float, default=10000.0)
    p.add_argument("--rope-scaling", metavar="TYPE", help="linear, llama3, or one to be refused")
    p.add_argument("--rope-style", choices=["v4", "v5"], default="v5", help="of transformers")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--shards", type=int, default=1)
    p.add_argument("--sparse", action="store_true", help="no weights, only their room")
    p.add_argument("--config", metavar=("KEY", "JSON"), **pair, help="set a key of config.json")
    p.add_argument("--drop-config", metavar="KEY", action="append", default=[])
    p.add_argument("--drop", metavar="TENSOR", action="append", default=[])
    p.add_argument("--add", metavar=("TENSOR", "SHAPE"), **pair, help="shape: 4,64")
    p.add_argument("--shape", metavar=("TENSOR", "SHAPE"), **pair)
    p.add_argument("--type", metavar=("TENSOR", "TYPE"), **pair, help="F64, I8, F8_E4M3, …")
    p.add_argument("--prefix", metavar=("OLD", "NEW"), **pair, help="of the tensors' names")
    p.add_argument("--damage", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    options = p.parse_args(arguments)
    options.head_dim = options.head_dim or options.hidden // options.heads
    return options


def main(arguments):
    import damage

    options = parse(arguments)
    if options.damage in damage.FILES:
        damage.write_file(options.directory, options.damage)
        return
    write_checkpoint(options)
    if options.damage:
        damage.CHANGES[options.damage](options.directory)


if __name__ == "__main__":
    main(sys.argv[1:])
