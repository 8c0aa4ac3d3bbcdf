"""Bad sound: never an exception, never a confident wrong number.

Rendered callers, spoilt; and sounds without a word. What may be accepted is what the settings let
be accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recorded import recording
from spoilt_sounds import (
    as_samples,
    at_wrong_rate,
    clipped,
    hum,
    music,
    together,
    whispered,
    with_offset,
)

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, silence
from bot.calls.wav import read_wav
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.embedded.engine import EmbeddedEngine
from bot.project import ROOT
from bot.settings import PaymentSettings

AMEX, VISA = "378282246310005", "4000000000000002"
PAYMENT = PaymentSettings()
QUESTIONS = (
    Expectation(Kind.CARD),
    Expectation(Kind.DIGITS, (3,)),
    Expectation(Kind.DIGITS, (5, 9)),
    Expectation(Kind.AMOUNT),
    Expectation(Kind.EXPIRY),
    Expectation(Kind.YES_NO),
    Expectation(Kind.OPEN),
)


def hear(
    engine: EmbeddedEngine, sound: Samples, expectation: Expectation
) -> tuple[Hypothesis, ...]:
    """All of the sound: no detector of voice has left out what is none."""
    recogniser = engine.recogniser()
    recogniser.begin(expectation)
    for position in range(0, len(sound), CHUNK_SAMPLES):
        recogniser.accept(AudioChunk(sound[position : position + CHUNK_SAMPLES], position))
    return recogniser.finish()


def accepted(heard: tuple[Hypothesis, ...], kind: Kind) -> Iterator[str]:
    """The digits that would be taken as the answer."""
    needed = {
        Kind.CARD: PAYMENT.accept_card_confidence,
        Kind.DIGITS: PAYMENT.accept_digits_confidence,
    }.get(kind, PAYMENT.accept_confidence)
    for one in heard:
        if one.confidence >= needed and one.digits is not None and one.fits:
            yield one.digits.reveal()


SPOILT: dict[str, Callable[[Samples], Samples]] = {
    "a little clipped": lambda sound: clipped(sound, 3),
    "clipped": lambda sound: clipped(sound, 8),
    "clipped to a square": lambda sound: clipped(sound, 200),
    "very faint": lambda sound: as_samples(sound * 0.004),
    "DC offset": lambda sound: with_offset(sound, 12_000),
    "50 Hz hum": lambda sound: as_samples(sound + hum(len(sound), 4000)),
    "a child": lambda sound: at_wrong_rate(sound, 1.35),
    "a whisper": whispered,
    "a rate half of what is claimed": lambda sound: at_wrong_rate(sound, 2.0),
    "a rate twice of what is claimed": lambda sound: at_wrong_rate(sound, 0.5),
    "upside down and backwards": lambda sound: np.ascontiguousarray(-(sound[::-1] // 2)),
    "every other chunk lost": lambda sound: as_samples(
        sound * ((np.arange(len(sound)) // CHUNK_SAMPLES) % 2)
    ),
}


@pytest.mark.parametrize("what", list(SPOILT))
def test_a_spoilt_card_number_is_heard_right_or_not_accepted(
    engine: EmbeddedEngine, what: str
) -> None:
    for name, number in (("card_3782", AMEX), ("card_4000", VISA)):
        heard = hear(engine, SPOILT[what](recording(name)), Expectation(Kind.CARD))
        assert set(accepted(heard, Kind.CARD)) <= {number}


@pytest.mark.parametrize("what", ["a little clipped", "DC offset", "50 Hz hum"])
def test_what_a_person_would_still_understand_is_heard(engine: EmbeddedEngine, what: str) -> None:
    heard = hear(engine, SPOILT[what](recording("card_3782")), Expectation(Kind.CARD))

    assert set(accepted(heard, Kind.CARD)) == {AMEX}


def test_of_two_people_at_once_no_third_number_is_made(engine: EmbeddedEngine) -> None:
    both = together(recording("card_3782"), recording("card_4000"))

    assert set(accepted(hear(engine, both, Expectation(Kind.CARD)), Kind.CARD)) <= {AMEX, VISA}


NO_SPEECH = {
    "silence": silence(4 * SAMPLE_RATE),
    "an offset": with_offset(silence(4 * SAMPLE_RATE), -20_000),
    "full scale": np.full(3 * SAMPLE_RATE, 32767, dtype=np.int16),
    "hum": as_samples(hum(4 * SAMPLE_RATE, 8000)),
    "music": music(6),
    "white noise": as_samples(np.random.default_rng(3).standard_normal(4 * SAMPLE_RATE) * 3000),
    "a square wave": as_samples(
        20_000 * np.sign(np.sin(2 * np.pi * 440 * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE))
    ),
    "one sample": np.array([1000], dtype=np.int16),
    "a click": np.concatenate([silence(4000), np.full(8, 32767, np.int16), silence(4000)]),
}


@pytest.mark.parametrize("what", list(NO_SPEECH))
def test_no_speech_is_no_number(engine: EmbeddedEngine, what: str) -> None:
    for question in QUESTIONS:
        heard = hear(engine, NO_SPEECH[what], question)
        assert not list(accepted(heard, question.kind))
        assert not any(one.fits and one.confidence >= PAYMENT.accept_confidence for one in heard), (
            f"{what} is an answer to {question.kind}"
        )


def test_a_minute_of_talk_answers_no_question_with_a_number(engine: EmbeddedEngine) -> None:
    names = ["ann/agent", "ann/help", "agent/agent", "ben/help", "ben/cancel", "ann/repeat"]
    turns = [read_wav(ROOT / "audio" / "callers" / f"{name}.wav") for name in names]
    talk = np.concatenate([part for turn in turns for part in (turn, silence(4000))])
    monologue = np.resize(talk, 60 * SAMPLE_RATE)

    for question in (Expectation(Kind.CARD), Expectation(Kind.DIGITS, (3,))):
        assert not list(accepted(hear(engine, monologue, question), question.kind))


def test_a_wav_of_nan_and_infinity_is_silence_or_noise(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    spoken = recording("card_3782").astype(np.float32) / 32768
    holes = spoken.copy()
    holes[::50] = np.nan
    holes[7::5000] = np.inf
    for name, wave in (("nan", np.full(SAMPLE_RATE, np.nan, np.float32)), ("holes", holes)):
        soundfile.write(tmp_path / f"{name}.wav", wave, SAMPLE_RATE, subtype="FLOAT")

    nothing = hear(engine, read_wav(tmp_path / "nan.wav"), Expectation(Kind.CARD))
    holey = hear(engine, read_wav(tmp_path / "holes.wav"), Expectation(Kind.CARD))

    assert nothing == ()
    assert set(accepted(holey, Kind.CARD)) <= {AMEX}
