"""Trains the tale teller: a 2.4M parameter Llama on the tales of stories.py, on a CPU.

    python examples/tales/train.py                  the committed model
    python examples/tales/train.py --steps 200      a quick trial

It writes model/config.json, model/generation_config.json, model/model.safetensors and
model/tokenizer.json next to this file.  Made with Python 3.11, torch 2.11, transformers 5.23,
tokenizers 0.23, safetensors 0.8.  The tales and the tokenizer are the same on every machine;
the weights depend on the rounding of the CPU at hand, and training again overwrites model/.
"""

import argparse
import math
import random
import time
from pathlib import Path

import numpy
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

import stories

MODEL = Path(__file__).resolve().parent / "model"
VOCAB, ROW, BATCH = 2048, 256, 8
SEED, HELD_OUT_SEED = 1, 2
HELD_OUT = 320
PEAK_RATE, LAST_RATE, WARMUP = 2e-3, 2e-5, 100
MATRIX_SPREAD, EMBEDDING_SPREAD, EMBEDDING_RATE = 0.05, 0.2, 0.3
PROMPTS = ["Once upon a time", "One rainy morning", "In a village by the sea"]


def train_tokenizer(texts):
    """Byte-level BPE in the manner of GPT-2, so that any input can be encoded."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=[stories.END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    assert tokenizer.get_vocab_size() == VOCAB
    return tokenizer


def pack(tokenizer, texts):
    """One row per tale: the tale, its end token, and as much of the next tale as fits.

    A row begins with a tale because a prompt does; the start of a second tale costs nothing
    and teaches what follows an end token.  The rare tale that is longer than a row is left out.
    """
    end = tokenizer.token_to_id(stories.END)
    ids = [encoding.ids + [end] for encoding in tokenizer.encode_batch(texts)]
    ids = [tale for tale in ids if len(tale) <= ROW]
    rows = [(first + second)[:ROW] for first, second in zip(ids, ids[1:] + ids[:1])]
    assert min(map(len, rows)) == ROW, "two tales are shorter than a row"
    return torch.from_numpy(numpy.array(rows, dtype=numpy.int64))


def new_model(tokenizer):
    """A Llama with widely spread embeddings.

    All names occur in the same contexts, so training pulls their embeddings together.  From the
    usual small start they become nearly parallel, and the model takes very long to learn to
    repeat the right one; from a wide start it learns that within 300 steps.
    """
    end = tokenizer.token_to_id(stories.END)
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=192, intermediate_size=512, num_hidden_layers=5,
        num_attention_heads=6, num_key_value_heads=2, head_dim=32, tie_word_embeddings=True,
        max_position_embeddings=512, rms_norm_eps=1e-5, rope_theta=10000.0,
        initializer_range=MATRIX_SPREAD,
        bos_token_id=None, eos_token_id=end, pad_token_id=None)
    model = LlamaForCausalLM(config)
    torch.nn.init.normal_(model.get_input_embeddings().weight, std=EMBEDDING_SPREAD)
    return model


def learning_rate(step, steps):
    """A short warm-up, then half a cosine."""
    if step < WARMUP:
        return PEAK_RATE * (step + 1) / WARMUP
    done = (step - WARMUP) / max(1, steps - WARMUP)
    return LAST_RATE + (PEAK_RATE - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))


def make_optimizer(model):
    """Weight decay for the matrices, a slower rate for the embeddings, neither for the norms."""
    matrices, embeddings, norms = [], [], []
    for name, parameter in model.named_parameters():
        group = norms if parameter.dim() == 1 else embeddings if "embed" in name else matrices
        group.append(parameter)
    groups = [{"params": matrices, "weight_decay": 0.1, "scale": 1.0},
              {"params": embeddings, "weight_decay": 0.0, "scale": EMBEDDING_RATE},
              {"params": norms, "weight_decay": 0.0, "scale": 1.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-8)


def grammar_loss(tokenizer):
    """What the choices of the grammar cost per token: about the least loss one can reach."""
    teller, nats, tokens = stories.Teller(HELD_OUT_SEED), 0.0, 0
    for _ in range(HELD_OUT):
        tokens += len(tokenizer.encode(teller.tale()).ids) + 1
        nats += teller.nats
    return nats / tokens


def evaluate(model, rows):
    """Mean loss per token, in the precision of the weights at hand."""
    model.eval()
    with torch.no_grad():
        losses = [model(batch, labels=batch).loss.item() for batch in rows.split(BATCH)]
    model.train()
    return sum(losses) / len(losses)


def train(model, rows, held_out, steps, bf16):
    optimizer = make_optimizer(model)
    order, start = random.Random(SEED), time.time()
    queue = []
    for step in range(steps):
        if len(queue) < BATCH:
            queue = order.sample(range(len(rows)), len(rows))
        batch = rows[[queue.pop() for _ in range(BATCH)]]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps) * group["scale"]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = model(batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step:5} loss {loss.item():.4f} {time.time() - start:6.0f} s", flush=True)
        if step % 700 == 699:
            print(f"step {step:5} held-out loss {evaluate(model, held_out):.4f}", flush=True)


def save(model, tokenizer):
    model.to(torch.bfloat16)
    model.generation_config = GenerationConfig(eos_token_id=model.config.eos_token_id)
    model.save_pretrained(MODEL)
    tokenizer.save(str(MODEL / "tokenizer.json"))
    (MODEL / "model.safetensors").chmod(0o644)  # it is written for the owner alone


def sample(model, tokenizer, prompt, temperature, length=240):
    """The prompt and what the model adds to it; temperature 0 takes the likeliest token."""
    ids = tokenizer.encode(prompt).ids
    end = tokenizer.token_to_id(stories.END)
    with torch.no_grad():
        while len(ids) < length:
            logits = model(torch.tensor([ids])).logits[0, -1]
            if temperature == 0:
                ids.append(int(logits.argmax()))
            else:
                ids.append(int(torch.multinomial((logits / temperature).softmax(-1), 1)))
            if ids[-1] == end:
                break
    return tokenizer.decode(ids)


def report(tokenizer, held_out):
    """Loads what was written: the loss and the samples are those of the rounded weights."""
    model = LlamaForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval()
    print(f"held-out loss after rounding to bf16: {evaluate(model, held_out):.4f}")
    model.eval()
    for prompt in PROMPTS:
        for temperature in (0, 0.7):
            print(f"\n--- temperature {temperature}")
            print(sample(model, tokenizer, prompt, temperature))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tales", type=int, default=24000)
    parser.add_argument("--steps", type=int, default=2800)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--f32", action="store_true", help="no bf16, for a CPU without it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    logging.disable_progress_bar()

    texts = list(stories.tales(SEED, options.tales))
    tokenizer = train_tokenizer(texts)
    rows = pack(tokenizer, texts)
    held_out = pack(tokenizer, list(stories.tales(HELD_OUT_SEED, HELD_OUT)))
    model = new_model(tokenizer)
    print(f"{len(rows)} tales, {sum(p.numel() for p in model.parameters())} parameters")
    print(f"the grammar itself: {grammar_loss(tokenizer):.4f}")

    train(model, rows, held_out, options.steps, not options.f32)
    print(f"held-out loss: {evaluate(model, held_out):.4f}")
    save(model, tokenizer)
    report(tokenizer, held_out)


if __name__ == "__main__":
    main()
