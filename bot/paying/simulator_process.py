"""The gateway simulator as a process of its own: started, awaited, always ended."""

from __future__ import annotations

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from bot.paying.simulator import TOKEN_VARIABLE
from bot.processes import Child, free_port
from bot.project import ROOT

_START_SECONDS = 20.0


@asynccontextmanager
async def running_simulator(
    log_dir: Path, ledger: Path, *, token: str = "", today: date | None = None
) -> AsyncIterator[str]:
    """The simulator's URL on loopback, while it runs. ledger: its books, kept between runs.

    token: the bearer token it demands. today: the day expiry dates are judged by.
    Raises BotError when it does not start.
    """
    port = free_port()
    # A name of its own: should another server be quicker at this port, it is not mistaken for ours.
    instance = secrets.token_hex(8)
    command = _command(port, ledger, instance, today)
    url = f"http://127.0.0.1:{port}"
    log = log_dir / "gateway-simulator.log"
    child = Child("the gateway simulator", command, log, cwd=ROOT, env={TOKEN_VARIABLE: token})
    async with child:
        await child.until_it_answers(f"{url}/health?instance={instance}", _START_SECONDS)
        yield url


def _command(port: int, ledger: Path, instance: str, today: date | None) -> list[str]:
    command = [sys.executable, "-m", "bot.paying.simulator", "--port", str(port)]
    command += ["--ledger", str(ledger.absolute()), "--instance", instance]
    return command if today is None else [*command, "--today", today.isoformat()]
