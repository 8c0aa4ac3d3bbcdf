"""Digit groups spoken by voices the number recogniser was never trained on.

    uv run --group voices python -m benchmarks.rendered_groups [--part validation]

renders them into out/benchmarks/groups (half an hour of one core; what is there is not rendered
again). Those of the part "validation" are for `benchmarks.fit_confidence`. `benchmarks.hearing`
joins the others into card numbers, postal and security codes, each from one voice's groups, with
the pauses people make between groups: thousands of strings from a thousand groups. So strings share
groups, and count as fewer than they are; the report says so.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from stdnum import luhn

from benchmarks.rendering import PARTS, VOICES, Line, Part, render, rendered
from benchmarks.spoken_strings import RawString
from benchmarks.telephone import DIGITS, RATE, Sound
from bot.cards import brand_of
from bot.expectations import Expectation, Kind
from bot.project import ROOT
from bot.speaking import kokoro
from training.texts import below_hundred

FOLDER = ROOT / "out" / "benchmarks" / "groups"
FIRST_GROUPS = ("4", "4", "4", "51", "53", "55", "2221", "54", "6011", "65", "37", "34")
COUNTS: dict[Part, dict[str, int]] = {
    "test": {"first": 36, "four": 100, "five": 60, "six": 24, "three": 60},
    "validation": {"first": 12, "four": 26, "five": 8, "six": 4, "three": 8},
}
"""Groups of each sort by each voice. "first" begins a card number of a known brand."""
SIZES = {"first": 4, "four": 4, "five": 5, "six": 6, "three": 3}


@dataclass(frozen=True, slots=True)
class Group:
    """digits: what is said. samples: at 8 kHz, without a telephone."""

    voice: str
    sort: str
    digits: str = field(repr=False)
    samples: Sound = field(repr=False)


def wording(random: Random, digits: str) -> str:
    """Digit by digit; a fifth with "double", "triple" or, two digits at a time, as numbers."""
    nought = random.choice(["oh", "oh", "zero"])
    habit = random.random()
    if habit < 0.1 and len(digits) == 4 and "0" not in digits:
        return f"{below_hundred(int(digits[:2]))} {below_hundred(int(digits[2:]))}"
    words, at = [], 0
    while at < len(digits):
        run = len(digits[at:]) - len(digits[at:].lstrip(digits[at]))
        run = min(run, 3) if habit < 0.35 else 1
        words += [("", "double", "triple")[run - 1]] if run > 1 else []
        words.append(nought if digits[at] == "0" else DIGITS[int(digits[at])])
        at += run
    return " ".join(words)


def groups_to_say(voice: str, part: Part) -> Iterator[Line]:
    """Every group of the voice, the same in every run."""
    random = Random(f"groups {voice}")  # noqa: S311 - a draw of test material, no secret
    for sort, count in COUNTS[part].items():
        for number in range(count):
            begin = FIRST_GROUPS[number % len(FIRST_GROUPS)] if sort == "first" else ""
            digits = begin + "".join(random.choices("0123456789", k=SIZES[sort] - len(begin)))
            text = wording(random, digits) + random.choice(".,")
            speed = round(random.uniform(0.9, 1.3), 2)
            yield Line(text, speed, {"sort": sort, "digits": digits})


def read_groups(folder: Path, part: Part) -> list[Group]:
    """Of that part's voices; empty when nothing is there."""
    found = rendered(folder, VOICES[part], sum(COUNTS[part].values()))
    return [Group(voice, said["sort"], said["digits"], sound) for voice, said, sound in found]


_GROUPS = {"zip": "five", "security": "three", "amex code": "four"}
_OTHER = {"zip": "four", "security": "four", "amex code": "five"}
"""What is read instead by somebody who leaves a digit out or says one too many."""
_PAUSES = (0.2, 0.9)
"""Seconds between groups of a card number."""


def joined_strings(
    random: np.random.Generator,
    groups: Sequence[Group],
    counts: dict[str, int],
    misread: float = 0.0,
) -> Iterator[RawString]:
    """Card numbers, postal and security codes from one voice's groups each.

    counts, misread: as for `spliced_strings`. A misread card number has one group of another.
    """
    by_voice: dict[str, dict[str, list[Group]]] = defaultdict(lambda: defaultdict(list))
    for group in groups:
        by_voice[group.voice][group.sort].append(group)
    voices = sorted(by_voice)
    for what, count in counts.items():
        for number in range(count):
            voice = voices[number % len(voices)]
            valid = random.random() >= misread
            said, expectation = _said(random, what, by_voice[voice], valid=valid)
            digits = "".join(group.digits for group in said)
            yield RawString(what, digits, voice, expectation, _joined(random, said), valid)


def _said(
    random: np.random.Generator, what: str, groups: dict[str, list[Group]], *, valid: bool
) -> tuple[list[Group], Expectation]:
    if what == "card":
        return _card(random, groups, valid=valid), Expectation(Kind.CARD)
    sort = (_GROUPS if valid else _OTHER)[what]
    return [_any(random, groups[sort])], Expectation(Kind.DIGITS, (SIZES[_GROUPS[what]],))


def _card(
    random: np.random.Generator, groups: dict[str, list[Group]], *, valid: bool
) -> list[Group]:
    """Drawn again until the check digit agrees, or, where it is to be misread, does not."""
    while True:
        first = _any(random, groups["first"])
        rest = ("six", "five") if first.digits[:2] in {"34", "37"} else ("four",) * 3
        said = [first, *(_any(random, groups[sort]) for sort in rest)]
        digits = "".join(group.digits for group in said)
        if bool(luhn.is_valid(digits)) == valid and brand_of(digits) is not None:
            return said


def _any(random: np.random.Generator, groups: Sequence[Group]) -> Group:
    return groups[int(random.integers(len(groups)))]


def _joined(random: np.random.Generator, said: Sequence[Group]) -> Sound:
    pieces = [np.zeros(int(RATE * random.uniform(0.2, 0.5)))]
    for group in said:
        pieces += [group.samples, np.zeros(int(RATE * random.uniform(*_PAUSES)))]
    return np.concatenate(pieces)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=PARTS, default="test")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--kokoro-voices", type=Path, help="default: fetched with npm")
    options = parser.parse_args()
    voices = options.kokoro_voices or kokoro.fetch_voices(ROOT / "out" / "voices")
    engine = kokoro.Kokoro(voices)
    for voice in VOICES[options.part]:
        render(list(groups_to_say(voice, options.part)), engine, voice, options.folder)


if __name__ == "__main__":
    main()
