"""Sound that is no answer: noise, music, coughs, keys, made from a seed. 8 kHz, 16 bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.telephone import mu_law
from bot.audio import SAMPLE_RATE, Samples, ms_to_samples, silence
from bot.hearing.keys.key_tones import tone_pair

Wave = NDArray[np.float64]
"""Full scale 32768, shape (n,)."""

NOISE_FLOOR_DBFS = -60
"""A line's own noise, under everything here."""

_COUGH_HZ = (550, 1400, 2600)
_CHORDS_HZ = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
"""C, A minor, F, G: the four chords of hold music."""


def background(samples: int, rng: np.random.Generator) -> Iterator[tuple[str, Wave]]:
    yield "none", np.zeros(samples)
    yield "white, -46 dBFS", white(samples, rng, -46)
    yield "white, -36 dBFS", white(samples, rng, -36)
    yield "traffic, -36 dBFS", rumble(samples, rng) * amplitude(-36)


def no_voice(rng: np.random.Generator) -> Iterator[tuple[str, Samples]]:
    """A minute of each."""
    samples = 60 * SAMPLE_RATE
    quiet = white(samples, rng, NOISE_FLOOR_DBFS)
    nothing = silence(samples)
    yield "line noise, -45 dBFS", line(nothing, white(samples, rng, -45))
    yield "line noise, -35 dBFS", line(nothing, white(samples, rng, -35))
    yield (
        "traffic that swells by 10 dB in 5 s, -35 dBFS",
        line(nothing, rumble(samples, rng) * amplitude(-35)),
    )
    yield "mains hum, -35 dBFS", line(nothing, quiet + hum(samples) * amplitude(-35))
    yield "hold music, -25 dBFS", line(nothing, quiet + music(samples) * amplitude(-25))
    for name, length, level in (("clicks of 5 ms", 5, -15), ("bursts of 80 ms", 80, -20)):
        bursts = every_second(samples, partial(white, ms_to_samples(length), rng, level))
        yield f"{name}, {level} dBFS, every second", line(nothing, quiet + bursts)
    coughs = every_second(samples, lambda: cough(rng) * amplitude(-20))
    yield "coughs, -20 dBFS, every second", line(nothing, quiet + coughs)
    keys = np.tile(np.concatenate([tone_pair(770, 1336, 100, -10, -10), silence(800)]), 300)
    yield "keys, 100 ms on, 100 ms off", line(keys, quiet)


def white(samples: int, rng: np.random.Generator, dbfs: float) -> Wave:
    return np.asarray(rng.normal(0, amplitude(dbfs), samples), dtype=np.float64)


def rumble(samples: int, rng: np.random.Generator) -> Wave:
    """Noise that falls with frequency and swells over seconds, of unit power.

    From 200 Hz on: a telephone passes nothing lower (ITU-T G.712).
    """
    spectrum = np.fft.rfft(rng.normal(0, 1, samples))
    hz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    low = np.fft.irfft(np.where(hz < 200, 0, spectrum / np.maximum(hz, 200)), samples)
    swelling = 1 + 0.5 * np.sin(2 * np.pi * np.arange(samples) / SAMPLE_RATE / 5)
    return _of_unit_power(low * swelling)


def hum(samples: int) -> Wave:
    """50 Hz and its harmonics, of unit power."""
    waves = np.arange(samples)[:, None] * np.arange(50, 500, 50) * 2 * np.pi / SAMPLE_RATE
    return _of_unit_power(np.sin(waves).sum(axis=1))


def music(samples: int) -> Wave:
    """Plucked chords, two a second, with a melody above them, of unit power."""
    note = SAMPLE_RATE // 4
    at = np.arange(note) / SAMPLE_RATE
    pluck = np.exp(-6 * at)
    sound = np.zeros(samples + note)
    for i, begin in enumerate(range(0, samples, note)):
        chord = _CHORDS_HZ[i // 8 % len(_CHORDS_HZ)]
        pitches = [2.0 * chord[i * 5 % 3], *(chord if i % 2 == 0 else ())]
        for pitch in pitches:
            for harmonic in range(1, 7):
                tone = np.sin(2 * np.pi * pitch * harmonic * at) * pluck / harmonic
                sound[begin : begin + note] += tone
    return _of_unit_power(sound[:samples])


def cough(rng: np.random.Generator) -> Wave:
    """Not a recording: a burst and a breath of 0.3 s through the resonances of a throat."""
    length = ms_to_samples(320)
    at = np.arange(length) / SAMPLE_RATE
    breath = np.minimum(at / 0.01, 1) * np.exp(-at / 0.08) + 0.15 * np.exp(-at / 0.2)
    noise = rng.normal(0, 1, length) * breath
    spectrum, hz = np.fft.rfft(noise), np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    throat = sum(1 / (1 + ((hz - at_hz * rng.uniform(0.9, 1.1)) / 150) ** 2) for at_hz in _COUGH_HZ)
    return _of_unit_power(np.fft.irfft(spectrum * throat, length))


def every_second(samples: int, sound: Callable[[], Wave]) -> Wave:
    """A new one each second, but for the first and the last."""
    whole = np.zeros(samples)
    for at in range(SAMPLE_RATE, samples - SAMPLE_RATE, SAMPLE_RATE):
        one = sound()
        whole[at : at + len(one)] = one
    return whole


def line(sound: Samples, noise: Wave) -> Samples:
    """Both together, through the 8 bits of mu-law."""
    return np.asarray(mu_law(mix(sound, noise) / 32768) * 32767, dtype=np.int16)


def amplitude(dbfs: float) -> float:
    return float(32768 * 10 ** (dbfs / 20))


def at_level(sound: Samples, dbfs: float) -> Samples:
    """The same sound with this root mean square."""
    rms = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))))
    louder = np.asarray(sound * (amplitude(dbfs) / max(rms, 1.0)), dtype=np.float64)
    return mix(silence(len(sound)), louder)


def mix(sound: Samples, more: Wave) -> Samples:
    return np.clip(np.round(sound + more), -32768, 32767).astype(np.int16)


def _of_unit_power(sound: Wave) -> Wave:
    return np.asarray(sound / sound.std(), dtype=np.float64)
