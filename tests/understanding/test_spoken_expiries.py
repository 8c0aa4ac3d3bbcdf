import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoken import expiry_styles

from bot.understanding.numbers import read_expiries


@given(st.integers(1, 12), st.integers(2026, 2049))
@settings(deadline=None)
def test_every_expiry_is_read_back_exactly_in_every_natural_way(month: int, year: int) -> None:
    for style, said in expiry_styles(month, year):
        readings = read_expiries(said, this_year=2026)
        assert readings, (style, said)
        assert (readings[0].month, readings[0].year) == (month, year), (style, said)


@pytest.mark.parametrize(
    ("said", "month", "year"),
    [
        ("oh four twenty nine", 4, 2029),
        ("zero four two nine", 4, 2029),
        ("four twenty nine", 4, 2029),
        ("April twenty twenty nine", 4, 2029),
        ("april of twenty-nine", 4, 2029),
        ("april '29", 4, 2029),
        ("apr 29", 4, 2029),
        ("april 29th 2029", 4, 2029),
        ("30 April 2029", 4, 2029),
        ("thirtieth of april twenty nine", 4, 2029),
        ("four slash twenty nine", 4, 2029),
        ("zero four slash two zero two nine", 4, 2029),
        ("04/29", 4, 2029),
        ("04 / 29", 4, 2029),
        ("04-29", 4, 2029),
        ("04.29", 4, 2029),
        ("0429", 4, 2029),
        ("0 429", 4, 2029),
        ("4/2029", 4, 2029),
        ("042029", 4, 2029),
        ("2029-04", 4, 2029),
        ("04/30/2029", 4, 2029),
        ("30/04/2029", 4, 2029),
        ("the fourth of twenty nine", 4, 2029),
        ("the fourth month of twenty nine", 4, 2029),
        ("month four year twenty nine", 4, 2029),
        ("four two thousand and twenty nine", 4, 2029),
        ("wrong expiry date, it's oh four twenty nine", 4, 2029),
        ("december thirty", 12, 2030),
        ("ten twenty nine", 10, 2029),
        ("twelve thirty one", 12, 2031),
        ("one two three one", 12, 2031),
        ("eleven twenty twenty six", 11, 2026),
        ("11 2 6", 11, 2026),
        ("one twenty nine", 1, 2029),
        ("march twenty eight", 3, 2028),
        ("May 2030", 5, 2030),
        ("sept twenty seven", 9, 2027),
        ("seven slash thirty-one", 7, 2031),
        ("oh seven three oh", 7, 2030),
        ("November", 11, None),
        ("may", 5, None),
        ("four", 4, None),
        ("twenty nine", None, 2029),
        ("twenty thirty", None, 2030),
        ("2029", None, 2029),
    ],
)  # fmt: skip
def test_what_callers_say_and_recognisers_print_is_read(
    said: str, month: int | None, year: int | None
) -> None:
    best = read_expiries(said, this_year=2026)[0]
    assert (best.month, best.year) == (month, year)


@pytest.mark.parametrize(
    ("said", "month", "year"),
    [
        ("oh four twenty nine, sorry, oh five twenty nine", 5, 2029),
        ("oh four no oh five twenty nine", 5, 2029),
        ("oh four twenty nine no thirty", 4, 2030),
        ("april no may twenty twenty nine", 5, 2029),
        ("april twenty eight no twenty nine", 4, 2029),
        ("april twenty nine not may twenty nine", 4, 2029),
        ("november not december", 11, None),
        ("not april, may", 5, None),
    ],
)
def test_a_correction_replaces_just_what_it_says_again(
    said: str, month: int, year: int | None
) -> None:
    best = read_expiries(said, this_year=2026)[0]
    assert (best.month, best.year) == (month, year)


def test_a_date_said_with_the_year_first_is_read_but_less_likely() -> None:
    readings = [(r.month, r.year) for r in read_expiries("one one two six", this_year=2026)]
    assert readings[0] == (11, 2026)
    assert (4, 2029) in [(r.month, r.year) for r in read_expiries("twenty nine oh four")]


@pytest.mark.parametrize(
    "said", ["four slash twenty nine", "april of twenty nine", "04/29", "the fourth of twenty nine"]
)
def test_an_unambiguous_date_has_one_reading(said: str) -> None:
    assert [(r.month, r.year) for r in read_expiries(said)] == [(4, 2029)]


def test_an_implausible_year_comes_after_a_plausible_one() -> None:
    assert read_expiries("twelve eleven", this_year=2026)[0].year == 2011
    readings = read_expiries("11 12", this_year=2010)
    assert (readings[0].month, readings[0].year) == (11, 2012)


@pytest.mark.parametrize(
    "said",
    ["", "thirteen twenty nine", "00/29", "zero zero two nine", "13/29", "you may go", "march on",
     "not november", "four one one one one one one one", "a hundred and twenty", "<date>"],
)  # fmt: skip
def test_an_impossible_month_or_no_date_has_no_reading(said: str) -> None:
    assert read_expiries(said) == []


def test_a_date_shows_no_value_in_its_repr() -> None:
    assert "29" not in repr(read_expiries("oh four twenty nine")[0])


@given(st.text(max_size=80))
@settings(deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    for reading in read_expiries(text):
        assert reading.month is None or 1 <= reading.month <= 12
        assert reading.month is not None or reading.year is not None
