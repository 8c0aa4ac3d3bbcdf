"""Even loudness and clean edges, so that pieces recorded apart sound like one voice."""

from __future__ import annotations

import numpy as np

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples

TARGET_DBFS = -20.0
"""Loudness of every piece: RMS over its active frames, 0 dBFS being full scale. Common for
telephone prompts, about 12 dB below where G.711 clips."""

TOLERANCE_DB = 1.0
PEAK_DBFS = -1.0
"""No sample is lifted above this; a piece with high peaks stays quieter instead."""

_FULL_SCALE = 32768.0
_FRAME = SAMPLE_RATE // 50
_ACTIVE_WITHIN_DB = 20.0
"""Frames this far below the loudest one do not count as speech (after ITU-T P.56, simplified)."""
_EDGE_WITHIN_DB = 38.0
"""Where sound begins and ends, below the loudest frame; low enough to keep an f or a final t."""
_PAUSE_DBFS = -48.0
"""Quieter than any sound of a piece at TARGET_DBFS: the voice pauses."""
_EDGE_KEPT = ms_to_samples(15)
FADE = ms_to_samples(5)


def _frame_power(
    samples: Samples, step: int = _FRAME
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean square of each frame, full scale = 1; the last frame may be shorter."""
    squares = (samples.astype(np.float64) / _FULL_SCALE) ** 2
    starts = np.arange(0, len(squares), step)
    sizes = np.diff(np.append(starts, len(squares)))
    sums: np.ndarray[tuple[int], np.dtype[np.float64]] = np.add.reduceat(squares, starts)
    return sums / sizes


def active_level_dbfs(samples: Samples) -> float:
    """RMS level in dBFS over the frames with speech in them; -inf for digital silence."""
    if len(samples) == 0:
        return -np.inf
    power = _frame_power(samples)
    loudest = float(power.max())
    if loudest == 0:
        return -np.inf
    active = power[power >= loudest * 10 ** (-_ACTIVE_WITHIN_DB / 10)]
    return float(10 * np.log10(active.mean()))


def levelled(samples: Samples) -> Samples:
    """The same at TARGET_DBFS. Untouched when it is there already, or when it is silent."""
    level = active_level_dbfs(samples)
    if not np.isfinite(level) or abs(level - TARGET_DBFS) <= TOLERANCE_DB:
        return samples
    gain = 10 ** ((TARGET_DBFS - level) / 20)
    peak = float(np.abs(samples.astype(np.int32)).max()) / _FULL_SCALE
    gain = min(gain, 10 ** (PEAK_DBFS / 20) / peak)
    return np.asarray(np.round(samples * gain), dtype=np.int16)


def trimmed(samples: Samples) -> Samples:
    """Without the quiet before and after the sound, but for a few milliseconds."""
    step = ms_to_samples(5)
    if len(samples) == 0:
        return samples
    power = _frame_power(samples, step)
    loud = np.flatnonzero(power > power.max() * 10 ** (-_EDGE_WITHIN_DB / 10))
    if len(loud) == 0:
        return samples[:0]
    start = max(0, int(loud[0]) * step - _EDGE_KEPT)
    return samples[start : int(loud[-1] + 1) * step + _EDGE_KEPT]


def quietest_place(samples: Samples) -> int:
    """Where in the sound a voice pauses: the middle of its latest quiet frame, else of its least
    loud one. 0 in less than a frame."""
    if len(samples) < _FRAME:
        return 0
    power = _frame_power(samples[: len(samples) // _FRAME * _FRAME])
    quiet = np.flatnonzero(power < 10 ** (_PAUSE_DBFS / 10))
    frame = int(quiet[-1]) if len(quiet) else int(power.argmin())
    return frame * _FRAME + _FRAME // 2


def faded(samples: Samples) -> Samples:
    """With 5 ms of fade at both ends (less where it is shorter than that): no clicks."""
    return fade_out(fade_in(samples))


def fade_in(samples: Samples) -> Samples:
    length = min(FADE, len(samples) // 2)
    if length == 0:
        return samples
    out = samples.copy()
    out[:length] = np.round(out[:length] * (np.arange(length) / length))
    return out


def fade_out(samples: Samples) -> Samples:
    return fade_in(samples[::-1])[::-1]
