"""The gateway simulator as a process of its own: started, awaited, always ended."""

from __future__ import annotations

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import httpx

from bot.errors import GatewayError
from bot.processes import Child, running_server
from bot.project import ROOT

TOKEN_VARIABLE = "PAYMENT_SIMULATOR_TOKEN"  # noqa: S105 - the variable's name, no token

_START_SECONDS = 20.0


@asynccontextmanager
async def running_simulator(
    log_dir: Path, ledger: Path, *, token: str = "", today: date | None = None
) -> AsyncIterator[str]:
    """The simulator's URL on loopback, while it runs. ledger: its books, kept between runs.

    token: the bearer token it demands. today: the day expiry dates are judged by.
    Raises BotError when it does not start.
    """
    # A name of its own: should another server be quicker at this port, it is not mistaken for ours.
    instance = secrets.token_hex(8)

    def on_port(port: int) -> Child:
        return Child(
            "the gateway simulator",
            _command(port, ledger, instance, today),
            log_dir / "gateway-simulator.log",
            cwd=ROOT,
            env={TOKEN_VARIABLE: token},
        )

    health = f"/health?instance={instance}"
    async with running_server(on_port, health, _START_SECONDS) as url:
        yield url


def simulated_url(base: str, kind: str) -> str:
    """Where a running simulator speaks like a gateway of this kind."""
    return f"{base}/xml" if kind == "xml" else base


async def restart_references(url: str, token: str) -> None:
    """Have a simulator give its references from the first one again. Raises GatewayError."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with httpx.AsyncClient(timeout=_START_SECONDS, trust_env=False) as client:
            answer = await client.post(f"{url}/v1/references/restart", headers=headers)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise GatewayError(f"the gateway simulator fails ({type(error).__name__})") from None


def _command(port: int, ledger: Path, instance: str, today: date | None) -> list[str]:
    command = [sys.executable, "-m", "bot.paying.simulator", "--port", str(port)]
    command += ["--ledger", str(ledger.absolute()), "--instance", instance]
    return command if today is None else [*command, "--today", today.isoformat()]
