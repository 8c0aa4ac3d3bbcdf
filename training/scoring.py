"""How well word sequences are heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.calls.laboratory.bench import edits
from bot.hearing.numbers.digit_words import spell
from bot.hearing.numbers.head import LogProbabilities
from training.vocabulary import BLANK, FILLER


def greedy(frames: LogProbabilities, words: Sequence[str]) -> tuple[str, ...]:
    """The likeliest word of every frame, repeats and blanks taken out. words: by column."""
    columns = frames.argmax(axis=1)
    kept = columns[np.concatenate(([True], columns[1:] != columns[:-1]))] if len(columns) else []
    return tuple(words[column] for column in kept if words[column] != BLANK)


def in_words_of(said: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """As a recogniser with these words should have heard it: others are filler, fillers merge."""
    known = frozenset(known)
    heard: list[str] = []
    for word in (word if word in known else FILLER for word in said):
        if word != FILLER or heard[-1:] != [FILLER]:
            heard.append(word)
    return tuple(heard)


@dataclass(slots=True)
class Score:
    """Counts. digits: where what was said is nothing but digits."""

    utterances: int = 0
    exact: int = 0
    words: int = 0
    word_errors: int = 0
    strings: int = 0
    exact_strings: int = 0
    digits: int = 0
    digit_errors: int = 0

    def add(self, heard: Sequence[str], said: Sequence[str]) -> None:
        self.utterances += 1
        self.exact += tuple(heard) == tuple(said)
        self.words += len(said)
        self.word_errors += edits(heard, said)
        digits = spell(said, FILLER)
        if digits:
            found = spell(heard, FILLER) or ""
            self.strings += 1
            self.exact_strings += found == digits
            self.digits += len(digits)
            self.digit_errors += edits(found, digits)

    @property
    def word_error_rate(self) -> float:
        return self.word_errors / max(1, self.words)

    @property
    def digit_error_rate(self) -> float:
        return self.digit_errors / max(1, self.digits)
