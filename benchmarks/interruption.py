"""How soon the bot falls silent when a caller speaks over it, and what makes it fall silent for
nothing.

    uv run python -m benchmarks.interruption [--callers choosing] [--data DIR]

Rendered callers' answers begin 0.5 to 6 s into a prompt, the breath and the noise before them too;
each at `--places` places, with an echo of the prompt 20 dB quieter and 20 to 480 ms late. DIR holds
single words of human speech, as for `benchmarks.voice`. Ear and playback are those of a call, 20 ms
in and 20 ms out; a line adds its own way there and back.

Measured on sound, to the last sample of the bot's that is not silence, from the moment at which
200 ms of speech have been heard: the end of the tenth block of 20 ms, counted in the voice alone,
whose level is that of speech by ITU-T P.56, no more than 15.9 dB under the mean level of all such
blocks (and 6 dB over the recording's noise). A closed "t" or a pause between two words is not
counted. A voice noticed before the moment counts with the time it was early, below nought.

Every second caller (`--callers choosing`) served for choosing the canceller's thresholds, the
others for the published figures.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

# isort: split

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.noises import at_level
from benchmarks.voice import of_speakers, read
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, ms_to_samples, samples_to_ms
from bot.calls.laboratory.bench import proportion
from bot.calls.wav import read_wav
from bot.hearing.ear import Ear, load_ears
from bot.hearing.events import SpeechBegan
from bot.hearing.voice.activity import level_dbfs
from bot.project import ROOT
from bot.settings import HearingSettings
from bot.speaking.playback import Playback
from bot.speaking.speaker import Spoken

SPEECH_BLOCKS = 10
LIMIT_MS = 200
SEED = 22
_MARGIN_DB = 15.9
_OVER_NOISE_DB = 6.0
_NOISE = 8.0
_NOT_ANSWERS = {"cough", "door", "half-a-card"}
_NOISES_FIRST = {("noise", "amount")}
_CALLERS = ROOT / "audio/callers"
_PROMPTS = ROOT / "audio/prompts/en/phrases"
_WORDS = 60
_WORDS_DBFS = -26
_DELAYS_MS = (20, 90, 250, 480)
_HALF_A_MINUTE = ms_to_samples(30_000)

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Voice:
    """Samples; of its speech the first block's begin, and the tenth's end."""

    samples: Samples
    begins: int
    heard: int


@dataclass(frozen=True)
class Line:
    """How the bot comes back. room: seconds it rings; None for no echo."""

    name: str
    room: float | None
    echo_db: float = -20.0
    voice_db: float = 0.0


LINES = (
    Line("no echo", None),
    Line("plain line", 0.0),
    Line("room that rings 150 ms", 0.15),
    Line("room that rings 300 ms", 0.3),
    Line("the same, callers 10 dB quieter", 0.3, voice_db=-10.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--callers", choices=("choosing", "publishing"), default="publishing")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--places", type=int, default=2)
    options = parser.parse_args()
    console = Console(width=120)
    load_ears(HearingSettings())
    prompts = _joined(sorted(_PROMPTS.glob("*.wav")))
    answers = _answers(options.callers) * options.places
    console.print(_times_table(f"{len(answers)} answers over a prompt", answers, prompts))
    if options.data.is_dir():
        words = _words(options.data, options.callers)
        console.print(_times_table(f"{len(words)} human words over a prompt", words, prompts))
    else:
        console.print(f"No human speech at {options.data}: rendered callers only.")
    console.print(_alarms_table(prompts, options.callers))
    coughs = [read_wav(path) for path in sorted(_CALLERS.glob("*/cough.wav"))]
    for line in (LINES[0], LINES[2]):
        rng = np.random.default_rng(SEED)
        paused = [_first_pause(*_over(cough, prompts, line, rng)[:2]) for cough in coughs]
        hits = sum(at is not None for at in paused)
        console.print(f"coughs that paused it, {line.name}: {hits} of {len(coughs)}")


# Sound


def _answers(share: str) -> list[Voice]:
    """What the callers of this half say, where it is long enough."""
    paths = [
        path
        for caller in _half(share)
        for path in sorted((_CALLERS / caller).glob("*.wav"))
        if path.stem not in _NOT_ANSWERS and (caller, path.stem) not in _NOISES_FIRST
    ]
    return _long_enough([read_wav(path) for path in paths])


def _half(share: str) -> list[str]:
    callers = sorted(folder.name for folder in _CALLERS.iterdir() if folder.is_dir())
    return callers[0 if share == "choosing" else 1 :: 2]


def _words(data: Path, share: str) -> list[Voice]:
    rng = np.random.default_rng(SEED)
    voices: list[Voice] = []
    for word in ("yes", "no"):
        files = of_speakers(sorted((data / "speech-commands" / word).glob("*.wav")), share)
        picked = rng.choice(len(files), min(_WORDS, len(files)), replace=False)
        voices += _long_enough([at_level(read(files[i]), _WORDS_DBFS) for i in picked])
    return voices


def _long_enough(recordings: Sequence[Samples]) -> list[Voice]:
    voices = []
    for samples in recordings:
        speech = np.flatnonzero(_is_speech(samples))
        if len(speech) >= SPEECH_BLOCKS:
            begins, heard = speech[[0, SPEECH_BLOCKS - 1]] * CHUNK_SAMPLES
            heard += CHUNK_SAMPLES
            voices.append(Voice(samples[: heard + SAMPLE_RATE], int(begins), int(heard)))
    return voices


def _is_speech(samples: Samples) -> NDArray[np.bool_]:
    """Of each 20 ms."""
    whole = samples[: len(samples) // CHUNK_SAMPLES * CHUNK_SAMPLES]
    levels = np.array([level_dbfs(block) for block in whole.reshape(-1, CHUNK_SAMPLES)])
    threshold = float(np.percentile(levels, 10)) + _OVER_NOISE_DB
    while np.any(levels >= threshold):
        active = 10 * math.log10(float(np.mean(10 ** (levels[levels >= threshold] / 10))))
        if active - _MARGIN_DB <= threshold:
            break
        threshold = active - _MARGIN_DB
    return np.asarray(levels >= threshold)


def _joined(paths: Sequence[Path]) -> Samples:
    return np.concatenate([read_wav(path) for path in paths])


def _echo(played: Samples, delay_ms: int, room: float, db: float) -> Sound:
    delay = ms_to_samples(delay_ms)
    late: Sound = np.concatenate([np.zeros(delay), played])[: len(played)] * 10 ** (db / 20)
    if not room:
        return late
    length = round(room * SAMPLE_RATE)
    response = np.random.default_rng(4).standard_normal(length)
    response *= np.exp(-6.9 * np.arange(length) / length)
    response[0] = 3 * np.abs(response).max()
    return np.asarray(np.convolve(late, response / np.sqrt(np.sum(response**2)))[: len(late)])


def _over(
    voice: Samples, prompts: Samples, line: Line, rng: np.random.Generator
) -> tuple[Sound, Samples, int]:
    """What comes in, what goes out, and where the voice begins."""
    at = int(rng.integers(ms_to_samples(500), ms_to_samples(6_000)))
    length = (at + len(voice)) // CHUNK_SAMPLES * CHUNK_SAMPLES
    begin = int(rng.integers(len(prompts) - length))
    played = prompts[begin : begin + length]
    delay_ms = int(rng.integers(20, 480))
    incoming = np.zeros(length)
    if line.room is not None:
        incoming += _echo(played, delay_ms, line.room, line.echo_db)
    incoming[at:] += voice[: length - at] * 10 ** (line.voice_db / 20)
    return incoming, played, at


# Measuring


def _times_table(title: str, voices: Sequence[Voice], prompts: Samples) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("echo of the bot at -20 dB")
    for column in ("silent after 200 ms of speech, ms: p50", "p95", "most"):
        table.add_column(column, justify="right")
    table.add_column(f"within {LIMIT_MS} ms (95 % interval)", justify="right")
    table.add_column("since its first loud sample, p50", justify="right")
    table.add_column("p95", justify="right")
    table.add_column("paused before", justify="right")
    for line in LINES:
        rng = np.random.default_rng(SEED)
        late, since, early = _times(voices, prompts, line, rng)
        met = int(np.sum(late <= LIMIT_MS))
        share = proportion(met, len(late))
        table.add_row(
            line.name,
            *(_ms(late, q) for q in (50, 95, 100)),
            f"{met} of {len(late)} ({share.low:.1f} to {share.high:.1f} %)",
            *(_ms(since, q) for q in (50, 95)),
            str(early),
        )
    return table


def _times(
    voices: Sequence[Voice], prompts: Samples, line: Line, rng: np.random.Generator
) -> tuple[Sound, Sound, int]:
    """Milliseconds, infinite when the bot went on, or had stopped for nothing before: how often
    that, too."""
    late, since, early = [], [], 0
    for voice in voices:
        incoming, played, at = _over(voice.samples, prompts, line, rng)
        pause = _first_pause(incoming, played)
        if pause is not None and pause <= at:
            early, pause = early + 1, None
        late.append(math.inf if pause is None else samples_to_ms(pause - at - voice.heard))
        since.append(math.inf if pause is None else samples_to_ms(pause - at - voice.begins))
    return np.array(late), np.array(since), early


def _ms(values: Sound, percent: float) -> str:
    return f"{np.percentile(values, percent, method='higher'):.0f}"


def _alarms_table(prompts: Samples, share: str) -> Table:
    table = Table(title="Half a minute of echo alone: false alarms", title_justify="left")
    for column in ("voice of the bot", "-12 dB", "-20 dB", "-30 dB"):
        table.add_column(column, justify="left" if column[0] == "v" else "right")
    bots = {"its own": prompts, "other women and men": _joined_callers(share)}
    for name, voice in bots.items():
        row = []
        for db in (-12.0, -20.0, -30.0):
            runs = list(_half_minutes(voice, db))
            row.append(f"{sum(runs)} of {len(runs)}")
        table.add_row(name, *row)
    return table


def _joined_callers(share: str) -> Samples:
    paths = [path for caller in _half(share) for path in sorted((_CALLERS / caller).glob("*.wav"))]
    return _joined([path for path in paths if path.stem not in _NOT_ANSWERS])


def _half_minutes(voice: Samples, db: float) -> Iterator[bool]:
    """Whether it paused, at each delay in each room."""
    begin = 0
    for room in (0.0, 0.15, 0.3):
        for delay_ms in _DELAYS_MS:
            played = voice[begin : begin + _HALF_A_MINUTE]
            begin = (begin + _HALF_A_MINUTE) % (len(voice) - _HALF_A_MINUTE)
            yield _first_pause(_echo(played, delay_ms, room, db), played) is not None


def _first_pause(incoming: Sound, played: Samples) -> int | None:
    """The sample after the last that was heard of the prompt before it was paused."""
    noisy = incoming + np.random.default_rng(5).standard_normal(len(incoming)) * _NOISE
    sound = np.clip(np.round(noisy), -32768, 32767).astype(np.int16)
    ear, playback = Ear(HearingSettings()), Playback()
    playback.say(1, [Spoken("prompt", 1, "", played, ())])
    for chunk in _chunks(sound):
        if any(isinstance(event, SpeechBegan) for event in ear.feed(chunk)):
            playback.pause()
            fading, _ = playback.next_chunk(CHUNK_SAMPLES)
            loud = np.flatnonzero(fading)
            # What goes out with this chunk is heard from its end on.
            return chunk.end + (int(loud[-1]) + 1 if len(loud) else 0)
        ear.played(playback.next_chunk(CHUNK_SAMPLES)[0])
    return None


def _chunks(sound: Samples) -> Iterator[AudioChunk]:
    for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        yield AudioChunk(sound[at : at + CHUNK_SAMPLES], at)


if __name__ == "__main__":
    main()
