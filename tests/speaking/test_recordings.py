"""Recordings, their manifest, and the check of both against the catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import CatalogueError
from bot.speaking.catalogue import Catalogue, Language, load_catalogue
from bot.speaking.english import pieces_of
from bot.speaking.levels import TARGET_DBFS, active_level_dbfs
from bot.speaking.pieces import Piece
from bot.speaking.recordings import MANIFEST, Recordings, check, read_wav

HELLO = Piece("phrases/hello.1.1", "Hello.")
TEXT = "version: 1\nlanguage: en\nprompts:\n  hello:\n    - Hello.\n"


def catalogue_in(folder: Path, text: str = TEXT) -> Catalogue:
    """A catalogue without values, so that phrases are all there is to record."""
    folder.mkdir(exist_ok=True)
    (folder / "catalogue.yml").write_text(text, "utf-8")
    loaded = load_catalogue(folder)
    return Catalogue(folder, Language("en", "en_US", pieces_of, {}), loaded.prompts)


def save(folder: Path, *pieces: Piece) -> Recordings:
    recordings = Recordings(folder)
    for piece in pieces:
        recordings.save(piece, sound(), "someone")
    recordings.write()
    return recordings


def sound(amplitude: int = 8000, seconds: float = 0.3, rate: int = SAMPLE_RATE) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(amplitude * np.sin(2 * np.pi * 300 * time), dtype=np.int16)


def test_all_fits_once_everything_is_recorded(tmp_path: Path) -> None:
    catalogue = catalogue_in(tmp_path)
    save(tmp_path, HELLO)
    found = check(catalogue)
    assert found.fits
    assert Recordings(tmp_path).entries[HELLO.id].voice == "someone"


def test_a_piece_without_recording_is_missing(tmp_path: Path) -> None:
    found = check(catalogue_in(tmp_path))
    assert [piece.id for piece in found.missing] == [HELLO.id]
    assert not found.fits


def test_a_recording_no_prompt_needs_is_unused(tmp_path: Path) -> None:
    catalogue = catalogue_in(tmp_path)
    save(tmp_path, HELLO, Piece("phrases/gone.1.1", "Gone."))
    (tmp_path / "values").mkdir()
    soundfile.write(tmp_path / "values" / "digit.7.high.wav", sound(), SAMPLE_RATE)
    found = check(catalogue)
    assert found.unused == ("phrases/gone.1.1", "values/digit.7.high")
    assert not found.missing
    assert not found.out_of_step


def test_a_changed_text_is_out_of_step_with_its_recording(tmp_path: Path) -> None:
    catalogue_in(tmp_path)
    save(tmp_path, HELLO)
    found = check(catalogue_in(tmp_path, TEXT.replace("Hello.", "Good morning.")))
    [(piece_id, why)] = found.out_of_step
    assert piece_id == HELLO.id
    assert why == "the recording says 'Hello.', the catalogue 'Good morning.'"


def test_a_changed_file_is_out_of_step_with_the_manifest(tmp_path: Path) -> None:
    catalogue = catalogue_in(tmp_path)
    recordings = save(tmp_path, HELLO)
    soundfile.write(recordings.path(HELLO.id), sound(seconds=0.5), SAMPLE_RATE)
    assert [piece_id for piece_id, _ in check(catalogue).out_of_step] == [HELLO.id]


def test_a_recording_of_ones_own_is_used_as_it_is(tmp_path: Path) -> None:
    """Any rate, stereo or mono, any loudness."""
    catalogue = catalogue_in(tmp_path)
    path = tmp_path / f"{HELLO.id}.wav"
    path.parent.mkdir()
    high = sound(amplitude=1000, rate=44_100)
    soundfile.write(path, np.stack([high, high], axis=1), 44_100)
    recordings = Recordings(tmp_path)
    assert recordings.usable(HELLO)
    loaded = recordings.load(HELLO)
    assert 0.28 < len(loaded) / SAMPLE_RATE < 0.32
    assert abs(active_level_dbfs(loaded) - TARGET_DBFS) <= 1
    assert check(catalogue).fits


def test_a_recording_out_of_step_is_not_usable(tmp_path: Path) -> None:
    recordings = save(tmp_path, HELLO)
    assert recordings.usable(HELLO)
    assert not recordings.usable(Piece(HELLO.id, "Good morning."))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty, 0 bytes"),
        (b"not a wav", "not a WAV file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "truncated, there is no sound in it"),
    ],
)
def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=rf"broken\.wav: {why}"):
        read_wav(path)


def test_a_silent_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(800, dtype=np.int16), SAMPLE_RATE)
    with pytest.raises(CatalogueError, match=r"silent\.wav: there is no sound in it"):
        read_wav(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "recordings": {"a": {}}}']
)
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=r"recordings\.json: not a manifest"):
        Recordings(tmp_path)


def test_a_manifest_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"version": 2, "recordings": {}}), "utf-8")
    with pytest.raises(CatalogueError, match="version must be 1, not 2"):
        Recordings(tmp_path)
