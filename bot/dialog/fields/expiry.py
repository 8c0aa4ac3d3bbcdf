"""The expiry date: month and year, spoken, or four keys MMYY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import ClassVar

from bot.cards import Expiry
from bot.changes import Change, Unit
from bot.dialog.fields.machine import FieldMachine, digits_in
from bot.dialog.fields.verdicts import Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.expectations import Expectation, ExpiryLimits, Field, Kind, Reading
from bot.outcomes import ErrorName
from bot.prompts import Prompt

_KEYS = 4
_MOST_YEARS_AHEAD = 20
"""No card is issued for longer; a later date was misheard."""


class ExpiryField(FieldMachine):
    field: ClassVar[Field] = Field.EXPIRY

    def __init__(self, today: date) -> None:
        super().__init__()
        self.value: Expiry | None = None
        self._refused: Expiry | None = None
        """The last date given, where no card may carry it: a part of it may still be put right."""
        latest = today.year + _MOST_YEARS_AHEAD
        self._limits = ExpiryLimits(Expiry(today.month, today.year), Expiry(12, latest))

    @property
    def is_given(self) -> bool:
        return self.value is not None

    def ask(self) -> Prompt:
        return Prompt("expiry.ask")

    def expectation(self) -> Expectation:
        return Expectation(
            Kind.EXPIRY,
            lengths=(_KEYS,),
            field=self.field,
            given_digits=self._given_digits(),
            sensitive=True,
            expiries=self._limits,
        )

    def finds(self, reading: Reading) -> bool:
        return reading.expiry is not None or bool(digits_in(reading))

    def hear(self, readings: Sequence[Reading]) -> Verdict:
        """The calendar chooses: the first date that a card may carry; else the best reading."""
        if not any(self.finds(reading) for reading in readings):
            return Unanswered()
        dates = list(self._dates(readings))
        self.gathered.wipe()
        possible = (expiry for expiry in dates if self._limits.allow(expiry))
        return self._judge(next(possible, dates[0] if dates else None))

    def _dates(self, readings: Sequence[Reading]) -> Iterator[Expiry]:
        keyed = self.gathered.reveal()
        for reading in readings:
            for number in reading.numbers:
                if isinstance(number.value, Expiry):
                    yield number.value
            digits = digits_in(reading)
            # Keys and voice inside one date: the whole of both first, then what was said alone.
            for text in dict.fromkeys((keyed + digits, digits)):
                if (expiry := _from_digits(text)) is not None:
                    yield expiry

    def _judge(self, expiry: Expiry | None) -> Verdict:
        self.value, self._refused = None, expiry
        if expiry is None or expiry.year > self._limits.last.year:
            return Refused(ErrorName.INVALID_DATE, (Prompt("expiry.invalid"),))
        if not self._limits.allow(expiry):
            return Refused(ErrorName.INVALID_DATE, (Prompt("expiry.past"),))
        self.value, self._refused = expiry, None
        return Taken(str(expiry))

    def _after_key(self) -> Verdict:
        return self.end_of_keys() if len(self.gathered) == _KEYS else Partial()

    def end_of_keys(self) -> Verdict:
        expiry = _from_digits(self.gathered.reveal())
        self.gathered.wipe()
        return self._judge(expiry)

    def can_amend(self, changes: Sequence[Change], *, named: bool) -> bool:
        return self._amended(changes) not in (None, self.value)

    def amend(self, changes: Sequence[Change], *, named: bool, sure: bool) -> Verdict:
        expiry = self._amended(changes)
        self.gathered.wipe()
        if sure:
            return self._judge(expiry)
        self.forget()
        return Told(())

    def _amended(self, changes: Sequence[Change]) -> Expiry | None:
        """The date with its month or its year changed; None where that is not what was said."""
        held = self.value or self._refused
        for change in changes:
            if held is not None:
                held = _changed(held, change)
        return held

    def forget(self) -> None:
        self.value = self._refused = None
        self.gathered.wipe()


def _changed(expiry: Expiry, change: Change) -> Expiry | None:
    """The date with the part that is meant changed; None where none is, or both might be."""
    new, unit = change.new, _unit_meant(expiry, change)
    if new is None:
        return None
    if unit is Unit.MONTH and new.month is not None:
        return Expiry(new.month, expiry.year)
    if unit is Unit.YEAR and new.year is not None and 2000 <= new.year <= 2099:
        return Expiry(expiry.month, new.year)
    return None


def _unit_meant(expiry: Expiry, change: Change) -> Unit | None:
    if change.place is not None:
        return change.place.unit
    new, old = change.new, change.old
    if new is None or old is None:
        return None
    if old.month is not None and old.digits is None:
        return Unit.MONTH  # "November, not September", whichever month was taken down
    is_month = new.month is not None and old.month == expiry.month
    is_year = new.year is not None and old.year == expiry.year
    if is_month == is_year:
        return None
    return Unit.MONTH if is_month else Unit.YEAR


def _from_digits(digits: str) -> Expiry | None:
    """MMYY, or MMYYYY as some read it out."""
    if len(digits) not in (4, 6):
        return None
    year = int(digits[2:])
    try:
        return Expiry(int(digits[:2]), year if len(digits) == 6 else 2000 + year)
    except ValueError:
        return None
