import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spoken import amount_styles

from bot.understanding.numbers import read_amounts


@given(st.integers(1, 9_999_999))
@settings(deadline=None)
@example(1)
@example(50)
@example(100)
@example(1001)
@example(101_001)
@example(2_000_20)
@example(9_999_999)
def test_every_amount_is_read_back_exactly_in_every_natural_way(minor_units: int) -> None:
    for style, said in amount_styles(minor_units):
        readings = read_amounts(said)
        assert readings, (style, said)
        assert readings[0].minor_units == minor_units, (style, said)


@pytest.mark.parametrize(
    ("said", "minor_units"),
    [
        ("eighty seven fifty", 87_50),
        ("eighty-seven fifty", 87_50),
        ("eighty seven, fifty", 87_50),
        ("eighty seven dollars and fifty cents", 87_50),
        ("eighty seven dollars fifty", 87_50),
        ("a hundred and twenty", 120_00),
        ("hundred and twenty", 120_00),
        ("one twenty", 120_00),
        ("one twenty dollars", 120_00),
        ("pay one twenty five please", 125_00),
        ("five fifty", 5_50),
        ("nine ninety nine", 9_99),
        ("five fifty dollars", 550_00),
        ("eighty seven fifty dollars", 87_50),
        ("twelve fifty dollars", 1250_00),
        ("twelve fifty", 12_50),
        ("five oh five", 505_00),
        ("one oh five fifty", 105_50),
        ("one eighty seven fifty", 187_50),
        ("twelve thirty four fifty six", 1234_56),
        ("three forty nine ninety nine", 349_99),
        ("nineteen ninety nine", 19_99),
        ("twelve hundred", 1200_00),
        ("twelve hundred and fifty dollars", 1250_00),
        ("one thousand two hundred and thirty four dollars and five cents", 1234_05),
        ("a grand", 1000_00),
        ("two grand", 2000_00),
        ("half a grand", 500_00),
        ("a couple hundred", 200_00),
        ("a couple of thousand dollars", 2000_00),
        ("fifty cents", 50),
        ("ninety-nine cents", 99),
        ("fifty sense", 50),
        ("one cent", 1),
        ("half a dollar", 50),
        ("a quarter", 25),
        ("a dollar and a quarter", 1_25),
        ("a buck fifty", 1_50),
        ("dollar fifty", 1_50),
        ("a dollar", 1_00),
        ("two and a half dollars", 2_50),
        ("eighty-seven bucks", 87_00),
        ("eighty seven point five", 87_50),
        ("eighty seven point oh five", 87_05),
        ("eight seven point five zero", 87_50),
        ("point five", 50),
        ("one two five dollars", 125_00),
        ("$87.50", 87_50),
        ("$ 87.50 please.", 87_50),
        ("$87 and 50 cents", 87_50),
        ("$87 50", 87_50),
        ("$1,234.56", 1234_56),
        ("$.50", 50),
        ("87.50", 87_50),
        ("87.5", 87_50),
        ("87,50", 87_50),
        ("87 50", 87_50),
        ("1,200", 1200_00),
        ("1.5k", 1500_00),
        ("5k", 5000_00),
        ("120", 120_00),
        ("I owe eighty seven fifty I think", 87_50),
        ("I'd like to pay eighty dollars on my visa ending four two four two", 80_00),
        ("zero dollars", 0),
    ],
)  # fmt: skip
def test_what_callers_say_and_recognisers_print_is_read(said: str, minor_units: int) -> None:
    assert read_amounts(said)[0].minor_units == minor_units


@pytest.mark.parametrize(
    ("said", "minor_units"),
    [
        ("eighty no ninety dollars", 90_00),
        ("eighty sorry ninety", 90_00),
        ("make it ninety not eighty", 90_00),
        ("not eighty but ninety", 90_00),
        ("it's not eighty it's ninety", 90_00),
        ("ninety instead of eighty", 90_00),
        ("change it from eighty to ninety", 90_00),
        ("eighty seven fifty no sixty", 87_60),
        ("eighty seven fifty no eighty seven sixty", 87_60),
        ("eighty seven dollars and fifty cents no sixty cents", 87_60),
        ("fifty dollars, I mean, sixty dollars", 60_00),
        ("a hundred and twenty, no, thirty", 130_00),
    ],
)
def test_what_a_caller_takes_back_is_gone(said: str, minor_units: int) -> None:
    assert read_amounts(said)[0].minor_units == minor_units


@pytest.mark.parametrize(
    ("said", "first", "second"),
    [
        ("one twenty", 120_00, 1_20),
        ("two fifty", 2_50, 250_00),
        ("five oh five", 505_00, 5_05),
        ("eighty seven fifty", 87_50, 8750_00),
        ("nineteen ninety nine", 19_99, 1999_00),
        ("8750", 8750_00, 87_50),
        ("three hundred fifty", 350_00, 300_50),
        ("eighty seven fifty no sixty", 87_60, 60_00),
    ],
)
def test_an_ambiguous_amount_has_both_readings_the_sensible_one_first(
    said: str, first: int, second: int
) -> None:
    readings = read_amounts(said)
    assert [reading.minor_units for reading in readings[:2]] == [first, second]
    assert readings[0].reason != readings[1].reason


@pytest.mark.parametrize(
    ("said", "currency"),
    [
        ("eighty dollars", "USD"), ("$80", "USD"), ("eighty bucks", "USD"), ("two quid", "GBP"),
        ("£2.50", "GBP"), ("fifty p", "GBP"), ("50p", "GBP"), ("two pounds fifty", "GBP"),
        ("twelve euros", "EUR"), ("€12.50", "EUR"), ("eighty", ""), ("fifty cents", ""),
    ],
)  # fmt: skip
def test_the_currency_is_what_the_caller_said(said: str, currency: str) -> None:
    assert read_amounts(said)[0].currency == currency


@pytest.mark.parametrize(
    "said",
    ["", "the full amount", "half of it", "a hundred percent", "not eighty", "two of them",
     "a quarter of the balance", "in dollars", "the other one", "<amount>", "4111111111111111"],
)  # fmt: skip
def test_where_no_amount_was_given_there_is_no_reading(said: str) -> None:
    assert read_amounts(said) == []


def test_an_amount_shows_no_value_in_its_repr() -> None:
    assert "8750" not in repr(read_amounts("$87.50")[0])


@given(st.text(max_size=80))
@settings(deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    for reading in read_amounts(text):
        assert reading.minor_units >= 0
        assert 0 <= reading.start < reading.end <= len(text)


@pytest.mark.parametrize(
    ("said", "rivals"),
    [
        ("five fifty", [5_50, 550_00]),
        ("two twenty five", [2_25, 225_00]),
        ("five fifty dollars", [550_00, 5_50]),
        ("twelve fifty dollars", [1250_00, 12_50]),
        ("I'd like to pay six ninety please", [6_90, 690_00]),
    ],
)
def test_an_amount_said_in_a_way_that_can_mean_two_has_a_rival(
    said: str, rivals: list[int]
) -> None:
    first, second, *others = read_amounts(said)
    assert [first.minor_units, second.minor_units] == rivals
    assert (first.rival, second.rival) == (False, True)
    assert not any(other.rival for other in others)


@pytest.mark.parametrize(
    "said",
    ["one twenty", "five oh five", "eighty seven fifty", "twelve fifty", "one twenty dollars",
     "eighty seven fifty dollars",
     "one hundred fifty", "three hundred fifty", "fifty dollars", "8750"],
)  # fmt: skip
def test_an_amount_that_people_mean_in_one_way_has_no_rival(said: str) -> None:
    assert not any(reading.rival for reading in read_amounts(said))
