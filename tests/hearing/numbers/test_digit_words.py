"""Digit strings as people say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hearing.numbers.digit_words import TEENS, TENS, UNITS, spell


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four one oh zero", "4100"),
        ("double five oh", "550"),
        ("triple seven two", "7772"),
        ("forty one eleven", "4111"),
        ("twenty oh five", "2005"),
        ("forty", "40"),
        ("ninety ninety seven", "9097"),
        ("forty <f> one", "401"),
        ("four thousand", "4000"),
        ("four thousand one hundred", "4100"),
        ("four thousand zero zero", "400000"),
        ("forty one hundred", "4100"),
        ("four hundred twelve", "412"),
        ("four hundred and six", "406"),
        ("six hundred five", "6005"),
        ("<f> area code two one two dash five", "2125"),
        ("nought one nought", "010"),
        ("double nought seven", "007"),
        ("four of twenty nine", "429"),
        ("sorry four one one", "411"),
        ("wait <f> four one one correct", "411"),
        ("", ""),
        ("<f>", ""),
    ],
)
def test_spoken_digits_are_spelled(said: str, digits: str) -> None:
    assert spell(said.split()) == digits


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "double <f> four",
        "four no five",
        "four one sorry four two",
        "four wait five",
        "sorry",
        "april four",
        "double",
        "double ten",
        "hundred five",
        "ten dollars",
    ],
)
def test_words_that_are_no_digit_string_are_not_spelled(said: str) -> None:
    assert spell(said.split()) is None


@given(st.lists(st.sampled_from(sorted(UNITS))))
def test_single_digits_come_out_one_for_one(words: list[str]) -> None:
    assert spell(words) == "".join(str(UNITS[word]) for word in words)


@given(st.lists(st.sampled_from([*TENS, *TEENS]), min_size=1))
def test_tens_and_teens_give_two_digits_each(words: list[str]) -> None:
    assert spell(words) == "".join(str({**TENS, **TEENS}[word]) for word in words)
