"""Who hears keys in sound: our detector and, where installed, spandsp and multimon-ng.

apt-get install libspandsp2 multimon-ng
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, AudioChunk, Samples
from bot.hearing.keys.tones import ToneDetector

MULTIMON_RATE = 22050
_SPANDSP = "libspandsp.so.2"
_MOST_DIGITS = 128
"""spandsp keeps no more digits until they are fetched."""


@dataclass(frozen=True)
class Peer:
    """keys: the keys in a sound, in order. chunk: samples fed at once, for timing; 0 is all."""

    name: str
    keys: Callable[[Samples, int], str]

    def hears(self, sound: Samples) -> str:
        return self.keys(sound, 0)


def ours(sound: Samples, chunk: int = 0) -> str:
    detector = ToneDetector()
    heard = [
        key for begin, part in _cut(sound, chunk) for key in detector.feed(AudioChunk(part, begin))
    ]
    return "".join(key.key for key in heard + detector.flush())


def spandsp(sound: Samples, chunk: int = 0) -> str:
    return _spandsp(sound, chunk, dial_tone_filter=False)


def spandsp_with_dial_tone_filter(sound: Samples, chunk: int = 0) -> str:
    return _spandsp(sound, chunk, dial_tone_filter=True)


def multimon(sound: Samples, chunk: int = 0) -> str:
    """It reads a pipe, always at its own pace."""
    del chunk
    wide = soxr.resample(sound, SAMPLE_RATE, MULTIMON_RATE)
    ran = subprocess.run(
        ["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", "-"],  # noqa: S607 - wherever it is
        input=wide.astype(np.int16).tobytes(),
        capture_output=True,
        check=True,
    )
    return "".join(re.findall(r"^DTMF: (.)", ran.stdout.decode(), re.MULTILINE))


def has_spandsp() -> bool:
    return _library() is not None


def peers() -> list[Peer]:
    """All that are installed, ours first."""
    found = [Peer("ours", ours)]
    if has_spandsp():
        found.append(Peer("spandsp", spandsp))
    if shutil.which("multimon-ng"):
        found.append(Peer("multimon-ng", multimon))
    return found


def missing() -> list[str]:
    absent = [] if has_spandsp() else [f"{_SPANDSP} (apt-get install libspandsp2)"]
    return absent if shutil.which("multimon-ng") else [*absent, "multimon-ng (apt-get install it)"]


def _spandsp(sound: Samples, chunk: int, *, dial_tone_filter: bool) -> str:
    library = _library()
    if library is None:
        raise RuntimeError(f"{_SPANDSP} is not installed: apt-get install libspandsp2")
    state = library.dtmf_rx_init(None, None, None)
    # Twist and threshold as they are without being set (negative: leave).
    library.dtmf_rx_parms(state, int(dial_tone_filter), -1, -1, -99)
    digits = ctypes.create_string_buffer(_MOST_DIGITS + 1)
    heard = ""
    for _, part in _cut(np.ascontiguousarray(sound), chunk or SAMPLE_RATE):
        library.dtmf_rx(state, part.ctypes.data, len(part))
        library.dtmf_rx_get(state, digits, _MOST_DIGITS)
        heard += digits.value.decode()
    library.dtmf_rx_free(state)
    return heard


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_SPANDSP)
    except OSError:
        return None
    library.dtmf_rx_init.restype = ctypes.c_void_p
    library.dtmf_rx_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.dtmf_rx_parms.argtypes = [ctypes.c_void_p] + [ctypes.c_int] * 4
    library.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    library.dtmf_rx_get.restype = ctypes.c_size_t
    library.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    return library


def _cut(sound: Samples, chunk: int) -> Iterator[tuple[int, Samples]]:
    size = chunk or max(1, len(sound))
    for begin in range(0, len(sound), size):
        yield begin, sound[begin : begin + size]
