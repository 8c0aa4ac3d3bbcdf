"""Silero VAD: how probable it is that somebody speaks, every 32 ms.

The network (version 6, MIT licence) comes with faster-whisper and runs on one thread, without
torch. It hears at 16 kHz, 512 samples at a time and the 64 before them, and remembers what came
before in 2 x 128 numbers: those belong to one stream, the network to the whole process.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import ModelError
from bot.hearing.model_files import check_files
from bot.onnx import session

FRAME_SAMPLES: Final = SAMPLE_RATE * 32 // 1000
"""Samples of the leg that are judged at a time."""

_NAME = "silero_vad_v6.onnx"
_SUM = "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"
_REMEDY = (
    'install faster-whisper again, or set hearing.voice_detector = "webrtcvad" to do without Silero'
)
_WIDE_FRAME = 2 * FRAME_SAMPLES
_CONTEXT = 64
_STATE = (1, 1, 128)

_REACH: Final = 16
"""Samples on either side from which the value between two samples is made: 2 ms of delay."""


def _half_way() -> NDArray[np.float32]:
    """The filter for the sample half-way between two: a windowed sinc, of gain 1."""
    at = np.arange(-_REACH + 0.5, _REACH)
    taps = np.sinc(at) * np.hanning(2 * _REACH + 2)[1:-1]
    return np.asarray(taps / taps.sum(), dtype=np.float32)


_HALF_WAY: Final = _half_way()

Wide = NDArray[np.float32]
"""Samples, full scale 1.0; shape (n,), for the network at 16 kHz."""


class Silero:
    """The loaded network. Read-only, safe to share between threads."""

    def __init__(self, model: Path) -> None:
        """Raises ModelError for a file that is not the one this was written for."""
        check_files(model.parent, {model.name: _SUM}, _REMEDY)
        self._session = session(model)

    def judge(self, frames: Wide, state: State) -> tuple[NDArray[np.float32], State]:
        """Probabilities of consecutive frames, shape (n,), and the memory after them.

        frames: shape (n, 576), each with the end of the one before in front. state: the memory
        before them.
        """
        hidden, cell = state
        judged: Any = self._session.run(None, {"input": frames, "h": hidden, "c": cell})
        probabilities, hidden, cell = judged
        return probabilities, (hidden, cell)


State = tuple[NDArray[np.float32], NDArray[np.float32]]


@cache
def load_silero() -> Silero:
    """The one of this process. Raises ModelError, by the file's name."""
    spec = find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise ModelError(f"the package faster_whisper is not installed; {_REMEDY}")
    return Silero(Path(spec.origin).parent / "assets" / _NAME)


class SileroStream:
    """One stretch of sound, fed in order in pieces of any length; remembers what came before."""

    def __init__(self, silero: Silero) -> None:
        self._silero = silero
        self._state: State = (np.zeros(_STATE, np.float32), np.zeros(_STATE, np.float32))
        self._narrow: Wide = np.zeros(2 * _REACH - 1, np.float32)
        self._wide: Wide = np.zeros(_CONTEXT, np.float32)

    def feed(self, samples: Samples) -> list[float]:
        """Of each 32 ms that are complete now, the probability of speech; often none or one."""
        if len(samples):
            self._widen(samples)
        count = (len(self._wide) - _CONTEXT) // _WIDE_FRAME
        if not count:
            return []
        frames = np.stack(
            [self._wide[i * _WIDE_FRAME : (i + 1) * _WIDE_FRAME + _CONTEXT] for i in range(count)]
        )
        self._wide = self._wide[count * _WIDE_FRAME :]
        probabilities, self._state = self._silero.judge(frames, self._state)
        return [float(p) for p in probabilities]

    def _widen(self, samples: Samples) -> None:
        """Twice as many: each sample, and the one half-way to the next."""
        narrow: Wide = np.concatenate((self._narrow, np.asarray(samples / 32768, np.float32)))
        wide = np.empty(2 * len(samples), np.float32)
        wide[0::2] = narrow[_REACH - 1 : len(narrow) - _REACH]
        wide[1::2] = np.convolve(narrow, _HALF_WAY, "valid")
        self._narrow = narrow[-(2 * _REACH - 1) :]
        self._wide = np.concatenate((self._wide, wide))
