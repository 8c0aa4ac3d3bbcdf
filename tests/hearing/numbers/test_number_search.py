"""The search for a number that fits, against trying every path."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from lattices import every_path, every_sequence
from numpy.typing import NDArray

from bot.hearing.numbers.digit_words import spell
from bot.hearing.numbers.head import Vocabulary
from bot.hearing.numbers.rules import DigitRule, card_numbers, counted
from bot.hearing.numbers.search import by_label, digit_labels, find_number, log_probability
from bot.hearing.numbers.word_search import search_words, without_idle_frames

WORDS = ("<b>", "one", "oh", "four", "eleven", "forty", "double", "triple", "<f>")
VOCABULARY = Vocabulary(WORDS, "<f>")
LABELS = tuple(label for label in digit_labels(VOCABULARY) if label.columns)


def random_frames(seed: int, frames: int) -> NDArray[np.float32]:
    values = np.random.default_rng(seed).standard_normal((frames, len(WORDS))) * 2
    values -= np.logaddexp.reduce(values, axis=1, keepdims=True)
    return np.asarray(values, dtype=np.float32)


def frames_saying(words: str, confusions: dict[int, tuple[str, float]]) -> NDArray[np.float32]:
    """Two frames a word, a blank between; confusions: index -> (other word, its probability)."""
    rows = []
    for index, word in enumerate(words.split()):
        row = np.full(len(WORDS), 1e-9)
        other, chance = confusions.get(index, (word, 0.0))
        row[WORDS.index(word)] = 1 - chance
        row[WORDS.index(other)] += chance
        blank = np.full(len(WORDS), 1e-9)
        blank[0] = 1.0
        rows += [row, row, blank]
    likely = np.array(rows)
    return np.asarray(np.log(likely / likely.sum(axis=1, keepdims=True)), dtype=np.float32)


def best_path_that_fits(scores: NDArray[np.float64], rule: DigitRule, given: str) -> float:
    best = -math.inf
    for labels, score in every_path(scores):
        digits = spell([WORDS[LABELS[label].columns[0]] for label in labels])
        if digits is not None and rule.accepts(given + digits):
            best = max(best, score)
    return best


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("rule", "given"),
    [
        (counted((2,)), ""),
        (counted((3, 4)), ""),
        (counted((5,)), "41"),
        (card_numbers((), False), "41111111111111"),
    ],
    ids=["two", "three or four", "three more of five", "the end of a card"],
)  # fmt: skip
def test_no_path_that_fits_is_better_than_the_one_found(
    seed: int, rule: DigitRule, given: str
) -> None:
    scores = by_label(random_frames(seed, 4), LABELS)
    best = best_path_that_fits(scores, rule, given)

    found = find_number(scores, LABELS, rule, given=given, floor=0, width=math.inf)

    assert found is not None
    assert found.log_probability == pytest.approx(best)
    assert rule.accepts(given + found.digits)


def likeliest_alignment(scores: NDArray[np.float64], path: tuple[int, ...]) -> float:
    """Log-probability of the best way these labels can lie on the frames."""
    spaced = [0]
    for label in path:
        spaced += [label, 0]
    ways = [0.0] + [-math.inf] * (len(spaced) - 1)  # as if a blank had gone before
    for row in scores:
        after = []
        for here, label in enumerate(spaced):
            skips = here > 1 and label != 0 and label != spaced[here - 2]
            come = ways[max(0, here - 1 - skips) : here + 1]
            after.append(max(come) + float(row[label]))
        ways = after
    return max(ways[-2:])


@pytest.mark.parametrize("seed", [*range(10), 35])  # 35: two words went astray there once
def test_the_words_told_are_those_whose_probability_is_told(seed: int) -> None:
    scores = by_label(random_frames(seed, 20), LABELS)
    found = find_number(scores, LABELS, counted((4, 5, 6)), floor=0.0, width=math.inf)
    assert found is not None
    assert likeliest_alignment(scores, found.labels) == pytest.approx(found.log_probability)


@pytest.mark.parametrize("seed", range(3))
def test_the_probability_of_a_label_sequence_is_the_sum_over_its_paths(seed: int) -> None:
    scores = by_label(random_frames(seed, 4), LABELS)
    sums: dict[tuple[int, ...], float] = {}
    for labels, score in every_path(scores):
        sums[labels] = float(np.logaddexp(sums.get(labels, -math.inf), score))

    for labels, total in itertools.islice(sums.items(), 0, None, 37):
        assert log_probability(scores, labels) == pytest.approx(total)


@pytest.mark.parametrize("seed", range(4))
def test_the_beam_gives_word_sequences_their_whole_probability(seed: int) -> None:
    frames = random_frames(seed, 4)
    sums = every_sequence(frames, WORDS)

    found = search_words(frames, VOCABULARY, beam=100_000, floor=0)

    assert {heard.words: pytest.approx(heard.probability, rel=1e-4) for heard in found} == sums
    assert found[0].words == max(sums, key=lambda words: sums[words])


def test_the_check_sum_finds_a_digit_that_was_misheard() -> None:
    heard = "four one four one one one one one one one one one one one one one"
    frames = frames_saying(heard, {2: ("one", 0.3), 5: ("four", 0.2)})
    scores = by_label(frames, LABELS)

    found = find_number(scores, LABELS, card_numbers((), False))

    assert found is not None
    assert found.digits == "4111111111111111"


def test_there_is_nothing_to_find_where_no_brand_begins_like_this() -> None:
    scores = by_label(frames_saying("one one", {}), LABELS)

    assert find_number(scores, LABELS, card_numbers((), False), given="9") is None


def test_one_blank_frame_stays_between_two_words_that_are_the_same() -> None:
    frames = frames_saying("four four", {})
    wide = np.insert(frames, 3, np.repeat(frames[2:3], 40, axis=0), axis=0)

    kept = without_idle_frames(wide)

    assert len(kept) < len(wide) / 2
    assert search_words(wide, VOCABULARY)[0].words == ("four", "four")
