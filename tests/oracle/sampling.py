"""Compares what the runtime's sampler draws from with Transformers: for random logits and options
its own list of processors, as `generate` makes it, must keep the same tokens with the same
probabilities, to 1e-6. Behind the repetition penalty the list runs in float64: in float32 it rounds
by more than that.

    python3 tests/oracle/sampling.py [--count 2000] [--seed 1] [--tool PROGRAM]

PROGRAM is sample.cpp of this folder, compiled; without it the script compiles it with $CXX.
"""
import argparse
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.pop(0)  # this folder: tokenizers.py in it has the name of a package
import torch
from transformers import (
    GenerationConfig, LlamaConfig, LlamaForCausalLM, LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-6


def build(out):
    subprocess.check_call(
        [os.environ.get("CXX", "c++"), "-std=c++20", "-O2", f"-I{ROOT}", "-o", str(out)]
        + [str(ROOT / "tests/oracle/sample.cpp"), str(ROOT / "runtime/text/Sampler.cpp")]
    )
    return out


def requests(count, seed):
    """Yields options, logits and what was seen. Logits are narrow and wide, and all different: of
    equal ones Transformers keeps any. Ids repeat."""
    source = random.Random(seed)
    torch.manual_seed(seed)

    def float32(value):
        return struct.unpack("f", struct.pack("f", value))[0]

    def some(value):
        return value if source.random() < 0.5 else None

    for _ in range(count):
        vocabulary = source.choice([1, 2, 7, 100, 1000, 50257])
        options = {
            "temperature": float32(source.choice([0.1, 0.7, 1.0, 1.5, 5.0])),
            "top_k": some(source.randint(1, 100)),
            "top_p": some(float32(source.uniform(0.01, 0.99))),
            "min_p": some(float32(source.choice([0.01, 0.05, 0.1, 0.5, 1.0]))),
            "repetition_penalty": some(float32(source.choice([0.5, 0.9, 1.1, 1.3, 2.0]))),
        }
        logits = torch.unique(torch.randn(2 * vocabulary) * source.choice([0.5, 3, 10]))
        logits = logits[torch.randperm(len(logits))[:vocabulary]]
        seen = torch.randint(vocabulary, (source.choice([1, 5, 300]),))
        yield options, logits, seen


def expected(model, options, logits, seen):
    sampled = {name: value for name, value in options.items() if value is not None}
    config = GenerationConfig(do_sample=True, **{"top_k": 0, **sampled})
    processors = model._get_logits_processor(
        generation_config=config, input_ids_seq_length=len(seen), encoder_input_ids=None,
        prefix_allowed_tokens_fn=None, logits_processor=LogitsProcessorList(), device="cpu",
    )
    scores = logits[None].clone()
    for processor in processors:
        if not isinstance(processor, RepetitionPenaltyLogitsProcessor):
            scores = scores.double()
        scores = processor(seen[None], scores)
    return scores[0].double()


def packed(options, logits, seen):
    defaults = {"top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0}
    o = options | {name: v for name, v in defaults.items() if options[name] is None}
    return (
        struct.pack("<4f", o["temperature"], o["top_p"], o["min_p"], o["repetition_penalty"])
        + struct.pack("<3I", o["top_k"], len(logits), len(seen))
        + logits.numpy().tobytes() + seen.int().numpy().tobytes()
    )


def found(line, vocabulary):
    """Which tokens are kept, and the probabilities."""
    words = line.split()
    weights, kept = torch.zeros(vocabulary, dtype=torch.float64), set()
    for id, weight in zip(words[::2], words[1::2]):
        weights[int(id)] = float(weight)
        kept.add(int(id))
    return kept, weights / weights.sum()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool")
    arguments = parser.parse_args()
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1))
    asked = list(requests(arguments.count, arguments.seed))
    with tempfile.TemporaryDirectory() as folder:
        tool = arguments.tool or build(pathlib.Path(folder, "sample"))
        answers = subprocess.run(
            [tool], input=b"".join(packed(*request) for request in asked),
            stdout=subprocess.PIPE, check=True
        ).stdout.decode().split("\n")[:-1]
    assert len(answers) == len(asked), (len(answers), len(asked))
    different, largest, tokens = 0, 0.0, 0
    for (options, logits, seen), answer in zip(asked, answers):
        scores, (kept, have) = expected(model, options, logits, seen), found(answer, len(logits))
        difference = float((scores.softmax(dim=-1) - have).abs().max())
        largest, tokens = max(largest, difference), tokens + len(kept)
        wanted = set(torch.nonzero(scores > -torch.inf).flatten().tolist())
        if difference > TOLERANCE or kept != wanted:
            different += 1
            print(f"  {options}, {len(logits)} logits: off by {difference:.3g}, "
                  f"{len(wanted)} kept, {len(kept)} here, {len(kept ^ wanted)} others")
    print(f"{len(asked)} distributions, {tokens} tokens, off by {largest:.2g} at most, "
          f"{different} differences")
    sys.exit(different != 0)


if __name__ == "__main__":
    main()
