"""The embedded engine on real sound. Recordings: recordings/ORIGIN-engines.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recorded import recording

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, silence
from bot.cards import SecretDigits
from bot.errors import ModelError
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.ear import Ear
from bot.hearing.embedded.engine import EmbeddedEngine, EmbeddedRecogniser
from bot.hearing.embedded.whisper import SAMPLE_RATE as WHISPER_RATE
from bot.hearing.embedded.whisper import Encoded, Sound
from bot.hearing.engines import find_vosk_model, load_engine
from bot.hearing.events import SpeechPaused, SpeechSound, TurnEnded
from bot.hearing.laboratory import hear_file, speech_span
from bot.project import ROOT
from bot.settings import EngineName, HearingSettings

AMEX = "378282246310005"


def hear(engine: EmbeddedEngine, name: str, expectation: Expectation) -> tuple[Hypothesis, ...]:
    return hear_file(engine, recording(name), expectation)


def digits_of(hypothesis: Hypothesis) -> str:
    assert hypothesis.digits is not None
    return hypothesis.digits.reveal()


def feed(recogniser: EmbeddedRecogniser, samples: Samples, start: int = 0) -> None:
    for position in range(0, len(samples), CHUNK_SAMPLES):
        piece = samples[position : position + CHUNK_SAMPLES]
        recogniser.accept(AudioChunk(piece, start + position))


def test_a_card_number_is_heard_fits_and_is_believed(engine: EmbeddedEngine) -> None:
    best = hear(engine, "card_3782", Expectation(Kind.CARD))[0]

    assert digits_of(best) == AMEX
    assert best.fits
    assert best.as_heard
    assert best.confidence > 0.9
    assert best.engine == "embedded"


def test_cardinals_in_a_card_number_are_digits(engine: EmbeddedEngine) -> None:
    best = hear(engine, "card_4000", Expectation(Kind.CARD))[0]

    assert digits_of(best) == "4000000000000002"


def test_no_hypothesis_shows_the_card_in_its_repr(engine: EmbeddedEngine) -> None:
    heard = hear(engine, "card_3782", Expectation(Kind.CARD))

    assert AMEX[:5] not in repr(heard)


def test_an_amount_in_a_sentence_keeps_its_words(engine: EmbeddedEngine) -> None:
    for kind in (Kind.AMOUNT, Kind.OPEN):
        best = hear(engine, "pay_eighty_seven_fifty", Expectation(kind))[0]
        assert best.said.reveal() == "i'd like to pay eighty seven fifty"


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.AMOUNT, Kind.EXPIRY])
def test_the_head_and_the_decoder_hear_the_same_pass_of_the_encoder(
    engine: EmbeddedEngine, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = Counted(engine, monkeypatch)

    best = hear(engine, "pay_eighty_seven_fifty", Expectation(kind))[0]

    assert "pay" in best.said.reveal()
    assert len(encoded.seconds) == 1


def test_words_at_the_question_for_the_card_are_heard_too(engine: EmbeddedEngine) -> None:
    heard = hear(engine, "pay_eighty_seven_fifty", Expectation(Kind.CARD))

    assert any(one.said.reveal().startswith("i'd like to pay") for one in heard)


def test_a_plain_yes_needs_no_free_text(engine: EmbeddedEngine) -> None:
    assert hear(engine, "yeah", Expectation(Kind.YES_NO))[0].said.reveal() == "yes"


@pytest.mark.parametrize("kind", list(Kind))
def test_silence_and_noise_say_nothing(engine: EmbeddedEngine, kind: Kind) -> None:
    noise = np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE) * 300

    assert hear_file(engine, silence(3 * SAMPLE_RATE), Expectation(kind)) == ()
    assert hear_file(engine, noise.astype(np.int16), Expectation(kind)) == ()


def test_nothing_at_all_says_nothing(engine: EmbeddedEngine) -> None:
    assert hear_file(engine, silence(0), Expectation(Kind.OPEN)) == ()


def test_a_long_silence_around_the_words_changes_nothing(engine: EmbeddedEngine) -> None:
    quiet = silence(20 * SAMPLE_RATE)
    samples = np.concatenate([quiet, recording("card_3782"), quiet])

    best = hear_file(engine, samples, Expectation(Kind.CARD))[0]

    assert digits_of(best) == AMEX
    assert 20 * SAMPLE_RATE < best.start < best.end < len(samples) - len(quiet)


def test_a_preliminary_answer_is_the_answer_so_far_and_ends_nothing(engine: EmbeddedEngine) -> None:
    samples = recording("card_3782")
    recogniser = engine.recogniser()
    recogniser.begin(Expectation(Kind.CARD))
    feed(recogniser, samples[: len(samples) // 2])

    halfway = [digits_of(h) for h in recogniser.preliminary() if h.digits and h.as_heard]
    again = recogniser.preliminary()
    feed(recogniser, samples[len(samples) // 2 :], start=len(samples) // 2)
    whole = recogniser.finish()

    assert AMEX.startswith(halfway[0][:4])
    assert len(halfway[0]) < len(AMEX)
    assert again == recogniser_answer_twice(recogniser, samples)
    assert digits_of(whole[0]) == AMEX


def recogniser_answer_twice(
    recogniser: EmbeddedRecogniser, samples: Samples
) -> tuple[Hypothesis, ...]:
    recogniser.begin(Expectation(Kind.CARD))
    feed(recogniser, samples[: len(samples) // 2])
    return recogniser.preliminary()


class Counted:
    """Seconds of sound the encoder was given, one entry for each time."""

    def __init__(self, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds: list[float] = []
        encode = engine.whisper.encode

        def counting(sound: Sound, padding_seconds: float) -> Encoded:
            self.seconds.append(len(sound) / WHISPER_RATE)
            return encode(sound, padding_seconds)

        monkeypatch.setattr(engine.whisper, "encode", counting)


def on_a_line(sound: Samples) -> Samples:
    """With the faint noise every telephone has."""
    hiss = np.random.default_rng(5).standard_normal(len(sound)) * 20
    return np.asarray(np.clip(sound + hiss, -32768, 32767), dtype=np.int16)


def take_turn(
    engine: EmbeddedEngine, sound: Samples, expectation: Expectation, encoded: Counted
) -> tuple[tuple[Hypothesis, ...], int]:
    """As a call does it: asked in every pause, at last when the turn has ended. The answer, and how
    often something was encoded after the last pause."""
    ear, recogniser = Ear(HearingSettings()), engine.recogniser()
    recogniser.begin(expectation)
    before = 0
    ear.expect(expectation)
    for position in range(0, len(sound), CHUNK_SAMPLES):
        chunk = AudioChunk(sound[position : position + CHUNK_SAMPLES], position)
        for event in ear.feed(chunk):
            match event:
                case SpeechSound(part):
                    recogniser.accept(part)
                case SpeechPaused():
                    recogniser.preliminary()
                    before = len(encoded.seconds)
                case TurnEnded():
                    return recogniser.finish(), len(encoded.seconds) - before
    raise AssertionError("the turn never ended")


def test_the_answer_of_the_last_pause_is_the_answer_when_only_silence_follows(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = Counted(engine, monkeypatch)
    sound = on_a_line(np.concatenate([silence(4000), recording("card_3782"), silence(24_000)]))

    heard, encoded_after_the_pause = take_turn(engine, sound, Expectation(Kind.CARD), encoded)

    assert digits_of(heard[0]) == AMEX
    assert encoded_after_the_pause == 0


def test_a_word_after_the_last_pause_is_in_the_answer(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    recogniser = engine.recogniser()
    recogniser.begin(Expectation(Kind.DIGITS))
    feed(recogniser, on_a_line(np.concatenate([recording("four_one_one_one"), silence(2400)])))
    first = recogniser.preliminary()
    feed(recogniser, on_a_line(np.concatenate([silence(2400), recording("one_one_one_one")])))

    assert digits_of(first[0]) == "4111"
    assert digits_of(recogniser.finish()[0]) == "41111111"


def test_what_was_encoded_in_a_pause_is_not_encoded_again(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = Counted(engine, monkeypatch)
    groups = ["four_one_one_one", *["one_one_one_one"] * 3]
    recogniser = engine.recogniser()
    recogniser.begin(Expectation(Kind.CARD))
    seconds = 0.0
    for name in groups:
        said = on_a_line(np.concatenate([recording(name), silence(4000)]))
        feed(recogniser, said)
        seconds += len(said) / SAMPLE_RATE
        recogniser.preliminary()
    heard = recogniser.finish()

    assert digits_of(heard[0]) == "4111111111111111"
    assert encoded.seconds[-1] < 0.6 * seconds


@pytest.mark.parametrize("size", [37, 160, 1024, 100_000])
def test_the_same_sound_however_cut_into_chunks_is_the_same_answer(
    engine: EmbeddedEngine, size: int
) -> None:
    sound = recording("card_3782")
    answers = []
    for chunk in (CHUNK_SAMPLES, size):
        recogniser = engine.recogniser()
        recogniser.begin(Expectation(Kind.CARD))
        for position in range(0, len(sound), chunk):
            recogniser.accept(AudioChunk(sound[position : position + chunk], position))
        answers.append(recogniser.finish())

    assert answers[0] == answers[1]


def test_words_in_several_pieces_keep_their_place(engine: EmbeddedEngine) -> None:
    sound = np.concatenate([recording("card_3782"), silence(16_000), recording("yeah")])

    best = hear_file(engine, sound, Expectation(Kind.CARD))[0]

    last_word = len(sound) - len(recording("yeah"))
    assert best.start < SAMPLE_RATE
    assert last_word < best.end <= len(sound)


def test_an_utterance_does_not_know_the_one_before(engine: EmbeddedEngine) -> None:
    recogniser = engine.recogniser()
    recogniser.begin(Expectation(Kind.CARD))
    feed(recogniser, recording("card_3782"))
    recogniser.finish()

    assert recogniser.finish() == ()
    recogniser.begin(Expectation(Kind.YES_NO))
    feed(recogniser, recording("yeah"), start=1_000_000)
    (best, *_) = recogniser.finish()
    assert best.said.reveal() == "yes"
    assert best.start >= 1_000_000


def test_the_rest_of_a_card_fits_with_what_was_given(engine: EmbeddedEngine) -> None:
    samples = recording("card_3782")
    given = Expectation(Kind.CARD, given_digits=SecretDigits("3"))

    heard = hear_file(engine, samples, given)

    assert not any(h.fits and digits_of(h) == AMEX for h in heard if h.digits)


def test_the_speech_of_a_recording_is_found_with_a_margin() -> None:
    quiet, spoken = silence(5 * SAMPLE_RATE), recording("yeah")
    start, end = speech_span(np.concatenate([quiet, spoken, quiet]))

    assert len(quiet) - 0.3 * SAMPLE_RATE <= start < len(quiet) + len(spoken)
    assert start < end <= len(quiet) + len(spoken) + 0.5 * SAMPLE_RATE


def test_auto_takes_the_embedded_engine_where_no_vosk_model_lies(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "numbers").symlink_to(ROOT / "models" / "numbers")
    told: list[str] = []

    engine = load_engine(HearingSettings(), tmp_path, told.append)

    assert engine.name == "embedded"
    assert told


def test_a_vosk_model_that_lies_there_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "vosk-model-small-en"
    folder.mkdir(parents=True)

    assert find_vosk_model(HearingSettings(), tmp_path) == folder
    assert find_vosk_model(HearingSettings(vosk_model="elsewhere"), tmp_path) == (
        tmp_path / "elsewhere"
    )


def test_vosk_without_a_model_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models/vosk.*hearing\.vosk_model"):
        load_engine(HearingSettings(engine=EngineName.VOSK), tmp_path)


def test_a_broken_vosk_model_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "models" / "vosk-half").mkdir(parents=True)

    with pytest.raises(ModelError, match="not a whole Vosk model"):
        load_engine(HearingSettings(), tmp_path)
