"""Whisper's text and the head's words, made into one."""

from __future__ import annotations

import pytest

from bot.hearing.numbers.number_text import (
    Merged,
    agrees,
    merge,
    numerals,
    plain,
    spoken_text,
    with_heard_answer,
    with_number_added,
)

F = "<f>"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("I'd like to pay $87.50, please.", "i'd like to pay $87.50 please"),
        ("It's 04/29.", "it's 04/29"),
        ("$1,200", "$1200"),
        ("4, 5, 3, 9", "4 5 3 9"),
        ("4111-1111", "4111 1111"),
        ("Eighty-seven fifty!", "eighty seven fifty"),
        ("I don\u2019t have it...", "i don't have it"),
        ("$ 5", "$5"),
        ("...", ""),
    ],
)
def test_text_is_lower_case_with_the_punctuation_of_numbers_only(written: str, text: str) -> None:
    assert plain(written) == text


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("eighty seven dollars and fifty cents", "$87.50"),
        ("eighty seven fifty", "$87.50"),
        ("a hundred and twenty dollars", "$120"),
        ("twelve hundred", "$1200"),
        ("oh four twenty nine", "04/29"),
        ("october two thousand and twenty eight", "october 2028"),
        ("double four one", "441"),
    ],
)
def test_the_same_number_in_words_and_in_figures_compares_equal(spoken: str, written: str) -> None:
    assert numerals(spoken.split()) == numerals(written.split())


@pytest.mark.parametrize(
    ("text", "heard", "merged"),
    [
        # one stretch each, the same number
        ("i'd like to pay $87.50", f"{F} eighty seven fifty", "i'd like to pay eighty seven fifty"),
        # what the head made of "to pay" goes
        ("i'll pay $45", f"{F} one eight forty five dollars", "i'll pay forty five dollars"),
        # "one" is no number here
        (
            "no that's when my old one ran out its 0429",
            f"no {F} oh four twenty nine",
            "no that's when my old one ran out its oh four twenty nine",
        ),
        # a word between that the head took for a number
        ("wrong expiry date it's 0429", f"{F} eight {F} oh four twenty nine",
         "wrong expiry date it's oh four twenty nine"),
        # Whisper took "oh" for a word
        ("it's all 429", f"{F} oh four twenty nine", "it's oh four twenty nine"),
        ("the second group is 4539", f"{F} four five three nine",
         "the second group is four five three nine"),
        # words of the head that are no numbers end a number, as its filler does
        ("no wait it's 429", f"no wait {F} four twenty nine", "no wait it's four twenty nine"),
        ("that's wrong 45 sorry", f"{F} wrong forty five sorry", "that's wrong forty five sorry"),
        # "of" within a date
        ("it's april of 29", f"{F} april of twenty nine", "it's april of twenty nine"),
    ],
)  # fmt: skip
def test_numbers_in_a_text_come_from_the_head_where_both_agree(
    text: str, heard: str, merged: str
) -> None:
    assert merge(text, [heard.split()], F) == Merged(merged, agreed=True)


def test_whisper_chooses_among_the_sequences_of_the_head() -> None:
    heard = [["may", "nineteen"], ["may", "ninety"]]

    assert merge("make it 90", heard, F) == Merged("make it ninety", agreed=True)


def test_where_they_disagree_the_head_is_believed_and_it_is_said() -> None:
    merged = merge("i'd like to pay early 750", [f"{F} two eight eighty seven fifty".split()], F)

    assert merged == Merged("i'd like to pay early eighty seven fifty", agreed=False)


@pytest.mark.parametrize("heard", ["fifty cents", "fifty and cents"])
def test_a_word_that_sounds_like_cents_is_whispers_to_tell(heard: str) -> None:
    said = [[F, *heard.split()]]

    assert merge("make that 50 instead", said, F) == Merged("make that fifty instead", agreed=True)
    assert merge("make that 50 cents instead", said, F) == Merged(
        f"make that {heard} instead", agreed=True
    )


def test_a_number_is_never_cut_in_two_to_make_them_agree() -> None:
    merged = merge("pay 750", [f"{F} eighty seven fifty".split()], F)

    assert merged == Merged("pay eighty seven fifty", agreed=False)


def test_two_numbers_against_one_that_fit_nowhere_are_not_merged() -> None:
    assert merge("pay 45 by 12", [f"{F} nine {F} eight {F} seven".split()], F) is None


def test_a_text_without_numbers_stays_as_it_is() -> None:
    assert merge("can i speak to someone", [["january", "six", "one"]], F) is None


def test_a_number_that_whisper_left_out_is_offered_at_its_end() -> None:
    heard = f"{F} two eight eighty seven fifty".split()

    assert with_number_added("i'd like to pay", heard, F) == "i'd like to pay eighty seven fifty"
    assert with_number_added("i'd like to pay $5", heard, F) is None


def test_no_is_not_know() -> None:
    assert with_heard_answer("know that's wrong", ("no", F)) == "no that's wrong"
    assert with_heard_answer("know that's wrong", (F,)) == "know that's wrong"
    assert with_heard_answer("i'll know it isn't", ("oh", "no", F)) == "um no it isn't"


def test_an_um_before_the_answer_is_no_word() -> None:
    assert with_heard_answer("i'm yes please", (F, "yes", F)) == "um yes please"
    assert with_heard_answer("i'm yeah sure", (F, "yes", F)) == "um yeah sure"
    assert with_heard_answer("i'm yes please", (F,)) == "i'm yes please"
    assert with_heard_answer("i'm not sure", (F, "no", F)) == "i'm not sure"
    assert with_heard_answer("i know that's right", (F, "no", F)) == "i know that's right"
    assert with_heard_answer("", ("no",)) == ""


def test_the_head_has_no_word_for_a() -> None:
    assert spoken_text(["oh", "hundred", "and", "twenty"], F) == "a hundred and twenty"
    assert spoken_text(["hundred", "dollars"], F) == "a hundred dollars"


def test_a_head_that_has_a_word_for_a_is_taken_at_its_word() -> None:
    assert spoken_text(["a", "hundred", "and", "twenty"], F) == "a hundred and twenty"
    assert merge("pay $120", [[F, "a", "hundred", "and", "twenty", "bucks"]], F) == Merged(
        "pay a hundred and twenty bucks", agreed=True
    )


def test_agreement_is_about_all_the_numbers() -> None:
    assert agrees(["seventeen", "dollars"], "$17", F)
    assert not agrees(["seventy", "dollars"], "$17", F)
    assert not agrees([F], "hello", F)
