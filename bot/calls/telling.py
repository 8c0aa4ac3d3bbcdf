"""Puts what happens in a call into words for the trace. Masking happens here, before anything is
kept: an utterance is told by its masked text, a digit key by a bullet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.audio import samples_to_ms
from bot.calls.clock import CallClock
from bot.calls.recording import CALLER, Silenced
from bot.cards import SecretDigits
from bot.changes import Unit
from bot.charges import ChargeOutcome, ChargeRequest
from bot.dialog.commands import Notify
from bot.expectations import Field, Hypothesis, Reading
from bot.money import Money
from bot.outcomes import PaymentResult
from bot.records.trace import Entry, EntryKind, Trace
from bot.speaking.playback import PromptEnded, PromptStarted

_HIDDEN_KEY = "•"
_LONG = 5
_CARD_FIELDS = {Field.CARD_NUMBER, Field.SECURITY_CODE, Field.CARD}
_OF_DIGITS = {Unit.DIGITS, Unit.GROUP}


def gives_card_digits(readings: Iterable[Reading]) -> bool:
    """Whether an utterance must not be kept: digits in it that are no amount and no date.

    Five digits or more in any reading count too, as an amount as well: a card number said at the
    wrong question may be read as money, and keeping it would break the definition of a leak. Where
    one recogniser wrote "87.50" and another "8750", the digits are that amount.
    """
    readings = [each for reading in readings for each in (reading, *reading.also)]
    said_as_amounts = {
        number.value
        for reading in readings
        if "<amount>" in reading.masked_text and "<digits>" not in reading.masked_text
        for number in reading.numbers
    }
    for reading in readings:
        if reading.field in _CARD_FIELDS or reading.change_of in _CARD_FIELDS:
            return True
        places = [change.place for change in reading.changes if change.place is not None]
        if any(place.unit in _OF_DIGITS for place in places):
            return True  # "the second group is forty five thirty nine" looks like an amount
        if "<digits>" in reading.masked_text and not (
            reading.masked_text.count("<") == 1
            and reading.amount is not None
            and any(number.value in said_as_amounts for number in reading.numbers)
        ):
            return True
        for number in reading.numbers:
            if isinstance(number.value, Money) and len(str(int(number.value.decimal))) >= _LONG:
                return True
            if isinstance(number.value, SecretDigits) and (
                len(number.value) >= _LONG or (reading.amount is None and reading.expiry is None)
            ):
                return True
    return False


@dataclass(frozen=True, slots=True)
class Took:
    """What came of an utterance after its last sample, on the call's clock, in samples.

    end_of_turn: until it was taken for over, and its turn had come. recognition: until its words
    were there; what a pause before had already decoded is not in it. understanding: until their
    meaning was, Rasa's part included.
    """

    end_of_turn: int
    recognition: int
    understanding: int


class Telling:
    """Writes the trace of one call."""

    def __init__(self, trace: Trace, clock: CallClock) -> None:
        self._trace = trace
        self._clock = clock
        self._prompt: PromptStarted | None = None
        self._turn_end: int | None = None
        self._charge_sent_at = 0
        self._amount: Money | None = None

    def prompt_started(self, prompt: PromptStarted) -> None:
        self._prompt = prompt
        self._answered(prompt.at)

    def went_on(self) -> None:
        """What the bot was saying, and had paused, is its answer."""
        self._answered(self._clock.now)

    def _answered(self, at: int) -> None:
        if self._turn_end is not None:
            self._add(EntryKind.WAITING, "call", at=self._turn_end, until=at)
            self._turn_end = None

    def prompt_ended(self, ended: PromptEnded) -> None:
        prompt, self._prompt = self._prompt, None
        if prompt is not None:
            self._add(
                EntryKind.PROMPT,
                "bot",
                prompt.text,
                at=prompt.at,
                until=ended.at,
                id=prompt.prompt_id,
                attempt=prompt.attempt,
                completed=ended.completed,
                source=prompt.source,
            )

    def speech(self, start: int, end: int) -> None:
        self._add(EntryKind.SPEECH, "caller", at=start, until=end)

    def turn_ended(self, end: int) -> None:
        """The caller stopped speaking here; the next prompt ends the waiting."""
        self._turn_end = end

    def heard(
        self,
        hypotheses: Sequence[Hypothesis],
        readings: Sequence[Reading],
        start: int,
        end: int,
        took: Took,
    ) -> None:
        times: dict[str, str | int | float | bool] = {}
        if end > start:  # else it was typed
            times["end_of_turn_ms"] = samples_to_ms(took.end_of_turn)
            times["recognition_ms"] = samples_to_ms(took.recognition)
            times["understanding_ms"] = samples_to_ms(took.understanding)
        if not readings:
            nothing = "(nothing recognised)"
            self._add(EntryKind.HEARD, "caller", nothing, at=start, until=end, **times)
            return
        best = readings[0]
        hidden = gives_card_digits(readings)
        details = times | {
            "confidence": round(best.confidence, 3),
            "source": best.source.value,
            "engine": hypotheses[0].engine,
        }
        if best.intent is not None:
            details["intent"] = best.intent.value
            details["intent_confidence"] = round(best.intent_confidence, 3)
        if best.field is not None:
            details["field"] = best.field.value
        if best.amount is not None and not hidden:
            details["amount"] = str(best.amount)
        if best.expiry is not None and not hidden:
            details["expiry"] = str(best.expiry)
        if best.digits is not None and best.amount is None and best.expiry is None:
            details["digits"] = len(best.digits)
        self._add(EntryKind.HEARD, "caller", best.masked_text, at=start, until=end, **details)

    def key(self, key: str, start: int) -> None:
        """Digits are hidden at every question: a card number may be keyed at the wrong one."""
        self._add(EntryKind.KEY, "caller", _HIDDEN_KEY if key.isdigit() else key, at=start)

    def dropped(self, what: str, why: str) -> None:
        self._add(EntryKind.DROPPED, "caller", what, why=why)

    def step(self, notify: Notify) -> None:
        self._add(
            EntryKind.STEP, "call", str(notify.step), state=notify.state, detail=notify.detail
        )

    def charge_sent(self, request: ChargeRequest) -> None:
        self._charge_sent_at = self._clock.now
        self._amount = request.amount

    def charge_answered(self, outcome: ChargeOutcome) -> None:
        self._add(
            EntryKind.CHARGE,
            "gateway",
            outcome.status.value,
            at=self._charge_sent_at,
            until=self._clock.now,
            status=outcome.status.value,
            amount=str(self._amount or ""),
            reason=outcome.decline_reason.value if outcome.decline_reason else "",
            reference=outcome.reference or "",
            settled_by_lookup=outcome.settled_by_lookup,
        )

    def degraded(self, what: str) -> None:
        self._add(EntryKind.DEGRADED, "call", what, what=what)

    def silenced(self, stretches: Iterable[Silenced]) -> None:
        for stretch in stretches:
            self._add(
                EntryKind.SILENCED,
                "call",
                at=stretch.start,
                until=stretch.end,
                leg="caller" if stretch.channel == CALLER else "bot",
                why=stretch.why,
            )

    def ended(self, result: PaymentResult) -> None:
        self._add(EntryKind.END, "call", result.status.value, reason=result.reason)

    def _add(
        self,
        kind: EntryKind,
        who: str,
        text: str = "",
        *,
        at: int | None = None,
        until: int | None = None,
        **details: str | int | float | bool,
    ) -> None:
        self._trace.add(
            Entry(
                at=samples_to_ms(self._clock.now if at is None else max(0, at)),
                kind=kind,
                who=who,
                text=text,
                until=None if until is None else samples_to_ms(until),
                details=details,
            )
        )
