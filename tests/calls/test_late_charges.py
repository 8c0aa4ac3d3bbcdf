"""A charge whose call cannot hear of it is in the call's record, and told to whoever is there."""

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from one_call import TODAY, BriefSpeaker, SaidWords, paying_caller, payment_words
from sqlalchemy import Engine

from bot.calls.call import Call, CallEnd
from bot.calls.late_charges import LateCharges, tell_of_open_charges
from bot.calls.rooms import Rooms
from bot.calls.run_call import CallRunner, Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.database import open_database
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.outcomes import CallType, ResultName
from bot.paying.gateway import (
    GatewayAnswer,
    KeyState,
    OutcomeUnknown,
    RepeatedKey,
    Semantics,
)
from bot.paying.journal import Journal
from bot.paying.pace import DeclaredPace
from bot.paying.service import PaymentService
from bot.paying.settling import Settled
from bot.records.store import Store, StoredCall
from bot.settings import Settings

_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPROVED = ChargeOutcome(ChargeStatus.APPROVED, "attempt", reference="K7M4Q2")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/payments.db")
    yield engine
    engine.dispose()


class SlowBank:
    """Books every charge at once and answers when it is told to."""

    semantics = Semantics(RepeatedKey.SAME_ANSWER, 86_400, True, 600)

    def __init__(self) -> None:
        self.booked = asyncio.Event()
        self.answers = asyncio.Event()

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        self.booked.set()
        await self.answers.wait()
        return GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        return GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")


class ForgetfulBank(SlowBank):
    """Books every charge, loses its answer, and says nothing of it until it remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.remembers = False

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        raise OutcomeUnknown("lost")

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        if not self.remembers:
            raise OutcomeUnknown("out of service")
        return await super().look_up(key, amount)


class QuietEngine:
    name = "quiet"

    def recogniser(self) -> SaidWords:
        return SaidWords(["yes"])


class Till:
    """One process: its payment service, its calls, and what it told."""

    def __init__(self, database: Engine, bank: SlowBank) -> None:
        self.told: list[str] = []
        self.store = Store(database)
        self.late = LateCharges(self.store, self.told.append)
        self.payments = PaymentService(
            database, bank, GatewaySettings(), pace=DeclaredPace(), on_late_outcome=self.late
        )

    async def call(self, folder: Path, *, live: bool = False) -> FinishedCall:
        with ThreadPoolExecutor(1) as executor:
            rooms = Rooms(
                Settings(), lambda _: payment_words(), BriefSpeaker(), self.payments, executor
            )
            runner = CallRunner(QuietEngine(), self.payments, self.store, self.late)
            return await runner.run(
                rooms, paying_caller(), Parameters(), files=Files(folder), today=TODAY, live=live
            )

    async def interrupted_call(self, folder: Path, bank: SlowBank) -> None:
        call = asyncio.create_task(self.call(folder))
        done, _ = await asyncio.wait(
            {call, asyncio.create_task(bank.booked.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        assert call not in done, "it ended before it charged"
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    def only_call(self) -> StoredCall:
        (call,) = self.store.recent(2)
        return call


async def test_the_answer_to_an_interrupted_calls_charge_is_recorded_and_told(
    database: Engine, tmp_path: Path
) -> None:
    bank = SlowBank()
    till = Till(database, bank)
    await till.interrupted_call(tmp_path / "out", bank)
    call = till.only_call()
    assert call.payment is not None
    assert call.payment.status is ResultName.INTERNAL_ERROR
    assert call.payment.reason == "interrupted: the bot ended while the call went on"
    assert (call.payment.amount, call.payment.last_four) == (Money(8750), "4242")
    assert (call.settled, till.told) == (None, [])

    bank.answers.set()
    await till.payments.aclose()
    call = till.only_call()
    assert call.settled is not None
    assert (call.settled.status, call.settled.reference, call.settled.how) == (
        ChargeStatus.APPROVED, "K7M4Q2", "answer",
    )  # fmt: skip
    assert till.told == [
        f"the charge of $87.50 of call {call.call_id} was approved: the money was taken, "
        "reference K7M4Q2"
    ]
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_charge_cut_off_is_recorded_and_told_at_the_next_start(
    database: Engine, tmp_path: Path
) -> None:
    bank = SlowBank()
    till = Till(database, bank)
    await till.interrupted_call(tmp_path / "out", bank)
    await till.payments.aclose(patience_seconds=0)
    assert (till.only_call().settled, till.told) == (None, [])

    restarted = Till(database, bank)
    # The lease of a process that is gone is released; this one still runs, so it has to lapse.
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE charge_intents SET lease_until = NULL")
    await restarted.payments.settle_open()
    call = restarted.only_call()
    assert call.settled is not None
    assert (call.settled.status, call.settled.how) == (ChargeStatus.APPROVED, "look-up")
    assert restarted.told == [
        f"the charge of $87.50 of call {call.call_id} was approved: the money was taken, "
        "reference K7M4Q2"
    ]


async def test_a_call_told_of_its_own_charge_is_not_settled_as_well(
    database: Engine, tmp_path: Path
) -> None:
    bank = SlowBank()
    bank.answers.set()
    till = Till(database, bank)
    await till.call(tmp_path / "out")
    call = till.only_call()
    assert call.payment is not None
    assert call.payment.status is ResultName.SUCCESS
    assert (call.settled, till.told) == (None, [])


async def test_a_start_tells_how_many_charges_are_open_and_how_many_were_given_up(
    database: Engine, tmp_path: Path
) -> None:
    bank = SlowBank()
    till = Till(database, bank)
    await till.interrupted_call(tmp_path / "out", bank)
    await till.payments.aclose(patience_seconds=0)
    await tell_of_open_charges(till.payments, till.told.append)
    (told,) = till.told
    assert told.startswith("charges whose outcome is not known yet: 1;")
    (charge,) = await till.payments.open_intents()
    assert Journal(database).give_up(charge.attempt_id, now=_NOON)
    await tell_of_open_charges(till.payments, till.told.append)
    told = till.told[-1]
    assert len(till.told) == 2
    assert told.startswith("charges given up, their outcome unknown: 1;")
    assert "`payments open` lists them" in told


async def test_a_start_tells_that_nobody_asks_about_charges_of_another_gateway(
    database: Engine, tmp_path: Path
) -> None:
    bank = SlowBank()
    till = Till(database, bank)
    await till.interrupted_call(tmp_path / "out", bank)
    await till.payments.aclose(patience_seconds=0)
    moved = PaymentService(database, bank, GatewaySettings(), gateway_names=("another",))
    await tell_of_open_charges(moved, till.told.append)
    (told,) = till.told
    assert told.startswith("charges of another gateway, whose outcome is not known: 1; nobody asks")
    assert "`payments open` lists them" in told


@pytest.mark.parametrize("remembers", [True, False])
async def test_what_is_found_out_during_a_live_calls_last_words_is_in_its_result(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembers: bool
) -> None:
    bank = ForgetfulBank()
    till = Till(database, bank)
    run = Call.run

    async def then_settle(call: Call) -> CallEnd:
        end = await run(call)
        bank.remembers = remembers
        await till.payments.settle_open()
        return end

    monkeypatch.setattr(Call, "run", then_settle)
    finished = await till.call(tmp_path / "out", live=True)
    assert finished.result.payment.status is ResultName.OUTCOME_UNKNOWN
    settled = finished.result.settled
    recorded = till.only_call().settled
    if not remembers:
        assert (settled, recorded, till.told) == (None, None, [])
        return
    assert settled is not None
    assert recorded is not None
    assert settled.status is recorded.status is ChargeStatus.APPROVED
    assert settled.reference == recorded.reference == "K7M4Q2"


async def test_what_is_found_out_after_a_live_call_looked_is_told_though_its_page_is_being_written(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = ForgetfulBank()
    till = Till(database, bank)
    heard = till.payments.heard

    async def then_settle(attempt_ids: Iterable[str]) -> None:
        await heard(attempt_ids)
        bank.remembers = True
        await till.payments.settle_open()

    monkeypatch.setattr(till.payments, "heard", then_settle)
    finished = await till.call(tmp_path / "out", live=True)
    assert finished.result.settled is None
    (told,) = till.told
    assert "approved: the money was taken, reference K7M4Q2" in told


@pytest.mark.parametrize("in_this_database", [True, False])
def test_a_running_calls_charge_that_its_record_cannot_have_is_told(
    database: Engine, in_this_database: bool
) -> None:
    told: list[str] = []
    store = Store(database)
    if in_this_database:
        begun(store, "running")
    late = LateCharges(store, told.append)
    unknown = ChargeOutcome(ChargeStatus.UNKNOWN, "attempt")
    with late.call_runs("running"):
        late(Settled("running", Money(8750), unknown))
        assert told == [], "it is still looked up, and nothing counts as heard"
        late(Settled("running", Money(8750), unknown, given_up=True))
        late(Settled("running", Money(8750), APPROVED))
    assert ["given up" in told[0], *("approved" in one for one in told[1:])] == (
        [True] if in_this_database else [True, True]
    )


def begun(store: Store, call_id: str = "crashed") -> None:
    store.begin_call(call_id, _NOON, CallType.AUTOMATED)


def test_a_call_that_crashed_has_its_charge_in_its_record(database: Engine) -> None:
    told: list[str] = []
    store = Store(database)
    begun(store)
    LateCharges(store, told.append)(Settled("crashed", Money(8750), APPROVED))
    call = store.call("crashed")
    assert call is not None
    assert call.settled is not None
    assert call.settled.reference == "K7M4Q2"
    assert len(told) == 1


def test_while_a_call_runs_its_charge_is_recorded_and_told_by_the_call(database: Engine) -> None:
    told: list[str] = []
    store = Store(database)
    begun(store, "running")
    late = LateCharges(store, told.append)
    with late.call_runs("running"):
        late(Settled("running", Money(8750), APPROVED))
    call = store.call("running")
    assert call is not None
    assert call.settled is not None
    assert told == []


@pytest.mark.parametrize(
    ("given_up", "words"), [(False, "no answer came"), (True, "ask the gateway")]
)
def test_an_outcome_nobody_knows_is_told_and_not_recorded(
    database: Engine, given_up: bool, words: str
) -> None:
    told: list[str] = []
    store = Store(database)
    begun(store)
    unknown = ChargeOutcome(ChargeStatus.UNKNOWN, "attempt")
    LateCharges(store, told.append)(Settled("crashed", Money(8750), unknown, given_up))
    call = store.call("crashed")
    assert call is not None
    assert call.settled is None
    assert words in told[0]


def test_what_cannot_be_recorded_is_told_all_the_same(database: Engine) -> None:
    told: list[str] = []
    late = LateCharges(Store(database), told.append)
    late(Settled("of another database", Money(8750), APPROVED))
    assert len(told) == 1


def test_the_keyboard_is_told_no_reference_that_looks_like_a_card_number(
    database: Engine,
) -> None:
    told: list[str] = []
    echoed = ChargeOutcome(ChargeStatus.APPROVED, "attempt", reference="4242424242424242")
    LateCharges(Store(database), told.append)(Settled("crashed", Money(8750), echoed))
    assert told[0].endswith("reference …4242")
