"""Amounts, expiry dates, yes and no, spoken whole by voices never trained on.

    uv run --group voices python -m benchmarks.rendered_phrases [--part validation]

renders them into out/benchmarks/phrases (ten minutes of one core; what is there is not rendered
again). `benchmarks.hearing` measures with those of the part "test", `benchmarks.fit_confidence`
fits to those of "validation". The wordings are drawn here, not where training draws its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.rendering import PARTS, VOICES, Line, Part, render, rendered
from benchmarks.spoken_strings import RawString
from benchmarks.telephone import DIGITS, RATE, Sound
from bot.expectations import Expectation, Kind
from bot.project import ROOT
from bot.speaking import kokoro
from training.texts import below_hundred

FOLDER = ROOT / "out" / "benchmarks" / "phrases"
COUNTS = {"amount": 10, "expiry": 8, "yes_no": 6}
"""Phrases of each sort by each voice."""
EXPECTED = {
    "amount": Expectation(Kind.AMOUNT),
    "expiry": Expectation(Kind.EXPIRY, (4,)),
    "yes_no": Expectation(Kind.YES_NO),
}
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_YES = ("yes", "yeah", "yep", "yes please", "yes that's right", "yes that is correct", "yeah sure")
_NO = ("no", "nope", "no thanks", "no that's wrong", "no it isn't", "no the amount is wrong")


def an_amount(random: Random) -> tuple[str, str]:
    """(value, wording); the wording means that value and no other."""
    whole = random.choice([random.randrange(1, 20), random.randrange(20, 100), 100, 250, 1200])
    whole = whole if random.random() < 0.7 else random.randrange(100, 1000)
    cents = random.choice([0, 0, 50, random.randrange(10, 100), random.randrange(1, 100)])
    dollars = "dollar" if whole == 1 else "dollars"
    if cents == 0:
        said = random.choice([f"{_count(random, whole)} {dollars}"] * 2 + [_count(random, whole)])
    else:
        ways = [f"{_count(random, whole)} {dollars} and {_cents(cents)}"] * 2
        if cents >= 10:
            ways.append(f"{_count(random, whole)} {dollars} {below_hundred(cents)}")
        if cents >= 10 and 20 <= whole < 100:
            ways.append(f"{below_hundred(whole)} {below_hundred(cents)}")
        if whole < 100:
            ways.append(f"{below_hundred(whole)} point {_digits(random, f'{cents:02d}')}")
        said = random.choice(ways)
    before = random.choice(["", "", "", "it's ", "I'd like to pay ", "um ", "make it "])
    return f"{whole}.{cents:02d}", before + said + random.choice(["", "", "", " please"])


def an_expiry(random: Random) -> tuple[str, str]:
    month, year = random.randrange(1, 13), random.randrange(26, 36)
    number = _digits(random, f"{month:02d}") if month < 10 else below_hundred(month)
    name = _MONTHS[month - 1]
    said = random.choice(
        [
            f"{number} {below_hundred(year)}",
            f"{number} slash {below_hundred(year)}",
            f"{number} {_digits(random, str(year))}",
            f"{below_hundred(month)} {below_hundred(year)}",
            f"{name} twenty {below_hundred(year)}",
            f"{name} {below_hundred(year)}",
            f"{name} two thousand {below_hundred(year)}",
        ]
    )
    before = random.choice(["", "", "", "it's ", "it expires ", "um "])
    return f"{month:02d}/{year}", before + said


def an_answer(random: Random) -> tuple[str, str]:
    value, ways = random.choice([("yes", _YES), ("no", _NO)])
    return value, random.choice(["", "", "", "um ", "oh "]) + random.choice(ways)


_DRAWN: dict[str, Callable[[Random], tuple[str, str]]] = {
    "amount": an_amount,
    "expiry": an_expiry,
    "yes_no": an_answer,
}


def phrases_to_say(voice: str) -> Iterator[Line]:
    """Every phrase of the voice, the same in every run."""
    random = Random(f"phrases {voice}")  # noqa: S311 - a draw of test material, no secret
    for what, count in COUNTS.items():
        for _ in range(count):
            value, text = _DRAWN[what](random)
            speed = round(random.uniform(0.9, 1.3), 2)
            yield Line(text + ".", speed, {"what": what, "value": value})


def read_phrases(folder: Path, part: Part) -> list[tuple[RawString, str]]:
    """Each with its text, half a second of quiet around it; empty when nothing is there."""
    return [
        (
            RawString(said["what"], said["value"], voice, EXPECTED[said["what"]], _padded(sound)),
            said["text"],
        )
        for voice, said, sound in rendered(folder, VOICES[part], sum(COUNTS.values()))
    ]


def _padded(sound: Sound) -> Sound:
    quiet = np.zeros(RATE // 4)
    return np.concatenate([quiet, sound, quiet])


def _count(random: Random, number: int) -> str:
    """A whole number below ten thousand in words."""
    if number < 100:
        return below_hundred(number)
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        return f"{DIGITS[thousands]} thousand" + (f" {_count(random, rest)}" if rest else "")
    hundreds, rest = divmod(number, 100)
    first = "a" if hundreds == 1 and random.random() < 0.5 else DIGITS[hundreds]
    joined = random.choice([" ", " and "])
    return f"{first} hundred" + (f"{joined}{below_hundred(rest)}" if rest else "")


def _cents(cents: int) -> str:
    return "one cent" if cents == 1 else f"{below_hundred(cents)} cents"


def _digits(random: Random, digits: str) -> str:
    nought = random.choice(["oh", "zero"])
    return " ".join(nought if digit == "0" else DIGITS[int(digit)] for digit in digits)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=PARTS, default="test")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--kokoro-voices", type=Path, help="default: fetched with npm")
    options = parser.parse_args()
    engine = kokoro.Kokoro(options.kokoro_voices or kokoro.fetch_voices(ROOT / "out" / "voices"))
    for voice in VOICES[options.part]:
        render(list(phrases_to_say(voice)), engine, voice, options.folder)


if __name__ == "__main__":
    main()
