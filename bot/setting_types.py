"""The kinds of values that settings are made of."""

from __future__ import annotations

from typing import Annotated, Literal

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


LANGUAGES = ("en",)
"""There are prompts, spoken numbers and recognisers for."""


def _language(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"a language there is; so far there is {', '.join(LANGUAGES)}")
    return value


def _words(value: str) -> str:
    if not value.replace(" ", "").replace("-", "").replace("'", "").isalpha():
        raise ValueError('a word or a few, such as "concierge" or "front desk"')
    return value


Language = Annotated[str, AfterValidator(_language)]
Words = Annotated[str, AfterValidator(_words)]
Currency = Annotated[str, AfterValidator(_currency)]
Amount = Annotated[str, BeforeValidator(_amount)]
Milliseconds = Annotated[int, Limits(ge=100, le=600_000)]
Seconds = Annotated[float, Limits(gt=0, le=600)]
SilenceSeconds = Annotated[float, Limits(ge=10, le=600)]
"""Longer than a service that is asked about a card may take, which would else tell of another."""
Probability = Annotated[float, Limits(ge=0, le=1)]
Tries = Annotated[int, Limits(ge=1, le=10)]

Question = Literal[
    "amount", "card_number", "expiry", "security_code", "postal_code", "confirmation"
]
"""Which may have tries of its own. "confirmation" counts for every yes or no."""
