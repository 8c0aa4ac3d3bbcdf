"""Digit strings for a question: as heard, and what fits."""

from __future__ import annotations

import pytest
from lattices import VOCABULARY, lattice

from bot.cards import SecretDigits
from bot.expectations import Expectation, Kind
from bot.hearing.numbers.confidence import Calibration, Line, log_odds
from bot.hearing.numbers.digit_answers import DigitAnswer, digit_answers
from bot.hearing.numbers.word_search import search_words


def answers_to(words: str, expectation: Expectation) -> list[DigitAnswer]:
    """words: as for `lattice`."""
    frames = lattice(words)
    return digit_answers(frames, VOCABULARY, search_words(frames, VOCABULARY), expectation)


def spoken(digits: str) -> str:
    return " ".join(("zero", "one", "two", "three", "four", "five")[int(d)] for d in digits)


def test_all_ways_to_say_a_string_count_together() -> None:
    (best, *_) = answers_to("four oh|zero:0.45 one", Expectation(Kind.DIGITS, (3,)))

    assert best.digits == "401"
    assert best.probability > 0.99


def test_a_card_with_a_wrong_check_sum_yields_the_one_that_fits_and_what_was_heard() -> None:
    words = spoken("4111111111111112").removesuffix("two") + "two|one:0.17"

    answers = answers_to(words, Expectation(Kind.CARD))

    assert (answers[0].digits, answers[0].fits, answers[0].as_heard) == (
        "4111111111111111", True, False,
    )  # fmt: skip
    assert [a.digits for a in answers if a.as_heard] == ["4111111111111112"]


def test_a_repaired_card_is_believed_far_less_than_one_heard_so() -> None:
    clear = answers_to(spoken("4111111111111111"), Expectation(Kind.CARD))[0]
    words = spoken("4111111111111112").removesuffix("two") + "two|one:0.01"
    repaired = answers_to(words, Expectation(Kind.CARD))[0]

    assert clear.digits == repaired.digits
    assert log_odds(clear.probability) > 4
    assert log_odds(repaired.probability) < -4


def test_a_length_that_hardly_any_card_has_is_believed_less() -> None:
    usual, seldom = (
        answers_to(spoken(digits), Expectation(Kind.CARD))[0]
        for digits in ("4111111111111111", "4111111111111111110")  # Visa: mostly 16, seldom 19
    )

    assert seldom.fits
    assert seldom.probability > 0.9
    odds = [one.share / (1 - one.share) for one in (usual, seldom)]
    assert odds[1] < 0.2 * odds[0]


def test_the_group_in_doubt_is_counted_over_the_whole_number() -> None:
    words = spoken("1111111111111112").removesuffix("two") + "two|one:0.3"

    (best, *_) = answers_to(
        words.removeprefix("one one one one "),
        Expectation(Kind.CARD, given_digits=SecretDigits("4111")),
    )

    assert best.fits
    assert best.doubtful == (12, 16)


def test_only_a_card_number_has_groups_to_doubt() -> None:
    answers = answers_to("four five one two|three:0.3", Expectation(Kind.DIGITS, (4,)))

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
