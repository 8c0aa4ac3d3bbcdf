"""`run_bot.py flow`: a designer sees the conversation."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from bot.cli.app import app
from bot.dialog.picture import flow_svg


def test_flow_writes_the_picture(tmp_path: Path) -> None:
    out = tmp_path / "flow.svg"
    shown = CliRunner().invoke(app, ["flow", "--out", str(out)])
    assert shown.exit_code == 0
    assert out.read_text("utf-8") == flow_svg()


def test_flow_without_a_file_prints_the_picture() -> None:
    shown = CliRunner().invoke(app, ["flow"])
    assert shown.stdout == flow_svg()


def test_flow_names_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["flow", "--out", str(tmp_path)])
    assert shown.exit_code != 0
    assert "cannot be written" in str(shown.exception)
