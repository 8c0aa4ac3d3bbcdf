"""How well the ear tells voice and noise apart, beside its peers on the same sound.

    uv run python -m benchmarks.ear [--data DIR]

DIR holds human speech at 8 kHz: `human-digits/DIGIT_SPEAKER_N.wav` (one spoken digit each, cut
closely) and `speech-commands/WORD/*.wav` (one word in a second of its own background).
Everything else is made here, from a fixed seed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
import webrtcvad
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, ms_to_samples, silence
from bot.expectations import Expectation, Kind
from bot.hearing.ear import Ear
from bot.hearing.events import SpeechBegan, TurnEnded
from bot.hearing.key_tones import tone_pair
from bot.settings import HearingSettings

Stretch = tuple[int, int]
"""First sample and the one after the last."""

SEED = 24
VOICE_DBFS = -26
AGGRESSIVENESS = HearingSettings().voice_activity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    console = Console(width=100)
    began = time.perf_counter()
    if not data.is_dir():
        console.print(f"No human speech at {data}: voice activity is not measured.")
        return
    for table in voice_tables(data):
        console.print(table)
    console.print(f"{time.perf_counter() - began:.0f} s")


# Voice


def ours(sound: Samples) -> list[Stretch]:
    """The ear itself, as for a yes-or-no question."""
    ear = Ear(HearingSettings())
    ear.expect(Expectation(Kind.YES_NO))
    events = ear.feed(AudioChunk(sound, 0)) + ear.flush()
    began = [e.start for e in events if isinstance(e, SpeechBegan)]
    ended = [e.end for e in events if isinstance(e, TurnEnded)]
    return list(zip(began, ended, strict=True))


def plain_webrtc(sound: Samples) -> list[Stretch]:
    """webrtcvad alone, with the ear's own rule for starts and 500 ms for ends: no noise floor."""
    vad = webrtcvad.Vad(AGGRESSIVENESS)
    frames = len(sound) // CHUNK_SAMPLES
    voiced = [
        vad.is_speech(sound[i * CHUNK_SAMPLES : (i + 1) * CHUNK_SAMPLES].tobytes(), SAMPLE_RATE)
        for i in range(frames)
    ]
    stretches: list[Stretch] = []
    start: int | None = None
    last = ended = 0
    for i in range(frames):
        window = voiced[max(ended, i - 9) : i + 1]
        if start is None and sum(window) >= 6:
            start = i + 1 - len(window) + window.index(True)
        if voiced[i]:
            last = i
        if start is not None and (i - last >= 25 or i == frames - 1):
            stretches.append((start * CHUNK_SAMPLES, (last + 1) * CHUNK_SAMPLES))
            start, ended = None, i + 1
    return stretches


def silero(sound: Samples) -> list[Stretch]:
    """Silero as faster-whisper brings it: at 16 kHz, 120 ms to start and 500 ms to end."""
    wide = soxr.resample(sound.astype(np.float32) / 32768, SAMPLE_RATE, 16000)
    options = VadOptions(
        threshold=0.5, min_speech_duration_ms=120, min_silence_duration_ms=500, speech_pad_ms=0
    )
    found = get_speech_timestamps(wide, options, sampling_rate=16000)
    return [(s["start"] // 2, s["end"] // 2) for s in found]


DETECTORS: dict[str, Callable[[Samples], list[Stretch]]] = {
    "the ear": ours,
    "webrtcvad alone": plain_webrtc,
    "Silero": silero,
}


def voice_tables(data: Path) -> Iterator[Table]:
    rng = np.random.default_rng(SEED)
    files = sorted((data / "human-digits").glob("*.wav"))
    picked = [files[i] for i in rng.choice(len(files), 100, replace=False)]
    digits = [at_level(read(f), VOICE_DBFS) for f in picked]
    table = Table(title="Single human digits, 1.5 s apart: words missed, false starts, ms late")
    for column in ("noise", "detector", "missed", "of", "false", "start", "end (median, 90 %)"):
        table.add_column(column)
    sound, words = spliced(digits)
    for name, noise in noises(len(sound), rng):
        noisy = mix(sound, noise)
        for detector, find in DETECTORS.items():
            table.add_row(name, detector, *compare(find(noisy), words))
    yield table
    yield words_table(data, rng)
    yield false_starts_table(rng)


def words_table(data: Path, rng: np.random.Generator) -> Table:
    table = Table(title="One-second clips with their own background, 1 s of silence between")
    for column in ("word", "detector", "missed", "of"):
        table.add_column(column)
    for word in ("yes", "no"):
        files = sorted((data / "speech-commands" / word).glob("*.wav"))
        clips = [
            read(files[i]) for i in rng.choice(len(files), min(100, len(files)), replace=False)
        ]
        sound, words = spliced([at_level(clip, VOICE_DBFS - 6) for clip in clips], gap_ms=1000)
        sound = mix(sound, rng.normal(0, amplitude(-60), len(sound)))
        for detector, find in DETECTORS.items():
            missed = compare(find(sound), words)[0]
            table.add_row(word, detector, missed, str(len(words)))
    return table


def false_starts_table(rng: np.random.Generator) -> Table:
    table = Table(title="One minute without voice: false starts")
    table.add_column("sound")
    for detector in DETECTORS:
        table.add_column(detector)
    for name, sound in no_voice(rng):
        table.add_row(name, *(str(len(find(sound))) for find in DETECTORS.values()))
    return table


def compare(found: list[Stretch], words: list[Stretch]) -> tuple[str, str, str, str, str]:
    """Missed, words, false starts, median lateness of start and of end (median, 90 %), in ms."""
    starts, ends, missed = [], [], 0
    for begin, end in words:
        hits = [s for s in found if s[0] < end and s[1] > begin]
        if not hits:
            missed += 1
            continue
        starts.append(hits[0][0] - begin)
        ends.append(hits[-1][1] - end)
    false = sum(all(end <= w[0] or begin >= w[1] for w in words) for begin, end in found)
    if not starts:
        return str(missed), str(len(words)), str(false), "-", "-"
    to_ms = 1000 / SAMPLE_RATE
    middle, most = np.median(ends) * to_ms, np.quantile(ends, 0.9) * to_ms
    return (
        str(missed),
        str(len(words)),
        str(false),
        f"{np.median(starts) * to_ms:.0f}",
        f"{middle:.0f}, {most:.0f}",
    )


def spliced(words: list[Samples], gap_ms: int = 1500) -> tuple[Samples, list[Stretch]]:
    gap = silence(ms_to_samples(gap_ms))
    parts: list[Samples] = [gap]
    where: list[Stretch] = []
    position = len(gap)
    for word in words:
        where.append((position, position + len(word)))
        parts += [word, gap]
        position += len(word) + len(gap)
    return np.concatenate(parts), where


def noises(samples: int, rng: np.random.Generator) -> Iterator[tuple[str, NDArray[np.float64]]]:
    yield "none", np.zeros(samples)
    yield "white, -46 dBFS", rng.normal(0, amplitude(-46), samples)
    yield "white, -36 dBFS", rng.normal(0, amplitude(-36), samples)
    yield "traffic, -36 dBFS", rumble(samples, rng) * amplitude(-36)


def no_voice(rng: np.random.Generator) -> Iterator[tuple[str, Samples]]:
    samples = 60 * SAMPLE_RATE
    quiet = rng.normal(0, amplitude(-60), samples)
    yield "line noise, -45 dBFS", mix(silence(samples), rng.normal(0, amplitude(-45), samples))
    yield "line noise, -35 dBFS", mix(silence(samples), rng.normal(0, amplitude(-35), samples))
    yield "traffic, -35 dBFS", mix(silence(samples), rumble(samples, rng) * amplitude(-35))
    waves = np.arange(samples)[:, None] * np.arange(50, 500, 50) * 2 * np.pi / SAMPLE_RATE
    hum = np.sin(waves).sum(axis=1)
    yield "mains hum, -35 dBFS", mix(silence(samples), quiet + hum / hum.std() * amplitude(-35))
    for name, ms, level in (("clicks of 5 ms", 5, -15), ("bursts of 80 ms", 80, -20)):
        bursts = np.zeros(samples)
        for at in range(SAMPLE_RATE, samples - SAMPLE_RATE, SAMPLE_RATE):
            length = ms_to_samples(ms)
            bursts[at : at + length] = rng.normal(0, amplitude(level), length)
        yield f"{name}, {level} dBFS, every second", mix(silence(samples), quiet + bursts)
    keys = np.tile(np.concatenate([tone_pair(770, 1336, 100, -10, -10), silence(800)]), 300)
    yield "keys, 100 ms on, 100 ms off", mix(keys, quiet)


def rumble(samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise that falls with frequency and swells over seconds, of unit power.

    From 200 Hz on: a telephone passes nothing lower (ITU-T G.712).
    """
    white = rng.normal(0, 1, samples)
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    low = np.fft.irfft(np.where(hz < 200, 0, spectrum / np.maximum(hz, 200)), samples)
    swelling = 1 + 0.5 * np.sin(2 * np.pi * np.arange(samples) / SAMPLE_RATE / 5)
    sound: NDArray[np.float64] = low * swelling / np.std(low * swelling)
    return sound


def amplitude(dbfs: float) -> float:
    return float(32768 * 10 ** (dbfs / 20))


def at_level(sound: Samples, dbfs: float) -> Samples:
    """The same sound with this root mean square."""
    rms = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))))
    louder = np.asarray(sound * (amplitude(dbfs) / max(rms, 1.0)), dtype=np.float64)
    return mix(silence(len(sound)), louder)


def mix(sound: Samples, more: NDArray[np.float64]) -> Samples:
    return np.clip(np.round(sound + more), -32768, 32767).astype(np.int16)


def read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="int16")
    if rate != SAMPLE_RATE:
        raise SystemExit(f"{path.name}: {rate} Hz, not {SAMPLE_RATE}")
    return np.asarray(samples, dtype=np.int16)


if __name__ == "__main__":
    main()
