"""replace.py FILE OLD NEW: replaces the first OLD in a file, which must have one."""
import sys

path, old, new = sys.argv[1:]
text = open(path).read()
assert old in text, f"{path} has no {old}"
open(path, "w").write(text.replace(old, new, 1))
