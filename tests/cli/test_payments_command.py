"""payments open: what a person sees of charges whose outcome nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from bot.cards import CardNumber, Expiry
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.cli.app import app
from bot.database import database_url, open_database
from bot.money import Money
from bot.outcomes import CallType
from bot.paying.journal import Journal
from bot.records.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def printed(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, ["payments", "open", *arguments])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def opened(journal: Journal, number: int) -> str:
    attempt = f"attempt-{number}"
    request = ChargeRequest(
        attempt, f"call-{number}", Money(8750), CardNumber("4242424242424242"), Expiry(4, 2029)
    )
    now = NOON + timedelta(minutes=number)
    journal.open(request, owner="till", now=now, lease_until=now)
    return attempt


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a charge in each state that is open, one given up, one settled."""
    engine: Engine = open_database(database_url("", tmp_path))
    journal = Journal(engine)
    Store(engine).begin_call("call-4", NOON, CallType.AUTOMATED, payment_reference="INV-7")
    opened(journal, 1)
    for number in (2, 3, 4, 5):
        journal.mark_sent(opened(journal, number), owner="till", now=NOON)
    journal.mark_unknown("attempt-3", now=NOON)
    journal.mark_unknown("attempt-4", now=NOON)
    for attempt in ("attempt-3", "attempt-4", "attempt-4"):
        journal.note_look_up(attempt, late_not_founds=0, again_after=None, now=NOON)
    journal.give_up("attempt-4", now=NOON)
    journal.settle("attempt-5", ChargeOutcome(ChargeStatus.APPROVED, "attempt-5"), now=NOON)
    engine.dispose()
    return tmp_path


def test_every_charge_without_an_outcome_is_listed_oldest_first(out: Path) -> None:
    assert printed("--out", str(out)) == [
        "$87.50, Visa ending in 4242, 2026-11-22 12:01 UTC: intent",
        "  order not named, call call-1",
        "  not sent; closed at the next start, unless a call is about to send it",
        "$87.50, Visa ending in 4242, 2026-11-22 12:02 UTC: sent",
        "  order not named, call call-2",
        "  sent, its answer not known yet; looked up at the next start",
        "$87.50, Visa ending in 4242, 2026-11-22 12:03 UTC: unknown",
        "  order not named, call call-3",
        "  sent, no clear answer; 1 look-up gave no answer, and more follow whenever the bot runs",
        "$87.50, Visa ending in 4242, 2026-11-22 12:04 UTC: given up",
        "  order INV-7, call call-4",
        "  2 look-ups gave no answer, and none follows: ask the gateway what became of the "
        "idempotency key attempt-4",
    ]


def test_nothing_open_is_said_in_one_line(tmp_path: Path) -> None:
    open_database(database_url("", tmp_path)).dispose()
    assert printed("--out", str(tmp_path)) == [
        "No charge is open: every one has come to an outcome."
    ]


def test_a_folder_without_payments_stays_without_a_database(tmp_path: Path) -> None:
    assert printed("--out", str(tmp_path)) == [f"{tmp_path}: no payments here yet"]
    assert list(tmp_path.iterdir()) == []


def test_the_database_the_settings_name_is_read(out: Path, tmp_path: Path) -> None:
    named = f"records.database=sqlite:///{out}/payments.db"
    assert len(printed("--out", str(tmp_path / "elsewhere"), "--setting", named)) == 12
