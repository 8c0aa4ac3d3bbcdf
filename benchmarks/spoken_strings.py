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
class RawString:
    """sound: as it was said, without a line. speaker: whose words. given: what was said.

    valid: whether it fits the question; a caller may leave a digit out or misread one.
    """

    what: str
    given: str = field(repr=False)
    speaker: str
    expectation: Expectation
    sound: Sound = field(repr=False)
    valid: bool = True


@dataclass(frozen=True, slots=True)
class SpokenString:
    """The same after the telephone. samples: 8 kHz."""

    what: str
    given: str = field(repr=False)
    speaker: str
    expectation: Expectation
    samples: NDArray[np.int16] = field(repr=False)
    valid: bool = True


def spoken_strings(
    random: np.random.Generator,
    clips: dict[str, dict[str, list[Sound]]],
    counts: dict[str, int],
    noise_db: tuple[float, float],
    misread: float = 0.0,
) -> Iterator[SpokenString]:
    """`spliced_strings` over a telephone line with noise that far below the speech."""
    for raw in spliced_strings(random, clips, counts, misread):
        samples = telephone(random, raw.sound, noise_db)
        yield SpokenString(raw.what, raw.given, raw.speaker, raw.expectation, samples, raw.valid)


def spliced_strings(
    random: np.random.Generator,
    clips: dict[str, dict[str, list[Sound]]],
    counts: dict[str, int],
    misread: float = 0.0,
) -> Iterator[RawString]:
    """counts: how many of "zip" (5 digits), "security" (3), "amex code" (4) and "card".

    misread: the share in which the caller's digits do not fit the question.
    """
    speakers = sorted(clips)
    for what, count in counts.items():
        for number in range(count):
            speaker = speakers[number % len(speakers)]
            digits, groups, expectation = _question(random, what, number)
            valid = random.random() >= misread
            if not valid:
                digits, groups = _misread(random, digits, expectation)
            words = clips[speaker]
            chosen = []
            for digit in digits:
                word = DIGITS[int(digit)]
                if word == "zero" and words.get("oh") and random.random() < 0.5:
                    word = "oh"
                chosen.append(words[word][random.integers(len(words[word]))])
            yield RawString(
                what, digits, speaker, expectation, splice(random, chosen, groups), valid
            )


def _question(
    random: np.random.Generator, what: str, number: int
) -> tuple[str, list[int], Expectation]:
    if what == "card":
        prefix, length = CARD_PREFIXES[number % len(CARD_PREFIXES)]
        body = prefix + "".join(map(str, random.integers(10, size=length - 1 - len(prefix))))
        digits = body + luhn.calc_check_digit(body)
        groups = [4, 6, 5] if length == 15 else [4, 4, 4, 4]
        return digits, groups, Expectation(Kind.CARD)
    length = {"zip": 5, "security": 3, "amex code": 4}[what]
    digits = "".join(map(str, random.integers(10, size=length)))
    return digits, [length], Expectation(Kind.DIGITS, (length,))


def _misread(
    random: np.random.Generator, digits: str, expectation: Expectation
) -> tuple[str, list[int]]:
    """A digit left out, said twice or, in a card number, taken for another; in one group."""
    at = int(random.integers(len(digits)))
    ways = [digits[:at] + digits[at + 1 :], digits[:at] + digits[at] + digits[at:]]
    if expectation.kind is Kind.CARD:
        other = str((int(digits[at]) + int(random.integers(1, 10))) % 10)
        ways.append(digits[:at] + other + digits[at + 1 :])
    wrong = ways[random.integers(len(ways))]
    return wrong, [len(wrong)]
