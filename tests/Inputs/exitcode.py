"""Runs a command and succeeds only when it exits with a given code; its output passes through.

    exitcode.py N COMMAND [ARGUMENTS...]
"""
import signal
import subprocess
import sys


def main(expected, command):
    try:
        found = subprocess.run(command).returncode
    except OSError as error:
        found = f"no exit code: {command[0]}: {error.strerror}"
    if found == expected:
        return 0
    if isinstance(found, int) and found < 0:
        found = f"signal {-found} ({signal.strsignal(-found)})"
    print(f"exitcode.py: expected {expected}, got {found}: {' '.join(command)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
