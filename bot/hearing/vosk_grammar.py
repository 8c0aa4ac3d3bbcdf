"""What Vosk may hear at each question: the words of its grammar.

Vosk makes a language model from the list, so the words may come in any order and number; "[unk]"
takes what is none of them. An open question has no grammar.
"""

from __future__ import annotations

from bot.expectations import Kind
from bot.hearing.digit_words import IGNORED, REPEATS, TEENS, TENS, UNITS
from bot.hearing.number_text import MONTHS

UNKNOWN = "[unk]"

_ANSWERS = ("yes", "yeah", "yep", "no", "nope", "correct", "right", "wrong")
_COMMANDS = (
    "agent", "operator", "help", "repeat", "again", "cancel", "stop", "back", "start", "over",
    "wait", "hold", "on", "slower",
)  # fmt: skip
_DIGITS = (*UNITS, *TEENS, *TENS, *REPEATS, "nought", "hundred", "thousand", "and", "no")
_MONEY = ("dollar", "dollars", "cent", "cents", "a", "point")
_AMOUNTS = ("full", "amount", "balance", "minimum", "the", "all", "everything")

_WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.DIGITS: (*_DIGITS, *sorted(IGNORED), *_COMMANDS),
    Kind.CARD: (*_DIGITS, *sorted(IGNORED), *_COMMANDS),
    Kind.AMOUNT: (*_DIGITS, *_MONEY, *_AMOUNTS, *_COMMANDS),
    Kind.EXPIRY: (*_DIGITS, *MONTHS, "slash", *_COMMANDS),
}


def grammar(kind: Kind) -> tuple[str, ...]:
    """The words; empty where anything may be said.

    A yes/no question has none: the caller corrects in the same breath, in any words.
    """
    words = _WORDS.get(kind)
    return () if words is None else (*dict.fromkeys((*words, *_ANSWERS)), UNKNOWN)
