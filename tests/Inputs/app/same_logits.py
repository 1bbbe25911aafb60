"""same_logits.py APP TORCH_LIBRARY: the logits of one prompt are the same in every run."""
import subprocess
import sys

app, library = sys.argv[1:]
ids = ",".join(str(id * 7 % 79) for id in range(130))
command = [app, "logits", "--torch-library", library, "--tokens", ids]
first = subprocess.check_output(command)
for run in range(20):
    assert subprocess.check_output(command) == first, f"run {run} has other logits"
