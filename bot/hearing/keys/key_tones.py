"""What a key sounds like (ITU-T Q.23), and a generator for it."""

from __future__ import annotations

from typing import Final

import numpy as np

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples

LOW_HZ: Final = (697, 770, 852, 941)
HIGH_HZ: Final = (1209, 1336, 1477, 1633)
KEYS: Final = ("123A", "456B", "789C", "*0#D")
"""ITU-T Q.23: rows by low frequency, columns by high frequency."""

FULL_SCALE_DBM0: Final = 3.17
"""Level of a sine that just reaches full scale (ITU-T G.711, mu-law; A-law has 3.14)."""


def tone(key: str, ms: int = 100, level_dbm0: float = -10.0) -> Samples:
    """The sound of one key. level_dbm0: of each of its two frequencies.

    Raises ValueError for a key there is not, and for a level at which the sum would clip.
    """
    return tone_pair(*frequencies(key), ms, level_dbm0, level_dbm0)


def frequencies(key: str) -> tuple[int, int]:
    """The low and the high frequency of a key, in Hz. Raises ValueError when there is none."""
    for low, row in zip(LOW_HZ, KEYS, strict=True):
        if len(key) == 1 and key in row:
            return low, HIGH_HZ[row.index(key)]
    raise ValueError(f"{key!r} is no key; keys are {''.join(KEYS)}")


def tone_pair(
    low_hz: float, high_hz: float, ms: float, low_dbm0: float, high_dbm0: float
) -> Samples:
    """Two sines together, for measuring: ms long, each of its own level.

    Raises ValueError where the sum would not fit into 16 bits.
    """
    time = np.arange(ms_to_samples(ms)) / SAMPLE_RATE
    amplitudes = [10 ** ((level - FULL_SCALE_DBM0) / 20) for level in (low_dbm0, high_dbm0)]
    if sum(amplitudes) > 1:
        raise ValueError(f"{low_dbm0} and {high_dbm0} dBm0 together are more than full scale")
    waves = [
        amplitude * np.sin(2 * np.pi * hz * time)
        for amplitude, hz in zip(amplitudes, (low_hz, high_hz), strict=True)
    ]
    return np.round(32767 * (waves[0] + waves[1])).astype(np.int16)
