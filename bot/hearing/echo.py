"""Is what comes in the bot's own voice, coming back? For lines where nobody else takes it out.

An echo is what was played, later, quieter, and coloured by a room. So the last quarter of a
second that came in is laid against the last three quarters that went out: at the delay where the
two agree most, what share of the energy is explained? Of an echo at -20 dB nearly all of it over a
plain line, a quarter in a room that rings for 150 ms; of somebody's voice next to nothing, for two
voices agree nowhere. Somebody who speaks over an echo is louder than it, and the share falls.

Both are whitened first (a voice's low frequencies are much alike), and only sound that is quieter
than what was played is asked about.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.audio import CHUNK_MS, Samples, ms_to_samples

LATEST_MS: Final = 512
"""An echo comes back within that time: a network there and back, a buffer against its jitter."""

_WINDOW: Final = ms_to_samples(256)
_HISTORY: Final = ms_to_samples(LATEST_MS) + _WINDOW
_FFT: Final = 1 << (_HISTORY + _WINDOW - 1).bit_length()

_EXPLAINED: Final = 0.12
"""Share of the energy from which it is an echo: of 118 stretches of callers over a prompt one in a
hundred reached 0.07, of echoes in a room 99 of 100 reached 0.16."""

_QUIETER: Final = 0.25
"""Of an echo's power to that of what made it: 6 dB less at least."""

_SILENT: Final = 30.0**2
"""Mean square under which nothing is heard: -60 dBFS."""

_PRE_EMPHASIS: Final = 0.95

_REMEMBERED: Final = 2_000 // CHUNK_MS
_LOUDER: Final = 4.0
"""Power of one frame above the loudest echo of the last seconds: somebody speaks over it. Without
that, a voice would have to fill a good part of the window first, which takes 300 ms."""

_Sound = NDArray[np.float64]


class EchoCheck:
    """Of one leg. `played` what goes out, `is_echo` with each frame that comes in; both in step."""

    def __init__(self) -> None:
        self._out: _Sound = np.zeros(_HISTORY)
        self._in: _Sound = np.zeros(_WINDOW)
        self._returned: deque[float] = deque(maxlen=_REMEMBERED)
        """Of frames that were echo: the power that came back of what was played."""

    def played(self, samples: Samples) -> None:
        """shape (n,): the next that went out."""
        self._out = np.concatenate([self._out, samples])[-_HISTORY:]

    def is_echo(self, frame: Samples) -> bool:
        """frame: shape (n,), the next that came in."""
        self._in = np.concatenate([self._in, frame])[-_WINDOW:]
        power = float(np.mean(self._in**2))
        if power < _SILENT:
            return False
        played = self._loudest_played()
        if power > _QUIETER * played:
            return False
        now = float(np.mean(frame.astype(np.float64) ** 2))
        if self._returned and now > _LOUDER * max(self._returned) * played:
            return False
        if self._explained() < _EXPLAINED:
            return False
        self._returned.append(max(now, power) / played)
        return True

    def _loudest_played(self) -> float:
        """Mean square of the loudest window's length of it."""
        return float(_windowed(self._out).max()) / _WINDOW

    def _explained(self) -> float:
        came, went = _whitened(self._in), _whitened(self._out)
        spectrum = np.fft.rfft(went, _FFT) * np.conj(np.fft.rfft(came, _FFT))
        agreement = np.fft.irfft(spectrum, _FFT)[: len(went) - len(came) + 1]
        energy = _windowed(went) * np.sum(came**2)
        return float(np.max(agreement**2 / np.maximum(energy, 1.0)))


def _whitened(sound: _Sound) -> _Sound:
    return np.asarray(sound[1:] - _PRE_EMPHASIS * sound[:-1])


def _windowed(sound: _Sound) -> _Sound:
    """The energy of each window's length of it."""
    length = min(_WINDOW, len(sound))
    length -= len(sound) < _HISTORY  # whitened sound is a sample shorter, as its window is
    sums = np.concatenate([[0.0], np.cumsum(sound**2)])
    return np.asarray(sums[length:] - sums[:-length])
