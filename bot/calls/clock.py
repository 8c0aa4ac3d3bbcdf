"""A call's time: samples received on the caller's leg (law 4).

Nothing here knows the wall. From a recording the clock is advanced as fast as chunks are read and
stands still while something computes (`Quiet`); live, chunks arrive at the line's own pace.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Scheduled:
    """Something due at a sample; `cancel()` forgets it."""

    due: int
    act: Callable[[], object] | None

    def cancel(self) -> None:
        self.act = None


class CallClock:
    """now: samples since the call began."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[tuple[int, int, Scheduled]] = []
        self._order = itertools.count()

    def schedule(self, in_samples: int, act: Callable[[], object]) -> Scheduled:
        """Have `act` called when `in_samples` more samples have been received, at the earliest
        with the next chunk."""
        scheduled = Scheduled(self.now + max(0, in_samples), act)
        heapq.heappush(self._heap, (scheduled.due, next(self._order), scheduled))
        return scheduled

    def advance(self, to: int) -> None:
        """Time is now `to`; what is due by then acts, earliest first, at its own moment.

        Raises ValueError when time would run backwards.
        """
        if to < self.now:
            raise ValueError(f"the clock stands at {self.now} and cannot go back to {to}")
        while self._heap and self._heap[0][0] <= to:
            due, _, scheduled = heapq.heappop(self._heap)
            if scheduled.act is not None:
                self.now = max(self.now, due)
                scheduled.act()
        self.now = to


class Quiet:
    """Counts what is being computed; a recorded caller's clock waits until it is nothing."""

    def __init__(self) -> None:
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        self._busy += 1
        self._idle.clear()

    def end(self) -> None:
        self._busy -= 1
        if self._busy == 0:
            self._idle.set()

    async def wait(self) -> None:
        await self._idle.wait()
