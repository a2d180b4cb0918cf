"""Written working for letters. A model sees tokens, not letters: so it first spells the word token by token."""
import os

from tokenizer import BYTE_TO_CHARACTER, CUT, PIECE, SPELL_CLOSE, SPELL_OPEN, Tokenizer

_tokenizer = None


def raw(text):
    """Marks text to be encoded one byte a token, so that letters are copied and never guessed."""
    return SPELL_OPEN + text + SPELL_CLOSE


def tokenizer():
    global _tokenizer
    if _tokenizer is None:
        _tokenizer = Tokenizer.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer.json"))
    return _tokenizer


def vocabulary():
    """The text of every token that a word can be made of, without the space in front."""
    return [left.lstrip("Ġ") + right for left, right in tokenizer().merges]


def pieces(text):
    """The tokens of a word as it stands in the question, with the space or quote in front of it."""
    return tokenizer().pieces(text)


def copied(text, before=" "):
    """Text that is copied from where `before` stood in front of it, in the tokens that it has there: only the first one
    differs, by the space. Else a word would have to be cut anew, and names lost their first letters."""
    if not text.isascii():
        return CUT + text + CUT
    first, *others = pieces(before + text)
    first = first[len(before):]
    whole = "".join(BYTE_TO_CHARACTER[b] for b in first.encode()) in tokenizer().id
    return CUT + (f"{PIECE}{first}{PIECE}" if whole else first) + CUT + "".join(f"{PIECE}{p}{PIECE}" for p in others)


def spell(tokens, letter=None):
    """' ban: b a n', a line a token. -> (working, how often `letter` occurred)"""
    count, lines = 0, []
    for token in tokens:
        text = ""
        for character in token.lower():
            if character.isalpha():
                count += character == letter
                text += f" {character}({count})" if character == letter else f" {character}"
        if text:
            lines.append(f"{PIECE}{token}{PIECE}:{text}\n")
    return "".join(lines), count


def count_letter(tokens, letter, style):
    text, count = spell(tokens, letter)
    text = f"Spell it and mark each {letter}.\n{text}I marked {count}."
    if style == "careful":
        text += f" The last mark says {count}, so the count is {count}."
    return text, count


def together(word):
    return "Together:" + "".join(" " + c for c in word) + "."


def numbered(tokens):
    """' ban: 1b 2a 3n', a line a token. -> (working, the marks '1b', '2a', ...)"""
    marks, lines = [], []
    for token in tokens:
        first = len(marks)
        for character in token.lower():
            if character.isalpha():
                marks.append(f"{len(marks) + 1}{character}")
        if len(marks) > first:
            lines.append(f"{PIECE}{token}{PIECE}: {raw(' '.join(marks[first:]))}\n")
    return "".join(lines), marks


def backwards(tokens):
    """The word from its end: the number in front says which letter to copy."""
    text, marks = numbered(tokens)
    return f"{text}Backwards: {raw(' '.join(marks[::-1]))}."
