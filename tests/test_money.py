import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.money import Money


@given(st.integers(0, 10_000_000), st.sampled_from(["USD", "EUR", "CAD", "JPY"]))
def test_an_amount_written_is_the_amount_read(minor_units: int, currency: str) -> None:
    money = Money(minor_units, currency)
    assert Money.parse(str(money), currency) == money


def test_a_currency_without_minor_units_has_none() -> None:
    assert str(Money.parse("500", "JPY")) == "500"
    with pytest.raises(SettingsError, match="not an amount of JPY"):
        Money.parse("5.50", "JPY")


@pytest.mark.parametrize(
    "text",
    ["", "eighty", "1,000.00", "-5.00", "0.005", "NaN", "Infinity", "1e3", "1e999999", "1_000",
     "\N{ARABIC-INDIC DIGIT FIVE}", " 5", "5\n", "4242424242424242"],
)  # fmt: skip
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Money.parse(text)
    assert repr(text) in str(raised.value)
    assert "87.50" in str(raised.value)


def test_people_read_it_with_its_sign() -> None:
    assert Money(123450).spoken() == "$1,234.50"
