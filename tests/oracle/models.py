"""Models of random weights, as transformers saves them, and what it computes with them.

All references are computed in f32, with the numbers that the file holds after rounding.
"""
import dataclasses
import json
import math
import pathlib
import random

import numpy
import safetensors.torch
import torch
import transformers

LENGTH = 130  # of the prompt
GREEDY_AFTER, GREEDY = 7, 64
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


@dataclasses.dataclass(frozen=True)
class Shape:
    family: str = "llama"
    hidden: int = 64
    heads: int = 8
    kv: int = 2
    head_dim: int = 8
    ffn: int = 91
    layers: int = 2
    vocab: int = 300
    context: int = 256
    rope: str = "default"
    tied: bool = False
    dtype: str = "f32"
    attention_bias: bool = False
    mlp_bias: bool = False
    shards: bool = False
    older: bool = False  # a config as transformers 4 wrote it
    prefix: bool = True  # before the names of tensors: "model." or what the family has
    more: tuple = ()  # pairs of further keys and values of the config


def rope_of(shape):
    rope = {"rope_theta": 10000.0, "rope_type": shape.rope}
    if shape.rope == "linear":
        rope.update(factor=2.5)
    elif shape.rope == "llama3":
        # So few positions that some waves are kept, some are blended and some are stretched.
        low, high, original = 1.0, 4.0, 64
        rope.update(factor=8.0, low_freq_factor=low, high_freq_factor=high,
                    original_max_position_embeddings=original)
        waves = [2 * math.pi * 10000.0 ** (i / shape.head_dim) for i in range(0, shape.head_dim, 2)]
        bands = {(wave > original / low) - (wave < original / high) for wave in waves}
        assert bands == {-1, 0, 1}, shape
    return rope


PREFIXES = {"gpt2": "transformer."}


def config_of(shape):
    more = {key: list(value) if isinstance(value, tuple) else value for key, value in shape.more}
    common = dict(vocab_size=shape.vocab, tie_word_embeddings=shape.tied, **more)
    if shape.family == "gpt2":
        return transformers.GPT2Config(
            n_embd=shape.hidden,
            n_head=shape.heads,
            n_inner=shape.ffn,
            n_layer=shape.layers,
            n_positions=shape.context,
            bos_token_id=1,
            eos_token_id=2,
            **common,
        )
    common |= dict(
        hidden_size=shape.hidden,
        num_attention_heads=shape.heads,
        num_hidden_layers=shape.layers,
        max_position_embeddings=shape.context,
    )
    if shape.family == "opt":
        return transformers.OPTConfig(ffn_dim=shape.ffn, **common)
    common |= dict(
        num_key_value_heads=shape.kv,
        head_dim=shape.head_dim,
        intermediate_size=shape.ffn,
        rope_parameters=rope_of(shape),
        rms_norm_eps=1e-5,
    )
    if shape.family == "mistral":
        return transformers.MistralConfig(**common)
    if shape.family == "qwen2":
        return transformers.Qwen2Config(**common)
    common |= dict(attention_bias=shape.attention_bias)
    if shape.family == "qwen3":
        return transformers.Qwen3Config(**common)
    return transformers.LlamaConfig(mlp_bias=shape.mlp_bias, **common)


def values(name, shape):
    """Uniform numbers, which are the same on every machine. Their spread makes attention look at
    some positions much more than at others, and every part of a layer matter to the result."""
    turned = any(part in name for part in ["c_attn", "c_proj", "c_fc"])
    if name.endswith("bias"):
        mean, spread = 0.0, 0.3
    elif "norm" in name or "ln_" in name:
        mean, spread = 1.0, 0.2
    elif "embed" in name or "wte" in name or "wpe" in name:
        mean, spread = 0.0, 0.15  # small, lest tied models repeat their last token
    else:
        pointed = ["q_proj", "k_proj", "c_attn"]
        gain = 1.7 if any(part in name for part in pointed) else 2.0 if "lm_head" in name else 1.2
        mean, spread = 0.0, gain / math.sqrt(shape[0 if turned else -1])
    source = random.Random(name)
    numbers = [
        mean + spread * math.sqrt(3) * (2 * source.random() - 1) for _ in range(math.prod(shape))
    ]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


def save(shape, directory):
    """Writes the checkpoint."""
    model = transformers.AutoModelForCausalLM.from_config(config_of(shape))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(values(name, parameter.shape))
    model = model.to(TYPES[shape.dtype])
    if not shape.prefix:
        prefix = PREFIXES.get(shape.family, "model.")
        tensors = {name.removeprefix(prefix): tensor for name, tensor in model.state_dict().items()}
    model.save_pretrained(directory, max_shard_size="50KB" if shape.shards else "5GB")
    if not shape.prefix:
        if shape.tied:
            del tensors["lm_head.weight"]
        safetensors.torch.save_file(tensors, pathlib.Path(directory, "model.safetensors"))
    if shape.older:
        path = pathlib.Path(directory, "config.json")
        config = json.loads(path.read_text())
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = rope
        config["torch_dtype"] = config.pop("dtype")
        path.write_text(json.dumps(config, indent=2) + "\n")


def prompt_of(vocab, length):
    source = random.Random("prompt")
    return [source.randrange(vocab) for _ in range(length)]


def load(directory, weights=None, type="f32"):
    """The model of a checkpoint, which computes in that type; with its matrices rounded to
    `weights` before, if that is given."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=TYPES[type], attn_implementation="eager"
    )
    if weights:
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 2:
                    parameter.copy_(parameter.to(TYPES[weights]))
    return model.eval()


def logits_of(model, length):
    """Of each token of the prompt."""
    with torch.no_grad():
        ids = torch.tensor([prompt_of(model.config.vocab_size, length)])
        return model(ids).logits[0].float()


class RoundedCache(transformers.DynamicCache):
    """Keeps keys and values rounded to a type: "int8" are whole numbers that share a scale in the
    row of a head."""

    def __init__(self, type, **rest):
        super().__init__(**rest)
        self.type = type

    def rounded(self, x):
        if self.type != "int8":
            return x.to(TYPES[self.type]).to(x.dtype)
        scale = x.abs().amax(-1, keepdim=True).clamp(min=2.0**-100) / 127
        return torch.round(x / scale) * scale

    def update(self, keys, values, *rest, **more):
        return super().update(self.rounded(keys), self.rounded(values), *rest, **more)


def write_reference(model, directory, cache="f32", least=0.0, length=LENGTH):
    """Writes what tests/Inputs/parity_check.py compares with. Greedy tokens end before the first
    that is ahead of the next one by less than `least` of the largest logit. Returns by how much
    each of them was ahead."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    prompt = prompt_of(model.config.vocab_size, length)
    with torch.no_grad():
        run = lambda ids, past: model(torch.tensor([ids]), past_key_values=past).logits[0]
        logits = run(prompt, RoundedCache(cache))
        past, greedy, leads = RoundedCache(cache), [], []
        ids = prompt[:GREEDY_AFTER]
        while len(greedy) < GREEDY:
            last = run(ids, past)[-1]
            first, second = last.topk(2).values.tolist()
            ahead = (first - second) / last.abs().max().item()
            if ahead < least:
                break
            leads.append(ahead)
            greedy.append(last.argmax().item())
            ids = greedy[-1:]
    text = lambda ids: ",".join(map(str, ids)) + "\n"
    (directory / "prompt.txt").write_text(text(prompt))
    (directory / "greedy.txt").write_text(text(greedy))
    numpy.save(directory / "logits.npy", logits.numpy().astype("<f4"))
    return leads
