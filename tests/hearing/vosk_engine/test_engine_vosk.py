"""The Vosk adapter, against a stand-in for the package that records what it is asked.

The real package with a real model: test_engine_vosk_korean.py.
"""

# ruff: noqa: N802 - the names are those of Vosk

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk
from bot.cards import SecretDigits
from bot.errors import ModelError
from bot.expectations import Expectation, Kind
from bot.hearing.turns import Completeness, completeness
from bot.hearing.vosk_engine.engine import VoskEngine, VoskRecogniser
from bot.hearing.vosk_engine.grammar import ENGLISH, Vocabulary, vocabulary
from bot.settings import PaymentSettings

FILES = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "graph/phones/word_boundary.int",
    "graph/HCLr.fst",
    "graph/Gr.fst",
)


class FakeDecoder:
    """grammars: the one it was made with (None: none), then those it was given."""

    def __init__(self, log: FakeVosk, model: object, rate: float, *grammar: str) -> None:
        self.log = log
        self.rate = rate
        self.grammars: list[str | None] = [grammar[0] if grammar else None]
        self.samples = 0
        self.resets = 0
        log.decoders.append(self)

    def SetMaxAlternatives(self, count: int) -> None:
        assert count > 1

    def SetWords(self, words: bool) -> None:
        assert words

    def SetGrammar(self, grammar: str) -> None:
        self.grammars.append(grammar)

    def Reset(self) -> None:
        self.resets += 1

    def AcceptWaveform(self, data: bytes) -> int:
        self.samples += len(data) // 2
        return 1  # an endpoint, all the time

    def PartialResult(self) -> str:
        return json.dumps({"partial": self.log.partial})

    def FinalResult(self) -> str:
        return json.dumps(self.log.final)


class FakeModel:
    def __init__(self, known: set[str] | None) -> None:
        self.known = known

    def vosk_model_find_word(self, word: str) -> int:
        return 1 if self.known is None or word in self.known else -1


class FakeVosk:
    def __init__(self, known: set[str] | None = None) -> None:
        self.known = known
        self.decoders: list[FakeDecoder] = []
        self.partial = ""
        self.final: dict[str, Any] = {"alternatives": [{"text": "", "confidence": 1.0}]}
        self.level: int | None = None
        self.broken = False

    def SetLogLevel(self, level: int) -> None:
        self.level = level

    def Model(self, model_path: str) -> FakeModel:
        if self.broken:
            raise Exception("Failed to create a model")
        return FakeModel(self.known)

    def KaldiRecognizer(self, *arguments: Any) -> FakeDecoder:
        return FakeDecoder(self, *arguments)


def alternatives(*texts: tuple[str, float]) -> dict[str, Any]:
    return {
        "alternatives": [
            {
                "text": text,
                "confidence": score,
                "result": [{"word": w, "start": 0.5, "end": 1.5} for w in text.split()],
            }
            for text, score in texts
        ]
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "conf/mfcc.conf").write_text("--sample-frequency=16000\n--num-mel-bins=40\n")
    return tmp_path


@pytest.fixture
def vosk() -> FakeVosk:
    return FakeVosk()


def say(recogniser: VoskRecogniser, chunks: int = 50, start: int = 0) -> None:
    for number in range(chunks):
        samples = np.zeros(CHUNK_SAMPLES, dtype=np.int16)
        recogniser.accept(AudioChunk(samples, start + number * CHUNK_SAMPLES))


def words_of(grammar: str | None) -> list[str]:
    words: list[str] = json.loads(grammar or "[]")
    return words


def test_the_grammar_is_what_the_question_expects(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    for kind in (Kind.CARD, Kind.CARD, Kind.EXPIRY, Kind.OPEN):
        recogniser.begin(Expectation(kind))
        say(recogniser, 1)
        recogniser.finish()

    (decoder,) = vosk.decoders  # one for the call
    card, expiry, open_question = map(words_of, decoder.grammars)
    assert {"zero", "oh", "double", "forty", "[unk]"} <= set(card)
    assert "april" in expiry
    assert "april" not in card
    assert open_question == []


def test_a_call_that_begins_with_an_open_question_begins_without_grammar(
    folder: Path, vosk: FakeVosk
) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    say(recogniser, 1)

    assert vosk.decoders[0].grammars == [None]


def test_words_the_model_does_not_know_are_left_out_of_its_grammar(folder: Path) -> None:
    vosk = FakeVosk(known={"one", "two", "<UNK>"})

    assert words_of(VoskEngine(folder, vosk).grammar(Expectation(Kind.CARD))) == [
        "one",
        "two",
        "<UNK>",
    ]


def test_words_of_the_settings_are_heard_at_every_question_that_has_a_grammar(folder: Path) -> None:
    engine = VoskEngine(folder, FakeVosk({"one", "front", "desk", "[unk]"}))
    words = ("front desk", "concierge")
    heard = words_of(engine.grammar(Expectation(Kind.CARD, words=words)))
    assert heard == ["one", "front", "desk", "[unk]"], "the model does not know a concierge"
    assert words_of(engine.grammar(Expectation(Kind.OPEN, words=words))) == []


def test_a_model_without_a_word_for_others_gets_none(folder: Path) -> None:
    assert words_of(VoskEngine(folder, FakeVosk({"one"})).grammar(Expectation(Kind.CARD))) == [
        "one"
    ]


def test_a_model_of_another_language_hears_without_grammar(folder: Path) -> None:
    assert words_of(VoskEngine(folder, FakeVosk({"[unk]"})).grammar(Expectation(Kind.CARD))) == []


def test_words_with_accents_reach_vosk_as_they_are_written(folder: Path, vosk: FakeVosk) -> None:
    french = Vocabulary({Kind.CARD: ("zéro",)}, lambda _: None)

    assert "zéro" in VoskEngine(folder, vosk, words=french).grammar(Expectation(Kind.CARD))


def test_a_static_graph_gets_no_grammar(tmp_path: Path, vosk: FakeVosk) -> None:
    for name in ("final.mdl", "mfcc.conf", "word_boundary.int", "HCLG.fst"):
        (tmp_path / name).write_text("")

    assert words_of(VoskEngine(tmp_path, vosk).grammar(Expectation(Kind.CARD))) == []


def test_french_has_no_english_grammar() -> None:
    assert vocabulary("fr").words == {}
    assert vocabulary("en-us") is vocabulary("") is ENGLISH


def test_vosk_logs_nothing_of_what_it_hears(folder: Path, vosk: FakeVosk) -> None:
    VoskEngine(folder, vosk)

    assert vosk.level is not None
    assert vosk.level < 0


def test_sound_arrives_at_the_rate_of_the_model(folder: Path, vosk: FakeVosk) -> None:
    engine = VoskEngine(folder, vosk)
    recogniser = engine.recogniser()
    recogniser.begin(Expectation(Kind.OPEN))
    say(recogniser, 50)
    recogniser.finish()

    assert engine.rate == 16_000
    assert vosk.decoders[0].rate == 16_000
    # a second of sound, and the silence that brings out the last word
    assert vosk.decoders[0].samples == pytest.approx(2 * SAMPLE_RATE * 1.5, abs=2)


def test_a_telephone_model_gets_the_sound_as_it_is(folder: Path, vosk: FakeVosk) -> None:
    (folder / "conf/mfcc.conf").write_text("--sample-frequency=8000\n")
    recogniser = VoskEngine(folder, vosk).recogniser()
    say(recogniser, 50)

    assert vosk.decoders[0].samples == SAMPLE_RATE


def test_alternatives_come_best_first_with_shares_that_add_up(folder: Path, vosk: FakeVosk) -> None:
    vosk.final = alternatives(("four one", 210.0), ("four nine", 211.0), ("[unk]", 205.0))
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.DIGITS, (2,)))
    say(recogniser, 100, start=8000)

    best, second = recogniser.finish()

    assert [best.said.reveal(), second.said.reveal()] == ["four nine", "four one"]
    assert best.digits == SecretDigits("49")
    assert best.fits
    assert [best.as_heard, second.as_heard] == [True, False]
    assert second.confidence < best.confidence < best.confidence + second.confidence <= 1
    assert best.engine == "vosk"
    assert (best.start, best.end) == (8000 + SAMPLE_RATE // 2, 8000 + SAMPLE_RATE * 3 // 2)


def test_a_card_given_in_pieces_is_judged_as_a_whole(folder: Path, vosk: FakeVosk) -> None:
    vosk.final = alternatives(("one one one one", 1.0))
    recogniser = VoskEngine(folder, vosk).recogniser()
    for given, fits in (("411111111111", True), ("411111111112", False)):
        recogniser.begin(Expectation(Kind.CARD, given_digits=SecretDigits(given)))
        say(recogniser)
        assert recogniser.finish()[0].fits is fits


def test_a_correction_inside_digits_is_left_to_understanding(folder: Path, vosk: FakeVosk) -> None:
    vosk.final = alternatives(("four one no four two", 1.0))
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.DIGITS))
    say(recogniser)

    (best,) = recogniser.finish()
    assert (best.said.reveal(), best.digits) == ("four one no four two", None)


def test_an_unknown_word_among_digits_may_have_been_one(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    fits = []
    for text in ("[unk] one two three", "one two [unk] three", "one <UNK> two three"):
        vosk.final = alternatives((text, 1.0))
        recogniser.begin(Expectation(Kind.DIGITS, (3,)))
        say(recogniser)
        (best,) = recogniser.finish()
        assert (best.said.reveal(), best.digits) == ("one two three", SecretDigits("123"))
        fits.append(best.fits)

    assert fits == [True, False, False]


def test_nought_is_a_zero(folder: Path, vosk: FakeVosk) -> None:
    vosk.final = alternatives(("nought one", 1.0))
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.DIGITS))
    say(recogniser)

    assert recogniser.finish()[0].digits == SecretDigits("01")


def test_where_vosk_would_end_an_utterance_does_not_matter(folder: Path, vosk: FakeVosk) -> None:
    vosk.final = alternatives(("four one one one two two two two", 5.0))
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.DIGITS))
    say(recogniser)
    vosk.partial = "four one one one two two"

    (so_far,) = recogniser.preliminary()
    assert so_far.digits == SecretDigits("411122")
    assert recogniser.finish()[0].digits == SecretDigits("41112222")


def test_a_complete_card_ends_the_turn_at_once(folder: Path, vosk: FakeVosk) -> None:
    expectation = Expectation(Kind.CARD)
    threshold = PaymentSettings().accept_card_confidence
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(expectation)
    say(recogniser)
    vosk.partial = "four two " * 7 + "four"
    assert (
        completeness(recogniser.preliminary(), expectation, threshold) is not Completeness.CERTAIN
    )
    say(recogniser, start=50 * CHUNK_SAMPLES)
    vosk.partial = "four two " * 8

    assert completeness(recogniser.preliminary(), expectation, threshold) is Completeness.CERTAIN


def test_a_pause_without_new_sound_is_not_computed_again(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    say(recogniser)
    recogniser.preliminary()
    fed = vosk.decoders[0].samples
    recogniser.preliminary()

    assert vosk.decoders[0].samples == fed


def test_silence_put_in_to_hear_the_last_word_moves_no_word(folder: Path, vosk: FakeVosk) -> None:
    vosk.final = alternatives(("one two", 1.0))
    vosk.final["alternatives"][0]["result"][1] |= {"start": 2.1, "end": 2.5}
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.DIGITS))
    say(recogniser)  # one second, then half a second that is put in
    recogniser.preliminary()
    say(recogniser, 80, start=50 * CHUNK_SAMPLES)
    (best,) = recogniser.finish()

    assert (best.start, best.end) == (SAMPLE_RATE // 2, SAMPLE_RATE * 2)


def test_words_of_a_later_utterance_lie_where_they_were_said(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.DIGITS))
    say(recogniser)
    recogniser.finish()
    vosk.final = alternatives(("one", 1.0))  # Vosk counts on: 1.5 s were before
    vosk.final["alternatives"][0]["result"][0] |= {"start": 2.0, "end": 2.25}
    say(recogniser, start=80_000)
    (best,) = recogniser.finish()

    assert (best.start, best.end) == (84_000, 86_000)


def test_an_utterance_that_is_dropped_leaves_nothing_for_the_next(
    folder: Path, vosk: FakeVosk
) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    say(recogniser)
    recogniser.begin(Expectation(Kind.OPEN))

    assert vosk.decoders[0].resets == 1
    recogniser.begin(Expectation(Kind.OPEN))
    assert vosk.decoders[0].resets == 1


def test_nothing_heard_is_no_hypothesis(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    assert recogniser.finish() == ()
    recogniser.begin(Expectation(Kind.CARD))
    say(recogniser)
    assert recogniser.preliminary() == ()
    vosk.final = alternatives(("[unk]", 3.0))
    assert recogniser.finish() == ()


def test_calls_share_the_model_and_no_decoder(folder: Path, vosk: FakeVosk) -> None:
    engine = VoskEngine(folder, vosk)
    for _ in range(2):
        say(engine.recogniser())

    assert len(vosk.decoders) == 2


@pytest.mark.parametrize("lost", FILES)
def test_an_incomplete_model_is_refused_by_what_it_lacks(folder: Path, lost: str) -> None:
    (folder / lost).unlink()

    with pytest.raises(ModelError, match=re.escape(Path(lost).name)):
        VoskEngine(folder, FakeVosk())


def test_the_former_layout_of_models_is_accepted(tmp_path: Path, vosk: FakeVosk) -> None:
    for name in ("final.mdl", "mfcc.conf", "word_boundary.int", "HCLr.fst", "Gr.fst"):
        (tmp_path / name).write_text("")

    assert VoskEngine(tmp_path, vosk).rate == 16_000


def test_a_model_vosk_cannot_load_is_a_model_error(folder: Path, vosk: FakeVosk) -> None:
    vosk.broken = True

    with pytest.raises(ModelError, match="cannot load this model"):
        VoskEngine(folder, vosk)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"hearing\.vosk_model"):
        VoskEngine(tmp_path / "nowhere", FakeVosk())
