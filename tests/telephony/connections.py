"""Ways to a server: a WebSocket straight into an ASGI application, or over the network; TCP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.types import ASGIApp, Message


class Connection(Protocol):
    async def send(self, message: str | bytes) -> None:
        """Raises ConnectionError when it is closed."""

    async def receive(self) -> str | bytes | None:
        """None: closed."""

    async def close(self) -> None: ...


class AsgiSocket:
    """A WebSocket without a network. close_code: why the server closed it; None while it is open,
    or when we did. refused: it was not accepted at all."""

    def __init__(self, app: ASGIApp, path: str, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._to_server: asyncio.Queue[Message] = asyncio.Queue()
        self._from_server: asyncio.Queue[Message] = asyncio.Queue()
        path, _, query = path.partition("?")
        self._scope: dict[str, Any] = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "scheme": "ws", "subprotocols": [],
            "server": ("testserver", 80), "client": ("127.0.0.1", 1),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "extensions": {},
        }  # fmt: skip
        self.close_code: int | None = None
        self.why_closed = ""
        self.refused = False

    async def open(self) -> None:
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._serving = asyncio.create_task(self._serve())
        first = await self._from_server.get()
        if first["type"] != "websocket.accept":
            self.refused = True

    async def _serve(self) -> None:
        await self._app(self._scope, self._to_server.get, self._from_server.put)

    async def send(self, message: str | bytes) -> None:
        if self.close_code is not None or self._serving.done():
            raise ConnectionResetError
        kind = "text" if isinstance(message, str) else "bytes"
        self._to_server.put_nowait({"type": "websocket.receive", kind: message})

    async def receive(self) -> str | bytes | None:
        got = await self._from_server.get()
        if got["type"] == "websocket.close":
            self.close_code = got.get("code", 1000)
            self.why_closed = got.get("reason") or ""
            return None
        text: str = got["text"]
        return text

    async def close(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1005})
        await self._serving


class TcpConnection:
    """Bytes over a stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        self._writer.write(message)
        await self._writer.drain()

    async def receive(self) -> bytes | None:
        with contextlib.suppress(ConnectionError):
            return await self._reader.read(65_536) or None
        return None

    async def half_close(self) -> None:
        self._writer.write_eof()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
