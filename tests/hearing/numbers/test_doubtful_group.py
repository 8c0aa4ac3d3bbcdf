"""The least certain group of a card number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hearing.numbers.doubtful_group import doubtful_group, groups_of

VISA = "4111222233334444"
AMEX = "378282246310005"


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        (VISA, [(0, 4), (4, 8), (8, 12), (12, 16)]),
        (AMEX, [(0, 4), (4, 10), (10, 15)]),
        ("4111", []),
        ("9999999999999999", []),
        ("", []),
    ],
)
def test_groups_are_those_printed_on_the_card(number: str, groups: list[tuple[int, int]]) -> None:
    assert groups_of(number) == groups


@pytest.mark.parametrize(
    ("other", "group"),
    [
        ("4111252233334444", (4, 8)),  # a digit taken for another
        ("411122233334444", (4, 8)),  # one of four lost
        ("41112222233334444", (4, 8)),  # one said twice
        ("4111222233334", (12, 16)),  # the rest missing
        ("5111222233334444", (0, 4)),
    ],
)
def test_the_group_that_may_have_been_otherwise_is_in_doubt(
    other: str, group: tuple[int, int]
) -> None:
    assert doubtful_group(VISA, {other: 0.1}) == group


def test_the_likelier_doubt_counts_and_small_ones_add_up() -> None:
    assert doubtful_group(VISA, {"5111222233334444": 0.1, "4111222233334445": 0.2}) == (12, 16)
    many = {"5111222233334444": 0.15, "4111222233334445": 0.1, "4111222233334446": 0.1}
    assert doubtful_group(VISA, many) == (12, 16)


def test_of_an_american_express_card_a_group_may_have_six_digits() -> None:
    assert doubtful_group(AMEX, {"378282346310005": 0.1}) == (4, 10)


def test_nothing_is_in_doubt_where_nothing_else_was_heard() -> None:
    assert doubtful_group(VISA, {}) is None
    assert doubtful_group(VISA, {VISA: 0.4}) is None


def test_what_was_keyed_is_in_no_doubt() -> None:
    assert doubtful_group(VISA, {"5111222233334444": 0.3, "4111222233334445": 0.1}, given=8) == (
        12,
        16,
    )
    assert doubtful_group(VISA, {"5111222233334444": 0.3}, given=8) is None


@given(st.dictionaries(st.text("0123456789", max_size=19), st.floats(0, 1), max_size=6))
def test_a_doubtful_group_is_always_a_whole_group(others: dict[str, float]) -> None:
    assert doubtful_group(VISA, others) in [*groups_of(VISA), None]


@given(st.integers(0, 15), st.integers(1, 9))
def test_any_single_digit_in_doubt_puts_its_own_group_in_doubt(at: int, step: int) -> None:
    other = VISA[:at] + str((int(VISA[at]) + step) % 10) + VISA[at + 1 :]

    group = doubtful_group(VISA, {other: 0.2})

    assert group is not None
    assert group[0] <= at < group[1]
