"""A call from the phone page whose connection breaks goes on when the page comes back."""

from __future__ import annotations

import asyncio
import base64
import json
import socket as sockets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import websockets
from phone_site import KEYED, PATIENCE_SECONDS, Page, Server, served
from sqlalchemy import Engine
from structlog.testing import capture_logs

from bot.calls.live.book import State
from bot.calls.live.shared_book import SharedBook
from bot.calls.scenarios.scenario import Parameters
from bot.database import database_url, open_database
from bot.live_settings import LiveSettings
from bot.transports.browser import CloseCode
from bot.web.doors import Doors
from bot.web.phone_call import _Secrets
from bot.web.site import WAITING_FOR_HELLO

HALF = "42424242"


@asynccontextmanager
async def calling(server: Server) -> AsyncIterator[Page]:
    """A page whose call has begun, as the book knows."""
    async with asyncio.timeout(PATIENCE_SECONDS), server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token())
        call = (await page.until("ready"))["call"]
        book = server.site.calls.book
        while (state := await book.state(call)) is None or state.state is State.WAITING:  # noqa: ASYNC110
            await asyncio.sleep(0)
        yield page


@asynccontextmanager
async def back(server: Server, before: Page, **changed: Any) -> AsyncIterator[Page]:
    """The same page over another connection."""
    async with server.phone() as socket:
        page = Page(socket)
        await page.resume(before, **changed)
        await page.until("ready")
        yield page


async def refused(server: Server, before: Page, **changed: Any) -> int | None:
    """With which code."""
    async with server.phone() as socket:
        page = Page(socket)
        with suppress(websockets.ConnectionClosed):  # before it could say anything
            await page.resume(before, **changed)
        return await page.until_closed()


def at_step(name: str) -> Callable[[Page], bool]:
    """Its question is open."""
    return lambda page: any(
        message["text"] == name and message["details"]["state"] == "entering"
        for message in page.of("happened")
        if message["kind"] == "step"
    )


def said(page: Page) -> list[str]:
    """The bot's prompts by their ids, which stand-ins say instead of words."""
    return [message["text"] for message in page.of("caption")]


def counted(server: Server, outcome: str) -> str:
    text = server.site.calls.metrics.text().decode()
    name = f'voicebot_page_reconnections_total{{outcome="{outcome}"}} '
    return next((line.removeprefix(name) for line in text.splitlines() if name in line), "0.0")


async def test_who_was_being_waited_for_when_the_connection_broke_is_asked_again(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        await page.pay("1", until=lambda page: page.has_heard("card_number.ask"))
        page.breaks()
        async with back(server, page) as again:
            await again.pay(until=lambda again: said(again).count("card_number.ask") == 2)
            assert said(again)[0] == "welcome"
            assert "no_input" not in said(again)
        assert counted(server, "back") == "1.0"


async def test_what_the_bot_was_saying_it_goes_on_saying(tmp_path: Path) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        await page.pay(until=lambda page: page.is_loud)
        assert said(page) == ["welcome"]
        page.breaks()
        async with back(server, page) as again:
            await again.pay(until=lambda again: again.is_loud)
            assert said(again) == ["welcome"]
            await again.pay(until=lambda again: len(said(again)) > 1)
            assert said(again) == ["welcome", "amount.confirm_given"]


async def test_of_a_card_number_that_was_half_keyed_only_the_rest_is_needed(
    tmp_path: Path,
) -> None:
    """Also of keys that were pressed into the broken connection: the page knows by their count
    which did not arrive."""
    async with served(tmp_path) as server, calling(server) as page:
        await page.pay("1", HALF, until=lambda page: page.keys == 9)
        page.breaks()
        pressed = "1" + KEYED[1] + "#"
        async with back(server, page) as again:
            arrived = again.of("ready")[-1]["keys"]
            assert arrived == 9
            for key in pressed[arrived:]:
                await again.tell(type="key", key=key)
            await again.pay(until=at_step("expiry"))
            assert said(again).count("card_number.ask") == 1


async def test_a_charge_goes_on_while_nobody_is_connected_and_is_told_who_comes_back(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        server.gateway.delay_ms = 100
        await page.pay(*KEYED, until=lambda _: bool(server.gateway.asked))
        page.breaks()
        async with back(server, page) as again:
            await again.pay()
            assert again.code == CloseCode.OVER
            [ended] = again.of("ended")
            assert ended["result"]["status"] == "success"
        assert len(server.gateway.asked) == len(server.results) == 1


async def test_a_page_that_comes_back_is_told_what_it_missed_and_nothing_twice(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        await page.pay("1", until=at_step("card_number"))
        page.breaks()
        everything = page.told
        page.messages = [m for m in page.messages if m not in everything[2:]]
        async with back(server, page) as again:
            await again.pay(until=lambda again: len(again.told) >= len(everything))
            assert again.told[: len(everything)] == everything


async def test_a_second_connection_takes_the_call_over_from_one_that_seems_to_be_there(
    tmp_path: Path,
) -> None:
    """The page notices a break before the server does."""
    async with served(tmp_path) as server, calling(server) as page, back(server, page) as again:
        assert await page.until_closed() == CloseCode.TAKEN_OVER
        await again.pay(until=lambda again: again.is_loud)
        assert len(server.site.calls.under_way) == 1


async def test_of_two_that_come_back_at_once_one_has_the_call(tmp_path: Path) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        page.breaks()
        async with server.phone() as first, server.phone() as second:
            pages = [Page(first), Page(second)]
            await asyncio.gather(*(each.resume(page) for each in pages))
            closed = [asyncio.create_task(each.until_closed()) for each in pages]
            await asyncio.wait(closed, return_when=asyncio.FIRST_COMPLETED)
            [over] = [task.result() for task in closed if task.done()]
            assert over == CloseCode.TAKEN_OVER
            assert len(server.site.calls.under_way) == 1
            for task in closed:
                task.cancel()


async def test_a_call_to_which_nobody_comes_back_in_time_was_hung_up(tmp_path: Path) -> None:
    live = LiveSettings(reconnect_seconds=0.05)
    async with served(tmp_path, live) as server, calling(server) as page:
        await page.pay(until=lambda page: bool(page.sound))
        with capture_logs() as logged:
            page.breaks()
            assert await server.site.calls.drain(PATIENCE_SECONDS) == 0
        [result] = server.results
        assert result.payment.status == "caller-hung-up"
        assert counted(server, "too_late") == "1.0"
        assert await refused(server, page) == CloseCode.TOKEN
        assert counted(server, "refused") == "1.0"
        call = page.of("ready")[0]["call"]
        named = [line["event"] for line in logged if line.get("call") == call]
        assert named == ["page_lost", "page_not_back"]


async def test_where_calls_are_not_kept_a_page_gets_no_secret(tmp_path: Path) -> None:
    live = LiveSettings(reconnect_seconds=0)
    async with served(tmp_path, live) as server, calling(server) as page:
        [ready] = page.of("ready")
        assert ready["reconnect_seconds"] == 0
        assert "secret" not in ready
        page.breaks()
        assert await server.site.calls.drain(PATIENCE_SECONDS) == 0
        [result] = server.results
        assert result.payment.status == "caller-hung-up"


@pytest.mark.parametrize("code", [1000, 1001])
async def test_who_closes_the_page_has_hung_up_and_cannot_come_back(
    tmp_path: Path, code: int
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        await page.socket.close(code)
        assert await server.site.calls.drain(PATIENCE_SECONDS) == 0
        assert await refused(server, page) == CloseCode.TOKEN


async def test_a_page_that_breaks_the_protocol_cannot_come_back(tmp_path: Path) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        await page.socket.send("what is this")
        assert await page.until_closed() == CloseCode.NOT_THE_PROTOCOL
        assert await server.site.calls.drain(PATIENCE_SECONDS) == 0
        assert await refused(server, page) == CloseCode.TOKEN


async def test_a_call_that_is_held_is_waited_for_when_the_server_drains_and_may_go_on(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        page.breaks()
        draining = asyncio.create_task(server.site.calls.drain(PATIENCE_SECONDS))
        await asyncio.sleep(0)
        async with back(server, page) as again:
            await again.pay(until=lambda again: again.is_loud)
            assert not draining.done()
        assert await draining == 0


async def test_a_call_that_is_held_is_hung_up_when_the_drain_has_lasted_long_enough(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        page.breaks()
        assert await server.site.calls.drain(0) == 1
        assert counted(server, "too_late") == "0.0"


# Who may come back


async def test_a_wrong_secret_is_refused_like_a_wrong_token_and_costs_the_caller_nothing(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        page.breaks()
        assert await refused(server, page, secret="x" * 22) == CloseCode.TOKEN
        assert await refused(server, page, call="no" * 8) == CloseCode.TOKEN
        async with back(server, page) as again:
            assert await refused(server, page, secret="x" * 22) == CloseCode.TOKEN
            await again.pay(until=lambda again: again.is_loud)
        assert counted(server, "refused") == "3.0"


async def test_a_secret_opens_a_call_once(tmp_path: Path) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        page.breaks()
        async with back(server, page) as again:
            fresh, used = again.of("ready")[-1]["secret"], page.of("ready")[-1]["secret"]
            assert fresh != used
            await again.pay(until=lambda again: bool(again.sound))
            assert await refused(server, page) == CloseCode.TOKEN
            await again.tell(type="hang_up")
            assert await again.until_closed() == CloseCode.OVER


async def test_a_page_that_never_got_its_new_secret_comes_back_with_the_one_before(
    tmp_path: Path,
) -> None:
    """The connection may break again before anything has come over it."""
    async with served(tmp_path) as server, calling(server) as page:
        page.breaks()
        for _ in range(3):
            async with server.phone() as socket:
                lost = Page(socket)
                await lost.resume(page)
                await lost.until("ready")
                lost.breaks()
        async with back(server, lost) as again:
            again.breaks()
        assert await refused(server, page) == CloseCode.TOKEN
        async with back(server, again):
            pass


def test_a_secret_is_128_random_bits() -> None:
    secrets = _Secrets()
    made = [secrets.new() for _ in range(200)]
    numbers = [int.from_bytes(base64.urlsafe_b64decode(f"{secret}==")) for secret in made]
    assert len(set(numbers)) == 200
    for bit in range(128):
        assert len({number >> bit & 1 for number in numbers}) == 2, f"bit {bit} never changes"
    assert made[-1] not in str(vars(secrets))


async def test_who_guesses_secrets_is_a_stranger_like_any_other(tmp_path: Path) -> None:
    async with served(tmp_path) as server, calling(server) as page:
        silent = [await server.phone() for _ in range(WAITING_FOR_HELLO)]
        assert await refused(server, page) == CloseCode.BUSY
        for socket in silent:
            await socket.close()


async def test_no_secret_is_logged_or_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with capture_logs() as logged:
        async with served(tmp_path) as server, calling(server) as page:
            page.breaks()
            async with back(server, page) as again:
                assert await refused(server, page, secret="x" * 22) == CloseCode.TOKEN
                await again.tell(type="hang_up")
                await again.until_closed()
    shown = json.dumps([logged, caplog.text], default=repr)
    for ready in again.of("ready"):
        assert ready["secret"] not in shown


# Several processes behind one port


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url("", tmp_path))
    yield engine
    engine.dispose()


@asynccontextmanager
async def two_processes(folder: Path, database: Engine) -> AsyncIterator[tuple[Server, Server]]:
    """As far as their book and their doors know."""
    books = [SharedBook(database), SharedBook(database)]
    with tempfile.TemporaryDirectory() as doors:
        one, other = [Doors(Path(doors), book) for book in books]
        async with (
            served(folder / "one", book=books[0], doors=one) as first,
            served(folder / "other", book=books[1], doors=other) as second,
        ):
            yield first, second


async def test_a_page_that_is_given_to_another_process_goes_on_with_its_call(
    tmp_path: Path, database: Engine
) -> None:
    async with two_processes(tmp_path, database) as (owner, neighbour), calling(owner) as page:
        await page.pay("1", until=at_step("card_number"))
        page.breaks()
        async with back(neighbour, page) as once:
            await once.pay(HALF, until=lambda page: page.keys == 9)
            once.breaks()
        async with back(neighbour, once) as again:
            for key in HALF + "#":
                await again.tell(type="key", key=key)
            await again.pay(until=at_step("expiry"))
        assert neighbour.site.calls.under_way == {}


async def test_another_process_lets_nobody_in_whom_the_calls_own_would_not(
    tmp_path: Path, database: Engine
) -> None:
    async with two_processes(tmp_path, database) as (owner, neighbour), calling(owner) as page:
        assert await refused(neighbour, page, secret="x" * 22) == CloseCode.TOKEN
        assert await refused(neighbour, page, call="no" * 8) == CloseCode.TOKEN
        await page.tell(type="hang_up")
        assert await page.until_closed() == CloseCode.OVER
        assert await refused(neighbour, page) == CloseCode.TOKEN


async def test_who_hangs_up_by_way_of_another_process_has_hung_up(
    tmp_path: Path, database: Engine
) -> None:
    async with two_processes(tmp_path, database) as (owner, neighbour), calling(owner) as page:
        async with back(neighbour, page) as again:
            await again.socket.close()
        assert await owner.site.calls.drain(PATIENCE_SECONDS) == 0
        assert counted(owner, "too_late") == "0.0"
        [result] = owner.results
        assert result.payment.status == "caller-hung-up"


async def test_a_call_that_has_not_quite_begun_may_be_asked_for_again(
    tmp_path: Path, database: Engine
) -> None:
    """The page is told of it a moment before the book is."""
    async with two_processes(tmp_path, database) as (owner, neighbour), calling(owner) as page:
        waiting = await owner.site.calls.book.prepare(Parameters())
        assert await refused(neighbour, page, call=waiting.call_id) == CloseCode.LOST


async def test_a_call_whose_process_has_died_is_said_to_be_gone(
    tmp_path: Path, database: Engine
) -> None:
    async with two_processes(tmp_path, database) as (owner, neighbour), calling(owner) as page:
        book = owner.site.calls.book
        assert isinstance(book, SharedBook)
        ours, book.process = book.process, f"{sockets.gethostname()}:{2**22 + 1}:abcdefgh"
        async with calling(owner) as lost:
            assert await refused(neighbour, lost) == CloseCode.GONE
        book.process = f"another-machine:1:{'a' * 8}"
        async with calling(owner) as far_away:
            assert await refused(neighbour, far_away) == CloseCode.GONE
        book.process = ours
        async with back(neighbour, page):
            pass


def test_only_this_user_gets_to_the_doors(tmp_path: Path, database: Engine) -> None:
    doors = Doors(tmp_path, SharedBook(database))
    with doors.open_own():
        [door] = [path for path in tmp_path.iterdir() if path.is_socket()]
        assert door.stat().st_mode & 0o077 == 0
