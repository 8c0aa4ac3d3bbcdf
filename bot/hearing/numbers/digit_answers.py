"""Digit strings for a question, from what the head heard: as heard, and the best that fits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.cards import brand_of, lengths_for, rules_of
from bot.expectations import Expectation, Kind
from bot.hearing.numbers.confidence import Calibration, log_odds
from bot.hearing.numbers.digit_words import spell
from bot.hearing.numbers.doubtful_group import doubtful_group
from bot.hearing.numbers.head import LogProbabilities, Vocabulary
from bot.hearing.numbers.rules import DigitRule, card_numbers, counted
from bot.hearing.numbers.search import by_label, digit_labels, find_number, log_probability
from bot.hearing.numbers.word_search import HeardWords, without_idle_frames

_NEAR = 3
"""Digits lost or added by hearing. With more missing the caller is not done, and a search for a
number that fits would find only what nobody said."""

_SELDOM = 0.1
"""How likely a card is to have another length than most of its brand, beside one of that. Chosen,
not measured: one wrong length in ten has the right check digit, and a digit said or heard twice
should not make a card that hardly anybody carries."""


@dataclass(frozen=True, slots=True)
class DigitAnswer:
    """digits: new ones of this utterance. May be card data: the repr shows none.

    probability: the head's, of all ways to say these digits together.
    share: of the probability of all strings that fit, what the beam lost counted with them, a card
        of a seldom length for less; 0 when this one does not fit.
    doubtful: as in `Hypothesis`.
    """

    digits: str = field(repr=False)
    probability: float
    share: float
    fits: bool
    as_heard: bool
    doubtful: tuple[int, int] | None = None

    def features(self, written: str | None) -> tuple[float, float, float]:
        """For `Calibration`. written: the digits Whisper wrote, None where it was not asked."""
        agreement = 0.0 if written is None else 1.0 if written == self.digits else -1.0
        return log_odds(self.probability), log_odds(self.share), agreement

    def confidence(self, kind: Kind, calibration: Calibration, written: str | None) -> float:
        chance, share, agreement = self.features(written)
        if not self.fits:
            return calibration.as_heard(chance)
        if kind is Kind.CARD:
            return calibration.card(chance, share)
        return calibration.digits(chance, share, agreement)


def rules_for(expectation: Expectation) -> tuple[DigitRule, ...]:
    """What would complete the answer; none when any digits will do."""
    if expectation.kind is Kind.CARD:
        return tuple(card_numbers(expectation.lengths, odd) for odd in (False, True))
    return (counted(expectation.lengths),) if expectation.lengths else ()


def digit_answers(
    frames: LogProbabilities,
    vocabulary: Vocabulary,
    heard: Sequence[HeardWords],
    expectation: Expectation,
    *,
    limit: int = 4,
    search: bool = True,
) -> list[DigitAnswer]:
    """Those that fit first, the likelier before the less likely, at most `limit`. The likeliest
    as heard is always among them. Empty when no digits were heard.

    heard: `search_words` of the frames. search: whether to look for the likeliest that fits where
    the likeliest as heard does not: that takes longer than all the rest.
    """
    given = expectation.given_digits.reveal() if expectation.given_digits else ""
    rules = rules_for(expectation)
    masses = _spelled(heard, vocabulary.filler)
    if not masses:
        return []
    likeliest = max(masses, key=lambda digits: masses[digits])
    heard_in_all = len(given) + len(likeliest)
    nearly_complete = any(abs(n - heard_in_all) <= _NEAR for n in _lengths(expectation))
    if search and nearly_complete and not _fits(given + likeliest, rules):
        masses |= _searched(frames, vocabulary, rules, given, masses)
    fitting = {digits for digits in masses if not rules or _fits(given + digits, rules)}
    lost = max(0.0, 1 - sum(words.probability for words in heard))
    weighed = {digits: masses[digits] * _prior(given + digits, expectation) for digits in fitting}
    total = sum(weighed.values()) + lost
    answers = [
        DigitAnswer(
            digits,
            mass,
            weighed[digits] / total if digits in fitting else 0.0,
            digits in fitting,
            digits == likeliest,
            _doubtful(digits, masses, given) if expectation.kind is Kind.CARD else None,
        )
        for digits, mass in masses.items()
    ]
    answers.sort(key=lambda answer: (answer.fits, answer.probability), reverse=True)
    as_heard = next(answer for answer in answers if answer.as_heard)
    kept = answers[:limit]
    return kept if as_heard in kept else [*kept[:-1], as_heard]


def _prior(number: str, expectation: Expectation) -> float:
    brand = brand_of(number) if expectation.kind is Kind.CARD else None
    usual = brand is None or len(number) == rules_of(brand).usual_length
    return 1.0 if usual else _SELDOM


def _doubtful(digits: str, masses: Mapping[str, float], given: str) -> tuple[int, int] | None:
    """Against all other strings heard, whether they fit or not."""
    others = {given + other: mass for other, mass in masses.items() if other != digits}
    return doubtful_group(given + digits, others, len(given))


def _lengths(expectation: Expectation) -> tuple[int, ...]:
    """That would complete the answer; none when any will do."""
    if expectation.kind is Kind.CARD and not expectation.lengths:
        return lengths_for("")
    return expectation.lengths


def _fits(digits: str, rules: tuple[DigitRule, ...]) -> bool:
    return any(rule.accepts(digits) for rule in rules)


def _spelled(heard: Sequence[HeardWords], filler: str) -> dict[str, float]:
    """Probability of each digit string: of all its wordings together ("oh" and "zero")."""
    masses: dict[str, float] = {}
    for words in heard:
        digits = spell(words.words, filler)
        if digits:
            masses[digits] = masses.get(digits, 0.0) + words.probability
    return masses


def _searched(
    frames: LogProbabilities,
    vocabulary: Vocabulary,
    rules: tuple[DigitRule, ...],
    given: str,
    known: dict[str, float],
) -> dict[str, float]:
    """The likeliest string each rule accepts that the beam did not keep."""
    labels = digit_labels(vocabulary)
    scores = by_label(frames[without_idle_frames(frames)], labels)
    found = {}
    for rule in rules:
        number = find_number(scores, labels, rule, given=given)
        if number is not None and number.digits and number.digits not in known:
            found[number.digits] = math.exp(log_probability(scores, number.labels))
    return found
