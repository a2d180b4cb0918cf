"""Sums in figures, in words and in little stories."""
from arithmetic_steps import work_out
from task import Task, operands, value
from wording import NAMES, THINGS

SPOKEN = {"+": ["plus", "added to"], "-": ["minus"], "*": ["times", "multiplied by"], "/": ["divided by"]}
FRAMES = ["What is {}?", "Compute {}.", "{}=?", "{} = ?", "{}", "{}", "Calculate {}", "what's {}?", "What is {}", "Please compute {}.", "How much is {}?", "Evaluate {}.",
          "Can you calculate {}?", "I need the result of {}.", "Solve {}", "What does {} equal?", "Tell me {}.", "Hi, what is {}?", "Work out {}.", "{}?", "What do you get for {}?",
          "Find {}.", "{} is what?", "what is {}", "calculate {}", "{} equals?", "Give me {}.", "How much does {} make?", "What's the answer to {}?", "Could you work out {}?", "solve: {}",
          "What is the result of {}?", "What number is {}?", "Which number do I get for {}?", "Do you know {}?", "Let me know what {} is."]
# The user's own language; the answer is a formula and needs none.
FOREIGN_FRAMES = ["¿Cuánto es {}?", "Calcula {}.", "Was ist {}?", "Wie viel ist {}?", "Berechne {}.", "Combien font {} ?", "Calcule {}.", "Quanto é {}?", "Сколько будет {}?", "Вычисли {}.",
                  "Was ergibt {}?", "Wieviel ist {}?", "Rechne {}", "Was macht {}?", "berechne {}", "was ist {}", "cuánto es {}", "¿Cuánto da {}?", "calcula {}", "combien font {}", "Combien fait {} ?", "Calcule {}",
                  "quanto é {}", "Calcule {} por favor.", "{}等于多少？", "计算{}。", "{}はいくつですか？", "{} कितना होता है?", "كم يساوي {}؟", "{} কত হয়?", "Berapa {}?", "Quanto fa {}?"]
WHOLE = {
    "+": ["Add {a} and {b}.", "What is the sum of {a} and {b}?", "Sum {a} and {b}", "Add {b} to {a}.", "If I add {a} and {b}, what do I get?", "{a} and {b} make?", "Sum of {a} and {b}",
          "What do {a} and {b} add up to?", "Total of {a} and {b}?", "add {a} and {b}", "What is {a} increased by {b}?", "What is {b} more than {a}?", "{b} more than {a}?"],
    "-": ["Subtract {b} from {a}.", "What is the difference between {a} and {b}?", "Take {b} away from {a}.", "What is {a} take away {b}?", "What is {a} less {b}?", "What is left if I take {b} from {a}?",
          "subtract {b} from {a}", "Reduce {a} by {b}.", "What is {b} less than {a}?", "{a} decreased by {b}"],
    "*": ["Multiply {a} by {b}.", "What is the product of {a} and {b}?", "Multiply {a} and {b}", "What are {a} times {b}?", "Product of {a} and {b}", "multiply {a} by {b}"],
    "/": ["Divide {a} by {b}.", "How often does {b} go into {a}?", "How many times does {b} fit into {a}?", "Split {a} into {b} equal parts.", "divide {a} by {b}", "What is the quotient of {a} and {b}?"]}
# Asked in words of other languages, with the word for the operator.
FOREIGN_SPOKEN = {"+": [("Was ist {} plus {}?", "Wie viel ist {} plus {}?", "Addiere {} und {}.", "Was ist die Summe von {} und {}?", "was ergibt {} plus {}"),
                        ("¿Cuánto es {} más {}?", "Suma {} y {}.", "¿Cuál es la suma de {} y {}?", "cuánto es {} más {}"),
                        ("Combien font {} plus {} ?", "Additionne {} et {}.", "Quelle est la somme de {} et {} ?", "combien font {} et {}")],
                  "-": [("Was ist {} minus {}?", "Wie viel ist {} minus {}?"), ("¿Cuánto es {} menos {}?",), ("Combien font {} moins {} ?",)],
                  "*": [("Was ist {} mal {}?", "Wie viel ist {} mal {}?", "Multipliziere {} mit {}."), ("¿Cuánto es {} por {}?", "Multiplica {} por {}."), ("Combien font {} fois {} ?", "Multiplie {} par {}.")],
                  "/": [("Was ist {} geteilt durch {}?", "Teile {} durch {}."), ("¿Cuánto es {} entre {}?", "Divide {} entre {}."), ("Combien font {} divisé par {} ?", "Divise {} par {}.")]}
STORIES = {
    "+": ["{n} has {a} {t} and buys {b} more. How many {t} does {n} have now?", "{n} has {a} {t}. A friend gives {n} {b} more {t}. How many {t} are there?",
          "There are {a} {t} in one box and {b} {t} in another. How many {t} are there in total?", "{n} found {a} {t} on Monday and {b} on Tuesday. How many {t} is that?",
          "{n} has {a} {t} and {m} has {b} {t}. How many {t} do they have together?", "A shop had {a} {t} and got {b} new ones. How many {t} does it have now?",
          "{n} collected {a} {t}, then {b} more. How many {t} in all?"],
    "-": ["{n} has {a} {t} and loses {b}. How many {t} are left?", "{n} had {a} {t} and gave away {b}. How many {t} does {n} have now?",
          "There were {a} {t} in the shop and {b} were sold. How many {t} are left?", "{n} has {a} {t} and gives {b} to {m}. How many {t} does {n} have left?",
          "From {a} {t}, {b} were lost. How many {t} remain?", "{n} has {a} {t}, {m} has {b}. How many more {t} does {n} have?", "{n} wants {a} {t} and has {b}. How many {t} are missing?"],
    "*": ["{n} has {a} boxes with {b} {t} each. How many {t} are there?", "Each of {a} people has {b} {t}. How many {t} are there in total?",
          "One box holds {b} {t}. How many {t} are in {a} boxes?", "{n} buys {a} bags of {b} {t}. How many {t} is that?", "There are {a} rows of {b} {t}. How many {t} are there?",
          "{n} gets {b} {t} a day. How many {t} after {a} days?"],
    "/": ["{n} shares {a} {t} equally among {b} friends. How many {t} does each get?", "{a} {t} are packed into {b} boxes of the same size. How many {t} are in each box?",
          "{b} people split {a} {t} evenly. How many {t} does each person get?", "{n} puts {a} {t} into bags of {b}. How many bags are there?"]}


def written(random, a, operator, b):
    """'17 + 25', '17+25', '6 x 7': one of the ways to type a calculation."""
    sign = random.choice({"*": ["*", "x", "×", "*"], "/": ["/", "/", "÷"]}.get(operator, [operator]))
    return random.choice([f"{a}{sign}{b}", f"{a} {sign} {b}", f"{a} {sign} {b}"])


def ask(random, a, operator, b):
    kind = random.random()
    if kind < .06:
        return random.choice(random.choice(FOREIGN_SPOKEN[operator])).format(a, b)
    if kind < .23:
        return random.choice(WHOLE[operator]).format(a=a, b=b)
    spoken = random.random() < .2
    expression = f"{a} {random.choice(SPOKEN[operator])} {b}" if spoken else written(random, a, operator, b)
    frames = FOREIGN_FRAMES if kind > .93 and not spoken else FRAMES
    return random.choice(frames).format(expression)


def result(a, operator, b):
    text = f"{a} {operator} {b} = {value(a, operator, b)}"
    return text + f" remainder {a % b}" if operator == "/" and a % b else text


def calculation(random, split, style, operator):
    a, b = operands(random, split, operator)
    intro = f"{a}{operator}{b}." if style == "brief" else f"I need to compute {a}{operator}{b}."
    return Task(ask(random, a, operator, b), f"{intro}\n{work_out(a, operator, b, style)}", result(a, operator, b))


def story(random, split, style):
    """A word problem. Only what comes out as a whole number that is not negative."""
    while True:
        operator = random.choice("++--**/")
        a, b = operands(random, split, operator)
        if value(a, operator, b) >= 0 and not (operator == "/" and a % b):
            break
    name, other = random.sample(NAMES, 2)
    thing = random.choice(THINGS)
    question = random.choice(STORIES[operator]).format(n=name, m=other, a=a, b=b, t=thing)
    unit = "bags" if question.endswith("How many bags are there?") else thing
    intro = f"{a}{operator}{b}." if style == "brief" else f"This is {a}{operator}{b}."
    return Task(question, f"{intro}\n{work_out(a, operator, b, style)}", f"The answer is {value(a, operator, b)} {unit}.")
