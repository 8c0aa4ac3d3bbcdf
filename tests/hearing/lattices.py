"""Lattices as the number head would put them out, and all that they may say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.hearing.numbers.head import LogProbabilities, Vocabulary

WORDS = (
    "<b>", "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "twelve", "fourteen", "fifteen", "nineteen", "twenty", "forty", "fifty", "eighty", "ninety",
    "double", "hundred", "and", "point", "dollars", "cents", "april", "yes", "no", "correct",
    "sorry", "<f>",
)  # fmt: skip
FILLER = "<f>"
VOCABULARY = Vocabulary(WORDS, FILLER)


def lattice(said: str) -> LogProbabilities:
    """said: words; "fifteen|fifty:0.2" where the second was heard with that probability."""
    rows = []
    for each in said.split():
        first, _, second = each.partition("|")
        row = np.full(len(WORDS), 1e-6)
        row[WORDS.index(first)] = 1.0
        if second:
            other, _, chance = second.partition(":")
            row[WORDS.index(first)] = 1 - float(chance)
            row[WORDS.index(other)] = float(chance)
        rows += [row, np.eye(len(WORDS))[0] + 1e-6]
    likely = np.array(rows).reshape(-1, len(WORDS))
    logs = np.log(likely / likely.sum(axis=1, keepdims=True))
    return np.asarray(logs, dtype=np.float32)


def every_path(
    scores: NDArray[np.floating],
) -> Iterator[tuple[tuple[int, ...], float]]:
    """What every way through the frames says, as columns, and its log-probability; column 0 is the
    blank, and a column in frames next to each other is said once. For a handful of frames only."""
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        said = tuple(
            column
            for column, before in zip(path, (0, *path), strict=False)
            if column and column != before
        )
        yield said, float(sum(scores[frame, column] for frame, column in enumerate(path)))


def every_sequence(frames: LogProbabilities, words: Sequence[str]) -> dict[tuple[str, ...], float]:
    """The probability of every word sequence, over all paths."""
    sums: dict[tuple[str, ...], float] = {}
    for columns, score in every_path(frames):
        said = tuple(words[column] for column in columns)
        sums[said] = sums.get(said, 0.0) + float(np.exp(score))
    return sums
