"""`bench hearing`: what it leaves in its folder. One quick engine stands in for all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from bot.calls.laboratory.bench import Answer
from bot.calls.laboratory.cases import Case
from bot.cli.app import app
from bot.errors import BotError, StoreError
from bot.out_folder import sole_user_of


class Heard:
    """Counts the recordings that were heard."""

    def __init__(self) -> None:
        self.files: list[Path] = []

    def answer(self, engine: object, case: Case, *_: object) -> Answer:
        self.files.append(case.file)
        return Answer("quick", case, case.value, 0.9, True, 1.0)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()

    class Quick:
        name = "quick"

    def contestants(*_: object) -> Sequence[Quick]:
        return [Quick()]

    monkeypatch.setattr("bot.calls.laboratory.bench.contestants", contestants)
    monkeypatch.setattr("bot.calls.laboratory.bench.answer", heard.answer)
    return heard


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.zeros(800, np.int16), 8_000)
    (folder / "a.txt").write_text("amount: 87.50\n")
    return folder


def bench(recordings: Path, out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, ["bench", "hearing", str(recordings), "--out", str(out), *arguments]
    )


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_heard(
    heard: Heard, recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        ended = bench(recordings, out)
        assert isinstance(ended.exception, BotError)
        assert str(out) in str(ended.exception)
    assert heard.files == []


def test_a_folder_in_use_by_another_run_is_refused(
    heard: Heard, recordings: Path, tmp_path: Path
) -> None:
    with sole_user_of(tmp_path / "out"):
        ended = bench(recordings, tmp_path / "out")
    assert isinstance(ended.exception, BotError)
    assert "in use by process" in str(ended.exception)
    assert heard.files == []


def test_a_report_that_cannot_be_written_costs_nobody_the_table(
    heard: Heard, recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "bench-hearing.md").mkdir(parents=True)
    ended = bench(recordings, tmp_path / "out")
    assert "quick" in ended.stdout
    assert isinstance(ended.exception, StoreError)
    assert "bench-hearing.md: cannot be written" in str(ended.exception)


def test_both_reports_lie_in_the_folder_and_json_is_all_that_is_printed(
    heard: Heard, recordings: Path, tmp_path: Path
) -> None:
    ended = bench(recordings, tmp_path / "out", "--json")
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["answers"][0]["said"] == "87.50"
    kept = {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")}
    assert kept == {"bench-hearing.md", "bench-hearing.json"}
    assert json.loads((tmp_path / "out" / "bench-hearing.json").read_text()) == json.loads(
        ended.stdout
    )
