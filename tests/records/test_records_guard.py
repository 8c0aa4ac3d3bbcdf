from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from bot.cards import is_card_number
from bot.errors import StoreError
from bot.records.guard import refuse_card_identifier, refuse_card_text, refuse_card_value

NUMBERS = [
    "4111111111111111", "5555555555554444", "378282246310005", "6011111111111117",
    "4000000000000002", "30569309025904", "3530111333300000", "6759649826438453",
]  # fmt: skip

BETWEEN = ["", " ", "-", " - ", "\u2013", "\u00a0"]


def is_refused(text: str) -> bool:
    try:
        refuse_card_text(text, "text")
    except StoreError:
        return True
    return False


@settings(deadline=None)
@given(
    number=st.sampled_from(NUMBERS),
    between=st.sampled_from(BETWEEN),
    before=st.text(st.characters(exclude_categories=("Nd", "Cs")), max_size=5),
    after=st.text(st.characters(exclude_categories=("Nd", "Cs")), max_size=5),
)
def test_a_card_number_is_refused_however_it_is_written(
    number: str, between: str, before: str, after: str
) -> None:
    assert is_refused(before + between.join(number) + after)
    groups = between.join(number[i : i + 4] for i in range(0, len(number), 4))
    assert is_refused(before + groups + after)


@settings(deadline=None)
@given(digits=st.text("0123456789", min_size=11, max_size=18))
def test_any_run_that_passes_luhn_is_refused(digits: str) -> None:
    assert is_refused(f"no {digits}{luhn.calc_check_digit(digits)} then")


@pytest.mark.parametrize("number", NUMBERS)
def test_an_expiry_after_a_number_or_an_escape_before_it_does_not_hide_it(number: str) -> None:
    assert is_refused(f"{number} 04 29")
    assert is_refused(f"pan%20{number}")


def test_digits_of_another_script_are_digits() -> None:
    assert is_refused("٤١١١١١١١١١١١١١١١")


@pytest.mark.parametrize(
    "harmless",
    [
        "",
        "Visa ending in 1111",
        "************1111",
        "your reference is 7 4 4 1 9",
        "2026-11-22 06:17:26",
        "87.50 on 04/29",
        "4111 and 1111 and 1111 and 1111",
        "4111111111111112",
        "00000000000",
    ],
)
def test_what_is_no_card_number_passes(harmless: str) -> None:
    refuse_card_text(harmless, "text")


@settings(deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True).filter(lambda x: not x.is_integer()))
def test_the_decimals_of_a_measured_value_are_no_card_number(value: float) -> None:
    refuse_card_value(value, "confidence")


def test_whole_numbers_are_looked_at() -> None:
    for value in (4111111111111111, 4111111111111111.0):
        with pytest.raises(StoreError):
            refuse_card_value(value, "x")
    refuse_card_value(True, "x")


@settings(deadline=None)
@given(st.text("0123456789", min_size=12, max_size=19))
def test_an_identifier_is_refused_only_for_a_number_of_a_known_brand(digits: str) -> None:
    windows = {digits[a:b] for a in range(len(digits)) for b in range(a + 12, len(digits) + 1)}
    try:
        refuse_card_identifier(digits, "reference")
    except StoreError:
        assert any(is_card_number(window) for window in windows)
    else:
        assert not any(is_card_number(window) for window in windows)


def test_the_refusal_names_the_place_and_shows_no_digit() -> None:
    with pytest.raises(StoreError, match="text of a heard segment: refused") as refusal:
        refuse_card_text("it is 4111 1111 1111 1111", "text of a heard segment")
    assert not any(character.isdigit() for character in str(refusal.value))
    assert refusal.value.__cause__ is None
