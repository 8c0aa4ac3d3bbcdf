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

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, ms_to_samples
from bot.hearing.keys.key_tones import FULL_SCALE_DBM0, HIGH_HZ, KEYS, LOW_HZ

WINDOW: Final = CHUNK_SAMPLES
HOP: Final = ms_to_samples(2)
HOPS: Final = WINDOW // HOP
"""Windows that end within one frame."""

NO_KEY: Final = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a window must keep to be taken for a key.

    purity: power of the two frequencies to all power. A window two thirds inside a pure tone
    reaches 0.75. At 0.8 keys are heard in noise 9 dB below them, and at 0.65 voices are taken
    for keys ten times an hour.
    """

    level_dbm0: float = -27.0
    least_twist_db: float = -10.0
    greatest_twist_db: float = 6.0
    offset: float = 0.025
    purity: float = 0.8


_LAG: Final = 3
"""Phase is compared over 3 hops, 6 ms: unambiguous up to 83 Hz off, twice any frequency's limit."""

BEFORE: Final = 4096
"""Samples before a frame that must be at hand: what a dial tone is known by, 0.51 s."""

_BELOW_HZ: Final = 550
"""Under all keys' frequencies, as far off as they may be, and their side lobes."""

_STEADY: Final = 0.95
_STEADY_TONES: Final = 2
"""So much of the power below the keys must be in so few lines, 2 Hz wide each and with no more
than a window's skirt beside them. No voice holds its pitch and its loudness so still so long:
with half the time and four lines, monotonous ones were taken for keys 40 times an hour."""

Windows = NDArray[np.float64]
"""Whole numbers, shape (n, WINDOW)."""


def key_name(number: int) -> str:
    return KEYS[number // 4][number % 4]


class WindowJudge:
    """Judges windows by some limits. Holds nothing of what it has seen."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._min_power = 32768**2 / 2 * 10 ** ((limits.level_dbm0 - FULL_SCALE_DBM0) / 10)
        self._least_ratio = 10 ** (limits.least_twist_db / 10)
        self._greatest_ratio = 10 ** (limits.greatest_twist_db / 10)
        most_lost = 1 / np.square(_response(limits.offset * _HZ))
        # Cosines first. The squares of both together are no less than the sine's mean square,
        # however far off it may be.
        self._generous_terms = _whole(
            np.concatenate((_TERMS[:, ::2], _TERMS[:, 1::2]), axis=1)
            * np.tile(np.sqrt(most_lost / 2), 2)
        )
        self._generous_least = self._least_ratio / most_lost[:4].max()
        self._generous_greatest = self._greatest_ratio * most_lost[4:].max()

    def may_hold_key(self, frames: Windows) -> NDArray[np.bool_]:
        """Whether closer measuring is worth while; for silence and most speech it is not.

        Every window that `keys_in` takes for a key passes here too: the limits are the same, but
        for what a sine loses in the window by being off its frequency, which is not yet known.
        """
        worth = np.zeros(len(frames), dtype=np.bool_)
        terms = frames @ self._generous_terms
        np.square(terms, out=terms)
        groups = (terms[:, :8] + terms[:, 8:]).reshape(-1, 2, 4).max(axis=2)
        which = np.flatnonzero(groups.min(axis=1) >= self._min_power)
        if len(which):
            low, high = groups[which].T
            some = frames[which]
            beside = np.square(some) @ _WEIGHTS - _below(some)
            worth[which] = (
                (high >= self._generous_least * low)
                & (high <= self._generous_greatest * low)
                & (low + high >= self._limits.purity * beside)
            )
        return worth

    def keys_in(self, sound: NDArray[np.float64], frames: NDArray[np.intp]) -> NDArray[np.intp]:
        """The key that each window looks like, or NO_KEY: shape (m, HOPS).

        sound: whole numbers, shape (n,). frames: shape (m,), where in it those frames begin in
        which the windows end; each at BEFORE or later.
        """
        oldest = HOP * (1 - _LAG) - WINDOW
        begins = frames[:, None] + oldest + HOP * np.arange(HOPS + _LAG)
        windows = sliding_window_view(sound, WINDOW)[begins]
        spectra = (windows.reshape(-1, WINDOW) @ _TERMS).view(np.complex128)
        spectra = spectra.reshape(len(frames), HOPS + _LAG, len(_HZ))
        now = spectra[:, _LAG:].reshape(-1, len(_HZ))
        before = spectra[:, :HOPS].reshape(-1, len(_HZ))
        windows = windows[:, _LAG:].reshape(-1, WINDOW)
        power = np.square(now.real) + np.square(now.imag)
        low, high = power[:, :4].argmax(axis=1), power[:, 4:].argmax(axis=1) + 4
        low_power, low_offset = self._measure(now, before, low)
        high_power, high_offset = self._measure(now, before, high)
        is_key = (
            (np.minimum(low_power, high_power) >= self._min_power)
            & (high_power >= self._least_ratio * low_power)
            & (high_power <= self._greatest_ratio * low_power)
            & (np.abs(low_offset) <= self._limits.offset)
            & (np.abs(high_offset) <= self._limits.offset)
        )
        self._keep_pure(is_key, low_power + high_power, windows, sound, frames)
        return np.where(is_key, low * 4 + high - 4, NO_KEY).reshape(len(frames), HOPS)

    def _keep_pure(
        self,
        is_key: NDArray[np.bool_],
        both: NDArray[np.float64],
        windows: Windows,
        sound: NDArray[np.float64],
        frames: NDArray[np.intp],
    ) -> None:
        """Leave those keys whose two frequencies are nearly all there is, dial tones aside."""
        total = np.square(windows) @ _WEIGHTS
        impure = np.flatnonzero(is_key & (both < self._limits.purity * total))
        is_key[impure] = False
        above = total[impure] - _below(windows[impure])
        doubtful = impure[both[impure] >= self._limits.purity * above]
        for i in np.unique(doubtful // HOPS):
            end = frames[i] + WINDOW
            if _dial_tone(sound[end - BEFORE : end]):
                is_key[doubtful[doubtful // HOPS == i]] = True

    def _measure(
        self,
        now: NDArray[np.complex128],
        before: NDArray[np.complex128],
        which: NDArray[np.intp],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Power, and distance from the nominal frequency as a part of it, of a sine a window.

        now, before: complex amplitudes of all frequencies in a window, and in that _LAG hops
        earlier. which: index into _HZ of the frequency it should have.
        """
        rows = np.arange(len(which))
        here = now[rows, which]
        gained = np.angle(here * before[rows, which].conj() * _DUE[which])
        offset_hz = gained * SAMPLE_RATE / (2 * np.pi * _LAG * HOP)
        shown = _response(np.minimum(np.abs(offset_hz), self._limits.offset * _HZ[which]))
        return np.square(np.abs(here) / shown) / 2, offset_hz / _HZ[which]


def _below(windows: Windows) -> NDArray[np.float64]:
    """Power of what lies under the keys' frequencies, weighted as _WEIGHTS does."""
    power: NDArray[np.float64] = np.square(windows @ _BELOW_TERMS).sum(axis=1)
    return power


def _dial_tone(sound: NDArray[np.float64]) -> bool:
    """Whether what lies under the keys' frequencies is a few steady tones.

    sound: shape (BEFORE,).
    """
    spectrum = np.fft.rfft(sound * _LONG_HANN)[: _BELOW_HZ * BEFORE // SAMPLE_RATE]
    power = np.square(np.abs(spectrum))
    all_power, steady = power.sum(), 0.0
    for _ in range(_STEADY_TONES):
        peak = int(power.argmax())
        line = power[max(0, peak - 3) : peak + 4]
        steady += line.sum()
        line[:] = 0
    return bool(steady >= _STEADY * all_power)


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
