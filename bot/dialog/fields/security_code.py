"""The security code: three digits on the back or four on the front, as the brand has it.

It is never read back, never shown, and wiped when the charge is answered (PCI DSS 4.0.1 3.3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.cards import SecurityCode
from bot.changes import Change
from bot.dialog.fields.amending import amended
from bot.dialog.fields.machine import FieldMachine, digits_in
from bot.dialog.fields.verdicts import Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.expectations import Expectation, Field, Kind, Reading
from bot.outcomes import ErrorName
from bot.prompts import Count, Prompt


class SecurityCodeField(FieldMachine):
    field: ClassVar[Field] = Field.SECURITY_CODE

    def __init__(self) -> None:
        super().__init__()
        self.value: SecurityCode | None = None
        self.length = 3
        """Digits the present card's code has; the payment sets it when the card is known."""

    @property
    def is_given(self) -> bool:
        return self.value is not None

    def ask(self) -> Prompt:
        return Prompt("security_code.ask_four" if self.length == 4 else "security_code.ask_three")

    def expectation(self) -> Expectation:
        return Expectation(
            Kind.DIGITS,
            lengths=(self.length,),
            field=self.field,
            given_digits=self._given_digits(),
            sensitive=True,
        )

    def finds(self, reading: Reading) -> bool:
        return bool(digits_in(reading))

    def hear(self, readings: Sequence[Reading]) -> Verdict:
        """The length chooses: the first reading that has it, alone or with what was keyed."""
        answer = self._said(readings, (self.length,))
        return Unanswered() if answer is None else self._judge(answer)

    def _after_key(self) -> Verdict:
        return self.end_of_keys() if len(self.gathered) == self.length else Partial()

    def end_of_keys(self) -> Verdict:
        return self._judge(self.gathered.reveal())

    def _judge(self, code: str) -> Verdict:
        self.gathered.wipe()
        if len(code) != self.length:
            count = {"count": Count(self.length)}
            say = (Prompt("security_code.invalid", count),)
            return Refused(ErrorName.INVALID_SECURITY_CODE, say)
        self.forget()
        self.value = SecurityCode(code)
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
        return self.value.reveal() if self.value is not None else ""

    def forget(self) -> None:
        if self.value is not None:
            self.value.wipe()
        self.value = None
        self.gathered.wipe()
