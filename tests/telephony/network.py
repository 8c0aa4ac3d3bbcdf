"""What a network does to what is sent over it, the same every time for the same seed."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Sends = Callable[[str | bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Weather:
    """jitter_ms: each message is late by up to so much. loss: share of sound that never comes.

    reorder: share of messages that overtake the one before; needs a protocol that numbers them.
    stall: nothing comes from this second on for so many seconds, then all of it at once.
    drift: how much faster than ours the sender's clock runs, 0.001 for 0.1 %.
    """

    jitter_ms: float = 0.0
    loss: float = 0.0
    reorder: float = 0.0
    stall: tuple[float, float] | None = None
    drift: float = 0.0
    seed: int = 0


class Network:
    """Carries messages to `send`, as the weather lets it."""

    def __init__(self, weather: Weather, send: Sends) -> None:
        self._weather = weather
        self._send = send
        self._random = random.Random(weather.seed)
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._latest = 0.0
        self._on_the_way: list[tuple[float, int, str | bytes]] = []
        self._order = itertools.count()
        self._more = asyncio.Event()

    def loses_sound(self) -> bool:
        return self._random.random() < self._weather.loss

    def carry(self, message: str | bytes) -> None:
        now = self._loop.time()
        due = now + self._random.uniform(0, self._weather.jitter_ms) / 1000
        if self._weather.stall is not None:
            begins, lasts = self._weather.stall
            if begins <= now - self._began < begins + lasts:
                due = max(due, self._began + begins + lasts)
        if self._random.random() < self._weather.reorder:
            due += 0.045
        else:
            self._latest = due = max(due, self._latest)
        heapq.heappush(self._on_the_way, (due, next(self._order), message))
        self._more.set()

    async def run(self) -> None:
        """Deliver, until cancelled."""
        while True:
            while not self._on_the_way:
                self._more.clear()
                await self._more.wait()
            due = self._on_the_way[0][0]
            if due > self._loop.time():
                await asyncio.sleep(due - self._loop.time())
            _, _, message = heapq.heappop(self._on_the_way)
            await self._send(message)
