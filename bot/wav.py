"""WAV files at the edge: written, and decoded into telephone samples whatever they were.

Decoding is libsndfile's (through soundfile), resampling soxr's, a block at a time: a recording of
hours never lies in memory as it was recorded. Our own part is refusing, by name and before
anything is decoded, what would be played wrongly or never end: a cut-off file, one that is too
long, a header that cannot be true.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import AudioError

Block = NDArray[np.float32]
"""Full scale 1.0; shape (frames, channels), or (frames,) for one channel."""

ToMono = Callable[[Block], Block]

_CODECS = {"PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
_LOWEST_RATE, _HIGHEST_RATE = 4_000, 384_000
"""Hz: a telephone's is 8000, a studio's at most 192 000 or twice that."""
_MOST_CHANNELS = 2
_BLOCK_FRAMES = 1 << 16

_PCM = 1

_IN_DS64 = 0xFFFFFFFF
_UNKNOWN_LENGTH = {0, 0xFFFFFFFF}
"""What programs write as data size when they stream and never come back to fix the header."""


def decode_wav(
    path: Path,
    to_mono: Callable[[int], ToMono],
    *,
    longest_minutes: float,
    quality: str = "HQ",
) -> Samples:
    """A WAV as samples at SAMPLE_RATE; mu-law, A-law, PCM and float, one or two channels.

    to_mono: told how many channels there are, says how each block becomes one; raises AudioError
    where it does not take that many. quality: of resampling, as soxr names it.
    Raises AudioError naming the file and what is wrong with it.
    """
    _refuse_what_is_not_a_whole_wav(path)
    try:
        with soundfile.SoundFile(path) as file:
            _refuse_by_header(path, file, longest_minutes)
            mix = to_mono(file.channels)
            telephone = _Telephone(file.samplerate, quality)
            parts = [
                telephone(mix(block))
                for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True)
            ]
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: cannot be decoded ({error})") from None
    return np.concatenate([*parts, telephone.end()])


def to_telephone(sound: Block, rate: int) -> Samples:
    """Float samples in [-1, 1] at any rate -> 16-bit at SAMPLE_RATE; louder ones are clipped."""
    telephone = _Telephone(rate, "HQ")
    return np.concatenate([telephone(sound), telephone.end()])


class _Telephone:
    """Resamples block by block and makes 16-bit samples; NaN is silence, beyond 1 is clipped."""

    def __init__(self, rate: int, quality: str) -> None:
        self._stream = (
            None
            if rate == SAMPLE_RATE
            else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality=quality)
        )

    def __call__(self, block: Block, *, last: bool = False) -> Samples:
        sound = np.clip(np.nan_to_num(block), -1.0, 1.0)  # infinity would overflow
        if self._stream is not None:
            sound = self._stream.resample_chunk(sound, last=last)
        return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)

    def end(self) -> Samples:
        """What the resampler still holds."""
        return self(np.zeros(0, dtype=np.float32), last=True)


class WavWriter:
    """A 16-bit PCM WAV at SAMPLE_RATE that grows on the disk as it is written.

    Not libsndfile's, which says "System error" where a disk is full. Raises OSError.
    """

    def __init__(self, path: Path, channels: int) -> None:
        self._channels = channels
        self._bytes = 0
        self._file = path.open("wb", buffering=0)
        try:
            self._write(self._header())
        except OSError:
            self._file.close()
            raise

    def write(self, samples: NDArray[np.int16]) -> None:
        """samples: shape (n, channels)."""
        sound = samples.astype("<i2", order="C", copy=False).tobytes()
        self._write(sound)
        self._bytes += len(sound)

    def close(self) -> None:
        """Complete the file: on the disk, with its length in its header."""
        try:
            self._file.seek(0)
            self._write(self._header())
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close it as it is. Raises nothing."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _header(self) -> bytes:
        frame = 2 * self._channels
        return struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF", 36 + self._bytes, b"WAVE",
            b"fmt ", 16, _PCM, self._channels, SAMPLE_RATE, SAMPLE_RATE * frame, frame, 16,
            b"data", self._bytes,
        )  # fmt: skip


def _refuse_by_header(path: Path, file: soundfile.SoundFile, longest_minutes: float) -> None:
    if file.subtype not in _CODECS:
        raise AudioError(
            f"{path}: coded as {file.subtype}; mu-law, A-law, PCM or float are understood"
        )
    if file.frames == 0:
        raise AudioError(f"{path}: empty, no samples in it")
    if not _LOWEST_RATE <= file.samplerate <= _HIGHEST_RATE:
        raise AudioError(
            f"{path}: its header says {file.samplerate} samples a second; "
            f"{_LOWEST_RATE} to {_HIGHEST_RATE} are understood"
        )
    if file.channels > _MOST_CHANNELS:
        raise AudioError(f"{path}: has {file.channels} channels; one or two are understood")
    minutes = file.frames / file.samplerate / 60
    if minutes > longest_minutes:
        raise AudioError(
            f"{path}: {minutes:.1f} minutes long; at most {longest_minutes:g} are taken"
        )


def _refuse_what_is_not_a_whole_wav(path: Path) -> None:
    """Walk the RIFF chunks: libsndfile reads a cut-off file as a shorter one and says nothing."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise AudioError(f"{path}: a folder, not a WAV file")
        if not stat.S_ISREG(about.st_mode):  # opening a pipe would wait for ever
            raise AudioError(f"{path}: not a file; save the sound as a WAV first")
        if about.st_size == 0:
            raise AudioError(f"{path}: empty, 0 bytes")
        with path.open("rb") as file:
            _walk_chunks(path, file, about.st_size)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from None


def _walk_chunks(path: Path, file: BinaryIO, size: int) -> None:
    """Returns when the sound is there as a whole. RF64 (EBU Tech 3306) is WAV beyond 4 GB."""
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RIFX", b"RF64") or head[8:12] != b"WAVE":
        raise AudioError(f"{path}: not a WAV file")
    order = ">" if head[:4] == b"RIFX" else "<"
    long_data: int | None = None
    while len(chunk := file.read(8)) == 8:
        name, length = struct.unpack(f"{order}4sI", chunk)
        left = size - file.tell()
        if name == b"ds64" and left >= 16:
            _, long_data = struct.unpack("<QQ", file.read(16))
            file.seek(-16, 1)
        if name == b"data":
            if length == _IN_DS64 and long_data is not None:
                length = long_data
            if length > left and length not in _UNKNOWN_LENGTH:
                raise AudioError(f"{path}: truncated, {left} of {length} bytes of sound are there")
            return
        file.seek(length + length % 2, 1)
    raise AudioError(f"{path}: truncated, there is no sound in it")
