"""The kinds of values that settings are made of."""

from __future__ import annotations

from typing import Annotated

from babel.numbers import list_currencies
from pydantic import AfterValidator, BeforeValidator, ConfigDict
from pydantic import Field as Limits

from bot.money import Money

STRICT = ConfigDict(extra="forbid")


def _currency(value: str) -> str:
    if value not in list_currencies():
        raise ValueError("an ISO 4217 currency code such as USD, EUR or CAD")
    return value


def _amount(value: object) -> object:
    """TOML floats are refused: 0.1 is not an amount of money."""
    if not isinstance(value, str):
        raise ValueError('an amount in quotes, such as "87.50"')
    Money.parse(value)
    return value


Currency = Annotated[str, AfterValidator(_currency)]
Amount = Annotated[str, BeforeValidator(_amount)]
Milliseconds = Annotated[int, Limits(ge=100, le=600_000)]
Seconds = Annotated[float, Limits(gt=0, le=600)]
Probability = Annotated[float, Limits(ge=0, le=1)]
Tries = Annotated[int, Limits(ge=1, le=10)]
