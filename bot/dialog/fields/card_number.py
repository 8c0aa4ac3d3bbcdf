"""The card number, given in as many pieces, by voice and keys, as the caller likes (R1 step 4).

Spoken numbers follow the doubtful-card rule of the design: the reading that fits length, IIN and
check sum is taken when it is likely enough; otherwise the caller is asked again, and after two
tries pointed to the keys. Nothing heard is repaired: a check sum alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.cards import CardNumber, SecretDigits, brand_of, is_card_number, lengths_for, rules_of
from bot.dialog.fields.machine import FieldMachine, digits_in
from bot.dialog.fields.verdicts import Partial, Refused, Taken, Unanswered, Verdict
from bot.expectations import Expectation, Field, Kind, Reading
from bot.outcomes import ErrorName
from bot.prompts import Count, Prompt
from bot.settings import PaymentSettings

_IIN_DIGITS = 4
"""Leading digits after which a brand is known or the number belongs to none (the table's longest
range)."""

_USUAL_LENGTH = 16
"""Where a spoken number is judged even if its brand has longer ones (Visa: 13, 16, 19): a misheard
16-digit number is common, a pause inside a 19-digit one is rare."""


class CardNumberField(FieldMachine):
    field: ClassVar[Field] = Field.CARD_NUMBER

    def __init__(self, settings: PaymentSettings) -> None:
        super().__init__()
        self.value: CardNumber | None = None
        self._settings = settings
        self._doubts = 0

    @property
    def is_given(self) -> bool:
        return self.value is not None

    def ask(self) -> Prompt:
        if len(self.gathered):
            return Prompt("card_number.so_far", {"count": Count(len(self.gathered))})
        return Prompt("card_number.ask")

    def expectation(self) -> Expectation:
        so_far = self.gathered.reveal()
        lengths = tuple(length for length in lengths_for(so_far) if length > len(so_far))
        return Expectation(
            Kind.CARD,
            lengths=lengths,
            field=self.field,
            given_digits=self._given_digits(),
            sensitive=True,
        )

    def finds(self, reading: Reading) -> bool:
        return bool(digits_in(reading))

    def hear(self, readings: Sequence[Reading]) -> Verdict:
        said = [reading for reading in readings if digits_in(reading)]
        if not said:
            return Unanswered()
        enough = self._settings.accept_card_confidence
        fitting = max(
            (reading for reading in said if self._whole(digits_in(reading))),
            key=lambda reading: reading.confidence,
            default=None,
        )
        if fitting is not None and fitting.confidence >= enough:
            return self._take(self._whole(digits_in(fitting)))
        heard = next((reading for reading in said if reading.as_heard), said[0])
        if heard.confidence < enough:
            return self._doubt()
        # Heard clearly, and not a whole valid number: a piece of one, or a wrong one.
        return self._add_piece(digits_in(heard))

    def _whole(self, digits: str) -> str:
        """The valid number these digits complete, or are when the caller began anew; else none."""
        for number in (self.gathered.reveal() + digits, digits):
            if is_card_number(number):
                return number
        return ""

    def _add_piece(self, digits: str) -> Verdict:
        so_far = self.gathered.reveal() + digits
        lengths = lengths_for(so_far)
        judged_at = _USUAL_LENGTH if _USUAL_LENGTH in lengths else max(lengths)
        no_such_brand = len(so_far) >= _IIN_DIGITS and brand_of(so_far) is None
        if no_such_brand or len(so_far) >= judged_at:
            return self._invalid()
        self.gathered.add_spoken(digits)
        return Partial()

    def _doubt(self) -> Verdict:
        """The first time only the doubtful piece is asked again; after that the whole number, for
        then an earlier piece may be what is wrong."""
        self._doubts += 1
        if len(self.gathered) and self._doubts == 1:
            return Refused(ErrorName.NOT_UNDERSTOOD, (Prompt("not_understood"),))
        self.gathered.wipe()
        return Refused(ErrorName.NOT_UNDERSTOOD, (Prompt("card_number.doubtful"),))

    def _after_key(self) -> Verdict:
        keyed = self.gathered.reveal()
        if len(keyed) < max(lengths_for(keyed)):
            return Partial()
        if is_card_number(keyed):
            return self._take(keyed)
        return self._split(keyed)

    def _split(self, keyed: str) -> Verdict:
        """Keys ran on beyond a shorter valid number: type-ahead for the next question."""
        for length in sorted(lengths_for(keyed), reverse=True):
            beyond = len(keyed) - length
            if 0 < beyond <= self.gathered.keyed and is_card_number(keyed[:length]):
                return self._take(keyed[:length], typed_ahead=SecretDigits(keyed[length:]))
        return self._invalid()

    def end_of_keys(self) -> Verdict:
        keyed = self.gathered.reveal()
        return self._take(keyed) if is_card_number(keyed) else self._invalid()

    def _take(self, number: str, typed_ahead: SecretDigits | None = None) -> Verdict:
        self.gathered.wipe()
        brand = brand_of(number)
        if brand is None or brand not in self._settings.brands:
            return Refused(ErrorName.INVALID_CARD_TYPE, (Prompt("card_number.type_not_allowed"),))
        self.forget()
        self.value = CardNumber(number)
        return Taken(f"{rules_of(brand).name} {self.value.last_four}", typed_ahead)

    def _invalid(self) -> Verdict:
        self.gathered.wipe()
        return Refused(ErrorName.INVALID_CARD_NUMBER, (Prompt("card_number.invalid"),))

    def forget(self) -> None:
        if self.value is not None:
            self.value.wipe()
        self.value = None
        self.gathered.wipe()
        self._doubts = 0
