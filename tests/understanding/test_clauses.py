"""Several corrections in one sentence are cut apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.expectations import Field
from bot.understanding.clauses import clauses
from bot.understanding.numbers import replace_numbers

AMOUNT, CARD, EXPIRY, CODE, ZIP = (
    Field.AMOUNT, Field.CARD_NUMBER, Field.EXPIRY, Field.SECURITY_CODE, Field.POSTAL_CODE,
)  # fmt: skip


def cut(text: str) -> list[tuple[Field, str]]:
    return [(clause.about, clause.text) for clause in clauses(replace_numbers(text))]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("the expiry and the zip", [EXPIRY, ZIP]),
        ("the zip and the code", [ZIP, CODE]),
        ("the amount, the zip and the code", [AMOUNT, ZIP, CODE]),
        ("the expiry date on the card and the code on the back of the card", [EXPIRY, CODE]),
        ("i want to correct the expiry and the zip code", [EXPIRY, ZIP]),
        ("both the card number and the expiry are wrong", [CARD, EXPIRY]),
        ("the zip is wrong as well as the amount", [ZIP, AMOUNT]),
    ],
)
def test_each_field_that_is_named_has_a_clause(text: str, fields: list[Field]) -> None:
    assert [about for about, _ in cut(text)] == fields


def test_a_clause_keeps_its_number() -> None:
    said = "the expiry is oh four twenty nine and the zip is nine oh two one oh"
    assert cut(said) == [
        (EXPIRY, "the expiry is oh four twenty nine"),
        (ZIP, "the zip is nine oh two one oh"),
    ]


def test_no_clause_shows_a_number_in_its_masked_text_or_its_repr() -> None:
    found = clauses(replace_numbers("the card number is 4242424242424242 and the zip is 90210"))
    assert [clause.masked for clause in found] == [
        "the card number is <digits>",
        "the zip is <digits>",
    ]
    assert "4242" not in repr(found)


def test_what_names_no_field_belongs_to_the_clause_it_stands_by() -> None:
    assert cut("no that's wrong, the zip is wrong and it's one two three four five, "
               "and the amount is eighty dollars") == [
        (ZIP, "no that's wrong, the zip is wrong, it's one two three four five"),
        (AMOUNT, "the amount is eighty dollars"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "the zip is fine but the expiry is wrong",
        "the zip is right and the expiry isn't",
        "no the zip is right but the expiry is wrong",
        "nope, the zip is fine but the expiry is wrong",
    ],
)
def test_what_is_said_to_be_right_is_not_corrected(text: str) -> None:
    assert [about for about, _ in cut(text)] == [EXPIRY]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the expiry is wrong and it's oh four twenty nine",
        "the month and the year are wrong",
        "a hundred and twenty dollars",
        "everything is right and the card is right",
        "the zip, no the expiry, no the zip",
    ],
)
def test_a_sentence_about_one_thing_is_not_cut(text: str) -> None:
    assert cut(text) == []


@given(st.text(max_size=60))
def test_no_text_is_too_strange_to_cut(text: str) -> None:
    clauses(replace_numbers(text))
