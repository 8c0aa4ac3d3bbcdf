import asyncio

import pytest

from bot.calls.clock import CallClock, Quiet


def test_what_is_due_acts_in_order_of_time_and_at_its_own_moment() -> None:
    clock = CallClock()
    acted: list[tuple[str, int]] = []
    clock.schedule(300, lambda: acted.append(("late", clock.now)))
    clock.schedule(100, lambda: acted.append(("early", clock.now)))
    clock.schedule(100, lambda: acted.append(("early too", clock.now)))
    clock.advance(160)
    assert acted == [("early", 100), ("early too", 100)]
    clock.advance(320)
    assert acted[-1] == ("late", 300)
    assert clock.now == 320


def test_a_cancelled_timer_never_acts() -> None:
    clock = CallClock()
    acted: list[int] = []
    scheduled = clock.schedule(100, lambda: acted.append(1))
    scheduled.cancel()
    clock.advance(1_000)
    assert acted == []


def test_something_scheduled_while_acting_is_due_after_that_moment() -> None:
    clock = CallClock()
    acted: list[int] = []
    clock.schedule(100, lambda: clock.schedule(50, lambda: acted.append(clock.now)))
    clock.advance(1_000)
    assert acted == [150]


def test_time_never_runs_backwards() -> None:
    clock = CallClock()
    clock.advance(100)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(99)


async def test_the_line_waits_until_nothing_is_computed() -> None:
    quiet = Quiet()
    quiet.begin()
    quiet.begin()
    waiting = asyncio.ensure_future(quiet.wait())
    quiet.end()
    await asyncio.sleep(0)
    assert not waiting.done()
    quiet.end()
    await waiting
