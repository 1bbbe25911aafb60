"""The programs that ./dev bench compares: how the models are made for them, and one run of each.

What is made stays in a folder of the cache and is made anew when what it is made from changes.
"""
import hashlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

import checkpoint
import checkpoints  # where checkpoint found it

FOLDER = pathlib.Path(__file__).resolve().parent
SHORT_PROMPT = list(range(1, 8))
LONG_PROMPT = [i % 31999 + 1 for i in range(7, 7 + checkpoint.CONTEXT)]
GGUF_TYPES = {"int8": "q8_0", "int4": "q4_0"}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def output_of(command, **options):
    """Standard output of a command; what else it says is shown when it fails, which is the end."""
    command = list(map(str, command))
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{done.stderr}bench: {' '.join(command)} ended with {done.returncode}")
    return done.stdout


def made(path, ingredients, make):
    """Calls `make` where `path` does not come from these bytes yet; what tells it from others."""
    key = hashlib.sha256(b"\0".join(ingredients)).hexdigest()
    note = pathlib.Path(f"{path}.made-from")
    if not note.exists() or note.read_text() != key:
        say(f"making {path}")
        note.unlink(missing_ok=True)
        make()
        note.write_text(key)
    return key.encode()


def model(cache, shape):
    """The checkpoint of this shape, and what tells it from others."""
    directory = cache / shape
    scripts = [pathlib.Path(script.__file__).read_bytes() for script in (checkpoint, checkpoints)]
    return directory, made(directory, scripts, lambda: checkpoint.write(directory, shape))


def facts_of(plan):
    """Of a plan's text: predicted tokens per second, the bytes of weights that a token needs."""
    nanos = dict(re.findall(r"^predict (\w+) ns=(\d+)", plan, re.M))
    chunk = int(re.search(r"^model .* chunk=(\d+)", plan, re.M)[1])
    tokens = {"decode": 1, "prefill": chunk}
    predicted = {phase: count * 1e9 / int(nanos[phase]) for phase, count in tokens.items()}
    # Rows are the embedding's: of those a token needs one.
    sizes = re.findall(r"^  weight .* layout=(?:panels|vector) .* size=(\d+)$", plan, re.M)
    return predicted, sum(map(int, sizes))


class Ashlar:
    """An app, and what its plan says."""

    processes = ()  # of its own between runs

    def __init__(self, cache, shape, quantized, tool):
        self.path = cache / f"ashlar-{shape}-{quantized}"
        directory, key = model(cache, shape)
        # A prompt is one step, because the app's own bench measures a step.
        request = [directory, "--no-tokenizer", "--context", checkpoint.CONTEXT,
                   "--prefill-chunk", checkpoint.CONTEXT]
        if quantized != "bf16":
            request += ["--quantize", quantized]
        plan = output_of([tool, "plan", *request, "--emit=plan"])
        self.predicted, self.bytes = facts_of(plan)
        # With the same tool, weights and plan, the same app.
        made(self.path, [tool.read_bytes(), key, plan.encode()],
             lambda: output_of([tool, "build", *request, "-o", self.path]))
        self.size = self.path.stat().st_size
        self.threads = int(re.search(r" threads=(\d+)", output_of([self.path, "--version"]))[1])

    def decode(self, tokens):
        """As users have it, with the choice of each token; the first one comes with the prompt."""
        answer = output_of(
            [self.path, "generate", "--tokens", ",".join(map(str, SHORT_PROMPT)),
             "-n", tokens + 1, "--ignore-eos", "--output=json"]
        )
        return json.loads(answer)["timings"]["decode"]["tokens_per_second"]

    def prefill(self):
        measured = json.loads(output_of([self.path, "bench", "--json"]))["prefill"]
        return measured["tokens"] * 1e9 / measured["measured_ns"]

    def first_token(self):
        output_of([self.path, "generate", "--tokens", "1", "-n", "1", "--output=tokens"])

    def version(self):
        output_of([self.path, "--version"])

    def close(self):
        pass


class LlamaCpp:
    """llama-bench of a build in `folder`, which has the source package beside it."""

    processes = ()

    def __init__(self, cache, shape, quantized, folder, python, threads):
        self.programs = folder / "build" / "bin"
        self.threads = threads
        directory, key = model(cache, shape)
        wide = cache / f"{shape}.gguf"
        converter = FOLDER / "gguf_model.py"
        library = dict(os.environ, PYTHONPATH=str(folder / "vendor" / "llama.cpp" / "gguf-py"))
        key = made(wide, [key, converter.read_bytes(), folder.name.encode()],
                   lambda: output_of([python, converter, directory, wide], env=library))
        self.path = wide
        if quantized == "bf16":
            return
        # All of it in one type, as Ashlar has it: by itself it takes a larger one for the head.
        form = GGUF_TYPES[quantized]
        self.path = cache / f"{shape}-{form}.gguf"
        quantize = [self.programs / "llama-quantize", "--pure", wide, self.path, form, threads]
        made(self.path, [key], lambda: output_of(quantize))

    def run(self, prompt, tokens, rounds):
        """After a warm-up of its own."""
        answer = json.loads(
            output_of([self.programs / "llama-bench", "-m", self.path, "-t", self.threads,
                       "-p", prompt, "-n", tokens, "-r", rounds, "-o", "json"])
        )
        return statistics.median(answer[0]["samples_ts"])

    def decode(self, tokens):
        return self.run(0, tokens, 1)

    def prefill(self):
        return self.run(checkpoint.CONTEXT, 0, 3)

    def close(self):
        pass


class Transformers:
    """A process that keeps the model, because it takes long to begin."""

    def __init__(self, cache, shape, python, threads):
        self.process = subprocess.Popen(
            [python, FOLDER / "transformers_runs.py", model(cache, shape)[0], str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.processes = (self.process.pid,)
        self.versions = self.answer()["versions"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench: Transformers ended; what it said is above")
        return json.loads(line)

    def run(self, **what):
        print(json.dumps(what), file=self.process.stdin, flush=True)
        return self.answer()["seconds"]

    def decode(self, tokens):
        return 1 / self.run(part="decode", prompt=SHORT_PROMPT, tokens=tokens)

    def prefill(self):
        return checkpoint.CONTEXT / self.run(part="prefill", prompt=LONG_PROMPT)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
