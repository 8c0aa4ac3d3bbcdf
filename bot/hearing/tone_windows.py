"""Which key, if any, a window of 20 ms of sound looks like.

The eight frequencies of the keys are looked at through a Hann window, one term of a Fourier
transform each: what Goertzel's recurrence computes, and for many windows at once a matrix product
is the faster way to the same numbers. A window is taken for a key when

- the strongest low and the strongest high frequency are loud enough, and not too unlike;
- each is where it should be: the frequency is measured, from the phase it gained in 6 ms;
- the two together are nearly all there is in the window. What lies below all keys does not count
  where it is a dial tone, or another tone that was there long before.

Samples are whole numbers, and so are the windows' weights here: every sum of products is exact in
float64, in whatever order it is added up. So a window is judged alike alone and among thousands.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, ms_to_samples
from bot.hearing.key_tones import FULL_SCALE_DBM0, HIGH_HZ, KEYS, LOW_HZ

WINDOW: Final = CHUNK_SAMPLES
HOP: Final = ms_to_samples(2)
HOPS: Final = WINDOW // HOP
"""Windows that end within one frame."""

NO_KEY: Final = -1

MAX_OFFSET: Final = 0.025
MIN_LEVEL_DBM0: Final = -27.0
TWIST_DB: Final = (-10.0, 6.0)
PURITY: Final = 0.75
"""Power of the two frequencies to all power. A window two thirds inside a pure tone reaches it."""

_LAG: Final = 3
"""Phase is compared over 3 hops, 6 ms: unambiguous up to 83 Hz off, twice any frequency's limit."""

BEFORE: Final = 2048
"""Samples before a frame that must be at hand: what a dial tone is known by, 0.26 s."""

_BELOW_HZ: Final = 550
"""Under all keys' frequencies, as far off as they may be, and their side lobes."""

_STEADY: Final = 0.9
_STEADY_TONES: Final = 4
"""So much of the power below the keys must be in so few lines, 4 Hz wide each and with no more
than a window's skirt beside them. Dial tones have one or two, mains hum some more; a voice
glides."""

Windows = NDArray[np.float64]
"""Whole numbers, shape (n, WINDOW)."""


def key_name(number: int) -> str:
    return KEYS[number // 4][number % 4]


def may_hold_key(frames: Windows) -> NDArray[np.bool_]:
    """Whether closer measuring is worth while; for silence and most speech it is not.

    Every window that `keys_in` takes for a key passes here too: the limits are the same, but for
    what a sine loses in the window by being off its frequency, which is not yet known.
    """
    worth = np.zeros(len(frames), dtype=np.bool_)
    terms = frames @ _GENEROUS_TERMS
    np.square(terms, out=terms)
    groups = (terms[:, :8] + terms[:, 8:]).reshape(-1, 2, 4).max(axis=2)
    which = np.flatnonzero(groups.min(axis=1) >= _MIN_POWER)
    if len(which):
        low, high = groups[which].T
        some = frames[which]
        beside = np.square(some) @ _WEIGHTS - _below(some)
        worth[which] = (
            (high >= _LEAST_RATIO * low)
            & (high <= _GREATEST_RATIO * low)
            & (low + high >= PURITY * beside)
        )
    return worth


def keys_in(sound: NDArray[np.float64], frames: NDArray[np.intp]) -> NDArray[np.intp]:
    """The key that each window looks like, or NO_KEY: shape (m, HOPS).

    sound: whole numbers, shape (n,). frames: shape (m,), where in it those frames begin in which
    the windows end; each at BEFORE - WINDOW or later.
    """
    ends_first = HOP * (1 - _LAG) - WINDOW  # the oldest window of a frame begins so far from it
    begins = frames[:, None] + ends_first + HOP * np.arange(HOPS + _LAG)
    windows = sliding_window_view(sound, WINDOW)[begins]
    spectra = windows.reshape(-1, WINDOW) @ _TERMS
    by_frame = spectra.view(np.complex128).reshape(len(frames), HOPS + _LAG, -1)
    now = by_frame[:, _LAG:].reshape(-1, len(_HZ))
    before = by_frame[:, :HOPS].reshape(-1, len(_HZ))
    windows = windows[:, _LAG:].reshape(-1, WINDOW)
    power = np.square(now.real) + np.square(now.imag)
    low, high = power[:, :4].argmax(axis=1), power[:, 4:].argmax(axis=1) + 4
    low_power, low_offset = _measure(now, before, low)
    high_power, high_offset = _measure(now, before, high)
    is_key = (
        (np.minimum(low_power, high_power) >= _MIN_POWER)
        & (high_power >= _TWIST[0] * low_power)
        & (high_power <= _TWIST[1] * low_power)
        & (np.abs(low_offset) <= MAX_OFFSET)
        & (np.abs(high_offset) <= MAX_OFFSET)
    )
    total = np.square(windows) @ _WEIGHTS
    is_key &= _pure(low_power + high_power, total, windows, is_key, sound, frames)
    return np.where(is_key, low * 4 + high - 4, NO_KEY).reshape(len(frames), HOPS)


def _pure(
    both: NDArray[np.float64],
    total: NDArray[np.float64],
    windows: Windows,
    asked: NDArray[np.bool_],
    sound: NDArray[np.float64],
    frames: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Where the two frequencies are nearly all there is, dial tones aside. Judges only `asked`."""
    pure = both >= PURITY * total
    doubtful = np.flatnonzero(asked & ~pure)
    if len(doubtful):
        above = total[doubtful] - _below(windows[doubtful])
        doubtful = doubtful[both[doubtful] >= PURITY * above]
    for i in np.unique(doubtful // HOPS):
        end = frames[i] + WINDOW
        if _dial_tone(sound[end - BEFORE : end]):
            pure[doubtful[doubtful // HOPS == i]] = True
    return pure


def _below(windows: Windows) -> NDArray[np.float64]:
    """Power of what lies under the keys' frequencies, weighted as _WEIGHTS does."""
    power: NDArray[np.float64] = np.square(windows @ _BELOW_TERMS).sum(axis=1)
    return power


def _dial_tone(sound: NDArray[np.float64]) -> bool:
    """Whether what lies under the keys' frequencies is a few steady tones. sound: BEFORE samples."""
    power = np.square(np.abs(np.fft.rfft(sound * _LONG_HANN))[: _BELOW_HZ * BEFORE // SAMPLE_RATE])
    all_power, steady = power.sum(), 0.0
    for _ in range(_STEADY_TONES):
        peak = int(power.argmax())
        line = power[max(0, peak - 3) : peak + 4]
        steady += line.sum()
        line[:] = 0
    return bool(steady >= _STEADY * all_power)


def _measure(
    now: NDArray[np.complex128], before: NDArray[np.complex128], which: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power, and distance from the nominal frequency as a part of it, of one sine a window.

    now, before: complex amplitudes of all frequencies in a window, and in that _LAG hops earlier.
    which: index into _HZ of the frequency it should have.
    """
    rows = np.arange(len(which))
    here = now[rows, which]
    gained = np.angle(here * before[rows, which].conj() * _DUE[which])
    offset_hz = gained * SAMPLE_RATE / (2 * np.pi * _LAG * HOP)
    shown = _response(np.minimum(np.abs(offset_hz), MAX_OFFSET * _HZ[which]))
    return np.square(np.abs(here) / shown) / 2, offset_hz / _HZ[which]


def _response(offset_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a sine's amplitude that the window shows of it, when it is that far off."""
    bins = offset_hz * WINDOW / SAMPLE_RATE
    response: NDArray[np.float64] = np.sinc(bins) / (1 - np.square(bins))
    return response


def _hann(samples: int) -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(samples) + 0.5) / samples)


def _whole(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded to multiples of 2^-20: with 16-bit samples (squared: 32 bits) sums stay exact."""
    return np.round(weights * 2**20) / 2**20


def _waves(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (WINDOW, 2 * len(hz)): cosine and negative sine of each frequency, in turn."""
    waves = np.exp(-2j * np.pi * hz[None, :] * np.arange(WINDOW)[:, None] / SAMPLE_RATE)
    parts: NDArray[np.float64] = waves.view(np.float64)
    return parts


_HANN: Final = _hann(WINDOW)
_LONG_HANN: Final = _hann(BEFORE)
_HZ: Final = np.array(LOW_HZ + HIGH_HZ, dtype=np.float64)
_TERMS: Final = _whole(2 * _HANN[:, None] * _waves(_HZ) / _HANN.sum())
"""Shape (WINDOW, 16): a window times this gives the complex amplitude of each frequency."""

_WEIGHTS: Final = _whole(np.square(_HANN) / np.square(_HANN).sum())
"""Squared samples times this give the mean square of a window."""

_BINS_BELOW: Final = np.arange(0, _BELOW_HZ + 1, SAMPLE_RATE / WINDOW)
_BELOW_TERMS: Final = _whole(
    np.sqrt(2 / WINDOW / np.square(_HANN).sum()) * _HANN[:, None] * _waves(_BINS_BELOW)
)
"""Parseval's theorem: the squares of these terms, for all bins, would add up to the mean square."""

_DUE: Final = np.exp(-2j * np.pi * _HZ * _LAG * HOP / SAMPLE_RATE)
_MIN_POWER: Final = 32768**2 / 2 * 10 ** ((MIN_LEVEL_DBM0 - FULL_SCALE_DBM0) / 10)
_TWIST: Final = tuple(10 ** (db / 10) for db in TWIST_DB)
_MOST_LOST: Final = 1 / np.square(_response(MAX_OFFSET * _HZ))
_GENEROUS_TERMS: Final = _whole(
    np.concatenate((_TERMS[:, ::2], _TERMS[:, 1::2]), axis=1) * np.tile(np.sqrt(_MOST_LOST / 2), 2)
)
"""Shape (WINDOW, 16), cosines first: the squares of both are no less than the sine's mean square,
however far off it may be."""

_LEAST_RATIO: Final = _TWIST[0] / _MOST_LOST[:4].max()
_GREATEST_RATIO: Final = _TWIST[1] * _MOST_LOST[4:].max()
