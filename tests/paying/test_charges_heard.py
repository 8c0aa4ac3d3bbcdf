"""What became of a charge reaches somebody: no crash, no other gateway, no sleep loses it."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from paying_doubles import SEMANTICS, Fate, HandPace, Look, MemoryBank, a_request
from sqlalchemy import Engine, text

from bot.charges import ChargeRequest, ChargeStatus
from bot.errors import StoreError
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState
from bot.paying.intents import State
from bot.paying.journal import Journal
from bot.paying.service import PaymentService
from bot.paying.settling import Settled

SETTINGS = GatewaySettings(look_up_for_ms=5_000, settle_for_hours=24)


class Till:
    """A payment service, and what it told when no call waited."""

    def __init__(self, engine: Engine, bank: MemoryBank, pace: HandPace, gateway: str = "") -> None:
        self.told: list[Settled] = []
        self.service = PaymentService(
            engine,
            bank,
            SETTINGS,
            gateway_names=(gateway,),
            pace=pace,
            on_late_outcome=self.told.append,
        )

    async def tells(self) -> list[tuple[str, ChargeStatus, bool]]:
        self.told.clear()
        await self.service.settle_open()
        return [(t.outcome.attempt_id, t.outcome.status, t.given_up) for t in self.told]


async def made_by_a_dead_process(engine: Engine) -> None:
    """As if the process that made every charge so far had been killed just now."""
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE charge_intents SET process = :owner"),
            {"owner": f"{os.uname().nodename}:{dead.pid}:x"},
        )


@pytest.mark.parametrize(
    ("fate", "status"), [("approve", ChargeStatus.APPROVED), ("decline", ChargeStatus.DECLINED)]
)
async def test_an_outcome_nobody_heard_of_before_the_process_died_is_told_once_at_the_next_start(
    engine: Engine, fate: Fate, status: ChargeStatus
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, [fate])
    await Till(engine, bank, pace).service.charge(a_request())
    await made_by_a_dead_process(engine)
    till = Till(engine, bank, pace)
    assert await till.tells() == [("attempt-1", status, False)]
    assert await till.tells() == []
    assert await Till(engine, bank, pace).tells() == []


async def test_an_outcome_that_is_in_the_calls_record_is_not_told_again(engine: Engine) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    till = Till(engine, bank, pace)
    await till.service.charge(a_request())
    await till.service.heard(["attempt-1"])
    await made_by_a_dead_process(engine)
    assert await Till(engine, bank, pace).tells() == []


async def test_while_the_process_lives_its_calls_tell_of_their_charges_themselves(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    await Till(engine, bank, pace).service.charge(a_request())
    assert await Till(engine, bank, pace).tells() == []


async def test_where_another_machine_made_the_charge_it_is_told_when_no_call_can_last_so_long(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    await Till(engine, bank, pace).service.charge(a_request())
    with engine.begin() as connection:
        connection.execute(text("UPDATE charge_intents SET process = 'elsewhere:1:x'"))
    till = Till(engine, bank, pace)
    assert await till.tells() == []
    pace.advance(24 * 3600 + 1)
    assert await till.tells() == [("attempt-1", ChargeStatus.APPROVED, False)]


async def test_a_call_that_went_on_to_another_card_has_heard_of_the_decline_before(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace, ["decline"])
    service = Till(engine, bank, pace).service
    await service.charge(a_request("attempt-1"))
    await service.charge(a_request("attempt-2"))
    await made_by_a_dead_process(engine)
    told = await Till(engine, bank, pace).tells()
    assert told == [("attempt-2", ChargeStatus.APPROVED, False)]


async def test_a_listener_that_fails_is_told_once_more_by_the_next_process(engine: Engine) -> None:
    def on_late_outcome(_: Settled) -> None:
        raise RuntimeError

    pace = HandPace()
    bank = MemoryBank(pace, ["lost_after"], ["fails"] * 4)
    service = PaymentService(engine, bank, SETTINGS, pace=pace, on_late_outcome=on_late_outcome)
    assert (await service.charge(a_request())).status is ChargeStatus.UNKNOWN
    await service.settle_open()
    await made_by_a_dead_process(engine)
    told = await Till(engine, bank, pace).tells()
    assert told == [("attempt-1", ChargeStatus.APPROVED, False)]


async def test_a_hang_up_is_told_of_although_the_answer_came_at_the_same_moment(
    engine: Engine,
) -> None:
    pace = HandPace()
    bank = MemoryBank(pace)
    for steps in range(60):
        till = Till(engine, bank, pace)
        attempt = f"attempt-{steps}"
        call = asyncio.create_task(till.service.charge(a_request(attempt)))
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
        heard = await asyncio.gather(call, return_exceptions=True)
        await till.service.aclose()
        told = [one.outcome.attempt_id for one in till.told]
        was_heard = not isinstance(heard[0], BaseException)
        # Hung up before anything began, there is no charge.
        assert len(told) + was_heard == (Journal(engine).find(attempt) is not None)


# -- charges of a gateway that nobody asks any more ----------------------------------------------


async def test_charges_of_a_gateway_the_settings_no_longer_name_are_handed_to_a_person_in_the_end(
    engine: Engine,
) -> None:
    pace = HandPace()
    lost = MemoryBank(pace, ["lost_after"], ["fails"] * 4)
    await Till(engine, lost, pace, "old").service.charge(a_request())
    Journal(engine, ("old",)).open(
        a_request("never-sent"), owner="old:1:x", now=pace.time, lease_until=pace.time
    )
    other = MemoryBank(pace)
    till = Till(engine, other, pace, "new")
    pace.advance(23 * 3600)
    assert await till.tells() == []
    pace.advance(2 * 3600)
    with structlog.testing.capture_logs() as logs:
        told = await till.tells()
    assert sorted(told) == [
        ("attempt-1", ChargeStatus.UNKNOWN, True),
        ("never-sent", ChargeStatus.UNAVAILABLE, False),
    ]
    assert [log["attempt_id"] for log in logs if log["event"] == "charge_given_up"] == ["attempt-1"]
    assert not other.look_ups
    assert await till.tells() == []
    assert (till.service.figures.given_up, till.service.figures.settled) == (
        1,
        {ChargeStatus.UNAVAILABLE: 1},
    )


async def test_a_gateway_that_answers_after_all_overrules_that_its_charge_was_given_up(
    engine: Engine,
) -> None:
    """Two processes: one looks the charge up while the other finds it too old."""
    pace = HandPace()

    class SlowToLookUp(MemoryBank):
        async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
            if key in given_up:
                Journal(engine).give_up(key, now=pace.now())
            return await super().look_up(key, amount)

    given_up: set[str] = set()
    bank = SlowToLookUp(pace, ["lost_after"], ["fails"] * 4)
    till = Till(engine, bank, pace)
    await till.service.charge(a_request())
    given_up.add("attempt-1")
    assert await till.tells() == [("attempt-1", ChargeStatus.APPROVED, False)]
    intent = Journal(engine).find("attempt-1")
    assert intent is not None
    assert intent.state is State.APPROVED


# -- a machine that sleeps -----------------------------------------------------------------------


async def test_a_machine_that_slept_before_sending_sends_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then another process may have told somebody that nothing was ever taken."""
    pace = HandPace()
    bank = MemoryBank(pace)
    service = Till(engine, bank, pace).service
    mark_sent = Journal.mark_sent

    def then_sleep(journal: Journal, attempt_id: str, **options: Any) -> bool:
        done = mark_sent(journal, attempt_id, **options)
        pace.advance(700)
        return done

    monkeypatch.setattr(Journal, "mark_sent", then_sleep)
    assert (await service.charge(a_request())).status is ChargeStatus.UNAVAILABLE
    assert not bank.sends
    assert await service.open_intents() == []


# -- a charge that takes long ---------------------------------------------------------------------


@pytest.mark.parametrize("exchanges", [1, 2])
async def test_a_charge_is_nobody_elses_while_its_slowest_exchanges_last(
    engine: Engine, exchanges: int
) -> None:
    """Else another process looks it up, and takes for lost what is only slow."""
    pace = HandPace()
    bank = MemoryBank(pace, semantics=replace(SEMANTICS, exchanges_per_charge=exchanges))
    bank.answers_held = asyncio.Event()
    charging = asyncio.create_task(Till(engine, bank, pace).service.charge(a_request()))
    await bank.booked.wait()
    an_exchange = SETTINGS.connect_timeout_ms + SETTINGS.answer_timeout_ms
    pace.advance((exchanges * an_exchange + SETTINGS.look_up_for_ms) / 1000)
    await Till(engine, bank, pace).service.settle_open()
    assert not bank.look_ups
    pace.advance(30)
    await Till(engine, bank, pace).service.settle_open()
    assert bank.look_ups, "it is looked up once it must have been lost"
    bank.answers_held.set()
    await charging


# -- no retry changes key or amount --------------------------------------------------------------


class ListeningBank(MemoryBank):
    """Keeps every key and amount that any message named."""

    def __init__(self, pace: HandPace, fates: list[Fate], looks: list[Look]) -> None:
        super().__init__(pace, fates, looks)
        self.named: set[tuple[str, int]] = set()

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        assert key == request.attempt_id
        self.named.add((key, request.amount.minor_units))
        return await super().charge(request, key)

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        self.named.add((key, amount.minor_units))
        return await super().look_up(key, amount)


@given(
    asked=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1_000, 1_003)), min_size=1, max_size=6
    ),
    fates=st.lists(st.sampled_from(["approve", "decline", "lost_before", "lost_after"])),
    looks=st.lists(st.sampled_from(["works", "fails"]), max_size=12),
    journal_fails=st.sets(st.integers(0, 5)),
    new_process=st.sets(st.integers(0, 5)),
)
@example([("a", 1_000), ("a", 1_001)], [], [], {1}, set())
@example([("a", 1_000), ("a", 1_001)], ["lost_after"], ["fails"] * 4, set(), {1})
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_asked_and_asked_again_no_retry_changes_key_or_amount(
    engine: Engine,
    asked: list[tuple[str, int]],
    fates: list[Fate],
    looks: list[Look],
    journal_fails: set[int],
    new_process: set[int],
) -> None:
    pace = HandPace()
    bank = ListeningBank(pace, fates, looks)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM charge_intents"))

    def fail(*_: object, **__: object) -> None:
        raise StoreError("disk full")

    async def run() -> None:
        service = Till(engine, bank, pace).service
        for turn, (attempt, minor_units) in enumerate(asked):
            if turn in new_process:
                service = Till(engine, bank, pace).service
            with pytest.MonkeyPatch.context() as patch:
                if turn in journal_fails:
                    patch.setattr(Journal, "open", fail)
                await service.charge(a_request(attempt, minor_units=minor_units))
            pace.advance(timedelta(minutes=20).total_seconds())
            await service.settle_open()

    with structlog.testing.capture_logs():
        asyncio.run(run())
    keys = [key for key, _ in bank.named]
    assert len(keys) == len(set(keys)), bank.named
    assert all(sends == 1 for sends in bank.sends.values())
