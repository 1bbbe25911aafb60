"""Runs a command and fails where it took more than it may.

    usage.py [--read BYTES] [--peak BYTES] COMMAND…

--read counts what the command's read calls return, which goes unchecked where the kernel does not
count it; --peak is the most memory that was resident, which a mapped file that is looked at is, too.
The peak is never below what this script takes itself, about 14 MB. It goes unchecked where
ASHLAR_TEST_SANITIZED is set: sanitizers take several times what they watch.
"""
import argparse
import os
import re
import sys
import time


def run(command, environment=os.environ):
    """The exit code of a command, the bytes that it read, its peak in bytes, and its seconds."""
    begin = time.monotonic()
    process = os.posix_spawnp(command[0], command, environment)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)  # it has ended, and still has its counts
    seconds = time.monotonic() - begin
    try:
        with open(f"/proc/{process}/io") as file:
            read = int(re.search(r"rchar: (\d+)", file.read())[1])
    except OSError:
        read = 0
    _, status, usage = os.wait4(process, 0)
    return os.waitstatus_to_exitcode(status), read, usage.ru_maxrss * 1024, seconds


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--read", type=int, metavar="BYTES")
    parser.add_argument("--peak", type=int, metavar="BYTES")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)

    if "ASHLAR_TEST_SANITIZED" in os.environ:
        options.peak = None
    code, read, peak, _ = run(options.command)
    for what, taken, limit in (("read", read, options.read), ("took", peak, options.peak)):
        if limit is not None and taken > limit:
            print(f"{options.command[0]} {what} {taken} bytes, more than {limit}", file=sys.stderr)
            code = code or 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
