"""Calls from the phone page: one WebSocket each, speaking `bot.transports.browser`.

The page says first which call it is, with the token of a prepared one. A busy server leaves the
token as it is, so that the page may try again. A connection that breaks is a caller who hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.calls.live.book import PreparedCall
from bot.calls.live.calls import Place
from bot.calls.live.line import Caption, Clear, Finished, LiveLine, Play
from bot.calls.live.not_taken import Busy, NotTakenError
from bot.errors import BotError, StoreError
from bot.records.guard import kept_entry
from bot.records.result import result_document
from bot.records.trace import Entry, EntryKind
from bot.transports.browser import (
    CloseCode,
    HangUp,
    Hello,
    Key,
    Mute,
    PageFault,
    PageReader,
    PageWriter,
    Sound,
)
from bot.web.site import Site

_log = structlog.get_logger(__name__)

TRANSPORT: Final = "browser"
PATH: Final = "/phone"

_HELLO_SECONDS: Final = 5.0
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


def routes(site: Site) -> Sequence[BaseRoute]:
    async def phone(socket: WebSocket) -> None:
        await socket.accept()
        await _Connection(site, socket).serve()

    return [WebSocketRoute(PATH, phone)]


class _Connection:
    """One page, from its hello to its close."""

    def __init__(self, site: Site, socket: WebSocket) -> None:
        self._site = site
        self._socket = socket
        self._now = asyncio.get_running_loop().time
        self._reader = PageReader()
        self._sending = asyncio.Lock()
        self._happened: asyncio.Queue[Entry] = asyncio.Queue()
        """Unbounded, and small: a call's own entries, and the line hangs up when nobody reads."""

    async def serve(self) -> None:
        try:
            await self._one_call()
        except PageFault as fault:
            await self._refuse(fault)
        except NotTakenError as error:
            code = CloseCode.BUSY if isinstance(error, Busy) else CloseCode.ENDING
            await self._close(code, str(error))
        except BotError as error:
            _log.error("call_not_begun", transport=TRANSPORT, why=str(error))
            await self._close(CloseCode.FAILED, "the call could not begin")
        except WebSocketDisconnect:
            pass  # gone before the call began

    async def _one_call(self) -> None:
        hello = await self._greeted()
        with self._site.calls.place() as place:
            await self._held(hello, await self._let_in(hello.token), place)

    async def _held(self, hello: Hello, call: PreparedCall, place: Place) -> None:
        """Until the page has been told the end."""
        self._writer = PageWriter(hello.rate)
        line = LiveLine(dead_after_seconds=self._site.settings.live.dead_line_seconds)
        tasks = [
            asyncio.create_task(self._listen(line)),
            asyncio.create_task(self._speak(line, call.call_id)),
            asyncio.create_task(self._tell(line)),
        ]
        try:
            finished = await self._site.calls.take(
                line,
                call.parameters,
                transport=TRANSPORT,
                call_id=call.call_id,
                watch=self._happened.put_nowait,
                place=place,
            )
            async with asyncio.timeout(_CLOSING_SECONDS):
                await tasks[1]
                await self._tell_what_is_left()
                await self._send(self._writer.ended(result_document(finished.result)))
            await self._close(CloseCode.OVER, "the call is over")
        except TimeoutError:
            _log.warning("page_stopped_reading", transport=TRANSPORT, call=call.call_id)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- before the call

    async def _greeted(self) -> Hello:
        """Raises PageFault, and Busy when too many others have not said who they are."""
        strangers = self._site.strangers
        if strangers.locked():
            raise Busy("too many connections that have not begun a call")
        async with strangers:
            try:
                async with asyncio.timeout(_HELLO_SECONDS):
                    hello = await self._next()
            except TimeoutError:
                raise PageFault(CloseCode.NO_HELLO, "no hello came in time") from None
        assert isinstance(hello, Hello)  # noqa: S101 - the reader lets nothing else be first
        return hello

    async def _let_in(self, token: str) -> PreparedCall:
        """Raises PageFault for a token that opens nothing."""
        call = await self._site.calls.book.redeem(token)
        if call is None:
            raise PageFault(CloseCode.TOKEN, "a token that is unknown, used, or too old")
        return call

    # --- during the call

    async def _listen(self, line: LiveLine) -> None:
        """What the page sends, until the connection ends, or the page breaks the protocol."""
        try:
            while True:
                match await self._next():
                    case Sound(samples):
                        line.sound(samples)
                    case Key(key):
                        line.key("message", key)
                    case HangUp():
                        line.hang_up()
                    case Mute():
                        pass  # the reader silences what comes
        except WebSocketDisconnect:
            line.hang_up()
        except PageFault as fault:
            line.hang_up()
            await self._refuse(fault)

    async def _speak(self, line: LiveLine, call_id: str) -> None:
        """What the bot says, until the call is over."""
        await self._send_or_hang_up(line, self._writer.ready(call_id))
        while True:
            match await line.next_outgoing():
                case Play(samples):
                    await self._send_or_hang_up(line, self._writer.sound(samples))
                case Clear():
                    await self._send_or_hang_up(line, self._writer.clear())
                case Caption(text):
                    await self._send_or_hang_up(line, self._writer.caption(text))
                case Finished():
                    return

    async def _tell(self, line: LiveLine) -> None:
        """What happens in the call."""
        while True:
            if (message := self._told(await self._happened.get())) is not None:
                await self._send_or_hang_up(line, message)

    async def _tell_what_is_left(self) -> None:
        while not self._happened.empty():
            if (message := self._told(self._happened.get_nowait())) is not None:
                await self._send(message)

    def _told(self, entry: Entry) -> str | None:
        """None for what the page does not show, and for what may not be."""
        if entry.kind not in _TOLD:
            return None
        try:
            kept = kept_entry(entry)
        except StoreError:
            return None
        details: dict[str, Any] = dict(kept.details)
        return self._writer.happened(kept.kind.value, at=kept.at, text=kept.text, details=details)

    # --- the connection

    async def _next(self) -> Hello | Key | Mute | HangUp | Sound:
        """Raises PageFault and WebSocketDisconnect."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        if (data := message.get("bytes")) is not None:
            return self._reader.binary(data, self._now())
        return self._reader.text(message.get("text") or "", self._now())

    async def _send(self, message: str | bytes) -> None:
        """Raises WebSocketDisconnect when nobody is there any more."""
        async with self._sending:
            try:
                if isinstance(message, str):
                    await self._socket.send_text(message)
                elif message:
                    await self._socket.send_bytes(message)
            except (RuntimeError, OSError):  # what closed it was seen by `_listen` already
                raise WebSocketDisconnect(1006) from None

    async def _send_or_hang_up(self, line: LiveLine, message: str | bytes) -> None:
        try:
            await self._send(message)
        except WebSocketDisconnect:
            line.hang_up()

    async def _refuse(self, fault: PageFault) -> None:
        _log.warning("page_refused", transport=TRANSPORT, why=str(fault))
        await self._close(fault.code, str(fault))

    async def _close(self, code: CloseCode, why: str) -> None:
        with suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._socket.close(code, why)
