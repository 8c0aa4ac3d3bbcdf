"""The postal code of the card's billing address: digits, of the lengths the settings allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.changes import Change
from bot.dialog.fields.amending import amended
from bot.dialog.fields.machine import FieldMachine, digits_in
from bot.dialog.fields.verdicts import Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.expectations import Expectation, Field, Kind, Reading
from bot.outcomes import ErrorName
from bot.prompts import Prompt
from bot.settings import PaymentSettings


class PostalCodeField(FieldMachine):
    field: ClassVar[Field] = Field.POSTAL_CODE

    def __init__(self, settings: PaymentSettings) -> None:
        super().__init__()
        self.value: str | None = None
        self._lengths = settings.postal_code_lengths

    @property
    def is_given(self) -> bool:
        return self.value is not None

    def ask(self) -> Prompt:
        return Prompt("postal_code.ask")

    def expectation(self) -> Expectation:
        return Expectation(
            Kind.DIGITS,
            lengths=self._lengths,
            field=self.field,
            given_digits=self._given_digits(),
        )

    def finds(self, reading: Reading) -> bool:
        return bool(digits_in(reading))

    def hear(self, readings: Sequence[Reading]) -> Verdict:
        """The length chooses: the first reading that has one, alone or with what was keyed."""
        answer = self._said(readings, self._lengths)
        return Unanswered() if answer is None else self._judge(answer)

    def _after_key(self) -> Verdict:
        longest = max(self._lengths)
        return self.end_of_keys() if len(self.gathered) == longest else Partial()

    def end_of_keys(self) -> Verdict:
        return self._judge(self.gathered.reveal())

    def _judge(self, code: str) -> Verdict:
        self.gathered.wipe()
        if len(code) not in self._lengths:
            return Refused(ErrorName.INVALID_POSTAL_CODE, (Prompt("postal_code.invalid"),))
        self.value = code
        return Taken()

    def can_amend(self, changes: Sequence[Change], *, named: bool) -> bool:
        """Nobody hears it read back: only where the caller names it."""
        held = self._held()
        found = amended(changes, held)
        return named and found is not None and found.digits != held

    def amend(self, changes: Sequence[Change], *, named: bool, sure: bool) -> Verdict:
        found = amended(changes, self._held())
        self.forget()
        if found is None or found.digits is None or not sure:
            return Told(())
        return self._judge(found.digits)

    def _held(self) -> str:
        return self.value or ""

    def forget(self) -> None:
        self.value = None
        self.gathered.wipe()
