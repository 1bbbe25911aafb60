"""Asks for plans of all kinds: with capacities from too small to plenty, pins, batches and contexts.
Whatever is asked, there is a plan that reads back to the same bytes, or an error of the user's, or a
refusal whose suggestions fit. Prints what does not hold, then the number of plans and refusals.

    any_request.py MODEL MACHINE COUNT [--devices 0,1] [--seed N]
"""
import argparse
import random
import subprocess
import tempfile

UNITS = ["embed", "layers.0", "layers.1", "layers.0.mlp", "layers.1.attention", "head", "*attention", "*"]


def ashlar(*arguments):
    return subprocess.run(["ashlar", *arguments], capture_output=True, text=True)


def random_request(source, devices):
    """Options by name, and pins."""
    request = {"--context": str(source.choice([1, 17, 64, 300])),
               "--batch": str(source.choice([1, 1, 2, 5]))}
    if source.random() < 0.5:
        request["--prefill-chunk"] = "1"
    caps = {name: int(10 ** source.uniform(3.5, 6)) for name in ["host"] + devices
            if source.random() < 0.7}
    request["--max-memory"] = caps
    pins = [f"--pin={source.choice(UNITS)}={source.choice(['cpu', 'disk'] + devices)}"
            for _ in range(source.choice([0, 0, 1, 2]))]
    return request, pins


def options(request, pins):
    result = list(pins)
    for name, value in request.items():
        if name == "--max-memory":
            value = ",".join(f"{memory}={size}" for memory, size in value.items())
        if value:
            result += [name, value]
    return result


def suggested(request, suggestion):
    """The request with the options of "--context 64 --max-memory host=4096"."""
    words = suggestion.split()
    result = dict(request)
    for name, value in zip(words[::2], words[1::2]):
        if name == "--max-memory":
            value = {**request[name], **dict(cap.split("=") for cap in value.split(","))}
        result[name] = value
    return result


def check(model, machine, request, pins, file):
    """The exit code, and what is wrong with it."""
    command = ["plan", model, "--machine", machine]
    plan = ashlar(*command, *options(request, pins), "--emit=plan", "-o", file)
    if plan.returncode == 0:
        again = ashlar("plan", model, "--from=plan", file, "--emit=plan")
        with open(file, encoding="utf-8") as text:
            return 0, [] if again.stdout == text.read() else ["reads back as another: " + again.stderr]
    if plan.returncode == 1 and pins and "pinned to different devices" in plan.stderr:
        return 1, []
    if plan.returncode != 2:
        return plan.returncode, [plan.stderr]
    wrong = []
    for line in plan.stderr.splitlines():
        suggestion = line.removeprefix("note: fits with ")
        if suggestion == line or suggestion.endswith("on a machine that has it"):
            continue
        other = ashlar(*command, *options(suggested(request, suggestion), pins), "--emit=placement")
        if other.returncode != 0:
            wrong.append(f"does not fit with {suggestion}: {other.stderr}")
    return 2, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model")
    parser.add_argument("machine")
    parser.add_argument("count", type=int)
    parser.add_argument("--devices", default="")
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    source = random.Random(o.seed)
    codes = {}
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(o.count):
            request, pins = random_request(source, o.devices.split(",") if o.devices else [])
            code, wrong = check(o.model, o.machine, request, pins, file.name)
            codes[code] = codes.get(code, 0) + 1
            for text in wrong:
                print("wrong:", " ".join(options(request, pins)), text)
    print(f"{codes.get(0, 0)} plans, {codes.get(2, 0)} refused, {codes.get(1, 0)} mistakes")


if __name__ == "__main__":
    main()
