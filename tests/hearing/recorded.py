"""Recordings of this room's tests: recordings/ORIGIN-engines.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from bot.audio import SAMPLE_RATE, Samples

RECORDINGS = Path(__file__).parent / "recordings"


def recording(name: str) -> Samples:
    samples, rate = soundfile.read(RECORDINGS / f"{name}.wav", dtype="int16")
    assert rate == SAMPLE_RATE
    return np.asarray(samples, dtype=np.int16)
