"""Live calls: paid at the pace of a line, refused when all are busy, drained at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from live_phone import Phone, StandingWall
from one_call import Finished, KnownWords, ObligingGateway, payment_words, run_call

from bot.calls.live.calls import LiveCalls, Others
from bot.calls.live.line import LiveLine
from bot.calls.live.not_taken import Busy, Draining
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.live_settings import LiveSettings
from bot.money import Money
from bot.outcomes import ResultName
from bot.records.trace import Entry

KEYED = ["1", "4242424242424242", "0429", "123", "90210#", "1"]


async def live_call(
    actions: list[str],
    words: KnownWords | None = None,
    gateway: ObligingGateway | None = None,
    recording: Path | None = None,
) -> tuple[Finished, Phone]:
    wall = StandingWall()
    line = LiveLine(wall=wall)
    phone = Phone(wall, line, actions)
    listening = asyncio.create_task(phone.listen())
    finished = await run_call(
        line,
        words=words or payment_words(),
        gateway=gateway,
        amount=Money(8750),
        listener=line.play,
        recording=recording,
        live=True,
    )
    line.finish()
    await listening
    return finished, phone


async def test_a_caller_pays_by_keys_that_come_as_messages(tmp_path: Path) -> None:
    finished, phone = await live_call(KEYED, recording=tmp_path / "call.wav")
    assert finished.end.result.status is ResultName.SUCCESS
    assert len(finished.gateway.asked) == 1
    assert phone.heard_samples > 0


async def test_a_key_during_a_prompt_recalls_what_was_sent() -> None:
    wall = StandingWall()
    line = LiveLine(wall=wall)
    eager = Phone(wall, line, ["", ""])
    wall.at(0.1, lambda: line.key("message", "1"))
    listening = asyncio.create_task(eager.listen())
    await run_call(line, amount=Money(8750), listener=line.play, live=True)
    line.finish()
    await listening
    assert eager.clears == 1


async def test_a_caller_who_hangs_up_is_gone_at_once_and_nothing_is_charged() -> None:
    finished, _ = await live_call([*KEYED[:-1], ""])
    assert finished.end.result.status is ResultName.CALLER_HUNG_UP
    assert finished.gateway.asked == []


async def test_a_line_that_dies_ends_the_call() -> None:
    wall = StandingWall()
    line = LiveLine(wall=wall, dead_after_seconds=5)
    finished = await run_call(line, amount=Money(8750), listener=line.play, live=True)
    assert finished.end.result.status is ResultName.CALLER_HUNG_UP
    assert wall.elapsed == pytest.approx(5, abs=0.1)


class Lines:
    """Runs calls that last until they are let go, or hung up."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.began = asyncio.Semaphore(0)

    async def __call__(
        self,
        line: LiveLine,
        parameters: Parameters,
        files: Files,
        *,
        call_id: str,
        watch: Callable[[Entry], None],
    ) -> FinishedCall:
        self.began.release()
        hung_up = asyncio.create_task(self._hung_up(line))
        await asyncio.wait(
            [hung_up, asyncio.create_task(self.let_go.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        raise EndedError

    async def _hung_up(self, line: LiveLine) -> None:
        while await line.receive(False):
            if line.is_gone:
                return


class EndedError(Exception):
    """Stands for a finished call, which takes a whole call to make."""


def parameters() -> Parameters:
    return Parameters(customer_id="c1", amount="87.50")


async def started(calls: LiveCalls, lines: Lines, number: int) -> list[asyncio.Task[FinishedCall]]:
    tasks = [
        asyncio.create_task(calls.take(LiveLine(), parameters(), transport="browser"))
        for _ in range(number)
    ]
    for _ in range(number):
        await lines.began.acquire()
    return tasks


async def test_when_all_lines_are_busy_a_call_is_refused_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    lines = Lines()
    calls = LiveCalls(lines, LiveSettings(most_calls=2), tmp_path)
    tasks = await started(calls, lines, 2)
    with pytest.raises(Busy, match="all 2 lines are busy; try again in a minute"):
        await calls.take(LiveLine(), parameters(), transport="browser")
    lines.let_go.set()
    for task in tasks:
        with pytest.raises(EndedError):
            await task
    assert calls.why_not() is None
    assert not calls.under_way
    assert lines.began.locked(), "the third never began"


async def test_a_server_that_is_to_end_takes_no_call_and_lets_those_under_way_end(
    tmp_path: Path,
) -> None:
    lines = Lines()
    calls = LiveCalls(lines, LiveSettings(most_calls=2), tmp_path)
    (task,) = await started(calls, lines, 1)
    draining = asyncio.create_task(calls.drain(60))
    await asyncio.sleep(0)
    with pytest.raises(Draining):
        await calls.take(LiveLine(), parameters(), transport="browser")
    assert not draining.done()
    lines.let_go.set()
    assert await draining == 0
    with pytest.raises(EndedError):
        await task


async def test_a_call_that_does_not_end_in_time_is_hung_up(tmp_path: Path) -> None:
    lines = Lines()
    calls = LiveCalls(lines, LiveSettings(most_calls=2), tmp_path)
    (task,) = await started(calls, lines, 1)
    assert await calls.drain(0) == 1
    with pytest.raises(EndedError):
        await task


async def test_a_place_that_is_kept_for_a_call_is_nobody_elses(tmp_path: Path) -> None:
    """Between a look for room and the call lies the look into the book, which takes its time."""
    lines = Lines()
    calls = LiveCalls(lines, LiveSettings(most_calls=1), tmp_path)
    lines.let_go.set()
    with calls.place() as place:
        with pytest.raises(Busy), calls.place():
            pytest.fail("two in one place")
        with pytest.raises(Busy):
            await calls.take(LiveLine(), parameters(), transport="browser")
        with pytest.raises(EndedError):
            await calls.take(LiveLine(), parameters(), transport="browser", place=place)
        assert calls.why_not() is None, "its line is still being told; there is room for a call"
    with calls.place():
        pass
    assert calls.why_not() is None


async def test_a_server_that_is_to_end_waits_until_a_calls_line_has_been_told(
    tmp_path: Path,
) -> None:
    lines = Lines()
    calls = LiveCalls(lines, LiveSettings(most_calls=1), tmp_path)
    lines.let_go.set()
    with calls.place() as place:
        with pytest.raises(EndedError):
            await calls.take(LiveLine(), parameters(), transport="browser", place=place)
        draining = asyncio.create_task(calls.drain(60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not draining.done()
    assert await draining == 0


async def test_a_call_whose_place_was_kept_does_not_begin_while_the_server_ends(
    tmp_path: Path,
) -> None:
    calls = LiveCalls(Lines(), LiveSettings(most_calls=1), tmp_path)
    with calls.place() as place:
        draining = asyncio.create_task(calls.drain(0))
        await asyncio.sleep(0)
        with pytest.raises(Draining):
            await calls.take(LiveLine(), parameters(), transport="browser", place=place)
    assert await draining == 0


async def test_a_process_that_is_full_is_not_the_end_while_others_have_room(
    tmp_path: Path,
) -> None:
    lines = Lines()
    calls = LiveCalls(lines, LiveSettings(most_calls=1), tmp_path)
    (task,) = await started(calls, lines, 1)
    calls.others = Others(calls=2, most=3, room=1)
    assert isinstance(calls.why_not(), Busy)
    assert calls.why_nowhere() is None
    calls.others = Others(calls=3, most=3)
    assert "all 4 lines are busy" in str(calls.why_nowhere())
    lines.let_go.set()
    with pytest.raises(EndedError):
        await task
