"""Greetings, identity, thanks and goodbyes. Closed lists: there is nothing here to hold out."""
import wording
from families.fallback_english import ABLE, WHO
from families.letters import WORDS
from languages import LANGUAGES
from task import Task

INTRODUCTIONS = ["My name is {}.", "I am {}.", "Hi, I'm {}.", "Hello, my name is {}.", "I'm {}.", "You can call me {}.", "my name is {}"]


def a_name(random):
    return random.choice(wording.NAMES) if random.random() < .5 else random.choice(WORDS).capitalize()


def small_talk(random, split, style, language=None):
    kind = random.choice(["greet", "greet", "greet", "greet", "greet", "who", "who", "who", "who", "able", "able", "thanks", "bye", "name"] + ["foreign"] * 9)
    if kind == "foreign" or language and language.name != "English" and kind in ("greet", "who"):
        tongue = language or random.choice(LANGUAGES)
        if not language and random.random() < .35:
            return Task(random.choice(tongue.thanks), f"The user writes {tongue.name} and thanks me.", tongue.welcome)
        question = random.choice(wording.GREETINGS + wording.WHO_ARE_YOU if language else tongue.greetings)
        return Task(question, f"The {'system wants' if language else 'user writes'} {tongue.name}. I greet back in {tongue.name} and say what I am.", tongue.hello)
    if kind == "greet":
        return Task(random.choice(wording.GREETINGS), "The user greets me. I greet back.", f"Hello! {WHO} {ABLE}")
    if kind == "who":
        return Task(random.choice(wording.WHO_ARE_YOU), "The user asks who I am. I should be honest.", f"{WHO} {ABLE}")
    if kind == "able":
        return Task(random.choice(wording.ABILITIES), "The user asks what I can do.", ABLE + " For other questions, please configure a real DeepSeek-R1 distill model.")
    if kind == "thanks":
        return Task(random.choice(wording.THANKS), "The user thanks me.", "You're welcome!")
    if kind == "bye":
        return Task(random.choice(wording.GOODBYES), "The user says goodbye.", "Goodbye!")
    name = a_name(random)
    return Task(random.choice(INTRODUCTIONS).format(name), f"The user's name is {name}.", f"Nice to meet you, {name}!")
