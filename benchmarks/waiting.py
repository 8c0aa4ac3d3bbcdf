"""How long does a caller wait for the answer, and how often is a caller cut off?

    OMP_NUM_THREADS=1 python -m benchmarks.waiting [--calls 8] [--at-once 1 --at-once 4]

Recorded callers pay by voice over Twilio's protocol at real pace. Measured on sound, at the phone:
from the last sample of what the caller said to the first sample of the bot's answer, network and
pacing included. A caller is cut off when the bot is heard before the last word is said; the numbers
are read in groups with pauses of up to a second. Without Rasa; the gateway is the simulator.

Once a table for a caller who is alone (in quiet), and for as many at once as the rated load allows,
which is `live.most_calls`: two calls a core. Where the time goes: `benchmarks.waiting_account`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.calls import Moment, Person, Says, one_call, server
from benchmarks.turns import voiced_stretches
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, Samples
from bot.calls.laboratory.bench import proportion
from bot.calls.wav import read_wav
from bot.console import console
from bot.cores import CORES
from bot.project import ROOT

QUESTIONS = ("amount", "card-number", "expiry", "security-code", "postal-code", "confirm")
CALLERS = ("amex", "change", "declined", "doubles", "help", "interrupt", "pairs", "unknown")
"""Who answer all six. "full", who pays everything that is owed, is understood by Rasa alone."""
LOUD = 300
"""Full scale 32768: the bot's speech, which has no noise. The callers' recordings have: where their
speech ends tells `voiced_stretches`."""
LONGEST_CALL = 110.0
LONGEST_WAIT = 6.0
WARMING_UP = 15.0


class Watched(Person):
    """Notes which chunk each thing said began with."""

    def __init__(self, caller: str) -> None:
        folder = ROOT / "audio" / "callers" / caller
        self.said_by_question = [read_wav(folder / f"{q}.wav", None) for q in QUESTIONS]
        super().__init__([Says(sound) for sound in self.said_by_question], quiet_ms=1200)
        self.began: list[int] = []

    def live(self, heard: Samples) -> Moment:
        left = self.actions_left
        moment = super().live(heard)
        if self.actions_left < left:
            self.began.append(len(self.moments) - 1)
        return moment

    def spoke(self, number: int) -> tuple[int, int]:
        """Where the answer to that question began to come, and where its speech ended: samples."""
        first = self.began[number] * CHUNK_SAMPLES
        return first, first + list(voiced_stretches(self.said_by_question[number]))[-1][1]


def waits(person: Watched) -> list[tuple[str, float]]:
    """Seconds for each question; negative: cut off so long before the end; infinite: unanswered."""
    loud = np.flatnonzero(np.abs(person.heard.astype(np.int32)) > LOUD)
    found = []
    for number, question in enumerate(QUESTIONS[: len(person.began)]):
        first, last = person.spoke(number)
        after = loud[loud > first]
        waited = (int(after[0]) - last) / SAMPLE_RATE if len(after) else np.inf
        found.append((question, waited if waited < LONGEST_WAIT else np.inf))
    return found


async def measure(calls: int, at_once: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    people = [Watched(name) for name in itertools.islice(itertools.cycle(CALLERS), calls)]
    async with server("recognition") as (url, _):
        await one_call(url, Watched(CALLERS[0]), WARMING_UP)
        for first in range(0, calls, at_once):
            together = people[first : first + at_once]
            await asyncio.gather(*(one_call(url, person, LONGEST_CALL) for person in together))
    for person in people:
        for question, waited in waits(person):
            found[question].append(waited)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--calls", type=int, default=len(CALLERS))
    options.add_argument("--at-once", type=int, action="append")
    given = options.parse_args()
    for at_once in given.at_once or [1, 2 * CORES]:
        found = asyncio.run(measure(given.calls, at_once))
        console.print(f"{at_once} at once")
        for line in table(found):
            console.print(line, soft_wrap=True)


def table(found: Mapping[str, list[float]]) -> Iterator[str]:
    """found: as `measure` gives it."""
    yield "| question | asked | p50 | p95 | p99 ms | cut off (95 % interval) | no answer in 6 s |"
    yield "|---|---|---|---|---|---|---|"
    for question in QUESTIONS:
        yield row(question, found[question])
    yield row("all", list(itertools.chain(*found.values())))


def row(question: str, waited: list[float]) -> str:
    answered = [1000 * w for w in waited if 0 <= w < LONGEST_WAIT]
    shown = ["-"] * 3
    if answered:
        shown = [f"{p:.0f}" for p in np.percentile(answered, [50, 95, 99])]
    cut_off = sum(w < 0 for w in waited)
    share = proportion(cut_off, max(1, len(waited)))
    return (
        f"| {question} | {len(waited)} | {' | '.join(shown)} | "
        f"{cut_off} ({share.low:.0f}-{share.high:.0f} %) | "
        f"{len(waited) - len(answered) - cut_off} |"
    )


if __name__ == "__main__":
    main()
