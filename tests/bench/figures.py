"""What ./dev bench makes of its runs: medians, ratios and tables, for people and for the README.

A result is what `--json` writes and `--from` reads:

    {"date", "processor", "isa", "threads", "rounds", "versions": {contender: text},
     "models": {part: text},
     "planned": {part: {format: {"bytes", "tokens_per_second"}}},
     "runs": [{"part", "format", "contender", "round", "busy", "load", "others", …}]}

A run of the parts `decode` and `prefill` has `rate`, tokens per second, and `reads`, bytes per second
of the plain reads before and after it. One of the part `start` has `seconds`, and
what was started has its `bytes`. `others` is how many processors everything else on the machine
used meanwhile, `load` the load average; `busy` is whether a busy loop of ours ran.
"""
import dataclasses
import statistics

FORMATS = {"bf16": "bf16", "int8": "int8, q8_0", "int4": "int4, q4_0"}
CONTENDERS = {"ashlar": "Ashlar", "llama.cpp": "llama.cpp", "transformers": "Transformers"}


@dataclasses.dataclass
class Table:
    title: str
    header: list
    rows: list

    def text(self):
        """In columns: the first to the left, numbers to the right."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        result = [self.title]
        for line in lines:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
            result.append("  " + "  ".join(cells).rstrip())
        return "\n".join(result) + "\n"

    def markdown(self):
        rule = ["---"] + ["---:"] * (len(self.header) - 1)
        lines = ["| " + " | ".join(line) + " |" for line in [self.header, rule, *self.rows]]
        return "\n".join([f"**{self.title}**", "", *lines]) + "\n"


def number(value):
    """Three digits that say something."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


# --- statistics ---------------------------------------------------------------------------------


def by_round(result, part, wanted, contender, value, busy=False):
    """{round: value} of one contender's runs."""
    return {
        run["round"]: value(run)
        for run in result["runs"]
        if (run["part"], run["format"], run["contender"], run["busy"])
        == (part, wanted, contender, busy)
    }


def median(values):
    return statistics.median(values.values())


def ratios(these, those):
    """Of the medians; and the median of the ratios within a round, which a machine that changes its
    speed between rounds leaves alone."""
    rounds = these.keys() & those.keys()
    return median(these) / median(those), statistics.median(
        these[i] / those[i] for i in sorted(rounds)
    )


def rate(run):
    return run["rate"]


def read(run):
    return statistics.mean(run["reads"])


def seconds(run):
    return run["seconds"]


# --- tables -------------------------------------------------------------------------------------


def ratio_cell(these, those):
    return "{:.2f} ({:.2f})".format(*ratios(these, those))


def rate_table(result, part):
    """Tokens per second of all contenders, a line for each form of the weights."""
    peers = [
        name
        for name in CONTENDERS
        if name != "ashlar"
        and any(r["contender"] == name and r["part"] == part for r in result["runs"])
    ]
    decode = part == "decode"
    header = ["weights", "Ashlar tok/s", "predicted"]
    if decode:
        header += ["plain read GB/s", "share of it"]
    for name in peers:
        header += [CONTENDERS[name] + " tok/s", "Ashlar / " + CONTENDERS[name]]
    rows = []
    for name, label in FORMATS.items():
        ours = by_round(result, part, name, "ashlar", rate)
        if not ours:
            continue
        planned = result["planned"][part][name]
        row = [label, number(median(ours)), number(planned["tokens_per_second"])]
        if decode:
            reads = by_round(result, part, name, "ashlar", read)
            share = by_round(
                result, part, name, "ashlar",
                lambda run: run["rate"] * planned["bytes"] / read(run),
            )
            row += [number(median(reads) / 1e9), f"{median(share):.2f}"]
        for peer in peers:
            theirs = by_round(result, part, name, peer, rate)
            row += [number(median(theirs)), ratio_cell(ours, theirs)] if theirs else ["", ""]
        rows.append(row)
    return Table(f"{part}: {result['models'][part]}", header, rows)


def states(reads):
    """The speeds below and above which memory is in its slow and in its fast state; None where it has
    one state alone."""
    deciles = statistics.quantiles(reads, n=10, method="inclusive")
    slow, fast = deciles[0], deciles[-1]
    return (slow + (fast - slow) / 3, fast - (fast - slow) / 3) if fast > 1.2 * slow else None


def memory_table(result):
    """Decode in each state of memory, of runs that stand between reads of that state; None where it has
    one alone."""
    runs = [run for run in result["runs"] if run["part"] == "decode" and not run["busy"]]
    limits = states([read for run in runs for read in run["reads"]]) if len(runs) > 1 else None
    if not limits:
        return None
    names = [name for name in CONTENDERS if any(run["contender"] == name for run in runs)]
    header = ["weights", "plain read GB/s"]
    for name in names:
        header += [CONTENDERS[name] + " tok/s", "runs"]
        header += ["Ashlar / " + CONTENDERS[name]] if name != "ashlar" else []
    rows = []
    for form, label in FORMATS.items():
        for bound, within in (
            (f"below {number(limits[0] / 1e9)}", lambda read: read < limits[0]),
            (f"above {number(limits[1] / 1e9)}", lambda read: read > limits[1]),
        ):
            rates = {
                name: [
                    run["rate"]
                    for run in runs
                    if (run["format"], run["contender"]) == (form, name)
                    and all(map(within, run["reads"]))
                ]
                for name in names
            }
            if not rates["ashlar"]:
                continue
            row = [label, bound]
            for name in names:
                mine, ours = rates[name], statistics.median(rates["ashlar"])
                row += [number(statistics.median(mine)), str(len(mine))] if mine else ["", ""]
                if name != "ashlar":
                    row.append(f"{ours / statistics.median(mine):.2f}" if mine else "")
            rows.append(row)
    return Table("decode, by the state of memory", header, rows) if rows else None


def busy_table(result, part):
    """The same beside a busy loop, and how much of the speed is left; None where there was none."""
    names = [
        name
        for name in CONTENDERS
        if any(r["busy"] and r["contender"] == name and r["part"] == part for r in result["runs"])
    ]
    if not names:
        return None
    header = ["weights"]
    for name in names:
        header += [CONTENDERS[name] + " tok/s", "of undisturbed"]
    rows = []
    for name, label in FORMATS.items():
        row = [label]
        for contender in names:
            busy = by_round(result, part, name, contender, rate, busy=True)
            alone = by_round(result, part, name, contender, rate)
            row += [number(median(busy)), ratio_cell(busy, alone)] if busy else ["", ""]
        if any(row[1:]):
            rows.append(row)
    return Table(f"{part}, beside a busy loop on one processor", header, rows)


def start_table(result):
    """From the start of a process to the first token, beside a plain read of its pack."""
    rows = []
    for name in FORMATS:
        ours = by_round(result, "start", name, "ashlar", seconds)
        if not ours:
            continue
        reads = by_round(result, "start", name, "read", seconds)
        version = by_round(result, "start", name, "version", seconds)
        size = next(
            r["bytes"]
            for r in result["runs"]
            if (r["part"], r["format"], r["contender"]) == ("start", name, "ashlar")
        )
        rows.append(
            [name, f"{size / 1e9:.2f}", number(median(ours) * 1e3), number(median(reads) * 1e3),
             ratio_cell(ours, reads), number(median(version) * 1e3)]
        )
    header = ["weights", "GB", "first token ms", "plain read ms", "first token / read",
              "--version ms"]
    return Table(f"start: {result['models']['start']}, in the page cache", header, rows)


def tables(result):
    parts = {run["part"] for run in result["runs"]}
    found = []
    for part in ("decode", "prefill"):
        if part in parts:
            found += [rate_table(result, part), busy_table(result, part)]
    if "decode" in parts:
        found.insert(1, memory_table(result))
    if "start" in parts:
        found.append(start_table(result))
    return [table for table in found if table]


def circumstances(result):
    """Where and how, as sentences."""
    runs = result["runs"]
    # Some are over before a processor's clock has ticked.
    others = [run["others"] for run in runs if run["contender"] != "version"]
    loads = [run["load"] for run in runs]
    versions = ", ".join(f"{CONTENDERS[name]} {text}" for name, text in result["versions"].items())
    return [
        f"{result['date']}, {result['processor']}, {result['threads']} threads"
        + (f"; {versions}." if versions else "."),
        f"Instruction sets: {' '.join(result['isa'])}.",
        f"Rounds: {result['rounds']}; medians, in brackets of the ratios within a round.",
        f"Everything else on the machine used {statistics.median(others):.2f} processors"
        f" ({max(others):.2f} at most); load average {min(loads):.1f} to {max(loads):.1f}.",
    ]


def text(result):
    return "\n".join(table.text() for table in tables(result)) + "\n" + "\n".join(
        circumstances(result)
    ) + "\n"


def markdown(result):
    return " ".join(circumstances(result)) + "\n\n" + "\n".join(
        table.markdown() for table in tables(result)
    )
