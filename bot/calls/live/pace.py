"""What the bot says goes to a line at the pace at which it is heard there.

A burst that comes in makes a burst go out. Sent as it is, it would lie in the phone system from
then on: the caller would hear everything that much later, and an interruption would have that much
to recall. So sound goes out as fast as it is played, a little ahead, and where some waits silence
is left out until none does.
"""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np

from bot.audio import CHUNK_MS, SAMPLE_RATE
from bot.calls.live.line import LiveLine, LoopWall, Outgoing, Play, Wall

AHEAD_SECONDS: Final = 2 * CHUNK_MS / 1000
"""Sound sent before it is due: as much as this process may be late without a gap being heard."""

_BEHIND: Final = 5
"""So many chunks wait: silence may be left out."""


class Pace:
    """`next_outgoing` of a line, each when it is due. A `Clear` waits one chunk at most."""

    def __init__(self, line: LiveLine, wall: Wall | None = None) -> None:
        self._line = line
        self._wall = wall or LoopWall()
        self._played_until = 0.0
        self._never = asyncio.Event()

    async def next_outgoing(self) -> Outgoing:
        while True:
            now = self._wall.now()
            if self._played_until - now > AHEAD_SECONDS:
                await self._wall.wait(self._never, self._played_until - AHEAD_SECONDS)
            outgoing = await self._line.next_outgoing()
            if not isinstance(outgoing, Play):
                return outgoing
            if self._line.waiting_to_go_out >= _BEHIND and not np.any(outgoing.samples):
                continue
            begins = max(self._played_until, self._wall.now())
            self._played_until = begins + len(outgoing.samples) / SAMPLE_RATE
            return outgoing

    @property
    def seconds_to_play(self) -> float:
        """How long what was sent is still being played."""
        return max(0.0, self._played_until - self._wall.now())
