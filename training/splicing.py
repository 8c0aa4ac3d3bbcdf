"""Words said one at a time, or cut out of phrases, put in a row as if said together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr

from training.clips import RATE, Sound

_EDGE = RATE // 100
"""Samples faded at each end: 10 ms."""


def splice(
    random: np.random.Generator, pieces: Sequence[Sound], groups: Sequence[int] = ()
) -> Sound:
    """One utterance. groups: how many pieces belong together; between groups there is a pause.

    One manner for the utterance: words that run into each other, touch, or stand apart. Levels
    are matched and vary a little; some words are said faster.
    """
    gap = _manner(random)
    ends = set(np.cumsum(groups).tolist())
    joined = np.zeros(0, np.float32)
    for index, piece in enumerate(pieces):
        word = _prepared(random, piece)
        seconds = random.uniform(0.15, 0.7) if index in ends else random.uniform(*gap)
        joined = word if not index else _joined(joined, word, int(seconds * RATE))
    return joined


def _manner(random: np.random.Generator) -> tuple[float, float]:
    """Seconds between words, negative where they overlap."""
    ways = ((-0.07, 0.0), (-0.04, 0.02), (-0.02, 0.1), (0.05, 0.4))
    return ways[int(random.choice(len(ways), p=(0.25, 0.3, 0.25, 0.2)))]


def _prepared(random: np.random.Generator, piece: Sound) -> Sound:
    word = piece / (np.sqrt(np.mean(np.square(piece))) + 1e-6) * 0.1
    word = word * 10 ** (random.uniform(-3, 3) / 20)
    if len(word) > RATE // 10 and random.random() < 0.4:
        word = soxr.resample(word, RATE * random.uniform(0.95, 1.3), RATE)
    word = np.array(word, dtype=np.float32)
    edge = min(_EDGE, len(word) // 4)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    word[:edge] *= ramp
    word[len(word) - edge :] *= ramp[::-1]
    return word


def _joined(before: Sound, after: Sound, gap: int) -> Sound:
    """gap: samples between, or of overlap when negative; never more than half of either."""
    if gap >= 0:
        return np.concatenate([before, np.zeros(gap, np.float32), after])
    overlap = min(-gap, len(before) // 2, len(after) // 2)
    if not overlap:
        return np.concatenate([before, after])
    both = before[-overlap:] + after[:overlap]
    return np.concatenate([before[:-overlap], both, after[overlap:]])
