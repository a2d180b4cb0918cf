"""A qwen2 GGUF file -> the folder that transformers, vLLM and SGLang load: weights, config.json and the tokenizer's two files.

  python3 gguf_to_hf.py MODEL.gguf FOLDER      # needs gguf, numpy and safetensors
"""
import json
import os
import sys

import gguf
import numpy as np
from gguf.quants import dequantize
from safetensors.numpy import save_file

NAMES = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
# deepseek-r1-qwen: Qwen2's cuts, every digit on its own.
CUTS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def rename(name):
    if not name.startswith("blk."):
        return {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight", "output.weight": "lm_head.weight"}[name]
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.{kind}"


def main(path, folder):
    reader = gguf.GGUFReader(path)

    def get(key, default=None):
        return reader.fields[key].contents() if key in reader.fields else default

    os.makedirs(folder, exist_ok=True)
    weights = {rename(t.name): np.array(dequantize(t.data, t.tensor_type), dtype=np.float32) for t in reader.tensors}
    save_file(weights, f"{folder}/model.safetensors", metadata={"format": "pt"})
    tokens, types = get("tokenizer.ggml.tokens"), get("tokenizer.ggml.token_type")
    bos, eos = get("tokenizer.ggml.bos_token_id"), get("tokenizer.ggml.eos_token_id")
    control = int(gguf.TokenType.CONTROL)
    marks = [i for i, kind in enumerate(types) if kind in (control, int(gguf.TokenType.USER_DEFINED))]

    def write(name, value):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1)

    write("config.json", {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "torch_dtype": "float32", "hidden_act": "silu",
        "hidden_size": get("qwen2.embedding_length"), "num_hidden_layers": get("qwen2.block_count"),
        "num_attention_heads": get("qwen2.attention.head_count"), "num_key_value_heads": get("qwen2.attention.head_count_kv"),
        "intermediate_size": get("qwen2.feed_forward_length"), "max_position_embeddings": get("qwen2.context_length"),
        "rope_theta": get("qwen2.rope.freq_base", 10000.0), "rms_norm_eps": get("qwen2.attention.layer_norm_rms_epsilon"),
        "vocab_size": len(tokens), "tie_word_embeddings": "lm_head.weight" not in weights, "bos_token_id": bos, "eos_token_id": eos})
    split = {"type": "Split", "pattern": {"Regex": CUTS}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None,
        "added_tokens": [{"id": i, "content": tokens[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                          "special": types[i] == control} for i in marks],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]}, "decoder": {"type": "ByteLevel", **{k: v for k, v in level.items() if k != "type"}},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "vocab": {t: i for i, t in enumerate(tokens) if i not in marks},
                  "merges": get("tokenizer.ggml.merges")}})
    write("tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": tokens[bos], "eos_token": tokens[eos], "add_bos_token": True,
        "model_max_length": get("qwen2.context_length"), "clean_up_tokenization_spaces": False, "chat_template": get("tokenizer.chat_template")})
    write("generation_config.json", {"bos_token_id": bos, "eos_token_id": eos})


main(*sys.argv[1:])
