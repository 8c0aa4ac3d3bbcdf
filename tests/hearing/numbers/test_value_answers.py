"""Amounts, dates, yes and no: by what they are worth, within limits, as heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lattices import VOCABULARY, lattice

from bot.cards import Expiry
from bot.expectations import AmountLimits, Expectation, ExpiryLimits, Field, Kind
from bot.hearing.numbers.value_answers import ValueAnswer, value_answers
from bot.hearing.numbers.word_search import search_words
from bot.money import Money

AMOUNT = Expectation(Kind.AMOUNT)
EXPIRY = Expectation(Kind.EXPIRY)


def answers_to(said: str, expectation: Expectation) -> list[ValueAnswer]:
    frames = lattice(said)
    return value_answers(frames, VOCABULARY, search_words(frames, VOCABULARY), expectation)


def between(least: str, most: str, *allowed: str) -> Expectation:
    amounts = AmountLimits(Money.parse(least), Money.parse(most), tuple(map(Money.parse, allowed)))
    return Expectation(Kind.AMOUNT, amounts=amounts)


def test_all_wordings_of_a_date_count_together() -> None:
    (best, *_) = answers_to("oh|zero:0.45 four twenty nine", EXPIRY)

    assert (best.values, best.fits, best.as_heard) == ((42029,), True, True)
    assert best.probability > 0.95
    assert best.share > 0.95


def test_fillers_around_and_within_add_nothing() -> None:
    (best, *_) = answers_to("<f> oh four <f> twenty nine <f>", EXPIRY)

    assert best.values == (42029,)
    assert best.fits


def test_the_calendar_finds_the_month_that_was_misheard_and_keeps_what_was_heard() -> None:
    best, *others = answers_to("fourteen|four:0.2 twenty nine", EXPIRY)

    assert (best.values, best.fits, best.as_heard) == ((42029,), True, False)
    assert best.probability < 0.25
    [heard] = [answer for answer in others if answer.as_heard]
    assert heard.words == ("fourteen", "twenty", "nine")
    assert (heard.values, heard.share, heard.fits) == ((), 0.0, False)
    assert heard.probability > 0.75


def test_an_expired_date_is_still_heard_but_a_coming_one_is_preferred_in_doubt() -> None:
    limits = ExpiryLimits(Expiry(11, 2026), Expiry(12, 2046))
    expectation = Expectation(Kind.EXPIRY, expiries=limits)

    clear = answers_to("oh four twenty", expectation)
    doubtful = answers_to("oh four twenty nine|two:0.45", expectation)

    assert (clear[0].values, clear[0].fits, clear[0].as_heard) == ((42020,), False, True)
    assert clear[0].share > 0.9
    assert doubtful[0].values == (42029,)
    assert [answer.fits for answer in doubtful[:2]] == [True, False]


def test_limits_settle_a_doubt_between_fifteen_and_fifty() -> None:
    said = "fifteen|fifty:0.4 dollars"

    assert answers_to(said, AMOUNT)[0].values == (1500,)
    assert answers_to(said, between("20.00", "500.00"))[0].values == (5000,)
    assert answers_to(said, between("1.00", "20.00"))[0].values == (1500,)
    assert answers_to(said, between("1.00", "500.00", "25.00", "50.00"))[0].values == (5000,)


def test_a_caller_clearly_below_the_minimum_is_heard() -> None:
    best = answers_to("fifteen|fifty:0.1 dollars", between("20.00", "500.00"))[0]

    assert (best.values, best.fits, best.as_heard) == ((1500,), False, True)


def test_one_of_several_meanings_within_the_limits_is_enough() -> None:
    (best, *_) = answers_to("one twenty", between("100.00", "500.00"))

    assert best.values == (120, 12000)
    assert best.fits


def test_an_open_question_about_money_has_limits_too() -> None:
    limits = between("20.00", "500.00").amounts
    expectation = Expectation(Kind.OPEN, field=Field.AMOUNT, amounts=limits)

    assert answers_to("<f> fifteen|fifty:0.4 dollars", expectation)[0].values == (5000,)


def test_no_and_something_more_is_no_plain_no() -> None:
    plain, *_ = answers_to("no", Expectation(Kind.YES_NO))
    more = answers_to("no <f>", Expectation(Kind.YES_NO))

    assert plain.values
    assert plain.probability > 0.99
    [heard] = [answer for answer in more if answer.as_heard]
    assert not heard.values


@pytest.mark.parametrize("kind", [Kind.CARD, Kind.DIGITS])
def test_questions_without_a_grammar_have_no_values(kind: Kind) -> None:
    assert answers_to("four one", Expectation(kind)) == []


def test_nothing_heard_is_no_answer() -> None:
    assert answers_to("", AMOUNT) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["fifteen", "eighty", "four", "april", "and", "dollars", "<f>", "no"]),
            st.sampled_from(["fifty", "ninety", "five", "hundred", "cents", "nine"]),
            st.floats(0.01, 0.49),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([AMOUNT, EXPIRY, Expectation(Kind.YES_NO), between("20.00", "90.00")]),
)
def test_shares_are_of_one_whole_and_the_likeliest_as_heard_is_never_lost(
    said: list[tuple[str, str, float]], expectation: Expectation
) -> None:
    answers = answers_to(" ".join(f"{a}|{b}:{p}" for a, b, p in said), expectation)

    assert sum(answer.share for answer in answers) <= 1 + 1e-9
    assert sum(answer.probability for answer in answers) <= 1 + 1e-6
    assert all(0 <= answer.probability <= 1 for answer in answers)
    assert sum(answer.as_heard for answer in answers) == 1
    assert all(answer.values for answer in answers if answer.fits)


def test_the_repr_of_an_answer_shows_no_date() -> None:
    text = repr(answers_to("oh four twenty nine", EXPIRY)[0])

    assert "four" not in text
    assert "42029" not in text
