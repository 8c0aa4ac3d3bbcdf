"""How values are said, as tables and as rules over all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Brand, CardNumber, Expiry
from bot.errors import CatalogueError
from bot.money import Money
from bot.prompts import Count, Digits, PromptValue, Reference
from bot.speaking.english import ATOMS, LARGEST_NUMBER, pieces_of
from bot.speaking.pieces import Ending, Pause


def said(value: PromptValue, ending: Ending = Ending.FINAL) -> str:
    return " ".join(piece.text for piece in pieces_of(value, ending))


def grouped(value: PromptValue) -> str:
    """The characters as written, a bar where a group ends."""
    out = ""
    pieces = pieces_of(value, Ending.FINAL)
    for piece in pieces:
        out += piece.id.split(".")[1] + ("|" if piece.pause is Pause.GROUP else "")
    return out


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "zero dollars"),
        ("0.01", "one cent"),
        ("0.05", "five cents"),
        ("1.00", "one dollar"),
        ("1.01", "one dollar and one cent"),
        ("87.50", "eighty-seven dollars and fifty cents"),
        ("100", "one hundred dollars"),
        ("115.10", "one hundred fifteen dollars and ten cents"),
        ("1200", "one thousand two hundred dollars"),
        ("10000.30", "ten thousand dollars and thirty cents"),
        (
            "999999.99",
            "nine hundred ninety-nine thousand nine hundred ninety-nine dollars"
            " and ninety-nine cents",
        ),
        ("2000000", "two million dollars"),
    ],
)
def test_an_amount_is_said_as_a_person_reads_it(amount: str, words: str) -> None:
    assert said(Money.parse(amount)) == words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("1.20", "EUR", "one euro and twenty cents"),
        ("2.01", "GBP", "two pounds and one penny"),
        ("3.50", "GBP", "three pounds and fifty pence"),
        ("87.50", "CHF", "eighty-seven point five zero Swiss francs"),
        ("1", "CHF", "one Swiss franc"),
        ("500", "JPY", "five hundred Japanese yen"),
        ("1.005", "KWD", "one point zero zero five Kuwaiti dinars"),
    ],
)
def test_other_currencies_have_their_own_words(amount: str, currency: str, words: str) -> None:
    assert said(Money.parse(amount, currency)) == words


@given(st.integers(min_value=0, max_value=1_000_000).map(Money))
def test_every_amount_up_to_ten_thousand_dollars_is_made_of_recorded_atoms(amount: Money) -> None:
    for ending in Ending:
        for piece in pieces_of(amount, ending):
            assert ATOMS[piece.id] == piece.text


@given(st.integers(min_value=0, max_value=LARGEST_NUMBER))
def test_only_the_last_atom_of_a_number_falls_and_only_at_the_end_of_a_sentence(n: int) -> None:
    for ending in Ending:
        forms = [piece.id.rpartition(".")[2] for piece in pieces_of(Count(n), ending)]
        assert forms[-1] == ("final" if ending is Ending.FINAL else "mid")
        assert set(forms[:-1]) <= {"mid"}


@given(st.integers(min_value=0, max_value=100 * LARGEST_NUMBER).map(Money))
def test_only_the_last_atom_of_an_amount_falls(amount: Money) -> None:
    forms = [piece.id.rpartition(".")[2] for piece in pieces_of(amount, Ending.FINAL)]
    assert forms[-1] == "final"
    assert set(forms[:-1]) <= {"mid"}


@pytest.mark.parametrize(
    ("expiry", "words"),
    [
        (Expiry(4, 2029), "April twenty twenty-nine"),
        (Expiry(12, 2030), "December twenty thirty"),
        (Expiry(1, 2010), "January twenty ten"),
        (Expiry(1, 2009), "January two thousand nine"),
        (Expiry(1, 2000), "January two thousand"),
    ],
)
def test_an_expiry_is_said_as_month_and_year(expiry: Expiry, words: str) -> None:
    assert said(expiry) == words


@given(st.integers(1, 12), st.integers(2000, 2099))
def test_every_expiry_is_made_of_recorded_atoms(month: int, year: int) -> None:
    for piece in pieces_of(Expiry(month, year), Ending.FINAL):
        assert ATOMS[piece.id] == piece.text


@pytest.mark.parametrize("brand", Brand)
def test_every_brand_has_atoms(brand: Brand) -> None:
    for ending in Ending:
        assert all(piece.id in ATOMS for piece in pieces_of(brand, ending))


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("7", "7"),
        ("AB12", "AB12"),
        ("12345", "123|45"),
        ("123456", "123|456"),
        ("1234567", "1234|567"),
        ("1234567890", "1234|567|890"),
        ("pay-7k3m9", "PAY|7K3|M9"),
        ("A 1", "A|1"),
    ],
)
def test_a_reference_is_spelt_in_groups_of_three_or_four(text: str, groups: str) -> None:
    assert grouped(Reference(text)) == groups


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=40))
def test_a_reference_is_spelt_whole_in_order_and_from_recorded_atoms(text: str) -> None:
    pieces = pieces_of(Reference(text), Ending.FINAL)
    assert "".join(piece.id.split(".")[1] for piece in pieces) == text
    assert all(piece.id in ATOMS for piece in pieces)
    lengths = [len(group) for group in grouped(Reference(text)).split("|")]
    assert max(lengths) <= 4
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("4111111111111111", "4111|1111|1111|1111"),
        ("378282246310005", "3782|822463|10005"),
        ("30569309025904", "3056|930902|5904"),
        ("9999", "9999"),
    ],
)
def test_a_card_number_is_read_in_the_groups_printed_on_it(number: str, groups: str) -> None:
    assert grouped(CardNumber(number)) == groups


def test_digits_are_intoned_by_their_place() -> None:
    ids = [piece.id for piece in pieces_of(Digits("12345"), Ending.FINAL)]
    assert ids == [
        "values/digit.1.mid",
        "values/digit.2.mid",
        "values/digit.3.group",
        "values/digit.4.mid",
        "values/digit.5.final",
    ]
    assert pieces_of(Digits("1111"), Ending.COMMA)[-1].id == "values/digit.1.group"


@pytest.mark.parametrize(
    "value", [Money(-1), Count(-1), Count(LARGEST_NUMBER + 1), Reference(""), Digits("-")]
)
def test_a_value_that_cannot_be_said_is_refused(value: PromptValue) -> None:
    with pytest.raises(CatalogueError, match="cannot be said"):
        pieces_of(value, Ending.FINAL)
