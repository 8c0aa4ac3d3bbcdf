"""Digit strings for a question: as heard, and what fits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.cards import SecretDigits
from bot.expectations import Expectation, Kind
from bot.hearing.confidence import Calibration, Line, log_odds
from bot.hearing.number_answers import DigitAnswer, digit_answers
from bot.hearing.number_head import Vocabulary
from bot.hearing.word_search import search_words

WORDS = ("<b>", "zero", "oh", "one", "two", "three", "four", "five", "double", "no", "<f>")
VOCABULARY = Vocabulary(WORDS, "<f>")


def answers_to(words: str, expectation: Expectation, **doubts: float) -> list[DigitAnswer]:
    """words: "four" or "four|five" where the second is the less likely by its doubt."""
    rows = []
    for said in words.split():
        first, _, second = said.partition("|")
        row = np.full(len(WORDS), 1e-6)
        row[WORDS.index(first)] = 1.0
        if second:
            row[WORDS.index(second)] = doubts[second]
        rows += [row, np.eye(len(WORDS))[0] + 1e-6]
    likely = np.array(rows)
    frames: NDArray[np.float32] = np.log(likely / likely.sum(axis=1, keepdims=True)).astype("f4")
    heard = search_words(frames, VOCABULARY)
    return digit_answers(frames, VOCABULARY, heard, expectation)


def spoken(digits: str) -> str:
    return " ".join(("zero", "one", "two", "three", "four", "five")[int(d)] for d in digits)


def test_all_ways_to_say_a_string_count_together() -> None:
    (best, *_) = answers_to("four oh|zero one", Expectation(Kind.DIGITS, (3,)), zero=0.8)

    assert best.digits == "401"
    assert best.probability > 0.99


def test_a_card_with_a_wrong_check_sum_yields_the_one_that_fits_and_what_was_heard() -> None:
    words = spoken("4111111111111112").removesuffix("two") + "two|one"

    answers = answers_to(words, Expectation(Kind.CARD), one=0.2)

    assert (answers[0].digits, answers[0].fits, answers[0].as_heard) == (
        "4111111111111111", True, False,
    )  # fmt: skip
    assert [a.digits for a in answers if a.as_heard] == ["4111111111111112"]


def test_a_repaired_card_is_believed_far_less_than_one_heard_so() -> None:
    clear = answers_to(spoken("4111111111111111"), Expectation(Kind.CARD))[0]
    words = spoken("4111111111111112").removesuffix("two") + "two|one"
    repaired = answers_to(words, Expectation(Kind.CARD), one=0.01)[0]

    assert clear.digits == repaired.digits
    assert log_odds(clear.probability) > 4
    assert log_odds(repaired.probability) < -4


def test_the_group_in_doubt_is_counted_over_the_whole_number() -> None:
    words = spoken("1111111111111112").removesuffix("two") + "two|one"

    (best, *_) = answers_to(
        words.removeprefix("one one one one "),
        Expectation(Kind.CARD, given_digits=SecretDigits("4111")),
        one=0.4,
    )

    assert best.fits
    assert best.doubtful == (12, 16)


def test_only_a_card_number_has_groups_to_doubt() -> None:
    answers = answers_to("four five one two|three", Expectation(Kind.DIGITS, (4,)), three=0.4)

    assert all(answer.doubtful is None for answer in answers)


@pytest.mark.parametrize("given", ["4", "4111", "411111111111111"])
def test_a_card_given_in_pieces_fits_as_a_whole(given: str) -> None:
    rest = "4111111111111111".removeprefix(given)

    (best, *_) = answers_to(spoken(rest), Expectation(Kind.CARD, given_digits=SecretDigits(given)))

    assert (best.digits, best.fits, best.as_heard) == (rest, True, True)


def test_the_same_piece_does_not_fit_another_beginning() -> None:
    expectation = Expectation(Kind.CARD, given_digits=SecretDigits("4112"))

    assert not answers_to(spoken("111111111111"), expectation)[0].fits


def test_one_group_of_a_card_is_heard_though_it_does_not_fit() -> None:
    answers = answers_to(spoken("4111"), Expectation(Kind.CARD))

    assert [(a.digits, a.fits) for a in answers if a.as_heard] == [("4111", False)]


def test_a_card_begun_is_not_filled_up_with_digits_nobody_said() -> None:
    answers = answers_to(spoken("41111111"), Expectation(Kind.CARD))

    assert not any(answer.fits for answer in answers)


def test_any_of_the_lengths_fits() -> None:
    expectation = Expectation(Kind.DIGITS, (3, 5))

    assert answers_to(spoken("12345"), expectation)[0].digits == "12345"
    assert answers_to(spoken("123"), expectation)[0].fits
    assert answers_to("one two double three four", expectation)[0].digits == "12334"


def test_without_lengths_any_digits_fit() -> None:
    assert answers_to(spoken("12"), Expectation(Kind.DIGITS))[0].fits


def test_words_that_are_no_digits_give_no_digits_worth_anything() -> None:
    answers = answers_to("four no two", Expectation(Kind.DIGITS, (2,)))

    assert all(answer.probability < 0.01 for answer in answers)


def test_the_repr_of_an_answer_shows_no_digit() -> None:
    answer = answers_to(spoken("4111"), Expectation(Kind.CARD))[0]

    assert "4111" not in repr(answer)


def test_a_second_opinion_moves_the_confidence_of_short_strings_only() -> None:
    calibration = Calibration(
        card=Line(0.0, (1.0, 0.0)), digits=Line(0.0, (1.0, 0.0, 1.0)), as_heard=Line(0.0, (1.0,)),
        amount=Line(0.0, (1.0, 0.0, 0.0)), expiry=Line(0.0, (1.0, 0.0, 0.0)),
        yes_no=Line(0.0, (1.0, 0.0, 0.0)), words=Line(0.0, (1.0, 0.0)),
        sentence=Line(0.0, (1.0, 0.0, 0.0)), text=Line(0.0, (1.0,)),
    )  # fmt: skip
    answer = answers_to(spoken("123"), Expectation(Kind.DIGITS, (3,)))[0]

    def confidence(kind: Kind, written: str | None) -> float:
        return answer.confidence(kind, calibration, written)

    agreed, not_asked, denied = (confidence(Kind.DIGITS, w) for w in ("123", None, "124"))
    assert agreed > not_asked > denied
    assert confidence(Kind.CARD, "123") == confidence(Kind.CARD, "124")
