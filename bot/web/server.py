"""One server's life: a port, calls, and an orderly end.

    starting -> serving --told to end--> draining --no call left, or too late--> ended

While it drains no call is begun (`/ready` says 503), and those under way go on; what still goes on
after `live.drain_seconds` is hung up.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import structlog
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import SettingsError
from bot.live_settings import LiveSettings
from bot.web.connections import ImpatientProtocol, ImpatientWebSocket

_log = structlog.get_logger(__name__)

_MOST_MESSAGE: Final = 32 * 1024
"""Bytes of a WebSocket message; 200 ms of sound at 48 kHz are 19 200."""
_OTHER_CONNECTIONS: Final = 200
_UNREAD_SECONDS: Final = 10.0
"""After it counts as gone, how long who reads nothing keeps what is still to be sent to it."""
_HANGS_SECONDS: Final = 3
"""How long connections that are in no call may take to end."""


@contextmanager
def bound(live: LiveSettings) -> Iterator[socket.socket]:
    """The port, before anything that takes long. Raises SettingsError when it cannot be had."""
    with _bound(live, live.host, live.port, "--port names another (0: any)") as listener:
        yield listener


@contextmanager
def bound_for_asterisk(live: LiveSettings) -> Iterator[socket.socket | None]:
    """The same for AudioSocket; None where the settings do not want it."""
    wanted = live.audiosocket
    if not wanted.port:
        yield None
        return
    another = "live.audiosocket.port names another"
    with _bound(live, wanted.host, wanted.port, another) as listener:
        yield listener


@contextmanager
def _bound(live: LiveSettings, host: str, port: int, another: str) -> Iterator[socket.socket]:
    """another: how to name another port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol's name: only then does asyncio send small messages at once (TCP_NODELAY).
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections have it from the listener. A closed one would else stay for as long as its
            # other end lives and reads nothing, whichever protocol it speaks.
            unread_ms = round(1000 * (live.dead_line_seconds + _UNREAD_SECONDS))
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_ms)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except OSError as error:
            raise SettingsError(f"{host}:{port}: {_no_port(error, another)}") from None
        yield listener


def _no_port(error: OSError, another: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"something else listens there; {another}"
        case errno.EACCES:
            return f"not allowed; ports below 1024 need more rights, {another}"
        case _:
            return f"cannot be listened on ({error.strerror or error})"


def address(listener: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


class _Server(uvicorn.Server):
    """Signals are the command line's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    app: ASGIApp, listeners: Sequence[socket.socket], live: LiveSettings
) -> AsyncIterator[None]:
    """Answers while the context lasts; they listen already, so nobody has to wait."""
    server = _Server(_config(_cut_off_quietly(app), live))
    answering = asyncio.create_task(server.serve(sockets=list(listeners)))
    try:
        yield
    finally:
        server.should_exit = True
        await answering


def _cut_off_quietly(app: ASGIApp) -> ASGIApp:
    """Ended at once, too slow to end, or gone in the middle of its request, a connection is one
    line of the log. uvicorn would take it for a fault and write a traceback."""

    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            _log.warning("connection_cut_off", path=scope["path"])
        except ClientDisconnect:
            _log.info("request_broken_off", path=scope["path"])

    return quiet


def _config(app: ASGIApp, live: LiveSettings) -> uvicorn.Config:
    limits: dict[str, Any] = {
        "limit_concurrency": live.calls_at_once + _OTHER_CONNECTIONS,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": _HANGS_SECONDS,
        "h11_max_incomplete_event_size": 16 * 1024,
        "ws_max_size": _MOST_MESSAGE,
        "ws_max_queue": 64,
        "ws_ping_interval": 10,
        "ws_ping_timeout": 10,
        # Sound does not shrink; and what is not decompressed cannot blow up.
        "ws_per_message_deflate": False,
    }
    return uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws=ImpatientWebSocket,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        **limits,
    )


async def until_told_to_end(meanwhile: Coroutine[Any, Any, object] | None = None) -> None:
    """Waits for the signal to end, which comes as a cancellation of this task. Another one is
    passed on, and ends everything at once. meanwhile: cancelled with it."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - this runs in one
    try:
        await (meanwhile or asyncio.get_running_loop().create_future())
    except asyncio.CancelledError:
        task.uncancel()


def draining_words(under_way: int, live: LiveSettings) -> str:
    """For the person at the keyboard."""
    return f"no more calls; {under_way} under way, {live.drain_seconds:g} s to end (Ctrl-C: now)"
