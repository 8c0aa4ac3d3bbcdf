"""Prompts as sound: what is joined, with which pauses, from which source."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.audio import Samples, ms_to_samples
from bot.cards import Brand, CardNumber, Expiry
from bot.errors import CatalogueError
from bot.money import Money
from bot.prompts import Count, Digits, Prompt, PromptValue, Reference
from bot.speaking.catalogue import load_catalogue
from bot.speaking.pieces import Pause, Piece
from bot.speaking.recordings import Recordings
from bot.speaking.speaker import HIDDEN_ID, RECORDING, SYNTHESISED, Speaker
from bot.speaking.voice import Voice

PROMPTS = """\
version: 1
language: en
prompts:
  pay:
    - "You pay {amount}. Is that right?"
  card:
    - "The number is {card_number}."
  all:
    - "{brand}, {last_four}, {expiry}, {reference}, {count}"
"""


class FakeVoice:
    """Every piece is 100 samples long; those named are synthesised."""

    def __init__(self, synthesised: tuple[str, ...] = ()) -> None:
        self.synthesised = synthesised
        self.asked: list[str] = []

    def sound_of(self, piece: Piece) -> tuple[Samples, str]:
        self.asked.append(piece.text)
        source = SYNTHESISED if piece.id in self.synthesised else RECORDING
        return np.full(100, 1000, dtype=np.int16), source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.yml").write_text(PROMPTS, "utf-8")
    return tmp_path


def test_a_prompt_is_its_phrases_and_the_atoms_of_its_values(folder: Path) -> None:
    voice = FakeVoice()
    spoken = Speaker(load_catalogue(folder), voice).speak(Prompt("pay", {"amount": Money(8750)}))
    assert voice.asked == [
        "You pay",
        "eighty-seven",
        "dollars",
        "and",
        "fifty",
        "cents",
        "Is that right?",
    ]
    assert spoken.text == "You pay $87.50. Is that right?"
    assert not spoken.sensitive
    assert spoken.source == RECORDING


def test_pieces_are_parted_by_the_pauses_of_their_kind(folder: Path) -> None:
    prompt = Prompt("pay", {"amount": Money(8750)})
    speaker = Speaker(load_catalogue(folder), FakeVoice())
    spoken = speaker.speak(prompt)
    gaps = [b.start - a.end for a, b in pairwise(spoken.pieces)]
    word = Pause.WORD
    expected = (Pause.JOIN, word, word, word, word, Pause.SENTENCE)
    assert gaps == [ms_to_samples(pause) for pause in expected]
    assert spoken.pieces[0].start == 0
    assert spoken.pieces[-1].end == len(spoken.samples)
    slower = speaker.speak(prompt, gap_scale=3)
    slow_gaps = [b.start - a.end for a, b in pairwise(slower.pieces)]
    assert slow_gaps == [3 * gap for gap in gaps]
    assert slower.pause_after == 3 * spoken.pause_after


def test_between_the_pieces_there_is_silence_and_within_them_sound(folder: Path) -> None:
    speaker = Speaker(load_catalogue(folder), FakeVoice())
    spoken = speaker.speak(Prompt("pay", {"amount": Money(1)}))
    inside = np.zeros(len(spoken.samples), dtype=bool)
    for piece in spoken.pieces:
        inside[piece.start : piece.end] = True
        assert spoken.samples[(piece.start + piece.end) // 2] == 1000
    assert not spoken.samples[~inside].any()


def test_a_card_number_is_masked_in_text_and_in_pieces(folder: Path) -> None:
    number = CardNumber("4111111111111111")
    spoken = Speaker(load_catalogue(folder), FakeVoice()).speak(
        Prompt("card", {"card_number": number})
    )
    assert spoken.sensitive
    assert spoken.text == "The number is ************1111."
    assert {piece.id for piece in spoken.pieces[1:]} == {HIDDEN_ID}
    assert "4111" not in repr(spoken)


def test_every_kind_of_value_is_shown_as_people_read_it(folder: Path) -> None:
    values: dict[str, PromptValue] = {
        "brand": Brand.AMERICAN_EXPRESS,
        "last_four": Digits("4242"),
        "expiry": Expiry(4, 2029),
        "reference": Reference("AB-12"),
        "count": Count(3),
    }
    spoken = Speaker(load_catalogue(folder), FakeVoice()).speak(Prompt("all", values))
    assert spoken.text == "American Express, 4242, 04/29, AB-12, 3"


def test_one_synthesised_piece_makes_the_prompt_synthesised(folder: Path) -> None:
    voice = FakeVoice(synthesised=("values/word.cents.final",))
    spoken = Speaker(load_catalogue(folder), voice).speak(Prompt("pay", {"amount": Money(8750)}))
    assert spoken.source == SYNTHESISED
    assert [p.id for p in spoken.pieces if p.source == SYNTHESISED] == ["values/word.cents.final"]


def test_a_value_that_cannot_be_said_names_prompt_and_placeholder(folder: Path) -> None:
    speaker = Speaker(load_catalogue(folder), FakeVoice())
    with pytest.raises(CatalogueError, match=r"pay: \{amount\}: .* cannot be said"):
        speaker.speak(Prompt("pay", {"amount": Money(-1)}))


class FakeSynthesis:
    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.said: list[str] = []

    def say(self, text: str) -> Samples:
        self.said.append(text)
        if self.fails:
            raise CatalogueError("text-to-speech failed: no espeak")
        return np.full(80, 500, dtype=np.int16)


def record_all_but(folder: Path, *without: str) -> None:
    """Recordings for every piece of the catalogue, 0.1 s of tone each."""
    catalogue = load_catalogue(folder)
    recordings = Recordings(folder)
    tone = np.asarray(8000 * np.sin(np.arange(800) * 0.3), dtype=np.int16)
    soundless = [piece for piece in catalogue.pieces() if piece.id not in without]
    first = soundless[0]
    recordings.save(first, tone, "someone")
    data = recordings.path(first.id).read_bytes()
    for piece in soundless[1:]:
        path = recordings.path(piece.id)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    recordings.write()


def test_text_to_speech_is_used_only_where_there_is_no_recording(folder: Path) -> None:
    record_all_but(folder, "phrases/pay.1.1")
    synthesis = FakeSynthesis()
    catalogue = load_catalogue(folder)
    voice = Voice(catalogue, synthesis)
    spoken = Speaker(catalogue, voice).speak(Prompt("pay", {"amount": Money(8750)}))
    sources = {piece.id: piece.source for piece in spoken.pieces}
    assert sources.pop("phrases/pay.1.1") == SYNTHESISED
    assert set(sources.values()) == {RECORDING}
    assert voice.without_recording == ("phrases/pay.1.1",)
    Speaker(catalogue, voice).speak(Prompt("pay", {"amount": Money(8750)}))
    assert synthesis.said == ["You pay"], "what was synthesised once is kept"


def test_with_every_recording_there_nothing_is_synthesised(folder: Path) -> None:
    record_all_but(folder)
    voice = Voice(load_catalogue(folder), FakeSynthesis(fails=True))
    assert voice.without_recording == ()


def test_a_recording_of_another_text_is_not_used(folder: Path) -> None:
    record_all_but(folder)
    recordings = Recordings(folder)
    recordings.enter(Piece("phrases/pay.1.1", "You owe"), "someone")
    recordings.write()
    catalogue = load_catalogue(folder)
    assert Voice(catalogue, FakeSynthesis()).without_recording == ("phrases/pay.1.1",)


def test_without_recording_and_without_synthesis_the_prompt_is_named_at_load(folder: Path) -> None:
    record_all_but(folder, "phrases/pay.1.2")
    catalogue = load_catalogue(folder)
    with pytest.raises(CatalogueError, match=r"^phrases/pay\.1\.2: .*text_to_speech is off"):
        Voice(catalogue, None)
    with pytest.raises(CatalogueError, match=r"^phrases/pay\.1\.2: .*no espeak.*prompts build"):
        Voice(catalogue, FakeSynthesis(fails=True))


def test_synthesis_that_fails_during_a_call_is_an_error_and_not_silence(folder: Path) -> None:
    record_all_but(folder)
    catalogue = load_catalogue(folder)
    speaker = Speaker(catalogue, Voice(catalogue, FakeSynthesis(fails=True)))
    with pytest.raises(CatalogueError, match=r"pay: values/word\.Swiss_francs\.final: .*no espeak"):
        speaker.speak(Prompt("pay", {"amount": Money(8750, "CHF")}))


def test_a_broken_recording_is_named_at_load(folder: Path) -> None:
    record_all_but(folder)
    (folder / "values" / "digit.7.mid.wav").write_bytes(b"RIFF")
    with pytest.raises(CatalogueError, match=r"digit\.7\.mid\.wav: not a WAV file"):
        Voice(load_catalogue(folder), FakeSynthesis())
