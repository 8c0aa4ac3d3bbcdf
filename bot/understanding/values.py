"""Spoken numbers as the values the dialog knows: money, expiry dates, digits that stay secret."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import get_currency_precision

from bot.cards import Expiry, SecretDigits, is_card_number
from bot.expectations import Expectation, Hypothesis, Kind, SpokenNumber
from bot.money import Money
from bot.understanding.numbers import (
    NumberKind,
    Replaced,
    read_amounts,
    read_digits,
    read_expiries,
)

_READINGS_KEPT = 3
_LONGEST = 40
"""Digits. More than any field takes: what is longer is a mishearing, not a number."""


@dataclass(frozen=True, slots=True)
class DigitsFound:
    """One way to read the digits of an utterance; `fits` and `as_heard` as in `Hypothesis`."""

    number: SpokenNumber
    fits: bool
    as_heard: bool


def amount_values(text: str, currency: str) -> tuple[SpokenNumber, ...]:
    """The amounts a text may mean, best first. Money said in another currency is not among them:
    thirty pounds are not thirty dollars."""
    minor_per_cent = 10 ** get_currency_precision(currency) / 100
    values = []
    for reading in read_amounts(text):
        minor_units = reading.minor_units * minor_per_cent
        if reading.currency in ("", currency) and minor_units == int(minor_units):
            amount = Money(int(minor_units), currency)
            values.append(SpokenNumber(amount, reading.reason, reading.rival))
    return tuple(values)


def expiry_values(text: str, this_year: int) -> tuple[SpokenNumber, ...]:
    """The whole expiry dates a text may mean, best first; a month alone is none."""
    values = []
    for reading in read_expiries(text, this_year):
        if reading.month is None or reading.year is None or not 2000 <= reading.year <= 2099:
            continue
        values.append(SpokenNumber(Expiry(reading.month, reading.year), reading.reason))
    return tuple(values)


def digits_found(hypothesis: Hypothesis, expectation: Expectation | None) -> list[DigitsFound]:
    """The digits said, as heard first.

    Digits the recogniser decoded are taken as they are. Those of a text are read both without and
    with the lengths the question expects; a reading that fits only so is not as heard.
    expectation: None where the digits answer no question, as in a correction.
    """
    if hypothesis.digits is not None and len(hypothesis.digits):
        decoded = SpokenNumber(hypothesis.digits, "decoded by the recogniser")
        return [DigitsFound(decoded, hypothesis.fits, hypothesis.as_heard)]
    readings = read_digits(hypothesis.said.reveal())
    plain = readings[0].digits if readings else ""
    if expectation is not None:
        left = [length - expectation.given for length in expectation.lengths]
        fitting = read_digits(hypothesis.said.reveal(), [length for length in left if length > 0])
        readings = readings[:1] + [r for r in fitting if r.digits != plain]
    found = []
    for reading in readings:
        if not 0 < len(reading.digits) <= _LONGEST:
            continue
        fits = expectation is not None and _fits(reading.digits, expectation)
        as_heard = reading.digits == plain
        if as_heard or fits:
            number = SpokenNumber(SecretDigits(reading.digits), reading.reason)
            found.append(DigitsFound(number, fits, as_heard))
    return found[:_READINGS_KEPT]


def _fits(new: str, expectation: Expectation) -> bool:
    given = expectation.given_digits.reveal() if expectation.given_digits else ""
    whole = given + new
    if expectation.kind is Kind.CARD:
        return is_card_number(whole)
    return not expectation.lengths or len(whole) in expectation.lengths


def values_by_form(
    text: str, replaced: Replaced, currency: str, this_year: int
) -> tuple[SpokenNumber, ...]:
    """The values of a text where nothing asked for a kind: each number is what its form says."""
    values: list[SpokenNumber] = []
    for kind in dict.fromkeys(number.kind for number in replaced.found):
        if kind is NumberKind.AMOUNT:
            values += amount_values(text, currency)
        elif kind is NumberKind.DATE:
            values += expiry_values(text, this_year)
        else:
            values += [
                SpokenNumber(SecretDigits(reading.digits), reading.reason)
                for reading in read_digits(text)[:1]
            ]
    return tuple(values)
