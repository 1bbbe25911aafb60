"""What ./dev bench knows of the machine it runs on, and does to it."""
import os
import re
import resource
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_information(key):
    with open("/proc/cpuinfo") as file:
        found = re.search(rf"^{key}\s*: (.*)$", file.read(), re.MULTILINE)
    return found[1].strip() if found else "unknown"


def processor():
    """A guest may see less than its name: the model's numbers tell more."""
    family, model = cpu_information("cpu family"), cpu_information("model")
    return f"{cpu_information('model name')} (family {family}, model {model})"


def instruction_sets():
    return [flag for flag in cpu_information("flags").split() if re.match("avx|amx|fma|f16c", flag)]


def process_seconds(process):
    """Of processors, that a process of ours has used so far."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Others:
    """How many processors everything but us uses, from when it is made to `processors`."""

    def __init__(self, ours):
        self.ours = ours  # processes that live until then
        self.begin = self.now()

    def now(self):
        with open("/proc/stat") as file:
            user, nice, system, _, _, *interrupts = map(int, file.readline().split()[1:9])
        used = (user + nice + system + sum(interrupts)) / TICKS
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            used -= usage.ru_utime + usage.ru_stime
        return used - sum(map(process_seconds, self.ours)), time.monotonic()

    def processors(self):
        used, at = self.now()
        return max(0.0, (used - self.begin[0]) / (at - self.begin[1]))


class Reader:
    """bench-read, which keeps its memory between reads."""

    def __init__(self, program, threads, size):
        self.process = subprocess.Popen(
            [program, str(threads), str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def rate(self, size, rounds=3):
        """Bytes per second of the median read of so many bytes."""
        times = []
        for _ in range(rounds):
            print(size, file=self.process.stdin, flush=True)
            times.append(int(self.process.stdout.readline()))
        return size * 1e9 / sorted(times)[rounds // 2]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


LOOP = """
import os, sys
os.sched_setaffinity(0, [int(sys.argv[1])])
print(flush=True)
while os.getppid() == int(sys.argv[2]):  # whatever ends that one
    for _ in range(1000000): pass
"""


class BusyLoop:
    """Takes one processor for as long as it is entered."""

    def __enter__(self):
        core = max(os.sched_getaffinity(0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOOP, str(core), str(os.getpid())], stdout=subprocess.PIPE
        )
        self.process.stdout.readline()

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
