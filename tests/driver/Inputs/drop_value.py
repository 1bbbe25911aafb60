"""Copies a plan without one value of a frame: drop_value.py FROM TO NAME"""
import re
import sys

with open(sys.argv[1]) as file:
    lines = file.read().split("\n")
lines.remove(next(line for line in lines if line.startswith(f"  value {sys.argv[3]} ")))
text = re.sub(r"( values=)(\d+)", lambda m: f"{m[1]}{int(m[2]) - 1}", "\n".join(lines))
with open(sys.argv[2], "w") as file:
    file.write(text)
