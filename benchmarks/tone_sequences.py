"""Test sequences for key-tone receivers, after the published test tapes.

Side 1 of the Mitel test tape (CM7291) and the tests spandsp's own suite makes of it: every digit,
recognition bandwidth, twist, dynamic range, guard time, signal-to-noise with 1,000 bursts; beyond
it dial tone and speech beside the keys, and the limits of ITU-T Q.24. As on the tape the answer is
read by counting: pulses get worse step by step, and those heard are counted.

Levels: dBm0 of each of the two frequencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples
from bot.hearing.keys.key_tones import FULL_SCALE_DBM0, KEYS, frequencies

Sound = NDArray[np.float64]
"""Samples in units of 16 bits, not yet rounded or clipped."""

Hears = Callable[[Samples], str]

ALL_KEYS = "".join(KEYS)
ON_MS = OFF_MS = 50
LEVEL = -10.0


def pulse(
    key: str,
    ms: float = ON_MS,
    *,
    low_dbm0: float = LEVEL,
    high_dbm0: float = LEVEL,
    low_offset: float = 0.0,
    high_offset: float = 0.0,
) -> Sound:
    """One key. Offsets: by what part of it a frequency is off. Louder than full scale may be."""
    low, high = frequencies(key)
    time = np.arange(ms_to_samples(ms)) / SAMPLE_RATE
    sound: Sound = _amplitude(low_dbm0) * np.sin(2 * np.pi * low * (1 + low_offset) * time)
    return sound + _amplitude(high_dbm0) * np.sin(2 * np.pi * high * (1 + high_offset) * time)


def train(pulses: Iterable[Sound], off_ms: float = OFF_MS) -> Sound:
    """Pulses with pauses before, between and after."""
    pause = np.zeros(ms_to_samples(off_ms))
    lead = np.zeros(ms_to_samples(100))
    return np.concatenate([lead, *(part for p in pulses for part in (p, pause)), lead])


def on_line(sound: Sound) -> Samples:
    """Rounded to 16 bits; what is louder is clipped."""
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)


def tones_level(sound: Sound, dbm0: float) -> Sound:
    """The same sound with this mean power, pauses included."""
    rms = float(np.sqrt(np.mean(np.square(sound))))
    level: Sound = sound * (_amplitude(dbm0) / np.sqrt(2) / max(rms, 1e-9))
    return level


def white_noise(samples: int, dbm0: float, seed: int) -> Sound:
    noise = np.random.default_rng(seed).normal(0, 1, samples)
    level: Sound = noise * (_amplitude(dbm0) / np.sqrt(2))
    return level


def steady(hz: Iterable[float], samples: int, dbm0: float) -> Sound:
    """Tones that go on: a dial tone. dbm0: of each."""
    time = np.arange(samples) / SAMPLE_RATE
    sound: Sound = sum(
        (_amplitude(dbm0) * np.sin(2 * np.pi * f * time) for f in hz), np.zeros(samples)
    )
    return sound


# What is counted


def decoded(hears: Hears, rounds: int = 10) -> int:
    """Test 1: how many of 16 keys, pressed so often each, come out in order, right."""
    pressed = "".join(key * rounds for key in ALL_KEYS)
    return right(hears(on_line(train(pulse(key) for key in pressed))), pressed)


def right(heard: str, pressed: str) -> int:
    """Keys heard as often as pressed, regardless of order."""
    return (Counter(heard) & Counter(pressed)).total()


@dataclass(frozen=True)
class Bandwidth:
    """How far one frequency may be off, both ways, as parts of it."""

    hz: int
    below: float
    above: float


def bandwidths(hears: Hears, step: float = 0.001, most: float = 0.06) -> list[Bandwidth]:
    """Test 2: one frequency is moved away step by step, the other of its key stays."""
    found = []
    steps = round(most / step)
    for key in "159D":
        low, high = frequencies(key)
        for hz, name in ((low, "low_offset"), (high, "high_offset")):
            reach = []
            for sign in (-1, 1):
                pulses = (pulse(key, **{name: sign * step * i}) for i in range(steps + 1))
                reach.append((hears(on_line(train(pulses))).count(key) - 1) * step)
            found.append(Bandwidth(hz, *reach))
    return sorted(found, key=lambda b: b.hz)


def twists(hears: Hears, step_db: float = 0.1, most_db: float = 20) -> tuple[float, float]:
    """Test 3: by how much the high frequency may be weaker, and stronger, than the low one, dB.

    The least of four keys.
    """
    least = [most_db, most_db]
    for key in "159D":
        for way, name in enumerate(("high_dbm0", "low_dbm0")):
            pulses = (
                pulse(key, **{name: LEVEL + 5 - step_db * i, _other(name): LEVEL + 5})
                for i in range(round(most_db / step_db) + 1)
            )
            heard = hears(on_line(train(pulses))).count(key)
            least[way] = min(least[way], (heard - 1) * step_db)
    return least[0], least[1]


def dynamic_range(hears: Hears) -> tuple[int, int]:
    """Test 4: the loudest and the weakest level, of 3 to -50 dBm0 in steps of 1 dB, down to which
    all 16 keys are heard without a break. From -3 dBm0 up the sum is clipped.
    """
    heard = [
        level
        for level in range(3, -51, -1)
        if right(
            hears(on_line(train(pulse(k, low_dbm0=level, high_dbm0=level) for k in ALL_KEYS))),
            ALL_KEYS,
        )
        == len(ALL_KEYS)
    ]
    return max(heard), min(heard)


def guard_time(hears: Hears, step_ms: float = 0.5) -> tuple[float, float]:
    """Test 5: (the shortest pulse from which on all are heard, the longest below which none is),
    ms, of 49 to 10 ms; the worst of four keys, ten places each on the receiver's own grid.
    """
    all_from, none_to = 10.0, 49.0
    for ms in np.arange(49, 9.9, -step_ms):
        places = [
            np.concatenate((pulse(key, float(ms)), np.zeros(17 * i)))
            for key in "159D"
            for i in range(10)
        ]
        heard = len(hears(on_line(train(places, 200))))
        if heard < len(places) and all_from == 10.0:
            all_from = float(ms) + step_ms
        if heard == 0:
            none_to = float(ms)
            break
    return all_from, none_to


def pauses(hears: Hears, step_ms: float = 1.0) -> tuple[float, float]:
    """(The longest interruption that never makes two keys of one, the shortest pause that always
    does), ms, of 1 to 60 ms.
    """
    one_to, two_from, unbroken = 0.0, 60.0, True
    for ms in np.arange(1, 60, step_ms):
        gap = np.zeros(ms_to_samples(float(ms)))
        pairs = [
            np.concatenate((pulse(key), gap, pulse(key), np.zeros(17 * i)))
            for key in "159D"
            for i in range(10)
        ]
        heard = len(hears(on_line(train(pairs, 200))))
        if heard == len(pairs) and unbroken:
            one_to = float(ms)
        else:
            unbroken = False
        two_from = min(two_from, float(ms)) if heard == 2 * len(pairs) else 60.0
    return one_to, two_from


def bursts_in_noise(hears: Hears, snr_db: float, bursts: int = 1000) -> tuple[int, int]:
    """Test 6: (heard right, heard too much) of so many bursts in white noise of 0 to 4 kHz.

    snr_db: power of both tones together over that of the noise.
    """
    pressed = "".join(ALL_KEYS[i % 16] for i in range(bursts))
    sound = train(pulse(key) for key in pressed)
    noise = white_noise(len(sound), LEVEL + 3 - snr_db, seed=int(snr_db * 10))
    heard = hears(on_line(sound + noise))
    hits = right(heard, pressed)
    return hits, len(heard) - hits


def acceptable_snr(hears: Hears, bursts: int = 1000) -> int | None:
    """The least signal-to-noise ratio, in whole dB, down to which all bursts are heard."""
    least = None
    for snr in range(30, -3, -1):
        if bursts_in_noise(hears, snr, bursts) != (bursts, 0):
            break
        least = snr
    return least


DIAL_TONES = {"350 + 440 Hz": (350.0, 440.0), "425 Hz": (425.0,), "400 + 450 Hz": (400.0, 450.0)}


def dial_tone_tolerance(hears: Hears, hz: Iterable[float], key_dbm0: float = -15) -> int | None:
    """Test 8: the loudest dial tone, dB above each of a key's tones, under which all 16 are heard.

    It sounds for half a second before the first key, as a line does that waits for a number.
    """
    loudest = None
    keys = train(pulse(key, low_dbm0=key_dbm0, high_dbm0=key_dbm0) for key in ALL_KEYS)
    keys = np.concatenate((np.zeros(SAMPLE_RATE // 2), keys))
    tones = tuple(hz)
    for above in range(-25, 13):
        sound = keys + steady(tones, len(keys), key_dbm0 + above)
        if right(hears(on_line(sound)), ALL_KEYS) < len(ALL_KEYS):
            break
        loudest = above
    return loudest


def keys_in_speech(
    hears: Hears, speech: Sound, below_db: float, rounds: int = 10
) -> tuple[int, int]:
    """(Heard right, pressed) where somebody speaks so much weaker than both tones together."""
    pressed = ALL_KEYS * rounds
    sound = train((pulse(key, 80) for key in pressed), 80)
    talk = np.resize(tones_level(speech, LEVEL + 3 - below_db), len(sound))
    return right(hears(on_line(sound + talk)), pressed), len(pressed)


def _other(name: str) -> str:
    return "low_dbm0" if name == "high_dbm0" else "high_dbm0"


def _amplitude(dbm0: float) -> float:
    return float(32767 * 10 ** ((dbm0 - FULL_SCALE_DBM0) / 20))
