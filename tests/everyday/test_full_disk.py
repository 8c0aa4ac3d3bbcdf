"""A disk that fills up in the middle of a call: the payment and its result are told all the same,
what could not be written is named, and nothing is half-written."""

from __future__ import annotations

import json
import resource
from pathlib import Path

from command_line import PAYS, half_written, run

TYPED = ("talk", "--text", "--no-rasa", "--today", "2026-11-22")
_RECORDED_SECONDS = 12
_RECORDING_BYTES = _RECORDED_SECONDS * 8_000 * 2 * 2


def files_no_larger_than_a_short_recording() -> None:
    """The kernel refuses to let any file grow beyond this, as it would on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_RECORDING_BYTES, _RECORDING_BYTES))


def test_a_recording_that_cannot_go_on_costs_the_recording_and_not_the_payment(
    tmp_path: Path,
) -> None:
    ended = run(
        *TYPED, "--out", str(tmp_path), typed=PAYS, before=files_no_larger_than_a_short_recording
    )
    assert ended.status == 0, ended.err
    assert "the recording could not be written" in " ".join(ended.out.split())
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["status"] == "success"
    assert result["degradations"] == ["the recording could not be written"]
    assert "There is no recording of this call" in (tmp_path / "call.html").read_text()
    assert half_written(tmp_path) == []
    assert not (tmp_path / "call.wav").exists()
    assert "Traceback" not in ended.err


def test_a_file_of_the_call_before_that_cannot_be_replaced_is_told_before_the_call(
    tmp_path: Path,
) -> None:
    (tmp_path / "result.json").mkdir()
    ended = run(*TYPED, "--out", str(tmp_path), typed=PAYS)
    assert ended.status == 2
    assert "result.json: cannot be replaced (Is a directory)" in ended.told
    assert half_written(tmp_path) == []
