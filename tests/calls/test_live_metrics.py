"""What monitoring sees of live calls."""

from __future__ import annotations

import asyncio
import threading

import pytest
from live_phone import Phone, StandingWall
from one_call import payment_words, run_call

from bot.calls.decoding import DecodingPool
from bot.calls.live.line import LineFigures, LiveLine
from bot.calls.live.metrics import CallMetrics
from bot.money import Money
from bot.records.trace import Entry, EntryKind

KEYED = ["1", "4242424242424242", "0429", "123", "90210#", "1"]


def figures(metrics: CallMetrics) -> dict[str, float]:
    lines = (line for line in metrics.text().decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_a_paid_call_is_counted_with_its_keys_and_its_charge() -> None:
    metrics = CallMetrics(8)
    wall = StandingWall()
    line = LiveLine(wall=wall)
    phone = Phone(wall, line, KEYED)
    listening = asyncio.create_task(phone.listen())
    metrics.began("twilio")
    assert figures(metrics)['voicebot_calls_under_way{transport="twilio"}'] == 1
    finished = await run_call(
        line, words=payment_words(), amount=Money(8750), listener=line.play, live=True,
        watch=metrics.happened,
    )  # fmt: skip
    line.finish()
    await listening
    metrics.ended("twilio", finished.end.result.status, line.figures)
    found = figures(metrics)
    assert found['voicebot_calls_under_way{transport="twilio"}'] == 0
    assert found['voicebot_calls_total{result="success",transport="twilio"}'] == 1
    assert found['voicebot_charges_total{outcome="approved"}'] == 1
    assert found["voicebot_keys_total"] == sum(len(keys) for keys in KEYED)
    assert found["voicebot_gateway_seconds_count"] == 1


def test_the_waiting_time_is_from_the_callers_last_sample_to_the_first_of_the_answer() -> None:
    metrics = CallMetrics(8)
    metrics.happened(Entry(1_000, EntryKind.WAITING, "call", until=1_350))
    found = figures(metrics)
    assert found["voicebot_waiting_seconds_sum"] == pytest.approx(0.35)
    assert found['voicebot_waiting_seconds_bucket{le="0.3"}'] == 0
    assert found['voicebot_waiting_seconds_bucket{le="0.4"}'] == 1


def test_recognition_and_understanding_are_counted_apart_and_typed_words_not_at_all() -> None:
    metrics = CallMetrics(8)
    times = {"end_of_turn_ms": 700, "recognition_ms": 120, "understanding_ms": 40}
    metrics.happened(Entry(0, EntryKind.HEARD, "caller", "said", until=900, details=times))
    metrics.happened(Entry(0, EntryKind.HEARD, "caller", "typed", until=0))
    found = figures(metrics)
    assert found["voicebot_recognition_seconds_sum"] == pytest.approx(0.12)
    assert found["voicebot_recognition_seconds_count"] == 1
    assert found["voicebot_understanding_seconds_sum"] == pytest.approx(0.04)


def test_no_label_holds_what_a_caller_or_a_gateway_said() -> None:
    metrics = CallMetrics(8)
    metrics.happened(Entry(0, EntryKind.DEGRADED, "call", "something quite unforeseen"))
    metrics.happened(Entry(0, EntryKind.DEGRADED, "call", "Rasa is away: yes and no"))
    metrics.happened(Entry(0, EntryKind.HEARD, "caller", "my dog is called Rex"))
    text = metrics.text().decode()
    assert "unforeseen" not in text
    assert "Rex" not in text
    assert figures(metrics)['voicebot_degraded_total{what="understanding"}'] == 1
    assert figures(metrics)['voicebot_degraded_total{what="other"}'] == 1


def test_trouble_on_a_line_and_charges_nobody_knows_the_end_of_are_seen() -> None:
    metrics = CallMetrics(8)
    metrics.began("audiosocket")
    metrics.ended("audiosocket", "caller-hung-up", LineFigures(120, 40, 3))
    metrics.open_charges(2, 1)
    metrics.refused("Busy")
    found = figures(metrics)
    assert found['voicebot_line_trouble_total{what="silence_filled"}'] == 120
    assert found['voicebot_line_trouble_total{what="keys_dropped"}'] == 3
    assert found['voicebot_charges_open{state="given_up"}'] == 1
    assert found['voicebot_calls_refused_total{why="Busy"}'] == 1


def test_the_decoding_queue_is_seen_and_no_call_holds_up_another_by_more_than_a_job() -> None:
    """One call has a long backlog; it asks for the next thing when the one before is done."""
    metrics = CallMetrics(8)
    done: list[str] = []
    with DecodingPool(1) as pool:
        metrics.watch(pool)
        gate = threading.Event()
        began = threading.Event()

        def job(name: str, left: int) -> None:
            done.append(name)
            if left:
                pool.submit(job, name, left - 1)

        def hold() -> None:
            began.set()
            gate.wait()

        pool.submit(hold)
        began.wait()
        pool.submit(job, "behind", 20)
        pool.submit(job, "quick", 0)
        assert pool.waiting == 2
        assert figures(metrics)["voicebot_decoding_queue"] == 2
        gate.set()
        while len(done) < 22:
            pass
    assert done[:2] == ["behind", "quick"]
    assert figures(metrics)["voicebot_decoding_wait_seconds_count"] == 23
