"""A whole call through each kind of gateway: the simulator speaks all three."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command_line import PAYS, run_here, start

TYPED = ("talk", "--text", "--no-rasa", "--today", "2026-11-22")
KINDS = ("rest", "xml", "stripe")
TOO_LITTLE = "4000000000009995#"
STOLEN = "4000000000009979#"
LOST_ANSWER = "4000000000005100#"


def talk(out: Path, kind: str, *lines: str) -> tuple[int, str, str]:
    """A typed call; its exit status and what it printed. As chatty as its log can be."""
    settings = ("--setting", f"gateway.kind={kind}", "--setting", "log_level=debug")
    with start(*TYPED, "--out", str(out), *settings) as process:
        printed, err = process.communicate("".join(f"{line}\n" for line in lines))
    assert "Traceback" not in err
    return process.returncode, printed, err


def booked(out: Path) -> list[tuple[str, int, int]]:
    with closing(sqlite3.connect(out / "simulator.db")) as books:
        return books.execute("SELECT status, amount, requests FROM entries").fetchall()


@pytest.mark.parametrize("kind", KINDS)
def test_a_caller_pays_after_a_card_with_too_little_on_it(tmp_path: Path, kind: str) -> None:
    status, printed, _ = talk(tmp_path, kind, PAYS[0], TOO_LITTLE, *PAYS[2:], *PAYS[1:])
    assert status == 0, printed
    assert "doesn't have enough funds" in printed
    assert "Your reference is" in printed
    assert booked(tmp_path) == [("declined", 8750, 1), ("approved", 8750, 1)]
    logs = "".join(path.read_text() for path in tmp_path.rglob("*.log"))
    assert '"level": "debug"' in logs
    for number in (PAYS[1], TOO_LITTLE):
        for start_at in range(8):
            assert number[start_at : start_at + 8] not in printed + logs


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_answer_is_looked_up_and_the_money_taken_once(tmp_path: Path, kind: str) -> None:
    status, printed, _ = talk(tmp_path, kind, PAYS[0], LOST_ANSWER, *PAYS[2:])
    assert status == 0, printed
    assert "went through" in printed
    assert booked(tmp_path) == [("approved", 8750, 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_that_was_reported_is_just_declined(tmp_path: Path, kind: str) -> None:
    _, printed, _ = talk(tmp_path, kind, PAYS[0], STOLEN, *PAYS[2:])
    assert "the bank declined this card" in printed
    assert "stolen" not in printed + json.dumps(
        [path.read_text() for path in tmp_path.rglob("*.json")]
    )


def test_a_token_on_the_command_line_is_refused_and_told_where_it_belongs(tmp_path: Path) -> None:
    ended = run_here(*TYPED, "--setting", "gateway.token=s3cret-123", folder=tmp_path)
    assert ended.status == 2
    assert "PAYMENT_GATEWAY_TOKEN" in ended.told
    assert "s3cret" not in ended.told
