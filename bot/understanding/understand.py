"""From what was heard to what it can mean: numbers read in code, words by grammar or by Rasa.

numbers alone ("four one one one …")         read here; Rasa is not asked
a phrase of one meaning ("yes that's right")  by grammar; Rasa is not asked
anything longer                               numbers replaced, the rest by Rasa
the same while Rasa is away                   by a rougher grammar, and the call is told so
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.cards import SecretText
from bot.changes import Change, Unit
from bot.errors import NluUnavailable
from bot.expectations import Expectation, Field, Hypothesis, Intent, Kind, Reading, Source
from bot.understanding.changes import changes_in
from bot.understanding.clauses import changed_field, clauses
from bot.understanding.grammar import clear_words, rough_words, says_nothing
from bot.understanding.numbers import NumberKind, Replaced, replace_numbers
from bot.understanding.rasa_client import Parsed
from bot.understanding.readings import Meant, bare_number, reading_of, with_numbers
from bot.understanding.values import values_by_form

_HYPOTHESES_UNDERSTOOD = 6

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

_ANYTHING_WRONG = Expectation(Kind.OPEN)

_NEVER_SEVERAL = {Intent.AGENT, Intent.CANCEL, Intent.GOODBYE, Intent.REPEAT, Intent.HELP}


class Nlu(Protocol):
    async def parse(self, text: str) -> Parsed:
        """Raises NluUnavailable."""


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
        meanings: dict[str, Meant | None] = {}
        readings: list[Reading] = []
        for hypothesis in hypotheses[:_HYPOTHESES_UNDERSTOOD]:
            text_said = hypothesis.said.reveal()
            replaced = replace_numbers(text_said.lower())
            changes = changes_in(text_said, currency, this_year)
            replaced = _no_date_among_digits(replaced, changes)
            answers = bare_number(hypothesis, replaced, expectation, currency, this_year)
            if answers:
                readings += [replace(answer, changes=changes) for answer in answers]
                continue
            text = " ".join(replaced.text.split())
            if says_nothing(text) or not any(character.isalnum() for character in text):
                continue
            if text not in meanings:
                meanings[text] = await self._meaning(text, expectation)
            meaning = meanings[text]
            found = await self._several(meaning, hypothesis, replaced, currency, this_year)
            if found is not None:
                readings.append(found)
                continue
            change_of = changed_field(text, changes) if changes else None
            if meaning is not None:
                said = with_numbers(meaning, hypothesis, replaced, expectation, currency, this_year)
            else:
                # No one to say what the words mean: the number itself may still be the answer.
                numbers = values_by_form(text_said, replaced, currency, this_year)
                said = [reading_of(hypothesis, replaced, numbers)] if numbers or changes else []
            readings += [replace(each, changes=changes, change_of=change_of) for each in said]
        return tuple(readings)

    async def _several(
        self,
        meaning: Meant | None,
        hypothesis: Hypothesis,
        replaced: Replaced,
        currency: str,
        this_year: int,
    ) -> Reading | None:
        """The first of several corrections, with the others in it; None where it is no such
        sentence. What each clause names counts; Rasa understood it where it says the same."""
        wants = meaning.intent if meaning is not None else None
        if wants in _NEVER_SEVERAL or not (cut := clauses(replaced)):
            return None
        meanings = [await self._meaning(clause.masked, _ANYTHING_WRONG) for clause in cut]
        if wants is not Intent.CORRECT and not all(
            each is not None and each.intent is Intent.CORRECT for each in meanings
        ):
            return None
        parts = []
        for clause, own in zip(cut, meanings, strict=True):
            agrees = own is not None and own.field is clause.about
            source = own.source if own is not None and agrees else Source.GRAMMAR
            part = Meant(Intent.CORRECT, 1.0, clause.about, source)
            words = replace(hypothesis, said=SecretText(clause.text), digits=None)
            (reading, *_) = with_numbers(
                part, words, replace_numbers(clause.text), _ANYTHING_WRONG, currency, this_year
            )
            changes = changes_in(clause.text, currency, this_year)
            parts.append(replace(reading, changes=changes, change_of=clause.about))
        return replace(parts[0], masked_text=replaced.text, also=tuple(parts[1:]))

    async def _meaning(self, text: str, expectation: Expectation) -> Meant | None:
        if _asks_what_is_wrong(expectation) and text in _ALL_OF_IT:
            return Meant(Intent.CORRECT, 1.0, Field.EVERYTHING, Source.GRAMMAR)
        if _asks_what_is_wrong(expectation) and (intent := _nothing_is_wrong(text)):
            return Meant(intent, 1.0, None, Source.GRAMMAR)
        if clear := clear_words(text):
            return Meant(clear.intent, clear.confidence, clear.field, Source.GRAMMAR)
        if self._nlu is not None:
            try:
                parsed = await self._nlu.parse(text)
            except NluUnavailable:
                pass
            else:
                field = parsed.field if parsed.intent is Intent.CORRECT else None
                return Meant(parsed.intent, parsed.confidence, field, Source.RASA)
        self._on_degraded("Rasa is away: yes, no, numbers and field names are understood")
        if rough := rough_words(text):
            return Meant(rough.intent, rough.confidence, rough.field, Source.GRAMMAR)
        return None


def _no_date_among_digits(replaced: Replaced, changes: Sequence[Change]) -> Replaced:
    """ "The last four are zero one two two": by its form the number may be a date, but its place
    is among the digits of a card."""
    if len(replaced.found) != 1 or not any(
        change.place is not None and change.place.unit in (Unit.DIGITS, Unit.GROUP)
        for change in changes
    ):
        return replaced
    (number,) = replaced.found
    if number.kind is NumberKind.DIGITS:
        return replaced
    end = number.at + len(number.kind.placeholder)
    text = replaced.text[: number.at] + NumberKind.DIGITS.placeholder + replaced.text[end:]
    return Replaced(text, (replace(number, kinds=(NumberKind.DIGITS,)),))


def _asks_what_is_wrong(expectation: Expectation) -> bool:
    return expectation.field is None and expectation.kind in {Kind.OPEN, Kind.YES_NO}


def _nothing_is_wrong(text: str) -> Intent | None:
    words = " ".join(re.findall(r"[\w']+", text))
    if _NOTHING_IS_WRONG.fullmatch(words):
        return Intent.AFFIRM
    # To "is everything right?" it would be no yes.
    return Intent.DENY if _NOTHING.fullmatch(words) else None
