"""Models of Transformers on the meta device, small, and as module trees."""

import functools

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM
from transformers import AutoModelForSeq2SeqLM

SMALL = {"hidden_size": 32, "num_hidden_layers": 5, "num_attention_heads": 4}
LLAMA = {**SMALL, "intermediate_size": 80, "num_key_value_heads": 2}
GPT = {"n_embd": 32, "n_layer": 5, "n_head": 4, "bos_token_id": 0, "eos_token_id": 0}
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 80, "num_layers": 3, "num_heads": 4}
BART = {"d_model": 32, "encoder_layers": 3, "decoder_layers": 3, "encoder_ffn_dim": 80}
BART |= {"decoder_ffn_dim": 80, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
MODELS = [
    (AutoModelForCausalLM, "llama", {**LLAMA, "tie_word_embeddings": True}),
    (AutoModelForCausalLM, "llama", {**LLAMA, "attention_bias": True}),
    (AutoModelForCausalLM, "qwen3", {**LLAMA, "head_dim": 8, "tie_word_embeddings": True}),
    (AutoModelForCausalLM, "mixtral", {**LLAMA, "num_local_experts": 4}),
    (AutoModelForCausalLM, "gpt2", GPT),
    (AutoModelForCausalLM, "bloom", {"hidden_size": 32, "n_layer": 5, "n_head": 4}),
    (AutoModelForMaskedLM, "bert", {**SMALL, "intermediate_size": 80}),
    (AutoModelForSeq2SeqLM, "t5", T5),
    (AutoModelForSeq2SeqLM, "bart", BART),
]


def as_tensor(name, value):
    return {"name": name, "shape": list(value.shape), "dtype": str(value.dtype).split(".")[-1]}


def as_tree(module):
    return {
        "class": type(module).__name__,
        "params": [as_tensor(n, p) for n, p in module._parameters.items() if p is not None],
        "buffers": [
            {**as_tensor(n, b), "persistent": n not in module._non_persistent_buffers_set}
            for n, b in module._buffers.items()
            if b is not None
        ],
        "children": [{"name": n, **as_tree(child)} for n, child in module.named_children()],
    }


def on_meta(kind, config, dtype):
    with torch.device("meta"):
        return kind.from_config(config, dtype=dtype)


def make(kind, model_type, settings, dtype):
    config = AutoConfig.for_model(model_type, **{"vocab_size": 300, **settings})
    model = on_meta(kind, config, dtype)
    groups = {}
    for target, source in model.all_tied_weights_keys.items():
        groups.setdefault(source, []).append(target)
    tied = [{"source": source, "targets": sorted(rest)} for source, rest in sorted(groups.items())]
    return model, as_tree(model), tied, sorted(model._no_split_modules or [])


@functools.cache
def real_models():
    """Each a model, its tree, its ties and its no-split classes."""
    types = [torch.float32, torch.bfloat16]
    return [make(*model, types[i % 2]) for i, model in enumerate(MODELS)]
