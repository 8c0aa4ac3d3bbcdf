"""Digit strings spliced from recordings of single words, one speaker each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from stdnum import luhn

from benchmarks.telephone import DIGITS, Sound, splice, telephone
from bot.expectations import Expectation, Kind

CARD_PREFIXES = (("4", 16), ("53", 16), ("2223", 16), ("37", 15), ("6011", 16))


@dataclass(frozen=True, slots=True)
class SpokenString:
    """samples: 8 kHz. speaker: whose words. given: the answer that was said."""

    what: str
    given: str = field(repr=False)
    speaker: str
    expectation: Expectation
    samples: NDArray[np.int16] = field(repr=False)


def spoken_strings(
    random: np.random.Generator,
    clips: dict[str, dict[str, list[Sound]]],
    counts: dict[str, int],
    noise_db: tuple[float, float],
) -> Iterator[SpokenString]:
    """counts: how many of "zip" (5 digits), "security" (3) and "card" (valid numbers)."""
    speakers = sorted(clips)
    for what, count in counts.items():
        for number in range(count):
            speaker = speakers[number % len(speakers)]
            digits, groups, expectation = _question(random, what, number)
            words = clips[speaker]
            chosen = []
            for digit in digits:
                word = DIGITS[int(digit)]
                if word == "zero" and words.get("oh") and random.random() < 0.5:
                    word = "oh"
                chosen.append(words[word][random.integers(len(words[word]))])
            sound = telephone(random, splice(random, chosen, groups), noise_db)
            yield SpokenString(what, digits, speaker, expectation, sound)


def _question(
    random: np.random.Generator, what: str, number: int
) -> tuple[str, list[int], Expectation]:
    if what == "card":
        prefix, length = CARD_PREFIXES[number % len(CARD_PREFIXES)]
        body = prefix + "".join(map(str, random.integers(10, size=length - 1 - len(prefix))))
        digits = body + luhn.calc_check_digit(body)
        groups = [4, 6, 5] if length == 15 else [4, 4, 4, 4]
        return digits, groups, Expectation(Kind.CARD)
    length = 5 if what == "zip" else 3
    digits = "".join(map(str, random.integers(10, size=length)))
    return digits, [length], Expectation(Kind.DIGITS, (length,))
