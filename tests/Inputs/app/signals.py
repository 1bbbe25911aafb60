"""Runs a program, sends it signals one after the other once it catches the last of them, and prints
what it wrote to standard output and `exit N`.

    signals.py [--ignore NAME] [--full] NAME[,NAME] COMMAND…      NAME: INT, TERM

--ignore starts it with that signal ignored. --full waits until the program has filled a pipe of a
page, and reads nothing of it before the last signal is sent; only the end of what was
written is printed then.
"""
import argparse
import fcntl
import re
import signal
import struct
import subprocess
import sys
import termios
import time


def mask(process, names):
    """Signals of a program, by the names of their masks in /proc."""
    with open(f"/proc/{process.pid}/status") as file:
        text = file.read()
    bits = 0
    for name in names:
        bits |= int(re.search(rf"^{name}:\s*(\w+)", text, re.MULTILINE)[1], 16)
    return {n for n in signal.Signals if bits >> (n - 1) & 1}


def wait_until(process, holds):
    while process.poll() is None and not holds():
        time.sleep(0.001)
    assert process.returncode is None, f"it ended too early, with {process.returncode}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ignore")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("signals")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    signals = [signal.Signals["SIG" + name] for name in options.signals.split(",")]

    def start():
        for number in (signal.SIGINT, signal.SIGTERM):
            ignored = number.name == f"SIG{options.ignore}"
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)

    program = subprocess.Popen(options.command, stdout=subprocess.PIPE, preexec_fn=start)
    wait_until(program, lambda: signals[-1] in mask(program, ["SigCgt"]))
    if options.full:
        size = fcntl.fcntl(program.stdout, fcntl.F_SETPIPE_SZ, 4096)
        unread = lambda: fcntl.ioctl(program.stdout, termios.FIONREAD, bytes(4))
        wait_until(program, lambda: struct.unpack("i", unread())[0] == size)
    for number in signals:
        wait_until(program, lambda: not mask(program, ["SigPnd", "ShdPnd"]))  # equal ones are one
        program.send_signal(number)
    text = program.stdout.read().decode()
    print((text[-50:] if options.full else text) + f"exit {program.wait()}")


if __name__ == "__main__":
    sys.exit(main())
