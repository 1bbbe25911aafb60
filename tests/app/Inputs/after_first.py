"""Whether tokens behind a prompt, the first of them from a step in which weights arrive, are the likeliest
by the logits that `logits` writes, which reads all weights before.

    after_first.py APP IDS
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Inputs/app"))
import npy

app, prompt = sys.argv[1:]
command = [app, "--tokens", prompt, "-n", "8", "--ignore-eos", "--output=tokens"]
answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
with open(f"{app}.ids", "w") as file:
    file.write(f"{prompt},{answer}")
subprocess.run([app, "logits", "--tokens", f"{prompt},{answer}", "-o", f"{app}.npy"], check=True)
npy.greedy(f"{app}.npy", f"{app}.ids", len(prompt.split(",")))
