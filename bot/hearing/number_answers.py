"""Digit strings for a question, from what the head heard: as heard, and the best that fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.expectations import Expectation, Kind
from bot.hearing.confidence import Calibration, log_odds
from bot.hearing.digit_words import spell
from bot.hearing.number_head import LogProbabilities, Vocabulary
from bot.hearing.number_rules import DigitRule, card_numbers, counted
from bot.hearing.number_search import by_label, digit_labels, find_number, log_probability
from bot.hearing.word_search import HeardWords, without_idle_frames


@dataclass(frozen=True, slots=True)
class DigitAnswer:
    """digits: new ones of this utterance. May be card data: the repr shows none."""

    digits: str = field(repr=False)
    confidence: float
    fits: bool
    as_heard: bool


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
    calibration: Calibration,
    *,
    written: str | None = None,
    limit: int = 4,
) -> list[DigitAnswer]:
    """Best first, at most `limit`. The first fitting one, if any, and the likeliest as heard are
    always among them. Empty when no digits were heard.

    heard: `search_words` of the frames. written: the digits Whisper wrote, where it was asked: a
    second opinion on short strings, which the head may get wrong and be sure of.
    """
    given = expectation.given_digits.reveal() if expectation.given_digits else ""
    rules = rules_for(expectation)
    masses = _spelled(heard, vocabulary.filler)
    if not masses:
        return []
    likeliest = max(masses, key=lambda digits: masses[digits])
    if rules and not _fits(given + likeliest, rules):
        masses |= _searched(frames, vocabulary, rules, given, masses)
    fitting = {digits for digits in masses if not rules or _fits(given + digits, rules)}
    share_of_fitting = sum(masses[digits] for digits in fitting)

    answers = []
    for digits, mass in masses.items():
        fits = digits in fitting
        share = log_odds(mass / share_of_fitting) if fits else 0.0
        agreement = 0.0 if written is None else 1.0 if written == digits else -1.0
        if fits and expectation.kind is Kind.CARD:
            confidence = calibration.card(log_odds(mass), share)
        elif fits and rules:
            confidence = calibration.digits(log_odds(mass), share, agreement)
        else:
            confidence = calibration.as_heard(log_odds(mass))
        answers.append(DigitAnswer(digits, confidence, fits, digits == likeliest))
    answers.sort(key=lambda answer: (answer.fits, answer.confidence), reverse=True)
    as_heard = next(answer for answer in answers if answer.as_heard)
    kept = answers[:limit]
    if as_heard not in kept:
        kept[-1] = as_heard
    return kept


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
