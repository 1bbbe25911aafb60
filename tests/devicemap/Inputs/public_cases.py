"""Runs cases that the tests of Accelerate assert, each as a modules file:

    public_cases.py FILE SCRATCH

A case names a function, what goes in, and what must come out: a result, an error, or a warning.
Maps are compared without regard to the order of their keys.
"""

import json
import pathlib
import subprocess
import sys

NO_MODULES = {"class": "None"}


def ashlar(scratch, emit, modules, max_memory=None, device_map=None, options=None, **rest):
    # How a case is compared is no option of the functions.
    options = {key: value for key, value in (options or {}).items() if key != "partial"}
    file = {"modules": modules, "options": options, **rest}
    if max_memory is not None:
        file["max_memory"] = max_memory
    if device_map is not None:
        file["device_map"] = device_map
    scratch.write_text(json.dumps(file))
    command = ["ashlar", "plan", "--from=modules", str(scratch), f"--emit={emit}"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"exit code {run.returncode}: {run.stderr}")
    return json.loads(run.stdout) if run.returncode == 0 else None, run.stderr


def infer(case, run):
    found, said = run("device-map", device_map="sequential")
    for key, words in (
        ("expected_buffer_warning", "the buffers of offloaded modules take"),
        ("expected_insufficient_memory_notice", "nothing was placed on"),
    ):
        if key in case and case[key] != (words in said):
            return f"{key}: {said}"
    return found


def balance(case, run):
    low_zero = case["options"].get("low_zero")
    return run("budgets", device_map="balanced_low_0" if low_zero else "balanced")[0]


def sizes(case, run):
    found = run("sizes")[0]
    if case.get("options", {}).get("partial"):
        return {key: found[key] for key in case["expected"]}
    return found


def clean(case, run):
    return run("device-map", options={"clean_result": True})[0]


def check(case, run):
    found, said = run("device-map")
    for name in case.get("expected_warning_keys", []):
        if name not in said:
            return said
    return None if found is None else "ok"


def units(case, run):
    found, _ = run("budgets", device_map="sequential", max_memory={"0": case["input"]})
    return found and found["0"]


def bytes_of_type(case, run):
    tensor = {"name": "p", "shape": [1], "dtype": case["input"]}
    return run("sizes", modules={"class": "One", "params": [tensor]})[0]["p"]


FUNCTIONS = {
    "infer_auto_device_map": infer,
    "get_balanced_memory": balance,
    "compute_module_sizes": sizes,
    "clean_device_map": clean,
    "check_device_map": check,
    "convert_file_size_to_int": units,
    "dtype_byte_size": bytes_of_type,
}


def main(file, scratch):
    cases = json.loads(pathlib.Path(file).read_text())
    failed = 0
    for case in cases["cases"]:
        given = {
            key: case[key]
            for key in ("tied", "max_memory", "no_split", "options", "device_map")
            if key in case
        }
        given["modules"] = cases["models"].get(case.get("model"), NO_MODULES)
        run = lambda emit, **more: ashlar(pathlib.Path(scratch), emit, **{**given, **more})
        found = FUNCTIONS[case["fn"]](case, run)
        expected = case.get("expected")
        if found != expected:
            failed += 1
            print(f"{case['name']}: expected {expected}, found {found}")
    print(f"{len(cases['cases'])} cases, {failed} differences")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
