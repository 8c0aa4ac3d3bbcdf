"""How well voice is told from noise on a telephone line, beside webrtcvad and Silero alone.

    uv run python -m benchmarks.voice [--data DIR] [--speakers choosing]

DIR holds human speech at 8 kHz: `human-digits/DIGIT_SPEAKER_N.wav` (one spoken digit each, cut
closely) and `speech-commands/WORD/SPEAKER_nohash_N.wav` (one word in a second of its own
background). Everything else is made here, from a fixed seed.

A third of the speakers serve for choosing thresholds (`--speakers choosing`), the others for the
published figures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bot.onnx  # noqa: F401 - first: faster_whisper loads onnxruntime

# isort: split

import numpy as np
import soundfile
import soxr
import webrtcvad
from faster_whisper.vad import VadOptions, get_speech_timestamps
from rich.console import Console
from rich.table import Table

from benchmarks.noises import NOISE_FLOOR_DBFS, at_level, background, line, mix, no_voice, white
from bot.audio import (
    CHUNK_MS,
    CHUNK_SAMPLES,
    SAMPLE_RATE,
    AudioChunk,
    Samples,
    ms_to_samples,
    silence,
)
from bot.expectations import Expectation, Kind
from bot.hearing.ear import Ear
from bot.hearing.events import SpeechBegan, TurnEnded
from bot.settings import HearingSettings, VoiceDetector

Stretch = tuple[int, int]
"""First sample and the one after the last."""
Detector = Callable[[Samples], list[Stretch]]

SEED = 24
VOICE_DBFS = -26
WORDS = 100
AGGRESSIVENESS = HearingSettings().voice_activity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--speakers", choices=("choosing", "publishing"), default="publishing")
    arguments = parser.parse_args()
    console = Console(width=110)
    began = time.perf_counter()
    if not arguments.data.is_dir():
        console.print(f"No human speech at {arguments.data}: voice activity is not measured.")
        return
    for table in voice_tables(arguments.data, arguments.speakers):
        console.print(table)
    console.print(f"{time.perf_counter() - began:.0f} s")


# What is compared


def the_ear(detector: VoiceDetector) -> Detector:
    """The ear itself, as for a yes-or-no question."""

    def find(sound: Samples) -> list[Stretch]:
        ear = Ear(HearingSettings(voice_detector=detector))
        ear.expect(Expectation(Kind.YES_NO))
        events = ear.feed(AudioChunk(sound, 0)) + ear.flush()
        began = [e.start for e in events if isinstance(e, SpeechBegan)]
        ended = [e.end for e in events if isinstance(e, TurnEnded)]
        return list(zip(began, ended, strict=True))

    return find


def webrtc(sound: Samples, silence_ms: int = 500) -> list[Stretch]:
    """webrtcvad alone, with the ear's own rule for starts: no noise floor."""
    frames_to_end = silence_ms // CHUNK_MS
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
        if start is not None and (i - last >= frames_to_end or i == frames - 1):
            stretches.append((start * CHUNK_SAMPLES, (last + 1) * CHUNK_SAMPLES))
            start, ended = None, i + 1
    return stretches


def silero(sound: Samples, silence_ms: int = 500) -> list[Stretch]:
    """Silero as faster-whisper brings it: at 16 kHz, 120 ms to start."""
    wide = soxr.resample(sound.astype(np.float32) / 32768, SAMPLE_RATE, 16000)
    options = VadOptions(
        threshold=0.5,
        min_speech_duration_ms=120,
        min_silence_duration_ms=silence_ms,
        speech_pad_ms=0,
    )
    found = get_speech_timestamps(wide, options, sampling_rate=16000)
    return [(s["start"] // 2, s["end"] // 2) for s in found]


DETECTORS: dict[str, Detector] = {
    "the ear, both": the_ear(VoiceDetector.BOTH),
    "the ear, no Silero": the_ear(VoiceDetector.WEBRTCVAD),
    "webrtcvad alone": webrtc,
    "Silero alone": silero,
}


# Tables


def voice_tables(data: Path, share: str) -> Iterator[Table]:
    rng = np.random.default_rng(SEED)
    cost: dict[str, list[float]] = {name: [] for name in DETECTORS}
    yield digits_table(data, share, rng, cost)
    yield words_table(data, share, rng)
    yield false_starts_table(rng, cost)
    yield cost_table(cost)


def digits_table(
    data: Path, share: str, rng: np.random.Generator, cost: dict[str, list[float]]
) -> Table:
    files = of_speakers(sorted((data / "human-digits").glob("*.wav")), share)
    picked = [files[i] for i in rng.choice(len(files), WORDS, replace=False)]
    table = Table(title="Single human digits, 1.5 s apart: words missed, false starts, ms late")
    for column in ("noise", "detector", "missed", "of", "false", "start", "end (median, 90 %)"):
        table.add_column(column)
    sound, words = spliced([at_level(read(f), VOICE_DBFS) for f in picked])
    for name, noise in background(len(sound), rng):
        noisy = line(sound, noise)
        for detector, find in DETECTORS.items():
            began = time.process_time()
            found = find(noisy)
            cost[detector].append((time.process_time() - began) / (len(noisy) / SAMPLE_RATE))
            table.add_row(name, detector, *compare(found, words))
    return table


def words_table(data: Path, share: str, rng: np.random.Generator) -> Table:
    table = Table(title="One-second clips with their own background, 1 s of silence between")
    for column in ("word", "detector", "missed", "of"):
        table.add_column(column)
    for word in ("yes", "no"):
        files = of_speakers(sorted((data / "speech-commands" / word).glob("*.wav")), share)
        picked = rng.choice(len(files), min(WORDS, len(files)), replace=False)
        clips = [at_level(read(files[i]), VOICE_DBFS - 6) for i in picked]
        sound, words = spliced(clips, gap_ms=1000)
        sound = line(sound, white(len(sound), rng, NOISE_FLOOR_DBFS))
        for detector, find in DETECTORS.items():
            table.add_row(word, detector, compare(find(sound), words)[0], str(len(words)))
    return table


def false_starts_table(rng: np.random.Generator, cost: dict[str, list[float]]) -> Table:
    table = Table(title="One minute without voice: false starts")
    table.add_column("sound")
    for detector in DETECTORS:
        table.add_column(detector)
    for name, sound in no_voice(rng):
        counts = []
        for detector, find in DETECTORS.items():
            began = time.process_time()
            counts.append(str(len(find(sound))))
            cost[detector].append((time.process_time() - began) / (len(sound) / SAMPLE_RATE))
        table.add_row(name, *counts)
    return table


def cost_table(cost: dict[str, list[float]]) -> Table:
    table = Table(title="CPU ms for a second of sound, the ear's key tones and turns included")
    for column in ("detector", "least", "median", "most"):
        table.add_column(column)
    for detector, seconds in cost.items():
        ms = np.array(seconds) * 1000
        table.add_row(detector, f"{ms.min():.1f}", f"{float(np.median(ms)):.1f}", f"{ms.max():.1f}")
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


# Sound


def of_speakers(files: list[Path], share: str) -> list[Path]:
    """The recordings of the first, fourth, seventh ... speaker, or of all others."""
    speakers = sorted({speaker_of(file) for file in files})
    choosing = set(speakers[::3])
    return [file for file in files if (speaker_of(file) in choosing) == (share == "choosing")]


def speaker_of(file: Path) -> str:
    """DIGIT_SPEAKER_N or SPEAKER_nohash_N."""
    first, second, *_ = file.stem.split("_")
    return second if first.isdigit() and second != "nohash" else first


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


def read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="int16")
    if rate != SAMPLE_RATE:
        raise SystemExit(f"{path.name}: {rate} Hz, not {SAMPLE_RATE}")
    return mix(np.asarray(samples, dtype=np.int16), np.zeros(len(samples)))


if __name__ == "__main__":
    main()
