"""Sounds the ear's tests are made of: recorded phrases, tones, silence, noise, codecs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples, ms_to_samples, silence
from bot.transports.g711 import a_law_decoded, a_law_encoded, mu_law_decoded, mu_law_encoded

RECORDINGS = Path(__file__).parent / "recordings"


def phrase(name: str) -> Samples:
    """A recorded phrase, from the first to the last sample within 40 dB of its peak."""
    samples, rate = soundfile.read(RECORDINGS / f"{name}.wav", dtype="int16")
    assert rate == 8000
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > np.abs(samples).max() / 100)
    return np.asarray(samples[loud[0] : loud[-1] + 1], dtype=np.int16)


def pause(ms: float) -> Samples:
    return silence(ms_to_samples(ms))


def noise(ms: float, dbfs: float, seed: int = 1) -> Samples:
    """White noise; the same for the same arguments."""
    rng = np.random.default_rng(seed)
    return _int16(rng.normal(0, 32768 * 10 ** (dbfs / 20), ms_to_samples(ms)))


def join(*parts: Samples) -> Samples:
    return np.concatenate(parts)


def mixed(sound: Samples, more: Samples) -> Samples:
    return _int16(sound.astype(np.int32) + more)


def chunks(
    sound: Samples, size: int = CHUNK_SAMPLES, *sizes: int, position: int = 0
) -> Iterator[AudioChunk]:
    """The sound cut into chunks of these sizes, over and over."""
    cut = (size, *sizes)
    at = i = 0
    while at < len(sound):
        length = cut[i % len(cut)]
        yield AudioChunk(sound[at : at + length], position + at)
        at += length
        i += 1


def through_mu_law(sound: Samples) -> Samples:
    return mu_law_decoded(mu_law_encoded(sound))


def through_a_law(sound: Samples) -> Samples:
    return a_law_decoded(a_law_encoded(sound))


def _int16(samples: NDArray[Any]) -> Samples:
    return np.asarray(np.clip(samples, -32768, 32767), dtype=np.int16)
