"""Samples -> token ids, positions and loss weights, in batches of equal length."""
import re

import torch

import dataset
from chat_format import USER
from tokenizer import UNLEARNED

CLOSING = "\n\nTime to answer.\n"   # what the server writes at the end of a thought that it closes
CUT_SHARE, EMPTY_SHARE = 0.09, 0.03
FIXED_REPLIES, FIXED_START = ("chat", "fallback"), 12   # known by heart: most often their first tokens teach enough
GUESS_WEIGHT = 0.25                 # of an answer whose thought is missing: often it can only be a guess


def encode_learned(tokenizer, text):
    """-> ids and weights; what stands between two UNLEARNED marks is read but not learned."""
    ids, weights = [], []
    for i, part in enumerate(text.split(UNLEARNED)):
        some = tokenizer.encode(part)
        ids += some
        weights += [float(i % 2 == 0)] * len(some)
    return ids, weights


# The words of a client inside a list of tools: all but the types.
TOOL_WORDS = re.compile(r"((?<!: )\b\w+\b)")


def encode_prompt(tokenizer, prompt, is_plain=False):
    """A server that keeps its clients' words apart from the template's own tokenises them apart: a name is cut from
    the bracket before it, a system message from the list of tools behind it. Be used to that and to plain text."""
    head, mark, tail = prompt.partition("\nTools:" if "\nTools:" in prompt else "Tools:")
    if not mark or is_plain:
        return tokenizer.encode(prompt)
    listed, user_mark, turns = tail.partition(USER)
    parts = [head, mark + "\n", *TOOL_WORDS.split(listed[1:]), user_mark]
    parts += re.split(r"(?=\n```(?:json|<))", turns)
    return [token for part in parts for token in tokenizer.encode(part)]


def encode(tokenizer, sample, random):
    """-> ids, weights, first position of the last user turn"""
    prompt = encode_prompt(tokenizer, sample.prompt, random.random() < .25)
    completion, weights = encode_learned(tokenizer, sample.completion)
    close = tokenizer.id["</think>"]
    fate = random.random()
    if fate < CUT_SHARE + EMPTY_SHARE and sample.prompt.endswith("<think>\n"):
        end = completion.index(close)
        answer = completion[end + 1:]
        if fate < CUT_SHARE:      # a budget closed the thought
            kept = random.choice([0, random.randint(0, end), random.randint(0, end)])
            prompt = prompt + completion[:kept] + tokenizer.encode(CLOSING) + [close]
        else:                     # thinking was switched off: <think>\n\n</think>\n\n
            prompt = (prompt + tokenizer.encode("\n") if random.random() < .5 else prompt[:-1] + tokenizer.encode("\n\n")) + [close]
        completion, weights = answer, [w * GUESS_WEIGHT for w in weights[end + 1:]]
    elif sample.family in FIXED_REPLIES and random.random() < .7:
        end = completion.index(close) + FIXED_START
        completion, weights = completion[:end], weights[:end]
    last_user = len(prompt) - 1 - prompt[::-1].index(tokenizer.id[USER])
    return prompt + completion, [0.0] * len(prompt) + weights, last_user


def batches(tokenizer, random, tokens_per_batch, longest):
    """Endless batches of samples of similar length. Lengths are multiples of 16, so that few shapes occur."""
    buckets = {}
    while True:
        encoded = encode(tokenizer, dataset.sample(random, "train"), random)
        length = -(-len(encoded[0]) // 16) * 16
        if length > longest:
            continue
        bucket = buckets.setdefault(length, [])
        bucket.append(encoded)
        if len(bucket) < max(1, tokens_per_batch // length):
            continue
        buckets[length] = []
        ids = torch.full((len(bucket), length), tokenizer.eos)
        weights = torch.zeros((len(bucket), length))
        positions = torch.arange(length).repeat(len(bucket), 1)
        for i, (some, share, last_user) in enumerate(bucket):
            ids[i, : len(some)] = torch.tensor(some)
            weights[i, : len(some)] = torch.tensor(share)
            if random.random() < 0.15:   # as if much more text stood before the last turn
                positions[i, last_user:] += random.choice([random.randint(1, 300), random.randint(1, 3000)])
        yield ids, positions, weights


def copy_batch(tokenizer, random, tokens_per_batch, length=128):
    """Random tokens, repeated: the shortest way to teach a model to copy (induction heads)."""
    rows, plain = tokens_per_batch // length, len(tokenizer.merges) + 256
    ids = torch.empty((rows, length), dtype=torch.long)
    weights = torch.zeros((rows, length))
    for i in range(rows):
        period = random.randint(4, 40)
        some = torch.tensor([random.randrange(plain) for _ in range(period)])
        ids[i] = torch.cat((torch.tensor([tokenizer.bos]), some.repeat(length // period + 1)))[:length]
        weights[i, period + 2:] = 1
    return ids, torch.arange(length).repeat(rows, 1), weights
