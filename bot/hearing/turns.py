"""When has the caller finished? How much silence ends a turn, for each question.

Pure: an expectation and what is known of the answer so far in, milliseconds out.

People answer yes or no in one breath. They read a card number in groups and pause 0.3 to 1.5 s
between them, so its question waits longer than any such pause. Waiting that long after the last
group would be tedious, so every pause is used to ask the recogniser what it has so far: an answer
that is surely complete ends the turn at once, one that may be ends it sooner, one that lacks
something is waited for longer. The recogniser is asked early in the pause, so that it knows by the
time at which a turn may end, and once more. The times are settings (`hearing.end_of_turn`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.cards import brand_of, lengths_for, rules_of
from bot.expectations import Expectation, Field, Hypothesis, Kind
from bot.hearing.numbers.number_text import written_digits
from bot.hearing.numbers.spoken_values import Said, said_so_far
from bot.settings import EndOfTurnSettings

LOOKS_MS: Final = (120, 280)
"""Silence after which the recogniser is asked for a preliminary answer. First as soon as the pause
is longer than most stops inside words: what it surely knows then ends the turn. Again when there is
enough silence after the words for it to hear them as well as it ever will."""

_PERHAPS: Final = 0.1
"""Digits heard no more surely than that, beside something else, are not taken for any."""

_HEARD: Final = 0.5
"""What was heard less surely than that may have been the first digits."""

_SURE: Final = 0.8
"""Confidence from which an amount or a date that cannot go on ends the turn at once; for digits and
cards the settings say how sure they must be."""

IGNORED_PAUSE_MS: Final = 700
"""Silence after which speech that is not listened to is over. Its speaker is often still in the
middle of a sentence, and the rest of one would be taken for an answer."""


class Completeness(Enum):
    """What is known of an answer while the caller pauses."""

    UNKNOWN = "unknown"
    """Nothing, or the question has no complete answers."""
    PARTIAL = "partial"
    """The answer is not whole: digits are missing, a date has no year."""
    POSSIBLE = "possible"
    """A whole answer, but a longer one would be, too."""
    CERTAIN = "certain"
    """A whole answer, sure enough, and nothing may follow."""


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Silence that ends a turn, in ms, by what is known of the answer."""

    unknown_ms: int
    partial_ms: int
    possible_ms: int
    certain_ms: int

    def silence_ms(self, completeness: Completeness) -> int:
        match completeness:
            case Completeness.UNKNOWN:
                return self.unknown_ms
            case Completeness.PARTIAL:
                return self.partial_ms
            case Completeness.POSSIBLE:
                return self.possible_ms
            case Completeness.CERTAIN:
                return self.certain_ms


def rule_for(expectation: Expectation, times: EndOfTurnSettings) -> TurnRule:
    """The rule of this question."""
    kind = expectation.kind
    if kind is Kind.OPEN and expectation.field is Field.AMOUNT:
        kind = Kind.AMOUNT
    match kind:
        case Kind.YES_NO:
            unknown, partial, possible = times.yes_no_ms, times.yes_no_ms, times.yes_no_complete_ms
        case Kind.OPEN:
            unknown, partial, possible = times.open_ms, times.open_ms, times.open_complete_ms
        case Kind.AMOUNT:
            # "Eighty seven ... fifty": one breath for most, and no length to tell.
            unknown, partial = times.amount_ms, times.amount_missing_ms
            possible = times.amount_complete_ms
        case Kind.EXPIRY:
            unknown, partial = times.expiry_ms, times.expiry_missing_ms
            possible = times.expiry_complete_ms
        case Kind.DIGITS:
            unknown, partial = times.digits_ms, times.digits_missing_ms
            possible = times.digits_complete_ms
        case Kind.CARD:
            unknown, partial = times.card_ms, times.card_missing_ms
            possible = times.card_complete_ms
    return TurnRule(unknown, partial, possible, times.certain_ms)


def _nothing_is(_text: str) -> bool:
    return False


def completeness(
    hypotheses: Sequence[Hypothesis],
    expectation: Expectation,
    threshold: float,
    is_whole: Callable[[str], bool] = _nothing_is,
) -> Completeness:
    """How complete the answer is.

    threshold: confidence from which a hypothesis may make an answer complete, 0 to 1.
    is_whole: whether words say something whole ("yes that's right", "say that again"). What words
        mean is not known in this room.

    Digits are judged by the surest hypothesis that fits. Certain is only what cannot go on. A
    postal code of 5 or 9 digits is not certain after 5. A card number is certain at the length
    printed on most cards of its brand although some have longer ones, because the check digit
    agrees then with one wrong length in ten only; a brand without check digit (UnionPay) must have
    its longest.

    Amounts and dates are judged by the best hypothesis: certain is "forty two dollars and ten
    cents" and "oh four twenty nine", not "eighty seven" (fifty?) and "oh four thirty" (one?). Words
    are never certain: "no ... the expiry is wrong".
    """
    if expectation.kind in {Kind.CARD, Kind.DIGITS}:
        found = _of_digits(hypotheses, expectation, threshold)
    else:
        found = _of_values(hypotheses, expectation, threshold)
    if found is not Completeness.UNKNOWN or not hypotheses:
        return found
    best = hypotheses[0]
    if best.confidence >= threshold and is_whole(best.said.reveal()):
        return Completeness.POSSIBLE
    in_groups = expectation.kind in {Kind.DIGITS, Kind.EXPIRY}
    hardly_heard = best.confidence < _HEARD
    return Completeness.PARTIAL if in_groups and hardly_heard else Completeness.UNKNOWN


def _of_digits(
    hypotheses: Sequence[Hypothesis], expectation: Expectation, threshold: float
) -> Completeness:
    fitting = [h for h in hypotheses if h.fits and h.confidence >= threshold]
    if fitting:
        best = max(fitting, key=lambda h: h.confidence)
        return Completeness.CERTAIN if _cannot_go_on(best, expectation) else Completeness.POSSIBLE
    if _lacks_digits(hypotheses, expectation):
        return Completeness.PARTIAL
    # As many as are asked for, heard badly: no silence makes them surer.
    spelled = [h for h in hypotheses if h.digits is not None]
    likeliest = max(spelled, key=lambda h: h.confidence, default=None)
    whole = likeliest is not None and likeliest.fits and expectation.kind is Kind.DIGITS
    return Completeness.POSSIBLE if whole else Completeness.UNKNOWN


def _of_values(
    hypotheses: Sequence[Hypothesis], expectation: Expectation, threshold: float
) -> Completeness:
    said = [said_so_far(h.said.reveal(), expectation) for h in hypotheses]
    if hypotheses and hypotheses[0].confidence >= threshold:
        if said[0] is Said.ALL and hypotheses[0].confidence >= _SURE:
            return Completeness.CERTAIN
        if said[0] in {Said.ALL, Said.PERHAPS_ALL}:
            return Completeness.POSSIBLE
        if any(
            h.confidence >= threshold and so_far in {Said.ALL, Said.PERHAPS_ALL}
            for h, so_far in zip(hypotheses, said, strict=True)
        ):
            return Completeness.UNKNOWN  # one word more was heard, or not
    return Completeness.PARTIAL if Said.NOT_ALL in said else Completeness.UNKNOWN


def _lacks_digits(hypotheses: Sequence[Hypothesis], expectation: Expectation) -> bool:
    """Whether digits were said, and too few. "I don't know" lacks none.

    However unsure: digits that are only perhaps missing are a reason to wait, too.
    """
    if not hypotheses or not expectation.lengths:
        return False
    said = [h for h in hypotheses if h.digits is not None or _digits_in_words(h)]
    best = max(said, key=lambda h: h.confidence, default=None)
    surest = max(h.confidence for h in hypotheses)
    if best is None or best.confidence < min(_PERHAPS, surest):
        return False
    count = _digits_in_words(best) if best.digits is None else len(best.digits)
    shortest = min(expectation.lengths)
    if expectation.kind is Kind.CARD:
        shortest = min(lengths_for(_whole_number(best, expectation)))
    return expectation.given + count < shortest


def _digits_in_words(hypothesis: Hypothesis) -> int:
    """Of words with digits among them ("it's one six eight")."""
    return len(written_digits(hypothesis.said.reveal()))


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
