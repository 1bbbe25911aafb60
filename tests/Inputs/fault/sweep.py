"""Runs a command again and again; in the k-th run the k-th call of the C library that matches
fails, until there is none any more. Each run must end with the exit code that is expected and say
why, and leave a directory as it was.

    sweep.py LIBRARY --path PART [--calls NAMES] [--error EIO] [--exit 4] [--whole DIR] [--silent] [--only K] -- COMMAND…

LIBRARY is refuse_calls.cpp, built; PART is part of the paths that count. --error takes a name of
errno, END (the call moves no bytes), TOUCH (the call is done, but the file has changed before it) or
a signal (sent to the program at the call; then that signal is what ends it). With --silent a run that
fails must print nothing on standard output. With --only there is one run, in which the K-th call
fails. For each failed call there is a line "CALL FILE: what the command said", then their number.
"""
import argparse
import errno
import os
import signal
import subprocess
import sys
import tempfile

CALLS = "open,read,pread,write,pwrite,stat,fstat,fchmod,fsync,close,rename,mkdir,opendir,readdir"


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--path", required=True)
    parser.add_argument("--calls", default=CALLS)
    parser.add_argument("--error", default="EIO")
    parser.add_argument("--exit", type=int, default=4)
    parser.add_argument("--whole")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--only", type=int)
    at = sys.argv.index("--")
    options = parser.parse_args(sys.argv[1:at])
    if options.error == "END":
        options.number = 0
    elif options.error == "TOUCH":
        options.number = 65536
    elif options.error.startswith("SIG"):
        options.number = options.exit = -getattr(signal, options.error)
    else:
        options.number = getattr(errno, options.error)
    return options, sys.argv[at + 1 :]


def snapshot(directory):
    """Every name below, with the bytes of files."""
    found = {}
    for folder, folders, files in os.walk(directory or os.devnull):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[path] = None
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = file.read()
    return found


def sweep(options, command, log):
    def start():  # a shell's background jobs ignore SIGINT
        if options.number < 0:
            signal.signal(-options.number, signal.SIG_DFL)

    environment = dict(
        os.environ,
        LD_PRELOAD=options.library,
        FAULT_PATH=options.path,
        FAULT_CALLS=options.calls + ",",
        FAULT_ERRNO=str(options.number),
        FAULT_LOG=log,
    )
    before = snapshot(options.whole)
    calls = wrong = 0
    while calls < 1 or not options.only:
        environment["FAULT_AT"] = str(options.only or calls + 1)
        run = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE if options.silent else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=start,
        )
        if not os.path.exists(log):
            break
        calls += 1
        with open(log) as file:
            call, path = file.read().rstrip("\n").split(" ", 1)
        os.remove(log)
        faults = []
        if run.returncode != options.exit:
            faults.append(f"exit code {run.returncode}")
        if options.exit > 0 and "error: " not in run.stderr:
            faults.append("no error")
        if run.stdout:
            faults.append(f"printed {run.stdout!r}")
        after = snapshot(options.whole)
        if after != before:
            names = sorted(p for p in after | before if after.get(p) != before.get(p))
            faults.append(f"changed {', '.join(names)}")
            before = after
        said = run.stderr.split("\n", 1)[0]
        print(f"{call} {os.path.basename(path)}: {said}", *faults, sep="; WRONG: ")
        wrong += bool(faults)
    if not options.only and run.returncode != 0:
        print(f"without a failed call: exit code {run.returncode}: {run.stderr}")
        wrong += 1
    print(f"{calls} failed calls, {wrong} wrong")
    return wrong == 0 and calls > 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(not sweep(*parse(), os.path.join(folder, "log")))
