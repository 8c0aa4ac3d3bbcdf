"""Lattices that say given words, as the number head would put them out."""

from __future__ import annotations

import numpy as np

from bot.hearing.number_head import LogProbabilities, Vocabulary

WORDS = (
    "<b>", "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "twelve", "fourteen", "fifteen", "nineteen", "twenty", "forty", "fifty", "eighty", "ninety",
    "hundred", "and", "point", "dollars", "cents", "april", "yes", "no", "correct", "sorry", "<f>",
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
