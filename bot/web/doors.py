"""Between the processes behind one port: a page that comes back is given to any of them, and its
call is with another.

Each process has a door, a Unix socket in a folder that only this user may enter, on which it serves
what it serves on the port. Who gets a page for a neighbour's call carries its messages there and
back, and looks into the first of them only; whether it may have the call its owner decides. The
book of calls says whose a call is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bot.calls.live.book import State, hashed
from bot.calls.live.shared_book import SharedBook
from bot.transports.browser import CloseCode, PageFault, is_a_break

_log = structlog.get_logger(__name__)

_ADDRESS: Final = "ws://localhost/phone"
"""This host's own name, as `bot.web.access` wants it; where it lies the socket says."""

_ANSWERS_SECONDS: Final = 3.0

_NAME_LENGTH: Final = 16
"""Of a socket's file: with its folder it must stay below 108 characters."""


class Doors:
    """Of the processes that share a book. folder: where they are, and nobody else gets in."""

    def __init__(self, folder: Path, book: SharedBook) -> None:
        self._folder = folder
        self._book = book

    @contextmanager
    def open_own(self) -> Iterator[tuple[socket.socket]]:
        """The listener on which the others come."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(self._own))
            self._own.chmod(0o600)
            listener.listen(128)
            yield (listener,)

    async def to(self, call_id: str) -> Path | None:
        """To the process that has this call; None when none has it, or this one itself.

        Raises PageFault when it has died with its process, or has not quite begun, and StoreError.
        """
        call = await self._book.state(call_id)
        match call.state if call is not None else None:
            case State.LOST:
                raise _gone()
            case State.WAITING:
                raise PageFault(CloseCode.LOST, "the call has not quite begun")
            case State.UNDER_WAY if call is not None:
                door = self._of(call.process)
                return door if door != self._own else None
            case _:
                return None

    @property
    def _own(self) -> Path:
        return self._of(self._book.process)

    def _of(self, process: str) -> Path:
        return self._folder / hashed(process)[:_NAME_LENGTH]


async def relay(page: WebSocket, first: str, door: Path) -> None:
    """Both ways, beginning with the page's `first` message, until either end leaves; the other is
    told with which code. Raises PageFault when nobody is behind the door."""
    try:
        owner = await unix_connect(
            str(door), _ADDRESS, compression=None, ping_interval=None,
            open_timeout=_ANSWERS_SECONDS, close_timeout=_ANSWERS_SECONDS,
        )  # fmt: skip
    except TimeoutError:
        raise PageFault(CloseCode.LOST, "the process that has the call does not answer") from None
    except (OSError, InvalidHandshake):
        raise _gone() from None
    async with owner:
        await _carry(page, first, owner)


async def _carry(page: WebSocket, first: str, owner: ClientConnection) -> None:
    there = asyncio.create_task(_from_page(page, first, owner))
    back = asyncio.create_task(_from_owner(page, owner))
    try:
        await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (there, back):
            task.cancel()
        left, _ = await asyncio.gather(there, back, return_exceptions=True)
    if isinstance(left, int):
        await owner.close(CloseCode.LOST if is_a_break(left) else left)
        return
    known = owner.close_code in set(CloseCode)
    with suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(_ANSWERS_SECONDS):
            await page.close(
                owner.close_code if known and owner.close_code else CloseCode.LOST,
                owner.close_reason or "",
            )


async def _from_page(page: WebSocket, first: str, owner: ClientConnection) -> int | None:
    """The code with which the page left; None when the owner did."""
    try:
        await owner.send(first)
        while True:
            message = await page.receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code", 1006))
            data = message.get("bytes")
            await owner.send(data if data is not None else message.get("text") or "")
    except ConnectionClosed:
        return None


async def _from_owner(page: WebSocket, owner: ClientConnection) -> None:
    try:
        async for message in owner:
            if isinstance(message, str):
                await page.send_text(message)
            else:
                await page.send_bytes(message)
    except (ConnectionClosed, WebSocketDisconnect, RuntimeError, OSError):
        return


def _gone() -> PageFault:
    return PageFault(CloseCode.GONE, "the process that had the call has ended")
