"""Which words a caller is done with."""

from __future__ import annotations

import pytest

from bot.expectations import Expectation, Field, Kind
from bot.understanding.ends import is_whole
from bot.understanding.grammar import is_agreement

OPEN = Expectation(Kind.OPEN)
YES_NO = Expectation(Kind.YES_NO, field=Field.AMOUNT)
AMOUNT = Expectation(Kind.OPEN, field=Field.AMOUNT)
CARD = Expectation(Kind.CARD, field=Field.CARD_NUMBER)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "yep that's right",
        "yes go ahead please",
        "yes that's all right now",
        "yes yes that is all correct thank you",
        "um yeah that's fine",
    ],
)
@pytest.mark.parametrize("asked", [OPEN, YES_NO])
def test_a_yes_and_nothing_else_is_whole_where_it_may_be_the_answer(
    text: str, asked: Expectation
) -> None:
    assert is_whole(asked, text)


@pytest.mark.parametrize("asked", [AMOUNT, CARD])
def test_elsewhere_a_yes_begins_an_answer(asked: Expectation) -> None:
    assert not is_whole(asked, "yes")
    assert not is_whole(asked, "right")


@pytest.mark.parametrize(
    "text",
    ["", "um", "please", "yes but", "yes but the expiry is wrong", "yes no", "yes it isn't",
     "not right", "right now it's wrong", "yes wait"],
)  # fmt: skip
def test_nothing_but_a_yes_is_agreement(text: str) -> None:
    assert not is_agreement(text)
    assert not is_whole(OPEN, text)


@pytest.mark.parametrize("text", ["no", "no no", "that's wrong", "wait", "hold on", "no it isn't"])
@pytest.mark.parametrize("asked", [OPEN, YES_NO, CARD])
def test_who_says_no_or_wait_often_goes_on(text: str, asked: Expectation) -> None:
    assert not is_whole(asked, text)


@pytest.mark.parametrize(
    "text", ["the full amount please", "say that again", "an agent please", "just the minimum"]
)
def test_a_wish_in_one_phrase_is_whole_at_any_question(text: str) -> None:
    assert is_whole(AMOUNT, text)
    assert is_whole(CARD, text)
