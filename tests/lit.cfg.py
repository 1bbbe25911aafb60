# The test suite. A test is a file with RUN lines in the folder of the phase it looks at, or a
# program in unit/.
import os
import re
import shutil
import sys

import lit.formats

config.name = "ashlar"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".test", ".ash"]
config.excludes = ["Inputs", "oracle", "__pycache__"]
config.test_source_root = os.path.join(config.source_dir, "tests")
config.test_exec_root = os.path.join(config.build_dir, "tests")

# Programs with sanitizers map more than limits of memory allow, and want to be loaded first.
sanitizing = []
if config.sanitizer:
    config.available_features.add("sanitizer")
    sanitizing = [os.path.join(config.test_exec_root, "sanitizing")]
    config.cxx = os.path.join(*sanitizing, "c++")
    config.environment["ASHLAR_TEST_SANITIZED"] = "1"

# %exitcode N COMMAND…: succeeds when the command exits with exactly N.
# %sweep OPTIONS -- COMMAND…: each call of the C library on some files fails once.
inputs = os.path.join(config.test_source_root, "Inputs")
for name, value in {
    "exitcode": f"{sys.executable} {os.path.join(inputs, 'exitcode.py')}",
    "sweep": f"{sys.executable} {os.path.join(inputs, 'fault', 'sweep.py')} "
    + os.path.join(config.test_exec_root, "refuse_calls.so"),
    "python": sys.executable,
    "cxx": config.cxx,
    "src": config.source_dir,
    "build": config.build_dir,
    "specs": os.path.join(config.source_dir, "specs"),
    "examples": os.path.join(config.source_dir, "examples"),
    "inputs": inputs,
    "libtorch": config.libtorch,
    "fuzz": os.path.join(config.test_exec_root, "fuzz"),
}.items():
    config.substitutions.append((f"%{name}\\b", value))

nvcc = shutil.which("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin")
config.environment.update(
    PATH=os.pathsep.join(
        sanitizing
        + [os.path.join(config.build_dir, "bin"), config.llvm_tools_dir]
        + ([os.path.dirname(nvcc)] if nvcc else [])
        + ["/usr/local/bin", "/usr/bin", "/bin"]
    ),
    FILECHECK_OPTS="--enable-var-scope --dump-input-filter=all",
    LC_ALL="C",
    # What the tool keeps between runs; a test must not find, nor leave, anything in the user's.
    XDG_CACHE_HOME=os.path.join(config.test_exec_root, "cache"),
)

# Instruction sets have the names of /proc/cpuinfo.
config.available_features.add("python3")
with open("/proc/cpuinfo") as cpuinfo:
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo.read(), re.MULTILINE)
    for flag in flags.group(1).split() if flags else []:
        if re.match("avx|amx|fma|f16c", flag):
            config.available_features.add(flag)
if os.path.exists("/dev/nvidia0"):
    config.available_features.add("cuda")
if nvcc:
    config.available_features.add("nvcc")
if config.libtorch:
    config.available_features.add("libtorch")
if shutil.which("clang++", path=config.environment["PATH"]):
    config.available_features.add("clang")

# Some containers have no pseudo-terminals.
try:
    for end in os.openpty():
        os.close(end)
    config.available_features.add("terminal")
except OSError:
    pass

# Tests that set `config.parallelism_group = "gpu"` take turns.
lit_config.parallelism_groups["gpu"] = 1

# lit needs the package psutil to end a test together with what it started.
if not lit_config.maxIndividualTestTime and lit_config.maxIndividualTestTimeIsSupported[0]:
    lit_config.maxIndividualTestTime = 300
