"""Makes what tests/parity compares with: small checkpoints, and what transformers computes.

    make_fixtures.py            writes them to tests/Inputs/parity
    make_fixtures.py --check    makes them anew, and compares them with those
"""
import argparse
import pathlib
import sys
import tempfile

# This folder comes last: tokenizers.py in it has a package's name.
sys.path.append(sys.path.pop(0))
INPUTS = pathlib.Path(__file__).resolve().parents[1] / "Inputs"
sys.path.append(str(INPUTS))
from compare_npy import Matrix, compare
import layers
from layers import Layers
from models import Shape, load, save, write_reference

FIXTURES = {
    # Grouped heads, scaled positions, a head of its own; f32.
    "grouped": Shape(hidden=48, heads=8, kv=2, head_dim=8, ffn=50, vocab=80, rope="llama3"),
    # Tied embeddings; bf16.
    "tied": Shape(hidden=64, heads=4, kv=2, head_dim=16, ffn=91, vocab=80, tied=True, dtype="bf16"),
    # As many key heads as heads, whose size is not hidden / heads; biases; no size is a multiple
    # of a vector's; f16.
    "odd": Shape(hidden=57, heads=3, kv=3, head_dim=22, ffn=77, vocab=83, dtype="f16",
                 attention_bias=True, mlp_bias=True),
    # Tensors that are stored transposed, one product for queries, keys and values, no prefix; f16.
    "gpt2": Shape(family="gpt2", hidden=30, heads=3, ffn=37, vocab=60, context=200, tied=True,
                  dtype="f16", prefix=False),
    # Norms behind each part, embeddings narrower than the rest, positions from row 2 on; bf16.
    "opt": Shape(family="opt", hidden=32, heads=4, ffn=37, vocab=60, context=200, tied=True,
                 dtype="bf16", more=(("do_layer_norm_before", False), ("word_embed_proj_dim", 20))),
    # A window that is shorter than the prompt; f16.
    "mistral": Shape(family="mistral", hidden=32, heads=4, kv=2, head_dim=10, ffn=37, vocab=60,
                     dtype="f16", more=(("sliding_window", 20),)),
    # Biases of queries, keys and values alone; a window in the upper layer; bf16.
    "qwen2": Shape(family="qwen2", hidden=32, heads=4, kv=2, head_dim=10, ffn=37, vocab=60,
                   dtype="bf16", tied=True, more=(
                       ("use_sliding_window", True), ("sliding_window", 33),
                       ("max_window_layers", 1))),
    # Norms of each head's queries and keys; f32.
    "qwen3": Shape(family="qwen3", hidden=30, heads=4, kv=2, head_dim=12, ffn=37, vocab=60),
}
ROWS = {
    # Several widths, two of them equal, so that streams are used again; f16.
    "mlp": Layers((19, 33, 33, 33, 7), activation="gelu", last="tanh", dtype="f16"),
}
EXACT = ["config.json", "model.safetensors", "prompt.txt", "greedy.txt", "x.npy"]
NEAR = ["logits.npy", "y.npy"]


def make(shape, directory):
    if isinstance(shape, Layers):
        layers.save(shape, directory)
        layers.write_reference(shape, directory, directory)
        return
    save(shape, directory)
    (directory / "generation_config.json").unlink()  # says nothing that config.json does not
    lead = min(write_reference(load(directory), directory))
    # Two logits may be off by 1e-4 each, and yet no other token is the likeliest.
    assert lead > 2e-4, (directory.name, lead)


def differences(made, committed):
    names = {path.name for folder in (made, committed) for path in folder.iterdir()}
    read = lambda path: path.read_bytes() if path.exists() else None
    found = [n for n in EXACT if n in names and read(made / n) != read(committed / n)]
    # Not to the bit: torch sums up in another order on another processor.
    for name in NEAR:
        if name in names and not compare(Matrix(made / name), Matrix(committed / name)) < 1e-5:
            found.append(name)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in (FIXTURES | ROWS).items():
            committed = INPUTS / "parity" / name
            if not options.check:
                make(shape, committed)
                continue
            made = pathlib.Path(folder, name)
            make(shape, made)
            found = differences(made, committed)
            failed |= bool(found)
            different = f"not as made anew: {', '.join(found)}  FAILED"
            print(f"fixture {name}: {different if found else 'ok'}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
