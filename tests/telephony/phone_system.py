"""What a phone system does, whatever its protocol: every 20 ms of its clock it plays to the person
what the server sent, and sends the server what the person says and presses."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod

import numpy as np

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, Samples, silence
from telephony.connections import Connection
from telephony.network import Network, Weather
from telephony.person import Person


class PhoneSystem(ABC):
    """clears: how often the server recalled sound. closed_by_server: who ended the call."""

    def __init__(
        self, connection: Connection, person: Person, weather: Weather | None = None
    ) -> None:
        self.connection = connection
        self.person = person
        self.clears = 0
        self.closed_by_server = False
        self.longest_wait_to_play = 0.0
        self._weather = weather or Weather()
        self._to_play: list[Samples] = []
        self._over = asyncio.Event()

    async def call(self, longest_seconds: float = 600.0) -> None:
        """One whole call. Raises TimeoutError when it takes longer."""
        network = Network(self._weather, self._send)
        self._begin(network)
        listening = asyncio.create_task(self._listen())
        carrying = asyncio.create_task(self._carry(network))
        try:
            async with asyncio.timeout(longest_seconds):
                await self._tick(network)
        finally:
            for task in (listening, carrying):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await self.connection.close()

    @abstractmethod
    def _begin(self, network: Network) -> None: ...

    @abstractmethod
    def _sound(self, network: Network, samples: Samples) -> None: ...

    @abstractmethod
    def _key(self, network: Network, key: str) -> None: ...

    @abstractmethod
    def _hang_up(self) -> str | bytes: ...

    @abstractmethod
    def _received(self, message: str | bytes, network_reply: list[str | bytes]) -> None:
        """Take one message from the server; replies go into the list."""

    def _played(self) -> list[str | bytes]:
        """What is told to the server about sound that was played by now."""
        return []

    async def _send(self, message: str | bytes) -> None:
        await self.connection.send(message)

    async def _carry(self, network: Network) -> None:
        with contextlib.suppress(ConnectionError):
            await network.run()

    async def _listen(self) -> None:
        while (message := await self.connection.receive()) is not None:
            replies: list[str | bytes] = []
            self._received(message, replies)
            for reply in replies:
                await self._reply(reply)
        self.closed_by_server = True
        self._over.set()

    async def _reply(self, message: str | bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self.connection.send(message)

    async def _tick(self, network: Network) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        chunk_seconds = CHUNK_MS / 1000 / (1 + self._weather.drift)
        ticks = 0
        while not self._over.is_set():
            moment = self.person.live(self._next_to_play())
            for told in self._played():
                await self._reply(told)
            if self.person.hung_up:
                await self._reply(self._hang_up())
                return
            for key in moment.keys:
                self._key(network, key)
            self._sound(network, moment.said)
            ticks += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(began + ticks * chunk_seconds):
                    await self._over.wait()

    def _next_to_play(self) -> Samples:
        taken: list[Samples] = []
        missing = CHUNK_SAMPLES
        while missing and self._to_play:
            piece = self._to_play.pop(0)
            if len(piece) > missing:
                self._to_play.insert(0, piece[missing:])
                piece = piece[:missing]
            taken.append(piece)
            missing -= len(piece)
        waiting = sum(len(piece) for piece in self._to_play) / 8000
        self.longest_wait_to_play = max(self.longest_wait_to_play, waiting)
        return np.concatenate([*taken, silence(missing)])
