"""One of several workers behind a port: what it is told, and what it tells (`bot.web.workers`)."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as validated

from bot.calls.live.calls import LiveCalls, Others
from bot.calls.neighbours import Neighbours
from bot.settings import Settings

_LONGEST_LINE: Final = 1 << 20

BEAT_SECONDS: Final = 1.0
"""How often a worker says that its event loop turns."""


@validated(frozen=True)
class Orders:
    """What a worker is to do. out: where the parent's calls, logs and database lie. doors: the
    folder by whose sockets the workers reach each other."""

    number: int
    settings: Settings
    neighbours: Neighbours
    out: Path
    doors: Path


_ORDERS: Final = TypeAdapter(Orders)


def written(orders: Orders) -> str:
    """One line of JSON."""
    return _ORDERS.dump_json(orders).decode()


class Parent:
    """The worker's end of the control channel. Made by `parent_on`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.told_to_drain = asyncio.Event()
        """By the parent, by its end, or by a signal; once or several times."""

    async def orders(self) -> Orders:
        return _ORDERS.validate_json(await self._reader.readline())

    def ready(self, most: int) -> None:
        """For so many calls; 0: for none any more."""
        self._say(ready=most)

    def calls(self, under_way: int) -> None:
        self._say(calls=under_way)

    def hung_up(self, calls: int) -> None:
        self._say(hung_up=calls)

    def failed(self, why: str) -> None:
        self._say(failed=why)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """A worker prepares in silence; with `tell` and `warn` this is a `Progress`."""
        yield

    def tell(self, detail: str) -> None:
        """See `step`."""

    def warn(self, what: str) -> None:
        """For the person at the parent's keyboard."""
        self._say(tell=what)

    @asynccontextmanager
    async def heard(self, calls: LiveCalls) -> AsyncIterator[None]:
        """Does what the parent says, while the context lasts. SIGTERM from now on tells to drain,
        however often it comes: under systemd it may come beside the parent's word."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.told_to_drain.set)
        hearing = asyncio.create_task(self._hear(calls))
        try:
            yield
        finally:
            hearing.cancel()

    async def _hear(self, calls: LiveCalls) -> None:
        with suppress(ConnectionError):  # it died with a sign of life unread
            async for line in self._reader:
                match json.loads(line):
                    case {"others": others, "ended": ended}:
                        calls.others = Others(**others)
                        calls.metrics.workers_ended(ended)
                    case {"drain": True}:
                        self.told_to_drain.set()
                    case {"end": True}:  # at once: what the clean-up waits for is cut off, too
                        for task in asyncio.all_tasks():
                            task.cancel()
        self.told_to_drain.set()  # the parent has gone, and nobody is there to give us a call

    async def beat(self) -> None:
        """The sign of life, until nobody is there to see it."""
        while not self._writer.is_closing():
            self._say(alive=True)
            await asyncio.sleep(BEAT_SECONDS)

    def _say(self, **what: Any) -> None:
        self._writer.write(json.dumps(what).encode() + b"\n")


@asynccontextmanager
async def parent_on(descriptor: int) -> AsyncIterator[Parent]:
    """The control channel; closed last, for its end is the worker's. Signs of life go over it from
    its beginning to its end: models may load, and a charge may be awaited, for minutes."""
    control = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=control, limit=_LONGEST_LINE)
    parent = Parent(reader, writer)
    beating = asyncio.create_task(parent.beat())
    try:
        yield parent
    finally:
        beating.cancel()
        writer.close()
