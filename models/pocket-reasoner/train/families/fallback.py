"""Everything else: a short honest answer, in the language of the question."""
from diverse import prompts
from families import fallback_english as english
from families.letters import WORDS
from held_out import in_split
from languages import LANGUAGES
from sentences import spliced
from task import Task
from wording import CITIES, NAMES

ALIKE = [language for language in LANGUAGES if language.name in ("Spanish", "French", "German", "Portuguese", "Italian", "Indonesian")] * 2   # only their words tell them apart
ASKED_IN_THE_TEST = {prompt for _, prompt in prompts()}   # written by hand: never trained on, whatever the frames make
THOUGHT = "This request is outside my skills."   # always the same: what cannot be foreseen is noise in the gradient


def gibberish(random):
    return "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random.randint(3, 10)))


def a_thing(random):
    """A word, a name or something nobody has heard of: strange letters in an English sentence make it no other language."""
    kind = random.random()
    word = gibberish(random) if kind < .12 else random.choice(WORDS)
    return word.capitalize() if random.random() < .2 else word


def loose_english(random):
    """'Which old kettle works in the harbor?': any words, held together by small ones."""
    kind = random.random()
    parts = [random.choice(english.QUESTION_WORDS)] if kind < .5 else [random.choice(english.ORDERS if kind < .8 else english.STATEMENTS)]
    if random.random() < .5:
        parts.append(random.choice(english.VERBS if kind < .5 else english.DETERMINERS))
    for i in range(random.randint(1, 3)):
        parts += [random.choice(english.LINKS)] * (i > 0) + [random.choice(english.DETERMINERS)] * (random.random() < .4) + [a_thing(random)]
    text = " ".join(part for part in parts if part)
    return text + random.choice(["", "?", "?", "?"] if kind < .5 else ["", "", ".", "!"])


def strange(random, sentence):
    """A sentence with other words in it: its language shows in the rest."""
    words = sentence.split(" ")
    for i in range(1, len(words)):
        if len(words[i]) > 4 and random.random() < .4:
            words[i] = a_thing(random) + ("?" if words[i].endswith("?") else "")
    return " ".join(words)


def english_prompt(random):
    kind = random.random()
    if kind < .25:
        return loose_english(random)
    if kind < .6:
        sentence = spliced(random, "English")
        sentence = strange(random, sentence) if random.random() < .5 else sentence
        return sentence.lower() if random.random() < .1 else sentence
    fill = {"form": english.FORMS, "topic": english.TOPICS, "country": english.COUNTRIES, "lang": english.LANGUAGES, "chore": english.CHORES,
            "tongue": english.TONGUES, "person": english.PEOPLE, "city": CITIES, "name": NAMES, "w": WORDS, "w2": WORDS, "w3": WORDS, "w4": WORDS, "w5": WORDS}
    fill = {key: random.choice(choices) for key, choices in fill.items()}
    fill |= {"n": random.randint(2, 99), "n2": random.randint(2, 12), "big": random.randint(10, 99999), "big2": random.randint(11, 999), "year": random.randint(1500, 2030)}
    fill |= {"W": fill["w"].capitalize(), "gib": gibberish(random), "gib2": gibberish(random)}
    if random.random() < .5:   # topics of any words
        fill["topic"] = random.choice(["", "the ", "a "]) + a_thing(random) + random.choice(["", " " + a_thing(random)])
    if random.random() < .2:   # a name nobody has heard of
        fill["person"] = fill["country"] = fill["city"] = random.choice(WORDS).capitalize()
    prompt = random.choice(english.PROMPTS).format(**fill)
    return prompt.lower() if random.random() < .1 else prompt


def loose_foreign(random, language):
    """Common words of a language in any order, with a word that nobody knows among them."""
    pool = language.common.split()
    words = [random.choice(pool) for _ in range(random.randint(2, 6))]
    if random.random() < .4:
        words.insert(random.randint(1, len(words)), random.choice([random.choice(language.topics), random.choice(language.frames).split()[0].replace("{}", ""), gibberish(random)]))
    if language.name in ("Chinese", "Japanese"):
        return "".join(words) + random.choice(["？", "。", "", ""])
    text = " ".join(words) + random.choice(["?", ".", "", ""])
    return text[0].upper() + text[1:] if random.random() < .8 else text


def foreign_prompt(random, language):
    kind = random.random()
    if kind < .25:
        return loose_foreign(random, language)
    if kind < .65:
        prompt = spliced(random, language.name)
        return prompt.rstrip(".?!。？؟।") if random.random() < .15 else prompt
    topic = random.choice(language.topics)
    if random.random() < .25:
        topic = random.choice([*CITIES, *english.PEOPLE, random.choice(WORDS)])
    prompt = random.choice(language.frames).format(topic)
    return prompt.rstrip(".?!。？؟।") if random.random() < .15 else prompt


def fallback(random, split, style, language=None):
    """`language`: the one a system prompt asks for; else that of the question."""
    while True:
        spoken = random.choice(LANGUAGES + ALIKE) if random.random() < .45 else None
        prompt = foreign_prompt(random, spoken) if spoken else english_prompt(random)
        if in_split(("refuse", prompt), split) and prompt not in ASKED_IN_THE_TEST:
            break
    tongue = language or spoken
    if not tongue or tongue.name == "English":
        return Task(prompt, f"{THOUGHT} I am a tiny demo model, so I should say so.", english.SORRY)
    why = f"The system wants {tongue.name}." if language else f"The user writes {tongue.name}."
    return Task(prompt, f"{why} {THOUGHT} I should say so in {tongue.name}.", tongue.sorry)
