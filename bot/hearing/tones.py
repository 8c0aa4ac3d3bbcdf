"""Key tones (DTMF) found in the sound itself, to ITU-T Q.24; and their generator, to Q.23.

A key sounds as one of four low and one of four high frequencies together. Every 2 ms the last
20 ms are looked at through a Hann window at these eight frequencies (one term of a Fourier
transform each, what Goertzel's recurrence computes; for many windows at once a matrix product
is the faster way to the same numbers). A window is taken for a key when

- the strongest low and the strongest high frequency are loud enough, and not too unlike;
- each is where it should be: the frequency is measured, from the phase it gained in 6 ms;
- the two together are nearly all there is in the window.

Voice meets all three for a moment now and then, hardly ever for as long as a key lasts.

What Q.24 (Table 1 and Annex A, the strictest of the administrations' figures) asks, and how far
from both sides of each limit the thresholds here were put:

    frequency    accept within 1.5 %, refuse from 3.5 %       here: 2.5 %
    level        accept -3 to -25 dBm0 each, refuse -29       here: from -27 dBm0
    twist        accept high - low from -8 to +4 dB           here: -10 to +6 dB
    duration     accept from 40 ms, refuse up to 23 ms        here: about 31 ms
    pause        from 40 ms it parts two keys                 here: about 20 ms
    interruption up to 10 ms it does not

Ours, because the packages there are (`dtmf`, `pydtmf`) judge whole recordings, block by block of
fixed place: they measure neither duration nor pause to these limits and know no stream.

A key is reported when it is certain, about 40 ms after its start, so that it can stop a prompt
while it is still held; its end is not known then, and `KeyHeard.end` is the last sample looked
at. `ToneDetector.sounding_since` tells how long it really is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, ms_to_samples, silence
from bot.hearing.events import KeyHeard
from bot.hearing.frames import Framer

LOW_HZ: Final = (697, 770, 852, 941)
HIGH_HZ: Final = (1209, 1336, 1477, 1633)
KEYS: Final = ("123A", "456B", "789C", "*0#D")
"""ITU-T Q.23: rows by low frequency, columns by high frequency."""

FULL_SCALE_DBM0: Final = 3.17
"""Level of a sine that just reaches full scale (ITU-T G.711, mu-law; A-law has 3.14)."""

_WINDOW: Final = ms_to_samples(20)
_HOP: Final = ms_to_samples(2)
_LAG_HOPS: Final = 3
"""Phase is compared over 8 ms: unambiguous up to 62 Hz off, more than any frequency's limit."""

_MAX_OFFSET: Final = 0.025
_MIN_LEVEL_DBM0: Final = -27.0
_TWIST_DB: Final = (-10.0, 6.0)
_PURITY: Final = 0.75
"""Power of the two frequencies to all power. A window two thirds inside a pure tone reaches it."""

_OVERHANG: Final = ms_to_samples(6.5)
"""How far such a window reaches out of the tone, at either end."""

_CERTAIN_HOPS: Final = 12
"""Windows that look alike before a key is certain. A tone of d ms has about (d - 7) / 2 of them:
16 at 40 ms, 8 at 23 ms."""

_GAP_HOPS: Final = 13
"""Windows without the tone that end it. A pause of p ms makes about (p + 7) / 2 of them: 23 at
40 ms; an interruption of 10 ms at most 9."""


def tone(key: str, ms: int = 100, level_dbm0: float = -10.0) -> Samples:
    """The sound of one key. level_dbm0: of each of its two frequencies.

    Raises ValueError for a key there is not, and for a level at which the sum would clip.
    """
    if len(key) != 1 or key not in "".join(KEYS):
        raise ValueError(f"{key!r} is no key; keys are {''.join(KEYS)}")
    row = next(i for i, keys in enumerate(KEYS) if key in keys)
    column = KEYS[row].index(key)
    return tone_pair(LOW_HZ[row], HIGH_HZ[column], ms, level_dbm0, level_dbm0)


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


@dataclass(slots=True)
class _Tone:
    """A run of windows that look like the same key."""

    key: str
    start: int
    windows: int = 0
    missing: int = 0
    certain: bool = False


class ToneDetector:
    """Key presses in the sound of one leg. Deterministic; chunks may have any length."""

    def __init__(self) -> None:
        self._framer = Framer(CHUNK_SAMPLES)
        self._recent: NDArray[np.float64] = np.zeros(_WINDOW - _HOP)
        self._spectra = np.zeros((_LAG_HOPS, 8), dtype=np.complex128)
        self._tone: _Tone | None = None
        self._looked_at = 0

    @property
    def sounding_since(self) -> int | None:
        """Where the key that is being held, and was reported, began; None when none is.

        Held means: heard within the last 26 ms. Shorter interruptions do not release a key.
        """
        return self._tone.start if self._tone is not None and self._tone.certain else None

    @property
    def sounding(self) -> bool:
        return self.sounding_since is not None

    def feed(self, chunk: AudioChunk) -> list[KeyHeard]:
        """The keys that became certain; each press once. Raises ValueError on a gap (`Framer`)."""
        return [key for frame in self._framer.feed(chunk) for key in self._look(frame)]

    def flush(self) -> list[KeyHeard]:
        """The leg's sound is over, nothing is fed any more: silence follows.

        A key that was almost certain may become so.
        """
        rest = self._framer.flush()
        keys: list[KeyHeard] = []
        if rest is not None:
            padded = np.concatenate((rest.samples, silence(CHUNK_SAMPLES - len(rest.samples))))
            keys = self._look(AudioChunk(padded, rest.position))
        return keys + self._look(AudioChunk(silence(CHUNK_SAMPLES), self._looked_at))

    def _look(self, frame: AudioChunk) -> list[KeyHeard]:
        sound = np.concatenate((self._recent, frame.samples.astype(np.float64)))
        self._recent = sound[-(_WINDOW - _HOP) :]
        windows = sliding_window_view(sound, _WINDOW)[::_HOP]
        first_end = frame.position + _HOP
        self._looked_at = frame.end
        heard = []
        for i, key in enumerate(self._keys_in(windows)):
            found = self._follow(key, first_end + i * _HOP)
            if found is not None:
                heard.append(found)
        return heard

    def _keys_in(self, windows: NDArray[np.float64]) -> list[str | None]:
        """The key each window looks like. windows: shape (n, _WINDOW), oldest first."""
        n = len(windows)
        spectra = np.concatenate((self._spectra, windows @ _TERMS))
        self._spectra = spectra[n:]
        now, before = spectra[_LAG_HOPS:], spectra[:n]
        strength = np.abs(now)
        total = np.square(windows) @ _POWER_WEIGHTS
        if not self._may_hold_key(strength, total):
            return [None] * n
        rows = np.arange(n)
        low = strength[:, :4].argmax(axis=1)
        high = strength[:, 4:].argmax(axis=1) + 4
        low_power, low_offset = _measure(now[rows, low], before[rows, low], low)
        high_power, high_offset = _measure(now[rows, high], before[rows, high], high)
        twist_db = 10 * np.log10((high_power + 1e-9) / (low_power + 1e-9))
        is_key = (
            (np.minimum(low_power, high_power) >= _MIN_POWER)
            & (twist_db >= _TWIST_DB[0])
            & (twist_db <= _TWIST_DB[1])
            & (np.abs(low_offset) <= _MAX_OFFSET)
            & (np.abs(high_offset) <= _MAX_OFFSET)
            & (low_power + high_power >= _PURITY * total)
        )
        return [KEYS[low[i]][high[i] - 4] if is_key[i] else None for i in range(n)]

    @staticmethod
    def _may_hold_key(strength: NDArray[np.float64], total: NDArray[np.float64]) -> bool:
        """Whether closer measuring is worth while; for silence and most speech it is not.

        A window shows no less than 0.4 of the power of a sine that is off as far as it may be.
        """
        low, high = strength[:, :4].max(axis=1), strength[:, 4:].max(axis=1)
        pair = (np.square(low) + np.square(high)) / 2
        return bool(np.any((pair >= 0.4 * _PURITY * total) & (pair >= 0.4 * _MIN_POWER)))

    def _follow(self, key: str | None, end: int) -> KeyHeard | None:
        """Take one more window, which ends at sample `end`, into the run under way."""
        tone_ = self._tone
        if tone_ is not None and key != tone_.key:
            tone_.missing += 1
            if tone_.missing >= _GAP_HOPS or key is not None:
                self._tone = None
        if key is None:
            return None
        if self._tone is None:
            self._tone = _Tone(key, start=end - _WINDOW + _OVERHANG)
        tone_ = self._tone
        tone_.missing = 0
        tone_.windows += 1
        if tone_.certain or tone_.windows < _CERTAIN_HOPS:
            return None
        tone_.certain = True
        return KeyHeard(key, tone_.start, end)


def _fourier_terms() -> NDArray[np.complex128]:
    """Shape (_WINDOW, 8): a window times this gives the complex amplitude of each frequency."""
    time = np.arange(_WINDOW)[:, None] / SAMPLE_RATE
    waves = np.exp(-2j * np.pi * _HZ[None, :] * time)
    terms: NDArray[np.complex128] = 2 * _HANN[:, None] * waves / _HANN.sum()
    return terms


def _measure(
    now: NDArray[np.complex128], before: NDArray[np.complex128], which: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power, and distance from the nominal frequency as a part of it, of one sine a window.

    now, before: its complex amplitude in a window, and in that _LAG_HOPS earlier.
    which: index into _HZ of the frequency it should have.
    """
    gained = np.angle(now * before.conj() * _DUE[which])
    offset_hz = gained * SAMPLE_RATE / (2 * np.pi * _LAG_HOPS * _HOP)
    # The window shows a sine that is off its frequency weaker than it is. Undone here, as far
    # as a sine may be off and still be taken.
    bins = np.minimum(np.abs(offset_hz), _MAX_OFFSET * _HZ[which]) * _WINDOW / SAMPLE_RATE
    response = np.sinc(bins) / (1 - np.square(bins))
    return np.square(np.abs(now) / response) / 2, offset_hz / _HZ[which]


_HZ: Final = np.array(LOW_HZ + HIGH_HZ, dtype=np.float64)
_HANN: Final = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(_WINDOW) + 0.5) / _WINDOW)
_POWER_WEIGHTS: Final = np.square(_HANN) / np.square(_HANN).sum()
_TERMS: Final = _fourier_terms()
_DUE: Final = np.exp(-2j * np.pi * _HZ * _LAG_HOPS * _HOP / SAMPLE_RATE)
_MIN_POWER: Final = 32768**2 / 2 * 10 ** ((_MIN_LEVEL_DBM0 - FULL_SCALE_DBM0) / 10)
