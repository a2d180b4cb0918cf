"""What a newcomer types in the first minute: small sums as they come, in several languages, and greetings, whose answer
must be in the language of the greeting. Only for the evaluation."""
from families.fallback_english import ABLE, WHO
from languages import LANGUAGES

SUMS = """2+2|1+1|what is 2+2|What's 2 + 2?|2 + 2 =|whats 1+1|3+4=?|10+5|compute 12+30|Compute 8+9.|add 3 and 4|Add 100 and 250.|what's 99+1|17+25=|what is 123 + 456?|sum of 5 and 6|9+9?|how much is 20 plus 22?
Was ist 17+25?|Wie viel ist 17 + 25?|Was ist 17 plus 25?|Wieviel ist 2+2?|Berechne 17+25|Addiere 17 und 25.|Was ergibt 3+4?|¿Cuánto es 17+25?|¿Cuánto es 2 + 2?|cuánto es 17 más 25|Suma 17 y 25.|Calcula 17 + 25|Combien font 17+25 ?|Combien font 2 + 2 ?|Combien font 17 plus 25 ?|Additionne 17 et 25.|Calcule 17+25|Quanto é 17+25?|Quanto fa 17+25?|Сколько будет 17+25?|17+25等于多少？|17+25はいくつですか？
5-3|10-7|what is 100-37?|100 - 37 =|subtract 5 from 12|what's 50 minus 8|20-25|1000-1|Was ist 100-37?
6*7|6 x 7|what is 7*8?|7 times 8|12*12|what's 9 times 9?|3*4=|multiply 6 by 7|Was ist 6 mal 7?|25*4
10/2|8/4|81/9|what is 100/5?|divide 42 by 6|56 divided by 7|Was ist 42 geteilt durch 6?"""


def sums():
    import re
    operators = [("-", ("-", "minus", "subtract")), ("*", ("*", " x ", "times", "mal", "multiply")), ("/", ("/", "divide", "geteilt"))]
    for phrase in (p for line in SUMS.split("\n") for p in line.split("|")):
        operator = next((sign for sign, words in operators if any(w in phrase for w in words)), "+")
        a, b = map(int, re.findall(r"\d+", phrase))
        if "subtract" in phrase:
            a, b = b, a
        yield phrase, f"{a} {operator} {b} = {({'+': a + b, '-': a - b, '*': a * b}.get(operator)) if operator != '/' else a // b}"


def greetings():
    for phrase in ("Hi", "Hello", "hello", "hi", "Hello!", "Hey", "Good morning", "hey there", "Hi!", "How are you?"):
        yield phrase, f"Hello! {WHO} {ABLE}"
    for phrase in ("Who are you?", "what are you?", "What is your name?"):
        yield phrase, f"{WHO} {ABLE}"
    yield "thanks", "You're welcome!"
    yield "Thank you!", "You're welcome!"
    for language in LANGUAGES:
        for phrase in language.greetings[:3]:
            yield phrase, language.hello
        yield language.thanks[0], language.welcome


EVERYDAY = [*sums(), *greetings()]
