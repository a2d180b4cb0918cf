"""Dates and weekdays inside one month."""
from arithmetic_steps import work_out
from held_out import in_split
from ordering_steps import digit_steps
from task import Task

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = {"January": 31, "February": 28, "March": 31, "April": 30, "May": 31, "June": 30,
          "July": 31, "August": 31, "September": 30, "October": 31, "November": 30, "December": 31}
WHICH_WEEKDAY = ["What weekday is the {b} if the {a} is a {w}?", "If the {a} is a {w}, what weekday is the {b}?", "If the {a} is a {w}, what day is the {b}?", "The {a} is a {w}. Which weekday is the {b}?",
                 "The {a} of the month is a {w}. What day of the week is the {b}?", "Which day of the week is the {b} if the {a} is a {w}?", "The {a} was a {w}. What weekday is the {b}?",
                 "Today is {w} the {a}. What day is the {b}?", "Today is {w}, the {a}. What weekday is the {b}?", "{m} {a} is a {w}. What weekday is {m} {b}?", "If {m} {a} is a {w}, which day of the week is {m} {b}?",
                 "What weekday is {m} {b} if {m} {a} is a {w}?", "Given that the {a} is a {w}, what day is the {b}?"]
FROM_WEEKDAY = {"after": ["What day is {n} days after {w}?", "Which weekday is {n} days after {w}?", "Today is {w}. What day is it in {n} days?", "If today is {w}, what day will it be in {n} days?", "What day of the week comes {n} days after {w}?"],
                "before": ["What day is {n} days before {w}?", "Which weekday is {n} days before {w}?", "Today is {w}. What day was it {n} days ago?", "If today is {w}, what day was it {n} days ago?"]}
NEXT_DAY = {"after": ["What day comes after {w}?", "Which day is after {w}?", "Today is {w}. What day is tomorrow?", "If today is {w}, what is tomorrow?", "Which weekday follows {w}?"],
            "before": ["What day comes before {w}?", "Which day is before {w}?", "Today is {w}. What day was yesterday?", "If today is {w}, what was yesterday?"]}
FROM_DATE = {"after": ["Which date is {n} days after {d}?", "What date is {n} days after {d}?", "What is the date {n} days after {d}?", "Today is {d}. What date is it in {n} days?", "If today is {d}, what will the date be in {n} days?", "{d} plus {n} days?"],
             "before": ["Which date is {n} days before {d}?", "What date is {n} days before {d}?", "What is the date {n} days before {d}?", "Today is {d}. What was the date {n} days ago?", "{d} minus {n} days?"]}
WEEK_FROM = {"after": ["What date is one week after {d}?", "Which date is a week after {d}?", "Today is {d}. What date is it in a week?"], "before": ["What date is one week before {d}?", "Which date is a week before {d}?"]}
BETWEEN = ["How many days are there from {d} to {e}?", "How many days is it from {d} to {e}?", "How many days are between {d} and {e}?", "Today is {d}. How many days until {e}?", "How many days from {d} until {e}?"]
HOW_LONG = ["How many days does {m} have?", "How many days are in {m}?", "How long is {m}?", "How many days has {m}?"]
NEXT_MONTH = {"after": ["Which month comes after {m}?", "What month is after {m}?", "What is the month after {m}?"], "before": ["Which month comes before {m}?", "What month is before {m}?"]}


def ordinal(n):
    return f"{n}{'th' if n in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def without_weeks(days):
    """'14-7=7, 7-7=0: 0 left.'"""
    steps, left = [], days
    while left > 6:
        steps.append(f"{left}-7={left - 7}")
        left -= 7
    return ", ".join([*steps, f"{left} left"]) + ".", left


def walk(weekday, days, direction):
    """'Monday, 1 Tuesday, 2 Wednesday.' -> (working, the last one)"""
    at, text = WEEKDAYS.index(weekday), f"{direction}: {weekday}"
    for i in range(1, days + 1):
        at += 1 if direction == "after" else -1
        text += f", {i} {WEEKDAYS[at % 7]}"
    return f"{text}.", WEEKDAYS[at % 7]


def weekday_of_date(random, split, style):
    while True:
        weekday, a, b = random.choice(WEEKDAYS), random.randint(1, 31), random.randint(1, 31)
        if a > b and random.random() < .5:
            a, b = b, a
        if a != b and in_split(("weekday", weekday, a, b), split):
            break
    frame, month = random.choice(WHICH_WEEKDAY), random.choice([m for m, days in MONTHS.items() if days >= max(a, b)])
    named = "{m}" in frame
    first, then = (str(a), str(b)) if named else (ordinal(a), ordinal(b))
    direction, days = ("after" if b > a else "before"), abs(b - a)
    weeks, left = without_weeks(days)
    walked, answer = walk(weekday, left, direction)
    compared, _ = digit_steps(f"{a:02}", f"{b:02}")   # the sign says where to go
    thought = f"From {a} to {b}: {compared} {direction}.\n{max(a, b)}-{min(a, b)}.\n{work_out(max(a, b), '-', min(a, b), 'brief')}\n{days} day{'s' if days > 1 else ''} {direction}.\n{weeks}\n{walked}"
    return Task(frame.format(a=first, b=then, w=weekday, m=month), thought, f"{f'{month} {b}' if named else f'The {then}'} is a {answer}.")


def weekday_from(random, split, style):
    direction = random.choice(["after", "before"])
    while True:
        weekday, days = random.choice(WEEKDAYS), random.choice([1, random.randint(2, 12), random.randint(2, 30)])
        if days == 1 or in_split(("walk", weekday, days, direction), split):
            break
    frames = NEXT_DAY if days == 1 else FROM_WEEKDAY
    weeks, left = without_weeks(days)
    walked, answer = walk(weekday, left, direction)
    return Task(random.choice(frames[direction]).format(w=weekday, n=days), f"{days} day{'s' if days > 1 else ''} {direction}.\n{weeks}\n{walked}", f"It is {answer}.")


def date_from(random, split, style):
    direction = random.choice(["after", "before"])
    while True:
        month = random.choice(list(MONTHS))
        start, days = random.randint(1, MONTHS[month]), random.choice([7, random.randint(1, 30), random.randint(1, 30)])
        end = start + days if direction == "after" else start - days
        if 1 <= end <= MONTHS[month] and in_split(("date", month, start, days, direction), split):
            break
    shown = random.choice([f"{month} {start}", f"{month} {start}", f"{month} {ordinal(start)}", f"{start} {month}"])
    frames = WEEK_FROM if days == 7 and random.random() < .5 else FROM_DATE
    sign = "+" if direction == "after" else "-"
    thought = f"{start}{sign}{days}.\n{work_out(start, sign, days, 'brief')}\n{month} has {MONTHS[month]} days, so it is still {month}."
    question = random.choice(frames[direction]).format(d=shown, n=days)
    return Task(question if days > 1 else question.replace("1 days", "1 day"), thought, f"{month} {end}.")


def days_between(random, split, style):
    while True:
        month = random.choice(list(MONTHS))
        start, end = sorted(random.sample(range(1, MONTHS[month] + 1), 2))
        if in_split(("between", month, start, end), split):
            break
    days = end - start
    return Task(random.choice(BETWEEN).format(d=f"{month} {start}", e=f"{month} {end}"), f"{end}-{start}.\n{work_out(end, '-', start, 'brief')}", f"{days} day{'' if days == 1 else 's'}.")


def of_months(random, split, style):
    """What everybody knows: twelve facts and their order, with nothing to hold out."""
    month = random.choice(list(MONTHS))
    if random.random() < .6:
        return Task(random.choice(HOW_LONG).format(m=month), f"I know the months.\n{month}: {MONTHS[month]}.", f"{month} has {MONTHS[month]} days.")
    direction, names = random.choice(["after", "before"]), list(MONTHS)
    other = names[(names.index(month) + (1 if direction == "after" else -1)) % 12]
    return Task(random.choice(NEXT_MONTH[direction]).format(m=month), f"I know the months.\n{direction} {month}: {other}.", f"{other}.")


def dates(random, split, style):
    kind = random.choices([weekday_of_date, weekday_from, date_from, days_between, of_months], [8, 4, 6, 3, 1])[0]
    return kind(random, split, style)
