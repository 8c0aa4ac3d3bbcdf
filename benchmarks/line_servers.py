"""The servers that `benchmarks.calls` and `benchmarks.waiting` put under load.

python -m benchmarks.line_servers peer|transport|hearing|recognition PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import websockets
import websockets.asyncio.server
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples
from bot.calls.callers import Gone, Sound
from bot.calls.live.calls import LiveCalls
from bot.calls.run_call import new_call_id
from bot.calls.scenarios.scenario import Parameters
from bot.calls.services import running_services
from bot.console import Progress, problems
from bot.errors import BotError
from bot.expectations import Expectation, Kind
from bot.hearing.ear import Ear
from bot.live_settings import LiveSettings
from bot.settings import HearingSettings, Settings
from bot.web.server import bound, serving
from bot.web.telephone import Admitted, KnownCall
from bot.web.twilio import TwilioLine

HUM: Samples = np.full(CHUNK_SAMPLES, 500, dtype=np.int16)
"""Silence would be left out where a line is behind, and each chunk is to come back."""


async def serve_peer(port: int) -> None:
    async def echo(socket: websockets.asyncio.server.ServerConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in socket:
                if isinstance(message, str) and '"media"' in message[:20]:
                    await socket.send(message)

    async with websockets.asyncio.server.serve(echo, "127.0.0.1", port, compression=None):
        await asyncio.get_running_loop().create_future()


async def serve_ours(kind: str, port: int) -> None:

    live = LiveSettings(most_calls=1000, port=port)

    async def anybody(token: str) -> KnownCall:
        return Admitted(new_call_id(), Parameters())

    async with contextlib.AsyncExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run: Callable[..., Awaitable[Any]] = hearing_call if kind == "hearing" else quiet_call
        if kind == "recognition":
            services = await stack.enter_async_context(
                running_services(
                    Settings(live=live), out, Progress(problems), with_rasa=False, live=True
                )
            )
            run = services.live_call
        line = TwilioLine(LiveCalls(run, live, out), live, SecretStr(""), anybody)  # type: ignore[arg-type]
        listener = stack.enter_context(bound(live))
        async with serving(Starlette(routes=line.routes), [listener], live):
            await asyncio.get_running_loop().create_future()


async def quiet_call(line: Any, *_: object, **__: object) -> None:
    await silent_call(line, lambda chunk: None)


async def hearing_call(line: Any, *_: object, **__: object) -> None:
    ear = Ear(HearingSettings())
    ear.expect(Expectation(Kind.OPEN))
    await silent_call(line, ear.feed)


async def silent_call(line: Any, hear: Callable[[AudioChunk], object]) -> None:
    position = 0
    while True:
        received = await line.receive(False)
        if isinstance(received, Gone):
            raise BotError("over")
        if isinstance(received, Sound):
            hear(AudioChunk(received.samples, position))
            position += CHUNK_SAMPLES
            await line.play(received.samples, HUM)


if __name__ == "__main__":
    wanted, port = sys.argv[1], int(sys.argv[2])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_peer(port) if wanted == "peer" else serve_ours(wanted, port))
