"""python -m benchmarks.faults --trials 1000 --seed 1: seeded faults, and what came of each."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from benchmarks.faults.broken import Breakage
from benchmarks.faults.kinds import Kind
from benchmarks.faults.plan import OnCharge, Trial, drawn_trial
from benchmarks.faults.sweep import SWEPT, awaits, deaths
from benchmarks.faults.till import Died, Told
from benchmarks.faults.trial import Happened, Laboratory
from benchmarks.faults.verdict import violations
from bot.paying.intents import State

_AT_ONCE = 12


class Tally:
    """What the trials came to."""

    def __init__(self) -> None:
        self.trials = self.orders = self.sent = self.captured = self.after_death = 0
        self.faults: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        self.callers: Counter[str] = Counter()
        self.journal: Counter[str] = Counter()
        self.violations: list[str] = []
        self.broken: list[str] = []

    def add(self, happened: Happened) -> None:
        orders = happened.trial.orders
        self.trials += 1
        self.orders += len(orders)
        self.sent += sum(happened.sent.values())
        self.captured += sum(entry.status == "approved" for entry in happened.books)
        self.faults.update(order.on_charge for order in orders if happened.sent.get(order.key))
        for event in happened.events:
            if isinstance(event, Died):
                self.deaths[event.where] += 1
            elif isinstance(event, Told) and not event.late:
                self.callers[event.status] += 1
        self.journal.update(
            happened.intents[order.key].state if order.key in happened.intents else "no intent"
            for order in orders
        )
        seed = happened.trial.seed
        self.violations += [f"seed {seed}: {what}" for what in violations(happened)]
        self.broken += [f"seed {seed}: {what}" for what in happened.broken]

    def lines(self) -> list[str]:
        given_up = self.journal[State.GIVEN_UP]
        return [
            f"{self.trials} trials, {self.orders} orders, {self.sent} charges sent, "
            f"{self.captured} captured, {sum(self.deaths.values())} processes killed",
            f"callers were told: {_listed(self.callers)}",
            f"in the end: {_listed(self.journal)}; handed to a person: {given_up}",
            f"killed while awaiting in: {_listed(self.deaths)}",
            f"befell charges: {_listed(self.faults)}",
            f"violations: {len(self.violations)}",
        ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counts.most_common()) or "none"


async def _run(options: argparse.Namespace) -> Tally:
    tally = Tally()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lab = Laboratory(Path(folder))
        run = partial(lab.run, kind=options.gateway, breakage=options.broken)
        trials = [drawn_trial(options.seed * 1_000_000 + n) for n in range(options.trials)]
        if options.every_await:
            trials = await _every_await(lab, options.gateway)
        for first in range(0, len(trials), _AT_ONCE):
            for happened in await asyncio.gather(*map(run, trials[first : first + _AT_ONCE])):
                tally.add(happened)
            if tally.trials % (5 * _AT_ONCE) == 0:
                took = time.monotonic() - began
                problems = len(tally.violations) + len(tally.broken)
                print(f"{tally.trials} trials, {took:.0f} s, {problems} problems", flush=True)  # noqa: T201
    return tally


async def _every_await(lab: Laboratory, kind: Kind) -> list[Trial]:
    trials: list[Trial] = []
    for name, dying in SWEPT.items():
        steps = await awaits(lab, dying, 0, kind)
        print(f"{name}: {steps} awaits")  # noqa: T201
        trials += deaths(dying, steps, len(trials) + 1)
    return trials


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gateway", type=Kind, choices=list(Kind), default=Kind.REST)
    parser.add_argument(
        "--every-await",
        action="store_true",
        help="instead of trials by chance, a process killed at each await in turn",
    )
    parser.add_argument(
        "--broken", type=Breakage, choices=list(Breakage), help="a service that must be caught"
    )
    options = parser.parse_args()
    tally = asyncio.run(_run(options))
    for line in (*tally.lines(), *tally.violations, *tally.broken):
        print(line)  # noqa: T201
    missing = set(OnCharge) - set(tally.faults)
    if missing and not options.every_await:
        print(f"never befell a charge: {', '.join(missing)}")  # noqa: T201
    return 1 if tally.violations or tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
