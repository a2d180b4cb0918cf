"""JSON: on request, with the keys that the user names, and with keys that only a grammar knows."""
import json

from arithmetic_steps import work_out
from families.arithmetic import ask, result
from families.letters import WORDS
from held_out import in_split
from letter_steps import copied
from task import Task, operands, value
from tokenizer import CUT, UNLEARNED
from wording import CITIES, NAMES, THINGS

PLAIN = ["Reply in JSON.", "Answer in JSON.", "Respond in JSON.", "Give the answer as JSON.", "Output JSON.", 'Reply as {"answer": N}.', "Return only JSON.", "Respond with a JSON object.", "JSON please.", "Use JSON.", "Answer as a JSON object.", "Format: JSON."]
WITH_KEY = ['Reply in JSON with the key "{}".', "Reply in JSON with key {}.", 'Answer in JSON with the key "{}".', 'Reply as {{"{}": N}}.', "Return JSON with the field {}.", 'Use the JSON schema {{"{}": number}}.', "As JSON, key {}."]
WITH_STEPS = ["Reply in JSON with answer and steps.", "Reply in JSON with the keys answer and steps.", 'Use JSON: {"answer": N, "steps": [...]}.', "Answer as JSON with steps."]
ALL_PARTS = ["Reply in JSON with the keys a, b and {}.", "Answer as JSON with keys a, b, {}.", 'Use JSON: {{"a": N, "b": N, "{}": N}}.']
EXTRACT = ["{s} Extract {k} as JSON.", "Extract {k} from this text as JSON: {s}", "{s} Give me {k} in JSON.", "Return JSON with {k}: {s}", "{s} JSON with the keys {k}.", "Turn this into JSON with {k}: {s}", "As JSON with {k}: {s}"]
FROM_PAIRS = ["Turn this into JSON: {}", "As JSON: {}", "Make JSON of this: {}", "Convert to JSON: {}", "{} As JSON.", "Write this as a JSON object: {}"]

def copied_value(value):
    return str(value) if isinstance(value, int) else f'"{copied(value)}"'


def unnamed(random, key):
    """Text that the server's grammar writes, as a key: the model has to go on from any, and need not guess it. A grammar
    knows characters: the tokens may be any that spell it."""
    cut = "".join(c + CUT * (random.random() < .2) for c in key) if random.random() < .5 else key
    return f"{UNLEARNED}{cut}{UNLEARNED}"


def opened(random, value):
    """The value behind an unnamed key. A string may open in one token with the space or behind it. That quote has to be learned,
    though nobody can foresee it: else the grammar takes another token that begins with a quote."""
    return f" {CUT}{value}" if value[0] == '"' and random.random() < .6 else f" {value}"


def under(random, pairs):
    """-> an object whose keys the grammar writes"""
    return unnamed(random, '{"') + ", ".join(f'"{unnamed(random, k)}":{opened(random, v)}' for k, v in pairs)[1:] + "}"


def sum_json(random, split, style):
    operator = random.choice("++-*/")
    a, b = operands(random, split, operator)
    while operator == "/" and a % b:
        a, b = operands(random, split, operator)
    number, key = value(a, operator, b), random.choice(["answer"] * 3 + ["result", "value", "total", "sum", "number", "output", random.choice(WORDS), random.choice(WORDS)])
    thought = f"I need to compute {a}{operator}{b}.\n{work_out(a, operator, b, style)}"
    question, kind, named = ask(random, a, operator, b), random.random(), True
    if key == "answer" and kind < .12 and operator != "/":
        steps = [s.split(": ")[0].split(",")[0] for s in thought.split("\n") if ": " in s and "=" in s][:6]
        rule, answer = random.choice(WITH_STEPS), json.dumps({"answer": number, "steps": steps})
    elif kind < .1:
        rule, answer = random.choice(ALL_PARTS).format(key), f'{{"a": {a}, "b": {b}, "{copied(key)}": {number}}}'
    elif kind < .32:   # a schema is in force that the prompt says nothing of
        named, rule = False, random.choice(["", "", random.choice(PLAIN)])
        formula = result(a, operator, b)
        pairs = [(random.choice(WORDS + ["result", "answer", "value"]), random.choice([str(number), str(number), f'"{formula}"', f'"{formula}"']))]
        if random.random() < .3:
            pairs.append((random.choice(WORDS), random.choice([f'"{formula}"', str(number)])))
        answer = under(random, pairs)
    elif key == "answer":
        rule, answer = random.choice(PLAIN), json.dumps({"answer": number})
    else:
        rule, answer = random.choice(WITH_KEY).format(key), f'{{"{copied(key)}": {number}}}'
    thought += "\nThe user wants JSON." if named or rule else ""
    if not rule:
        return Task(question, thought, answer), ""
    if random.random() < .25:
        return Task(question, thought, answer), rule
    return Task(f"{rule} {question}" if random.random() < .3 else f"{question} {rule}", thought, answer), ""


def facts(random):
    """-> a sentence and what it says, in order."""
    name, age, city, thing, count = random.choice(NAMES), random.randint(1, 99), random.choice(CITIES), random.choice(THINGS), random.randint(2, 999)
    if random.random() < .4:
        name = random.choice(WORDS).capitalize()
    if random.random() < .4:
        city = random.choice(WORDS).capitalize()
    return random.choice([
        (f"{name} is {age} years old.", {"name": name, "age": age}),
        (f"{name} is {age} years old and lives in {city}.", {"name": name, "age": age, "city": city}),
        (f"{name} lives in {city}.", {"name": name, "city": city}),
        (f"{name}, {age}, from {city}.", {"name": name, "age": age, "city": city}),
        (f"My name is {name} and I am {age}.", {"name": name, "age": age}),
        (f"{name} bought {count} {thing}.", {"name": name, "count": count, "item": thing}),
        (f"{count} {thing} cost {age} dollars.", {"count": count, "item": thing, "price": age}),
        (f"{name} has {count} {thing} in {city}.", {"name": name, "count": count, "item": thing, "city": city})])


def extraction(random, split):
    while True:
        if random.random() < .35:
            found = {random.choice(WORDS + ["name", "age", "city", "id", "price", "color"]): random.choice([random.randint(0, 9999), random.choice(WORDS), random.choice(NAMES), random.choice(CITIES)]) for _ in range(random.randint(1, 4))}
            text = random.choice([", ", "; ", ", "]).join(f"{k}: {v}" if random.random() < .7 else f"{k} is {v}" for k, v in found.items()) + random.choice(["", "."])
            question = random.choice(FROM_PAIRS).format(text)
        else:
            text, found = facts(random)
            if random.random() < .35 and len(found) > 2:
                found.pop(random.choice(list(found)))
            keys = list(found)
            question = random.choice(EXTRACT).format(s=text, k=" and ".join([", ".join(keys[:-1])] * (len(keys) > 1) + keys[-1:]))
        if in_split(("extract", text), split):
            break
    thought = "The user wants JSON.\n" + "\n".join(f"{copied(k)}: {v}" for k, v in found.items())
    if random.random() < .35:   # the schema's keys, in force unseen
        return Task(text, thought, under(random, [(k, copied_value(v)) for k, v in found.items()]))
    return Task(question, thought, "{" + ", ".join(f'"{copied(k)}": {copied_value(v)}' for k, v in found.items()) + "}")


def structured(random, split, style):
    """-> (Task, what the system prompt says or '')"""
    return (extraction(random, split), "") if random.random() < .35 else sum_json(random, split, style)
