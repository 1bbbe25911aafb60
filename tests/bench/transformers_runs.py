"""Runs a checkpoint with Transformers, for ./dev bench.

    transformers_runs.py CHECKPOINT THREADS

It prints {"versions": text}, and then for each line {"part": "decode", "prompt": [ids], "tokens": N}
or {"part": "prefill", "prompt": [ids]} on standard input {"seconds": of one token, or of the prompt}.
"""
import json
import os
import statistics
import sys
import time

os.environ.update(
    CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
)
import torch
import transformers

PREFILL_ROUNDS = 3


def prefill(model, prompt):
    cache = transformers.DynamicCache(config=model.config)
    return model(prompt, past_key_values=cache, use_cache=True, logits_to_keep=1), cache


def decode_seconds(model, prompt, count):
    """Greedy, without what `generate` does around it."""
    output, cache = prefill(model, prompt)
    token = output.logits[:, -1].argmax(-1, keepdim=True)
    start = time.perf_counter()
    for _ in range(count):
        output = model(token, past_key_values=cache, use_cache=True)
        token = output.logits[:, -1].argmax(-1, keepdim=True)
    return (time.perf_counter() - start) / count


def prefill_seconds(model, prompt):
    prefill(model, prompt)
    times = []
    for _ in range(PREFILL_ROUNDS):
        start = time.perf_counter()
        prefill(model, prompt)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(checkpoint, threads):
    answers = os.fdopen(os.dup(1), "w")  # what packages print goes to standard error
    os.dup2(2, 1)
    torch.set_num_threads(int(threads))
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.bfloat16)
    model.eval()

    def answer(value):
        print(json.dumps(value), file=answers, flush=True)

    answer({"versions": f"{transformers.__version__} (torch {torch.__version__})"})
    with torch.inference_mode():
        for line in sys.stdin:
            run = json.loads(line)
            prompt = torch.tensor([run["prompt"]])
            if run["part"] == "decode":
                answer({"seconds": decode_seconds(model, prompt, run["tokens"])})
            else:
                answer({"seconds": prefill_seconds(model, prompt)})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
