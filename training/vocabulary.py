"""The words the number recogniser knows, and which of them a text says."""

from __future__ import annotations

from dataclasses import dataclass

BLANK = "<b>"
FILLER = "<f>"

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_AROUND = (
    "oh", "nought", "double", "triple", "hundred", "thousand", "a", "and", "point", "of",
    "dollars", "dollar", "bucks", "cents", "cent", "area", "code", "dash", "slash",
    "yes", "no", "correct", "wrong", "wait", "sorry", "back",
)  # fmt: skip

WORDS = (BLANK, *DIGITS, *TEENS, *TENS, *MONTHS, *_AROUND, FILLER)
"""By column of the network's output. The filler is speech that is none of the other words."""
COLUMNS = {word: column for column, word in enumerate(WORDS)}

_SAME = {"yeah": "yes", "yep": "yes", "yup": "yes", "nope": "no", "treble": "triple", "o": "oh"}
"""Words that mean the same at every question share a column."""
_LEAN_ON_THE_NEXT = frozenset({"a", "and", "of"})
"""Said without stress: rendered and cut together with the word after."""
_COUNTED = frozenset({"hundred", "thousand", "dollar"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a phrase between which sound may be cut. words: what the network shall hear."""

    text: str
    words: tuple[str, ...]


def stretches(text: str) -> tuple[Stretch, ...]:
    """The text cut into its words; what is no word of the vocabulary stays in one piece.

    >>> [part.words for part in stretches("it's forty one, and a hundred")]
    [('<f>',), ('forty',), ('one',), ('and', 'a', 'hundred')]
    """
    spoken = text.split()
    names = [_name(spoken, index) for index in range(len(spoken))]
    parts: list[Stretch] = []
    texts: list[str] = []
    words: list[str] = []
    for index, (said, name) in enumerate(zip(spoken, names, strict=True)):
        texts.append(said)
        if not words or (words[-1], name) != (FILLER, FILLER):
            words.append(name)
        following = names[index + 1] if index + 1 < len(names) else None
        leans = name in _LEAN_ON_THE_NEXT and following is not None
        in_filler = name == FILLER and following == FILLER and not said.endswith((",", ".", "?"))
        if not leans and not in_filler:
            parts.append(Stretch(" ".join(texts), tuple(words)))
            texts, words = [], []
    return tuple(parts)


def words_of(parts: tuple[Stretch, ...]) -> tuple[str, ...]:
    """What the network shall hear of these in a row: fillers that meet are one."""
    words: list[str] = []
    for word in (word for part in parts for word in part.words):
        if word != FILLER or words[-1:] != [FILLER]:
            words.append(word)
    return tuple(words)


def _name(spoken: list[str], index: int) -> str:
    """The word's column by name. "a" counts only before what it counts, "back" after "go"."""
    bare = [word.lower().strip(",.?!") for word in spoken]
    word = _SAME.get(bare[index], bare[index])
    following = bare[index + 1] if index + 1 < len(bare) else ""
    if word == "a" and following not in _COUNTED:
        return FILLER
    if word == "back" and (index == 0 or bare[index - 1] != "go"):
        return FILLER
    return word if word in COLUMNS and word not in (BLANK, FILLER) else FILLER
