"""Hearing's grammars and understanding's readings are of one mind, phrase by phrase."""

from __future__ import annotations

from random import Random

import pytest

from bot.cards import Expiry
from bot.expectations import Expectation, Field, Kind
from bot.hearing.numbers.grammars import NO, YES, expiry_of, grammar_for
from bot.hearing.numbers.word_grammar import Grammar
from bot.understanding.values import amount_values, expiry_values
from training import texts
from training.vocabulary import stretches, words_of

F = "<f>"
_EXPIRIES = grammar_for(Expectation(Kind.EXPIRY), F)
_AMOUNTS = grammar_for(Expectation(Kind.AMOUNT), F)
_ANSWERS = grammar_for(Expectation(Kind.YES_NO), F)
assert _EXPIRIES is not None
assert _AMOUNTS is not None
assert _ANSWERS is not None
EXPIRIES, AMOUNTS, ANSWERS = _EXPIRIES, _AMOUNTS, _ANSWERS


def dates_in(text: str) -> list[Expiry]:
    return [n.value for n in expiry_values(text, 2026) if isinstance(n.value, Expiry)]


def amounts_in(text: str) -> list[int]:
    return [
        n.value.minor_units for n in amount_values(text, "USD") if hasattr(n.value, "minor_units")
    ]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("oh four twenty nine", "04/29"),
        ("zero four twenty nine", "04/29"),
        ("four twenty nine", "04/29"),
        ("four two nine", "04/29"),
        ("oh four two nine", "04/29"),
        ("april twenty nine", "04/29"),
        ("april of twenty twenty nine", "04/29"),
        ("april two thousand and twenty nine", "04/29"),
        ("oh four slash two oh two nine", "04/29"),
        ("one two three oh", "12/30"),
        ("twelve thirty", "12/30"),
        ("one twenty thirty", "01/30"),
        ("ten twenty eight", "10/28"),
        ("double one double three", "11/33"),
        ("may thirty one", "05/31"),
        ("oh one dash two six", "01/26"),
        ("twelve twenty", "12/20"),
        # no dates, or not whole ones
        ("thirteen twenty nine", None),
        ("oh four", None),
        ("april", None),
        ("twenty nine", None),
        ("oh oh twenty nine", None),
        ("four hundred and twenty nine", None),
        ("oh four twenty nine dollars", None),
    ],
)
def test_a_date_is_a_date_to_both(text: str, date: str | None) -> None:
    values = EXPIRIES.read(text.split())
    read = dates_in(text)

    assert [str(expiry_of(value)) for value in values] == ([] if date is None else [date])
    if "dollars" not in text:
        assert [str(one) for one in read[:1]] == ([] if date is None else [date])


@pytest.mark.parametrize(
    ("text", "minor_units"),
    [
        ("eighty seven fifty", 8750),
        ("eighty seven dollars and fifty cents", 8750),
        ("eighty seven dollars fifty", 8750),
        ("eighty seven point five", 8750),
        ("eighty seven point five zero dollars", 8750),
        ("a hundred dollars", 10000),
        ("hundred dollars", 10000),
        ("one hundred and five", 10500),
        ("twelve hundred bucks", 120000),
        ("two thousand one hundred and fifty dollars", 215000),
        ("a thousand and ten", 101000),
        ("one twenty", 12000),
        ("two oh five", 20500),
        ("one two five", 12500),
        ("nineteen", 1900),
        ("nineteen ninety nine", 1999),
        ("fifty cents", 50),
        ("a dollar fifty", 150),
        ("five oh oh", 500),
        # no amounts
        ("april", None),
        ("point", None),
        ("and", None),
        ("cents", None),
    ],
)
def test_an_amount_is_an_amount_to_both(text: str, minor_units: int | None) -> None:
    values = AMOUNTS.read(text.split())

    assert amounts_in(text)[:1] == ([] if minor_units is None else [minor_units])
    assert (minor_units in values) if minor_units is not None else not values


def walk(grammar: Grammar, random: Random) -> tuple[str, tuple[int, ...]]:
    """A random phrase of the grammar."""
    while True:
        state, words = grammar.start, list[str]()
        while state:
            values = grammar.values(state)
            following = sorted({spoken for _, node in state for spoken in node.arcs})
            if values and (not following or random.random() < 0.3):
                return " ".join(words), values
            if not following:
                break
            words.append(random.choice(following))
            state = grammar.after(state, words[-1])


@pytest.mark.parametrize("seed", range(150))
def test_understanding_reads_every_phrase_as_hearing_counts_it(seed: int) -> None:
    random = Random(seed)
    text, values = walk(EXPIRIES, random)
    assert dates_in(text)[0] in map(expiry_of, values), text
    text, values = walk(AMOUNTS, random)
    assert amounts_in(text)[0] in values, text


@pytest.mark.parametrize("sort", ["expiry", "amount"])
def test_hearing_knows_nearly_all_that_callers_say_and_counts_none_of_it_otherwise(
    sort: str,
) -> None:
    """The phrases the number head is trained with, as the head should hear them."""
    random = Random(7)
    grammar = EXPIRIES if sort == "expiry" else AMOUNTS
    known = readable = 0
    for _ in range(600):
        words = words_of(stretches(getattr(texts, sort)(random)))
        text = " ".join(word for word in words if word != F)
        counted = grammar.read(words)
        read: list[int] | list[Expiry] = dates_in(text) if sort == "expiry" else amounts_in(text)
        readable += bool(read)
        known += bool(read and counted)
        if read and counted:
            assert read[0] in (map(expiry_of, counted) if sort == "expiry" else counted), text
    assert known > 0.9 * readable


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("yes", (YES,)),
        ("yes correct", (YES,)),
        ("no wrong", (NO,)),
        ("no", (NO,)),
        ("yes no", ()),
        (f"yes {F}", ()),
        (f"{F} no", ()),
        ("", ()),
    ],
)
def test_yes_is_yes_only_alone(text: str, values: tuple[int, ...]) -> None:
    assert ANSWERS.read(text.split()) == values


def test_an_open_question_takes_a_yes_or_the_amount_it_asks_for() -> None:
    after_the_read_back = grammar_for(Expectation(Kind.OPEN), F)
    assert after_the_read_back is not None
    assert after_the_read_back.read(["yes"]) == (YES,)
    assert after_the_read_back.read(["eighty", "seven"]) == ()
    assert grammar_for(Expectation(Kind.CARD), F) is None
    about_the_amount = grammar_for(Expectation(Kind.OPEN, field=Field.AMOUNT), F)
    assert about_the_amount is not None
    assert about_the_amount.read(["yes"]) == ()
