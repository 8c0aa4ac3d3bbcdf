"""What Vosk may hear at each question: the words of its grammar, for each language.

Vosk makes a language model from the list, so the words may come in any order and number; its word
for "something else" takes what is none of them. An open question has no grammar, nor has a
language without words here: it is heard freely, and the numbers are left to understanding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.expectations import Kind
from bot.hearing.numbers.digit_words import IGNORED, REPEATS, TEENS, TENS, UNITS, spell
from bot.hearing.numbers.number_text import MONTHS

UNKNOWN = ("[unk]", "<UNK>", "<unk>")
"""The names models have for a word that is not in the grammar; each model knows one of them."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language.

    words: of a question's grammar; no entry where anything may be said.
    spell: the digits that words say; None when they say something else too.
    """

    words: Mapping[Kind, tuple[str, ...]]
    spell: Callable[[Iterable[str]], str | None]


_ANSWERS = ("yes", "yeah", "yep", "no", "nope", "correct", "right", "wrong")
_COMMANDS = (
    "agent", "operator", "help", "repeat", "again", "cancel", "stop", "back", "start", "over",
    "wait", "hold", "on", "slower",
)  # fmt: skip
_DIGITS = (*UNITS, *TEENS, *TENS, *REPEATS, "nought", "hundred", "thousand", "and", "no")
_MONEY = ("dollar", "dollars", "cent", "cents", "a", "point")
_AMOUNTS = ("full", "amount", "balance", "minimum", "the", "all", "everything")


def _with_answers(*words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, *_ANSWERS)))


def _no_digits(_: Iterable[str]) -> None:
    return None


def _spell(words: Iterable[str]) -> str | None:
    """A "no" between digits is a correction, and left to understanding."""
    said = ["zero" if word == "nought" else word for word in words]
    return None if "no" in said else spell(said)


FREE = Vocabulary({}, _no_digits)
ENGLISH = Vocabulary(
    {
        Kind.DIGITS: _with_answers(*_DIGITS, *sorted(IGNORED), *_COMMANDS),
        Kind.CARD: _with_answers(*_DIGITS, *sorted(IGNORED), *_COMMANDS),
        Kind.AMOUNT: _with_answers(*_DIGITS, *_MONEY, *_AMOUNTS, *_COMMANDS),
        Kind.EXPIRY: _with_answers(*_DIGITS, *MONTHS, "slash", *_COMMANDS),
        # Yes or no has none: the caller corrects in the same breath, in any words.
    },
    _spell,
)


def vocabulary(language: str) -> Vocabulary:
    """language: "en", "en-us", "fr" ..., as in the name of a model; empty: not known."""
    return ENGLISH if language.partition("-")[0] in {"", "en"} else FREE
