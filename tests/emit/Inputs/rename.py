"""Renames tensors of a safetensors file: rename.py FILE FROM TO replaces FROM in every name."""
import json
import struct
import sys

path, old, new = sys.argv[1:]
data = open(path, "rb").read()
length = struct.unpack("<Q", data[:8])[0]
header = {k.replace(old, new): v for k, v in json.loads(data[8:8 + length]).items()}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(path, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data[8 + length:])
