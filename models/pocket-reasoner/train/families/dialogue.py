"""Second and third turns that refer back to what was said."""
import letter_steps
import ordering_steps
from arithmetic_steps import work_out
from chat_format import told, user
from families import letters, ordering
from families.arithmetic import ask, result
from families.small_talk import INTRODUCTIONS, a_name
from held_out import in_split
from task import number, operands, value

GO_ON = {"+": ["Now add {n} to {it}.", "Add {n} to {it}.", "Plus {n}?", "And plus {n}?", "add {n}", "What if you add {n} to {it}?", "Now add {n}.", "And {n} more?", "Increase {it} by {n}.", "+{n}"],
         "-": ["Now subtract {n} from {it}.", "Subtract {n}.", "Minus {n}?", "And minus {n}?", "Take {n} away from {it}.", "Now subtract {n}.", "And {n} less?", "-{n}"],
         "*": ["Now multiply {it} by {n}.", "Multiply {it} by {n}.", "Times {n}?", "And times {n}?", "Now multiply by {n}.", "Now times {n}."],
         "/": ["Now divide {it} by {n}.", "Divide {it} by {n}.", "Divided by {n}?", "And divided by {n}?"]}
OTHER_WORD = ["And in {w}?", "And how many in {w}?", "What about {w}?", "And {w}?", "Now the same for {w}.", "How about {w}?"]
OTHER_LETTER = ["And the letter {c}?", "And how many {c}'s?", "And {c}?", "What about the letter {c}?", "How many {c}?"]
TURN_IT = ["Now spell it backwards.", "Reverse it.", "And backwards?", "Now write that word backwards.", "Reverse that word."]
OTHER_END = {"larger": ["And which is {k}?", "Which one is {k}?", "Then which is {k}?", "Now tell me the {k} one."]}
OTHER_ORDER = ["Now in {k} order.", "And {k}?", "Now sort them {k}.", "Can you do that {k}?"]
WHO_AM_I = ["What is my name?", "What's my name?", "Do you remember my name?", "Who am I?", "what is my name", "Can you tell me my name?", "Say my name."]


def follow_up(random, split, style):
    """Calculations that go on from the last result. -> (messages, thought, answer)"""
    while True:
        operator = random.choice("++-*/")
        a, b = operands(random, split, operator)
        if operator == "/" and a % b:
            continue
        current, turns = value(a, operator, b), [user(ask(random, a, operator, b)), told(result(a, operator, b))]
        for last in ([False, True] if random.random() < .35 else [True]):
            operator = random.choice("+++--**/")
            n = random.randint(2, 9) if operator in "*/" else number(random, 3)
            if current < 0 or current > 9999 or (operator == "*" and current > 999) or (operator == "/" and current % n):
                break
            question = random.choice(GO_ON[operator]).format(n=n, it=random.choice(["it", "that", "the result", "this"]))
            if operator in "*/" and random.random() < .2 and current % 2 == 0:
                n, question = 2, random.choice(["Double it.", "Now double it.", "Double that."] if operator == "*" else ["Halve it.", "Now halve it.", "Half of that?"])
            if last and in_split((operator, min(current, n), max(current, n)), split):
                thought = f"The last result was {current}, so this is {current}{operator}{n}.\n{work_out(current, operator, n, style)}"
                return turns + [user(question)], thought, result(current, operator, n)
            turns += [user(question), told(result(current, operator, n))]
            current = value(current, operator, n)


def letters_again(random, split, style):
    word, letter = letters.a_word(random, split), random.choice("aeioulrstnpb")
    count = word.count(letter)
    question, _ = letters.place(random, letters.COUNT, word, c=letter)
    turns = [user(question), told(f"The letter {letter} appears {letters.times(count)}.")]
    kind = random.random()
    if kind < .5:
        other = letters.a_word(random, split)
        question, tokens = letters.place(random, OTHER_WORD, other)
        thought, count = letter_steps.count_letter(tokens, letter, style)
        return turns + [user(question)], f"Same letter {letter}, other word.\n{thought}", f"The letter {letter} appears {letters.times(count)}."
    tokens = letter_steps.pieces(" " + word)
    if kind < .75:
        letter = random.choice(word)
        thought, count = letter_steps.count_letter(tokens, letter, style)
        return turns + [user(random.choice(OTHER_LETTER).format(c=letter))], f"Same word {word}, letter {letter}.\n{thought}", f"The letter {letter} appears {letters.times(count)}."
    thought = f"The word is {word}.\n" + letter_steps.backwards(tokens)
    return turns + [user(random.choice(TURN_IT))], thought, letter_steps.raw(word[::-1])


def ordering_again(random, split, style):
    if random.random() < .5:
        x, y = ordering.pair(random, split)
        working, sign = ordering_steps.compare(x, y)
        first, then = random.choice([("larger", "smaller"), ("smaller", "larger")])
        turns = [user(random.choice(ordering.WHICH).format(k=first, x=x, y=y)), told(ordering.verdict(x, y, sign, first))]
        return turns + [user(random.choice(OTHER_END["larger"]).format(k=then))], f"The numbers were {x} and {y}.\n{working}\n{ordering_steps.look_up(x, y, sign, then)}", ordering.verdict(x, y, sign, then)
    task = ordering.sorting(random, split, style)
    numbers = [int(n) for n in task.answer.split(", ")]
    down = numbers == sorted(numbers)
    again = sorted(numbers, reverse=down)
    thought = ordering_steps.turn_around(numbers)
    return [user(task.question), told(task.answer), user(random.choice(OTHER_ORDER).format(k="descending" if down else "ascending"))], thought, ", ".join(map(str, again))


def recall(random, split, style, history=()):
    question = random.choice(WHO_AM_I)
    if random.random() < .15:
        return list(history) + [user(question)], "The user has not told me a name.", "You have not told me your name yet."
    while True:
        name = a_name(random)
        if in_split(("name", name), split):
            break
    turns = [user(random.choice(INTRODUCTIONS).format(name)), told(f"Nice to meet you, {name}!")]
    return turns + list(history) + [user(question)], f"The user's name is {name}.", f"Your name is {name}."
