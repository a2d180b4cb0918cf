"""Writes texts with the trainer's token ids, and conversations with the trainer's prompts, for check_gguf.mjs.

  python3 write_checks.py > work/checks.json
"""
import json
import os
import random as randomness

import dataset
from families.letters import WORDS
from tokenizer import Tokenizer

ODD = ["12", "3.14", "don't", "I'll", "\n", "\r\n", "  ", "\t", "ü", "!?", "--", "x=1;"]
RANGES = [(32, 126), (32, 126), (0xa0, 0x24f), (0x400, 0x4ff), (0x4e00, 0x9fff), (0x1f300, 0x1f64f)]


def text(random, i):
    """Prompts of the test, letters of any script, and words between odd spaces, by turns."""
    if i % 2:
        return dataset.sample(random, "test").prompt
    if i % 4:
        return "".join(chr(random.randint(*random.choice(RANGES))) for _ in range(random.randint(1, 60)))
    return " ".join(random.choice([random.choice(WORDS), random.choice(ODD)]) for _ in range(random.randint(1, 30)))


if __name__ == "__main__":
    tokenizer = Tokenizer.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer.json"))
    source = randomness.Random(7)
    texts = [text(source, i) for i in range(1000)]
    chats = [dataset.sample(source, "test") for _ in range(200)]
    print(json.dumps({"texts": [[t, tokenizer.encode(t)] for t in texts],
                      "chats": [{"messages": s.messages, "tools": s.tools, "prompt": s.prompt} for s in chats]}))
