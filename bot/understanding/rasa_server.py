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
from bot.processes import Child, free_port
from bot.understanding.rasa_environment import PreparedRasa

_log = structlog.get_logger(__name__)

_START_SECONDS = 300.0
"""Fifteen are usual; a machine busy with other things takes many times that."""

_STARTS = 3
_LOOK_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


@asynccontextmanager
async def running_rasa(prepared: PreparedRasa, logs: Path) -> AsyncIterator[tuple[str, str]]:
    """A server that answers, while the context lasts: its URL and its token.

    One that dies is started again under the same URL and token; calls go on without it meanwhile.
    Raises NluError when it does not start.
    """
    token = secrets.token_urlsafe(32)
    try:
        child, url = await _started(prepared, token, logs / "rasa.log")
        async with _stopping(child):
            watch = asyncio.create_task(keep_running(child))
            try:
                yield url, token
            finally:
                watch.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watch
    except NluError:
        raise
    except BotError as error:
        raise NluError(f"{error}; `run_bot.py nlu train` makes its model anew") from None


async def _started(prepared: PreparedRasa, token: str, log: Path) -> tuple[Child, str]:
    """A server that answers. Rasa binds its port seconds after it was found free, and something
    else may have it by then: another one is tried. Raises BotError."""
    for tries_left in range(_STARTS - 1, -1, -1):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        child = _server(prepared, port, token, log)
        try:
            child.start()
            await child.until_it_answers(f"{url}/status?token={token}", _START_SECONDS)
        except BotError:
            ended_early = not child.is_running
            await asyncio.to_thread(child.stop)
            if not (ended_early and tries_left):
                raise
            _log.warning("rasa_start_failed", tries_left=tries_left)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(child.stop))
            raise
        else:
            return child, url
    raise AssertionError("the last try raises or returns")


@asynccontextmanager
async def _stopping(child: Child) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.shield(asyncio.to_thread(child.stop))


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
