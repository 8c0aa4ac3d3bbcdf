"""What is said in training is exactly what the network is told was said."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum import luhn

from bot.hearing.numbers.digit_words import spell
from training import texts
from training.ctc import feasible, frames
from training.scoring import Score, greedy, in_words_of
from training.vocabulary import BLANK, COLUMNS, DIGITS, FILLER, WORDS, stretches, words_of

seeds = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("four one one one, two", "four one one one two"),
        ("it's oh four slash twenty nine", "<f> oh four slash twenty nine"),
        ("yeah, nope", "yes no"),
        ("a hundred and twenty bucks", "a hundred and twenty bucks"),
        ("a card, a dollar", "<f> a dollar"),
        ("go back, I want it back", "<f> back <f>"),
        ("my card number is, um four", "<f> four"),
        ("treble five nought", "triple five nought"),
        ("no wait, sorry", "no wait sorry"),
    ],
)
def test_every_word_gets_its_column_and_all_others_the_filler(text: str, words: str) -> None:
    assert " ".join(words_of(stretches(text))) == words


@given(seeds)
def test_stretches_put_together_are_the_text(seed: int) -> None:
    text = texts.phrase(Random(seed))

    assert " ".join(part.text for part in stretches(text)) == text


@given(seeds)
def test_words_are_of_the_vocabulary_and_fillers_never_meet(seed: int) -> None:
    words = words_of(stretches(texts.phrase(Random(seed))))

    assert words
    assert set(words) <= set(WORDS) - {BLANK}
    assert (FILLER, FILLER) not in pairwise(words)


@given(seeds)
def test_a_card_number_said_digit_by_digit_is_one_with_a_check_sum(seed: int) -> None:
    said = words_of(stretches(texts.card(Random(seed))))
    assume({*said} <= {*DIGITS, "oh", "nought", FILLER})
    digits = spell(said, FILLER)

    assert digits is not None
    # "one second", "the last four are": words around the number may hold a digit of their own.
    numbers = [digits[start : start + n] for start in (0, 1) for n in (14, 15, 16)]
    assert any(luhn.is_valid(number) for number in numbers)
    assert 14 <= len(digits) <= 18


def test_every_word_of_the_vocabulary_is_said_often_enough_to_be_learnt() -> None:
    said = Counter(
        word for seed in range(6000) for word in words_of(stretches(texts.phrase(Random(seed))))
    )

    assert {word for word in COLUMNS if said[word] < 15} == {BLANK}


def test_the_same_chances_make_the_same_phrase() -> None:
    assert texts.phrase(Random(4)) == texts.phrase(Random(4))


def test_a_word_said_twice_needs_a_frame_between() -> None:
    assert frames(4) == 2
    assert feasible(("one", "two"), 4)
    assert not feasible(("one", "one"), 4)
    assert feasible(("one", "one"), 5)


def test_words_are_read_off_the_frames_and_repeats_need_a_blank() -> None:
    columns = [0, 2, 2, 0, 2, 1, 1, 0]
    frames_of_one = np.log(np.full((len(columns), 3), 0.1, np.float32))
    frames_of_one[range(len(columns)), columns] = np.log(0.8)

    assert greedy(frames_of_one, (BLANK, "one", "two")) == ("two", "two", "one")


def test_a_head_that_lacks_a_word_is_not_blamed_for_it() -> None:
    assert in_words_of(("<f>", "sorry", "four"), ("four", FILLER)) == (FILLER, "four")


def test_errors_are_counted_in_words_and_in_digits() -> None:
    score = Score()
    score.add(("four", "one"), ("four", "one", "one"))
    score.add((FILLER, "oh", "two"), (FILLER, "zero", "two"))
    score.add(("yes",), ("yes",))

    assert (score.exact, score.utterances) == (1, 3)
    assert (score.word_errors, score.words) == (2, 7)
    assert (score.exact_strings, score.strings, score.digit_errors, score.digits) == (1, 2, 1, 5)
