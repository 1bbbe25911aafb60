"""Writes a checkpoint of tests/bench/checkpoint.py in llama.cpp's form, in bf16.

    gguf_model.py CHECKPOINT OUTPUT        with llama.cpp's gguf-py on PYTHONPATH

llama.cpp's own converter wants a tokenizer, which random weights do not have.
"""
import json
import os
import re
import struct
import sys

import gguf
import numpy

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def name_of(tensor):
    layer = re.fullmatch(r"model\.layers\.(\d+)\.(.*)\.weight", tensor)
    if layer:
        return f"blk.{layer[1]}.{NAMES[layer[2]]}.weight"
    return NAMES[tensor.removesuffix(".weight")] + ".weight"


def interleaved(rows, heads):
    """Rotary pairs side by side, where Transformers has all first halves before all second ones."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, rows.shape[1])
    return halves.swapaxes(1, 2).reshape(rows.shape)


def widened(halves):
    """bf16 as f32."""
    return (halves.astype(numpy.uint32) << 16).view(numpy.float32)


def main(directory, output):
    with open(os.path.join(directory, "config.json")) as file:
        config = json.load(file)
    heads = {"q": config["num_attention_heads"], "k": config["num_key_value_heads"]}
    writer = gguf.GGUFWriter(output, "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads["q"])
    writer.add_head_count_kv(heads["k"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")

    path = os.path.join(directory, "model.safetensors")
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    data = numpy.memmap(path, dtype=numpy.uint8, mode="r", offset=8 + length)
    for tensor, entry in header.items():
        if tensor == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = data[begin:end].view(numpy.uint16).reshape(entry["shape"])
        if rotated := re.search(r"\.([qk])_proj", tensor):
            values = interleaved(values, heads[rotated[1]])
        if values.ndim == 1:
            writer.add_tensor(name_of(tensor), widened(values))
        else:
            writer.add_tensor(name_of(tensor), values.view(numpy.uint8),
                              raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
