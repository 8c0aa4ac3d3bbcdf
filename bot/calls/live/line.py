"""A live line: between a transport, whose sound comes as it likes, and a call, which counts time in
chunks of 20 ms.

One chunk in, one chunk out: what the bot says goes out at the pace of what comes in, so the two
clocks of a line never drift apart. What a network held back for a moment comes in a burst; a second
of it is heard at once, the rest a quarter faster than it was said, and no faster: a sender must not
make a call run away. When nothing comes for a second, silence stands in for it, so that the call's
timers go on; and when nothing comes for `dead_after_seconds` the caller is taken to have gone.

A line whose other end can connect again (`keeps_seconds`) fills nothing in: while nothing comes,
whether the connection broke or only stands still, the call's time stands still too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import structlog

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, SAMPLE_RATE, Samples, silence
from bot.calls.callers import Back, Caller, Gone, Keyed, Received, Sound

_log = structlog.get_logger(__name__)

GAP_SECONDS: Final = 1.0
"""A gap this long is waited out, and a burst this long is heard at once."""

_CHUNK_SECONDS: Final = CHUNK_MS / 1000
_CATCHING_UP: Final = 1.25
"""Seconds of sound heard in a second, while more of it waits."""

_MOST_WAITING: Final = 3 * SAMPLE_RATE
"""Samples that may wait to be heard. Who sends more is faster than any person speaks."""

_MOST_KEYS: Final = 20
"""Keys that may wait to be heard; and so many count in a second: no finger is faster."""

_MOST_OUTGOING: Final = 5_000 // CHUNK_MS
"""Chunks that may wait to be sent: past it, the other end has stopped listening."""


class Wall(Protocol):
    """The time of day, in seconds, and waiting for it."""

    def now(self) -> float: ...

    async def wait(self, event: asyncio.Event, until: float) -> None:
        """Until the event is set, or the moment has come."""


class LoopWall:
    """The running event loop's time."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def wait(self, event: asyncio.Event, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                await event.wait()
        except TimeoutError:
            pass


@dataclass(frozen=True, slots=True)
class Play:
    """Samples to be played after those before; shape (n,), int16, SAMPLE_RATE."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Clear:
    """What was sent and is not yet played is not to be heard: the bot was interrupted."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What the sound that follows says, for an end that can show it. Of no account elsewhere."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The call is over; nothing comes after this."""


Outgoing = Play | Clear | Caption | Finished


@dataclass(slots=True)
class LineFigures:
    """What went wrong on a line, for the call's log.

    silence_filled, sound_dropped: milliseconds. keys_dropped: presses.
    """

    silence_filled: int = 0
    sound_dropped: int = 0
    keys_dropped: int = 0


class LiveLine(Caller):
    """A `Caller` whose sound a transport brings. `sound`, `key`, `hold`, `resume` and `hang_up` are
    called by the transport, and return at once; `next_outgoing` gives what is to be sent."""

    def __init__(
        self,
        *,
        dead_after_seconds: float = 10.0,
        keeps_seconds: float = 0.0,
        wall: Wall | None = None,
    ) -> None:
        """dead_after_seconds: without any sound, until the caller counts as gone. keeps_seconds:
        how long a line is kept whose connection broke; 0: it cannot be connected again."""
        self._wall = wall or LoopWall()
        self._keeps_seconds = keeps_seconds
        self._dead_after = max(dead_after_seconds, keeps_seconds)
        self._held_until: float | None = None
        self._came_back = False
        self._given_up = False
        self._arrived: deque[Samples] = deque()
        self._arrived_samples = 0
        self._keys: deque[Keyed] = deque()
        self._key_times: deque[float] = deque(maxlen=_MOST_KEYS)
        self._something = asyncio.Event()
        self._gone = False
        self._last_sound = self._last_given = self._wall.now()
        self._may_hear = GAP_SECONDS
        self._outgoing: deque[Outgoing] = deque()
        self._to_send = asyncio.Event()
        self.figures = LineFigures()

    # --- the transport's side

    def sound(self, samples: Samples) -> None:
        """The next sound from the other end, in pieces of any length. Of more than three
        seconds that wait the oldest are dropped."""
        if not len(samples):
            return
        self._arrived.append(samples)
        self._arrived_samples += len(samples)
        if self._arrived_samples >= CHUNK_SAMPLES:  # less is not heard, and no sign of life
            self._last_sound = self._wall.now()
        while self._arrived_samples > _MOST_WAITING:
            dropped = len(self._arrived.popleft())
            self._arrived_samples -= dropped
            self.figures.sound_dropped += dropped * 1000 // SAMPLE_RATE
        self._something.set()

    def key(self, way: str, key: str) -> None:
        """A key press. Keys that come faster than twenty in a second are dropped."""
        now = self._wall.now()
        too_many = len(self._keys) >= _MOST_KEYS
        too_fast = len(self._key_times) == _MOST_KEYS and now - self._key_times[0] < 1
        if too_many or too_fast:
            self.figures.keys_dropped += 1
            return
        self._key_times.append(now)
        self._keys.append(Keyed(way, key))
        self._something.set()

    def hang_up(self) -> None:
        """The other end is gone; what it sent before is not waited for."""
        self._gone = True
        self._something.set()

    def hold(self) -> None:
        """The connection broke, and the other end may connect again: until `resume` time stands
        still. What it said and is not yet heard is of no use without what followed; its keys are
        kept."""
        self._held_until = self._wall.now() + self._keeps_seconds
        self._forget_sound()
        self._something.set()

    def resume(self) -> None:
        """Another connection is there, of an end that plays nothing of what waits to be sent."""
        self._held_until = None
        self._came_back = True
        self._forget_sound()
        self._outgoing = deque(o for o in self._outgoing if not isinstance(o, Play | Clear))
        self._last_sound = self._last_given = self._wall.now()
        self._may_hear = GAP_SECONDS
        self._something.set()

    @property
    def is_given_up(self) -> bool:
        """It was held, and its time went by."""
        return self._given_up

    @property
    def is_gone(self) -> bool:
        return self._gone

    async def next_outgoing(self) -> Outgoing:
        """What is to be sent next; waits for it. After `Finished` there is nothing."""
        while not self._outgoing:
            self._to_send.clear()
            await self._to_send.wait()
        return self._outgoing.popleft()

    @property
    def waiting_to_go_out(self) -> int:
        """Pieces that are to be sent."""
        return len(self._outgoing)

    def finish(self) -> None:
        """The call is over: what is still to be sent is sent, then `Finished`."""
        self._send(Finished())

    # --- the call's side

    async def receive(self, bot_waits: bool) -> Received:
        while True:
            now = self._wall.now()
            if self._gone or now >= self._gone_at:
                self._given_up = self._held_until is not None and not self._gone
                return Gone()
            if self._keys:
                return self._keys.popleft()
            if self._came_back:
                self._came_back = False
                return Back()
            take = self._take
            if self._arrived_samples >= CHUNK_SAMPLES:
                moment = now + (_CHUNK_SECONDS - self._allowance(now)) / _CATCHING_UP
            elif self._keeps_seconds:
                moment = self._gone_at
            else:
                moment = max(self._last_sound + GAP_SECONDS, self._last_given + _CHUNK_SECONDS)
                take = self._fill
            if moment <= now:
                self._may_hear = self._allowance(now) - _CHUNK_SECONDS
                self._last_given = now
                return Sound(take())
            self._something.clear()
            await self._wall.wait(self._something, moment)

    @property
    def _gone_at(self) -> float:
        if self._held_until is not None:
            return self._held_until
        return self._last_sound + self._dead_after

    def _allowance(self, now: float) -> float:
        """Seconds of sound that may be heard now."""
        return min(GAP_SECONDS, self._may_hear + (now - self._last_given) * _CATCHING_UP)

    def prompt_started(self, prompt_id: str, text: str) -> None:
        self._send(Caption(text))

    def interrupted(self) -> None:
        """The bot stopped in the middle: what was not yet sent is not sent, what was sent is
        recalled."""
        self._outgoing = deque(o for o in self._outgoing if not isinstance(o, Play))
        self._send(Clear())

    async def play(self, heard: Samples, spoken: Samples) -> None:
        """What goes out with a chunk that came in; a `Listener` of the call."""
        self._send(Play(spoken))

    def _send(self, outgoing: Outgoing) -> None:
        if len(self._outgoing) >= _MOST_OUTGOING and isinstance(outgoing, Play):
            self.hang_up()
            return
        self._outgoing.append(outgoing)
        self._to_send.set()

    def _fill(self) -> Samples:
        self.figures.silence_filled += CHUNK_MS
        return silence(CHUNK_SAMPLES)

    def _forget_sound(self) -> None:
        self._arrived.clear()
        self._arrived_samples = 0

    def _take(self) -> Samples:
        taken: list[Samples] = []
        missing = CHUNK_SAMPLES
        while missing:
            piece = self._arrived.popleft()
            if len(piece) > missing:
                self._arrived.appendleft(piece[missing:])
                piece = piece[:missing]
            taken.append(piece)
            missing -= len(piece)
        self._arrived_samples -= CHUNK_SAMPLES
        return np.concatenate(taken)
