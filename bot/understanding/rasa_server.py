"""A Rasa server of our own on loopback: started, awaited, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from bot.errors import BotError, NluError
from bot.processes import Child, started_server
from bot.understanding.rasa_environment import PreparedRasa

_log = structlog.get_logger(__name__)

Answering = Callable[[], Awaitable[tuple[str, str]]]
"""Waits until a server that was started answers: its URL and its token. Raises NluError."""

_START_SECONDS = 300.0
"""Fifteen are usual; a machine busy with other things takes many times that."""

_LOOK_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


@asynccontextmanager
async def running_rasa(prepared: PreparedRasa, logs: Path) -> AsyncIterator[tuple[str, str]]:
    """A server that answers, while the context lasts: its URL and its token.

    One that dies is started again under the same URL and token; calls go on without it meanwhile.
    Raises NluError when it does not start.
    """
    async with starting_rasa(prepared, logs) as answering:
        yield await answering()


@asynccontextmanager
async def starting_rasa(prepared: PreparedRasa, logs: Path) -> AsyncIterator[Answering]:
    """As `running_rasa`, without waiting: other things may be prepared while it starts."""
    # Hexadecimal: Rasa makes an argument of it, and one that began with a dash would be an option.
    token = secrets.token_hex(32)
    start = asyncio.create_task(_started(prepared, token, logs / "rasa.log"))
    watches: list[asyncio.Task[None]] = []

    async def answering() -> tuple[str, str]:
        try:
            child, url = await start
        except NluError:
            raise
        except BotError as error:
            raise NluError(f"{error}; `run_bot.py nlu train` makes its model anew") from None
        watches.append(asyncio.create_task(keep_running(child)))
        return url, token

    try:
        yield answering
    finally:
        for task in (*watches, start):
            task.cancel()  # one that is done stays as it is
        for watch in watches:
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        with contextlib.suppress(asyncio.CancelledError, BotError):
            child, _ = await start
            await child.ended()


async def _started(prepared: PreparedRasa, token: str, log: Path) -> tuple[Child, str]:
    return await started_server(
        lambda port: _server(prepared, port, token, log), f"/status?token={token}", _START_SECONDS
    )


def _server(prepared: PreparedRasa, port: int, token: str, log: Path) -> Child:
    return Child(
        "Rasa",
        [
            str(prepared.python), "-m", "components.serve", "--port", str(port),
            "--model", str(prepared.model), "--endpoints", "endpoints.yml",
            "--credentials", "credentials.yml",
        ],
        log,
        cwd=prepared.project,
        env={
            **prepared.environment,
            # The environment of a process is its owner's to read; its arguments are everyone's.
            "RASA_SERVER_TOKEN": token,
            "LOG_LEVEL": "WARNING",
            "LOG_LEVEL_LIBRARIES": "ERROR",
            "OMP_NUM_THREADS": "1",
        },
    )  # fmt: skip


async def keep_running(
    child: Child, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Start the child again whenever it ends, after pauses that double; until cancelled."""
    pause = _FIRST_PAUSE_SECONDS
    looks_alive = 0
    while True:
        await sleep(_LOOK_SECONDS)
        if child.is_running:
            looks_alive += 1
            if looks_alive * _LOOK_SECONDS > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            continue
        looks_alive = 0
        _log.warning("rasa_ended", restart_in_seconds=pause)
        await sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        try:
            await asyncio.to_thread(child.stop)
            child.start()
        except BotError as error:
            _log.warning("rasa_not_restarted", why=str(error))
