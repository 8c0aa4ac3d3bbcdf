"""A microphone and a loudspeaker at the other end of a live line.

PortAudio calls from a thread of its own, takes a piece of sound and wants one: both directions
share the device's clock, so nothing piles up. What is said is neither kept nor written anywhere.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples, silence
from bot.calls.live.line import Clear, Finished, LiveLine, Play
from bot.calls.sound_device import rate_of, sound_library
from bot.errors import BotError

_WANTED_BY: Final = "talk with microphone and speakers"
_INSTEAD: Final = "; to type instead: talk --text"
_QUALITY: Final = "LQ"
"""soxr's better filters hold back a tenth of a second."""
_MOST_WAITING_MS: Final = 100
"""Silence is left out while so much waits to be played: after a stall of this process, what the bot
says would else come late for the rest of the call."""


class Headset:
    """`exchange` is PortAudio's callback; the rest belongs to the event loop."""

    def __init__(self, line: LiveLine, rate: int) -> None:
        """rate: of the device, in Hz."""
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._to_play = silence(0)
        self._rate = rate
        same = rate == SAMPLE_RATE
        self._in = None if same else _resampler(rate, SAMPLE_RATE)
        self._out = None if same else _resampler(SAMPLE_RATE, rate)

    def exchange(
        self, heard: NDArray[np.int16], played: NDArray[np.int16], _frames: int, *_: object
    ) -> None:
        """heard, played: shape (n, 1). In PortAudio's thread: nothing here waits."""
        samples = heard[:, 0].copy()
        with self._lock:
            ready, self._to_play = self._to_play[: len(played)], self._to_play[len(played) :]
        played[: len(ready), 0] = ready
        played[len(ready) :] = 0
        self._loop.call_soon_threadsafe(self._heard, samples)

    def unplugged(self) -> None:
        """PortAudio's word for the end of the stream."""
        self._loop.call_soon_threadsafe(self._line.hang_up)

    async def play(self) -> None:
        """What the bot says, until the call is over and all of it went to the device."""
        while True:
            match await self._line.next_outgoing():
                case Play(samples):
                    self._queue(samples)
                case Clear():
                    self._clear()
                case Finished():
                    break
        await asyncio.sleep(len(self._to_play) / self._rate)

    def _heard(self, samples: Samples) -> None:
        if self._in is not None:
            samples = self._in.resample_chunk(samples)
        if len(samples):
            self._line.sound(samples)

    def _queue(self, samples: Samples) -> None:
        if len(self._to_play) * 1000 > _MOST_WAITING_MS * self._rate and not np.any(samples):
            return
        if self._out is not None:
            samples = self._out.resample_chunk(samples)
        with self._lock:
            self._to_play = np.concatenate([self._to_play, samples])

    def _clear(self) -> None:
        if self._out is not None:
            self._out.clear()
        with self._lock:
            self._to_play = silence(0)


def headset_rate() -> int:
    """The rate both devices take, in Hz. Raises BotError where one of them is missing."""
    library = sound_library(_WANTED_BY, _INSTEAD)
    try:
        rate = rate_of(library, "output", "input")
        library.query_devices(kind="input")
    except (library.PortAudioError, ValueError) as error:
        raise BotError(f"no microphone and loudspeaker here ({error}){_INSTEAD}") from None
    return rate


@contextmanager
def headset(line: LiveLine, rate: int) -> Iterator[Headset]:
    """This machine's devices on this line while the context lasts. Raises BotError."""
    library = sound_library(_WANTED_BY, _INSTEAD)
    ends = Headset(line, rate)
    wanted: dict[str, Any] = {"samplerate": rate, "channels": 1, "dtype": "int16"}
    try:
        stream = library.Stream(
            **wanted,
            blocksize=rate // 50,
            latency="low",
            callback=ends.exchange,
            finished_callback=ends.unplugged,
        )
        stream.start()
    except (library.PortAudioError, ValueError) as error:
        raise BotError(f"the sound devices cannot be opened ({error}){_INSTEAD}") from None
    try:
        yield ends
    finally:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)


def _resampler(from_rate: int, to_rate: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(from_rate, to_rate, 1, dtype="int16", quality=_QUALITY)
