"""How soon the bot falls silent when a caller speaks over it, and what makes it fall silent for
nothing.

    uv run python -m benchmarks.interruption [--answers N]

Rendered callers' answers (without the breath before) begin somewhere in half a minute of prompts;
so do coughs. Measured on sound: from the first loud sample of the voice to the last sample of the
bot's that is not silence. Ear and playback are those of a call, 20 ms in and 20 ms out; a line adds
its own way there and back.

Echo: the prompts 20 dB quieter, 20 to 480 ms late, over a plain line or in a room that rings for
150 ms.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, ms_to_samples, samples_to_ms
from bot.calls.wav import read_wav
from bot.hearing.ear import Ear, load_ears
from bot.hearing.events import SpeechBegan
from bot.project import ROOT
from bot.settings import HearingSettings
from bot.speaking.playback import Playback
from bot.speaking.speaker import Spoken

_PROMPT = ms_to_samples(30_000)
_ECHO = 10 ** (-20 / 20)
_LOUD = 1_000.0
_NOISE = 8.0
_LIMIT_MS = 400
"""200 ms of speech, and 200 ms to fall silent."""

Sound = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=60)
    options = parser.parse_args()
    rng = np.random.default_rng(22)
    load_ears(HearingSettings())
    prompts = _prompts()
    voices = [_from_its_loud_beginning(_read(path)) for path in _answers(options.answers)]
    table = Table(title=f"{len(voices)} answers over a prompt", title_justify="left")
    for column in ("echo", "silent after, ms: p50", "p95", "most", f"over {_LIMIT_MS} ms"):
        table.add_column(column, justify="right")
    table.add_column("false alarms in 30 s of echo alone", justify="right")
    for name, room in (("none", None), ("plain line", 0.0), ("room", 0.15)):
        late = np.array([_silent_after(v, prompts, room, rng) for v in voices])
        alarms = [] if room is None else [_alarms(prompts, d, room) for d in (20, 90, 250, 480)]
        table.add_row(
            name,
            *(f"{np.percentile(late, q):.0f}" for q in (50, 95, 100)),
            f"{np.sum(late > _LIMIT_MS)}",
            f"{sum(alarms)} of {len(alarms)} runs" if alarms else "",
        )
    console = Console()
    console.print(table)
    coughs = [_read(path) for path in sorted((ROOT / "audio/callers").glob("*/cough.wav"))]
    paused = [_first_pause(_over(cough, prompts, None, rng)[0], prompts) for cough in coughs]
    console.print(f"coughs that paused it: {sum(p is not None for p in paused)} of {len(coughs)}")


def _answers(count: int) -> Sequence[Path]:
    """Evenly spread over the callers."""
    skipped = {"cough.wav", "whole-call.wav"}
    every = [p for p in sorted((ROOT / "audio/callers").glob("*/*.wav")) if p.name not in skipped]
    return [every[i] for i in np.linspace(0, len(every) - 1, min(count, len(every))).astype(int)]


def _read(path: Path) -> Samples:
    return read_wav(path)


def _prompts() -> Samples:
    folder = ROOT / "audio/prompts/en/phrases"
    return np.concatenate([_read(path) for path in sorted(folder.glob("*.wav"))])[:_PROMPT]


def _from_its_loud_beginning(voice: Samples) -> Samples:
    frames = voice[: len(voice) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    loud = np.flatnonzero(np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1)) > _LOUD)
    return voice[int(loud[0]) * CHUNK_SAMPLES if len(loud) else 0 :][: ms_to_samples(4_000)]


def _echo(prompts: Samples, delay_ms: int, room: float) -> Sound:
    delay = ms_to_samples(delay_ms)
    late: Sound = np.concatenate([np.zeros(delay), prompts])[: len(prompts)] * _ECHO
    if not room:
        return late
    length = round(room * SAMPLE_RATE)
    response = np.random.default_rng(4).standard_normal(length)
    response *= np.exp(-6.9 * np.arange(length) / length)
    response[0] = 3 * np.abs(response).max()
    return np.asarray(np.convolve(late, response / np.sqrt(np.sum(response**2)))[: len(late)])


def _over(
    voice: Samples, prompts: Samples, room: float | None, rng: np.random.Generator
) -> tuple[Sound, int]:
    """What comes in, and where the voice begins."""
    at = int(rng.integers(ms_to_samples(3_000), len(prompts) - len(voice) - SAMPLE_RATE))
    incoming = np.zeros(len(prompts)) if room is None else _echo(prompts, 90, room)
    incoming[at : at + len(voice)] += voice
    return incoming, at


def _silent_after(
    voice: Samples, prompts: Samples, room: float | None, rng: np.random.Generator
) -> float:
    """Milliseconds; infinite when it went on."""
    incoming, at = _over(voice, prompts, room, rng)
    pause = _first_pause(incoming, prompts, not_before=at)
    return np.inf if pause is None else samples_to_ms(pause - at)


def _alarms(prompts: Samples, delay_ms: int, room: float) -> bool:
    return _first_pause(_echo(prompts, delay_ms, room), prompts) is not None


def _first_pause(incoming: Sound, prompts: Samples, not_before: int = 0) -> int | None:
    """The sample after the last that was heard of the prompts before they were paused."""
    noisy = incoming + np.random.default_rng(5).standard_normal(len(incoming)) * _NOISE
    sound = np.clip(np.round(noisy), -32768, 32767).astype(np.int16)
    ear, playback = Ear(HearingSettings()), Playback()
    playback.say(1, [Spoken("prompts", 1, "", prompts, ())])
    for chunk in _chunks(sound):
        began = any(isinstance(event, SpeechBegan) for event in ear.feed(chunk))
        if began and chunk.end > not_before:
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
