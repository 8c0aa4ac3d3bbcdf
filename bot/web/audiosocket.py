"""Calls over Asterisk's AudioSocket: a TCP server beside the web server.

The protocol's only secret is the call's UUID. One that was given out by the API for a prepared call
is its one-time token; others begin a call only where the settings trust the network
(`take_unprepared_calls`). The protocol cannot recall sound that was sent, so it is sent as it is
played; and it carries no result: the dialplan goes on when we hang up, and may ask the API.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from bot.calls.live.calls import LiveCalls
from bot.calls.live.line import Clear, Finished, LiveLine, Play
from bot.calls.live.not_taken import NotTakenError
from bot.calls.live.pace import Pace
from bot.calls.run_call import new_call_id
from bot.calls.scenarios.scenario import Parameters
from bot.errors import BotError, ProtocolError
from bot.live_settings import LiveSettings
from bot.transports.audio_socket import (
    CallUuid,
    Fault,
    Frame,
    FrameReader,
    HangUp,
    Key,
    Sound,
    frame_bytes,
)
from bot.web.telephone import (
    FIRST_WORDS_SECONDS,
    Admitted,
    KnownCall,
    MessageRate,
    Redeems,
    hold_call,
)

_log = structlog.get_logger(__name__)

TRANSPORT: Final = "audiosocket"

_AT_ONCE: Final = 1 << 14
"""Bytes read at once."""

_CLOSING_SECONDS: Final = 2.0


@asynccontextmanager
async def listening_for_asterisk(
    calls: LiveCalls, settings: LiveSettings, redeem: Redeems, listener: socket.socket | None
) -> AsyncIterator[None]:
    """Takes calls while the context lasts. listener: None where AudioSocket is not wanted.

    Calls under way are not ended by leaving it: `LiveCalls.drain` does that before.
    """
    if listener is None:
        yield
        return
    line = AudioSocketLine(calls, settings, redeem)
    async with await asyncio.start_server(line.connected, sock=listener) as server:
        yield
        server.close()
        await line.all_closed()


class AudioSocketLine:
    """`connected` is what `asyncio.start_server` calls."""

    def __init__(self, calls: LiveCalls, settings: LiveSettings, redeem: Redeems) -> None:
        self._calls = calls
        self._settings = settings
        self._redeem = redeem
        self._connections: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this runs in one
        self._connections.add(task)
        try:
            if len(self._connections) > self._settings.audiosocket.most_connections:
                _log.warning("too_many_connections", transport=TRANSPORT)
            else:
                await self._one_call(_Connection(reader, writer))
        except (NotTakenError, TimeoutError, OSError):
            pass  # said already, or nobody is there to be told
        except ProtocolError as error:
            _log.warning("connection_refused", transport=TRANSPORT, why=str(error))
        except BotError as error:
            _log.error("call_not_begun", transport=TRANSPORT, why=str(error))
        finally:
            self._connections.discard(task)
            await _hung_up(writer)

    async def all_closed(self) -> None:
        """Ends connections that are not in a call; those of calls have been."""
        for task in list(self._connections):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _one_call(self, connection: _Connection) -> None:
        async with asyncio.timeout(FIRST_WORDS_SECONDS):
            uuid = await connection.uuid()
        await hold_call(
            self._calls,
            lambda: self._let_in(str(uuid.uuid)),
            transport=TRANSPORT,
            dead_after_seconds=self._settings.dead_line_seconds,
            read=connection.read,
            send=connection.send,
        )

    async def _let_in(self, uuid: str) -> KnownCall:
        """Raises ProtocolError for a call nobody prepared."""
        if (call := await self._redeem(uuid)) is not None:
            return call
        if not self._settings.audiosocket.take_unprepared_calls:
            raise ProtocolError("a UUID that no prepared call has")
        return Admitted(new_call_id(), Parameters())


class _Connection:
    """Frames over one TCP connection. Raises OSError when it breaks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = FrameReader()
        self._received: deque[Frame] = deque()
        self._rate = MessageRate()

    async def uuid(self) -> CallUuid:
        """The first frame; `FrameReader` lets no other be."""
        first = await self._next()
        if not isinstance(first, CallUuid):
            raise ProtocolError("a connection begins with a call's UUID")
        return first

    async def read(self, line: LiveLine) -> None:
        while True:
            match await self._next():
                case Sound(samples):
                    line.sound(samples)
                case Key(key):
                    line.key("message", key)
                case HangUp():
                    return
                case Fault(code):
                    _log.warning("asterisk_tells_of_an_error", code=code)
                    return
                case CallUuid():
                    raise ProtocolError("a connection is of one call: its UUID comes once")
                case _:
                    pass

    async def send(self, pace: Pace) -> None:
        while True:
            match await pace.next_outgoing():
                case Play(samples):
                    # In one piece: Asterisk waits for the rest of a frame a few milliseconds only.
                    self._writer.write(frame_bytes(Sound(samples)))
                    await self._writer.drain()
                case Clear():
                    pass  # what was sent is being heard
                case Finished():
                    await asyncio.sleep(pace.seconds_to_play)
                    return

    async def _next(self) -> Frame:
        while not self._received:
            received = await self._reader.read(_AT_ONCE)
            if not received:
                raise ConnectionResetError
            self._received.extend(self._frames.feed(received))
            self._rate.count(len(self._received))
        return self._received.popleft()


async def _hung_up(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSING_SECONDS):
            writer.write(frame_bytes(HangUp()))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
    writer.transport.abort()  # what nobody read by now is not waited for
