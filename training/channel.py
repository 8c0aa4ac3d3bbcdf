"""A simulated telephone: one clean utterance in, what a call centre would get out.

Every step is drawn anew for every utterance: who holds the telephone how, the room, the noise, the
line, the codec (real ones, through libsndfile), lost packets. The benchmarks use another, simpler
line (`benchmarks.telephone`), so that nothing is measured on the very channel it was trained with.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.clips import RATE, Sound

_PACKET = RATE // 50
"""Samples in a packet of 20 ms."""
_CODECS = ("PCM_16", "ULAW", "ULAW", "ULAW", "ALAW", "GSM610", "IMA_ADPCM", "G721_32")
_QUIETEST_DBFS, _LOUDEST_DBFS = -36.0, -12.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one call is like. None: does not happen.

    speed: above 1 is faster and higher. lead, tail: silence around, seconds. room: decay in
    seconds. tilt: of the microphone, -0.6 (dull) to 0.6 (sharp). band: Hz. snr_db: how far the
    noise lies below the speech. colour: 0 white, 1 pink, 2 brown. hum: Hz. swell: depth of slow
    changes of the noise, 0 to 1. babble: others speak instead of noise. level_dbfs: of the speech.
    clip: share of the peak that gets through. loss: share of packets lost. codec: of libsndfile.
    """

    speed: float
    lead: float
    tail: float
    room: float | None
    tilt: float
    band: tuple[float, float] | None
    snr_db: float | None
    colour: float
    hum: float | None
    swell: float
    babble: bool
    level_dbfs: float
    clip: float | None
    loss: float
    codec: str


def draw_line(random: np.random.Generator) -> Line:
    def sometimes(share: float, low: float, high: float) -> float | None:
        return float(random.uniform(low, high)) if random.random() < share else None

    babble = bool(random.random() < 0.15)
    return Line(
        speed=sometimes(0.7, 0.86, 1.17) or 1.0,
        lead=float(random.uniform(0.02, 0.5)),
        tail=float(random.uniform(0.02, 0.5)),
        room=sometimes(0.3, 0.02, 0.12),
        tilt=sometimes(0.5, -0.6, 0.6) or 0.0,
        band=(random.uniform(120, 400), random.uniform(2900, 3800))
        if random.random() < 0.85
        else None,
        snr_db=sometimes(0.85, 10, 30) if babble else sometimes(0.8, 3, 35),
        colour=float(random.choice([0.0, 0.5, 1.0, 1.5, 2.0])),
        hum=float(random.choice([50.0, 60.0, 100.0, 120.0])) if random.random() < 0.08 else None,
        swell=sometimes(0.2, 0.2, 0.9) or 0.0,
        babble=babble,
        level_dbfs=float(random.uniform(_QUIETEST_DBFS, _LOUDEST_DBFS)),
        clip=sometimes(0.07, 0.3, 0.8),
        loss=sometimes(0.15, 0.005, 0.04) or 0.0,
        codec=str(random.choice(_CODECS)),
    )


def telephone(
    random: np.random.Generator, sound: Sound, line: Line, babble: Sound | None = None
) -> NDArray[np.int16]:
    """The utterance over the line, 16 bit. babble: other people's speech, where the line has any.

    Silence in gives noise out; the length depends on the line's speed, lead and tail alone.
    """
    if line.speed != 1.0:
        sound = np.asarray(soxr.resample(sound, RATE * line.speed, RATE), dtype=np.float32)
    around = (int(line.lead * RATE), int(line.tail * RATE))
    x = np.pad(sound.astype(np.float64), around)
    speech = _active_rms(x)
    x = x / speech if speech > 0 else x
    if line.room is not None:
        x = _in_a_room(random, x, line.room)
    if line.tilt:
        x = np.concatenate([x[:1], x[1:] - line.tilt * x[:-1]])
    if line.band is not None:
        x = _banded(random, x, line.band)
    if line.snr_db is not None:
        noise = _noise(random, len(x), line, babble)
        x = x + noise * _active_rms(x, otherwise=1.0) * 10 ** (-line.snr_db / 20)
    x = x * 10 ** (line.level_dbfs / 20)
    if line.clip is not None:
        peak = float(np.abs(x).max(initial=0.0)) * line.clip
        x = np.clip(x, -peak, peak)
    x = _coded(np.clip(x, -1.0, 1.0), line.codec)
    if line.loss:
        x = _with_losses(random, x, line.loss)
    return np.asarray(np.clip(np.round(x * 32767), -32768, 32767), dtype=np.int16)


def coloured(random: np.random.Generator, samples: int, colour: float) -> NDArray[np.float64]:
    """Noise of level 1 whose power falls by 3 dB an octave for each unit of colour."""
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 20.0)
    spectrum = np.fft.rfft(random.standard_normal(samples)) / frequency ** (colour / 2)
    return _level_one(np.fft.irfft(spectrum, samples))


def _noise(
    random: np.random.Generator, samples: int, line: Line, babble: Sound | None
) -> NDArray[np.float64]:
    if line.babble and babble is not None and len(babble):
        start = int(random.integers(len(babble)))
        noise = _level_one(np.resize(np.roll(babble, -start), samples).astype(np.float64))
    else:
        noise = coloured(random, samples, line.colour)
    time = np.arange(samples) / RATE
    if line.swell:
        pace, phase = random.uniform(0.2, 3), random.uniform(0, 2 * np.pi)
        noise = noise * (1 + line.swell * np.sin(2 * np.pi * pace * time + phase))
    if line.hum is not None:
        tones = (
            random.uniform(0.2, 1) / k * np.sin(2 * np.pi * line.hum * k * time) for k in (1, 2, 3)
        )
        noise = noise + sum(tones)
    return noise


def _in_a_room(
    random: np.random.Generator, x: NDArray[np.float64], decay: float
) -> NDArray[np.float64]:
    time = np.arange(int(RATE * decay * 5)) / RATE
    echo = random.standard_normal(len(time)) * np.exp(-time / decay)
    echo *= random.uniform(0.1, 0.5) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    size = len(x) + len(echo)
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(echo, size), size)[: len(x)]


def _banded(
    random: np.random.Generator, x: NDArray[np.float64], band: tuple[float, float]
) -> NDArray[np.float64]:
    """Through a band whose edges fall as Butterworth filters of order 1 to 6 do."""
    low, high = band
    frequency = np.fft.rfftfreq(len(x), 1 / RATE)
    below, above = random.integers(1, 4), random.integers(2, 7)
    gain = 1 / (1 + (low / np.maximum(frequency, 1)) ** (2 * below))
    gain /= 1 + (frequency / high) ** (2 * above)
    return np.fft.irfft(np.fft.rfft(x) * np.sqrt(gain), len(x))


def _coded(x: NDArray[np.float64], codec: str) -> NDArray[np.float64]:
    """Through the codec and back, the same length."""
    if codec == "PCM_16":
        return x
    file = io.BytesIO()
    soundfile.write(file, x, RATE, format="WAV", subtype=codec)
    file.seek(0)
    back, _ = soundfile.read(file, dtype="float64")
    return np.pad(back[: len(x)], (0, max(0, len(x) - len(back))))


def _with_losses(
    random: np.random.Generator, x: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """A lost packet is silence, or the one before it once more, fainter."""
    x = x.copy()
    repeats = random.random() < 0.5
    for packet in np.flatnonzero(random.random(len(x) // _PACKET) < share):
        start = int(packet) * _PACKET
        before = x[max(0, start - _PACKET) : start] * 0.7
        filled = repeats and len(before) == _PACKET
        x[start : start + _PACKET] = before if filled else 0.0
    return x


def _active_rms(x: NDArray[np.float64], otherwise: float = 0.0) -> float:
    """Level of the louder half of the 20 ms blocks: pauses do not count."""
    blocks = x[: len(x) // _PACKET * _PACKET].reshape(-1, _PACKET)
    powers = np.sort(np.mean(blocks**2, axis=1))[len(blocks) // 2 :]
    level = float(np.sqrt(powers.mean())) if len(powers) else 0.0
    return level if level > 1e-9 else otherwise


def _level_one(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(noise / (noise.std() + 1e-9), dtype=np.float64)
