"""What one typed sentence is taken for at one question: by understanding, and by the dialog.

Laboratory: the numbers of the sentence are in the answer. The sentence goes the way it goes in a
call, to fresh fields of a payment that has nothing yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from bot.cards import SecretDigits, SecretText
from bot.dialog.events import CallStarted
from bot.dialog.fields.machine import FieldMachine
from bot.dialog.fields.verdicts import Offered, Partial, Refused, Taken, Told, Unanswered
from bot.dialog.meaning import (
    Amendment,
    Answer,
    Context,
    Correction,
    Meaning,
    No,
    Nothing,
    Several,
    Word,
    Yes,
    understand,
)
from bot.dialog.payment import Payment
from bot.errors import NluUnavailable
from bot.expectations import Expectation, Field, Hypothesis, Kind, Reading
from bot.records.wording import plain
from bot.settings import PaymentSettings
from bot.understanding.laboratory import as_sent, numbers_in
from bot.understanding.rasa_client import Parsed
from bot.understanding.understand import Nlu, Understanding

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "amount": "How much would you like to pay?",
        "yes_no": "Your payment is … Is that right?",
        "card": "Please tell me your card number.",
        "expiry": "When does the card expire?",
        "security_code": "What is the security code?",
        "postal_code": "What is the zip code of your billing address?",
        "open": "Is everything right?",
    }
)
"""The questions a sentence can be tried at, by the names they have here."""

_FIELDS = {
    "amount": Field.AMOUNT,
    "card": Field.CARD_NUMBER,
    "expiry": Field.EXPIRY,
    "security_code": Field.SECURITY_CODE,
    "postal_code": Field.POSTAL_CODE,
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """sent: the text with its numbers replaced, all that Rasa would ever see of it.

    rasa: what Rasa makes of that, None when it is away. rasa_decided: a call would have asked it,
    and gone by its answer. numbers: the best reading of each kind. readings: how understanding
    takes the sentence at the question, best first. taken_as: what the dialog makes of them.
    """

    sent: str
    rasa: Parsed | None
    rasa_decided: bool
    numbers: Mapping[str, str]
    readings: tuple[Reading, ...]
    taken_as: str


async def try_sentence(
    text: str, question: str, nlu: Nlu | None, settings: PaymentSettings, today: date
) -> Sentence:
    """question: one of QUESTIONS. Does without Rasa when it is away."""
    payment = Payment(CallStarted(call_id="sentence", today=today), settings)
    machine = _machine(question, payment)
    listening = _Listening(nlu)
    readings = await Understanding(listening, lambda _: None).understand(
        [Hypothesis(SecretText(text.lower()), 1.0, engine="typed")],
        _expectation(question, machine),
        currency=settings.currency,
        this_year=today.year,
    )
    decided = listening.heard is not None
    sent = as_sent(text)
    return Sentence(
        sent,
        listening.heard or await listening.ask(sent),
        decided,
        numbers_in(text),
        readings,
        _taken_as(
            understand(
                readings,
                settings,
                Context(machine.field, machine.finds) if machine else None,
            ),
            machine,
        ),
    )


class _Listening:
    """Rasa as a call knows it; keeps its answer."""

    def __init__(self, nlu: Nlu | None) -> None:
        self._nlu = nlu
        self.heard: Parsed | None = None

    async def parse(self, text: str) -> Parsed:
        if self._nlu is None:
            raise NluUnavailable("Rasa is not running")
        self.heard = await self._nlu.parse(text)
        return self.heard

    async def ask(self, text: str) -> Parsed | None:
        """Also where a call would not: None when there is no answer, or nothing to ask about."""
        if not any(character.isalnum() for character in text):
            return None
        try:
            return await self.parse(text)
        except NluUnavailable:
            return None


def _machine(question: str, payment: Payment) -> FieldMachine | None:
    """Whose answer is asked for; the amount's at "is that right?" too."""
    if question == "yes_no":
        return payment.amount
    field = _FIELDS.get(question)
    return payment.machines[field] if field is not None else None


def _expectation(question: str, machine: FieldMachine | None) -> Expectation:
    if question == "yes_no":
        return Expectation(Kind.YES_NO, field=Field.AMOUNT)
    return machine.expectation() if machine is not None else Expectation(Kind.OPEN)


def _taken_as(meaning: Meaning, machine: FieldMachine | None) -> str:  # noqa: PLR0911 - as below
    match meaning:
        case Answer(readings) if machine is not None:
            return _answered(machine, readings)
        case Answer():
            return "an answer"
        case Correction(field, readings):
            which = plain(field) if field is not None else "something not named"
            values = ", ".join(values_of(readings[0])) if readings else ""
            return f"a correction of: {which}" + (f", to {values}" if values else "")
        case Amendment():
            return "a part of what there is, put right"
        case Several(parts):
            named = [plain(part.field) for part in parts if part.field is not None]
            return f"corrections of: {', '.join(named)}"
        case Yes():
            return "yes"
        case No():
            return "no"
        case Word(intent):
            return f"a wish: {plain(intent)}"
        case Nothing():
            return "nothing; the bot asks again"


def _answered(machine: FieldMachine, readings: tuple[Reading, ...]) -> str:  # noqa: PLR0911
    match machine.hear(readings):
        case Taken(detail):
            return f"the answer: {detail or 'taken'}"
        case Partial():
            return "a piece of the answer; the bot waits for more"
        case Refused(error, why):
            return f"an answer to refuse: {plain(error)} (says {why[0].id})"
        case Told(say) if say:
            return f"something to reply to (says {say[0].id})"
        case Told():
            return "a wish; the question is asked again"
        case Offered(amount):
            return f"a wish; the bot offers {amount}"
        case Unanswered():
            return "no answer; the bot asks again"


def values_of(reading: Reading) -> tuple[str, ...]:
    """The values of a reading, digits too: for the laboratory only."""
    return tuple(
        value.reveal() if isinstance(value := number.value, SecretDigits) else str(value)
        for number in reading.numbers
    )
