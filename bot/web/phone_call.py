"""A call from the phone page, over one connection after the other.

    connected --the connection breaks--> held --another one resumes--> connected
        ^  |                               |
        +--+ another one takes over        +--its time is over--> hung up

What the page is told (captions, and what happens in the call) is written down first, so that a page
that comes back gets exactly what it has missed. Sound is not: what nobody heard is not said later.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.audio import SAMPLE_RATE
from bot.calls.live.book import hashed
from bot.calls.live.line import Caption, Clear, Finished, LiveLine, Play
from bot.errors import StoreError
from bot.records.guard import kept_entry
from bot.records.trace import Entry, EntryKind
from bot.transports.browser import (
    CloseCode,
    First,
    HangUp,
    Hello,
    Key,
    Message,
    PageFault,
    PageReader,
    PageWriter,
    Resume,
    Sound,
    is_a_break,
)

_log = structlog.get_logger(__name__)

_CLOSING_SECONDS: Final = 5.0
"""A page that has stopped reading is not waited for longer."""

_TOLD: Final = {
    EntryKind.PROMPT,
    EntryKind.HEARD,
    EntryKind.KEY,
    EntryKind.STEP,
    EntryKind.DROPPED,
    EntryKind.DEGRADED,
}
"""What the page shows of a call."""


class PageConnection:
    """One WebSocket, and what of it is a matter of the protocol only."""

    def __init__(self, socket: WebSocket) -> None:
        self.replaced = asyncio.Event()
        """Set when another connection has taken its call over."""
        self.told = 0
        """How much of what its call wrote down this page has."""
        self.telling = asyncio.Lock()
        self.writer = PageWriter(SAMPLE_RATE)
        self._socket = socket
        self._now = asyncio.get_running_loop().time
        self._reader = PageReader()

    async def first(self) -> tuple[First, str]:
        """How it begins, understood and as it came. Raises PageFault and WebSocketDisconnect."""
        message = await self._received()
        first = self._understood(message)
        assert isinstance(first, Hello | Resume)  # noqa: S101 - the reader lets nothing else be it
        self.writer = PageWriter(first.rate)
        return first, message["text"]

    async def next(self) -> Message:
        """Raises PageFault and WebSocketDisconnect."""
        return self._understood(await self._received())

    async def send(self, message: str | bytes) -> None:
        """Raises WebSocketDisconnect when nobody is there any more."""
        try:
            if isinstance(message, str):
                await self._socket.send_text(message)
            elif message:
                await self._socket.send_bytes(message)
        except (RuntimeError, OSError):  # who listens learns what closed it
            raise WebSocketDisconnect(1006) from None

    async def close(self, code: CloseCode, why: str) -> None:
        with suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._socket.close(code, why)

    async def _received(self) -> Mapping[str, Any]:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        return message

    def _understood(self, message: Mapping[str, Any]) -> Message:
        if (data := message.get("bytes")) is not None:
            return self._reader.binary(data, self._now())
        return self._reader.text(message.get("text") or "", self._now())


class PhoneCall:
    """keeps_seconds: how long it is held while nobody is connected; 0: not at all."""

    def __init__(self, call_id: str, line: LiveLine, *, keeps_seconds: float) -> None:
        self.call_id = call_id
        self.line = line
        self._keeps_seconds = keeps_seconds
        self._log = _log.bind(call=call_id)
        self._secrets = _Secrets()
        self._connection: PageConnection | None = None
        self._talking: asyncio.Task[None] | None = None
        self._written_down: list[str] = []
        """As messages; a call's own entries, so it grows no larger than they do."""
        self._news = asyncio.Event()
        self._spoken = asyncio.Event()
        """Set when the line has said its last."""
        self._keys = 0

    def watch(self, entry: Entry) -> None:
        """The page is told, if it shows such things and they may be kept."""
        if entry.kind not in _TOLD:
            return
        try:
            kept = kept_entry(entry)
        except StoreError:
            return
        details: dict[str, Any] = dict(kept.details)
        kind = kept.kind.value
        self._write_down(PageWriter.happened(kind, at=kept.at, text=kept.text, details=details))

    def opens_with(self, secret: str) -> bool:
        """Whether who brings this secret may go on with the call; then `resume` it."""
        return self._secrets.use(secret)

    async def resume(self, connection: PageConnection, told: int) -> None:
        """`serve` with a connection that follows another, which may still be there."""
        self._log.info("page_back", taken_over=self._connection is not None)
        connection.told = told
        self.line.resume()
        await self.serve(connection)

    async def serve(self, connection: PageConnection) -> None:
        """The call over this connection, until it ends or another takes the call over."""
        before, self._connection = self._connection, connection
        if before is not None:
            before.replaced.set()
        if self._talking is not None:
            self._talking.cancel()  # at once: what is to be sent is this connection's now
        self._talking = talking = asyncio.create_task(self._talk(connection))
        listening = asyncio.create_task(self._listen(connection))
        replaced = asyncio.create_task(connection.replaced.wait())
        tasks = (talking, listening, replaced)
        try:
            await asyncio.wait((listening, replaced), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if connection.replaced.is_set():
            await connection.close(CloseCode.TAKEN_OVER, "another connection has the call")

    async def tell_the_end(self, result: Mapping[str, Any]) -> None:
        """What is still to be said is said, then the result told, if anybody is there to hear."""
        if self._connection is None:
            return
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._spoken.wait()
                if (connection := self._connection) is None:
                    return
                await self._catch_up(connection)
                await connection.send(PageWriter.ended(dict(result)))
            await connection.close(CloseCode.OVER, "the call is over")
        except TimeoutError:
            self._log.warning("page_stopped_reading")
        except WebSocketDisconnect:
            pass  # it left in this very moment

    # --- what the page sends

    async def _listen(self, connection: PageConnection) -> None:
        """Until the connection ends, or the page breaks the protocol."""
        try:
            while True:
                message = await connection.next()
                if connection is self._connection:
                    self._take(message)
        except WebSocketDisconnect as left:
            self._left(connection, held=self._keeps_seconds > 0 and is_a_break(left.code))
        except PageFault as fault:
            self._left(connection, held=False)
            self._log.warning("page_refused", why=str(fault))
            await connection.close(fault.code, str(fault))

    def _take(self, message: Message) -> None:
        self._secrets.newest_arrived()
        match message:
            case Sound(samples):
                self.line.sound(samples)
            case Key(key):
                self._keys += 1
                self.line.key("message", key)
            case HangUp():
                self.line.hang_up()
            case _:
                pass  # of a mute the reader silences what comes

    def _left(self, connection: PageConnection, *, held: bool) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        if held:
            self._log.info("page_lost", kept_seconds=self._keeps_seconds)
            self.line.hold()
        else:
            self.line.hang_up()

    # --- what the page is told

    async def _talk(self, connection: PageConnection) -> None:
        """Raises WebSocketDisconnect, in a group, when nobody is there any more."""
        secret = self._secrets.new() if self._keeps_seconds else None
        await connection.send(
            PageWriter.ready(
                self.call_id,
                keys=self._keys,
                reconnect_seconds=self._keeps_seconds,
                secret=secret,
            )
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak(connection))
            group.create_task(self._tell(connection))

    async def _speak(self, connection: PageConnection) -> None:
        """What the bot says, until the call is over."""
        while True:
            match await self.line.next_outgoing():
                case Play(samples):
                    await connection.send(connection.writer.sound(samples))
                case Clear():
                    await connection.send(connection.writer.clear())
                case Caption(text):
                    self._write_down(PageWriter.caption(text))
                    await self._catch_up(connection)
                case Finished():
                    self._spoken.set()
                    return

    async def _tell(self, connection: PageConnection) -> None:
        """What happens in the call."""
        while True:
            self._news.clear()
            await self._catch_up(connection)
            await self._news.wait()

    def _write_down(self, message: str) -> None:
        self._written_down.append(message)
        self._news.set()

    async def _catch_up(self, connection: PageConnection) -> None:
        async with connection.telling:
            while connection.told < len(self._written_down):
                message = self._written_down[connection.told]
                connection.told += 1
                await connection.send(message)


class _Secrets:
    """Which secrets open one call: the newest, and the one before until the newest is known to have
    arrived. Kept as hashes."""

    def __init__(self) -> None:
        self._newest = ""
        self._before = ""

    def new(self) -> str:
        secret = secrets.token_urlsafe(16)
        self._newest = hashed(secret)
        return secret

    def newest_arrived(self) -> None:
        self._before = ""

    def use(self, secret: str) -> bool:
        """Whether it opens the call. A new one is to follow."""
        given = hashed(secret)
        opens = [hmac.compare_digest(given, known) for known in (self._newest, self._before)]
        if any(opens):
            self._before, self._newest = given, ""
        return any(opens)
