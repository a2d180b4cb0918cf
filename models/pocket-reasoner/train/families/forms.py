"""System prompts, or requests beside the question, that set the language or the form of the answer."""
from arithmetic_steps import work_out
from families.arithmetic import ask, result
from families.fallback import fallback
from families.small_talk import small_talk
from languages import ENGLISH, LANGUAGES
from task import Task, operands, value

NUMBER_ONLY = ["Answer with only the number.", "Reply with just the number.", "Only give the number.", "Answer with the number only.", "Just the number, please.", "Respond with a single number.", "Give me only the result.", "No words, only the number."]
SENTENCE = ["Answer in a full sentence.", "Reply with a complete sentence.", "Use a full sentence.", "Answer in one sentence.", "Respond with a sentence."]


def sum_task(random, split, style):
    operator = random.choice("++--*/")
    a, b = operands(random, split, operator)
    while operator == "/" and a % b:
        a, b = operands(random, split, operator)
    return ask(random, a, operator, b), f"I need to compute {a}{operator}{b}.\n{work_out(a, operator, b, style)}", value(a, operator, b), result(a, operator, b)


def form(random, split, style):
    """-> (Task, what the system prompt says or '')"""
    kind = random.choice(["language", "language", "language", "number", "number", "sentence"])
    if kind == "language":
        tongue = random.choice(LANGUAGES + [ENGLISH])
        rule = random.choice(tongue.speak)
        topic = random.random()
        if topic < .3:
            return fallback(random, split, style, tongue), rule
        if topic < .45 and tongue is not ENGLISH:
            return small_talk_in(random, split, style, tongue), rule
        question, thought, number, _ = sum_task(random, split, style)
        return Task(question, f"{thought}\nThe answer is {number}, in {tongue.name}.", tongue.answer.format(number)), rule
    question, thought, number, _ = sum_task(random, split, style)
    if kind == "number":
        rule, task = random.choice(NUMBER_ONLY), Task(question, f"{thought}\nOnly the number.", str(number))
    else:
        rule, task = random.choice(SENTENCE), Task(question, f"{thought}\nAs a sentence.", f"The answer is {number}.")
    if random.random() < .4:
        task.question, rule = f"{task.question} {rule}", ""
    return task, rule


def small_talk_in(random, split, style, tongue):
    while True:
        task = small_talk(random, split, style, tongue)
        if task.answer == tongue.hello:
            return task
