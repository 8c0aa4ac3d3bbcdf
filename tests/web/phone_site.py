"""A real server on loopback, with calls whose heavy rooms are quick stand-ins; and a page that is a
WebSocket client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets
from one_call import ObligingGateway, payment_words, run_call
from pydantic import SecretStr

from bot.audio import CHUNK_SAMPLES
from bot.calls.live.book import CallBook
from bot.calls.live.calls import LiveCalls, RunsCalls
from bot.calls.live.line import LiveLine
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.live_settings import LiveSettings
from bot.money import Money
from bot.records.result import CallResult, Durations
from bot.records.trace import Entry
from bot.settings import Settings
from bot.web.access import access_of
from bot.web.app import build_app
from bot.web.demo import is_offered
from bot.web.doors import Doors
from bot.web.server import bound, serving
from bot.web.site import Site
from bot.web.twilio import TwilioLine

SILENCE = bytes(2 * CHUNK_SAMPLES)
PATIENCE_SECONDS = 60
"""Never used up; what hangs must not hang the tests."""


@dataclass
class Server:
    site: Site
    url: str
    gateway: ObligingGateway = field(default_factory=ObligingGateway)
    results: list[CallResult] = field(default_factory=list)
    """Of the quick calls that are over."""

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=PATIENCE_SECONDS)

    async def token(self, **parameters: Any) -> str:
        call = await self.site.calls.book.prepare(Parameters(amount="87.50", **parameters))
        return call.token

    def phone(self, **options: Any) -> websockets.connect:
        address = self.url.replace("http", "ws", 1) + "phone"
        return websockets.connect(address, proxy=None, **options)


async def quick_call(
    gateway: ObligingGateway,
    line: LiveLine,
    parameters: Parameters,
    files: Files,
    *,
    call_id: str,
    watch: Callable[[Entry], None],
) -> FinishedCall:
    finished = await run_call(
        line,
        words=payment_words(),
        gateway=gateway,
        amount=Money.parse(parameters.amount) if parameters.amount else None,
        listener=line.play,
        watch=watch,
        live=True,
    )
    result = CallResult(
        call_id, datetime.now(UTC), finished.end.result, Durations.of(finished.entries, 0)
    )
    return FinishedCall(finished.end, finished.entries, result, files)


@asynccontextmanager
async def served(
    folder: Path,
    live: LiveSettings | None = None,
    *,
    run: RunsCalls | None = None,
    environment: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    book: CallBook | None = None,
    doors: Doors | None = None,
) -> AsyncIterator[Server]:
    """book, doors: of one of several processes behind a port."""
    live = replace(live or LiveSettings(), port=0)
    settings = replace(settings or Settings(), live=live)
    gateway = ObligingGateway()
    results: list[CallResult] = []

    async def quick(line: LiveLine, parameters: Parameters, files: Files, **more: Any) -> Any:
        finished = await quick_call(gateway, line, parameters, files, **more)
        results.append(finished.result)
        return finished

    calls = LiveCalls(run or quick, live, folder, book=book)
    access = access_of(live, environment or {})
    demo = is_offered(settings, private=access.private)
    site = Site(settings, calls, access, {"en": "English"}, demo=demo, doors=doors)
    with bound(live) as listener, doors.open_own() if doors else nullcontext(()) as door:
        host, port = listener.getsockname()[:2]
        streams = TwilioLine(calls, live, SecretStr(""), calls.book.redeem)
        async with serving(build_app(site, streams.routes), [listener, *door], live):
            yield Server(site, f"http://{host}:{port}/", gateway, results)
            await calls.drain(0)


class Page:
    """What the phone page does: sends silence, presses keys when the bot falls silent, listens."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.sound: list[bytes] = []
        self.code: int | None = None

    async def hello(self, token: str, **changed: Any) -> None:
        greeting = {"type": "hello", "version": 1, "token": token, "rate": 8000} | changed
        await self.socket.send(json.dumps(greeting))

    async def tell(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def resume(self, before: Page, **changed: Any) -> None:
        """Go on with the call of another connection, with what was told over that."""
        self.messages = list(before.messages)
        ready = before.of("ready")[-1]
        beginning = {
            "type": "resume",
            "version": 1,
            "call": ready["call"],
            "secret": ready["secret"],
            "rate": 8000,
            "told": len(before.told),
        }
        await self.socket.send(json.dumps(beginning | changed))

    def breaks(self) -> None:
        """The network is gone, and nobody was told."""
        self.socket.transport.abort()

    @property
    def told(self) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] in {"caption", "happened"}]

    @property
    def is_loud(self) -> bool:
        """The last sound that came."""
        return bool(self.sound) and bool(np.frombuffer(self.sound[-1], dtype="<i2").any())

    def has_heard(self, prompt_id: str) -> bool:
        """To its end."""
        prompts = [m for m in self.of("happened") if m["kind"] == "prompt"]
        return any(m["details"]["id"] == prompt_id and m["details"]["completed"] for m in prompts)

    @property
    def keys(self) -> int:
        """That have arrived."""
        return sum(m["kind"] == "key" for m in self.of("happened"))

    async def pay(self, *answers: str, until: Callable[[Page], bool] = lambda _: False) -> None:
        """One answer each time the bot has spoken and is silent again; then until the end, or until
        something has come about."""
        waiting = list(answers)
        quiet, spoke = 0, False
        sending = asyncio.create_task(self._send_silence())
        try:
            async for message in self.socket:
                self._keep(message)
                if until(self):
                    break
                if isinstance(message, str):
                    continue
                loud = bool(np.frombuffer(message, dtype="<i2").any())
                spoke = spoke or loud
                quiet = 0 if loud else quiet + 1
                if spoke and quiet == 5 and waiting:
                    spoke = False
                    for key in waiting.pop(0):
                        await self.tell(type="key", key=key)
        finally:
            sending.cancel()
        self.code = self.socket.close_code

    async def until_closed(self) -> int | None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                async for message in self.socket:
                    self._keep(message)
            except websockets.ConnectionClosed:
                pass
        return self.socket.close_code

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of this type."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await self.socket.recv()
                self._keep(message)
                if isinstance(message, str) and self.messages[-1]["type"] == kind:
                    return self.messages[-1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def _keep(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.messages.append(json.loads(message))
        else:
            self.sound.append(message)

    async def _send_silence(self) -> None:
        while True:
            await self.socket.send(SILENCE)
            await asyncio.sleep(0.02)


KEYED = ("1", "4242424242424242", "0429", "123", "90210#", "1")
