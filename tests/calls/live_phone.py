"""A person at the other end of a live line, and a wall whose time costs none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np

from bot.audio import CHUNK_SAMPLES, silence
from bot.calls.live.line import Clear, Finished, LiveLine, Play

BEGINNING = 100.0


class StandingWall:
    """Time that moves only when somebody waits for it, to the next thing a test has planned."""

    def __init__(self) -> None:
        self.time = BEGINNING
        self._plan: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self.time

    @property
    def elapsed(self) -> float:
        return self.time - BEGINNING

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have `act` called this long after the beginning."""
        self._plan.append((BEGINNING + seconds, act))
        self._plan.sort(key=lambda entry: entry[0])

    async def wait(self, event: asyncio.Event, until: float) -> None:
        # Whatever else there is to do may be done meanwhile.
        await asyncio.sleep(0)
        while not event.is_set():
            if not self._plan or self._plan[0][0] > until:
                self.time = max(self.time, until)
                return
            self.time, act = self._plan.pop(0)
            act()


class Phone:
    """Sends silence at the pace of a line, listens, and presses keys once the bot is quiet.

    actions: each the keys of one answer; "" hangs up. clears: how often the bot recalled sound.
    """

    def __init__(self, wall: StandingWall, line: LiveLine, actions: Sequence[str]) -> None:
        self._wall = wall
        self._line = line
        self._actions = list(actions)
        self._sent = 0
        self.heard_samples = 0
        self.clears = 0
        wall.at(0, self._speak)

    def _speak(self) -> None:
        self._line.sound(silence(CHUNK_SAMPLES))
        self._sent += 1
        self._wall.at(self._sent * 0.02, self._speak)

    async def listen(self) -> None:
        """Until the call is over."""
        quiet = 0
        spoke = False
        while True:
            match await self._line.next_outgoing():
                case Finished():
                    return
                case Clear():
                    self.clears += 1
                case Play(samples):
                    if np.any(samples):
                        self.heard_samples += len(samples)
                        quiet, spoke = 0, True
                        continue
                    quiet += 1
                    if spoke and quiet == 10 and self._actions:
                        spoke = False
                        self._act(self._actions.pop(0))

    def _act(self, keys: str) -> None:
        if not keys:
            self._line.hang_up()
        for key in keys:
            self._line.key("message", key)
