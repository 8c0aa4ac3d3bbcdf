"""The book of live calls, of one process and of several: a token opens one call, once and not for
long, and what became of a call is known whoever asks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from bot.calls.live.book import CallBook, OwnBook, State
from bot.calls.live.not_taken import TooManyWaiting, UnderWay
from bot.calls.live.shared_book import SharedBook, live_calls
from bot.calls.scenarios.scenario import Parameters
from bot.database import open_database
from bot.errors import StoreError

BILL = Parameters(customer_id="c1", amount="87.50")
BEGAN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def utc(self) -> datetime:
        return BEGAN + timedelta(seconds=self.seconds)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_database(f"sqlite:///{tmp_path_factory.mktemp('book')}/payments.db")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["own", "shared"])
def book(request: pytest.FixtureRequest, database: Engine, clock: Clock) -> CallBook:
    if request.param == "own":
        return OwnBook(now=clock.monotonic)
    with database.begin() as connection:
        connection.execute(live_calls.delete())
    return SharedBook(database, now=clock.utc)


async def state_of(book: CallBook, call_id: str) -> State | None:
    state = await book.state(call_id)
    return None if state is None else state.state


async def test_a_token_opens_the_call_it_was_made_for_and_only_once(book: CallBook) -> None:
    other, mine = await book.prepare(Parameters()), await book.prepare(BILL)
    assert await state_of(book, mine.call_id) is State.WAITING
    assert await book.redeem(mine.token) == mine
    assert await book.redeem(mine.token) is None
    assert await book.redeem(other.token) == other


async def test_a_used_token_tells_who_had_the_call_and_of_no_other(
    book: CallBook, clock: Clock
) -> None:
    mine, other = await book.prepare(BILL), await book.prepare(BILL)
    assert not await book.was_opened_by(mine.token, mine.call_id), "it has opened nothing yet"
    await book.redeem(mine.token)
    await book.redeem(other.token)
    await book.began(mine.call_id, "browser", BEGAN)
    clock.seconds = 1_000.0
    for _ in range(2):
        assert await book.was_opened_by(mine.token, mine.call_id)
        assert not await book.was_opened_by(mine.token, other.call_id)
        assert not await book.was_opened_by("", mine.call_id)
        assert await book.redeem(mine.token) is None
        await book.ended(mine.call_id, {"status": "success"})


async def test_a_token_is_too_old_after_two_minutes(book: CallBook, clock: Clock) -> None:
    call = await book.prepare(BILL)
    clock.seconds = 119.9
    assert await state_of(book, call.call_id) is State.WAITING
    clock.seconds = 120.0
    assert await book.state(call.call_id) is None
    assert await book.redeem(call.token) is None


async def test_what_is_no_token_opens_nothing(book: CallBook) -> None:
    call = await book.prepare(BILL)
    for wrong in ("", call.call_id, call.token[:-1], call.token.upper(), "\ud800" * 36):
        assert await book.redeem(wrong) is None
    assert await book.redeem(call.token) == call


async def test_tokens_are_all_different_and_never_shown(book: CallBook) -> None:
    prepared = [await book.prepare(BILL) for _ in range(20)]
    assert len({call.token for call in prepared}) == 20
    assert not any(call.token in repr(call) for call in prepared)


async def test_who_only_announces_calls_fills_no_memory(book: CallBook, clock: Clock) -> None:
    for _ in range(5):
        await book.prepare(BILL, 5)
    with pytest.raises(TooManyWaiting):
        await book.prepare(BILL, 5)
    await book.prepare(BILL)
    clock.seconds = 120.0
    await book.prepare(BILL, 5)


async def test_a_thousand_calls_may_wait_for_their_callers() -> None:
    book = OwnBook()
    for _ in range(1_000):
        await book.prepare(BILL)
    with pytest.raises(TooManyWaiting):
        await book.prepare(BILL)


async def test_a_call_is_under_way_from_its_begin_and_over_with_its_result(book: CallBook) -> None:
    call = await book.prepare(BILL)
    await book.redeem(call.token)
    await book.began(call.call_id, "browser", BEGAN)
    state = await book.state(call.call_id)
    assert state is not None
    assert (state.state, state.transport, state.started_at) == (State.UNDER_WAY, "browser", BEGAN)
    await book.ended(call.call_id, {"status": "success"})
    state = await book.state(call.call_id)
    assert state is not None
    assert (state.state, state.result) == (State.OVER, {"status": "success"})


async def test_a_call_that_never_came_to_a_result_is_no_call(book: CallBook) -> None:
    await book.began("unprepared", "twilio", BEGAN)
    await book.ended("unprepared", None)
    assert await book.state("unprepared") is None


# Several processes


async def test_what_one_process_prepares_another_opens_and_a_third_knows(database: Engine) -> None:
    preparing, opening, asking = SharedBook(database), SharedBook(database), SharedBook(database)
    call = await preparing.prepare(BILL)
    assert await state_of(asking, call.call_id) is State.WAITING
    assert await opening.redeem(call.token) == call
    await opening.began(call.call_id, "audiosocket", BEGAN)
    assert await state_of(asking, call.call_id) is State.UNDER_WAY
    with pytest.raises(UnderWay):
        await preparing.began(call.call_id, "audiosocket", BEGAN)
    await preparing.ended(call.call_id, None)
    assert await state_of(asking, call.call_id) is State.UNDER_WAY, "it was not that process's call"
    await opening.ended(call.call_id, {"status": "declined"})
    assert await state_of(preparing, call.call_id) is State.OVER


async def test_a_token_that_comes_to_all_processes_at_once_opens_one_call(database: Engine) -> None:
    books = [SharedBook(database) for _ in range(4)]
    for _ in range(10):
        call = await books[0].prepare(BILL)
        redeem: list[Callable[[str], object]] = [book._redeem for book in books]
        with ThreadPoolExecutor(4) as pool:
            opened = list(pool.map(lambda one, token=call.token: one(token), redeem))
        assert sum(found is not None for found in opened) == 1


async def test_a_call_whose_process_died_is_lost(database: Engine) -> None:
    book = SharedBook(database)
    await book.began("orphanorphanorph", "browser", BEGAN)
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    host = book.process.rsplit(":", 2)[0]
    with database.begin() as connection:
        dead = update(live_calls).where(live_calls.c.call_id == "orphanorphanorph")
        connection.execute(dead.values(process=f"{host}:{gone.pid}:0000"))
    assert await state_of(book, "orphanorphanorph") is State.LOST


async def test_the_book_keeps_no_token_and_forgets_after_a_day(
    database: Engine, tmp_path: Path
) -> None:
    clock = Clock()
    book = SharedBook(database, now=clock.utc)
    call = await book.prepare(BILL)
    with database.begin() as connection:
        kept = str(connection.execute(live_calls.select()).all())
        assert call.call_id in kept
        assert call.token not in kept
    clock.seconds = 2 * 86_400.0
    await book.prepare(BILL)
    with database.begin() as connection:
        assert call.call_id not in str(connection.execute(live_calls.select()).all())


async def test_a_book_that_does_not_answer_says_so_without_what_it_was_asked(
    tmp_path: Path,
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/payments.db")
    with database.begin() as connection:
        live_calls.drop(connection)
    book = SharedBook(database)
    with pytest.raises(StoreError, match="does not answer") as error:
        await book.prepare(BILL)
    assert "87.50" not in str(error.value)
    database.dispose()
