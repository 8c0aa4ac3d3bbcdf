"""What is kept of a call, and what becomes of it when that cannot be written."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from one_call import (
    TODAY,
    BriefSpeaker,
    KnownWords,
    ObligingGateway,
    SaidWords,
    paying_caller,
    payment_words,
)

from bot.calls.call import CallEnd
from bot.calls.callers import ScriptedCaller, ScriptedTurn, keys_sound
from bot.calls.charging import AskedCharge
from bot.calls.late_charges import LateCharges
from bot.calls.recording import Recording
from bot.calls.rooms import Rooms
from bot.calls.run_call import CallRunner, Files, FinishedCall, call_started
from bot.calls.scenarios.scenario import Parameters
from bot.cards import Expiry
from bot.database import open_database
from bot.dialog.events import CallStarted
from bot.errors import SettingsError, StoreError
from bot.money import Money
from bot.outcomes import PaymentResult, ResultName
from bot.records.store import Store
from bot.settings import Settings

FULL = "payments.db: cannot be written (No space left on device)"


class QuietEngine:
    name = "quiet"

    def recogniser(self) -> SaidWords:
        return SaidWords()


class FullStore(Store):
    """Its disk fills up while the call runs."""

    def finish_call(self, *_arguments: object, **_more: object) -> None:
        raise StoreError(FULL)


class RefusingStore(Store):
    def begin_call(self, *_arguments: object, **_more: object) -> None:
        raise StoreError(FULL)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    engine = open_database(f"sqlite:///{tmp_path}/payments.db")
    yield Store(engine)
    engine.dispose()


async def cancelled_call(store: Store, files: Files) -> FinishedCall:
    """A caller presses the star key: the shortest call there is."""
    caller = ScriptedCaller([ScriptedTurn("amount.ask", 100, keys_sound("*"))])
    with ThreadPoolExecutor(1) as executor:
        gateway = ObligingGateway()
        rooms = Rooms(Settings(), lambda _: KnownWords(), BriefSpeaker(), gateway, executor)
        late = LateCharges(store, lambda _: None)
        runner = CallRunner(QuietEngine(), gateway, store, late)  # type: ignore[arg-type]
        return await runner.run(rooms, caller, Parameters(), files=files, today=TODAY)


async def test_recording_page_and_result_lie_in_the_folder(store: Store, tmp_path: Path) -> None:
    finished = await cancelled_call(store, Files(tmp_path / "out"))
    assert finished.result.payment.status is ResultName.CALLER_CANCELLED
    assert finished.not_kept == ()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "call.wav",
        "call.html",
        "result.json",
    }


async def test_records_that_cannot_be_written_are_named_and_hide_no_result(
    store: Store, tmp_path: Path
) -> None:
    files = Files(tmp_path / "out")
    finished = await cancelled_call(FullStore(store._engine), files)
    assert finished.result.payment.status is ResultName.CALLER_CANCELLED
    assert finished.not_kept == (FULL,)
    assert "the records could not be written" in files.result.read_text()
    assert "the records could not be written" in files.page.read_text()


@pytest.mark.parametrize("record", [Store, FullStore])
async def test_a_charge_counts_as_heard_of_once_its_outcome_is_in_the_calls_record(
    store: Store, tmp_path: Path, record: type[Store]
) -> None:
    """Else the next start tells of it: here the record could not be written."""
    gateway = ObligingGateway()
    files = Files(tmp_path / "out")
    with ThreadPoolExecutor(1) as executor:
        rooms = Rooms(Settings(), lambda _: payment_words(), BriefSpeaker(), gateway, executor)
        kept_in = record(store._engine)
        late = LateCharges(kept_in, lambda _: None)
        runner = CallRunner(QuietEngine(), gateway, kept_in, late)  # type: ignore[arg-type]
        await runner.run(rooms, paying_caller(), Parameters(), files=files, today=TODAY)
    (asked,) = gateway.asked
    assert gateway.heard_of == ([asked.attempt_id] if record is Store else [])


class SlowlySettling(ObligingGateway):
    """A look-up is something a line must not wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up = 0

    async def settle_open(self, patience_seconds: float) -> None:
        self.looked_up += 1

    async def find(self, attempt_id: str) -> None:
        return None


@pytest.mark.parametrize("live", [True, False])
async def test_a_live_line_is_not_kept_waiting_while_a_charge_is_looked_up(
    store: Store, tmp_path: Path, live: bool
) -> None:
    gateway = SlowlySettling()
    runner = CallRunner(QuietEngine(), gateway, store, LateCharges(store, lambda _: None))  # type: ignore[arg-type]
    started = CallStarted(call_id="a", today=TODAY)
    store.begin_call("a", datetime.now(UTC), started.call_type, None)
    asked = AskedCharge("key", Money(8750), Expiry(4, 2029), "4242")
    end = CallEnd(PaymentResult(ResultName.OUTCOME_UNKNOWN), asked=[asked])
    files = Files(tmp_path / "out")
    Recording(files.recording).close()
    finished = await runner._keep(started, datetime.now(UTC), end, [], files, live=live)
    assert finished.result.settled is None
    assert gateway.looked_up == (0 if live else 1)


async def test_a_result_file_that_cannot_be_written_costs_neither_page_nor_record(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _result: object) -> None:
        raise StoreError(f"{path}: cannot be written (No space left on device)")

    monkeypatch.setattr("bot.calls.run_call.write_result", full)
    files = Files(tmp_path / "out")
    finished = await cancelled_call(store, files)
    assert finished.not_kept == (f"{files.result}: cannot be written (No space left on device)",)
    assert files.page.exists()
    kept = store.call(finished.result.call_id)
    assert kept is not None
    assert kept.payment is not None


async def test_without_a_record_to_begin_there_is_no_call_and_no_file(
    store: Store, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="No space left"):
        await cancelled_call(RefusingStore(store._engine), Files(tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


async def test_files_of_the_call_before_do_not_pass_for_those_of_this_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path / "out")
    await cancelled_call(store, files)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.calls.run_call.Ear", stopped)
    with pytest.raises(KeyboardInterrupt):
        await cancelled_call(store, files)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["customer_id", "merchant_id", "payment_reference"])
@pytest.mark.parametrize("value", ["\ud800", "a\0b", "a\nb", "\x1b[31m", "x" * 201])
def test_an_identifier_that_cannot_be_written_down_begins_no_call(name: str, value: str) -> None:
    parameters = Parameters(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=name) as raised:
        call_started("", parameters, Settings(), TODAY)
    assert value not in str(raised.value)


@pytest.mark.parametrize("name", ["amount", "balance", "minimum_due"])
@pytest.mark.parametrize("value", ["4242424242424242", "4242 4242 4242 4242", "4242x"])
def test_what_stands_in_the_place_of_an_amount_and_is_none_is_not_repeated(
    name: str, value: str
) -> None:
    """The message goes to a log."""
    parameters = Parameters(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=f"{name}: not an amount of USD") as raised:
        call_started("", parameters, Settings(), TODAY)
    assert "4242" not in str(raised.value)


def test_identifiers_in_any_script_are_taken() -> None:
    name = "Żółć 客户-17"
    started = call_started("", Parameters(customer_id=name), Settings(), TODAY)
    assert started.customer_id == name
