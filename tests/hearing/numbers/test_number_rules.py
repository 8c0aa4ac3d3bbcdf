"""Which digit strings complete an answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import BRANDS, is_card_number
from bot.hearing.numbers.rules import TRAP, card_numbers, counted

VALID = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"]

IINS = [low for rules in BRANDS for low, _ in rules.iin_ranges]
card_like = st.builds(
    lambda iin, rest: (iin + rest)[:20],
    st.sampled_from(IINS),
    st.text("0123456789", min_size=7, max_size=17),
)


@settings(deadline=None)  # the first example builds the tables
@given(st.one_of(st.text("0123456789", max_size=20), card_like))
def test_the_rule_accepts_exactly_the_card_numbers(digits: str) -> None:
    accepted = any(card_numbers((), odd).accepts(digits) for odd in (False, True))

    assert accepted == is_card_number(digits)


@settings(deadline=None)
@given(card_like)
def test_a_completed_check_digit_is_accepted_by_one_parity_only(body: str) -> None:
    for last in "0123456789":
        digits = body[:15] + last
        if is_card_number(digits):
            odd = len(digits) % 2 == 1
            assert card_numbers((), odd).accepts(digits)
            assert not card_numbers((), not odd).accepts(digits)


@pytest.mark.parametrize("digits", VALID)
def test_a_card_number_given_in_pieces_ends_where_the_whole_one_does(digits: str) -> None:
    rule = card_numbers((), len(digits) % 2 == 1)

    halfway = rule.after(digits[:7])

    assert rule.accepting[rule.after(digits[7:], halfway)]


def test_lengths_asked_for_narrow_what_the_brand_allows() -> None:
    assert card_numbers((), False).accepts("4111111111111111")
    assert not card_numbers((19,), False).accepts("4111111111111111")


def test_a_beginning_of_no_brand_is_a_trap() -> None:
    assert card_numbers((), False).after("9") == TRAP


@given(st.text("0123456789", max_size=12))
def test_a_count_is_all_that_a_counting_rule_looks_at(digits: str) -> None:
    assert counted((3, 9)).accepts(digits) == (len(digits) in {3, 9})
