"""Test speech: words spliced into strings, and a simulated telephone line. 8 kHz throughout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from training.clips import trimmed

RATE = 8000
Sound = NDArray[np.float64]

FRAME = RATE // 50
"""Samples of one packet of sound: 20 ms."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def read_clips(folder: Path) -> dict[str, dict[str, list[Sound]]]:
    """{speaker: {word: clips}} of files WORD_SPEAKER_N.wav; a digit may stand for its word."""
    clips: dict[str, dict[str, list[Sound]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("*_*_*.wav")):
        word, rest = path.stem.split("_", 1)
        sound, rate = soundfile.read(path, dtype="float64")
        if rate == RATE and len(sound) > RATE // 20:
            clips[rest.rsplit("_", 1)[0]][DIGITS[int(word)] if word.isdigit() else word].append(
                trimmed(sound)
            )
    return clips


def splice(random: np.random.Generator, clips: Sequence[Sound], groups: Sequence[int]) -> Sound:
    """Words one after the other: 0.03 to 0.12 s between them, 0.25 to 0.6 s between groups.

    groups: how many words each has; together all clips.
    """
    ends = set(np.cumsum(groups).tolist())
    pieces: list[Sound] = [np.zeros(int(RATE * random.uniform(0.2, 0.5)))]
    for count, clip in enumerate(clips, start=1):
        level = 10 ** (random.uniform(-2, 2) / 20)
        pieces.append(_faded(clip / (np.sqrt(np.mean(clip**2)) + 1e-9)) * level)
        gap = random.uniform(0.25, 0.6) if count in ends else random.uniform(0.03, 0.12)
        pieces.append(np.zeros(int(RATE * gap)))
    return np.concatenate(pieces)


def telephone(
    random: np.random.Generator, sound: Sound, noise_db: tuple[float, float]
) -> NDArray[np.int16]:
    """Telephone band, noise that far below the speech, a level of -30 to -15 dBFS, mu-law."""
    return over(random, sound, Line("mu-law and noise", random.uniform(*noise_db)))


@dataclass(frozen=True, slots=True)
class Line:
    """noise_db: how far the noise lies below the speech; None: there is none.

    lost: the share of packets that never come; the last one is heard again instead, and fades.
    """

    name: str
    noise_db: float | None = None
    mu_law: bool = True
    lost: float = 0.0


LINES = (
    Line("clean", mu_law=False),
    Line("mu-law"),
    Line("noise 20 dB below", 20),
    Line("noise 15 dB below", 15),
    Line("noise 10 dB below", 10),
    Line("noise 5 dB below", 5),
    Line("2 % lost", lost=0.02),
)


def over(random: np.random.Generator, sound: Sound, line: Line) -> NDArray[np.int16]:
    """Telephone band, the line's noise, a level of -30 to -15 dBFS, its codec, its losses."""
    heard = _banded(random, sound)
    if line.noise_db is not None:
        heard = heard + _coloured(random, len(sound)) * 10 ** (-line.noise_db / 20)
    heard = heard * 10 ** (random.uniform(-30, -15) / 20)
    heard = mu_law(heard) if line.mu_law else np.clip(heard, -1, 1)
    if line.lost:
        heard = _with_losses(random, heard, line.lost)
    return (heard * 32767).astype(np.int16)


def _banded(random: np.random.Generator, sound: Sound) -> Sound:
    """In the telephone band, at a level of 1."""
    spectrum = np.fft.rfft(sound)
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    low, high = random.uniform(200, 350), random.uniform(3100, 3500)
    gain = 1 / (1 + (low / np.maximum(frequency, 1)) ** 4) / (1 + (frequency / high) ** 12)
    banded = np.fft.irfft(spectrum * np.sqrt(gain), len(sound))
    return np.asarray(banded / (np.sqrt(np.mean(banded**2)) + 1e-9), dtype=np.float64)


def _with_losses(random: np.random.Generator, sound: Sound, share: float) -> Sound:
    """As a simple concealment leaves it: half as loud with every packet missing in a row."""
    out = sound.copy()
    for start in range(FRAME, len(out) - FRAME, FRAME):
        if random.random() < share:
            out[start : start + FRAME] = out[start - FRAME : start] / 2
    return out


def mu_law(sound: Sound) -> Sound:
    """Through G.711's mu-law in its continuous form with 8 bits, and back."""
    sign, size = np.sign(sound), np.minimum(np.abs(sound), 1.0)
    coded = np.round(np.log1p(255 * size) / np.log(256) * 127) / 127
    return np.asarray(sign * (256**coded - 1) / 255, dtype=np.float64)


def _coloured(random: np.random.Generator, samples: int) -> Sound:
    """Noise between white and brown, of level 1."""
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 1.0)
    slope = float(random.choice([0.0, 0.25, 0.5]))
    noise = np.fft.irfft(np.fft.rfft(random.standard_normal(samples)) / frequency**slope, samples)
    return np.asarray(noise / (noise.std() + 1e-9), dtype=np.float64)


def _faded(sound: Sound) -> Sound:
    edge = min(80, len(sound) // 4)
    ramp = np.linspace(0, 1, edge)
    faded = sound.copy()
    faded[:edge] *= ramp
    faded[-edge:] *= ramp[::-1]
    return faded
