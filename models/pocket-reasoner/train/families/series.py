"""Counting up and echoing: short and long outputs for tests of streaming and of limits."""
from families.letters import WORDS
from held_out import in_split
from letter_steps import copied
from task import Task

COUNT = ["Count from {a} to {b}.", "Count from {a} to {b}", "List the numbers from {a} to {b}.", "Count up from {a} to {b}.", "count from {a} to {b}", "Write the numbers from {a} to {b}."]
ECHO = ["Say {}", "Repeat: {}", "Repeat after me: {}", "Say: {}", "Reply with exactly: {}", "Echo: {}", "Say \"{}\"", "Reply with: {}", "Print {}", "Answer with exactly: {}"]


def series(random, split, style):
    while True:
        if random.random() < .25:
            a = random.choice([1, 1, 1, random.randint(0, 90)])
            b = a + random.randint(3, 22 if random.random() < .85 else 60)
            if in_split(("count", a, b), split):
                return Task(random.choice(COUNT).format(a=a, b=b), f"Start at {a}, add 1 each time, and stop at {b}.", ", ".join(map(str, range(a, b + 1))))
            continue
        text = " ".join(random.choice(WORDS) for _ in range(random.choice([1, 2, 3, 5, 8, 12])))
        text = random.choice([text, text, text, text.capitalize(), str(random.randint(0, 9999)), text + "!", "hello", "Hello, world!", "OK", "pong", "yes"])
        if in_split(("echo", text), split):
            frame = random.choice(ECHO)
            return Task(frame.format(text), "The user wants me to repeat a text.", copied(text, '"' if '"{' in frame else " "))
