"""Money: whole minor units of one currency, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel.numbers import format_currency, get_currency_precision

from bot.errors import SettingsError

_PLAIN: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,4})?")
"""Shorter than any card number. `Decimal` itself takes "1e3" and "1_000", and rounds long ones."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency."""

    minor_units: int
    currency: str = "USD"

    @classmethod
    def parse(cls, text: str, currency: str = "USD") -> Money:
        """'87.50' -> Money(8750). Raises SettingsError for what is not a plain decimal amount."""
        if not _PLAIN.fullmatch(text):
            raise SettingsError(f"{text!r} is not an amount; write it like 87.50, not negative")
        scaled = Decimal(text).scaleb(get_currency_precision(currency))
        if scaled != scaled.to_integral_value():
            raise SettingsError(f"{text!r} is not an amount of {currency}; write it like 87.50")
        return cls(int(scaled), currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor_units).scaleb(-get_currency_precision(self.currency))

    def __str__(self) -> str:
        """Plain decimal text as gateways and settings write it: '87.50'."""
        return f"{self.decimal:f}"

    def spoken(self, locale: str = "en_US") -> str:
        """As a person reads it: '$87.50'."""
        return format_currency(self.decimal, self.currency, locale=locale)
