"""Kills builds over an app that exists, at moments that a seed chooses, and looks at what is left.

    kill_builds.py MODEL OTHER FOLDER [--kills 200] [--seed 1] -- BUILD OPTIONS…

The builds are of two checkpoints in turn, into FOLDER/app, with FOLDER/tmp for temporary files. After
each kill the app must be one of the two, to the byte, and run. Every second kill takes the compilers
along; else they live on, as they do when only the tool is killed. In the end one build is let through,
and nothing but the app may be there.
"""
import argparse
import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import time


def content(path):
    with open(path, "rb") as file:
        return file.read()


def left(folder):
    """Names of what is there beside the app and the empty folder for temporary files."""
    names = [n for n in os.listdir(folder) if n not in ("app", "tmp")]
    return names + [os.path.join("tmp", n) for n in os.listdir(os.path.join(folder, "tmp"))]


def wait_for_compilers(folder):
    """Until nobody holds a lock of a temporary directory."""
    for name in left(folder):
        file = os.open(os.path.join(folder, name), os.O_RDONLY)
        fcntl.flock(file, fcntl.LOCK_EX)
        os.close(file)


class Builds:
    def __init__(self, models, folder, options):
        self.models, self.folder, self.options = models, folder, options
        self.app = os.path.join(folder, "app")
        self.environment = dict(os.environ, TMPDIR=os.path.join(folder, "tmp"))

    def start(self, turn):
        command = ["ashlar", "build", self.models[turn % 2], "-o", self.app, *self.options]
        return subprocess.Popen(
            command, env=self.environment, start_new_session=True, stderr=subprocess.DEVNULL
        )

    def whole(self, turn):
        """The app of a build that is let through, and the seconds that it took."""
        begin = time.monotonic()
        if self.start(turn).wait() != 0:
            sys.exit("a build that nobody killed failed")
        return content(self.app), time.monotonic() - begin

    def killed(self, turn, delay, with_compilers):
        """Whether the kill came before the build's end."""
        build = self.start(turn)
        time.sleep(delay)
        early = build.poll() is None
        try:
            (os.killpg if with_compilers else os.kill)(build.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        build.wait()
        return early


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs=2)
    parser.add_argument("folder")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    at = sys.argv.index("--")
    options = parser.parse_args(sys.argv[1:at])
    shutil.rmtree(options.folder, ignore_errors=True)
    os.makedirs(os.path.join(options.folder, "tmp"))
    builds = Builds(options.models, options.folder, sys.argv[at + 1 :])
    wholes, seconds = zip(*(builds.whole(turn) for turn in range(2)))
    assert wholes[0] != wholes[1]
    moments = random.Random(options.seed)
    early = littered = replaced = 0
    before = wholes[1]
    for turn in range(options.kills):
        delay = moments.uniform(0, 1.1 * max(seconds))
        early += builds.killed(turn, delay, with_compilers=turn // 2 % 2)
        now = content(builds.app)
        if now not in wholes:
            sys.exit(f"kill {turn} after {delay:.3f} s: the app is neither the old nor the new one")
        subprocess.run([builds.app, "--tokens", "1", "-n", "2"], check=True, capture_output=True)
        littered += bool(left(options.folder))
        replaced += now != before
        before = now
    wait_for_compilers(options.folder)
    builds.whole(0)
    if left(options.folder):
        sys.exit(f"left behind: {left(options.folder)}")
    print(
        f"{options.kills} kills, {early} of them before the end: {replaced} apps replaced, none damaged; "
        f"{littered} times something was left, nothing after the next build"
    )


if __name__ == "__main__":
    main()
