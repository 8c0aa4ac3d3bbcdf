"""Where does the time go while a caller waits for the answer?

    OMP_NUM_THREADS=1 python -m benchmarks.waiting_account [--callers a,b] [--at-once 1] [--cores 2]
                                                           [--each]

The calls of `benchmarks.waiting`, in simulated time (`benchmarks.simulated_line`), so that the
machine need not be idle. The parts, each from the end of the one before, in ms:

    ear       from the last sample of speech to where the ear thinks that it was
    silence   to the end of the turn: silence that is waited for, or an early answer was computed in
    hearing   to the words and what they mean: what of recognition was not done in the silence
    dialog    to the first sample of the answer's prompt: deciding, joining its pieces
    lead      to the first sample that is heard: the quiet a recording begins with, a chunk's way

looks: preliminary answers asked for in pauses, for each answer, and the CPU ms of one.
Over a line some 40 ms come on top: a chunk's framing at each end, and sound sent ahead of its time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.paying_callers import CALLERS, LOUD, QUESTIONS, Watched, waits
from benchmarks.simulated_line import Job, SimulatedCaller, SimulatedPool, Simulation
from benchmarks.waiting import table
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE
from bot.calls.run_call import Files, new_call_id
from bot.calls.scenarios.scenario import Parameters
from bot.calls.services import Services, running_services
from bot.console import Progress, console, problems
from bot.records.trace import Entry, EntryKind
from bot.settings import load_settings

LONGEST_CALL = 120.0
PATIENCE = 6.0
PARTS = ("ear", "silence", "hearing", "dialog", "lead")


@dataclass(frozen=True, slots=True)
class Account:
    """Of one answer; None where the caller was cut off or got none. parts: ms."""

    who: str
    question: str
    waited: float
    parts: dict[str, float] | None
    looks: int
    cpu_a_look: float
    turns: int


class Listened:
    """One call, and what was noted of it when."""

    def __init__(self, simulation: Simulation, caller: str) -> None:
        self.caller = caller
        self.person = Watched(caller)
        self.pool = SimulatedPool(simulation)
        self.noted: list[tuple[float, Entry]] = []
        self._simulation = simulation

    async def run(self, services: Services, files: Files) -> None:
        line = SimulatedCaller(
            self._simulation, self.person, longest=LONGEST_CALL, patience=PATIENCE
        )
        await replace(services, executor=self.pool).call(
            line,
            Parameters(),
            files,
            watch=lambda entry: self.noted.append((self._simulation.now, entry)),
            listener=line.play,
            call_id=new_call_id(),
        )

    def accounts(self) -> list[Account]:
        found = []
        begun = [*self.person.began, len(self.person.moments)]
        for number, (question, waited) in enumerate(waits(self.person)):
            first, last = self.person.spoke(number)
            until = begun[number + 1] * CHUNK_SAMPLES
            parts = self._parts(first, last, until) if 0 <= waited < PATIENCE else None
            within = (first / SAMPLE_RATE, until / SAMPLE_RATE)
            looks = [job for job in self._jobs("preliminary") if within[0] <= job.asked < within[1]]
            turns = [e for _, e in self.noted if e.kind is EntryKind.SPEECH]
            found.append(
                Account(
                    self.caller,
                    question,
                    waited,
                    parts,
                    len(looks),
                    1000 * float(np.mean([job.cpu for job in looks])) if looks else 0.0,
                    sum(first / 8 <= turn.at < last / 8 for turn in turns),
                )
            )
        return found

    def _jobs(self, name: str) -> list[Job]:
        return [job for job in self.pool.jobs if job.name == name]

    def _parts(self, first: int, last: int, until: int) -> dict[str, float] | None:
        """All in ms since the call began. None where the turn is not to be found."""
        at_last = [
            (1000 * when, float(entry.until or 0))
            for when, entry in self.noted
            if entry.kind is EntryKind.SPEECH and first / 8 <= entry.at < last / 8
        ]
        if not at_last:
            return None
        decided, voice_end = at_last[-1]
        heard = next(
            (
                1000 * when
                for when, entry in self.noted
                if entry.kind is EntryKind.HEARD and 1000 * when >= decided
            ),
            None,
        )
        begins = [
            float(entry.at)
            for _, entry in self.noted
            if entry.kind is EntryKind.PROMPT and decided <= entry.at < until / 8
        ]
        loud = np.flatnonzero(np.abs(self.person.heard.astype(np.int32)) > LOUD)
        audible = loud[loud > first]
        if heard is None or not begins or not len(audible):
            return None
        moments = [last / 8, voice_end, decided, heard, min(begins), int(audible[0]) / 8]
        return dict(zip(PARTS, np.diff(moments).tolist(), strict=True))


async def measure(
    callers: Sequence[str], at_once: int, cores: int, settings: Sequence[str]
) -> list[Account]:
    found: list[Account] = []
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        async with running_services(
            load_settings(None, list(settings)), out, Progress(problems), with_rasa=False, live=True
        ) as services:
            for number, first in enumerate(range(0, len(callers), at_once)):
                simulation = Simulation(cores)
                calls = [Listened(simulation, name) for name in callers[first : first + at_once]]
                folder = out / f"calls-{number}"
                await simulation.run(
                    [call.run(services, Files(folder / str(i))) for i, call in enumerate(calls)]
                )
                found += itertools.chain.from_iterable(call.accounts() for call in calls)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--callers", default=",".join(CALLERS))
    options.add_argument("--at-once", type=int, default=1)
    options.add_argument("--cores", type=int, default=2)
    options.add_argument("--each", action="store_true", help="each answer, too")
    options.add_argument("--setting", action="append", default=[])
    given = options.parse_args()
    accounts = asyncio.run(
        measure(given.callers.split(","), given.at_once, given.cores, given.setting)
    )
    if given.each:
        console.print(f"| caller | question | waited | {' | '.join(PARTS)} | turns | looks | CPU |")
        console.print("|---|---|---|---|---|---|---|---|---|---|---|")
        for one in accounts:
            console.print(told(one), soft_wrap=True)
        console.print()
    by_question = defaultdict(list)
    for one in accounts:
        by_question[one.question].append(one)
    waited = {question: [one.waited for one in by_question[question]] for question in QUESTIONS}
    for line in table(waited):
        console.print(line, soft_wrap=True)
    console.print()
    console.print(f"| mean ms | {' | '.join(PARTS)} | looks | CPU ms of one |")
    console.print("|---|---|---|---|---|---|---|---|")
    for question in QUESTIONS:
        console.print(means(question, by_question[question]), soft_wrap=True)
    console.print(means("all", accounts), soft_wrap=True)


def told(one: Account) -> str:
    parts = [f"{one.parts[part]:.0f}" for part in PARTS] if one.parts else ["-"] * len(PARTS)
    return (
        f"| {one.who} | {one.question} | {1000 * one.waited:.0f} | {' | '.join(parts)} | "
        f"{one.turns} | {one.looks} | {one.cpu_a_look:.0f} |"
    )


def means(question: str, accounts: Sequence[Account]) -> str:
    known = [one.parts for one in accounts if one.parts]
    parts = [f"{np.mean([p[part] for p in known]):.0f}" if known else "-" for part in PARTS]
    looks = np.mean([one.looks for one in accounts]) if accounts else 0
    looked = [one.cpu_a_look for one in accounts if one.looks]
    cpu = f"{np.mean(looked):.0f}" if looked else "-"
    return f"| {question} | {' | '.join(parts)} | {looks:.1f} | {cpu} |"


if __name__ == "__main__":
    main()
