"""What an answer should be within."""

from __future__ import annotations

import pytest

from bot.cards import Expiry
from bot.expectations import ExpiryLimits


@pytest.mark.parametrize(
    ("month", "year", "allowed"),
    [
        (10, 2026, False),
        (11, 2026, True),
        (1, 2027, True),
        (12, 2046, True),
        (1, 2047, False),
        (12, 2025, False),
    ],
)
def test_a_card_runs_from_this_month_to_the_last_year_one_is_issued_for(
    month: int, year: int, allowed: bool
) -> None:
    limits = ExpiryLimits(Expiry(11, 2026), Expiry(12, 2046))
    assert limits.allow(Expiry(month, year)) is allowed
