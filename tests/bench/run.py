"""Measures Ashlar, beside llama.cpp and Transformers on the same weights, and beside plain reads of
the same bytes.

A round runs each of them once, in an order that changes with the round; ratios within a round are
those that a machine with changing neighbours leaves alone. Weights are random, and made here.

parts:
  tales    the placed example, as its own `bench` says it
  start    from the start of a process to the first token, beside a plain read of its pack
  decode   32 tokens after a prompt of 7, 1.2 billion parameters
  prefill  a prompt of 512 tokens, 0.34 billion parameters
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import checkpoint
import contenders
import figures
import machine

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = TREE / "build"
TOOL = BUILD / "bin" / "ashlar"
READER = BUILD / "tests" / "bench" / "bench-read"
PARTS = ["tales", "start", "decode", "prefill"]
PEERS = ["llama.cpp", "transformers"]
SHAPES = {"start": "1.2B", "decode": "1.2B", "prefill": "0.34B"}
TOKENS = 32  # of a decode run
STARTS = 3  # of a round


def names(known):
    def parse(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"there is no '{name}': {', '.join(known)}")
        return chosen

    return parse


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return int(text)


def parse(arguments):
    p = argparse.ArgumentParser(
        prog="./dev bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--only", metavar="PART,…", type=names(PARTS), default=PARTS,
                   help="instead of all parts")
    p.add_argument("--skip", metavar="PEER,…", type=names(PEERS), default=[],
                   help="llama.cpp or transformers, or both: then neither is installed")
    p.add_argument("--formats", metavar="TYPE,…", type=names(list(figures.FORMATS)),
                   default=list(figures.FORMATS), help="of bf16, int8 and int4 (default: all)")
    p.add_argument("--rounds", metavar="N", type=positive, default=3, help="default: 3")
    p.add_argument("--busy", action="store_true",
                   help="each run of decode and prefill once more, beside a busy loop")
    p.add_argument("--json", metavar="FILE", help="write all runs to FILE")
    p.add_argument("--markdown", action="store_true", help="print tables in the form of README.md")
    p.add_argument("--from", dest="source", metavar="FILE",
                   help="run nothing: print the tables of a file that --json wrote")
    # For ./dev, which installs what is named and says where.
    p.add_argument("--peers", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("--cache", type=pathlib.Path, help=argparse.SUPPRESS)
    p.add_argument("--python", help=argparse.SUPPRESS)
    p.add_argument("--llama", type=pathlib.Path, help=argparse.SUPPRESS)
    return p.parse_args(arguments)


def peers(options):
    """Those that this would run."""
    if options.source or not {"decode", "prefill"} & set(options.only):
        return []
    return [peer for peer in PEERS if peer not in options.skip]


# --- runs ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self, options):
        self.options = options
        self.apps = {}
        for part in options.only:
            if part != "tales":
                for form in options.formats:
                    self.apps[part, form] = contenders.Ashlar(
                        options.cache, SHAPES[part], form, TOOL
                    )
        self.threads = next(iter(self.apps.values())).threads
        self.versions = {}
        self.runs = []

    def result(self):
        """What figures reads."""
        return {
            "date": datetime.date.today().isoformat(),
            "processor": machine.processor(),
            "isa": machine.instruction_sets(),
            "threads": self.threads,
            "rounds": self.options.rounds,
            "versions": self.versions,
            "models": {part: checkpoint.description(SHAPES[part]) for part, _ in self.apps},
            "planned": {
                part: {
                    form: {"bytes": app.bytes, "tokens_per_second": app.predicted[part]}
                    for (of, form), app in self.apps.items()
                    if of == part
                }
                for part in ("decode", "prefill")
            },
            "runs": self.runs,
        }

    def record(self, part, form, contender, number, measure, ours=(), busy=False):
        """One run: what `measure` says of it, and what went on beside it."""
        others = machine.Others(ours)
        run = {"part": part, "format": form, "contender": contender, "round": number, "busy": busy}
        run.update(measure())
        run.update(others=others.processors(), load=os.getloadavg()[0])
        self.runs.append(run)
        shown = f"{run['rate']:.1f} tok/s" if "rate" in run else f"{run['seconds'] * 1e3:.1f} ms"
        beside = ", beside a busy loop" if busy else ""
        contenders.say(
            f"{part}, {form}, {contender}{beside}: {shown} (others: {run['others']:.2f} processors)"
        )
        return run

    def start(self):
        for number in range(self.options.rounds * STARTS):
            for form in self.options.formats:
                app = self.apps["start", form]

                def timed(start):
                    begin = time.perf_counter()
                    start()
                    return {"seconds": time.perf_counter() - begin, "bytes": app.size}

                def read():
                    contenders.output_of([READER, self.threads, app.path])

                read()  # now it is in the page cache
                for name, start in (
                    ("version", app.version), ("read", read), ("ashlar", app.first_token)
                ):
                    self.record("start", form, name, number, lambda: timed(start))

    def contenders(self, part):
        """[(format, name, what runs)]"""
        options, shape = self.options, SHAPES[part]
        found = [(form, "ashlar", self.apps[part, form]) for form in options.formats]
        if "llama.cpp" in peers(options):
            self.versions["llama.cpp"] = llama_version()
            found += [
                (form, "llama.cpp",
                 contenders.LlamaCpp(options.cache, shape, form, options.llama, options.python,
                                     self.threads))
                for form in options.formats
            ]
        if "transformers" in peers(options) and "bf16" in options.formats:
            peer = contenders.Transformers(options.cache, shape, options.python, self.threads)
            self.versions["transformers"] = peer.versions
            found.append(("bf16", "transformers", peer))
        return found

    def rates(self, part):
        """Each contender in turn, between plain reads."""
        found = self.contenders(part)
        reader = machine.Reader(
            READER, self.threads, max(self.apps[part, form].bytes for form in self.options.formats)
        )
        for number in range(self.options.rounds):
            first = number % len(found)
            for form, name, contender in found[first:] + found[:first]:
                ours = (reader.process.pid, *contender.processes)
                for busy in (False, True) if self.options.busy else (False,):
                    self.rate(part, form, name, contender, number, reader, ours, busy)
        reader.close()
        for _, _, contender in found:
            contender.close()

    def rate(self, part, form, name, contender, number, reader, ours, busy):
        def alone():
            return contender.decode(TOKENS) if part == "decode" else contender.prefill()

        def measure():
            if not busy:
                return {"rate": alone()}
            with machine.BusyLoop():
                return {"rate": alone()}

        size = self.apps[part, form].bytes
        before = reader.rate(size)
        try:
            run = self.record(part, form, name, number, measure, ours, busy)
        except SystemExit as end:
            if name == "ashlar":
                raise
            # Of a peer that fails here, there is no number.
            return contenders.say(f"{part}, {form}, {name}: {end}")
        run["reads"] = [before, reader.rate(size)]


def llama_version():
    text = (TREE / "tests" / "bench" / "llama-requirements.txt").read_text()
    return "of llama-cpp-python " + re.search(r"==([\d.]+)", text)[1]


def show_tales():
    for command in (
        ["build/bin/ashlar", "build", "examples/tales/model", "-o", "build/tales"],
        ["build/tales", "bench"],
    ):
        print("$", *command, flush=True)
        subprocess.run(command, cwd=TREE, check=True)


def measure(options):
    options.cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    for part in options.only:
        if part == "start":
            bench.start()
        elif part != "tales":
            bench.rates(part)
    return bench.result()


def main(arguments):
    options = parse(arguments)
    if options.peers:
        print(*peers(options))
        return
    if options.source:
        with open(options.source) as file:
            result = json.load(file)
    else:
        if "tales" in options.only:
            show_tales()
        if options.only == ["tales"]:
            return
        result = measure(options)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=1)
    print((figures.markdown if options.markdown else figures.text)(result), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
