"""How much of an amount or a date has been said, by the words so far: all of it, or may it go on?

Pure. By the grammars of what answers such a question (`grammars`) and by the calendar.
"""

from __future__ import annotations

from enum import Enum, auto

from bot.expectations import Expectation, Kind
from bot.hearing.numbers.grammars import expiry_of, grammar_for
from bot.hearing.numbers.number_text import written_stretches
from bot.hearing.numbers.word_grammar import Grammar

_CLOSING = frozenset({"please", "thanks", "thank", "you"})
"""After these nobody goes on with the number."""
_GOING_ON = frozenset({"and", "point", "of", "slash", "dash", "a", "um", "uh", "er", "erm"})
"""The first word after a number, where it is the last as well: there is more to come."""


class Said(Enum):
    """What there is of the answer."""

    NOTHING = auto()
    """No number, or no one number that the question's grammar knows."""
    NOT_ALL = auto()
    """ "oh four", "a hundred and"; a year that was over before its last word."""
    PERHAPS_ALL = auto()
    """ "eighty seven", "oh four thirty"."""
    ALL = auto()
    """ "forty two dollars and ten cents", "oh four twenty nine", "sixty dollars please"."""


def said_so_far(text: str, expectation: Expectation) -> Said:
    """text: plain words, in lower case. NOTHING where the question is for neither."""
    grammar = _grammar_of(expectation)
    words = text.split()
    stretch = _number_in(words, expectation)
    if grammar is None or stretch is None:
        return Said.NOTHING
    start, end = stretch
    state = grammar.start
    for word in words[start:end]:
        state = grammar.after(state, word)
    after = words[end:]
    values = grammar.values(state)
    if not values:
        return Said.NOT_ALL if state else Said.NOTHING
    if len(after) == 1 and after[0] in _GOING_ON:
        return Said.NOT_ALL
    may_change = grammar.may_change(state)
    if not _can_be_meant(values, expectation):
        return Said.NOT_ALL if may_change and not after else Said.PERHAPS_ALL
    if after:
        return Said.ALL if _CLOSING.issuperset(after) else Said.PERHAPS_ALL
    return Said.PERHAPS_ALL if may_change else Said.ALL


def _grammar_of(expectation: Expectation) -> Grammar | None:
    asks_for_words = expectation.kind is Kind.YES_NO
    return None if asks_for_words else grammar_for(expectation, "")


def _number_in(words: list[str], expectation: Expectation) -> tuple[int, int] | None:
    """Where the only number stands. "May" and "one" are none elsewhere, and the beginning of a
    date where one is asked for."""
    stretches = written_stretches(words)
    if expectation.kind is Kind.EXPIRY and words and not stretches:
        return len(words) - 1, len(words)
    return stretches[0] if len(stretches) == 1 else None


def _can_be_meant(values: tuple[int, ...], expectation: Expectation) -> bool:
    """A card's date is neither past nor far off. Any amount can be meant: a caller who names one
    that cannot be paid is told so."""
    limits = expectation.expiries
    if expectation.kind is not Kind.EXPIRY or limits is None:
        return True
    return any(limits.allow(expiry_of(value)) for value in values)
