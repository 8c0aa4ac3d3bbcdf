"""Calls from the phone page: one WebSocket each, speaking `bot.transports.browser`.

The page says first which call it is, with the token of a prepared one. A busy server leaves the
token as it is, so that the page may try again. A page whose connection broke says instead how the
call goes on (`bot.web.phone_call`), wherever behind this port it is (`bot.web.doors`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.calls.live.book import PreparedCall
from bot.calls.live.calls import Place
from bot.calls.live.line import LiveLine
from bot.calls.live.not_taken import Busy, NotTakenError
from bot.errors import BotError
from bot.records.result import result_document
from bot.transports.browser import CloseCode, First, Hello, PageFault, Resume
from bot.web.doors import relay
from bot.web.phone_call import PageConnection, PhoneCall
from bot.web.site import Site

_log = structlog.get_logger(__name__)

TRANSPORT: Final = "browser"
PATH: Final = "/phone"

_HELLO_SECONDS: Final = 5.0


def routes(site: Site) -> Sequence[BaseRoute]:
    calls: dict[str, PhoneCall] = {}

    async def phone(socket: WebSocket) -> None:
        await socket.accept()
        await _Visit(site, calls, socket).serve()

    return [WebSocketRoute(PATH, phone)]


class _Visit:
    """One connection of a page, from its first message to its close. calls: of this process, by
    their ids; for those that it may go on with."""

    def __init__(self, site: Site, calls: dict[str, PhoneCall], socket: WebSocket) -> None:
        self._site = site
        self._calls = calls
        self._socket = socket
        self._connection = PageConnection(socket)

    async def serve(self) -> None:
        connection = self._connection
        try:
            await self._let_in()
        except PageFault as fault:
            _log.warning("page_refused", transport=TRANSPORT, why=str(fault))
            await connection.close(fault.code, str(fault))
        except NotTakenError as error:
            code = CloseCode.BUSY if isinstance(error, Busy) else CloseCode.ENDING
            await connection.close(code, str(error))
        except BotError as error:
            _log.error("call_not_begun", transport=TRANSPORT, why=str(error))
            await connection.close(CloseCode.FAILED, "the call could not begin, or go on")
        except WebSocketDisconnect:
            pass  # gone before the call began

    async def _let_in(self) -> None:
        first, as_it_came = await self._greeted()
        if isinstance(first, Resume):
            await self._resume(first, as_it_came)
            return
        with self._site.calls.place() as place:
            await self._begin(await self._prepared(first), place)

    async def _greeted(self) -> tuple[First, str]:
        """Raises PageFault, and Busy when too many others have not said who they are."""
        strangers = self._site.strangers
        if strangers.locked():
            raise Busy("too many connections that have not begun a call")
        async with strangers:
            try:
                async with asyncio.timeout(_HELLO_SECONDS):
                    return await self._connection.first()
            except TimeoutError:
                raise PageFault(CloseCode.NO_HELLO, "no hello came in time") from None

    async def _prepared(self, hello: Hello) -> PreparedCall:
        """Raises PageFault for a token that opens nothing."""
        call = await self._site.calls.book.redeem(hello.token)
        if call is None:
            raise _opens_nothing()
        return call

    async def _begin(self, prepared: PreparedCall, place: Place) -> None:
        """A whole call, also where this connection is not its last."""
        live = self._site.settings.live
        line = LiveLine(
            dead_after_seconds=live.dead_line_seconds, keeps_seconds=live.reconnect_seconds
        )
        call = PhoneCall(prepared.call_id, line, keeps_seconds=live.reconnect_seconds)
        self._calls[call.call_id] = call
        serving = asyncio.create_task(call.serve(self._connection))
        try:
            finished = await self._site.calls.take(
                line,
                prepared.parameters,
                transport=TRANSPORT,
                call_id=call.call_id,
                watch=call.watch,
                place=place,
            )
            if line.is_given_up:
                _log.info("page_not_back", call=call.call_id)
                self._site.calls.metrics.reconnected("too_late")
            await call.tell_the_end(result_document(finished.result))
        finally:
            del self._calls[call.call_id]
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _resume(self, resume: Resume, as_it_came: str) -> None:
        """Raises PageFault for a secret that opens nothing, and for a call that cannot be reached
        any more."""
        metrics = self._site.calls.metrics
        call = self._calls.get(resume.call_id)
        if call is not None and call.opens_with(resume.secret):
            metrics.reconnected("back")
            await call.resume(self._connection, resume.told)
            return
        try:
            door = await self._door(resume.call_id) if call is None else None
        except PageFault:
            metrics.reconnected("refused")
            raise
        if door is None:
            metrics.reconnected("refused")
            raise _opens_nothing()
        await relay(self._socket, as_it_came, door)

    async def _door(self, call_id: str) -> Path | None:
        """Raises PageFault for a call that cannot be reached any more."""
        return await self._site.doors.to(call_id) if self._site.doors is not None else None


def _opens_nothing() -> PageFault:
    return PageFault(CloseCode.TOKEN, "a token that is unknown, used, or too old")
