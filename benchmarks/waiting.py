"""How long does a caller wait for the answer, and how often is a caller cut off?

    OMP_NUM_THREADS=1 python -m benchmarks.waiting [--calls 8] [--at-once 1 --at-once 4]

Recorded callers pay by voice over Twilio's protocol at real pace. A caller is cut off when the bot
is heard before the last word is said; the numbers are read in groups with pauses of up to a second.
Without Rasa; the gateway is the simulator.

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

from benchmarks.calls import one_call, server
from benchmarks.paying_callers import CALLERS, LONGEST_WAIT, QUESTIONS, Watched, waits
from bot.calls.laboratory.bench import proportion
from bot.console import console
from bot.cores import CORES

LONGEST_CALL = 110.0
WARMING_UP = 15.0


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
