"""Whether an amount or a date may go on, by the words so far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Expiry
from bot.expectations import Expectation, ExpiryLimits, Field, Kind
from bot.hearing.numbers.digit_words import TEENS, TENS, UNITS
from bot.hearing.numbers.grammars import expiry_of, grammar_for
from bot.hearing.numbers.number_text import MONTHS, written_stretches
from bot.hearing.numbers.spoken_values import Said, said_so_far

AMOUNT = Expectation(Kind.AMOUNT)
LIMITS = ExpiryLimits(Expiry(11, 2026), Expiry(11, 2046))
DATE = Expectation(Kind.EXPIRY, expiries=LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        "forty two dollars and ten cents",
        "twelve point five oh",
        "sixty five dollars please",
        "um sixty five please thank you",
        "i'd like to pay forty two dollars and ten cents please",
    ],
)
def test_an_amount_with_its_cents_or_a_please_is_all(text: str) -> None:
    assert said_so_far(text, AMOUNT) is Said.ALL


@pytest.mark.parametrize(
    "text",
    [
        "eighty seven",
        "eighty seven dollars",
        "eighty seven fifty",
        "eighty seven fifty five",
        "one twenty",
        "seven",
        "a hundred",
        "two thousand dollars",
        "eighty seven dollars for my bill",
    ],
)
def test_an_amount_that_more_may_follow_is_perhaps_all(text: str) -> None:
    assert said_so_far(text, AMOUNT) is Said.PERHAPS_ALL


@pytest.mark.parametrize(
    "text", ["a hundred and", "eighty seven dollars and", "sixty five um", "twelve point"]
)
def test_an_amount_that_breaks_off_is_not_all(text: str) -> None:
    assert said_so_far(text, AMOUNT) is Said.NOT_ALL


@pytest.mark.parametrize("text", ["", "yes", "the full amount", "forty no wait fifty", "$87.50"])
def test_where_no_one_amount_was_said_nothing_is_known(text: str) -> None:
    assert said_so_far(text, AMOUNT) is Said.NOTHING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oh four twenty nine", Said.ALL),
        ("april twenty twenty nine", Said.ALL),
        ("one two three oh", Said.ALL),
        ("it's november of two thousand and thirty one", Said.ALL),
        ("oh four thirty", Said.PERHAPS_ALL),
        ("one two thirty", Said.PERHAPS_ALL),
        ("oh four nineteen", Said.PERHAPS_ALL),
        ("oh four twenty", Said.NOT_ALL),
        ("november twenty twenty", Said.NOT_ALL),
        ("oh four", Said.NOT_ALL),
        ("april", Said.NOT_ALL),
        ("may", Said.NOT_ALL),
        ("oh four two", Said.NOT_ALL),
        ("i don't know", Said.NOTHING),
    ],
)
def test_a_date_is_all_when_neither_words_nor_the_calendar_let_it_go_on(
    text: str, expected: Said
) -> None:
    assert said_so_far(text, DATE) is expected


def test_at_a_yes_or_no_question_no_number_is_an_answer() -> None:
    asked = Expectation(Kind.YES_NO, field=Field.AMOUNT)
    assert said_so_far("forty two dollars and ten cents", asked) is Said.NOTHING


_WORDS = [*UNITS, *TEENS, *TENS, *MONTHS, "hundred", "dollars", "and", "cents", "point", "slash"]


@given(
    st.sampled_from([AMOUNT, DATE]),
    st.lists(st.sampled_from(_WORDS), max_size=6),
    st.sampled_from(_WORDS),
)
def test_no_word_makes_another_value_of_what_is_all(
    asked: Expectation, said: list[str], more: str
) -> None:
    nothing_else = written_stretches(said) == [(0, len(said))]
    if not nothing_else or said_so_far(" ".join(said), asked) is not Said.ALL:
        return
    grammar = grammar_for(asked, "")
    assert grammar is not None
    before, after = grammar.read(said), grammar.read([*said, more])
    assert before
    assert set(after) <= set(before)
    if asked is DATE:
        assert any(LIMITS.allow(expiry_of(value)) for value in before)
