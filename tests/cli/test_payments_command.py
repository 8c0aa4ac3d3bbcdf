"""payments open and close: what a person sees of charges without outcome, and decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from bot.cards import CardNumber, Expiry
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.cli.app import app
from bot.database import database_url, open_database
from bot.errors import BotError, StoreError
from bot.money import Money
from bot.outcomes import CallType
from bot.paying.intents import Intent, State
from bot.paying.journal import Journal
from bot.records.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def printed(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, ["payments", "open", *arguments])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def opened(journal: Journal, name: int | str) -> str:
    attempt = f"attempt-{name}"
    request = ChargeRequest(
        attempt, f"call-{name}", Money(8750), CardNumber("4242424242424242"), Expiry(4, 2029)
    )
    now = NOON + timedelta(minutes=name if isinstance(name, int) else 0)
    journal.open(request, owner="till", now=now, lease_until=now)
    return attempt


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a charge in each state that is open, one given up, one settled."""
    engine: Engine = open_database(database_url("", tmp_path))
    journal = Journal(engine, ("simulator",))
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
    lines = [line.rstrip() for line in printed("--out", str(out))]
    table, what_to_do = lines[1:7], lines[8:]
    assert [row.split("  ")[0].strip() for row in table] == [
        "key", "─" * len(table[1].strip()), "attempt-1", "attempt-2", "attempt-3", "attempt-4",
    ]  # fmt: skip
    assert [" ".join(row.split()) for row in table[2:]] == [
        "attempt-1 $87.50 Visa …4242 2026-11-22 12:01 intent 0 simulator -",
        "attempt-2 $87.50 Visa …4242 2026-11-22 12:02 sent 0 simulator -",
        "attempt-3 $87.50 Visa …4242 2026-11-22 12:03 unknown 1 simulator -",
        "attempt-4 $87.50 Visa …4242 2026-11-22 12:04 given up 2 simulator INV-7",
    ]
    assert [line.partition(":")[0] for line in what_to_do] == [
        "intent", "sent", "unknown", "given up",
    ]  # fmt: skip
    assert "payments close KEY --as approved, declined or not-charged" in what_to_do[-1]
    assert "while the bot runs" in what_to_do[1]


ANOTHER = "gateway.url=https://gateway.example"


def test_of_charges_of_another_gateway_it_is_said_that_nobody_asks(out: Path) -> None:
    *_, given_up, another = printed("--out", str(out), "--setting", ANOTHER)
    assert "while the bot runs" not in given_up + another
    assert given_up.startswith("given up: ")
    assert another.startswith("another gateway's: nobody asks")
    said = refusal(out, "attempt-3", "--as", "approved", "--setting", ANOTHER)
    assert "nobody asks: the gateway in payment.toml is another one" in said
    assert "still looked up" in refusal(out, "attempt-3", "--as", "approved")


def test_a_key_of_any_length_is_shown_whole_to_be_copied(tmp_path: Path) -> None:
    engine = open_database(database_url("", tmp_path))
    opened(Journal(engine), "k" * 200)
    engine.dispose()
    assert any("attempt-" + "k" * 200 in line for line in printed("--out", str(tmp_path)))


def test_nothing_open_is_said_in_one_line(tmp_path: Path) -> None:
    open_database(database_url("", tmp_path)).dispose()
    assert printed("--out", str(tmp_path)) == [
        "No charge is open: every one has come to an outcome."
    ]


def test_a_folder_without_payments_stays_without_a_database(tmp_path: Path) -> None:
    assert printed("--out", str(tmp_path)) == [f"{tmp_path}: no payments here yet"]
    mistyped = CliRunner().invoke(app, ["payments", "open", "--out", str(tmp_path / "typo")])
    assert isinstance(mistyped.exception, BotError)
    assert "no such folder" in str(mistyped.exception)
    assert list(tmp_path.iterdir()) == []


def test_the_database_the_settings_name_is_read(out: Path, tmp_path: Path) -> None:
    named = f"records.database=sqlite:///{out}/payments.db"
    assert len(printed("--out", str(tmp_path / "elsewhere"), "--setting", named)) == 12


# -- closing by hand -------------------------------------------------------------------------------


def closed(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["payments", "close", *arguments, "--out", str(out)])


def refusal(out: Path, *arguments: str) -> str:
    before = everything(out)
    result = closed(out, *arguments)
    assert isinstance(result.exception, BotError)
    assert everything(out) == before
    return str(result.exception)


def everything(out: Path) -> list[tuple[object, ...]]:
    engine = open_database(database_url("", out))
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM charge_intents ORDER BY attempt_id"))
        found = [tuple(row) for row in rows]
    engine.dispose()
    return found


def intent(out: Path, key: str) -> Intent:
    engine = open_database(database_url("", out))
    found = Journal(engine).find(key)
    engine.dispose()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("verdict", "state", "status"),
    [
        ("approved", State.APPROVED, ChargeStatus.APPROVED),
        ("declined", State.DECLINED, ChargeStatus.DECLINED),
        ("not-charged", State.UNAVAILABLE, ChargeStatus.UNAVAILABLE),
    ],
)
def test_a_person_closes_a_given_up_charge_and_it_is_written_that_it_was_by_hand(
    out: Path, verdict: str, state: State, status: ChargeStatus
) -> None:
    began = datetime.now(UTC)
    result = closed(out, "attempt-4", "--as", verdict)
    assert result.exit_code == 0, result.output
    assert result.output == (
        f"closed by hand: $87.50, Visa …4242, {verdict.replace('-', ' ')}; it was given up\n"
    )
    charge = intent(out, "attempt-4")
    assert charge.state is state
    assert charge.closed_by_hand_at is not None
    assert began <= charge.closed_by_hand_at <= datetime.now(UTC)
    assert not any("attempt-4" in line for line in printed("--out", str(out)))
    engine = open_database(database_url("", out))
    call = Store(engine).call("call-4")
    engine.dispose()
    assert call is not None
    assert call.settled is not None
    assert (call.settled.status, call.settled.how) == (status, "by hand")


def test_the_gateways_reference_is_kept_with_an_approved_charge_only(out: Path) -> None:
    assert "only an approved charge" in refusal(
        out, "attempt-4", "--as", "declined", "--reference", "K7M4Q2"
    )
    assert closed(out, "attempt-4", "--as", "approved", "--reference", "K7M4Q2").exit_code == 0
    assert intent(out, "attempt-4").reference == "K7M4Q2"


def test_a_card_number_given_for_a_reference_is_refused_and_not_repeated(out: Path) -> None:
    said = refusal(out, "attempt-4", "--as", "approved", "--reference", "4242424242424242")
    assert "4242" not in said


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_charge_that_is_still_looked_up_is_closed_only_when_asked_for_explicitly(
    out: Path, number: int
) -> None:
    key = f"attempt-{number}"
    assert "--although-open" in refusal(out, key, "--as", "not-charged")
    assert closed(out, key, "--as", "not-charged", "--although-open").exit_code == 0
    assert intent(out, key).state is State.UNAVAILABLE


def test_what_was_never_sent_cannot_have_been_approved(out: Path) -> None:
    said = refusal(out, "attempt-1", "--as", "approved", "--although-open")
    assert "never sent" in said


def test_a_charge_that_a_process_holds_at_this_moment_is_never_closed(out: Path) -> None:
    engine = open_database(database_url("", out))
    now = datetime.now(UTC)
    until = now + timedelta(minutes=5)
    assert Journal(engine).lease("attempt-3", owner="till", now=now, until=until)
    engine.dispose()
    said = refusal(out, "attempt-3", "--as", "approved", "--although-open")
    assert "at this moment" in said


def test_what_is_closed_stays_as_it_is(out: Path) -> None:
    assert "closed already, as approved" in refusal(out, "attempt-5", "--as", "declined")
    closed(out, "attempt-4", "--as", "approved")
    assert "closed by hand already" in refusal(out, "attempt-4", "--as", "declined")


def test_a_record_that_could_not_be_written_is_said_and_written_by_the_same_command(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    command = ("attempt-4", "--as", "approved", "--reference", "K7M4Q2")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "settle", fail)
        result = closed(out, *command)
        assert result.exit_code == 1, result.output
        assert "closed in the journal; its call's record could not be written" in result.output
        assert "the disk is full" in result.output
        assert intent(out, "attempt-4").state is State.APPROVED
        assert refusal(out, *command) == "the disk is full"
    assert "closed by hand already" in refusal(out, "attempt-4", "--as", "declined")
    result = closed(out, *command)
    assert (result.exit_code, result.output) == (
        0, "closed by hand: $87.50, Visa …4242, approved, reference K7M4Q2; "
        "its call's record is written now\n",
    )  # fmt: skip
    engine = open_database(database_url("", out))
    call = Store(engine).call("call-4")
    engine.dispose()
    assert call is not None
    assert call.settled is not None
    assert (call.settled.status, call.settled.reference, call.settled.how) == (
        ChargeStatus.APPROVED, "K7M4Q2", "by hand",
    )  # fmt: skip
    assert call.settled_at == intent(out, "attempt-4").closed_by_hand_at
    assert "closed by hand already" in refusal(out, *command)


def test_a_mistyped_key_is_answered_with_the_nearest(out: Path) -> None:
    assert "did you mean attempt-4?" in refusal(out, "atempt-4", "--as", "approved")


def test_keys_are_completed_given_up_ones_first_each_with_its_amount(out: Path) -> None:
    completed = completion(out, "attempt-")
    assert [line.split("\t")[0] for line in completed] == [
        "attempt-4", "attempt-1", "attempt-2", "attempt-3",
    ]  # fmt: skip
    assert completed[0].split("\t")[1] == "$87.50, Visa …4242, given up"


def test_completion_makes_no_database(tmp_path: Path) -> None:
    assert completion(tmp_path, "attempt-") == []
    assert list(tmp_path.iterdir()) == []


def completion(out: Path, typed: str) -> list[str]:
    asked = {"_RUN_BOT.PY_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    asked["_TYPER_COMPLETE_ARGS"] = f"run_bot.py payments close --out {out} {typed}"
    offered = CliRunner().invoke(app, [], prog_name="run_bot.py", env=asked)
    return offered.stdout.split("\n")[:-1] if offered.stdout.strip() else []
