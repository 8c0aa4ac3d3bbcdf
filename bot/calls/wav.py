"""WAV files at the edge: read into telephone samples, whatever they were recorded as.

Decoding is libsndfile's (through soundfile), resampling soxr's. Our own part is refusing, by
name, what would otherwise be played wrongly: an empty file, a cut-off one, the wrong channel.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import AudioError

CHANNELS = {"left": 0, "right": 1}
_CODECS = {"PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
_MAX_SECONDS = 2 * 60 * 60
_UNKNOWN_LENGTH = {0, 0xFFFFFFFF}
"""What programs write as data size when they stream and never come back to fix the header."""


def read_wav(path: Path, channel: str | None = None) -> Samples:
    """Samples of one channel at SAMPLE_RATE; mu-law, A-law, PCM and float, any rate.

    channel: "left", "right" or None, which only a mono file takes.
    Raises AudioError naming the file and what is wrong with it.
    """
    if channel is not None and channel not in CHANNELS:
        raise AudioError(f"channel {channel!r}: choose left or right")
    _refuse_what_is_not_a_whole_wav(path)
    try:
        with soundfile.SoundFile(path) as file:
            if file.subtype not in _CODECS:
                raise AudioError(
                    f"{path}: coded as {file.subtype}; mu-law, A-law, PCM or float are understood"
                )
            if file.frames == 0:
                raise AudioError(f"{path}: empty, no samples in it")
            seconds = file.frames / file.samplerate
            if seconds > _MAX_SECONDS:
                raise AudioError(
                    f"{path}: {seconds / 3600:.1f} hours long; at most {_MAX_SECONDS // 3600}"
                )
            column = _column(path, file.channels, channel)
            rate = int(file.samplerate)
            sound: NDArray[np.float32] = file.read(dtype="float32", always_2d=True)[:, column]
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: cannot be decoded ({error})") from None
    return to_telephone(sound, rate)


def to_telephone(sound: NDArray[np.float32], rate: int) -> Samples:
    """Float samples in [-1, 1] at any rate -> 16-bit at SAMPLE_RATE; louder ones are clipped."""
    if rate != SAMPLE_RATE:
        sound = soxr.resample(sound, rate, SAMPLE_RATE)
    scaled = np.round(np.nan_to_num(sound) * 32768)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def _column(path: Path, channels: int, channel: str | None) -> int:
    if channels == 1:
        if channel is not None:
            raise AudioError(f"{path}: has one channel only; leave --channel {channel} out")
        return 0
    if channels > len(CHANNELS):
        raise AudioError(f"{path}: has {channels} channels; one or two are understood")
    if channel is None:
        raise AudioError(
            f"{path}: has two channels; say which one is the caller: --channel left or right"
        )
    return CHANNELS[channel]


def _refuse_what_is_not_a_whole_wav(path: Path) -> None:
    """Walk the RIFF chunks: libsndfile reads a cut-off file as a shorter one and says nothing."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size == 0:
                raise AudioError(f"{path}: empty, 0 bytes")
            head = file.read(12)
            if len(head) < 12 or head[:4] not in (b"RIFF", b"RIFX") or head[8:12] != b"WAVE":
                raise AudioError(f"{path}: not a WAV file")
            order = "<" if head[:4] == b"RIFF" else ">"
            while len(chunk := file.read(8)) == 8:
                name, length = struct.unpack(f"{order}4sI", chunk)
                left = size - file.tell()
                if name == b"data":
                    if length > left and length not in _UNKNOWN_LENGTH:
                        raise AudioError(
                            f"{path}: truncated, {left} of {length} bytes of sound are there"
                        )
                    return
                file.seek(length + length % 2, 1)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from None
    raise AudioError(f"{path}: truncated, there is no sound in it")
