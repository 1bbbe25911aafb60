"""Prints a spec that is short for what it asks of its reader.

    slow.py loops|text|keys|ropes|paths|patterns
    slow.py values STATEMENTS

`values` writes a block of so many statements, each a sum of 60; the others say what there is much of.
"""
import sys


def loops():
    yield "each a i in 0..100000 {"
    yield "  each b j in 0..config.num_hidden_layers { }"
    yield "}"


def text():
    yield "each a i in 0..100000 {"
    yield from (f"  let v{n} = 1" for n in range(50_000))
    yield "}"


def keys():
    yield "config {"
    yield "a0 = vocab_size"
    yield from (f"a{n} = a{n - 1} + (b{n} ?? 0)" for n in range(1, 30_000))
    yield "require a29999 == 0"
    yield "}"


def ropes():
    yield from (f"rope r{n}(dims = 65536)" for n in range(3000))


def embed():
    yield 'weight table[128, 64] = "model.embed_tokens.weight"'
    yield 'ignore "model.*"'
    yield "block embed(ids) -> x { return embed(ids, table) }"


def paths():
    yield from embed()
    others = "".join(f' or "b{n}"' for n in range(20_000))
    yield f'module "a"{others} {{ each part i in 0..100000 {{ weight w[1] = "w{{i}}" }} }}'


def patterns():
    yield from embed()
    yield 'each part i in 0..20000 { ignore "parts.{i}.*" }'


def values(statements):
    yield from embed()
    yield "block sums(x) -> y {"
    yield "v0 = x + x"
    yield from (f"v{n} = v{n - 1}" + " + x" * 59 for n in range(1, int(statements)))
    yield f"return v{int(statements) - 1} + x"
    yield "}"


KINDS = [loops, text, keys, ropes, paths, patterns, values]


def main(kind, *arguments):
    print('model m for ["m"] {')
    make = next(known for known in KINDS if known.__name__ == kind)
    print(*make(*arguments), "}", sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
