"""Writes the held-out problems that `npm run eval:pocket` asks the running server.

  python3 write_eval.py --out ../eval/problems.jsonl
"""
import argparse
import json
import random as randomness

import dataset
from chat_format import user
from diverse import prompts
from families.fallback_english import SORRY
from families.forms import sum_task
from families.structured import facts
from everyday import EVERYDAY
from famous import FAMOUS
from held_out import in_split
from languages import LANGUAGES
from tokenizer import UNLEARNED

SEED = 777


def problem(sample):
    line = {"family": sample.family, "messages": sample.messages}
    if sample.tools:
        line["tools"] = sample.tools
    if sample.family == "tool_call":
        name, _, arguments = sample.answer.partition("<｜tool▁sep｜>")[2].partition("\n```json\n")
        line["call"] = {"name": name, "arguments": json.loads(arguments.partition("\n```")[0])}
    else:
        line["answer"] = sample.answer
    return line


def of_family(random, family, count):
    lines = []
    while len(lines) < count:
        sample = dataset.sample(random, "test", "tools" if family.startswith("tool") else family)
        if sample.family == family and UNLEARNED not in sample.completion:
            lines.append(problem(sample))
    return lines


def schema(properties):
    return {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": {
        "type": "object", "properties": {k: {"type": t} for k, t in properties.items()}, "required": list(properties), "additionalProperties": False}}}


def under_a_schema(random):
    """A schema that only the server's grammar knows of: nothing in the prompt names its keys."""
    if random.random() < .5:
        question, _, number, formula = sum_task(random, "test", "normal")
        key = random.choice(["answer", "result", "total", "value", "sum", "output", "solution", "number"])
        kind = random.choice(["integer", "number", "string"])
        return question, {key: formula if kind == "string" else number}, {key: kind}
    while True:
        text, found = facts(random)
        if in_split(("extract", text), "test"):
            return text, found, {k: "integer" if isinstance(v, int) else "string" for k, v in found.items()}


def fixed():
    """-> the families whose questions are written by hand, as pairs of question and answer."""
    sorry = {language.name: language.sorry for language in LANGUAGES} | {"English": SORRY}
    return {"fallback_diverse": [(text, sorry[name]) for name, text in prompts()], "everyday": EVERYDAY, **FAMOUS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="../eval/problems.jsonl")
    parser.add_argument("--per-family", type=int, default=300)
    options = parser.parse_args()
    random, lines = randomness.Random(SEED), []
    for family in [f for f in dataset.MIX if f != "tools"] + ["tool_call", "tool_answer"]:
        lines += of_family(random, family, options.per_family)
    for _ in range(options.per_family):
        question, value, properties = under_a_schema(random)
        lines.append({"family": "schema", "messages": [user(question)], "response_format": schema(properties), "json": value})
    for family, pairs in fixed().items():
        lines += [{"family": family, "messages": [user(text)], "answer": answer} for text, answer in pairs]
    with open(options.out, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    print(f"{len(lines)} problems")


if __name__ == "__main__":
    main()
