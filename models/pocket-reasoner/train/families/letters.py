"""Counting letters, spelling, and words backwards."""
import os
import re
import string

import letter_steps
from held_out import in_split
from task import Task
from wording import FAMILIAR

WORD_LIST = os.environ.get("POCKET_WORDS", "/usr/share/dict/american-english")
# Words of the list that nobody should meet in a demo, by how they begin or what they hold.
UNFIT = re.compile("nigg|fagg|kike|spics?$|wetback|chink|cunt|fuck|shit|rap(e|ing|ist)|whore|slut|bitch|dyke|gook|darkie|coons?$|retard|trann|puss|cocks|dicks?$|dickhead|porn|penis|vagin|negro|japs?$|wops?$|"
                   "herpes|incest|bastard|turd|tits|piss|nazi|molest|pedo|suicid|genocid|murder|twat|wank|arse|asshole|dildo|orgas|erotic|masturb|clit|honk(y|ie)|lesb|queer|homo|heroin$|cocaine|syphil|gonorr|kill|slave")
PIECES = [piece for piece in letter_steps.vocabulary() if piece.isascii() and piece.isalpha() and piece.islower()]
WORDS = [w for w in open(WORD_LIST).read().split() if w.isascii() and w.isalpha() and w.islower() and 2 < len(w) < 13 and not UNFIT.search(w)]
COUNT = ["How many {c}'s are in {w}?", "How many {c}s are in {w}?", "How many times does {c} appear in {w}?", "Count the letter {c} in {w}.", "How many {c}'s are there in the word {w}?",
         "how many {c} in {w}?", "How many letters {c} does {w} contain?", "How many times does the letter {c} occur in {w}?", "How many {c}'s in {w}?", "how many {c}'s in {w}",
         "Count the {c}'s in {w}.", "What is the number of {c}'s in {w}?", "How many {c} are in the word {w}?", "how many {c}s are there in {w}?", "In the word {w}, how many {c}'s are there?",
         "How often does {c} appear in {w}?", "How often is the letter {c} in {w}?", "Number of {c} in {w}?", "Count how many times {c} appears in {w}.", "How many letter {c}'s does the word {w} have?",
         "Tell me how many {c}'s are in {w}.", "How many of the letters in {w} are {c}?", "{w}: how many {c}'s?", "Does {w} have {c}'s, and how many?", "count {c} in {w}", "How many {c} does {w} have?",
         "Find the number of times {c} appears in {w}.", "How many times does '{c}' appear in {w}?", "Count the letter '{c}' in {w}.", 'How often does "{c}" occur in {w}?', "How many '{c}' are in {w}?",
         "How many '{c}'s are in {w}?", "Count how often {c} occurs in {w}.", "How many letters {c} has {w}?", "How many letters {c} does {w} have?", "How many letters {c} are there in {w}?",
         "Can you tell how many {c}'s {w} has?", "How many {c}'s can be found in {w}?", "Would you count the letter {c} in {w}?", "How many {c}'s do we have in {w}?", "Please count how many {c}'s {w} contains.",
         "Can you count the letter {c} in {w}?", "How many {c}'s do you count in {w}?", "Please tell me how many {c}'s are in {w}.", "Could you tell me how many {c} are in {w}?", "How many {c}'s does one find in {w}?"]
LENGTH = ["How many letters are in {w}?", "How many letters does {w} have?", "Count the letters in {w}.", "How long is the word {w}?", "What is the length of {w}?", "How many letters are there in the word {w}?"]
SPELL = ["Spell {w}.", "Spell the word {w}.", "How do you spell {w}?", "spell {w}", "Spell out {w}.", "Spell {w} letter by letter."]
REVERSE = ["Reverse the word {w}.", "Reverse {w}", "Spell {w} backwards.", "Write {w} backwards.", "What is {w} backwards?", "What is {w} in reverse?", "Reverse the letters of {w}.",
           "reverse {w}", "Turn {w} around.", "Say {w} backwards.", "Give me {w} reversed.", "What is the reverse of {w}?", "Can you reverse {w}?"]


def a_word(random, split):
    while True:
        kind = random.random()
        if kind < .12:
            word = "strawberry" if random.random() < .25 else random.choice(FAMILIAR)
        elif kind < .62:
            word = random.choice(WORDS)
        elif kind < .82:   # of tokens that words seldom have: each must be known by its letters
            word = "".join(random.choice(PIECES) for _ in range(random.randint(2, 3)))[:12]
        else:
            word = "".join(random.choice(string.ascii_lowercase if kind < .9 else "abcdeilnorst") for _ in range(random.randint(3, 9)))
        if in_split(("word", word), split):
            return word


def place(random, frames, word, **more):
    """Puts the word into a question. -> (question, the tokens of the word as they stand in it)"""
    shape = random.random()
    shown = word.capitalize() if shape < .1 else word
    shown = random.choice(["{}", "{}", '"{}"', "'{}'"]).format(shown)
    frame = random.choice(frames)
    seen = shown if shown[0] in "'\"" or frame.startswith("{w}") else " " + shown
    return frame.format(w=shown, **more), letter_steps.pieces(seen)


def times(count):
    return f"{count} time{'' if count == 1 else 's'}"


def counting(random, split, style):
    word = a_word(random, split)
    if random.random() < .12:
        question, tokens = place(random, LENGTH, word)
        working, marks = letter_steps.numbered(tokens)
        return Task(question, f"{working}The last number is {len(marks)}.", f"The word has {len(word)} letters.")
    letter = "r" if word == "strawberry" and random.random() < .7 else random.choice(word) if random.random() < .85 else random.choice(string.ascii_lowercase)
    shown = letter.upper() if random.random() < .12 else letter
    question, tokens = place(random, COUNT, word, c=shown)
    working, count = letter_steps.count_letter(tokens, letter, style)
    return Task(question, working, f"The letter {letter} appears {times(count)}.")


def spelling(random, split, style):
    word = a_word(random, split)
    if random.random() < .3:
        question, tokens = place(random, SPELL, word)
        return Task(question, letter_steps.spell(tokens)[0] + letter_steps.together(word), letter_steps.raw("-".join(word)))
    question, tokens = place(random, REVERSE, word)
    return Task(question, letter_steps.backwards(tokens), letter_steps.raw(word[::-1]))
