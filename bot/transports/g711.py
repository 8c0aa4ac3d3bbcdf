"""ITU-T G.711: a sample as 8 bits, the way every telephone line carries it.

Both laws by tables, made once from the recommendation's segments: 8 segments of 16 steps each side
of zero, each segment's steps twice as wide as those of the one before. Samples are 16-bit, with
G.711's 14 (mu-law) or 13 (A-law) bits at the top.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.audio import Samples

_BIAS: Final = 132
"""Added to a mu-law magnitude, so that each segment begins at a power of two (33 in 14 bits)."""

_MU_LAW_LOUDEST: Final = 32_635

Codes = NDArray[np.uint8]


def _mu_law_samples() -> Samples:
    inverted = ~np.arange(256, dtype=np.uint8)
    segment = (inverted >> 4) & 7
    step = (inverted & 15).astype(np.int32)
    magnitude = (((step << 3) + _BIAS) << segment) - _BIAS
    return np.where(inverted & 0x80, -magnitude, magnitude).astype(np.int16)


def _mu_law_codes() -> Codes:
    samples = np.arange(-32_768, 32_768, dtype=np.int32)
    magnitude = np.minimum(np.abs(samples), _MU_LAW_LOUDEST) + _BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    step = (magnitude >> (segment + 3)) & 15
    sign = np.where(samples < 0, 0x80, 0)
    return np.asarray(~(sign | segment << 4 | step), dtype=np.int32).astype(np.uint8)


def _a_law_samples() -> Samples:
    bits = np.arange(256, dtype=np.uint8) ^ 0x55
    segment = ((bits >> 4) & 7).astype(np.int32)
    middle = ((bits & 15).astype(np.int32) << 4) + 8
    magnitude = np.where(segment == 0, middle, (middle + 256) << np.maximum(segment - 1, 0))
    return np.where(bits & 0x80, magnitude, -magnitude).astype(np.int16)


def _a_law_codes() -> Codes:
    samples = np.arange(-32_768, 32_768, dtype=np.int32)
    magnitude = np.where(samples < 0, ~samples, samples)
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 7, 0)
    step = (magnitude >> np.maximum(segment + 3, 4)) & 15
    sign = np.where(samples < 0, 0, 0x80)
    return np.asarray((sign | segment << 4 | step) ^ 0x55, dtype=np.int32).astype(np.uint8)


_MU_LAW_SAMPLES: Final = _mu_law_samples()
_MU_LAW_CODES: Final = _mu_law_codes()
_A_LAW_SAMPLES: Final = _a_law_samples()
_A_LAW_CODES: Final = _a_law_codes()


def mu_law_decoded(code: bytes) -> Samples:
    """One sample a byte."""
    return _MU_LAW_SAMPLES[np.frombuffer(code, dtype=np.uint8)]


def mu_law_encoded(samples: Samples) -> bytes:
    """One byte a sample; louder than mu-law goes is clipped."""
    return _MU_LAW_CODES[samples.astype(np.int32) + 32_768].tobytes()


def a_law_decoded(code: bytes) -> Samples:
    """One sample a byte."""
    return _A_LAW_SAMPLES[np.frombuffer(code, dtype=np.uint8)]


def a_law_encoded(samples: Samples) -> bytes:
    """One byte a sample."""
    return _A_LAW_CODES[samples.astype(np.int32) + 32_768].tobytes()
