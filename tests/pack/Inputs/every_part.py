"""Cuts, lengthens and changes a pack at each of its boundaries and lets the app look at it: each time
it must refuse, with exit code 1, and the tool that looks into packs must not fall over.

    every_part.py APP PACK BAD

BAD is written. Prints, for each kind of change, how many there were and what the app said, without
its numbers: each sentence once.
"""
import re
import struct
import subprocess
import sys

HEADER, ENTRY, TRAILER = 128, 48, 64  # as runtime/PackFormat.h has them


class Pack:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        entries = struct.unpack_from("<I", self.data, 12)[0]
        self.index, self.names, name_bytes = struct.unpack_from("<3Q", self.data, 80)
        self.names_end = self.names + name_bytes
        self.trailer = len(self.data) - TRAILER
        self.sections = [
            struct.unpack_from("<2Q", self.data, self.index + i * ENTRY + 16) for i in range(entries)
        ]

    def boundaries(self):
        """Where one part ends and another begins, and the middle of those that are structure."""
        yield from (0, 1, 64, HEADER)
        for offset, size in self.sections:
            yield from (offset, offset + size)
        yield from range(self.index, self.names, ENTRY)
        yield from (self.index + 20, self.names, self.names_end, self.trailer, self.trailer + 32)

    def gaps(self):
        at = HEADER
        for offset, size in self.sections + [
            (self.index, self.names_end - self.index),
            (self.trailer, 16),
        ]:
            if offset > at:
                yield at
                yield offset - 1
            at = offset + size
        yield self.trailer + 16
        yield self.trailer + 55

    def changed(self, places):
        for at in sorted(set(places)):
            data = bytearray(self.data)
            data[at] ^= 0x41
            yield bytes(data)


class App:
    def __init__(self, app, pack):
        self.app, self.pack = app, pack

    def refuses(self, what, verb, packs):
        said, count = {}, 0
        for count, data in enumerate(packs, 1):
            with open(self.pack, "wb") as file:
                file.write(data)
            command = [self.app, verb, "--weights", self.pack]
            run = subprocess.run(command, capture_output=True, text=True)
            look = subprocess.run(["ashlar", "inspect", self.pack], capture_output=True)
            if run.returncode != 1 or look.returncode not in (0, 1):
                sys.exit(f"{what} {count}: exit codes {run.returncode}, {look.returncode}")
            text = run.stdout if verb == "check" else run.stderr
            for line in re.findall(rf"{re.escape(self.pack)}: (.*?)(?:  MISSING)?\n", text):
                said[re.sub(r"[0-9a-f?]{32}|\d+", "N", line).rstrip()] = True
        print(f"{what}: {count}", *sorted(said), sep="\n  ")


def main(app, path, bad):
    pack, app = Pack(path), App(app, bad)
    data, cuts = pack.data, sorted(set(pack.boundaries()))
    app.refuses("cut behind", "check", (data[:at] for at in cuts))
    app.refuses("cut before", "check", (data[at:] for at in cuts if at))
    app.refuses("a part left out", "verify", (data[:a] + data[b:] for a, b in zip(cuts, cuts[1:])))
    app.refuses("grown", "check", (data + b"\0" * more for more in (1, TRAILER, 4096)))
    app.refuses("header", "check", pack.changed(range(HEADER)))
    app.refuses("index", "check", pack.changed(range(pack.index, pack.names, 7)))
    app.refuses("names", "check", pack.changed(range(pack.names, pack.names_end, 3)))
    app.refuses("trailer", "verify", pack.changed(range(pack.trailer, len(data))))
    ends = [at for offset, size in pack.sections for at in (offset, offset + size - 1)]
    app.refuses("sections", "verify", pack.changed(ends))
    app.refuses("padding", "verify", pack.changed(pack.gaps()))


if __name__ == "__main__":
    main(*sys.argv[1:])
