# ruff: noqa: RUF001 - phonetic letters look like Latin ones
"""Rendering what is missing or out of step, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bot.errors import CatalogueError
from bot.speaking.build import Progress, build
from bot.speaking.carriers import carriers_of
from bot.speaking.catalogue import load_catalogue
from bot.speaking.kokoro import RATE, RESERVED_VOICES, Kokoro, Sound, to_kokoro
from bot.speaking.recordings import OWN_VOICE, Recordings, check

SHIPPED = Path(__file__).parents[2] / "audio" / "prompts" / "en"
PROMPTS = """\
version: 1
language: en
prompts:
  pay:
    - "You pay {amount}, today. Is that right?"
    - "Right?"
"""


class FakeRenderer:
    """A tone for every stretch, its pitch from the text."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def render(self, stretches: Sequence[str], voice: str, speed: float = 1.0) -> list[Sound]:
        self.texts.append(" ".join(stretches))
        time = np.arange(RATE // 10) / RATE
        return [
            np.asarray(0.3 * np.sin(2 * np.pi * (200 + 10 * len(text)) * time), dtype=np.float32)
            for text in stretches
        ]


def prompts_in(folder: Path, text: str = PROMPTS) -> Path:
    (folder / "catalogue.yml").write_text(text, "utf-8")
    return folder


def test_every_piece_of_the_shipped_catalogue_has_exactly_one_carrier() -> None:
    catalogue = load_catalogue(SHIPPED)
    carried = [piece_id for c in carriers_of(catalogue) for piece_id in c.piece_ids]
    assert sorted(carried) == sorted(piece.id for piece in catalogue.pieces())


def test_a_carrier_says_the_text_of_its_piece() -> None:
    """Punctuation apart: it is there for the melody."""
    catalogue = load_catalogue(SHIPPED)
    texts = {piece.id: piece.text for piece in catalogue.pieces()}
    for carrier in carriers_of(catalogue):
        for text, piece_id in carrier.stretches:
            if piece_id is not None:
                assert text.rstrip(",. \u2014") == texts[piece_id].rstrip(",.")


def test_a_build_makes_everything_fit_and_a_second_one_does_nothing(tmp_path: Path) -> None:
    catalogue = load_catalogue(prompts_in(tmp_path))
    seen: list[Progress] = []
    made = build(catalogue, FakeRenderer, "someone", seen.append)
    assert made == sum(1 for _ in catalogue.pieces())
    assert seen[-1].done == seen[-1].total == made
    assert check(catalogue).fits

    def no_renderer() -> FakeRenderer:
        raise AssertionError("nothing is to be rendered")

    assert build(catalogue, no_renderer) == 0


def test_only_a_changed_text_is_rendered_again_within_its_prompt(tmp_path: Path) -> None:
    build(load_catalogue(prompts_in(tmp_path)), FakeRenderer)
    changed = load_catalogue(prompts_in(tmp_path, PROMPTS.replace("You pay", "You owe")))
    renderer = FakeRenderer()
    assert build(changed, lambda: renderer) == 1
    assert renderer.texts == ["You owe eighty-seven dollars and fifty cents, today. Is that right?"]
    assert check(changed).fits


def test_a_prompt_that_is_gone_takes_its_recordings_with_it(tmp_path: Path) -> None:
    build(load_catalogue(prompts_in(tmp_path)), FakeRenderer)
    without = load_catalogue(prompts_in(tmp_path, PROMPTS.replace('    - "Right?"\n', "")))
    build(without, FakeRenderer)
    assert not (tmp_path / "phrases" / "pay.2.1.wav").exists()
    assert check(without).fits


def test_a_persons_recording_is_never_rendered_over_or_removed(tmp_path: Path) -> None:
    catalogue = load_catalogue(prompts_in(tmp_path))
    build(catalogue, FakeRenderer)
    path = tmp_path / "phrases" / "pay.2.1.wav"
    own = np.asarray(9000 * np.sin(np.arange(4000) * 0.2), dtype=np.int16)
    soundfile.write(path, own, 8000)
    before = path.read_bytes()
    assert build(catalogue, FakeRenderer) == 0
    assert path.read_bytes() == before
    assert Recordings(tmp_path).entries["phrases/pay.2.1"].voice == OWN_VOICE
    assert check(catalogue).fits
    build(
        load_catalogue(prompts_in(tmp_path, PROMPTS.replace('    - "Right?"\n', ""))), FakeRenderer
    )
    assert path.read_bytes() == before


def test_what_was_rendered_before_an_interruption_stays(tmp_path: Path) -> None:
    catalogue = load_catalogue(prompts_in(tmp_path))

    def interrupt(progress: Progress) -> None:
        if progress.done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(catalogue, FakeRenderer, progress=interrupt)
    assert len(Recordings(tmp_path).entries) >= 20
    assert not check(catalogue).out_of_step


@pytest.mark.parametrize(
    ("ipa", "american"),
    [
        ("ˈe^ɪɾisˈɛvən", "ˈATisˈɛvən"),
        ("fˈɔː^ɹ", "fˈɔɹ"),
        ("zˈi^əɹo^ʊ", "zˈiəɹO"),
        ("θˈɜːɾi", "θˈɜɹTi"),
        ("mˈæstɚkˌɑː^ɹd", "mˈæstəɹkˌɑɹd"),
        ("t^ʃˈɑː^ɹd^ʒd", "ʧˈɑɹʤd"),
        ("ɐ bˈɑːɾə^l", "ə bˈɑTᵊl"),
        ("ˈa^ɪm bˈɔ^ɪ na^ʊ", "ˈIm bˈY nW"),
    ],
)
def test_phonemes_become_the_letters_the_voice_was_trained_on(ipa: str, american: str) -> None:
    assert to_kokoro(ipa, british=False) == american


def test_british_vowels_keep_their_length() -> None:
    assert to_kokoro("kˈɑːd nə^ʊ ðe^ə", british=True) == "kˈɑːd nQ ðɛː"


@pytest.mark.parametrize("voice", sorted(RESERVED_VOICES))
def test_voices_kept_for_acceptance_are_refused(voice: str, tmp_path: Path) -> None:
    kokoro = Kokoro.__new__(Kokoro)
    kokoro._voices = tmp_path
    with pytest.raises(CatalogueError, match="kept for acceptance"):
        kokoro._style(voice, 10)
    with pytest.raises(CatalogueError, match="kept for acceptance"):
        kokoro._style(f"af_sky+{voice}", 10)


def test_somebody_half_way_between_two_voices_has_the_mean_of_their_styles(tmp_path: Path) -> None:
    for name, value in (("af_sky", 1.0), ("am_adam", 3.0)):
        np.full((20, 256), value, np.float32).tofile(tmp_path / f"{name}.bin")
    kokoro = Kokoro.__new__(Kokoro)
    kokoro._voices = tmp_path

    assert np.array_equal(kokoro._style("af_sky+am_adam", 10), np.full((1, 256), 2.0, np.float32))
