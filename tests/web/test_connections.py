"""Who begins a request and does not end it is not waited for, and who comes with too many
connections is turned away; others are answered."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import websockets
from phone_site import PATIENCE_SECONDS, Page, Server, served

from bot.live_settings import LiveSettings
from bot.transports.browser import CloseCode
from bot.web.server import bound

REQUEST = b"POST /api/calls HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BEGUN = {
    "not a byte": b"",
    "half a head": REQUEST,
    "half a body": REQUEST + b"Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{",
    "half a body that nobody reads": REQUEST + b"Content-Length: 90\r\n\r\n{",
    "the beginning of a second request": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.connections.REQUEST_SECONDS", 0.2)


async def closed(server: Server, begun: bytes) -> None:
    """Waits until the server has closed a connection on which this came, and then a byte now and
    then."""
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(begun)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    async with asyncio.timeout(0.02):
                        while await reader.read(1000):
                            pass
                        return
                except TimeoutError:
                    writer.write(begun and b"x")
    except ConnectionError:
        return
    finally:
        writer.close()


@pytest.mark.parametrize("begun", BEGUN.values(), ids=BEGUN)
async def test_a_request_that_never_ends_is_given_up(
    tmp_path: Path, begun: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server:
        await closed(server, begun)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_hundreds_of_connections_that_say_nothing_keep_nobody_out_for_long(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, server.client() as client:
        silent = [asyncio.create_task(closed(server, b"")) for _ in range(300)]
        await asyncio.gather(*silent)
        assert (await client.get("/health")).status_code == 200


async def test_far_too_many_connections_are_not_even_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs a descriptor, also one whose WebSocket is refused."""
    monkeypatch.setattr("bot.web.server._OTHER_CONNECTIONS", 3)
    monkeypatch.setattr("bot.web.connections.REQUEST_SECONDS", PATIENCE_SECONDS)
    async with served(tmp_path, LiveSettings(most_calls=1)) as server, AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(server.phone())
        await closed(server, b"")
        with pytest.raises((websockets.InvalidHandshake, OSError)):
            await server.phone()
        await stack.aclose()
        async with server.phone() as phone:
            await Page(phone).hello(await server.token())
            await Page(phone).until("ready")


async def test_a_call_goes_on_when_a_request_would_be_given_up(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.phone() as phone:
        await closed(server, b"")  # one that came after the WebSocket
        page = Page(phone)
        await page.hello(await server.token())
        await page.until("ready")
        await page.tell(type="hang_up")
        assert await page.until_closed() == CloseCode.OVER


async def test_a_connection_that_waits_for_its_answer_is_not_given_up(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        asked = asyncio.Event()
        state = server.site.calls.book.state

        async def slow_state(call_id: str) -> object:
            asked.set()
            await closed(server, b"")  # as long as a request may take
            return await state(call_id)

        server.site.calls.book.state = slow_state  # type: ignore[method-assign, assignment]
        async with server.client() as client:
            answer = await client.get("/api/calls/abcdefghijklmnop")
        assert asked.is_set()
        assert answer.status_code == 404


HANDSHAKE = (
    b"GET /phone HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PING = b"\x89\xfd" + bytes(4 + 125)


BEGUN_TEXT = b"\x01\x80" + bytes(4)
NO_MORE_OF_IT = b"\x00\x80" + bytes(4)


async def flood(writer: asyncio.StreamWriter, frame: bytes) -> None:
    """64 MB of them."""
    many = frame * (128 * 1024 // len(frame))
    for _ in range(512):
        writer.write(many)
        await writer.drain()


@pytest.mark.parametrize(
    ("first", "frame"), [(b"", PING), (BEGUN_TEXT, NO_MORE_OF_IT)], ids=["pings", "empty pieces"]
)
async def test_who_sends_what_is_no_message_and_reads_no_answer_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bytes, frame: bytes
) -> None:
    monkeypatch.setattr("bot.web.phone._HELLO_SECONDS", 600)
    async with served(tmp_path) as server:
        host, port = server.url.removeprefix("http://").rstrip("/").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1)
        writer.write(HANDSHAKE)
        await reader.read(1)  # and no more: with this limit nothing else is read
        writer.write(first)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                with pytest.raises(ConnectionError):
                    await flood(writer, frame)
        finally:
            writer.close()


def test_what_nobody_reads_is_not_kept_for_longer_than_a_silent_line() -> None:
    """By the kernel, whatever the connection is; on Linux."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("this system knows no such limit")
    live = LiveSettings(port=0, dead_line_seconds=7.0)
    with bound(live) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            option = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert 7_000 < option <= 20_000
