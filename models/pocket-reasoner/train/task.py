"""What every family returns, and the numbers that most of them draw."""
from dataclasses import dataclass

from held_out import in_split


@dataclass
class Task:
    """One question with the working to write between the think tags and the answer to give after them."""
    question: str
    thought: str
    answer: str


def number(random, digits):
    """A number of 1 to `digits` digits, every length equally likely."""
    count = random.randint(1, digits)
    return random.randint(0 if count == 1 else 10 ** (count - 1), 10 ** count - 1)


def operands(random, split, operator):
    """Two operands for one calculation of `split`; a*b and b*a are the same calculation."""
    while True:
        if operator == "*":
            a, b = (number(random, 3), number(random, 1)) if random.random() < .55 else (random.randint(10, 99), random.randint(10, 99))
            if random.random() < .4:
                a, b = b, a
        elif operator == "/":
            b = random.choice([2, 3, 4, 5, 6, 6, 7, 7, 8, 8, 9, 9])   # the hard ones more often
            kind = random.random()   # one step of the table, a quotient of up to three digits, anything
            a = random.randrange(10 * b) if kind < .35 else b * number(random, 3) if kind < .85 else number(random, 4)
        else:
            a, b = number(random, 4), number(random, 4)
            if operator == "+" and random.random() < .03:
                a, b = 17, 25   # what everybody asks first
            elif random.random() < .5:
                b = number(random, len(str(a)))
            if operator == "-" and a < b and random.random() < .7:
                a, b = b, a
        if in_split((operator, min(a, b), max(a, b)), split):
            return a, b


def value(a, operator, b):
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0}[operator]
