"""Sounds that go wrong: what microphones, lines, rooms and throats do to speech, and no speech."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples

Wave = NDArray[np.float64]


def as_samples(wave: NDArray[Any]) -> Samples:
    return np.asarray(np.clip(np.round(wave), -32768, 32767), dtype=np.int16)


def clipped(sound: Samples, gain: float) -> Samples:
    return as_samples(sound * gain)


def with_offset(sound: Samples, offset: int) -> Samples:
    return as_samples(sound.astype(np.float64) + offset)


def hum(samples: int, amplitude: float) -> Wave:
    """50 Hz mains with its odd harmonics, as a bad ground gives it."""
    time = np.arange(samples) / SAMPLE_RATE
    return amplitude * np.asarray(
        sum(np.sin(2 * np.pi * 50 * n * time) / n for n in (1, 3, 5, 7)), dtype=np.float64
    )


def together(one: Samples, other: Samples) -> Samples:
    """Two people at once, equally loud."""
    wave = np.zeros(max(len(one), len(other)))
    for sound in (one, other):
        wave[: len(sound)] += sound * (0.5 * 32768 / max(1, np.abs(sound.astype(int)).max()))
    return as_samples(wave)


def at_wrong_rate(sound: Samples, factor: float) -> Samples:
    """Played factor times as fast, and higher: what a wrong rate in a header does, or, a third
    higher, much like a child."""
    return as_samples(soxr.resample(sound.astype(np.float64), SAMPLE_RATE * factor, SAMPLE_RATE))


def whispered(sound: Samples, seed: int = 1) -> Samples:
    """The voice replaced by noise: each frame's spectral envelope, excited by white noise."""
    size, hop = 256, 64
    window = np.hanning(size)
    excitation = np.random.default_rng(seed).standard_normal(len(sound) + size)
    wave = np.zeros(len(sound) + size)
    padded = np.concatenate([sound.astype(np.float64), np.zeros(size)])
    for start in range(0, len(sound), hop):
        spectrum = np.abs(np.fft.rfft(padded[start : start + size] * window)) + 1e-3
        cepstrum = np.fft.irfft(np.log(spectrum))
        cepstrum[16:-16] = 0.0  # quefrencies of the pitch and beyond
        envelope = np.exp(np.fft.rfft(cepstrum).real)
        noise = np.fft.rfft(excitation[start : start + size] * window)
        wave[start : start + size] += np.fft.irfft(noise * envelope / np.sqrt(size)) * window
    loudest = np.abs(sound.astype(int)).max()
    return as_samples(wave[: len(sound)] * loudest / max(1e-9, np.abs(wave).max()))


def music(seconds: float, seed: int = 1) -> Samples:
    """A melody over chords with a beat: hold music, about as loud as a voice."""
    random = np.random.default_rng(seed)
    note = SAMPLE_RATE // 4
    time = np.arange(note) / SAMPLE_RATE
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    parts = []
    for beat in range(int(seconds * 4)):
        root = scale[(beat // 8) % 4 * 2]
        melody = 2 * scale[random.integers(len(scale))]
        tones = [(root, 1.0), (root * 1.26, 0.6), (root * 1.5, 0.6), (melody, 1.2)]
        wave = sum(
            level * np.sin(2 * np.pi * hz * n * time) / n**1.5
            for hz, level in tones
            for n in (1, 2, 3, 4)
        )
        drum = random.standard_normal(note) * np.exp(-time / 0.03) * (beat % 2 == 0)
        parts.append((wave * np.exp(-time / 0.4) + drum) * 2500)
    return as_samples(np.concatenate(parts))
