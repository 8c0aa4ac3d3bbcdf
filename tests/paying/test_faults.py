"""Lines that drop, banks that babble, processes that are killed: nobody pays twice, nobody is
told what is not so. `python -m benchmarks.faults` runs many more such trials."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.faults.broken import Breakage
from benchmarks.faults.kinds import Kind
from benchmarks.faults.plan import (
    AT_ONCE,
    LATE,
    SOON,
    Life,
    OnCharge,
    OnLookUp,
    Order,
    Trial,
    drawn_trial,
    one_order,
    the_end,
)
from benchmarks.faults.sweep import SWEPT, awaits, deaths
from benchmarks.faults.till import Died, Told
from benchmarks.faults.trial import Happened, Laboratory
from benchmarks.faults.verdict import violations
from bot.charges import ChargeStatus
from bot.paying.intents import State

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork")

_AT_ONCE = 12


@pytest.fixture
def lab(tmp_path: Path) -> Laboratory:
    return Laboratory(tmp_path)


async def run_all(lab: Laboratory, trials: Iterable[Trial], kind: Kind) -> list[Happened]:
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def run(trial: Trial) -> Happened:
        async with at_once:
            return await lab.run(trial, kind=kind)

    return await asyncio.gather(*map(run, trials))


def problems(all_that: Iterable[Happened]) -> list[str]:
    return [
        f"seed {happened.trial.seed}: {what}"
        for happened in all_that
        for what in (*violations(happened), *happened.broken)
    ]


# -- everything at once, by chance ---------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
async def test_no_trial_charges_twice_loses_a_charge_or_tells_a_lie(
    lab: Laboratory, kind: Kind
) -> None:
    trials = [drawn_trial(seed) for seed in range(_DRAWN[kind])]
    assert {order.on_charge for trial in trials for order in trial.orders} == set(OnCharge)
    all_that = await run_all(lab, trials, kind)
    assert problems(all_that) == []
    events = [event for happened in all_that for event in happened.events]
    assert any(isinstance(event, Died) for event in events)
    assert any(isinstance(event, Told) and event.given_up for event in events)


_DRAWN = {Kind.REST: 50, Kind.XML: 20, Kind.STRIPE: 20}
"""The adapters differ in what they read, not in what is done with it."""


# -- killed at every await -----------------------------------------------------------------------


@pytest.mark.parametrize("swept", SWEPT)
async def test_killed_at_whichever_await_it_comes_right_at_the_next_start(
    lab: Laboratory, swept: str
) -> None:
    """Here not at each, except while a charge is answered; `benchmarks.faults` does all."""
    dying, every, where = SWEPT[swept], *_EVERY[swept]
    steps = await awaits(lab, dying, 0)
    assert steps > 10
    all_that = await run_all(lab, list(deaths(dying, steps, 1))[::every], Kind.REST)
    assert problems(all_that) == []
    died = [event for happened in all_that for event in happened.events if isinstance(event, Died)]
    assert len(died) > 0.9 * len(all_that)  # two tasks may come to an await in either order
    assert {event.where.partition(".")[2] for event in died} >= where


_EVERY = {
    "charging, answered": (1, {"charge", "_open", "_mark_sent", "record", "_mark_heard"}),
    "charging, the answer lost": (5, {"look_up_in_call"}),
    "settling": (5, {"_settle_pass"}),
}


# -- what a caller is told of each fault ---------------------------------------------------------

_TOLD = {
    OnCharge.DROP_BEFORE: ChargeStatus.UNKNOWN,
    OnCharge.FAIL_BEFORE: ChargeStatus.UNKNOWN,
    OnCharge.TAKEN_MINUTES_LATER: ChargeStatus.UNKNOWN,
}
"""Of all others the look-up finds, within the call, that the money was taken."""


@pytest.mark.parametrize("kind", Kind)
async def test_a_caller_is_told_the_truth_whatever_befalls_the_charge(
    lab: Laboratory, kind: Kind
) -> None:
    trials = [one_order(seed, fault) for seed, fault in enumerate(OnCharge)]
    all_that = await run_all(lab, trials, kind)
    assert problems(all_that) == []
    told = {
        happened.trial.orders[0].on_charge: callers(happened)[0].status for happened in all_that
    }
    assert told == {fault: _TOLD.get(fault, ChargeStatus.APPROVED) for fault in OnCharge}


async def test_a_charge_taken_minutes_after_the_call_is_told_to_a_person(lab: Laboratory) -> None:
    happened = await lab.run(one_order(1, OnCharge.TAKEN_MINUTES_LATER))
    assert problems([happened]) == []
    (late,) = (event for event in happened.events if isinstance(event, Told) and event.late)
    assert (late.status, late.given_up) == (ChargeStatus.APPROVED, False)


async def test_a_gateway_that_is_down_took_nothing_and_the_caller_is_told_so(
    lab: Laboratory,
) -> None:
    life = Life(charges=(Order("order-1-0", 8_750),), gateway_down=True)
    happened = await lab.run(Trial(1, {AT_ONCE: (life,), **the_end()}))
    assert problems([happened]) == []
    assert [told.status for told in callers(happened)] == [ChargeStatus.UNAVAILABLE]
    assert happened.sent == {}


async def test_what_no_look_up_ever_finds_is_handed_to_a_person(lab: Laboratory) -> None:
    order = Order("order-1-0", 8_750, on_charge=OnCharge.DROP_AFTER, never_answered=True)
    happened = await lab.run(Trial(1, {AT_ONCE: (Life(charges=(order,)),), **the_end()}))
    assert problems([happened]) == []
    assert happened.intents[order.key].state is State.GIVEN_UP
    assert happened.unsettled == {order.key}


def callers(happened: Happened) -> list[Told]:
    return [event for event in happened.events if isinstance(event, Told) and not event.late]


# -- several processes ---------------------------------------------------------------------------


async def test_processes_that_are_asked_for_the_same_charge_at_once_send_it_once(
    lab: Laboratory,
) -> None:
    order = Order("order-1-0", 8_750, on_charge=OnCharge.DROP_AFTER)
    happened = await lab.run(
        Trial(1, {AT_ONCE: (Life(charges=(order,)),) * 3, LATE: (Life(),), **the_end()})
    )
    assert problems([happened]) == []
    assert happened.sent == {order.key: 1}
    assert ChargeStatus.APPROVED in {told.status for told in callers(happened)}


async def test_processes_that_settle_at_once_tell_each_outcome_once(lab: Laboratory) -> None:
    orders = tuple(
        Order(f"order-1-{n}", 8_750 + n, on_charge=OnCharge.DROP_AFTER, on_look_ups=_FIVE_IN_VAIN)
        for n in range(3)
    )
    charging = Life(charges=orders, settles=False)
    happened = await lab.run(
        Trial(1, {AT_ONCE: (charging,), SOON: (Life(settle_seconds=60),) * 3, **the_end()})
    )
    assert problems([happened]) == []
    late = [event.key for event in happened.events if isinstance(event, Told) and event.late]
    assert sorted(late) == [order.key for order in orders]


_FIVE_IN_VAIN = (OnLookUp.FAIL,) * 5


# -- the harness notices -------------------------------------------------------------------------


_CAUGHT = {
    Breakage.SENDS_AGAIN: (OnCharge.DROP_AFTER, "charged 2 times"),
    Breakage.FRESH_KEY: (OnCharge.DROP_AFTER, "charged 2 times"),
    Breakage.SAYS_FAILED: (OnCharge.FAIL_AFTER, "charged, and told that it failed"),
    Breakage.SAYS_PAID: (OnCharge.DROP_BEFORE, "told that it was paid, and not charged"),
    Breakage.BELIEVES_NOT_FOUND: (
        OnCharge.TAKEN_MINUTES_LATER,
        "charged, and told that it failed",
    ),
    Breakage.FORGETS_THE_INTENT: (OnCharge.NOTHING, "sent without an intent"),
}


@pytest.mark.parametrize("breakage", _CAUGHT)
async def test_a_broken_service_is_caught(lab: Laboratory, breakage: Breakage) -> None:
    fault, what = _CAUGHT[breakage]
    trial = one_order(1, fault)
    assert f"order-1-0: {what}" in violations(await lab.run(trial, breakage=breakage))
    assert violations(await lab.run(trial)) == []


async def test_a_service_that_forgets_what_a_crash_kept_from_being_told_is_caught(
    lab: Laboratory,
) -> None:
    dying = SWEPT["charging, answered"]
    steps = await awaits(lab, dying, 0)
    when_it_is_written = list(deaths(dying, steps, 1))[-6:]
    found = [
        violations(await lab.run(trial, breakage=Breakage.FORGETS_TO_TELL))
        for trial in when_it_is_written
    ]
    assert any("approved, and nobody was told" in what for each in found for what in each)
