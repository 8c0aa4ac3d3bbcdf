"""When has the caller finished? How much silence ends a turn, for each question.

Pure: an expectation and what is known of the answer so far in, milliseconds out.

People answer yes or no in one breath. They read a card number in groups and pause 0.3 to 1.5 s
between them, so its question waits longer than any such pause. Waiting that long after the last
group would be tedious, so a pause is used to ask the recogniser what it has so far: an answer
that is surely complete ends the turn at once, one that may be ends it sooner, one that lacks
digits is waited for longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from bot.cards import brand_of, rules_of
from bot.expectations import Expectation, Hypothesis, Kind

PAUSE_MS: Final = 280
"""Silence after which a recogniser may be asked for a preliminary answer: longer than the gaps
inside words, shorter than most pauses between groups."""

MAX_UTTERANCE_MS: Final = 30_000
"""An utterance ends here even when the voice goes on: the longest stretch Whisper takes at once,
and more likely a television than an answer."""


class Completeness(Enum):
    """What is known of an answer while the caller pauses."""

    UNKNOWN = "unknown"
    """Nothing, or the question has no complete answers."""
    PARTIAL = "partial"
    """Digits are missing."""
    POSSIBLE = "possible"
    """A whole answer, but a longer one would be, too."""
    CERTAIN = "certain"
    """A whole answer, sure enough, and nothing may follow."""


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Silence that ends a turn, in ms, by what is known of the answer.

    asks: whether a preliminary answer is worth its computing (`SpeechPaused` is reported).
    """

    unknown_ms: int
    partial_ms: int
    possible_ms: int
    asks: bool

    def silence_ms(self, completeness: Completeness) -> int:
        match completeness:
            case Completeness.UNKNOWN:
                return self.unknown_ms
            case Completeness.PARTIAL:
                return self.partial_ms
            case Completeness.POSSIBLE:
                return self.possible_ms
            case Completeness.CERTAIN:
                return 0


RULES: Final[Mapping[Kind, TurnRule]] = MappingProxyType(
    {
        # "No ... the expiry is wrong": never complete at once, whatever was said first.
        Kind.YES_NO: TurnRule(unknown_ms=500, partial_ms=500, possible_ms=500, asks=True),
        Kind.OPEN: TurnRule(unknown_ms=900, partial_ms=900, possible_ms=900, asks=False),
        # "Eighty seven ... fifty": one breath for most, and no length to tell.
        Kind.AMOUNT: TurnRule(unknown_ms=900, partial_ms=900, possible_ms=700, asks=True),
        Kind.EXPIRY: TurnRule(unknown_ms=1000, partial_ms=1000, possible_ms=700, asks=True),
        Kind.DIGITS: TurnRule(unknown_ms=1000, partial_ms=1500, possible_ms=700, asks=True),
        Kind.CARD: TurnRule(unknown_ms=2000, partial_ms=2500, possible_ms=1200, asks=True),
    }
)


def rule_for(expectation: Expectation) -> TurnRule:
    return RULES[expectation.kind]


def completeness(
    hypotheses: Sequence[Hypothesis], expectation: Expectation, threshold: float
) -> Completeness:
    """How complete the answer is, judged by the surest hypothesis that fits.

    threshold: confidence from which a hypothesis counts, 0 to 1.

    Certain is only what cannot go on. A postal code of 5 or 9 digits is not certain after 5. A
    card number is certain at the length printed on most cards of its brand although some have
    longer ones, because the check digit agrees then with one wrong length in ten only; a brand
    without check digit (UnionPay) must have its longest. Amounts, dates and yes or no have no
    length: what they mean is not known in this room, and they are never certain.
    """
    fitting = [h for h in hypotheses if h.fits and h.confidence >= threshold]
    if fitting:
        best = max(fitting, key=lambda h: h.confidence)
        return Completeness.CERTAIN if _cannot_go_on(best, expectation) else Completeness.POSSIBLE
    if expectation.lengths and hypotheses:
        best = max(hypotheses, key=lambda h: h.confidence)
        said = expectation.given + (0 if best.digits is None else len(best.digits))
        if best.confidence >= threshold and said < min(expectation.lengths):
            return Completeness.PARTIAL
    return Completeness.UNKNOWN


def is_complete(
    hypotheses: Sequence[Hypothesis], expectation: Expectation, threshold: float
) -> bool:
    """Whether the turn may end at once; see `completeness`."""
    return completeness(hypotheses, expectation, threshold) is Completeness.CERTAIN


def _cannot_go_on(hypothesis: Hypothesis, expectation: Expectation) -> bool:
    if hypothesis.digits is None:
        return False
    match expectation.kind:
        case Kind.CARD:
            return _is_whole_card(hypothesis, expectation)
        case Kind.DIGITS:
            said = expectation.given + len(hypothesis.digits)
            return bool(expectation.lengths) and said >= max(expectation.lengths)
        case _:
            return False


def _is_whole_card(hypothesis: Hypothesis, expectation: Expectation) -> bool:
    if hypothesis.digits is None:
        return False
    before = "" if expectation.given_digits is None else expectation.given_digits.reveal()
    number = before + hypothesis.digits.reveal()
    brand = brand_of(number)
    if brand is None:
        return False
    rules = rules_of(brand)
    usual = sum(rules.groups[0])
    return len(number) == max(rules.lengths) or (rules.luhn and len(number) == usual)
