"""Which is larger, and lists in order."""
import ordering_steps
from held_out import in_split
from ordering_steps import LARGER, SMALLER
from task import Task, number

WHICH = ["Which is {k}, {x} or {y}?", "Which number is {k}: {x} or {y}?", "which is {k}: {x} or {y}", "{x} or {y}, which is {k}?", "What is {k}, {x} or {y}?",
         "Compare {x} and {y}: which is {k}?", "Which one is {k}, {x} or {y}?", "{x} or {y}: which one is {k}?", "Of {x} and {y}, which is {k}?", "Which of {x} and {y} is {k}?",
         "Which of the two is {k}: {x} or {y}?", "What's {k}: {x} or {y}?", "{x} and {y}: which is {k}?", "{x} vs {y}: which is {k}?", "Is {x} or {y} {k}?", "Which number is {k}, {x} or {y}?",
         "which one is {k}: {x} or {y}", "Between {x} and {y}, which is {k}?", "Tell me which is {k}: {x} or {y}.", "{x} vs. {y}, which number is {k}?", "Pick the {k} number: {x} or {y}.",
         "What is the {k} number, {x} or {y}?", "Which is the {k} number, {x} or {y}?", "Which of these is {k}: {x}, {y}?", "Which value is {k}, {x} or {y}?"]
BARE = ["Compare {x} and {y}.", "{x} vs {y}", "{x} or {y}?", "Compare {x} with {y}.", "compare {x} and {y}", "{x} against {y}"]
THAN = ["Is {x} {k} than {y}?", "is {x} {k} than {y}?", "Is it true that {x} is {k} than {y}?", "Would you say {x} is {k} than {y}?", "{x} is {k} than {y}, right?"]
UP = ["Sort {s}.", "Sort these numbers: {s}", "Sort {s} in ascending order.", "Put {s} in order.", "Sort from smallest to largest: {s}", "Order these numbers: {s}.", "sort {s}",
      "Put these numbers in order: {s}", "Arrange {s} from low to high.", "Sort the list {s}.", "Can you sort {s}?", "Order {s} from smallest to largest.", "Sort this list: [{s}]", "Please sort {s}."]
DOWN = ["Sort {s} in descending order.", "Sort these numbers from largest to smallest: {s}", "Order {s} descending.", "Arrange {s} from high to low.", "Put {s} in descending order.",
        "Sort from largest to smallest: {s}", "sort {s} descending", "Sort the list {s} from biggest to smallest."]


def decimal(random):
    return f"{random.randint(0, 20)}.{random.randint(0, 9)}" if random.random() < .45 else f"{random.randint(0, 20)}.{random.randint(0, 999)}"


def pair(random, split):
    """Two numbers that are hard to tell apart more often than chance would have it."""
    while True:
        if random.random() < .03:
            x, y = random.choice([("9.11", "9.9"), ("9.9", "9.11")])   # what everybody asks first
        elif random.random() < .6:
            x = decimal(random)
            y = decimal(random) if random.random() < .3 else x.split(".")[0] + "." + str(random.randint(0, random.choice([9, 99, 999])))
            if random.random() < .1:
                y = str(random.randint(0, 20))
            if random.random() < .5:
                x, y = y, x
        else:
            x, y = str(number(random, 4)), str(number(random, 4))
            if random.random() < .5:
                y = str(max(0, int(x) + random.randint(-20, 20)))
        if in_split(("cmp", *sorted((x, y))), split):
            return x, y


def verdict(x, y, sign, kind):
    """-> the answer to 'which is <kind>'."""
    if sign == "=":
        return f"{x} and {y} are equal."
    return f"{x if (sign == '<') == (kind in SMALLER) else y} is {kind}."


def comparison(random, split, style):
    x, y = pair(random, split)
    working, sign = ordering_steps.compare(x, y)
    kind = random.choice(LARGER + ["larger", "bigger", "smaller"] + SMALLER[:2])
    shape = random.random()
    if shape < .14:
        kind, question = "larger", random.choice(BARE).format(x=x, y=y)
    elif shape < .38:
        question = random.choice(THAN).format(x=x, y=y, k=kind)
    else:
        question = random.choice(WHICH).format(x=x, y=y, k=kind)
    is_than = .14 <= shape < .38
    last, answer = ordering_steps.look_up(x, y, sign, kind), verdict(x, y, sign, kind)
    if is_than:
        yes, last = sign == ("<" if kind in SMALLER else ">"), ordering_steps.yes_or_no(sign, kind)
        answer = f"{'Yes' if yes else 'No'}, {x} {sign} {y}."
    # what is asked, said again in the same words each time: the last line of the working depends on it
    asked = f"Is {x} {kind} than {y}?" if is_than else f"Which is {kind}: {x} or {y}?"
    if style == "careful":
        asked += " Compare digit by digit, from the left."
    return Task(question, f"{asked}\n{working}\n{last}", answer)


def sorting(random, split, style):
    while True:
        top = random.choice([9, 99, 99, 99, 999, 999, 9999] if random.random() < .5 else [99])
        numbers = [random.randint(0, top) for _ in range(random.randint(3, 6))]
        if in_split(("sort", tuple(sorted(numbers))), split):
            break
    descending = random.random() < .3
    listed = random.choice([", ", ", ", " "]).join(map(str, numbers))
    question = random.choice(DOWN if descending else UP).format(s=listed)
    return Task(question, ordering_steps.sort(numbers, descending, style), ", ".join(map(str, sorted(numbers, reverse=descending))))
