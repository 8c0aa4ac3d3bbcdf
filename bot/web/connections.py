"""Connections that are too many, or on which no request comes to its end.

uvicorn waits for ever for the rest of a request, and counts who makes it wait among the connections
it takes. So a few hundred that say nothing, or a byte now and then, would keep everybody else out.
And it takes any number of them.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

REQUEST_SECONDS: Final = 5.0
"""From a connection's beginning, or a request's first byte, until all of it is here."""

_TURNED_AWAY: Final = 2
"""Times as many connections as are answered are taken, so that those in between may be told. Each
more would cost a descriptor, which a payment may need to reach its gateway."""

_MOST_UNREAD: Final = 256 * 1024
"""Bytes. More than any call has on its way."""

_MOST_FRAGMENTS: Final = 100
"""Of one message. Browsers and telephone systems send theirs in one."""

_INCOMPLETE: Final = {h11.IDLE, h11.SEND_BODY}
"""What h11 calls a client whose request, head or body, is not yet whole."""


class ImpatientProtocol(H11Protocol):
    """Closes a connection when its request takes too long. WebSockets have limits of their own."""

    _giving_up: asyncio.TimerHandle | None = None
    _upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _TURNED_AWAY * (self.limit_concurrency or len(self.connections)):
            transport.abort()
            return
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._upgraded and self.conn.their_state in _INCOMPLETE:
            self._wait_for_request()
        else:
            self._wait_no_more()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait_for_request(self) -> None:
        """Who sends a byte now and then is waited for no longer."""
        if self._giving_up is None:
            self._giving_up = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


class ImpatientWebSocket(WebSocketsSansIOProtocol):
    """Who sends pings and does not read what answers them fills no memory with the answers, and who
    sends a message in pieces without end none with the pieces: empty ones make it no longer."""

    def handle_ping(self) -> None:
        if self.transport.is_closing() or self.transport.get_write_buffer_size() > _MOST_UNREAD:
            self.transport.abort()
            return
        super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= _MOST_FRAGMENTS:
            self.transport.abort()
            return
        super().handle_cont(event)
