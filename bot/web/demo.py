"""The demo bill: something to pay for who opens the page without a bill of their own."""

from __future__ import annotations

from typing import Any

from bot.calls.scenarios.scenario import Parameters
from bot.errors import SettingsError
from bot.money import Money
from bot.paying.simulator.cards import TEST_CARDS
from bot.settings import PaymentSettings, Settings

CUSTOMER = "demo"
_AMOUNT = "87.50"

_SHOWN_CARDS = ("4242424242424242", "378282246310005", "4000000000009995")
"""Of the simulator's: two that pay, of four and three digits of security code, and one that does
not."""


def is_offered(settings: Settings, *, private: bool) -> bool:
    """Whether the page may prepare a demo bill. Never by itself where it would cost real money."""
    match settings.live.web.demo:
        case "auto":
            return private and not settings.gateway.url
        case demo:
            return demo == "on"


def demo_bill(settings: Settings) -> Parameters:
    """An amount that these settings let be paid."""
    return Parameters(customer_id=CUSTOMER, amount=_amount(settings.payment))


def described(settings: Settings) -> dict[str, Any]:
    """The bill as the page shows it; test cards only where no real one could be charged."""
    amount = Money.parse(_amount(settings.payment), settings.payment.currency)
    return {
        "amount": amount.spoken(),
        "test_cards": []
        if settings.gateway.url
        else [{"number": number, "title": TEST_CARDS[number].title} for number in _SHOWN_CARDS],
    }


def _amount(payment: PaymentSettings) -> str:
    if payment.allowed_amounts:
        return payment.allowed_amounts[0]
    try:
        units = payment.money(_AMOUNT).minor_units
    except SettingsError:  # a currency without cents
        return payment.minimum_amount
    least, most = payment.money(payment.minimum_amount), payment.money(payment.maximum_amount)
    return _AMOUNT if least.minor_units <= units <= most.minor_units else payment.minimum_amount
