"""One attempt is charged once; callers are told the truth; what is open gets settled."""

from __future__ import annotations

import asyncio
import os
import sys
from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from paying_doubles import NO_LOOK_UP, HandPace, MemoryBank, a_request
from sqlalchemy import Engine, text

from bot.cards import Brand
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus, DeclineReason
from bot.errors import StoreError
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import Gateway, GatewayAnswer, KeyState
from bot.paying.intents import State
from bot.paying.journal import Journal
from bot.paying.pace import DeclaredPace, Pace, RealPace
from bot.paying.service import PaymentService
from bot.paying.settling import Settled

SETTINGS = GatewaySettings(look_up_for_ms=5_000)


def a_service(engine: Engine, bank: Gateway, pace: HandPace, **options: Any) -> PaymentService:
    return PaymentService(engine, bank, SETTINGS, pace=pace, **options)


async def state_of(service: PaymentService, attempt_id: str = "attempt-1") -> State:
    intent = await service.find(attempt_id)
    assert intent is not None
    return intent.state


def failing(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(Journal, method, fail)


# -- clear answers -------------------------------------------------------------------------------


async def test_an_approved_charge_is_told_with_its_reference_and_written_down(
    engine: Engine,
) -> None:
    pace = HandPace()
    service = a_service(engine, MemoryBank(pace), pace)
    outcome = await service.charge(a_request())
    assert outcome == ChargeOutcome(ChargeStatus.APPROVED, "attempt-1", reference="R0")
    intent = await service.find("attempt-1")
    assert intent is not None
    assert (intent.state, intent.reference, intent.lease_owner) == (State.APPROVED, "R0", None)
    assert (intent.brand, intent.last_four) == (Brand.VISA, "1111")
    assert (intent.amount, intent.call_id) == (Money(8750, "USD"), "call-1")
    assert intent.sent_at == intent.created_at == pace.time


async def test_a_decline_is_told_with_its_reason(engine: Engine) -> None:
    pace = HandPace()
    service = a_service(engine, MemoryBank(pace, ["decline"]), pace)
    outcome = await service.charge(a_request())
    assert outcome.status is ChargeStatus.DECLINED
    assert outcome.decline_reason is DeclineReason.INSUFFICIENT_FUNDS
    assert await state_of(service) is State.DECLINED


async def test_a_refusal_before_the_money_is_unavailable_for_certain(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, ["refuse"])
    service = a_service(engine, bank, pace)
    assert (await service.charge(a_request())).status is ChargeStatus.UNAVAILABLE
    assert await state_of(service) is State.UNAVAILABLE
    assert not bank.look_ups


@pytest.mark.parametrize("fate", ["approve", "decline", "refuse", "lost_before", "bug"])
async def test_the_security_code_is_gone_once_the_answer_is_here(engine: Engine, fate: Any) -> None:
    pace = HandPace()
    request = a_request()
    await a_service(engine, MemoryBank(pace, [fate]), pace).charge(request)
    assert request.security_code is not None
    assert len(request.security_code) == 0
    assert request.card.last_four == "1111"


# -- order of writing and sending ----------------------------------------------------------------


async def test_intent_and_sent_are_on_disk_before_anything_is_sent(engine: Engine) -> None:
    pace = HandPace()

    class LookingBank(MemoryBank):
        async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
            with engine.connect() as other:
                query = text("SELECT state FROM charge_intents WHERE attempt_id = :key")
                seen.append(other.execute(query, {"key": key}).scalar())
            return await super().charge(request, key)

    seen: list[object] = []
    await a_service(engine, LookingBank(pace), pace).charge(a_request())
    assert seen == ["sent"]


@pytest.mark.parametrize("method", ["open", "mark_sent"])
async def test_when_the_journal_fails_nothing_is_sent_and_that_is_certain(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    failing(monkeypatch, method)
    with structlog.testing.capture_logs() as logs:
        outcome = await a_service(engine, bank, pace).charge(a_request())
    assert outcome.status is ChargeStatus.UNAVAILABLE
    assert not bank.sends
    assert [(log["event"], log["why"]) for log in logs] == [("charge_not_sent", "disk full")]


async def test_when_the_journal_fails_after_the_answer_the_answer_is_told_all_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    service = a_service(engine, bank, pace)
    with monkeypatch.context() as patch, structlog.testing.capture_logs() as logs:
        failing(patch, "settle")
        outcome = await service.charge(a_request())
    assert (outcome.status, outcome.reference) == (ChargeStatus.APPROVED, "R0")
    assert [log["log_level"] for log in logs if log["event"] == "journal_failed"] == ["critical"]
    assert await state_of(service) is State.SENT

    pace.advance(60)  # the lease lapses
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.APPROVED
    assert bank.sends == {"attempt-1": 1}


@pytest.mark.parametrize("looks", [["works"], ["fails"] * 4])
async def test_when_the_journal_fails_an_attempt_made_before_is_not_called_untaken(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, looks: list[Any]
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, looks=looks)
    service = a_service(engine, bank, pace)
    await service.charge(a_request())
    failing(monkeypatch, "open")
    failing(monkeypatch, "find")
    outcome = await service.charge(a_request())
    works = looks == ["works"]
    assert outcome.status is (ChargeStatus.APPROVED if works else ChargeStatus.UNKNOWN)
    assert bank.sends == {"attempt-1": 1}


async def test_an_intent_that_another_process_closed_is_not_sent(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    service = a_service(engine, bank, pace)
    mark_sent = Journal.mark_sent

    def closed_meanwhile(journal: Journal, attempt_id: str, **options: Any) -> bool:
        nothing = ChargeOutcome(ChargeStatus.UNAVAILABLE, attempt_id)
        assert journal.settle(attempt_id, nothing, now=pace.now())
        return mark_sent(journal, attempt_id, **options)

    monkeypatch.setattr(Journal, "mark_sent", closed_meanwhile)
    assert (await service.charge(a_request())).status is ChargeStatus.UNAVAILABLE
    assert not bank.sends


# -- lost answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", ["lost_after", "bug"])
async def test_a_lost_answer_is_looked_up_and_never_sent_again(engine: Engine, fate: Any) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, [fate])
    service = a_service(engine, bank, pace)
    outcome = await service.charge(a_request())
    assert (outcome.status, outcome.settled_by_lookup) == (ChargeStatus.APPROVED, True)
    assert (bank.sends, bank.look_ups) == ({"attempt-1": 1}, {"attempt-1": 1})
    assert await state_of(service) is State.APPROVED


async def test_look_ups_go_on_with_growing_pauses_while_the_caller_can_wait(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, ["lost_after"], ["fails"] * 9)
    outcome = await a_service(engine, bank, pace).charge(a_request())
    assert outcome.status is ChargeStatus.UNKNOWN
    assert pace.pauses == [0.5, 1.0, 2.0]
    assert bank.look_ups["attempt-1"] == 4


async def test_a_look_up_that_hangs_does_not_keep_the_caller(engine: Engine) -> None:
    class Hanging(MemoryBank):
        async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
            self.look_ups[key] += 1
            await asyncio.Event().wait()
            raise AssertionError

    pace = HandPace()
    bank = Hanging(pace, ["lost_after"])
    settings = replace(SETTINGS, look_up_for_ms=100)
    service = PaymentService(engine, bank, settings, pace=pace)
    assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
    assert bank.look_ups["attempt-1"] == 1


async def test_not_found_within_the_call_does_not_mean_that_nothing_was_taken(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, ["late"])
    service = a_service(engine, bank, pace)
    assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
    assert bank.look_ups["attempt-1"] > 1
    assert not bank.captured("attempt-1")
    pace.advance(600)
    assert bank.captured("attempt-1")
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.APPROVED


async def test_what_was_declared_adds_up_in_the_outcome(engine: Engine) -> None:
    bank = MemoryBank(HandPace(), ["lost_after"], ["fails", "fails"])
    service = PaymentService(engine, bank, SETTINGS, pace=DeclaredPace())
    assert (await service.charge(a_request())).declared_delay_ms == 1_500
    lost = MemoryBank(HandPace(), ["lost_before"])
    service = PaymentService(engine, lost, SETTINGS, pace=DeclaredPace())
    outcome = await service.charge(a_request("attempt-2"))
    assert (outcome.status, outcome.declared_delay_ms) == (ChargeStatus.UNKNOWN, 3_500)


async def test_where_pauses_are_declared_a_look_up_may_really_take_longer_than_a_caller_waits() -> (
    None
):
    """A busy machine must not change what becomes of a recorded call."""

    async def look_up(pace: Pace) -> str:
        async with pace.within(0.0):
            for _ in range(5):
                await asyncio.sleep(0)
            return "found"

    assert await look_up(DeclaredPace()) == "found"
    with pytest.raises(TimeoutError):
        await look_up(RealPace())


async def test_who_wants_a_charge_settled_waits_for_a_look_up_under_way(engine: Engine) -> None:
    """Else "not settled" would only mean that the background asks at this moment."""
    asked, answer_now = asyncio.Event(), asyncio.Event()

    class HeldBank(MemoryBank):
        async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
            if self.look_ups[key] >= 4:  # as many as the call itself makes
                asked.set()
                await answer_now.wait()
            return await super().look_up(key, amount)

    bank = HeldBank(HandPace(), ["lost_after"], ["fails"] * 4)
    async with PaymentService(engine, bank, SETTINGS, pace=DeclaredPace()) as service:
        assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
        background = asyncio.create_task(service.settle_open())
        await asked.wait()
        mine = asyncio.create_task(service.settle_open())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not mine.done()
        answer_now.set()
        (settled,) = await background
        assert await mine == []
        assert settled.outcome.status is ChargeStatus.APPROVED
        intent = await service.find("attempt-1")
        assert intent is not None
        assert not intent.is_open


async def test_a_gateway_without_look_up_leaves_a_lost_answer_unknown(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, ["lost_after"], semantics=NO_LOOK_UP)
    service = a_service(engine, bank, pace)
    assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
    assert not bank.look_ups
    assert pace.pauses == []  # the caller is not kept waiting for nothing


@pytest.mark.parametrize("fate", ["lost_after", "lost_before", "bug"])
async def test_an_unknown_charge_that_cannot_be_looked_up_goes_to_a_person_at_once(
    engine: Engine, fate: Any
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, [fate], semantics=NO_LOOK_UP)
    service = a_service(engine, bank, pace)
    await service.charge(a_request())
    (settled,) = await service.settle_open()
    assert settled.given_up
    assert settled.outcome.status is ChargeStatus.UNKNOWN
    assert await state_of(service) is State.GIVEN_UP
    assert bank.sends == {"attempt-1": 1}


# -- the same attempt again ----------------------------------------------------------------------


@pytest.mark.parametrize("fate", ["approve", "decline", "refuse"])
async def test_an_attempt_charged_twice_is_sent_once_and_told_the_same(
    engine: Engine, fate: Any
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, [fate])
    service = a_service(engine, bank, pace)
    first = await service.charge(a_request())
    assert await service.charge(a_request()) == first
    assert await a_service(engine, bank, pace).charge(a_request()) == first
    assert bank.sends == {"attempt-1": 1}


async def test_an_attempt_charged_twice_at_once_is_sent_once(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    service = a_service(engine, bank, pace)
    outcomes = await asyncio.gather(*(service.charge(a_request()) for _ in range(5)))
    assert {outcome.status for outcome in outcomes} == {ChargeStatus.APPROVED}
    assert bank.sends == {"attempt-1": 1}


async def test_an_unknown_attempt_charged_again_is_looked_up(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, ["lost_after"], ["fails"] * 4)
    service = a_service(engine, bank, pace)
    assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
    again = await service.charge(a_request())
    assert (again.status, again.settled_by_lookup) == (ChargeStatus.APPROVED, True)
    assert bank.sends == {"attempt-1": 1}


@pytest.mark.parametrize(
    "other", [{"minor_units": 8751}, {"number": "5555555555554444"}], ids=["amount", "card"]
)
async def test_an_id_used_for_another_charge_never_borrows_its_outcome(
    engine: Engine, other: Any
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    service = a_service(engine, bank, pace)
    await service.charge(a_request())
    assert (await service.charge(a_request(**other))).status is ChargeStatus.UNAVAILABLE
    assert bank.sends == {"attempt-1": 1}
    assert await state_of(service) is State.APPROVED


# -- calls and the service come and go -----------------------------------------------------------


async def test_a_hang_up_ends_the_call_and_never_the_charge(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    bank.answers_held = asyncio.Event()
    told: list[Settled] = []
    done = asyncio.Event()

    def on_late_outcome(late: Settled) -> None:
        told.append(late)
        done.set()

    service = a_service(engine, bank, pace, on_late_outcome=on_late_outcome)
    call = asyncio.create_task(service.charge(a_request()))
    await bank.booked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await state_of(service) is State.SENT
    bank.answers_held.set()
    await done.wait()
    approved = ChargeOutcome(ChargeStatus.APPROVED, "attempt-1", reference="R0")
    assert told == [Settled("call-1", Money(8750), approved)]
    assert await state_of(service) is State.APPROVED


async def test_closing_waits_for_charges_in_flight(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    bank.answers_held = asyncio.Event()
    service = a_service(engine, bank, pace)
    charge = asyncio.create_task(service.charge(a_request()))
    await bank.booked.wait()
    closing = asyncio.create_task(service.aclose())
    await asyncio.sleep(0)
    bank.answers_held.set()
    await closing
    assert (await charge).status is ChargeStatus.APPROVED


async def test_a_charge_cut_off_by_closing_stays_open_and_is_settled_at_the_next_start(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    bank.answers_held = asyncio.Event()
    service = a_service(engine, bank, pace)
    charge = asyncio.create_task(service.charge(a_request()))
    await bank.booked.wait()
    await service.aclose(patience_seconds=0)
    with pytest.raises(asyncio.CancelledError):
        await charge
    assert await state_of(service) is State.SENT

    pace.advance(60)
    told: list[ChargeStatus] = []
    settled = asyncio.Event()

    def on_late_outcome(late: Settled) -> None:
        told.append(late.outcome.status)
        settled.set()

    async with a_service(engine, bank, pace, on_late_outcome=on_late_outcome) as restarted:
        await settled.wait()
        assert await state_of(restarted) is State.APPROVED
    assert told == [ChargeStatus.APPROVED]
    assert bank.sends == {"attempt-1": 1}


async def test_a_closed_service_sends_nothing_and_remembers_what_it_sent(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    service = a_service(engine, bank, pace)
    await service.charge(a_request())
    await service.aclose()
    assert (await service.charge(a_request())).status is ChargeStatus.APPROVED
    assert (await service.charge(a_request("attempt-2"))).status is ChargeStatus.UNAVAILABLE
    assert bank.sends == {"attempt-1": 1}
    assert await service.open_intents() == []


async def test_a_listener_with_a_bug_loses_no_outcome(engine: Engine) -> None:
    def on_late_outcome(_: Settled) -> None:
        raise RuntimeError

    pace = HandPace()
    _, bank = await unknown_charge(engine, pace, "lost_after")
    bank.look_ups_work_again()
    service = a_service(engine, bank, pace, on_late_outcome=on_late_outcome)
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.APPROVED


async def test_an_outcome_the_call_was_told_is_not_told_a_second_time(engine: Engine) -> None:
    pace = HandPace()
    late: list[Settled] = []
    service = a_service(engine, MemoryBank(pace), pace, on_late_outcome=late.append)
    assert (await service.charge(a_request())).status is ChargeStatus.APPROVED
    await service.aclose()
    assert late == []


# -- settling ------------------------------------------------------------------------------------


async def unknown_charge(
    engine: Engine, pace: HandPace, fate: Any, looks: list[Any] | None = None, **options: Any
) -> tuple[PaymentService, MemoryBank]:
    looks = ["fails"] * 4 + (looks or [])
    bank = MemoryBank(pace, [fate], looks, **options)
    service = a_service(engine, bank, pace)
    assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
    return service, bank


async def test_an_unknown_charge_is_settled_as_soon_as_look_ups_work_again(engine: Engine) -> None:
    pace = HandPace()
    service, _ = await unknown_charge(engine, pace, "lost_after", ["fails", "bug"])
    assert await service.settle_open() == []
    settled = await service.settle_open(patience_seconds=10)
    outcome = ChargeOutcome(
        ChargeStatus.APPROVED, "attempt-1", reference="R0", settled_by_lookup=True
    )
    assert settled == [Settled("call-1", Money(8750), outcome)]
    assert await service.open_intents() == []
    assert await service.settle_open(patience_seconds=10) == []


async def test_not_found_is_final_only_late_and_twice(engine: Engine) -> None:
    pace = HandPace()
    service, _ = await unknown_charge(engine, pace, "lost_before")
    assert await service.settle_open(patience_seconds=60) == []  # too early, however often
    pace.advance(600)
    assert await service.settle_open() == []  # late, but once
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.UNAVAILABLE
    assert await state_of(service) is State.UNAVAILABLE


async def test_in_flight_takes_back_what_not_found_seemed_to_prove(engine: Engine) -> None:
    pace = HandPace()
    service, bank = await unknown_charge(
        engine, pace, "late", ["works", "in_flight", "works", "works"], late_seconds=10_000
    )
    pace.advance(700)
    assert await service.settle_open() == []  # not found, once
    assert await service.settle_open() == []  # in flight after all
    assert await service.settle_open() == []  # not found, once again
    intent = await service.find("attempt-1")
    assert intent is not None
    assert intent.late_not_founds == 1
    pace.advance(10_000)
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.APPROVED
    assert bank.sends == {"attempt-1": 1}


async def test_after_the_keys_lifetime_not_found_proves_nothing_and_a_person_is_told(
    engine: Engine,
) -> None:
    pace = HandPace()
    service, _ = await unknown_charge(engine, pace, "lost_before")
    pace.advance(24 * 3600)
    with structlog.testing.capture_logs() as logs:
        (settled,) = await service.settle_open()
    assert settled.given_up
    assert settled.outcome.status is ChargeStatus.UNKNOWN
    assert [log["log_level"] for log in logs if log["event"] == "charge_given_up"] == ["critical"]
    (intent,) = await service.open_intents()
    assert intent.state is State.GIVEN_UP
    assert await service.settle_open() == []
    again = await service.charge(a_request())
    assert again.status is ChargeStatus.UNKNOWN


async def test_an_answer_found_at_the_last_look_up_still_counts(engine: Engine) -> None:
    pace = HandPace()
    service, _ = await unknown_charge(engine, pace, "lost_after")
    pace.advance(48 * 3600)
    (settled,) = await service.settle_open()
    assert (settled.outcome.status, settled.given_up) == (ChargeStatus.APPROVED, False)


async def test_an_intent_left_by_a_crash_before_sending_was_never_sent(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    journal = Journal(engine)
    journal.open(
        a_request(),
        owner="elsewhere:1:a",
        now=pace.time,
        lease_until=pace.time + timedelta(seconds=30),
    )
    service = a_service(engine, bank, pace)
    assert await service.settle_open() == []  # its owner may be about to send
    pace.advance(31)
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.UNAVAILABLE
    assert not journal.mark_sent("attempt-1", owner="elsewhere:1:a", now=pace.time)
    assert bank.look_ups["attempt-1"] == 1


async def test_an_intent_never_sent_is_closed_without_look_up_where_there_is_none(
    engine: Engine,
) -> None:
    pace = HandPace()
    Journal(engine).open(a_request(), owner="elsewhere:1:a", now=pace.time, lease_until=pace.time)
    service = a_service(engine, MemoryBank(pace, semantics=NO_LOOK_UP), pace)
    (settled,) = await service.settle_open()
    assert settled.outcome.status is ChargeStatus.UNAVAILABLE


async def test_the_lease_of_a_dead_process_is_not_waited_for(engine: Engine) -> None:
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    pace = HandPace()
    host = os.uname().nodename
    until = pace.time + timedelta(hours=1)
    journal = Journal(engine)
    for attempt, owner in [("a", f"{host}:{dead.pid}:x"), ("b", f"{host}:{os.getppid()}:x")]:
        journal.open(a_request(attempt), owner=owner, now=pace.time, lease_until=until)
    settled = await a_service(engine, MemoryBank(pace), pace).settle_open()
    assert [one.outcome.attempt_id for one in settled] == ["a"]


async def test_two_processes_settle_one_charge_once(engine: Engine) -> None:
    pace = HandPace()
    service, bank = await unknown_charge(engine, pace, "lost_after")
    other = a_service(engine, bank, pace)
    results = await asyncio.gather(service.settle_open(), other.settle_open())
    assert sorted(len(result) for result in results) == [0, 1]
    assert bank.look_ups["attempt-1"] == 5


async def test_an_open_charge_rests_longer_after_every_look_up_in_vain(engine: Engine) -> None:
    pace = HandPace()
    service, _ = await unknown_charge(engine, pace, "lost_after", ["fails"] * 30)
    journal = Journal(engine)
    rests = []

    def is_due_after(seconds: int) -> bool:
        return bool(journal.waiting(now=pace.time + timedelta(seconds=seconds), due_only=True))

    for _ in range(14):
        await service.settle_open()
        rest = bisect_left(range(2_000), True, key=is_due_after)
        pace.advance(rest)
        rests.append(rest)
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (8, 900)


async def test_settling_survives_a_journal_out_of_order(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = HandPace()
    service, _ = await unknown_charge(engine, pace, "lost_after")
    for method in ("owners", "waiting", "lease", "find", "note_look_up"):
        with monkeypatch.context() as patch:
            failing(patch, method)
            await service.settle_open()
    assert [i.state for i in await service.open_intents()] in ([], [State.UNKNOWN])


async def test_the_gateways_own_answer_overrules_what_silence_seemed_to_prove(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    bank.answers_held = asyncio.Event()
    service = a_service(engine, bank, pace)
    charge = asyncio.create_task(service.charge(a_request()))
    await bank.booked.wait()
    nothing = ChargeOutcome(ChargeStatus.UNAVAILABLE, "attempt-1")
    assert Journal(engine).settle("attempt-1", nothing, now=pace.time)
    bank.answers_held.set()
    assert (await charge).status is ChargeStatus.APPROVED
    assert await state_of(service) is State.APPROVED
