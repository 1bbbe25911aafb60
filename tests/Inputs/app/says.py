"""Writes a checkpoint that says what it is told: token 0 is followed by the first piece, each piece
by the next one, the last one by the end token, and that by token 0 again.

    says.py DIR PIECE…            PIECE: text, or bytes as \\xF0; all of them different
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import checkpoints


def byte_alphabet():
    """The character that stands for each byte in a byte-level tokenizer."""
    prints = [b for b in range(256) if 0x21 <= b <= 0x7E or (b >= 0xA1 and b != 0xAD)]
    others = [b for b in range(256) if b not in prints]
    return {b: chr(b) for b in prints} | {b: chr(0x100 + i) for i, b in enumerate(others)}


def tokenizer_of(pieces):
    def special(id, text):
        return {"id": id, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False, "special": True}

    alphabet = byte_alphabet()
    texts = ["<start>", *("".join(map(alphabet.get, piece)) for piece in pieces), "<end>"]
    vocab = {text: id for id, text in enumerate(texts)}
    assert len(vocab) == len(texts), "two pieces are equal"
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [special(0, "<start>"), special(len(pieces) + 1, "<end>")],
            "normalizer": None, "pre_tokenizer": level, "post_processor": None, "decoder": level,
            "model": {"type": "BPE", "vocab": vocab, "merges": []}}


def values_of(name, shape, tokens):
    """Layers that add nothing between an embedding that tells tokens apart and a head that knows
    the next one."""
    values = [1.0 if "norm" in name else 0.0] * (shape[0] * (shape[1] if len(shape) > 1 else 1))
    for token in range(tokens):
        if "embed" in name:
            values[token * shape[1] + token] = 1.0
        if name == "lm_head.weight":
            values[(token + 1) % tokens * shape[1] + token] = 1.0
    return values


def main(directory, *texts):
    pieces = [text.encode().decode("unicode_escape").encode("latin-1") for text in texts]
    tokens = len(pieces) + 2
    size = str(tokens + tokens % 2)
    options = checkpoints.parse(
        [directory, "--layers", "1", "--heads", "1", "--kv-heads", "1", "--hidden", size,
         "--ffn", "2", "--vocab", size, "--context", "262144"])
    checkpoints.write_checkpoint(options)
    checkpoints.write_json(directory, "generation_config.json", {"eos_token_id": tokens - 1})
    checkpoints.write_json(directory, "tokenizer.json", tokenizer_of(pieces))
    tensors = checkpoints.tensors_of(options)
    with open(os.path.join(directory, "model.safetensors"), "wb") as file:
        file.write(checkpoints.file_of(checkpoints.header_of(tensors)[0]))
        for name, dtype, shape in tensors:
            file.write(checkpoints.encode(values_of(name, shape, tokens), dtype))


if __name__ == "__main__":
    main(*sys.argv[1:])
