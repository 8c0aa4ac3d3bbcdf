"""The call's recording: two channels, caller and bot, silent wherever card data was said or keyed.

Sound waits in a delay line until it is judged (design: "Recording"). Silenced are

- the caller's channel while a card field is open,
- every key tone (typed ahead, a key may belong to a card number whatever was asked),
- every utterance in which digits were recognised that are no amount and no date,
- every utterance that was never judged: dropped, or cut off by the end of the call,
- the bot's channel where it speaks card digits.

An utterance under way holds the line back; what is held is written only once it is judged.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.audio import Samples, ms_to_samples
from bot.errors import AudioError
from bot.wav import WavWriter

DELAY = ms_to_samples(4_000)
"""How long sound waits at least: longer than a key, or the start of an utterance, takes to be
noticed."""

CALLER, BOT = 0, 1


@dataclass(slots=True)
class Silenced:
    """A stretch of one channel, in samples; end is None while it goes on."""

    channel: int
    start: int
    end: int | None
    why: str

    def covers(self, start: int, end: int) -> tuple[int, int]:
        """The part of [start, end) that is silent, as (from, to); empty when to <= from."""
        return max(start, self.start), end if self.end is None else min(end, self.end)


class Recording:
    """Stereo 16-bit WAV at SAMPLE_RATE, written beside its place and moved there when closed.

    Positions are samples on the call's clock. Raises AudioError when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._waiting: list[Samples] = []  # chunks of shape (n, 2), not yet written
        self._written = 0
        self._received = 0
        self._holds: dict[object, int] = {}
        self.silenced: list[Silenced] = []
        self._still_to_silence: list[Silenced] = []
        """Those of them that reach into what is not written yet."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = WavWriter(self._part, channels=2)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)
            raise self._cannot_be_written(error) from None

    def add(self, caller: Samples, bot: Samples) -> None:
        """The next stretch of both channels, of equal length."""
        self._waiting.append(np.stack([caller, bot], axis=1))
        self._received += len(caller)
        self._write_until(self._received - DELAY)

    def silence(self, channel: int, start: int, end: int | None, why: str) -> Silenced:
        """Silence [start, end); with end None until `until()` ends it.

        Raises ValueError when part of it is written already: then the delay line is too short for
        what was asked, which is a defect, not something to pass over.
        """
        start = max(0, start)
        if start < self._written and (end is None or end > start):
            raise ValueError(f"sample {start} is written already (up to {self._written})")
        stretch = Silenced(channel, start, end, why)
        self.silenced.append(stretch)
        self._still_to_silence.append(stretch)
        return stretch

    def hold(self, who: object, start: int) -> None:
        """Nothing from `start` on is written until `who` releases it."""
        self._holds[who] = max(0, start)

    def release(self, who: object) -> None:
        self._holds.pop(who, None)

    def close(self) -> None:
        """Write the rest, what is still held silenced, and put the file in its place."""
        for start in self._holds.values():
            self.silence(
                CALLER, max(start, self._written), None, "not judged before the call ended"
            )
        self._holds.clear()
        self._write_until(self._received)
        for stretch in self.silenced:
            if stretch.end is None:
                stretch.end = self._received
        try:
            self._file.close()
            self._part.replace(self._path)
        except OSError as error:
            raise self._cannot_be_written(error) from None

    def discard(self) -> None:
        """Leave nothing behind. Raises nothing: the disk may be what is wrong."""
        self._file.abandon()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _write_until(self, position: int) -> None:
        position = min([position, *self._holds.values()])
        while self._waiting and self._written + len(self._waiting[0]) <= position:
            chunk = self._waiting.pop(0)
            start, end = self._written, self._written + len(chunk)
            for stretch in self._still_to_silence:
                first, last = stretch.covers(start, end)
                if last > first:
                    chunk[first - start : last - start, stretch.channel] = 0
            try:
                self._file.write(chunk)
            except OSError as error:
                raise self._cannot_be_written(error) from None
            self._written = end
        self._still_to_silence = [
            one for one in self._still_to_silence if one.end is None or one.end > self._written
        ]

    def _cannot_be_written(self, error: OSError) -> AudioError:
        return AudioError(f"{self._path}: the recording cannot be written ({error.strerror})")
