"""Answers of which the number head and Whisper heard a half each.

The head hears "yes" and "no" where Whisper writes "yet ashore" or "rono"; Whisper writes a month
that the head took for words, and the head hears the year that Whisper got wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.hearing.numbers.digit_words import ASIDES
from bot.hearing.numbers.grammars import NO_WORDS, YES_WORDS
from bot.hearing.numbers.number_text import MONTHS, SOUNDS_LIKE_NO, WRITTEN_ANSWERS
from bot.hearing.numbers.word_grammar import Grammar
from bot.hearing.numbers.word_search import HeardWords

_FEW = 4
"""Words: an answer that Whisper did not understand is short. More words are a sentence."""
_HARDLY_ANY = 2
"""Words."""
_YES = frozenset({"yes", "yeah", "yep", "yup", "correct", "right"})
_NO = frozenset({"no", "nope", "nah", "wrong"})
_POLITE = frozenset({"please", "thanks", "um", "uh", "oh"})
_ANSWERED = WRITTEN_ANSWERS | {"not", "correct", "right", "wrong"}
_SOUNDS_LIKE_AN_ANSWER = SOUNDS_LIKE_NO | {"knows"}


def unwritten_answer(
    heard: Sequence[HeardWords], free_text: str, filler: str
) -> tuple[str, float] | None:
    """ "yes" or "no" that the head heard in a short text without one, and how probably.

    heard: the head's, likeliest first. A yes has to be the last word heard: "yes but" is none. A no
    may go on. None also where Whisper's words sound like the answer ("I know").
    """
    words = free_text.split()
    if len(words) > _FEW or (_ANSWERED | _SOUNDS_LIKE_AN_ANSWER) & set(words):
        return None
    chances = {"yes": 0.0, "no": 0.0}
    for one in heard:
        said = one.words[1:] if one.words[:1] == (filler,) else one.words
        if said and set(said) <= YES_WORDS:
            chances["yes"] += one.probability
        elif said[:1] and said[0] in NO_WORDS:
            chances["no"] += one.probability
    answer = max(chances, key=lambda word: chances[word])
    return (answer, min(1.0, chances[answer])) if chances[answer] else None


def is_seconded(answer: str, free_text: str) -> bool:
    """Whether Whisper wrote the same answer, in whatever word, and nothing but politeness with it:
    "yeah" or "right please" for "yes"."""
    words = set(free_text.split())
    same = _YES if answer in YES_WORDS else _NO
    return bool(words & same) and words <= same | _POLITE


def is_hardly_written(free_text: str) -> bool:
    """Whether the text may be a mishearing of one word ("here" for "yes"), and is no answer."""
    words = free_text.split()
    return len(words) <= _HARDLY_ANY and not set(words) & (_YES | _NO)


def with_written_month(
    heard: Sequence[str], free_text: str, dates: Grammar, filler: str
) -> tuple[str, ...]:
    """The head's words with the month that Whisper wrote, where that makes a date of a year.

    "two thousand twenty nine" and "september 2021" are september two thousand twenty nine. dates:
    the grammar of expiry dates. What the head took for "no" may be the beginning of november.
    """
    months = [word for word in free_text.split() if word in MONTHS]
    no_number = {filler, "yes", "no", *ASIDES}
    start = next((at for at, word in enumerate(heard) if word not in no_number), None)
    if len(months) != 1 or start is None or dates.read(heard):
        return tuple(heard)
    dated = (months[0], *heard[start:])
    if not dates.read(dated):
        return tuple(heard)
    return (filler, *dated) if start else dated
