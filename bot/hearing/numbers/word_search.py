"""Which words did the number head hear? CTC prefix beam search (Graves & Jaitly 2014).

The probability of a word sequence is the sum over all ways its words can lie on the frames. What
the beam keeps is therefore a share of the whole: the probabilities of all sequences sum to one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.hearing.numbers.head import LogProbabilities, Vocabulary
from bot.hearing.numbers.word_grammar import Grammar, State

_NEVER = -math.inf
BLANK = 0


@dataclass(frozen=True, slots=True)
class HeardWords:
    """words: in order, fillers among them. log_probability: natural, of exactly these words.
    first_frame, last_frame: where the best path has its first and last word (0 when none)."""

    words: tuple[str, ...] = field(repr=False)
    log_probability: float
    first_frame: int = 0
    last_frame: int = 0

    @property
    def probability(self) -> float:
        return math.exp(self.log_probability)


def without_idle_frames(frames: LogProbabilities, idle: float = 0.9995) -> NDArray[np.int64]:
    """Indices of the frames worth searching: of a run of frames that are surely blank, one stays.

    One is enough to tell a repeated word from a long one.
    """
    blank = frames[:, BLANK] > math.log(idle)
    keep = ~blank
    keep[1:] |= blank[1:] & ~blank[:-1]
    if len(keep):
        keep[0] = True
    return np.flatnonzero(keep)


def search_words(
    frames: LogProbabilities,
    vocabulary: Vocabulary,
    *,
    grammar: Grammar | None = None,
    beam: int = 32,
    floor: float = 1e-3,
) -> list[HeardWords]:
    """The likeliest word sequences, best first, at most `beam`.

    grammar: only its phrases are looked for; their probabilities are still of all that may have
    been said, and sum to one only with those of all other sequences. floor: a word less likely than
    this in a frame is not begun there.
    """
    guide = None if grammar is None else _Guide(grammar, vocabulary)
    # Per sequence: log-probability of all paths that end in a blank, and in its last word.
    prefixes: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}
    log_floor = math.log(floor) if floor > 0 else _NEVER
    for row in frames[without_idle_frames(frames)].tolist():
        words = [word for word, value in enumerate(row) if word != BLANK and value > log_floor]
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (ends_blank, ends_word) in prefixes.items():
            either = _add(ends_blank, ends_word)
            last = prefix[-1] if prefix else BLANK
            _put(grown, prefix, either + row[BLANK], ends_word + row[last] if prefix else _NEVER)
            for word in words:
                before = ends_blank if word == last else either
                if before > _NEVER and (guide is None or guide.allows(prefix, word)):
                    _put(grown, (*prefix, word), _NEVER, before + row[word])
        best = sorted(grown.items(), key=lambda item: -_add(*item[1]))[:beam]
        prefixes = dict(best)
    first, last_frame = _span(frames)
    return sorted(
        (
            HeardWords(
                tuple(vocabulary.words[word] for word in prefix), _add(*ends), first, last_frame
            )
            for prefix, ends in prefixes.items()
            if guide is None or guide.is_phrase(prefix)
        ),
        key=lambda heard: -heard.log_probability,
    )


class _Guide:
    """Remembers where in a grammar each sequence leads; sequences are column numbers."""

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary) -> None:
        self._grammar = grammar
        self._words = vocabulary.words
        self._states: dict[tuple[int, ...], State] = {(): grammar.start}

    def allows(self, prefix: tuple[int, ...], word: int) -> bool:
        longer = (*prefix, word)
        if longer not in self._states:
            self._states[longer] = self._grammar.after(self._states[prefix], self._words[word])
        return bool(self._states[longer])

    def is_phrase(self, prefix: tuple[int, ...]) -> bool:
        return bool(self._grammar.values(self._states[prefix]))


def _put(
    table: dict[tuple[int, ...], tuple[float, float]],
    prefix: tuple[int, ...],
    ends_blank: float,
    ends_word: float,
) -> None:
    old_blank, old_word = table.get(prefix, (_NEVER, _NEVER))
    table[prefix] = (_add(old_blank, ends_blank), _add(old_word, ends_word))


def _add(a: float, b: float) -> float:
    """log(exp a + exp b)."""
    if a < b:
        a, b = b, a
    return a if b == _NEVER else a + math.log1p(math.exp(b - a))


def _span(frames: LogProbabilities) -> tuple[int, int]:
    words = np.flatnonzero(frames.argmax(axis=1) != BLANK)
    return (int(words[0]), int(words[-1])) if len(words) else (0, 0)
