"""A call from the phone page, over a real WebSocket: paid, refused, broken off, abused."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import websockets
from phone_site import KEYED, PATIENCE_SECONDS, SILENCE, Page, Server, served
from structlog.testing import capture_logs

from bot.calls.run_call import FinishedCall
from bot.live_settings import LiveSettings
from bot.transports.browser import CloseCode

NOT_KEPT = LiveSettings(reconnect_seconds=0)
"""A call ends with its connection."""


async def test_a_bill_is_paid_on_the_dial_pad(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await page.pay(*KEYED)
        assert page.code == CloseCode.OVER
        [ended] = page.of("ended")
        assert ended["result"]["status"] == "success"
        assert ended["result"]["last_four"] == "4242"
        assert len(server.gateway.asked) == 1
        done = [m["text"] for m in page.of("happened") if m["details"].get("state") == "done"]
        assert done[:5] == ["amount", "card_number", "expiry", "security_code", "postal_code"]
        assert page.of("caption")[0]["text"] == "welcome"
        assert any(np.frombuffer(sound, dtype="<i2").any() for sound in page.sound)
        assert page.messages[0]["type"] == "ready"
        assert page.messages[-1]["type"] == "ended"
        everything = json.dumps(page.messages)
        assert "4242424242424242" not in everything
        assert "90210" not in everything
        assert server.site.calls.under_way == {}


async def test_sound_of_another_rate_is_taken_and_given_back_at_that_rate(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token(), rate=16_000)
        await page.until("ready")
        for _ in range(50):
            await socket.send(SILENCE * 2)
        while sum(map(len, page.sound)) < 2 * 16_000 // 4:
            page._keep(await socket.recv())
        await page.tell(type="hang_up")
        assert await page.until_closed() == CloseCode.OVER
        [ended] = page.of("ended")
        assert ended["result"]["status"] == "caller-hung-up"


async def test_a_key_during_a_prompt_recalls_the_sound_that_waits(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await page.pay(until=lambda page: bool(page.of("caption")))
            await page.tell(type="key", key="1")
            await page.pay(until=lambda page: bool(page.of("clear")))


async def test_a_page_that_goes_away_has_hung_up_and_its_line_is_free_again(tmp_path: Path) -> None:
    async with served(tmp_path, LiveSettings(most_calls=1)) as server:
        async with server.phone() as socket:
            page = Page(socket)
            await page.hello(await server.token())
            await page.until("ready")
        await asyncio.wait_for(server.site.calls.drain(PATIENCE_SECONDS), PATIENCE_SECONDS)
        [result] = server.results
        assert result.payment.status == "caller-hung-up"
        assert server.gateway.asked == []


async def test_a_connection_that_is_cut_without_a_word_ends_the_call(tmp_path: Path) -> None:
    async with served(tmp_path, NOT_KEPT) as server:
        socket = await server.phone()
        page = Page(socket)
        await page.hello(await server.token())
        await page.until("ready")
        socket.transport.abort()
        assert await server.site.calls.drain(PATIENCE_SECONDS) == 0


async def test_a_page_that_closes_its_half_only_ends_the_call(tmp_path: Path) -> None:
    async with served(tmp_path, NOT_KEPT) as server:
        socket = await server.phone()
        page = Page(socket)
        await page.hello(await server.token())
        await page.until("ready")
        raw = socket.transport.get_extra_info("socket")
        with sockets.socket(fileno=sockets.dup(raw.fileno())) as half:
            half.shutdown(sockets.SHUT_WR)
        assert await server.site.calls.drain(PATIENCE_SECONDS) == 0
        socket.transport.abort()


async def test_a_page_that_sends_nothing_any_more_is_taken_to_have_gone(tmp_path: Path) -> None:
    live = replace(NOT_KEPT, dead_line_seconds=0.2)
    async with served(tmp_path, live) as server, server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token())
        assert await page.until_closed() == CloseCode.OVER
        [ended] = page.of("ended")
        assert ended["result"]["status"] == "caller-hung-up"


# Who is let in


async def close_code(server: Server, *messages: str | bytes, **options: Any) -> int | None:
    async with server.phone(**options) as socket:
        page = Page(socket)
        try:
            for message in messages:
                await socket.send(message)
        except websockets.ConnectionClosed:
            pass
        return await page.until_closed()


def hello(token: str, **changed: Any) -> str:
    return json.dumps({"type": "hello", "version": 1, "token": token, "rate": 8000} | changed)


async def test_a_token_opens_one_call_only(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        token = await server.token()
        async with server.phone() as socket:
            page = Page(socket)
            await page.hello(token)
            await page.until("ready")
            assert await close_code(server, hello(token)) == CloseCode.TOKEN
            assert len(server.site.calls.under_way) == 1
        assert await close_code(server, hello("x" * 36)) == CloseCode.TOKEN


async def test_when_all_lines_are_busy_the_page_hears_so_and_may_try_again(tmp_path: Path) -> None:
    async with served(tmp_path, LiveSettings(most_calls=1)) as server:
        second = await server.token()
        async with server.phone() as socket:
            first = Page(socket)
            await first.hello(await server.token())
            await first.until("ready")
            assert await close_code(server, hello(second)) == CloseCode.BUSY
            await first.tell(type="hang_up")
            await first.until_closed()
        async with server.phone() as socket:
            page = Page(socket)
            await page.hello(second)
            await page.until("ready")


async def test_a_server_that_is_about_to_end_takes_no_call(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        token = await server.token()
        await server.site.calls.drain(0)
        assert await close_code(server, hello(token)) == CloseCode.ENDING


async def test_pages_of_other_sites_are_not_let_in(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await server.phone(origin=origin)
            assert refused.value.response.status_code == 403
        own = server.url.rstrip("/")
        assert await close_code(server, hello("x" * 36), origin=own) == CloseCode.TOKEN


async def test_who_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.phone._HELLO_SECONDS", 0.05)
    async with served(tmp_path) as server:
        assert await close_code(server) == CloseCode.NO_HELLO


async def test_many_who_say_nothing_keep_nobody_else_out_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path) as server:
        silent = [await server.phone() for _ in range(32)]
        assert await close_code(server, hello(await server.token())) == CloseCode.BUSY
        for socket in silent:
            await socket.close()
        async with server.phone() as socket:
            page = Page(socket)
            await page.hello(await server.token())
            await page.until("ready")


# Abuse: a clear code, and nobody else is harmed


KEY = '{"type": "key", "key": "1"}'


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["what is this"], CloseCode.NOT_THE_PROTOCOL),
        ([b"\x01"], CloseCode.NOT_THE_PROTOCOL),
        ([hello("x" * 36)], CloseCode.NOT_THE_PROTOCOL),
        ([KEY] * 10_000, CloseCode.TOO_MUCH),
        ([SILENCE * 10] * 10_000, CloseCode.TOO_MUCH),
        ([bytes(1_000_000)], 1009),
        (["x" * 1_000_000], 1009),
    ],
    ids=["garbage", "half a sample", "a second hello", "10,000 keys", "48 kHz that says 8",
         "1 MB of sound", "1 MB of text"],
)  # fmt: skip
async def test_abuse_ends_one_call_with_its_code_and_no_other(
    tmp_path: Path, messages: list[str | bytes], code: int
) -> None:
    async with served(tmp_path) as server, server.phone() as neighbour_socket:
        neighbour = Page(neighbour_socket)
        await neighbour.hello(await server.token())
        paying = asyncio.create_task(neighbour.pay(*KEYED))
        assert await close_code(server, hello(await server.token()), *messages) == code
        async with asyncio.timeout(PATIENCE_SECONDS):
            await paying
        [ended] = neighbour.of("ended")
        assert ended["result"]["status"] == "success"
        assert len(server.gateway.asked) == 1


async def test_a_page_that_stops_reading_costs_its_own_call_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.phone_call._CLOSING_SECONDS", 0.1)
    live = replace(LiveSettings(), most_calls=2, dead_line_seconds=600.0)
    async with served(tmp_path, live) as server:
        stalled = await server.phone(max_queue=1)
        stalled.transport.get_extra_info("socket").setsockopt(
            sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096
        )
        page = Page(stalled)
        await page.hello(await server.token(), rate=48_000)
        stalled.transport.pause_reading()
        sent = asyncio.create_task(page._send_silence())
        async with server.phone() as socket:
            neighbour = Page(socket)
            await neighbour.hello(await server.token())
            async with asyncio.timeout(PATIENCE_SECONDS):
                await neighbour.pay(*KEYED)
            [ended] = neighbour.of("ended")
            assert ended["result"]["status"] == "success"
        sent.cancel()
        stalled.transport.abort()
        assert await server.site.calls.drain(PATIENCE_SECONDS) == 0


async def test_a_call_that_is_cut_off_because_all_ends_at_once_is_no_fault_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task: asyncio.Task[Any] | None = None

    async def never_over(*_: object, **__: object) -> FinishedCall:
        nonlocal task
        task = asyncio.current_task()
        await asyncio.Event().wait()
        pytest.fail("over")

    async with served(tmp_path, run=never_over) as server, server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token())
        await page.until("ready")
        assert task is not None
        with capture_logs() as logged:
            task.cancel()  # as a second Ctrl-C does with all of them
            assert await page.until_closed() == websockets.CloseCode.ABNORMAL_CLOSURE
    assert [line["event"] for line in logged] == ["call_cut_off", "connection_cut_off"]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
