"""What of an utterance may be kept: no digits that are neither an amount nor a date."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.calls.telling import gives_card_digits
from bot.cards import Expiry, SecretDigits
from bot.changes import Change, Place, Unit
from bot.expectations import Field, Intent, Reading, SpokenNumber
from bot.money import Money


def reading(masked: str, *values: Money | Expiry | SecretDigits) -> Reading:
    return Reading(0.9, numbers=tuple(map(SpokenNumber, values)), masked_text=masked)


def dollars(text: str) -> Money:
    return Money.parse(text, "USD")


GROUP_OF_A_CARD = (Change(Place(Unit.GROUP, 1)),)
OF_A_CARD = Reading(0.9, Intent.CORRECT, field=Field.CARD_NUMBER)
PAY = reading("i'd like to pay <amount>", dollars("87.50"), dollars("8750.00"))
WRITTEN_WITHOUT_A_POINT = reading("i'd like to pay <digits>", dollars("8750.00"), dollars("87.50"))


@pytest.mark.parametrize(
    "readings",
    [
        [],
        [reading("hello there")],
        [PAY],
        [reading("it is <date>", Expiry(4, 2029))],
        [PAY, WRITTEN_WITHOUT_A_POINT],
    ],
)
def test_what_holds_no_card_digits_is_kept(readings: list[Reading]) -> None:
    assert not gives_card_digits(readings)


@pytest.mark.parametrize(
    "readings",
    [
        [reading("<digits>", SecretDigits("123"))],
        [WRITTEN_WITHOUT_A_POINT],
        [PAY, reading("i'd like to pay <digits>", dollars("42.42"))],
        [reading("i'd like to pay <amount> <digits>", dollars("87.50"))],
        [PAY, reading("i'd like to pay <amount> <digits>", dollars("87.50"))],
        [PAY, reading("i'd like to pay <digits> <digits>", dollars("87.50"))],
        [reading("<amount>", dollars("42424.00"))],
        [PAY, reading("<digits>", dollars("87.50"), SecretDigits("42424"))],
        [Reading(0.9, Intent.CORRECT, field=Field.SECURITY_CODE)],
        [
            replace(
                reading("the second group is <amount>", dollars("45.39")), changes=GROUP_OF_A_CARD
            )
        ],
        [Reading(0.9, Intent.CORRECT, field=Field.EXPIRY, also=(OF_A_CARD,))],
    ],
)
def test_digits_that_may_be_a_cards_are_not_kept(readings: list[Reading]) -> None:
    assert gives_card_digits(readings)
