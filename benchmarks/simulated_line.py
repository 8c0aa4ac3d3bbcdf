"""Live calls in simulated time: what an idle machine would do, on one that is busy.

The calls are the real ones, at the pace of their line. Their time is counted in chunks, and what is
computed (recognition, joining of prompts) takes as long as it took CPU time of this process, on so
many simulated cores, in the order in which it was asked for. What the call's own loop computes
(voice activity, dialog) takes none.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from benchmarks.paying_callers import Person
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, Samples, silence
from bot.calls.callers import Caller, Gone, Received, Sound
from bot.transports.g711 import mu_law_decoded, mu_law_encoded

_T = TypeVar("_T")

_SETTLED = 60
"""Turns of the event loop: more than anything a call does takes that nobody computes for."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something computed. Times in simulated seconds; cpu in seconds."""

    name: str
    asked: float
    began: float
    ended: float
    cpu: float
    arguments: tuple[Any, ...] = field(repr=False)
    result: Any = field(repr=False)


class Simulation:
    """now: seconds. busy: until when each simulated core computes."""

    def __init__(self, cores: int) -> None:
        self.now = 0.0
        self.busy = [0.0] * cores
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._tick = asyncio.Event()

    def at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._order), act))

    async def next_tick(self) -> None:
        await self._tick.wait()

    async def run(self, calls: Sequence[Awaitable[object]]) -> None:
        """Until all calls are over."""
        running = [asyncio.ensure_future(call) for call in calls]
        for chunk in itertools.count():
            await _settle()
            until = chunk * CHUNK_SAMPLES / SAMPLE_RATE
            while self._due and self._due[0][0] < until:
                self.now, _, act = heapq.heappop(self._due)
                act()
                await _settle()
            self.now = until
            if all(call.done() for call in running):
                break
            self._tick.set()
            self._tick = asyncio.Event()
        await asyncio.gather(*running)


async def _settle() -> None:
    for _ in range(_SETTLED):
        await asyncio.sleep(0)


class SimulatedPool(Executor):
    """One call's view of the cores all share. jobs: what it asked for."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.jobs: list[Job] = []

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        simulation = self._simulation
        future: Future[_T] = Future()
        started = time.process_time()
        try:
            result = fn(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
            future.set_exception(error)
            return future
        cpu = time.process_time() - started
        core = min(range(len(simulation.busy)), key=simulation.busy.__getitem__)
        began = max(simulation.now, simulation.busy[core])
        ended = simulation.busy[core] = began + cpu
        self.jobs.append(Job(fn.__name__, simulation.now, began, ended, cpu, args, result))
        simulation.at(ended, lambda: future.set_result(result))
        return future


class SimulatedCaller(Caller):
    """Somebody on the phone, over mu-law; gone after so many seconds, or so long after their last
    word."""

    def __init__(
        self, simulation: Simulation, person: Person, *, longest: float, patience: float
    ) -> None:
        self._simulation = simulation
        self._person = person
        self._heard = silence(CHUNK_SAMPLES)
        self._longest = longest
        self._patience = patience
        self._last_words = 0.0

    async def receive(self, bot_waits: bool) -> Received:
        await self._simulation.next_tick()
        moment = self._person.live(self._heard)
        said = moment.said
        now = self._simulation.now
        if self._person.actions_left or said.any():
            self._last_words = now
        if now > self._longest or now > self._last_words + self._patience:
            return Gone()
        return Sound(mu_law_decoded(mu_law_encoded(said)))

    async def play(self, _: Samples, spoken: Samples) -> None:
        """What the call's listener is told."""
        self._heard = spoken
