"""The bot's own voice coming back: taken out, and told from somebody who speaks.
For lines where nobody else does it.

What was played is known to the sample, so the way it comes back can be learnt: a filter that makes
the echo of it, which is then taken off what comes in. It is learnt by a Kalman filter in the
frequency domain (Enzner and Vary, "Frequency-domain adaptive Kalman filter for acoustic echo
control in hands-free telephones", Signal Processing 86, 2006), whose response is cut into pieces
of one frame each. Such a filter knows how wrong it may still be. It takes small steps where much
comes in that it cannot explain, so somebody's voice does not lead it astray, and it tells how loud
what is left of an echo may be. What is louder than that is not the bot.

So a voice is noticed in its first frame, over an echo too. Until the filter has learnt the way,
about a second of sound, only voices that are louder than the loudest echo it expects are.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, SAMPLE_RATE, Samples, silence

LATEST_MS: Final = 520
"""An echo is over within that time: a network there and back, a buffer against its jitter, a room.
"""

_PIECES: Final = LATEST_MS // CHUNK_MS
_FFT: Final = 2 * CHUNK_SAMPLES
_BINS: Final = _FFT // 2 + 1

_EXPECTED: Final = 0.003
"""Power of each piece of the response before anything is known of it: an echo of -11 dB in all,
equally likely at each delay."""

_STAYS: Final = 0.9995
"""By how much a response is still the same 20 ms later. With less than that it is forgotten faster
than learnt; with more, an echo whose delay has changed would be taken for a voice."""

_UNEXPLAINED_STAYS: Final = 0.5
"""Share of the last frames' unexplained power in what counts as such now."""

_QUIETEST: Final = CHUNK_SAMPLES * 8.0**2
"""Power in each bin of noise that nobody hears: the smallest step of mu-law (ITU-T G.711)."""

_BAND: Final = slice(200 * _FFT // SAMPLE_RATE, 3400 * _FFT // SAMPLE_RATE)
"""A telephone's."""

_SOMEBODY: Final = 16.0
"""How much louder than the filter's own error a frame is in which somebody speaks, on average over
the band. Chosen on half of the recorded callers (benchmarks/interruption.py): of echoes 99 frames
in 100 stayed under 4, of speech over an echo 95 in 100 were over 50."""

_Real = NDArray[np.float32]
_Spectra = NDArray[np.complex64]


class WithoutEcho(NamedTuple):
    """One frame that came in.

    samples: without what the filter took for an echo; shape (CHUNK_SAMPLES,). only_echo: what is
    left may be echo too, and is nobody's voice.
    """

    samples: Samples
    only_echo: bool


class EchoCanceller:
    """Of one leg. `played` what goes out, `take_out` of each frame that comes in; both in step."""

    def __init__(self) -> None:
        self._not_yet_due = silence(0)
        self._frame_before: _Real = np.zeros(CHUNK_SAMPLES, np.float32)
        self._out: _Spectra = np.zeros((_PIECES, _BINS), np.complex64)
        """What went out, the latest frame first, each with the one before it."""
        self._out_power: _Real = np.zeros((_PIECES, _BINS), np.float32)
        self._response: _Spectra = np.zeros((_PIECES, _BINS), np.complex64)
        self._doubt: _Real = np.full((_PIECES, _BINS), _EXPECTED, np.float32)
        """The variance of each value of the response."""
        self._unexplained: _Real = np.zeros(_BINS, np.float32)

    def played(self, samples: Samples) -> None:
        """The next that went out; shape (n,)."""
        self._not_yet_due = np.concatenate([self._not_yet_due, samples])

    def take_out(self, frame: Samples) -> WithoutEcho:
        """frame: shape (CHUNK_SAMPLES,), the next that came in."""
        self._go_on()
        if not self._out_power.any():
            return WithoutEcho(frame, only_echo=False)
        error = np.sum(self._out_power * self._doubt, axis=0) / 2
        echo = np.fft.irfft(np.sum(self._out * self._response, axis=0))[CHUNK_SAMPLES:]
        rest = frame - echo.astype(np.float32)
        spectrum = _spectrum(rest)
        power = _power(spectrum)
        self._learn(spectrum, power, error)
        if np.sum(np.square(rest)) > np.sum(np.square(frame.astype(np.float32))):
            # What was learnt is wrong here. Nothing is added to a line: least of all to a silent
            # one, whose noise the voice detector would get used to.
            return WithoutEcho(frame, _is_explained(_power(_spectrum(frame)), error))
        samples = np.clip(np.round(rest), -32768, 32767).astype(np.int16)
        return WithoutEcho(samples, _is_explained(power, error))

    def _go_on(self) -> None:
        """To the next frame that went out. What comes back of it cannot have come in before."""
        if len(self._not_yet_due) < CHUNK_SAMPLES:
            return
        frame = self._not_yet_due[:CHUNK_SAMPLES].astype(np.float32)
        self._not_yet_due = self._not_yet_due[CHUNK_SAMPLES:]
        for history in (self._out, self._out_power):
            history[1:] = history[:-1]
        self._out[0] = np.fft.rfft(np.concatenate([self._frame_before, frame]))
        self._out_power[0] = _power(self._out[0])
        self._frame_before = frame

    def _learn(self, rest: _Spectra, power: _Real, error: _Real) -> None:
        """One step of the Kalman filter. rest: what the response could not explain."""
        self._unexplained += (1 - _UNEXPLAINED_STAYS) * (power - self._unexplained)
        gain = self._doubt / (error + self._unexplained + 1)
        step = np.fft.irfft(np.conj(self._out) * (gain * rest), axis=1)
        step[:, CHUNK_SAMPLES:] = 0  # a piece of the response is one frame long
        self._response += np.fft.rfft(step, axis=1)
        self._doubt *= _STAYS**2 * (1 - gain * self._out_power / 2)
        self._doubt += (1 - _STAYS**2) * _EXPECTED


def _spectrum(frame: Samples | _Real) -> _Spectra:
    """Of one frame, with silence before it."""
    return np.asarray(np.fft.rfft(np.concatenate([np.zeros_like(frame), frame])), np.complex64)


def _power(spectrum: _Spectra) -> _Real:
    return np.asarray(np.square(np.abs(spectrum)))


def _is_explained(power: _Real, error: _Real) -> bool:
    """Whether what the filter may be wrong by is as loud as that."""
    return bool(np.mean(power[_BAND] / (error[_BAND] + _QUIETEST)) < _SOMEBODY)
