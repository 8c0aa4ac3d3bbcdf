"""A call heard aloud while it happens: caller and bot mixed, as somebody else on the line hears it.

The sound device sets the pace, so that what is heard and what is printed go together. Everything
is heard, card digits too; the sound goes to the device and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples, silence
from bot.calls.sound_device import rate_of, sound_library
from bot.errors import BotError


class Output(Protocol):
    """What is used of `sounddevice.OutputStream`."""

    def write(self, data: NDArray[np.int16]) -> object:
        """Shape (n, 1). Blocks while the device's buffer is full."""


class Loudspeaker:
    """`hear` is a call's listener. Made by `loudspeaker`."""

    def __init__(
        self,
        output: Output,
        rate: int,
        failures: type[Exception],
        warn: Callable[[str], None],
    ) -> None:
        """rate: of the device, in Hz. failures: what the device raises when it is lost."""
        self._output = output
        self._failures = failures
        self._warn = warn
        self._lost = False
        self._resampler = (
            None
            if rate == SAMPLE_RATE
            else soxr.ResampleStream(SAMPLE_RATE, rate, 1, dtype="int16")
        )
        # One thread keeps the order; waiting for the device must not hold up the call's tasks.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loudspeaker")

    async def hear(self, caller: Samples, bot: Samples) -> None:
        """Returns when the device has taken the chunk. A lost device costs the sound, not the
        call."""
        if self._lost:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._write, mixed(caller, bot))
        except self._failures as error:
            self._lost = True
            self._warn(f"the sound device is gone ({error}); the call goes on unheard")

    def _write(self, sound: Samples, *, last: bool = False) -> None:
        if self._resampler is not None:
            sound = self._resampler.resample_chunk(sound, last=last)
        if len(sound):
            self._output.write(np.ascontiguousarray(sound).reshape(-1, 1))

    def finish(self) -> None:
        """What the resampler still holds is heard too."""
        with suppress(self._failures):
            self._write(silence(0), last=True)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


def mixed(caller: Samples, bot: Samples) -> Samples:
    """Both at their own loudness; what gets too loud together is clipped."""
    both = caller.astype(np.int32) + bot
    return np.asarray(np.clip(both, -32768, 32767), dtype=np.int16)


@contextmanager
def loudspeaker(warn: Callable[[str], None]) -> Iterator[Loudspeaker]:
    """The machine's own output, open while the context lasts; at its end what is under way is
    played out, and cut off when an exception ends it.

    warn: told when the device is lost. Raises BotError where there is none.
    """
    library = sound_library("--play")
    try:
        rate = rate_of(library, "output")
        output = library.OutputStream(samplerate=rate, channels=1, dtype="int16", latency="high")
        output.start()
    except (library.PortAudioError, ValueError) as error:
        raise BotError(f"--play: there is no sound device to play on ({error})") from None
    speaker = Loudspeaker(output, rate, library.PortAudioError, warn)
    try:
        yield speaker
    except BaseException:
        output.abort(ignore_errors=True)
        raise
    else:
        speaker.finish()
        output.stop(ignore_errors=True)
    finally:
        speaker.close()
        output.close(ignore_errors=True)
