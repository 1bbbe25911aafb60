"""Writes checkpoints of published models in their real sizes, without a byte of weights: config.json
as published, and every tensor with its published name, type and shape, in files of holes, sharded
with an index where the published one is. Needs nothing but Python, and next to no disk.

    published.py NAME DIR        NAME: one of --list

Facts are those of the models' repositories. Where weights are published as pickles only (opt-6.7b,
DialoGPT-large), what they hold is written here as safetensors.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import checkpoints

GB = 10**9


# --- tensors --------------------------------------------------------------------------------------


def llama_tensors(config, dtype, extra=()):
    """Llama, Mistral and Qwen, whose tensors checkpoints.py knows."""
    heads = config["num_attention_heads"]
    options = ["", "--model-type", config["model_type"], "--dtype", dtype.lower()]
    for option, value in {
        "layers": config["num_hidden_layers"], "hidden": config["hidden_size"], "heads": heads,
        "kv-heads": config["num_key_value_heads"], "ffn": config["intermediate_size"],
        "head-dim": config.get("head_dim", config["hidden_size"] // heads),
        "vocab": config["vocab_size"],
    }.items():
        options += [f"--{option}", str(value)]
    for name, dtype, shape in checkpoints.tensors_of(checkpoints.parse(options)):
        if "inv_freq" in extra and name.endswith("input_layernorm.weight"):
            layer = name.removesuffix("input_layernorm.weight")
            size = config["hidden_size"] // heads // 2
            yield layer + "self_attn.rotary_emb.inv_freq", dtype, [size]
        yield name, dtype, shape


def gpt2_tensors(config, dtype, extra=()):
    """Linear layers are stored [in, out], and the causal mask beside them."""
    size, context = config["n_embd"], config["n_positions"]
    prefix = "transformer." if "prefix" in extra else ""

    def norm(name):
        yield prefix + name + ".weight", dtype, [size]
        yield prefix + name + ".bias", dtype, [size]

    def linear(name, rows, columns):
        yield prefix + name + ".weight", dtype, [rows, columns]
        yield prefix + name + ".bias", dtype, [columns]

    yield prefix + "wte.weight", dtype, [config["vocab_size"], size]
    yield prefix + "wpe.weight", dtype, [context, size]
    for i in range(config["n_layer"]):
        yield from norm(f"h.{i}.ln_1")
        yield prefix + f"h.{i}.attn.bias", dtype, [1, 1, context, context]
        yield from linear(f"h.{i}.attn.c_attn", size, 3 * size)
        yield from linear(f"h.{i}.attn.c_proj", size, size)
        yield from norm(f"h.{i}.ln_2")
        yield from linear(f"h.{i}.mlp.c_fc", size, 4 * size)
        yield from linear(f"h.{i}.mlp.c_proj", 4 * size, size)
    yield from norm("ln_f")
    if "head" in extra:
        yield "lm_head.weight", dtype, [config["vocab_size"], size]


def opt_tensors(config, dtype, extra=()):
    size, ffn = config["hidden_size"], config["ffn_dim"]

    def both(name, rows, columns=None):
        yield f"model.decoder.{name}.weight", dtype, [rows, columns] if columns else [rows]
        yield f"model.decoder.{name}.bias", dtype, [rows]

    yield "model.decoder.embed_tokens.weight", dtype, [config["vocab_size"], size]
    yield "model.decoder.embed_positions.weight", dtype, [
        config["max_position_embeddings"] + 2, size]  # the first two are never used
    for i in range(config["num_hidden_layers"]):
        for projection in ("k_proj", "v_proj", "q_proj", "out_proj"):
            yield from both(f"layers.{i}.self_attn.{projection}", size, size)
        yield from both(f"layers.{i}.self_attn_layer_norm", size)
        yield from both(f"layers.{i}.fc1", ffn, size)
        yield from both(f"layers.{i}.fc2", size, ffn)
        yield from both(f"layers.{i}.final_layer_norm", size)
    yield from both("final_layer_norm", size)


# --- configs --------------------------------------------------------------------------------------


def llama2(hidden, ffn, heads, kv_heads, layers):
    return {
        "architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
        "hidden_act": "silu", "hidden_size": hidden, "initializer_range": 0.02,
        "intermediate_size": ffn, "max_position_embeddings": 4096, "model_type": "llama",
        "num_attention_heads": heads, "num_hidden_layers": layers,
        "num_key_value_heads": kv_heads, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
        "rope_scaling": None, "tie_word_embeddings": False, "torch_dtype": "float16",
        "transformers_version": "4.31.0.dev0", "use_cache": True, "vocab_size": 32000,
    }


LLAMA31_405B = {
    "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
    "bos_token_id": 128000, "eos_token_id": 128001, "hidden_act": "silu", "hidden_size": 16384,
    "initializer_range": 0.02, "intermediate_size": 53248, "max_position_embeddings": 131072,
    "mlp_bias": False, "model_type": "llama", "num_attention_heads": 128,
    "num_hidden_layers": 126, "num_key_value_heads": 8, "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                     "original_max_position_embeddings": 8192, "rope_type": "llama3"},
    "rope_theta": 500000.0, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    "transformers_version": "4.43.0.dev0", "use_cache": True, "vocab_size": 128256,
}

MISTRAL_7B = {
    "architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
    "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
    "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    "transformers_version": "4.34.0.dev0", "use_cache": True, "vocab_size": 32000,
}

QWEN25_7B = {
    "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
    "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 3584,
    "initializer_range": 0.02, "intermediate_size": 18944, "max_position_embeddings": 131072,
    "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
    "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16", "transformers_version": "4.40.1", "use_cache": True,
    "use_mrope": False, "use_sliding_window": False, "vocab_size": 152064,
}

QWEN3_8B = {
    "architectures": ["Qwen3ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
    "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 12288,
    "max_position_embeddings": 40960, "max_window_layers": 36, "model_type": "qwen3",
    "num_attention_heads": 32, "num_hidden_layers": 36, "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06, "rope_scaling": None, "rope_theta": 1000000, "sliding_window": None,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16", "transformers_version": "4.51.0",
    "use_cache": True, "use_sliding_window": False, "vocab_size": 151936,
}


def gpt2(size, layers, heads, **more):
    return {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.1, "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256,
        "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
        "n_ctx": 1024, "n_embd": size, "n_head": heads, "n_layer": layers, "n_positions": 1024,
        "resid_pdrop": 0.1, "summary_activation": None, "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
        "vocab_size": 50257, **more,
    }


OPT_67B = {
    "_remove_final_layer_norm": False, "activation_dropout": 0.0, "activation_function": "relu",
    "architectures": ["OPTForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 2,
    "do_layer_norm_before": True, "dropout": 0.1, "eos_token_id": 2, "ffn_dim": 16384,
    "hidden_size": 4096, "init_std": 0.02, "layerdrop": 0.0, "max_position_embeddings": 2048,
    "model_type": "opt", "num_attention_heads": 32, "num_hidden_layers": 32, "pad_token_id": 1,
    "prefix": "</s>", "torch_dtype": "float16", "transformers_version": "4.21.0.dev0",
    "use_cache": True, "vocab_size": 50272, "word_embed_proj_dim": 4096,
}

DIALOGUE = {"task_specific_params": {"conversational": {"max_length": 1000}}}

# config, type, tensors, what else is stored, files, their largest size
MODELS = {
    "Llama-2-7b": (llama2(4096, 11008, 32, 32, 32), "F16", llama_tensors, ["inv_freq"], 2, 10 * GB),
    "Llama-2-13b": (
        llama2(5120, 13824, 40, 40, 40), "F16", llama_tensors, ["inv_freq"], 3, 10 * GB),
    "Llama-2-70b": (
        llama2(8192, 28672, 64, 8, 80), "F16", llama_tensors, ["inv_freq"], 15, 10 * GB),
    "Llama-3.1-405B": (LLAMA31_405B, "BF16", llama_tensors, [], 191, 5 * GB),
    "Mistral-7B": (MISTRAL_7B, "BF16", llama_tensors, [], 2, 10 * GB),
    "Qwen2.5-7B": (QWEN25_7B, "BF16", llama_tensors, [], 4, 4 * GB),
    "Qwen3-8B": (QWEN3_8B, "BF16", llama_tensors, [], 5, 4 * GB),
    "gpt2": (gpt2(768, 12, 12), "F32", gpt2_tensors, [], 1, 10 * GB),
    "gpt2-large": (gpt2(1280, 36, 20), "F32", gpt2_tensors, [], 1, 10 * GB),
    "DialoGPT-large": (
        gpt2(1280, 36, 20, **DIALOGUE), "F16", gpt2_tensors, ["prefix", "head"], 1, 10 * GB),
    "opt-6.7b": (OPT_67B, "F16", opt_tensors, [], 2, 10 * GB),
}


# --- writing --------------------------------------------------------------------------------------


def split(tensors, limit):
    """Shards as Transformers fills them: the next begins where a tensor has no room."""
    shards, room = [[]], limit
    for name, dtype, shape in tensors:
        size = checkpoints.size_of(dtype, shape)
        if size > room and shards[-1]:
            shards.append([])
            room = limit
        shards[-1].append((name, dtype, shape))
        room -= size
    return shards


def write(name, directory):
    config, dtype, tensors_of, extra, files, limit = MODELS[name]
    os.makedirs(directory, exist_ok=True)
    checkpoints.write_json(directory, "config.json", config)
    shards = split(tensors_of(config, dtype, extra), limit)
    assert len(shards) == files, f"{name} is published in {files} files, not {len(shards)}"
    checkpoints.write_shards(directory, shards, seed=0, sparse=True)


def main(arguments):
    if arguments == ["--list"]:
        print(*MODELS, sep="\n")
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", metavar="NAME", choices=MODELS, help=", ".join(MODELS))
    parser.add_argument("directory", metavar="DIR")
    options = parser.parse_args(arguments)
    write(options.name, options.directory)


if __name__ == "__main__":
    main(sys.argv[1:])
