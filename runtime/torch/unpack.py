"""Takes out of wheels what programs that use LibTorch on a CPU need, and the licenses.

    unpack.py WHEEL... FOLDER

The libraries find each other by paths relative to their own, so torch/ and nvidia/ stay side by side.
"""
import fnmatch
import sys
import zipfile

WANTED = [
    "torch/include/*",
    "torch/lib/libc10.so",
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libgomp.so.1",
    "nvidia/cu13/lib/libcudart.so.13",
    "nvidia/cu13/lib/libcupti.so.13",
    "*.dist-info/licenses/*",
]

*wheels, folder = sys.argv[1:]
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if any(fnmatch.fnmatch(n, w) for w in WANTED)]
        archive.extractall(folder, names)
