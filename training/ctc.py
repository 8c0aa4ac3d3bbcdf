"""What CTC (Graves et al. 2006) asks of words and frames; the network's rate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def frames(states: int) -> int:
    """Frames of the network's output for that many encoder states: it halves the rate."""
    return (states + 1) // 2


def feasible(words: Sequence[str], states: int) -> bool:
    """Whether CTC can lay the words on the frames: a word said twice needs a blank between."""
    repeats = sum(one == other for one, other in pairwise(words))
    return len(words) + repeats <= frames(states)
