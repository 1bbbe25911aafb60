"""Copies a file with some bytes changed: patch.py FROM TO OFFSET BYTE(hexadecimal) [COUNT]"""
import sys

with open(sys.argv[1], "rb") as file:
    data = bytearray(file.read())
offset, count = int(sys.argv[3]), int(sys.argv[5]) if len(sys.argv) > 5 else 1
data[offset : offset + count] = bytes.fromhex(sys.argv[4]) * count
with open(sys.argv[2], "wb") as file:
    file.write(data)
