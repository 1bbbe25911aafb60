"""Plans published models in their real sizes, each on machines with one memory and with several,
and shows what that takes:

    plan_published.py DIR

Checkpoints and plans are left in DIR. A line is of one plan: model, machine, whose device map,
seconds, the megabytes at its peak (never below usage.py's own), units, and `same` when a second run
made the same bytes and reading the plan and printing it did, too.
"""
import filecmp
import os
import pathlib
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import published
import usage

CASES = [(machine, "optimal")
         for machine in ("cpu-server", "laptop-8gb", "pair-24gb", "server-8x80gb")]
CASES += [("pair-24gb", "auto"), ("server-8x80gb", "auto")]
# They have no room for the weights, or none for the cache beside what the map puts there.
REFUSED = [("Llama-2-70b", "cpu-server", "optimal"), ("Llama-3.1-405B", "cpu-server", "optimal"),
           ("Llama-3.1-405B", "pair-24gb", "auto")]


def plan(*arguments):
    command = ["ashlar", "plan", *map(str, arguments), "--emit=plan"]
    code, _, peak, seconds = usage.run(command)
    if code:
        sys.exit(f"{' '.join(command)} exits with {code}")
    return peak, seconds


def main(directory):
    directory = pathlib.Path(directory)
    for name in published.MODELS:
        model = directory / name
        published.write(name, model)
        for machine, strategy in CASES:
            if (name, machine, strategy) in REFUSED:
                continue
            options = [model, "--no-tokenizer", "--machine", machine, "--device-map", strategy]
            made = directory / f"{name}-{machine}-{strategy}.plan"
            peak, seconds = plan(*options, "-o", made)
            again, reread = made.with_suffix(".again"), made.with_suffix(".reread")
            plan(*options, "-o", again)
            plan("--from=plan", made, "-o", reread)
            same = all(filecmp.cmp(made, other, shallow=False) for other in (again, reread))
            units = sum(line.startswith("unit ") for line in made.open())
            print(f"{name:14}  {machine:13}  {strategy:7}  {seconds:5.3f} s  {peak / 1e6:5.1f} MB"
                  f"  {units:4} units  {'same' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
