"""Puts a stream's chunks back in order, where their carrier numbers them and may mix them up.

A WebSocket keeps the order of what is sent through it; a sender before it may not (some of those
that speak Twilio's protocol say so). A chunk out of order waits until those before it are here, at
most five chunks long; what is missing then is silence of the same length, so that everything after
it is heard at its own moment.
"""

from __future__ import annotations

from typing import Final

from bot.audio import CHUNK_MS, Samples, silence

MOST_WAITING: Final = 100 // CHUNK_MS
"""Chunks: a tenth of a second of waiting for one that is late."""

_LONGEST_GAP: Final = 1000 // CHUNK_MS
"""Chunks of silence put in place of missing ones; a number that jumps further is a mistake."""


class MediaOrder:
    """late, missing: chunks that came too late to be heard, and that never came."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, Samples] = {}
        self.late = 0
        self.missing = 0

    def push(self, samples: Samples, chunk: int | None) -> list[Samples]:
        """What can be heard now, in order. Without a number: at once."""
        if chunk is None:
            return [samples]
        if self._next is None:
            self._next = chunk
        if chunk < self._next or chunk in self._waiting:
            self.late += 1
            return []
        self._waiting[chunk] = samples
        heard = self._in_order()
        if len(self._waiting) > MOST_WAITING:
            first = min(self._waiting)
            gap = first - self._next
            self.missing += gap
            heard.append(silence(min(gap, _LONGEST_GAP) * len(samples)))
            self._next = first
            heard += self._in_order()
        return heard

    def _in_order(self) -> list[Samples]:
        heard: list[Samples] = []
        while self._next is not None and self._next in self._waiting:
            heard.append(self._waiting.pop(self._next))
            self._next += 1
        return heard
