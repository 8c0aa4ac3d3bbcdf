"""Answers of which the number head and Whisper heard a half each."""

from __future__ import annotations

import math

import pytest

from bot.expectations import Expectation, Kind
from bot.hearing.embedded.half_heard import unwritten_answer, with_written_month
from bot.hearing.numbers.grammars import grammar_for
from bot.hearing.numbers.word_search import HeardWords

F = "<f>"
DATES = grammar_for(Expectation(Kind.EXPIRY), F)


def heard(*sequences: tuple[str, float]) -> list[HeardWords]:
    return [HeardWords(tuple(said.split()), math.log(chance)) for said, chance in sequences]


@pytest.mark.parametrize(
    ("said", "written", "answer"),
    [
        ("<f> yes", "i'm yet ashore", "yes"),
        ("no four", "nova", "no"),
        ("<f> no", "rono", "no"),
        ("yes correct", "jeff could act", "yes"),
    ],
)
def test_an_answer_that_whisper_did_not_understand_is_still_an_answer(
    said: str, written: str, answer: str
) -> None:
    found = unwritten_answer(heard((said, 0.8)), written, F)

    assert found is not None
    assert found[0] == answer
    assert found[1] == pytest.approx(0.8)


def test_all_that_says_the_same_answer_counts_together() -> None:
    found = unwritten_answer(heard(("no four", 0.5), ("no", 0.3), ("yes", 0.1)), "nova", F)

    assert found is not None
    assert found[0] == "no"
    assert found[1] == pytest.approx(0.8)


@pytest.mark.parametrize("said", ["yes <f>", "<f> yes four", "<f> <f> yes", "<f>", "four", ""])
def test_a_yes_with_more_behind_it_is_none(said: str) -> None:
    assert unwritten_answer(heard((said, 0.9)), "jess butter", F) is None


@pytest.mark.parametrize("written", ["i don't know", "not now", "yeah sure", "that's not right"])
def test_words_that_explain_what_was_heard_leave_no_second_answer(written: str) -> None:
    assert unwritten_answer(heard(("<f> no", 0.9)), written, F) is None


def test_a_sentence_that_whisper_wrote_holds_no_hidden_answer() -> None:
    assert unwritten_answer(heard(("<f> yes", 0.9)), "i guess it was the other card", F) is None


@pytest.mark.parametrize(
    ("said", "written", "together"),
    [
        ("<f> twenty twenty nine", "it's april 2021", "<f> april twenty twenty nine"),
        ("<f> two thousand thirty", "on july 20", "<f> july two thousand thirty"),
        ("twenty thirty three", "on october 20 1933", "october twenty thirty three"),
        ("<f> no twenty thirty one", "november 2013", "<f> november twenty thirty one"),
    ],
)
def test_a_month_from_whisper_and_a_year_from_the_head_are_a_date(
    said: str, written: str, together: str
) -> None:
    assert DATES is not None
    assert with_written_month(said.split(), written, DATES, F) == tuple(together.split())


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("march twenty thirty three", "on october 2033"),  # the head heard a month itself
        ("nine twenty nine", "may 29"),
        ("twenty thirty three", "between may and june 2033"),
        ("twenty thirty three", "2033"),
        ("<f>", "in may"),
        ("", "may"),
    ],
)
def test_no_month_is_added_to_a_date_or_by_guessing(said: str, written: str) -> None:
    assert DATES is not None
    assert with_written_month(said.split(), written, DATES, F) == tuple(said.split())
