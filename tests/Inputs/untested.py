"""Finds the diagnostics that no test asks for: prints "FILE:LINE: words" for each, then how many.

    untested.py ROOT

What is looked at are the literals in calls of the functions below, in a Failure or a Finding of the
runtime, in the variables that ways out are kept in, in what is returned as a sentence, and in messages
of CMake. All the words between their holes must stand somewhere in a test as they stand in the source:
one FileCheck line, or one string of C++.

What internalError says is left out: it tells of a mistake of ours, which no test can make. So are the
scripts, whose words are not looked for: ./dev, Python of tests, skeletons of emitted sources.
"""
import pathlib
import re
import sys

REPORTS = re.compile(
    r"\b(?:error|errorAt|fail|failAt|failed|refuse|malformed|violate|wrongUse|mismatch|damaged|warning"
    r"|note|unexpected|expect|another|given|name|differ|require|integer|real|boolean|(?<!::)string)\("
    r"|\{ExitCode::(?!Done)|\{\w+\.missing,|\bfindings\.push_back\(|\breturn noTokenizer\("
    r"|\bf?printf\(stderr,|\bsnprintf\(error,|\b(?:wayOut|waysOut\[\]|NoTokenizer) ="
    r'|\breturn (?="[a-z])'
)
MESSAGES = re.compile(r"\bmessage\((?:WARNING|(?:FATAL|SEND)_ERROR) ")
STRING = r'"(?:[^"\\\n]|\\.)*"'
TOKEN = re.compile(
    rf"//[^\n]*|/\*.*?\*/|{STRING}(?:\s*{STRING})*|'(?:[^'\\]|\\.)+'|R\"\((.*?)\)\"|.", re.S
)
CPP, CMAKE = ["*.cpp", "*.h"], ["*.cmake", "CMakeLists.txt"]
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
    """What stands between the holes of llvm::formatv, printf or CMake, where that is more than one
    word."""
    for part in re.split(r"\{\d[^}]*\}|%[-.\d]*l*[a-z]|\$\{\w+\}|\n|  +", literal):
        part = part.strip(" :;,'\"")
        if " " in part and len(re.findall(r"[A-Za-z]{2,}", part)) > 1:
            yield part


def sources(root, folders, names):
    for folder in folders:
        for name in names:
            for path in sorted((root / folder).rglob(name)):
                yield path, path.read_text(encoding="utf-8")


def tested(root):
    """All that tests say."""
    texts = [
        re.sub(r"\n# [\w-]+-SAME: (?:\{\{\^\}\})?", "", path.read_text(encoding="utf-8"))
        for path in (root / "tests").rglob("*.*")
        if path.suffix in (".test", ".plan")
    ]
    for _, text in sources(root, ["tests"], CPP):
        texts += [value(t[0]) for t in TOKEN.finditer(text) if t[0][0] == '"']
    return "\n".join(texts)


def untested(root, names, reports, tests):
    """Prints them, and returns their number."""
    missing = 0
    for path, text in sources(root, ["compiler", "runtime"], names):
        for report in reports.finditer(text):
            for literal in literals(text, report.end()):
                for part in words(literal):
                    if part not in tests:
                        line = text.count("\n", 0, report.start()) + 1
                        print(f"{path.relative_to(root)}:{line}: {part}")
                        missing += 1
    return missing


def main(root):
    tests = tested(root)
    lines = re.sub(r"\n# [\w-]+-NEXT: +", " ", tests)  # CMake breaks them
    missing = untested(root, CPP, REPORTS, tests) + untested(root, CMAKE, MESSAGES, lines)
    print(missing, "without a test")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
