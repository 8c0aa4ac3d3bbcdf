"""Digit groups spoken by voices the number recogniser was never trained on.

    uv run --group voices python -m benchmarks.rendered_groups [--kokoro-voices DIR] [--folder DIR]

renders them into out/benchmarks/groups (half an hour of one core; what is there is not rendered
again). `benchmarks.hearing` joins them into card numbers, postal and security codes, each from one
voice's groups, with the pauses people make between groups: thousands of strings from a thousand
groups. So strings share groups, and count as fewer than they are; the report says so.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import soundfile
import soxr
from stdnum import luhn

from benchmarks.spoken_strings import RawString
from benchmarks.telephone import DIGITS, RATE, Sound
from bot.cards import brand_of
from bot.expectations import Expectation, Kind
from bot.project import ROOT
from bot.speaking import kokoro
from training.clips import trimmed
from training.texts import below_hundred
from training.voices import KOKORO

FOLDER = ROOT / "out" / "benchmarks" / "groups"
FIRST_GROUPS = ("4", "4", "4", "51", "53", "55", "2221", "54", "6011", "65", "37", "34")
COUNTS = {"first": 36, "four": 100, "five": 60, "six": 24, "three": 60}
"""Groups of each sort by each voice. "first" begins a card number of a known brand."""
_LAST = f"{sum(COUNTS.values()) - 1:04d}.json"
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


def groups_to_say(voice: str) -> Iterator[tuple[str, str, str, float]]:
    """(sort, digits, text, speed) of every group of the voice, the same in every run."""
    random = Random(f"groups {voice}")  # noqa: S311 - a draw of test material, no secret
    for sort, count in COUNTS.items():
        for number in range(count):
            begin = FIRST_GROUPS[number % len(FIRST_GROUPS)] if sort == "first" else ""
            digits = begin + "".join(random.choices("0123456789", k=SIZES[sort] - len(begin)))
            yield (
                sort,
                digits,
                wording(random, digits) + random.choice(".,"),
                (round(random.uniform(0.9, 1.3), 2)),
            )


def render(voices: tuple[str, ...], kokoro_voices: Path, folder: Path) -> None:
    engine = kokoro.Kokoro(kokoro_voices)
    began, done, seen = time.monotonic(), 0, 0
    total = len(voices) * sum(COUNTS.values())
    for voice in voices:
        (folder / voice).mkdir(parents=True, exist_ok=True)
        for number, (sort, digits, text, speed) in enumerate(groups_to_say(voice)):
            seen += 1
            about = folder / voice / f"{number:04d}.json"
            if about.exists():
                continue
            (sound,) = engine.render([text], voice, speed, _accent(voice))
            narrow = soxr.resample(sound, kokoro.RATE, RATE, quality="VHQ")
            soundfile.write(about.with_suffix(".wav"), narrow, RATE, subtype="PCM_16")
            about.write_text(json.dumps({"sort": sort, "digits": digits, "text": text}), "utf-8")
            done += 1
            if done % 50 == 0:
                left = (time.monotonic() - began) / done * (total - seen) / 60
                sys.stdout.write(f"{voice} {number}: {left:.0f} min left\n")
                sys.stdout.flush()


def _accent(voice: str) -> str:
    """British voices speak British, everybody else, also from abroad, American."""
    return "en-gb" if voice.startswith("b") else "en-us"


def read_groups(folder: Path) -> list[Group]:
    """Of voices that are whole; empty when there is none."""
    found: list[Group] = []
    for about in sorted(folder.glob("*/*.json")):
        if not (about.parent / _LAST).exists():
            continue  # a voice half rendered lacks a sort of groups
        said = json.loads(about.read_text("utf-8"))
        sound, _ = soundfile.read(about.with_suffix(".wav"), dtype="float64")
        found.append(
            Group(about.parent.name, said["sort"], said["digits"], trimmed(np.asarray(sound)))
        )
    return found


_GROUPS = {"zip": ("five",), "security": ("three",), "amex code": ("four",)}
_LENGTHS = {"zip": 5, "security": 3, "amex code": 4}
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
            valid = what != "card" or random.random() >= misread
            said = (
                _card(random, by_voice[voice], valid=valid)
                if what == "card"
                else [_any(random, by_voice[voice][_GROUPS[what][0]])]
            )
            expectation = (
                Expectation(Kind.CARD)
                if what == "card"
                else Expectation(Kind.DIGITS, (_LENGTHS[what],))
            )
            digits = "".join(group.digits for group in said)
            yield RawString(what, digits, voice, expectation, _joined(random, said), valid)


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
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--kokoro-voices", type=Path, help="default: fetched with npm")
    options = parser.parse_args()
    voices = options.kokoro_voices or kokoro.fetch_voices(ROOT / "out" / "voices")
    render(KOKORO["test"], voices, options.folder)


if __name__ == "__main__":
    main()
