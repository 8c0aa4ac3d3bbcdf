"""When has the caller finished? How much silence ends a turn, for each question.

Pure: an expectation and what is known of the answer so far in, milliseconds out.

People answer yes or no in one breath. They read a card number in groups and pause 0.3 to 1.5 s
between them, so its question waits longer than any such pause. Waiting that long after the last
group would be tedious, so a pause is used to ask the recogniser what it has so far: an answer
that is surely complete ends the turn at once, one that may be ends it sooner, one that lacks
digits is waited for longer. The times are settings (`hearing.end_of_turn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.cards import brand_of, lengths_for, rules_of
from bot.expectations import Expectation, Hypothesis, Kind
from bot.settings import EndOfTurnSettings

PAUSE_MS: Final = 280
"""Silence after which a recogniser may be asked for a preliminary answer: longer than the gaps
inside words, shorter than most pauses between groups."""

IGNORED_PAUSE_MS: Final = 700
"""Silence after which speech that is not listened to is over. Its speaker is often still in the
middle of a sentence, and the rest of one would be taken for an answer."""


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

    asks: whether a preliminary answer is worth its computing (`SpeechPaused` is reported). Where
        it does not shorten the wait, the waiting is used to compute the answer.
    """

    unknown_ms: int
    partial_ms: int
    possible_ms: int
    asks: bool = True

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


def rule_for(expectation: Expectation, times: EndOfTurnSettings) -> TurnRule:
    """The rule of this question. Only digits are known to be missing: they can be counted."""
    match expectation.kind:
        case Kind.YES_NO:
            # "No ... the expiry is wrong": no shorter for an answer that is whole.
            return TurnRule(times.yes_no_ms, times.yes_no_ms, times.yes_no_ms)
        case Kind.OPEN:
            return TurnRule(times.open_ms, times.open_ms, times.open_ms, asks=False)
        case Kind.AMOUNT:
            # "Eighty seven ... fifty": one breath for most, and no length to tell.
            return TurnRule(times.amount_ms, times.amount_ms, times.amount_complete_ms)
        case Kind.EXPIRY:
            return TurnRule(times.expiry_ms, times.expiry_ms, times.expiry_complete_ms)
        case Kind.DIGITS:
            return TurnRule(times.digits_ms, times.digits_missing_ms, times.digits_complete_ms)
        case Kind.CARD:
            return TurnRule(times.card_ms, times.card_missing_ms, times.card_complete_ms)


def completeness(
    hypotheses: Sequence[Hypothesis], expectation: Expectation, threshold: float
) -> Completeness:
    """How complete the answer is, judged by the surest hypothesis that fits.

    threshold: confidence from which a hypothesis may make an answer complete, 0 to 1.

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
    if hypotheses:
        best = max(hypotheses, key=lambda h: h.confidence)
        # However unsure: digits that are only perhaps missing are a reason to wait, too.
        if _lacks_digits(best, expectation):
            return Completeness.PARTIAL
    return Completeness.UNKNOWN


def _lacks_digits(hypothesis: Hypothesis, expectation: Expectation) -> bool:
    """Whether digits were said, and too few. "I don't know" lacks none."""
    if hypothesis.digits is None or not expectation.lengths:
        return False
    shortest = min(expectation.lengths)
    if expectation.kind is Kind.CARD:
        shortest = min(lengths_for(_whole_number(hypothesis, expectation)))
    return expectation.given + len(hypothesis.digits) < shortest


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
    number = _whole_number(hypothesis, expectation)
    brand = brand_of(number)
    if brand is None:
        return False
    rules = rules_of(brand)
    usual = len(number) == rules.usual_length
    return len(number) == max(rules.lengths) or (rules.luhn and usual)


def _whole_number(hypothesis: Hypothesis, expectation: Expectation) -> str:
    """With the digits that were given before."""
    before = expectation.given_digits
    said = hypothesis.digits
    return (before.reveal() if before else "") + (said.reveal() if said else "")
