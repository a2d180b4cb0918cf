"""Even, odd, divisible: yes or no."""
from arithmetic_steps import divide
from held_out import in_split
from task import Task, number

BY = ["Is {a} divisible by {b}?", "Can {a} be divided by {b}?", "Is {a} a multiple of {b}?", "Does {b} divide {a}?", "is {a} divisible by {b}", "Is {a} evenly divisible by {b}?", "Can you divide {a} by {b} without remainder?"]
EITHER = ["Is {a} even or odd?", "Is {a} odd or even?", "{a}: even or odd?", "Tell me if {a} is even or odd.", "Even or odd: {a}?", "What is the parity of {a}?"]
PARITY = ["Is {a} {k}?", "Is {a} an {k} number?", "is {a} {k}", "Is the number {a} {k}?", "Would you call {a} {k}?", "{a} is {k}, right?"]


def divisibility(random, split, style):
    while True:
        a, b = number(random, 4), random.choice([2, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        if b > 2 and random.random() < .5:
            a -= a % b
        if in_split(("divisible", a, b), split):
            break
    last = f"The last digit of {a} is {a % 10}."
    if b == 2 and random.random() < .8:
        kind = "odd" if a % 2 else "even"
        thought = f"{last}\n{a % 10} is {kind}, so {a} is {kind}."
        if style == "careful":
            thought = f"Even numbers end in 0, 2, 4, 6 or 8.\n{thought}"
        if random.random() < .35:
            return Task(random.choice(EITHER).format(a=a), thought, f"{a} is {kind}.")
        asked = random.choice(["even", "odd"])
        thought += f"\nIs it {asked}? It is {kind}: {'yes' if asked == kind else 'no'}."
        return Task(random.choice(PARITY).format(a=a, k=asked), thought, f"{'Yes' if asked == kind else 'No'}, {a} is {kind}.")
    yes = a % b == 0
    if b in (2, 5, 10):
        thought = f"{last}\nFor {b} it must be {'0' if b == 10 else '0 or 5' if b == 5 else 'even'}: {'yes' if yes else 'no'}."
    else:
        thought = f"Divide {a} by {b}.\n{divide(a, b, 'brief' if style == 'brief' else 'normal')}\nThe rest is {a % b}: {'yes' if yes else 'no'}."
    return Task(random.choice(BY).format(a=a, b=b), thought, f"{'Yes' if yes else 'No'}, {a} is {'' if yes else 'not '}divisible by {b}.")
