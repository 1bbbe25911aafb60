"""Runs a program whose standard output is a pipe that does not wait, as asynchronous parents leave
it, and reads it only when it is full: slow_pipe.py FILE PROGRAM [ARGUMENTS]. What came goes to FILE.
"""
import fcntl
import os
import select
import subprocess
import sys

reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
os.set_blocking(writer, False)
program = subprocess.Popen(sys.argv[2:], stdout=writer)
while program.poll() is None and select.select([], [writer], [], 0.01)[1]:
    pass
os.close(writer)
with os.fdopen(reader, "rb") as pipe, open(sys.argv[1], "wb") as file:
    file.write(pipe.read())
sys.exit(program.wait())
