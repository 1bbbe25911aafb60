"""Runs a program and prints what each of its writes to standard output was, in quotes.

    writes.py COMMAND…
"""
import socket
import subprocess
import sys


def main(command):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # keeps them apart
    program = subprocess.Popen(command, stdout=theirs)
    theirs.close()
    while data := ours.recv(1 << 16):
        print(ascii(data.decode()))
    return program.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
