"""A worker as its parent sees it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.calls.live.calls import Others
from bot.processes import Child
from bot.web.hand_over import HandedOver

_BECOMES_A_CALL_SECONDS: Final = 1.0
"""A connection that is going to be a call is one by then."""

DOUBTED_AFTER: Final = 3
"""Beats that stay away until a worker is given nothing more. Its calls stutter by then, so it is no
loss if it was only busy."""
STARTING_TIMES: Final = 10
"""How much longer it may stand still before it is ready: libraries and models come from a disk."""


@dataclass(slots=True, eq=False)
class Worker:
    """channels, their_ends: by which it is given connections, and may be relieved of those that it
    has not taken. answered: it has once been ready. drained: it is about to end. most: calls it
    would take; 0 when it drains. given: when it was last given a connection, by count. lately: the
    times of those that are in no count of its calls yet. failed: why it could not go on. missed:
    beats that have stayed away since it was heard. listening: while its words are awaited; ended
    when it hangs."""

    number: int
    child: Child
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    channels: Sequence[socket.socket]
    their_ends: Sequence[HandedOver]
    answered: bool = False
    drained: bool = False
    calls: int = 0
    most: int = 0
    given: int = 0
    lately: deque[float] = field(default_factory=deque)
    failed: str = ""
    missed: int = 0
    listening: asyncio.Timeout | None = None
    hung: bool = False

    @property
    def takes_connections(self) -> bool:
        return self.answered and not self.drained and not self.is_doubted

    @property
    def is_doubted(self) -> bool:
        return self.missed >= DOUBTED_AFTER

    @property
    def others(self) -> Others:
        """As it looks from the other workers."""
        return Others(self.calls, self.most, max(0, self.most - self.calls))

    @property
    def how_it_ended(self) -> str:
        if not self.answered:
            return "did not start"
        if self.hung:
            return "hung: its calls have been ended with it"
        return "has ended" if self.drained else "has died, and its calls with it"

    def say(self, **what: Any) -> None:
        self.writer.write(json.dumps(what).encode() + b"\n")

    def count(self, calls: int) -> None:
        for _ in range(min(calls - self.calls, len(self.lately))):
            self.lately.popleft()
        self.calls = calls

    def wanted(self, now: float) -> tuple[bool, float, int]:
        """The least is given the next connection. Who drains takes no calls, but answers."""
        while self.lately and self.lately[0] < now - _BECOMES_A_CALL_SECONDS:
            self.lately.popleft()
        busy = (self.calls + len(self.lately)) / max(1, self.most)
        return self.most == 0, busy, self.given
