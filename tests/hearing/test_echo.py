"""The bot's own voice coming back is no voice; somebody who speaks over it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, ms_to_samples
from bot.hearing.ear import Ear, load_ears
from bot.hearing.events import SpeechBegan
from bot.settings import HearingSettings

AUDIO = Path(__file__).parents[2] / "audio"
QUIET = 10 ** (-20 / 20)

load_ears(HearingSettings())


def recorded(path: Path) -> Samples:
    sound, rate = soundfile.read(path, dtype="int16")
    assert rate == SAMPLE_RATE
    return np.asarray(sound, dtype=np.int16)


def prompts() -> Samples:
    """Half a minute of the bot's voice."""
    sounds = [recorded(path) for path in sorted((AUDIO / "prompts/en/phrases").glob("*.wav"))]
    return np.concatenate(sounds)[: ms_to_samples(30_000)]


def caller(name: str) -> Samples:
    return recorded(AUDIO / "callers" / f"{name}.wav")


def in_a_room(sound: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Heard over a loudspeaker in a room that rings so long (to -60 dB)."""
    rng = np.random.default_rng(4)
    length = round(seconds * 8000)
    response = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    response[0] = 3 * np.abs(response).max()
    response /= np.sqrt(np.sum(response**2))
    return np.asarray(np.convolve(sound, response)[: len(sound)])


def echo_of(played: Samples, delay_ms: int, room: float = 0.0) -> NDArray[np.float64]:
    delay = ms_to_samples(delay_ms)
    late = np.concatenate([np.zeros(delay), played])[: len(played)] * QUIET
    return in_a_room(late, room) if room else late


def noticed(incoming: NDArray[np.float64], played: Samples | None) -> list[int]:
    """When it was known that somebody speaks, in samples."""
    noise = np.random.default_rng(5).standard_normal(len(incoming)) * 8
    sound = np.clip(np.round(incoming + noise), -32768, 32767).astype(np.int16)
    ear = Ear(HearingSettings())
    found: list[int] = []
    for at in range(0, len(sound) - CHUNK_SAMPLES, CHUNK_SAMPLES):
        chunk = AudioChunk(sound[at : at + CHUNK_SAMPLES], at)
        found += [chunk.end for event in ear.feed(chunk) if isinstance(event, SpeechBegan)]
        if played is not None:
            ear.played(played[at : at + CHUNK_SAMPLES])
    return found


@pytest.mark.parametrize("delay_ms", [20, 90, 250, 480])
@pytest.mark.parametrize("room", [0.0, 0.15], ids=["a plain line", "a room"])
def test_the_bots_own_voice_at_minus_20_db_is_nobodys(delay_ms: int, room: float) -> None:
    played = prompts()
    assert noticed(echo_of(played, delay_ms, room), played) == []


def test_without_knowing_what_was_played_it_would_be_taken_for_a_voice() -> None:
    assert noticed(echo_of(prompts(), 90), None) != []


def from_its_loud_beginning(voice: Samples) -> Samples:
    """Without the breath before it, which no one hears over an echo."""
    frames = voice[: len(voice) // 160 * 160].reshape(-1, 160).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) > 1_000)
    return voice[int(loud[0]) * 160 :]


@pytest.mark.parametrize("name", ["ann/yes", "ben/card-number", "kim/amount", "ben/no"])
@pytest.mark.parametrize("room", [None, 0.0, 0.15], ids=["no echo", "a plain line", "a room"])
def test_a_caller_who_speaks_over_a_prompt_is_noticed_within_half_a_second(
    name: str, room: float | None
) -> None:
    played = prompts()
    voice = from_its_loud_beginning(caller(name))[: ms_to_samples(4_000)]
    at = ms_to_samples(6_000)
    incoming = np.zeros(len(played)) if room is None else echo_of(played, 90, room)
    incoming[at : at + len(voice)] += voice
    first = noticed(incoming, played)[0]
    assert at < first <= at + ms_to_samples(400 if room is None else 500)
