"""From what was heard to what it can mean: numbers read in code, words by grammar or by Rasa.

numbers alone ("four one one one …")         read here; Rasa is not asked
a phrase of one meaning ("yes that's right")  by grammar; Rasa is not asked
anything longer                               numbers replaced, the rest by Rasa
the same while Rasa is away                   by a rougher grammar, and the call is told so
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import NluUnavailable
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
from bot.understanding.grammar import HESITATIONS, clear_words, rough_words, words_of
from bot.understanding.numbers import NumberKind, Replaced, replace_numbers
from bot.understanding.rasa_client import Parsed
from bot.understanding.values import (
    DigitsFound,
    amount_values,
    digits_found,
    expiry_values,
    values_by_form,
)

_HYPOTHESES_UNDERSTOOD = 6

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

_ALL_OF_IT = {
    "everything",
    "all of it",
    "all of them",
    "the whole thing",
    "the whole lot",
    "the lot",
}
"""The full amount where money is asked for, every field where it is asked what is wrong."""


_NOTHING = re.compile(r"(?:(?:no|oh|well|sorry) )*nothing(?: at all| really)?")
_NOTHING_IS_WRONG = re.compile(
    r"(?:(?:no|oh|well|sorry) )*nothing(?:(?: is|'s)? wrong"
    r"|(?: at all)? (?:it|that|everything)(?:'s| is)(?: all)? (?:right|fine|good|okay|ok|correct))"
)
"""Where it is asked what is wrong. Rasa, which knows no question, takes them for a cancelling or,
worse, for a wish to begin anew."""

_KIND_OF_FIELD: dict[Field, Kind | None] = {
    Field.AMOUNT: Kind.AMOUNT,
    Field.CARD_NUMBER: Kind.DIGITS,
    Field.EXPIRY: Kind.EXPIRY,
    Field.SECURITY_CODE: Kind.DIGITS,
    Field.POSTAL_CODE: Kind.DIGITS,
    Field.EVERYTHING: None,
}
_KIND_OF_NUMBER = {
    NumberKind.AMOUNT: Kind.AMOUNT,
    NumberKind.DIGITS: Kind.DIGITS,
    NumberKind.DATE: Kind.EXPIRY,
}


class Nlu(Protocol):
    async def parse(self, text: str) -> Parsed:
        """Raises NluUnavailable."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    intent: Intent
    confidence: float
    field: Field | None
    source: Source


class Understanding:
    """One per call.

    nlu: None when there is no Rasa. on_degraded: told each time the call has to do without it.
    """

    def __init__(self, nlu: Nlu | None, on_degraded: Callable[[str], None]) -> None:
        self._nlu = nlu
        self._on_degraded = on_degraded

    async def understand(
        self,
        hypotheses: Sequence[Hypothesis],
        expectation: Expectation,
        *,
        currency: str,
        this_year: int,
    ) -> tuple[Reading, ...]:
        """How the hypotheses can be understood, in their order; empty when none says anything.

        currency: ISO 4217; amounts are of it. this_year: four digits, for years of two.
        """
        meanings: dict[str, _Meaning | None] = {}
        readings: list[Reading] = []
        for hypothesis in hypotheses[:_HYPOTHESES_UNDERSTOOD]:
            replaced = replace_numbers(hypothesis.said.reveal().lower())
            answers = _bare_number(hypothesis, replaced, expectation, currency, this_year)
            if answers:
                readings += answers
                continue
            text = " ".join(replaced.text.split())
            if not any(character.isalnum() for character in text):
                continue
            if text not in meanings:
                meanings[text] = await self._meaning(text, expectation)
            if (meaning := meanings[text]) is not None:
                readings += _with_numbers(
                    meaning, hypothesis, replaced, expectation, currency, this_year
                )
            elif numbers := values_by_form(hypothesis.said.reveal(), replaced, currency, this_year):
                # No one to say what the words mean: the number itself may still be the answer.
                readings.append(_reading(hypothesis, replaced, numbers))
        return tuple(readings)

    async def _meaning(self, text: str, expectation: Expectation) -> _Meaning | None:
        if _asks_what_is_wrong(expectation) and text in _ALL_OF_IT:
            return _Meaning(Intent.CORRECT, 1.0, Field.EVERYTHING, Source.GRAMMAR)
        if _asks_what_is_wrong(expectation) and (intent := _nothing_is_wrong(text)):
            return _Meaning(intent, 1.0, None, Source.GRAMMAR)
        if clear := clear_words(text):
            return _Meaning(clear.intent, clear.confidence, clear.field, Source.GRAMMAR)
        if self._nlu is not None:
            try:
                parsed = await self._nlu.parse(text)
            except NluUnavailable:
                pass
            else:
                field = parsed.field if parsed.intent is Intent.CORRECT else None
                return _Meaning(parsed.intent, parsed.confidence, field, Source.RASA)
        self._on_degraded("Rasa is away: yes, no, numbers and field names are understood")
        if rough := rough_words(text):
            return _Meaning(rough.intent, rough.confidence, rough.field, Source.GRAMMAR)
        return None


def _asks_what_is_wrong(expectation: Expectation) -> bool:
    return expectation.field is None and expectation.kind in {Kind.OPEN, Kind.YES_NO}


def _nothing_is_wrong(text: str) -> Intent | None:
    words = " ".join(re.findall(r"[\w']+", text))
    if _NOTHING_IS_WRONG.fullmatch(words):
        return Intent.AFFIRM
    # To "is everything right?" it would be no yes.
    return Intent.DENY if _NOTHING.fullmatch(words) else None


def _bare_number(
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
        return [_reading(hypothesis, replaced, (each.number,), each) for each in found]
    if kind is Kind.AMOUNT:
        numbers = amount_values(hypothesis.said.reveal(), currency)
    else:
        numbers = expiry_values(hypothesis.said.reveal(), this_year)
    return [_reading(hypothesis, replaced, numbers)] if numbers else []


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


def _reading(
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


def _with_numbers(
    meaning: _Meaning,
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
    meaning: _Meaning, hypothesis: Hypothesis, replaced: Replaced, expectation: Expectation
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
