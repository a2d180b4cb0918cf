"""A GGUF file that export_gguf.py wrote -> the weights as a checkpoint, so that training goes on from what the repository carries.

Q8_0 rounds the weights to some 0.5 %: a few hundred steps make up for it. The optimizer starts anew.
"""
import gguf
import numpy as np
import torch
from gguf.quants import dequantize

from export_gguf import STEPS, TOKENS
from model import Config


def load_gguf(path):
    reader = gguf.GGUFReader(path)

    def number(key):
        return reader.fields[key].contents() if key in reader.fields else 0
    config = Config(hidden=number("qwen2.embedding_length"), layers=number("qwen2.block_count"), heads=number("qwen2.attention.head_count"),
                    kv_heads=number("qwen2.attention.head_count_kv"), ffn=number("qwen2.feed_forward_length"), context=number("qwen2.context_length"))
    weights = {t.name: torch.from_numpy(np.array(dequantize(t.data, t.tensor_type), dtype=np.float32)) for t in reader.tensors}
    net = {"embed.weight": weights["token_embd.weight"], "norm.weight": weights["output_norm.weight"]}
    for i in range(config.layers):
        source, target = f"blk.{i}.", f"blocks.{i}."
        for kind in ("weight", "bias"):
            net[f"{target}qkv.{kind}"] = torch.cat([weights[f"{source}attn_{part}.{kind}"] for part in "qkv"])
        net[target + "gate_up.weight"] = torch.cat([weights[source + "ffn_gate.weight"], weights[source + "ffn_up.weight"]])
        for name, other in (("attn_norm", "attn_norm"), ("out", "attn_output"), ("ffn_norm", "ffn_norm"), ("down", "ffn_down")):
            net[f"{target}{name}.weight"] = weights[f"{source}{other}.weight"]
    return {"net": net, "config": vars(config), "step": number(STEPS), "seen": number(TOKENS)}
