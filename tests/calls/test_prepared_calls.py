"""Prepared calls: a token opens one call, once, and not for long."""

from __future__ import annotations

import pytest

from bot.calls.live.prepared import PreparedCalls, TooManyWaiting
from bot.calls.scenarios.scenario import Parameters

BILL = Parameters(customer_id="c1", amount="87.50")


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_token_opens_the_call_it_was_made_for_and_only_once() -> None:
    calls = PreparedCalls()
    other, mine = calls.prepare(Parameters()), calls.prepare(BILL)
    assert calls.is_waiting(mine.call_id)
    assert calls.redeem(mine.token) == mine
    assert calls.redeem(mine.token) is None
    assert not calls.is_waiting(mine.call_id)
    assert calls.redeem(other.token) == other


def test_a_token_is_too_old_after_two_minutes() -> None:
    clock = Clock()
    calls = PreparedCalls(now=clock)
    call = calls.prepare(BILL)
    clock.seconds = 119.9
    assert calls.is_waiting(call.call_id)
    clock.seconds = 120.0
    assert not calls.is_waiting(call.call_id)
    assert calls.redeem(call.token) is None


def test_what_is_no_token_opens_nothing() -> None:
    calls = PreparedCalls()
    call = calls.prepare(BILL)
    for wrong in ("", call.call_id, call.token[:-1], call.token.upper(), "\ud800" * 36):
        assert calls.redeem(wrong) is None
    assert calls.redeem(call.token) == call


def test_tokens_are_all_different_and_never_shown() -> None:
    calls = PreparedCalls()
    prepared = [calls.prepare(BILL) for _ in range(200)]
    assert len({call.token for call in prepared}) == 200
    assert not any(call.token in repr(call) for call in prepared)


def test_calls_that_are_only_announced_fill_no_memory() -> None:
    clock = Clock()
    calls = PreparedCalls(now=clock)
    for _ in range(1_000):
        calls.prepare(BILL)
    with pytest.raises(TooManyWaiting):
        calls.prepare(BILL)
    clock.seconds = 120.0
    calls.prepare(BILL)
