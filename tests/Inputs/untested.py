"""Finds the diagnostics that no test asks for: prints "FILE:LINE: words" for each, then how many.

    untested.py ROOT

What is looked at are the literals in calls of the functions below, in a Failure of the runtime, and
in what is returned as a sentence. All the words between their holes must stand somewhere in a test
as they stand in the source: one FileCheck line, or one string of C++.
"""
import pathlib
import re
import sys

REPORTS = re.compile(
    r"\b(?:error|errorAt|fail|failAt|failed|refuse|malformed|violate|wrongUse|mismatch|damaged|warning"
    r"|note|unexpected|expect|another|given|name)\("
    r'|\{ExitCode::(?!Done)|\breturn (?="[a-z])'
)
STRING = r'"(?:[^"\\\n]|\\.)*"'
TOKEN = re.compile(
    rf"//[^\n]*|/\*.*?\*/|{STRING}(?:\s*{STRING})*|'(?:[^'\\]|\\.)+'|R\"\((.*?)\)\"|.", re.S
)
OPENING, CLOSING = "([{", ")]}"


def value(literals):
    """Of C++ literals that stand side by side."""
    text = "".join(literal[1:-1] for literal in re.findall(STRING, literals))
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)


def literals(text, at):
    """Up to the end of the call or statement that begins before `at`."""
    depth = 1
    while depth and at < len(text):
        token = TOKEN.match(text, at)
        at = token.end()
        if token[0][0] == '"':
            yield value(token[0])
        depth += (token[0] in OPENING) - (token[0] in CLOSING)
        if depth == 1 and token[0] == ";":
            return


def words(literal):
    """What stands between the holes of llvm::formatv, where that is more than one word."""
    for part in re.split(r"\{\d[^}]*\}|\n", literal):
        part = part.strip(" :;,'\"")
        if " " in part and len(re.findall(r"[A-Za-z]{2,}", part)) > 1:
            yield part


def sources(root, folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".cpp", ".h"):
                yield path, path.read_text(encoding="utf-8")


def tested(root):
    """All that tests say."""
    texts = [
        re.sub(r"\n# [\w-]+-SAME: (?:\{\{\^\}\})?", "", path.read_text(encoding="utf-8"))
        for path in (root / "tests").rglob("*.*")
        if path.suffix in (".test", ".plan")
    ]
    for _, text in sources(root, ["tests"]):
        texts += [value(t[0]) for t in TOKEN.finditer(text) if t[0][0] == '"']
    return "\n".join(texts)


def main(root):
    tests = tested(root)
    missing = 0
    for path, text in sources(root, ["compiler", "runtime"]):
        for report in REPORTS.finditer(text):
            for literal in literals(text, report.end()):
                for part in words(literal):
                    if part not in tests:
                        line = text.count("\n", 0, report.start()) + 1
                        print(f"{path.relative_to(root)}:{line}: {part}")
                        missing += 1
    print(missing, "without a test")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
