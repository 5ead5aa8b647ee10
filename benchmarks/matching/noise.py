"""What a scanner makes of a text."""

import random

_LETTERS = {"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z"}  # a digit seen as a letter
_DIGITS = {"0": "8", "8": "3", "3": "8", "1": "7", "7": "1", "5": "6", "6": "5", "4": "9", "9": "4"}
_LETTER_SHAPES = {"e": "c", "i": "l", "l": "i", "n": "r", "o": "c", "r": "n", "t": "f", "u": "v"}


def letters_for_digits(chance: random.Random, text: str) -> str:
    """One to three digits seen as letters."""
    return _replaced(chance, text, _LETTERS, chance.randrange(1, 4))


def other_digit(chance: random.Random, text: str) -> str:
    """One digit seen as another one."""
    return _replaced(chance, text, _DIGITS, 1)


def broken_words(chance: random.Random, text: str) -> str:
    """Letters misread, a word torn in two or a letter lost."""
    seen = _replaced(chance, text, _LETTER_SHAPES, max(1, len(text) // 12))
    place = chance.randrange(1, max(2, len(seen)))
    torn = seen[:place] + " " + seen[place:]
    lost = seen[: place - 1] + seen[place:]
    return chance.choice((seen, torn, lost))


def _replaced(chance: random.Random, text: str, table: dict[str, str], count: int) -> str:
    known = [place for place, letter in enumerate(text) if letter in table]
    for place in chance.sample(known, min(count, len(known))):
        text = text[:place] + table[text[place]] + text[place + 1 :]
    return text
