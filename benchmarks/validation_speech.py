"""What the confidence is fitted to: speech that no figure is measured with, over hard lines.

Digit strings spliced from single words (`training.words validation`) and joined from whole groups
(`benchmarks.rendered_groups --part validation`); amounts, dates, yes and no spoken whole
(`benchmarks.rendered_phrases --part validation`) and spliced from words
(`benchmarks.spoken_phrases`).
Nobody in them was trained on or is measured with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.rendered_groups import Group, joined_strings
from benchmarks.rendered_phrases import EXPECTED, read_phrases
from benchmarks.spoken_phrases import SpokenPhrase, spoken_phrases
from benchmarks.spoken_strings import SpokenString, spliced_strings
from benchmarks.telephone import Sound, telephone
from bot.audio import Samples
from training import channel
from training.vocabulary import stretches, words_of

NOISE_DB = (0.0, 25.0)
"""Harder than most lines: without mistakes there is nothing to fit."""
LOW_NOISE_DB = (5.0, 10.0)
"""Where a number that nobody said is most easily heard."""
MISREAD = 0.25
"""Callers who leave a digit out or misread one, or say something else at all: then nothing that
fits is right."""
_CODES = 0.5
"""Codes of each length for every card number."""


@dataclass(frozen=True, slots=True)
class HardLines:
    """Three sorts in turn: any noise, much noise, and a telephone as the training draws it (other
    speakers behind, hum, echo, codecs, lost packets, voices made higher or lower)."""

    random: np.random.Generator
    babble: Sequence[Sound] = field(repr=False)

    def over(self, sound: Sound) -> Samples:
        match int(self.random.integers(3)):
            case 0:
                return telephone(self.random, sound, NOISE_DB)
            case 1:
                return telephone(self.random, sound, LOW_NOISE_DB)
            case _:
                line = channel.draw_line(self.random)
                chosen = self.random.choice(len(self.babble), size=4)
                others = np.sum([np.resize(self.babble[i], len(sound)) for i in chosen], axis=0)
                return channel.telephone(
                    self.random, sound.astype(np.float32), line, others.astype(np.float32)
                )


def digit_strings(
    seed: int,
    words: dict[str, dict[str, list[Sound]]],
    groups: Sequence[Group],
    cards: int,
) -> Iterator[SpokenString]:
    """cards: card numbers of each source; there are as many codes. Empty sources are left out."""
    random = np.random.default_rng(seed)
    codes = ("zip", "security", "amex code")
    counts = {"card": cards, **dict.fromkeys(codes, round(cards * _CODES))}
    drawn = list(spliced_strings(random, words, counts, MISREAD)) if words else []
    drawn += joined_strings(random, groups, counts, MISREAD) if groups else []
    lines = HardLines(random, [raw.sound for raw in drawn[:50]])
    for raw in drawn:
        samples = lines.over(raw.sound)
        yield SpokenString(raw.what, raw.given, raw.speaker, raw.expectation, samples, raw.valid)


def phrases(seed: int, clips: Path, whole: Path, count: int, lines: int) -> Iterator[SpokenPhrase]:
    """clips: of training.render, to splice `count` phrases from at each question. whole: of
    rendered_phrases, each over so many lines; some are said at another question than theirs."""
    if clips.is_dir():
        yield from spoken_phrases(seed, clips, count, NOISE_DB, MISREAD)
    random = np.random.default_rng(seed)
    said = read_phrases(whole, "validation")
    over = HardLines(random, [raw.sound for raw, _ in said])
    for raw, text in said:
        words = words_of(stretches(text))
        for _ in range(lines):
            what = str(random.choice(list(EXPECTED))) if random.random() < MISREAD else raw.what
            yield SpokenPhrase(what, words, EXPECTED[what], over.over(raw.sound))
