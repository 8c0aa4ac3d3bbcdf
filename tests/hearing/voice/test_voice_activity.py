"""What counts as somebody speaking, and what does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ear_sounds import chunks, join, mixed, noise, pause, phrase, through_mu_law
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.noises import amplitude, at_level, cough, hum, mix, music, rumble
from bot.audio import AudioChunk, Samples, ms_to_samples, samples_to_ms, silence
from bot.expectations import Expectation, Kind
from bot.hearing.ear import Ear
from bot.hearing.events import SpeechBegan, TurnEnded
from bot.hearing.voice.activity import VoiceActivity, VoiceState
from bot.hearing.voice.silero import Silero, State, Wide, load_silero
from bot.settings import HearingSettings, VoiceDetector


def turns(
    sound: Samples, kind: Kind = Kind.YES_NO, detector: VoiceDetector = VoiceDetector.BOTH
) -> list[TurnEnded]:
    ear = Ear(HearingSettings(voice_detector=detector))
    ear.expect(Expectation(kind))
    events = ear.feed(AudioChunk(sound, 0)) + ear.flush()
    return [event for event in events if isinstance(event, TurnEnded)]


def coughs() -> Samples:
    rng = np.random.default_rng(7)
    every = [mix(silence(ms_to_samples(320)), cough(rng) * amplitude(-20)) for _ in range(6)]
    return on_a_line(join(pause(1000), *(join(one, pause(900)) for one in every)), -60)


def on_a_line(sound: Samples, noise_dbfs: float) -> Samples:
    return mixed(sound, noise(samples_to_ms(len(sound)) + 1, noise_dbfs)[: len(sound)])


def made(wave: Callable[[int], NDArray[np.float64]], dbfs: float) -> Samples:
    return mix(silence(12 * 8000), wave(12 * 8000) * amplitude(dbfs))


def swelling(samples: int) -> NDArray[np.float64]:
    return rumble(samples, np.random.default_rng(3))


@pytest.mark.parametrize(
    "sound",
    [coughs(), made(music, -25), made(hum, -35), made(swelling, -35)],
    ids=["coughs", "hold music", "mains hum", "traffic"],
)
def test_sounds_without_words_are_no_speech(sound: Samples) -> None:
    assert turns(through_mu_law(sound)) == []


@pytest.mark.parametrize("sound", [coughs(), made(swelling, -35)], ids=["coughs", "traffic"])
def test_without_silero_some_of_them_are_taken_for_speech(sound: Samples) -> None:
    """The positive control: it is Silero that knows."""
    assert turns(through_mu_law(sound), detector=VoiceDetector.WEBRTCVAD)


@pytest.mark.parametrize("detector", VoiceDetector)
@pytest.mark.parametrize("word", ["yes", "yeah", "four_one_one_one", "no_the_expiry_is_wrong"])
def test_words_are_one_turn_with_either_detector(word: str, detector: VoiceDetector) -> None:
    sound = on_a_line(join(pause(900), phrase(word), pause(2500)), -55)
    assert len(turns(sound, Kind.CARD, detector)) == 1


def test_words_over_hold_music_are_heard_and_the_music_does_not_hold_the_turn_open() -> None:
    spoken = join(pause(3000), phrase("four_one_one_one"), pause(5000))
    behind = mix(silence(len(spoken)), music(len(spoken)) * amplitude(-45))
    [turn] = turns(mixed(spoken, behind), Kind.DIGITS)
    said_until = len(spoken) - ms_to_samples(5000)
    assert abs(turn.end - said_until) < ms_to_samples(300)


def test_talk_in_the_background_does_not_hold_the_turn_open() -> None:
    spoken = join(pause(500), at_level(phrase("four_one_one_one"), -20))
    talk = at_level(np.tile(phrase("no_the_expiry_is_wrong"), 6), -50)
    [turn, *_] = turns(join(spoken, talk))
    assert abs(turn.end - len(spoken)) < ms_to_samples(200)


def test_a_bang_within_an_answer_does_not_make_the_rest_of_it_background() -> None:
    quiet_voice = at_level(phrase("four_one_one_one"), -40)
    bang = noise(60, -6)
    sound = join(pause(500), quiet_voice, bang, quiet_voice, pause(2500))
    [turn] = turns(sound, Kind.CARD)
    assert turn.end > len(sound) - ms_to_samples(2500 + 200)


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 1_000_000), st.integers(-60, -40))
def test_what_was_heard_long_before_changes_nothing(seed: int, dbfs: int) -> None:
    """Each utterance is judged by the sound around it."""
    answer = join(pause(3000), phrase("yes"), pause(1500))
    before = noise(2000, dbfs, seed)
    [alone], [after] = turns(answer), turns(join(before, pause(3000), answer))
    shift = len(before) + ms_to_samples(3000)
    # webrtcvad follows the line: a frame or two.
    assert abs(after.start - shift - alone.start) <= ms_to_samples(40)
    assert abs(after.end - shift - alone.end) <= ms_to_samples(40)


class CountedSilero(Silero):
    """Counts the frames the network was asked about."""

    def __init__(self) -> None:
        self.frames = 0

    def judge(self, frames: Wide, state: State) -> tuple[NDArray[np.float32], State]:
        self.frames += len(frames)
        return load_silero().judge(frames, state)


def test_silero_rests_while_nothing_sounds_like_a_voice() -> None:
    silero = CountedSilero()
    voice = VoiceActivity(2, silero)
    states = {voice.feed(chunk) for chunk in chunks(noise(10_000, -62))}
    assert states == {VoiceState.QUIET}
    assert silero.frames == 0
    for chunk in chunks(phrase("yes")[:1600], position=80_000):
        voice.feed(chunk)
    assert silero.frames > 0


def test_a_start_silero_confirms_late_reaches_back_to_the_first_voice() -> None:
    """What was said before it agreed is not lost."""
    sound = join(pause(1000), phrase("yes"), pause(1000))
    ear = Ear(HearingSettings())
    ear.expect(Expectation(Kind.YES_NO))
    began = [e for c in chunks(sound) for e in ear.feed(c) if isinstance(e, SpeechBegan)]
    assert [abs(e.start - 8000) < ms_to_samples(60) for e in began] == [True]
