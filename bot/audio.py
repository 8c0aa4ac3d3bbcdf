"""Sound as the whole bot knows it: 16-bit mono at the telephone's rate, counted in samples.

Codecs, containers and other rates stay at the edge (`calls/` transports); behind it there is
only `AudioChunk`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8000
"""Hz. The rate of every leg of every call: the telephone's (ITU-T G.711)."""

CHUNK_MS = 20
CHUNK_SAMPLES = SAMPLE_RATE * CHUNK_MS // 1000
"""Samples in one full chunk: 160."""

Samples = NDArray[np.int16]
"""16-bit mono samples, shape (n,)."""


def ms_to_samples(ms: float) -> int:
    """Milliseconds at SAMPLE_RATE, rounded to the nearest sample."""
    return round(ms * SAMPLE_RATE / 1000)


def samples_to_ms(samples: int) -> int:
    """Samples at SAMPLE_RATE, rounded to the nearest millisecond."""
    return round(samples * 1000 / SAMPLE_RATE)


def silence(samples: int) -> Samples:
    return np.zeros(samples, dtype=np.int16)


def whole_chunk(start: Samples) -> Samples:
    """A chunk that begins so, and is silent after it. start: shape (n,), n <= CHUNK_SAMPLES."""
    if len(start) == CHUNK_SAMPLES:
        return start
    chunk = silence(CHUNK_SAMPLES)
    chunk[: len(start)] = start
    return chunk


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A stretch of sound on one leg of a call.

    samples: shape (n,), int16, mono, SAMPLE_RATE. Usually n == CHUNK_SAMPLES.
    position: index on its leg of the first sample; the leg's clock.
    """

    samples: Samples
    position: int

    @property
    def end(self) -> int:
        """Index on its leg of the first sample after this chunk."""
        return self.position + len(self.samples)
