"""A live line keeps the pace of a person, whatever its sender does."""

from __future__ import annotations

import asyncio
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_phone import StandingWall

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, Samples
from bot.calls.callers import Back, Gone, Keyed, Received, Sound
from bot.calls.live.line import Caption, Clear, Finished, LiveLine, Outgoing, Play


def sound(ms: float, value: int = 1000) -> Samples:
    return np.full(round(ms * SAMPLE_RATE / 1000), value, dtype=np.int16)


async def received(
    line: LiveLine, wall: StandingWall, seconds: float
) -> list[tuple[float, Received]]:
    """What the line gives in this time, each with its moment."""
    found = []
    while (item := await line.receive(False)) and wall.elapsed <= seconds:
        found.append((wall.elapsed, item))
        if isinstance(item, Gone):
            break
    return found


def heard(items: list[tuple[float, Received]]) -> Samples:
    parts = [item.samples for _, item in items if isinstance(item, Sound)]
    return np.concatenate(parts) if parts else sound(0)


async def test_sound_is_heard_as_it_comes_in_chunks_of_twenty_milliseconds() -> None:
    wall = StandingWall()
    line = LiveLine(wall=wall)
    said = np.arange(5 * CHUNK_SAMPLES, dtype=np.int16)
    for i, piece in enumerate(np.split(said, [100, 101, 400, 640])):
        wall.at(i * 0.02, partial(line.sound, piece))
    items = await received(line, wall, 0.2)
    assert all(len(i.samples) == CHUNK_SAMPLES for _, i in items if isinstance(i, Sound))
    assert np.array_equal(heard(items), said)


async def test_a_burst_of_a_second_is_heard_at_once_and_more_a_quarter_faster() -> None:
    wall = StandingWall()
    line = LiveLine(wall=wall)
    wall.at(0, lambda: line.sound(sound(2000)))
    items = await received(line, wall, 0.9)
    assert [at for at, _ in items[:50]] == [0.0] * 50
    assert items[-1][0] == pytest.approx(1.0 / 1.25, abs=0.05)
    assert len(heard(items)) == 2 * SAMPLE_RATE


async def test_a_sender_that_is_much_too_fast_loses_sound_and_never_makes_the_call_run_away() -> (
    None
):
    wall = StandingWall()
    line = LiveLine(wall=wall)
    for i in range(100):
        wall.at(i * 0.01, lambda: line.sound(sound(500)))
    items = await received(line, wall, 1.0)
    assert len(heard(items)) <= SAMPLE_RATE * (1 + 1.25 + 0.1)
    assert line.figures.sound_dropped >= 40_000


async def test_a_gap_is_waited_out_for_a_second_and_then_filled_with_silence() -> None:
    wall = StandingWall()
    line = LiveLine(wall=wall)
    wall.at(0, lambda: line.sound(sound(20)))
    wall.at(3, lambda: line.sound(sound(20)))
    items = await received(line, wall, 3.5)
    moments = [at for at, _ in items]
    assert moments[0] == 0
    assert moments[1] == pytest.approx(1.0)
    assert moments[2] == pytest.approx(1.02)
    assert 3.0 in moments
    assert line.figures.silence_filled == pytest.approx(2000, abs=40)


async def test_a_line_that_brings_nothing_for_long_is_dead() -> None:
    wall = StandingWall()
    line = LiveLine(dead_after_seconds=4, wall=wall)
    wall.at(0, lambda: line.sound(sound(20)))
    *_, (at, last) = await received(line, wall, 60)
    assert isinstance(last, Gone)
    assert at == pytest.approx(4, abs=0.02)


async def test_a_line_that_never_brings_anything_is_dead_too() -> None:
    wall = StandingWall()
    *_, (at, last) = await received(LiveLine(dead_after_seconds=4, wall=wall), wall, 60)
    assert isinstance(last, Gone)
    assert at == pytest.approx(4, abs=0.02)


@pytest.mark.parametrize("samples", [0, 1])
async def test_sound_that_is_too_little_to_be_heard_keeps_no_clock_standing_and_no_line_alive(
    samples: int,
) -> None:
    wall = StandingWall()
    line = LiveLine(dead_after_seconds=4, wall=wall)
    for i in range(100):
        wall.at(i * 0.05, lambda: line.sound(np.ones(samples, dtype=np.int16)))
    *items, (at, last) = await received(line, wall, 60)
    assert len(heard(items)) == pytest.approx(3 * SAMPLE_RATE, abs=2 * CHUNK_SAMPLES)
    assert isinstance(last, Gone)
    assert at == pytest.approx(4, abs=0.02)


async def test_a_hang_up_ends_it_at_once_and_keys_before_it_do_not_count() -> None:
    """Who hangs up with a key still on its way may not have meant to pay."""
    line = LiveLine(wall=StandingWall())
    line.sound(sound(1000))
    line.key("message", "1")
    line.hang_up()
    assert isinstance(await line.receive(True), Gone)


async def test_keys_come_before_the_sound_that_waits() -> None:
    line = LiveLine(wall=StandingWall())
    line.sound(sound(100))
    line.key("message", "4")
    line.key("message", "2")
    assert [await line.receive(False) for _ in range(2)] == [
        Keyed("message", "4"),
        Keyed("message", "2"),
    ]


async def test_ten_thousand_keys_at_once_are_no_more_than_fingers_press() -> None:
    wall = StandingWall()
    line = LiveLine(wall=wall)
    for i in range(10_000):
        wall.at(i / 10_000, lambda: line.key("message", "1"))
    items = await received(line, wall, 0.99)
    assert len([item for _, item in items if isinstance(item, Keyed)]) == 20
    assert line.figures.keys_dropped == 10_000 - 20


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 0.3), st.integers(1, 700)), max_size=20))
def test_whatever_the_network_does_no_sample_is_lost_or_twice_below_the_limit(
    pieces: list[tuple[float, int]],
) -> None:
    async def run() -> None:
        wall = StandingWall()
        line = LiveLine(wall=wall, dead_after_seconds=60)
        numbers = np.arange(sum(length for _, length in pieces)) % 30_000 + 1
        said: Samples = numbers.astype(np.int16)
        at, place = 0.0, 0
        for gap, length in pieces:
            at += gap
            wall.at(at, partial(line.sound, said[place : place + length]))
            place += length
        items = await received(line, wall, at + 3)
        got = heard(items)
        got = got[got != 0]
        whole = len(said) // CHUNK_SAMPLES * CHUNK_SAMPLES
        if line.figures.sound_dropped == 0:
            assert np.array_equal(got, said[:whole])
        moments = [moment for moment, _ in items]
        assert moments == sorted(moments)

    asyncio.run(run())


async def sent(line: LiveLine) -> list[Outgoing]:
    found: list[Outgoing] = []
    while not isinstance(item := await line.next_outgoing(), Finished):
        found.append(item)
    return found


async def test_what_the_bot_says_goes_out_in_order_until_the_call_is_over() -> None:
    line = LiveLine(wall=StandingWall())
    for value in (1, 2, 3):
        await line.play(sound(20), sound(20, value))
    line.finish()
    played = [item.samples[0] for item in await sent(line) if isinstance(item, Play)]
    assert played == [1, 2, 3]


async def test_an_interruption_recalls_what_was_not_yet_heard() -> None:
    line = LiveLine(wall=StandingWall())
    await line.play(sound(20), sound(20, 1))
    line.interrupted()
    await line.play(sound(20), sound(20, 2))
    line.finish()
    first, second = await sent(line)
    assert isinstance(first, Clear)
    assert isinstance(second, Play)
    assert second.samples[0] == 2


async def test_an_other_end_that_stops_listening_is_gone() -> None:
    line = LiveLine(wall=StandingWall())
    for _ in range(6 * 50):
        await line.play(sound(20), sound(20))
    assert isinstance(await line.receive(False), Gone)


# A connection that breaks, and comes back


def kept(wall: StandingWall, seconds: float = 20) -> LiveLine:
    return LiveLine(dead_after_seconds=4, keeps_seconds=seconds, wall=wall)


async def test_while_nobody_is_connected_time_stands_still_until_it_is_over() -> None:
    wall = StandingWall()
    line = kept(wall)

    def breaks() -> None:
        line.sound(sound(100))
        line.hold()

    wall.at(0, lambda: line.sound(sound(20)))
    wall.at(1, breaks)
    items = await received(line, wall, 60)
    assert [type(item) for _, item in items] == [Sound, Gone]
    assert items[-1][0] == pytest.approx(21)
    assert line.figures.silence_filled == 0
    assert line.is_given_up


async def test_who_comes_back_in_time_goes_on_where_time_stood_still() -> None:
    wall = StandingWall()
    line = kept(wall)
    wall.at(0, lambda: line.sound(sound(20)))
    wall.at(1, line.hold)
    wall.at(19, line.resume)
    wall.at(19.5, lambda: line.sound(sound(20, 7)))
    items = await received(line, wall, 30)
    assert [type(item) for _, item in items] == [Sound, Back, Sound]
    assert [at for at, _ in items[1:]] == pytest.approx([19, 19.5])
    assert heard(items)[-1] == 7
    assert not line.is_given_up


async def test_what_was_said_just_before_a_break_is_not_joined_to_what_comes_after() -> None:
    wall = StandingWall()
    line = kept(wall)
    line.sound(sound(210))
    line.hold()
    line.resume()
    line.sound(sound(40, 7))
    items = await received(line, wall, 0.5)
    assert isinstance(items[0][1], Back)
    assert set(heard(items)) == {7}


async def test_keys_that_arrived_before_a_break_count() -> None:
    line = kept(StandingWall())
    line.key("message", "4")
    line.hold()
    assert await line.receive(False) == Keyed("message", "4")


async def test_a_held_line_is_hung_up_at_once_when_the_server_wants_so() -> None:
    wall = StandingWall()
    line = kept(wall)
    line.hold()
    wall.at(3, line.hang_up)
    [(at, last)] = await received(line, wall, 60)
    assert isinstance(last, Gone)
    assert at == pytest.approx(3)
    assert not line.is_given_up


async def test_a_kept_line_that_stands_still_is_waited_for_and_nothing_is_made_up() -> None:
    """The network stalls, and the sound comes late; or the connection is dead and nobody knows."""
    wall = StandingWall()
    line = kept(wall)
    wall.at(0, lambda: line.sound(sound(20)))
    wall.at(2.5, lambda: line.sound(sound(2_480, 7)))
    items = await received(line, wall, 60)
    assert [type(item) for _, item in items] == [Sound] * 125 + [Gone]
    assert items[-1][0] == pytest.approx(22.5)
    assert line.figures.silence_filled == 0


async def test_what_waited_to_be_sent_over_a_broken_connection_is_dropped_but_not_its_words() -> (
    None
):
    line = kept(StandingWall())
    line.prompt_started("welcome", "Hello")
    await line.play(sound(20), sound(20, 1))
    line.interrupted()
    line.hold()
    line.resume()
    await line.play(sound(20), sound(20, 2))
    line.finish()
    caption, play = await sent(line)
    assert caption == Caption("Hello")
    assert isinstance(play, Play)
    assert play.samples[0] == 2
