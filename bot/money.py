"""Money: whole minor units of one currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision

from bot.errors import SettingsError


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency."""

    minor_units: int
    currency: str = "USD"

    @classmethod
    def parse(cls, text: str, currency: str = "USD") -> Money:
        """'87.50' -> Money(8750). Raises SettingsError for what is not a plain decimal amount."""
        try:
            scaled = Decimal(text).scaleb(get_currency_precision(currency))
        except InvalidOperation:
            raise SettingsError(f"{text!r} is not an amount; write it like 87.50") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value() or scaled < 0:
            raise SettingsError(
                f"{text!r} is not an amount of {currency}; write it like 87.50, not negative"
            )
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
