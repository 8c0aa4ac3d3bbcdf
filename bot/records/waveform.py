"""The two channels of a call's recording as outlines one can draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bot.errors import AudioError

_BUCKET_MS = 20
_MOST_BUCKETS = 6_000
"""Drawn per channel; a longer call gets wider buckets, so that its page stays small."""

_BUCKETS_TOGETHER = 500
"""Read at a time, so that a long call never lies in memory as a whole."""

_HEIGHT = 100
"""The outline runs from -100 to +100."""

_QUIETEST_FULL_HEIGHT = 0.08
"""A channel is scaled to its own loudest peak, but not when that is below this (of full scale):
noise in a silent channel must not look like a voice."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """caller, bot: SVG path data in a box of `buckets` by -100 … +100; empty for no sound.

    duration_ms: of the recording.
    """

    caller: str
    bot: str
    buckets: int
    duration_ms: int


def read_waveform(path: Path) -> Waveform:
    """Outlines of a two-channel recording (caller, bot). Raises AudioError that names the file."""
    try:
        with soundfile.SoundFile(path) as file:
            if file.channels != 2:
                raise AudioError(
                    f"{path}: has {file.channels} channel(s); a call's recording has two"
                )
            rate, frames = file.samplerate, file.frames
            size = max(rate * _BUCKET_MS // 1000, -(-frames // _MOST_BUCKETS), 1)
            peaks = _peaks(file, size)
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path}: cannot be read as a recording ({error})") from None
    return Waveform(
        caller=_outline(peaks[:, 0]),
        bot=_outline(peaks[:, 1]),
        buckets=len(peaks),
        duration_ms=round(frames * 1000 / rate),
    )


def _peaks(file: soundfile.SoundFile, size: int) -> NDArray[np.float32]:
    """Largest absolute value, 0 to 1, in each bucket of `size` frames; shape (buckets, 2)."""
    together = size * _BUCKETS_TOGETHER
    peaks = [
        np.maximum.reduceat(np.abs(block), np.arange(0, len(block), size), axis=0)
        for block in file.blocks(blocksize=together, dtype="float32", always_2d=True)
        if len(block)
    ]
    return np.concatenate(peaks) if peaks else np.zeros((0, 2), dtype=np.float32)


def _outline(peaks: NDArray[np.float32]) -> str:
    """A closed outline: along the top from left to right, back along the bottom."""
    if not len(peaks) or not peaks.any():
        return ""
    loudest = max(float(peaks.max()), _QUIETEST_FULL_HEIGHT)
    heights = np.rint(peaks / loudest * _HEIGHT).astype(int).tolist()
    # Neighbours of equal height (silence, mostly) need no point of their own.
    corners = [
        (x, height)
        for x, height in enumerate(heights)
        if x in (0, len(heights) - 1) or not heights[x - 1] == height == heights[x + 1]
    ]
    top = "L".join(f"{x},{-height}" for x, height in corners)
    bottom = "L".join(f"{x},{height}" for x, height in reversed(corners))
    return f"M{top}L{bottom}Z"
