"""Readings of one hypothesis: the words' meaning is known, its numbers are read to fit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.expectations import (
    Expectation,
    Field,
    Hypothesis,
    Intent,
    Kind,
    Reading,
    Source,
    SpokenNumber,
)
from bot.understanding.grammar import HESITATIONS, words_of
from bot.understanding.numbers import NumberKind, Replaced
from bot.understanding.values import (
    DigitsFound,
    amount_values,
    digits_found,
    expiry_values,
    values_by_form,
)

_NUMERIC = {Kind.DIGITS, Kind.CARD, Kind.AMOUNT, Kind.EXPIRY}
_DIGIT_KINDS = {Kind.DIGITS, Kind.CARD}

_AROUND_A_NUMBER = HESITATIONS | words_of(
    "yes yeah yep it it's its is that that's this the my a i i'll be pay would want to please "
    "thanks thank you right number on in of for"
)
"""Words around a number that answers a question: they add nothing to it."""

_FIELD_NOUNS: dict[Field, frozenset[str]] = {
    Field.AMOUNT: words_of("amount i'd like to pay want"),
    Field.CARD_NUMBER: words_of("card credit debit starts"),
    Field.EXPIRY: words_of("expiry expires expiration date exp until through valid"),
    Field.SECURITY_CODE: words_of("security code cvv cvc"),
    Field.POSTAL_CODE: words_of("zip code postal postcode billing"),
}
"""With its own noun a number still answers its own question: "my zip code is …"."""

_KIND_OF_FIELD: dict[Field, Kind | None] = {
    Field.AMOUNT: Kind.AMOUNT,
    Field.CARD_NUMBER: Kind.DIGITS,
    Field.EXPIRY: Kind.EXPIRY,
    Field.SECURITY_CODE: Kind.DIGITS,
    Field.POSTAL_CODE: Kind.DIGITS,
    Field.CARD: Kind.DIGITS,
    Field.EVERYTHING: None,
}
_KIND_OF_NUMBER = {
    NumberKind.AMOUNT: Kind.AMOUNT,
    NumberKind.DIGITS: Kind.DIGITS,
    NumberKind.DATE: Kind.EXPIRY,
}


@dataclass(frozen=True, slots=True)
class Meant:
    """What the words of an utterance want, whatever its numbers are."""

    intent: Intent
    confidence: float
    field: Field | None
    source: Source


def bare_number(
    hypothesis: Hypothesis,
    replaced: Replaced,
    expectation: Expectation,
    currency: str,
    this_year: int,
) -> list[Reading]:
    """Readings of an utterance that is a number and nothing else, as the question wants it."""
    kind = _kind_of_answer(expectation)
    if kind not in _NUMERIC or not _is_bare(replaced, expectation):
        return []
    if not replaced.found and hypothesis.digits is None:
        return []
    rest_of_date = kind is Kind.EXPIRY and expectation.given > 0  # it was begun with keys
    if kind in _DIGIT_KINDS or rest_of_date:
        found = digits_found(hypothesis, expectation)
        return [reading_of(hypothesis, replaced, (each.number,), each) for each in found]
    if kind is Kind.AMOUNT:
        numbers = amount_values(hypothesis.said.reveal(), currency)
    else:
        numbers = expiry_values(hypothesis.said.reveal(), this_year)
    return [reading_of(hypothesis, replaced, numbers)] if numbers else []


def _kind_of_answer(expectation: Expectation) -> Kind | None:
    """An open question about a field ("how much would you like to pay?") may be answered by the
    number alone."""
    if expectation.kind is Kind.OPEN and expectation.field is not None:
        return _KIND_OF_FIELD[expectation.field]
    return expectation.kind


def _is_bare(replaced: Replaced, expectation: Expectation) -> bool:
    """Whether only the number tells something. An open question is open: where more than a number
    was said, Rasa is asked what it means."""
    words = set(re.findall(r"[a-z']+", re.sub(r"<\w+>", " ", replaced.text)))
    if expectation.kind is Kind.OPEN:
        return words <= HESITATIONS
    nouns = _FIELD_NOUNS.get(expectation.field, frozenset()) if expectation.field else frozenset()
    return words <= _AROUND_A_NUMBER | nouns


def reading_of(
    hypothesis: Hypothesis,
    replaced: Replaced,
    numbers: tuple[SpokenNumber, ...],
    digits: DigitsFound | None = None,
) -> Reading:
    return Reading(
        confidence=hypothesis.confidence,
        numbers=numbers,
        masked_text=replaced.text or "<digits>",
        source=Source.NUMBERS,
        fits=digits.fits if digits else hypothesis.fits,
        as_heard=digits.as_heard if digits else hypothesis.as_heard,
        doubtful=hypothesis.doubtful,
    )


def with_numbers(
    meaning: Meant,
    hypothesis: Hypothesis,
    replaced: Replaced,
    expectation: Expectation,
    currency: str,
    this_year: int,
) -> list[Reading]:
    """The meaning with the values said, of the kind that the field or the question wants.

    A value that is none of the named field's is left out: "the expiry is wrong, it's fifty
    dollars". Where digits are asked for, as heard and as it fits are two readings.
    """
    several: list[tuple[tuple[SpokenNumber, ...], DigitsFound | None]] = [((), None)]
    match _kind_wanted(meaning, hypothesis, replaced, expectation):
        case Kind.AMOUNT:
            several = [(amount_values(hypothesis.said.reveal(), currency), None)]
        case Kind.EXPIRY:
            several = [(expiry_values(hypothesis.said.reveal(), this_year), None)]
        case Kind.DIGITS:
            answers = meaning.field in (None, expectation.field)
            judged = expectation if answers and expectation.kind in _DIGIT_KINDS else None
            found = digits_found(hypothesis, judged)
            several = [((each.number,), each) for each in found] or several
        case Kind.OPEN:
            several = [
                (values_by_form(hypothesis.said.reveal(), replaced, currency, this_year), None)
            ]
    return [
        Reading(
            confidence=hypothesis.confidence,
            intent=meaning.intent,
            intent_confidence=meaning.confidence,
            field=meaning.field,
            numbers=numbers,
            masked_text=replaced.text,
            source=meaning.source,
            fits=digits.fits if digits else hypothesis.fits,
            as_heard=digits.as_heard if digits else hypothesis.as_heard,
            doubtful=hypothesis.doubtful,
        )
        for numbers, digits in several
    ]


def _kind_wanted(
    meaning: Meant, hypothesis: Hypothesis, replaced: Replaced, expectation: Expectation
) -> Kind | None:
    """What the numbers of an utterance are read as: AMOUNT, EXPIRY or DIGITS; OPEN for what each
    looks like; None where there are none or none can be meant."""
    if not replaced.found and hypothesis.digits is None:
        return None
    if meaning.field is not None:
        return _KIND_OF_FIELD[meaning.field]
    if meaning.intent is Intent.PAY_AMOUNT:
        return Kind.AMOUNT
    asked = Kind.DIGITS if expectation.kind in _DIGIT_KINDS else expectation.kind
    readable = {_KIND_OF_NUMBER[kind] for number in replaced.found for kind in number.kinds}
    if hypothesis.digits is not None:
        readable.add(Kind.DIGITS)
    return asked if asked in readable else Kind.OPEN
