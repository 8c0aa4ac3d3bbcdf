"""What an utterance means to the dialog, whatever was asked: one place for the universal words.

From the readings, best first, the first that means anything here is taken. Meanings:

    Answer       a value for the question that was asked
    Correction   something said before is wrong, perhaps with what it should be (R1 step 6)
    Amendment    a part of something is: "the last four are …", "nine, not five"
    Several      corrections of several fields in one breath
    Yes, No      to a question; No also where nothing else is in it
    Word         repeat, help, slower, go back, start over, agent, cancel … (R1 step 9)
    Nothing      not understood
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.cards import is_card_number
from bot.changes import Change
from bot.dialog.agent_words import asks_for_agent
from bot.dialog.fields.machine import digits_in
from bot.expectations import Field, Intent, Reading, Source
from bot.settings import PaymentSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """readings: all of the utterance, for the field to choose from.

    anew: the caller took back what was given of this answer so far ("no, four one …").
    """

    readings: tuple[Reading, ...]
    intent: Intent | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """field: None when the caller did not say what is wrong. by_rasa: Rasa understood it."""

    field: Field | None
    readings: tuple[Reading, ...]
    by_rasa: bool


@dataclass(frozen=True, slots=True)
class Amendment:
    """field: None where it may be one of several, and nobody knows which.

    named: the caller told the field; else it follows from what there is to change.
    confidence: of hearing the new value.
    """

    field: Field | None
    changes: tuple[Change, ...]
    named: bool
    confidence: float
    by_rasa: bool


@dataclass(frozen=True, slots=True)
class Several:
    parts: tuple[Correction | Amendment, ...]


@dataclass(frozen=True, slots=True)
class Yes:
    """reading: it may carry a value that agrees, or does not, with what was asked."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class No:
    pass


@dataclass(frozen=True, slots=True)
class Word:
    intent: Intent


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


Meaning = Answer | Correction | Amendment | Several | Yes | No | Word | Nothing

_LEAVING = {Intent.AGENT, Intent.CANCEL, Intent.GOODBYE}
"""Count whatever numbers are in the utterance ("I owe eighty dollars, let me speak to someone")."""

_WORDS = {
    Intent.REPEAT, Intent.SLOWER, Intent.HELP, Intent.GO_BACK, Intent.START_OVER, Intent.HOLD_ON,
    Intent.NOT_AVAILABLE, Intent.OUT_OF_SCOPE, Intent.BALANCE,
}  # fmt: skip

_CORRECTING = {Intent.CORRECT, Intent.DENY}

_UNGUARDED = {Field.SECURITY_CODE, Field.POSTAL_CODE}

_AMOUNT_WORDS = {Intent.PAY_FULL, Intent.PAY_MINIMUM}


@dataclass(frozen=True, slots=True)
class Context:
    """What an utterance meets.

    asked: the field the question was about, None at "is everything right?" and "what is wrong?".
    finds: whether a reading has a value for that field.
    amends: what a reading with changes would change of what there is already.
    """

    asked: Field | None = None
    finds: Callable[[Reading], bool] = lambda _reading: False
    amends: Callable[[Reading], Amendment | None] = lambda _reading: None


def understand(
    readings: Sequence[Reading], settings: PaymentSettings, context: Context | None = None
) -> Meaning:
    """The meaning of an utterance."""
    context = context or Context()
    if asks_for_agent(readings, settings):
        return Word(Intent.AGENT)
    for reading in readings:
        if (meaning := _meaning(reading, tuple(readings), settings, context)) is not None:
            return meaning
    return Nothing()


def _meaning(  # noqa: PLR0911 - one return a rule
    reading: Reading, readings: tuple[Reading, ...], settings: PaymentSettings, context: Context
) -> Meaning | None:
    asked, finds = context.asked, context.finds
    intent = reading.intent if reading.intent_confidence >= settings.accept_intent else None
    has_answer = finds(reading)
    # The card's own rule judges how sure its digits are; whatever else is unsure means nothing.
    judged_elsewhere = has_answer and asked is Field.CARD_NUMBER
    if not judged_elsewhere and not _is_sure(reading, settings, asked, finds):
        return None
    sure = tuple(r for r in readings if _is_sure(r, settings, asked, finds))
    answers = readings if judged_elsewhere else sure
    names_field = reading.field is not None and intent in {None, Intent.DENY}
    if intent in _LEAVING:
        return Word(intent)
    if (parts := _in_parts(reading, intent, context)) is not None:
        return parts
    if intent is Intent.CORRECT or names_field:
        return _correction(reading, answers, sure, asked, has_answer)
    if has_answer:
        return Answer(answers, intent, anew=intent is Intent.DENY)
    if intent is Intent.AFFIRM:
        return Yes(reading)
    return Word(intent) if intent in _WORDS else _other_field(reading, intent, sure, asked)


def _in_parts(
    reading: Reading, intent: Intent | None, context: Context
) -> Several | Amendment | None:
    """Several fields at once, or a part of one; "the second group" alone is a wish to change only
    where the caller says that something is wrong."""
    if reading.also and intent in _CORRECTING:
        return Several(tuple(_part(each, context) for each in (reading, *reading.also)))
    if not reading.changes or intent in _WORDS:
        return None
    tells_new = all(change.new is not None for change in reading.changes)
    return context.amends(reading) if tells_new or intent in _CORRECTING else None


def _part(reading: Reading, context: Context) -> Correction | Amendment:
    """One of the corrections in an utterance of several."""
    amendment = context.amends(reading) if reading.changes else None
    if amendment is not None and amendment.field is not None:
        return amendment
    return Correction(reading.field, (reading,), reading.source is Source.RASA)


def _is_sure(
    reading: Reading,
    settings: PaymentSettings,
    asked: Field | None,
    finds: Callable[[Reading], bool],
) -> bool:
    """Sure enough to act on. Digits that no check sum guards must be surer than words: a wrong
    security code or postal code is noticed only when the charge is declined."""
    gives_digits = reading.field in _UNGUARDED or (asked in _UNGUARDED and finds(reading))
    needed = settings.accept_digits_confidence if gives_digits else settings.accept_confidence
    return reading.confidence >= needed


def _other_field(
    reading: Reading, intent: Intent | None, sure: tuple[Reading, ...], asked: Field | None
) -> Meaning | None:
    """A value of another kind than was asked: "no, it's ninety dollars" at the expiry date.

    Without a "no" or "pay" around it, it counts only where any field may be named.
    """
    field = Field.AMOUNT if intent in _AMOUNT_WORDS else field_of(reading)
    may_correct = asked is None or intent in {Intent.DENY, Intent.PAY_AMOUNT, *_AMOUNT_WORDS}
    if field is not None and may_correct:
        return Correction(field, sure, reading.source is Source.RASA)
    return No() if intent is Intent.DENY else None


def _correction(
    reading: Reading,
    answers: tuple[Reading, ...],
    sure: tuple[Reading, ...],
    asked: Field | None,
    has_answer: bool,
) -> Meaning:
    named = reading.field or reading.change_of
    about_this = asked is not None and (
        named is asked
        or (named is None and has_answer)
        or (reading.field is Field.CARD and asked is Field.CARD_NUMBER)
    )
    if about_this:
        return Answer(answers, reading.intent, anew=True)
    field = named or field_of(reading)
    same = tuple(r for r in sure if r.field in (reading.field, None))
    return Correction(field, same, reading.source is Source.RASA)


def field_of(reading: Reading) -> Field | None:
    """The field a value must belong to, where its type leaves no doubt.

    Bare digits leave one, unless they are a whole card number.
    """
    if reading.expiry is not None:
        return Field.EXPIRY
    if reading.amount is not None:
        return Field.AMOUNT
    if is_card_number(digits_in(reading)):
        return Field.CARD_NUMBER
    return None
