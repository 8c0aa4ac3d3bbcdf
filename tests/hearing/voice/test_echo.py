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
from bot.hearing.voice.echo import EchoCanceller
from bot.project import ROOT
from bot.settings import HearingSettings

AUDIO = ROOT / "audio"

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


def echo_of(
    played: Samples, delay_ms: int, room: float = 0.0, db: float = -20.0
) -> NDArray[np.float64]:
    delay = ms_to_samples(delay_ms)
    late = np.concatenate([np.zeros(delay), played])[: len(played)] * 10 ** (db / 20)
    return in_a_room(late, room) if room else late


def on_the_line(incoming: NDArray[np.float64]) -> Samples:
    """With a little noise, as whole numbers."""
    noise = np.random.default_rng(5).standard_normal(len(incoming)) * 8
    return np.clip(np.round(incoming + noise), -32768, 32767).astype(np.int16)


def noticed(
    incoming: NDArray[np.float64], played: Samples | None, chunk_samples: int = CHUNK_SAMPLES
) -> list[int]:
    """When it was known that somebody speaks, in samples."""
    sound = on_the_line(incoming)
    ear = Ear(HearingSettings())
    found: list[int] = []
    for at in range(0, len(sound) - chunk_samples, chunk_samples):
        chunk = AudioChunk(sound[at : at + chunk_samples], at)
        found += [chunk.end for event in ear.feed(chunk) if isinstance(event, SpeechBegan)]
        if played is not None:
            ear.played(played[at : at + chunk_samples])
    return found


@pytest.mark.parametrize("delay_ms", [20, 90, 250, 480])
@pytest.mark.parametrize("room", [0.0, 0.15], ids=["a plain line", "a room"])
def test_the_bots_own_voice_at_minus_20_db_is_nobodys(delay_ms: int, room: float) -> None:
    played = prompts()
    assert noticed(echo_of(played, delay_ms, room), played) == []


@pytest.mark.parametrize("db", [-12.0, -30.0])
def test_nor_is_it_louder_or_quieter_in_a_room_that_rings_longer(db: float) -> None:
    played = prompts()[: ms_to_samples(12_000)]
    assert noticed(echo_of(played, 170, 0.3, db), played) == []


def test_nor_with_a_mans_voice() -> None:
    played = np.concatenate([caller("ben/card-number"), caller("kim/card-number")])
    assert noticed(echo_of(played, 90, 0.15), played) == []


@pytest.mark.parametrize("later_ms", [-40, 20, 100])
def test_nor_when_the_network_delays_it_by_another_time_all_at_once(later_ms: int) -> None:
    played = prompts()[: ms_to_samples(12_000)]
    half = len(played) // 2
    before, after = echo_of(played, 130, 0.15), echo_of(played, 130 + later_ms, 0.15)
    assert noticed(np.concatenate([before[:half], after[half:]]), played) == []


def test_nor_on_a_line_whose_chunks_are_no_whole_frames() -> None:
    played = prompts()[: ms_to_samples(8_000)]
    assert noticed(echo_of(played, 150), played, chunk_samples=250) == []


def test_without_knowing_what_was_played_it_would_be_taken_for_a_voice() -> None:
    assert noticed(echo_of(prompts(), 90), None) != []


def from_its_loud_beginning(voice: Samples) -> Samples:
    """Without the breath before it, which no one hears over an echo."""
    frames = voice[: len(voice) // 160 * 160].reshape(-1, 160).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) > 1_000)
    return voice[int(loud[0]) * 160 :]


def after_200_ms_of_speech(voice: Samples) -> int:
    """The end of the tenth block of 20 ms that is no silence."""
    frames = voice[: len(voice) // 160 * 160].reshape(-1, 160).astype(np.float64)
    return (int(np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) > 500)[9]) + 1) * 160


@pytest.mark.parametrize("name", ["ann/yes", "ben/card-number", "kim/amount", "ben/no"])
@pytest.mark.parametrize(
    "room", [None, 0.0, 0.15, 0.3], ids=["no echo", "a plain line", "a room", "a ringing room"]
)
def test_a_caller_who_has_spoken_for_200_ms_over_a_prompt_is_noticed_within_200_more(
    name: str, room: float | None
) -> None:
    played = prompts()[: ms_to_samples(6_000)]
    voice = caller(name)[: ms_to_samples(1_500)]
    at = ms_to_samples(3_000)
    incoming = np.zeros(len(played)) if room is None else echo_of(played, 90, room)
    incoming[at : at + len(voice)] += voice
    first = noticed(incoming, played)[0]
    assert at < first <= at + after_200_ms_of_speech(voice) + ms_to_samples(200)


@pytest.mark.parametrize("name", ["agent/agent", "amex/expiry"])
def test_a_caller_on_a_hissing_line_is_noticed_at_once_while_an_echo_is_still_possible(
    name: str,
) -> None:
    played = prompts()[: ms_to_samples(3_000)]
    voice = caller(name)
    at = ms_to_samples(1_000)
    incoming = np.zeros(len(played))
    incoming[at:] += voice[: len(played) - at]
    loud = at + len(voice) - len(from_its_loud_beginning(voice))
    assert at < noticed(incoming, played)[0] <= loud + ms_to_samples(200)


# The canceller alone


def left_of(
    incoming: NDArray[np.float64], played: Samples
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What comes in without the echo, and of each frame whether it was nothing else."""
    sound, canceller = on_the_line(incoming), EchoCanceller()
    rest, only_echo = [], []
    for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        frame = canceller.take_out(sound[at : at + CHUNK_SAMPLES])
        canceller.played(played[at : at + CHUNK_SAMPLES])
        rest.append(frame.samples.astype(np.float64))
        only_echo.append(frame.only_echo)
    return np.concatenate(rest), np.array(only_echo)


def db_between(louder: NDArray[np.float64], quieter: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.sum(louder**2) / np.sum(quieter**2)))


def test_a_line_on_which_nothing_was_played_is_left_as_it_is() -> None:
    sound, canceller = caller("ann/yes"), EchoCanceller()
    for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        frame = sound[at : at + CHUNK_SAMPLES]
        assert canceller.take_out(frame).samples is frame
        canceller.played(np.zeros(CHUNK_SAMPLES, np.int16))


def test_a_line_that_has_fallen_silent_stays_so_whatever_was_learnt_of_it() -> None:
    played = prompts()[: ms_to_samples(8_000)]
    echo = echo_of(played, 90)
    echo[len(echo) // 2 :] = 0
    canceller = EchoCanceller()
    left: list[Samples] = []
    for at in range(0, len(played), CHUNK_SAMPLES):
        frame = np.round(echo[at : at + CHUNK_SAMPLES]).astype(np.int16)
        left.append(canceller.take_out(frame).samples)
        canceller.played(played[at : at + CHUNK_SAMPLES])

    assert not np.concatenate(left[len(left) // 2 :]).any()


def test_four_seconds_teach_it_to_make_an_echo_15_db_quieter() -> None:
    played = prompts()[: ms_to_samples(6_000)]
    echo = echo_of(played, 250, 0.15)
    rest, _ = left_of(echo, played)
    late = slice(ms_to_samples(4_000), None)
    assert db_between(echo[late], rest[late]) > 15


def test_of_somebody_who_speaks_over_it_nothing_is_lost() -> None:
    played = prompts()[: ms_to_samples(6_000)]
    voice = from_its_loud_beginning(caller("ann/card-number"))[: ms_to_samples(2_000)].astype(float)
    echo = echo_of(played, 90, 0.15)
    at = ms_to_samples(4_000)
    incoming = echo.copy()
    incoming[at:] += voice
    rest, only_echo = left_of(incoming, played)
    assert db_between(voice, rest[at:] - voice) > 15
    loud = np.mean(voice.reshape(-1, CHUNK_SAMPLES) ** 2, axis=1) > 1_000**2
    assert not np.any(only_echo[at // CHUNK_SAMPLES :] & loud)


def test_somebody_who_speaks_for_long_does_not_make_it_forget_the_way() -> None:
    played = prompts()[: ms_to_samples(8_000)]
    voice = caller("kim/card-number")[: ms_to_samples(4_000)]
    echo = echo_of(played, 90, 0.15)
    incoming = echo.copy()
    begin, end = ms_to_samples(3_000), ms_to_samples(7_000)
    incoming[begin:end] += voice
    rest, only_echo = left_of(incoming, played)
    assert db_between(echo[end:], rest[end:]) > 10
    assert np.all(only_echo[end // CHUNK_SAMPLES :])
