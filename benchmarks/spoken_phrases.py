"""Amounts, dates, yes and no as callers say them, spliced from rendered phrases of one voice each.

The phrases are drawn anew (`training.texts`); their words are cut out of other phrases that the
voice said. Only the voices of the part given speak: nobody of training in validation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from benchmarks.telephone import telephone
from bot.expectations import Expectation, Kind
from training import texts
from training.clips import Sound, read_all, trimmed
from training.splicing import splice
from training.vocabulary import stretches, words_of

_QUESTIONS: dict[str, tuple[Callable[[Random], str], Expectation]] = {
    "amount": (texts.amount, Expectation(Kind.AMOUNT)),
    "expiry": (texts.expiry, Expectation(Kind.EXPIRY)),
    "yes_no": (texts.answer, Expectation(Kind.YES_NO)),
}
WHATS = tuple(_QUESTIONS)
_MOST_TRIES = 200
"""For each phrase wanted: most drawn ones have a word that the voice never said."""


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """what: the question it was said at, which it may not answer. words: what the head should
    hear. samples: 8 kHz, over a telephone."""

    what: str
    words: tuple[str, ...] = field(repr=False)
    expectation: Expectation
    samples: NDArray[np.int16] = field(repr=False)


def spoken_phrases(
    seed: int, folder: Path, count: int, noise_db: tuple[float, float], astray: float
) -> Iterator[SpokenPhrase]:
    """Up to `count` at each question. folder: clips of one part (`training.clips`). astray: the
    share of what is said that answers no such question."""
    random = Random(seed)  # noqa: S311 - the same in every run
    numbers = np.random.default_rng(seed)
    voices = _voices(folder)
    for what, (answer, expectation) in _QUESTIONS.items():
        made = 0
        for _ in range(_MOST_TRIES * count):
            if made == count or not voices:
                break
            said = texts.phrase if random.random() < astray else answer
            parts = stretches(said(random))
            bank = voices[random.choice(sorted(voices))]
            choices = [bank.get(part.words) for part in parts]
            pieces = [random.choice(sounds) for sounds in choices if sounds]
            if len(pieces) == len(parts):
                made += 1
                sound = splice(numbers, pieces).astype(np.float64)
                yield SpokenPhrase(
                    what, words_of(parts), expectation, telephone(numbers, sound, noise_db)
                )


def _voices(folder: Path) -> dict[str, dict[tuple[str, ...], list[Sound]]]:
    """By voice and by what it says, all stretches of the clips."""
    voices: dict[str, dict[tuple[str, ...], list[Sound]]] = {}
    for _, clip, sound in read_all(folder):
        bank = voices.setdefault(clip.voice, defaultdict(list))
        for stretch, piece in clip.pieces(sound):
            word = trimmed(piece)
            if len(word):
                bank[stretch.words].append(word)
    return voices
