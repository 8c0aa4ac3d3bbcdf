"""The processes beside ours that calls need: Rasa, and the gateway simulator where no gateway is
named. Started by who takes the calls, or once for several workers that share them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from bot.errors import NluError
from bot.paying.gateways.credentials import simulated_credentials
from bot.paying.simulator.process import running_simulator
from bot.settings import Settings, rasa_token
from bot.understanding.rasa_client import Patience, RasaClient
from bot.understanding.rasa_environment import prepare, stop_preparing
from bot.understanding.rasa_server import Answering, starting_rasa

_log = structlog.get_logger(__name__)


class Progress(Protocol):
    def step(self, what: str) -> AbstractContextManager[None]:
        """Around one piece of work that takes a while."""

    def tell(self, detail: str) -> None:
        """More about the step under way."""

    def warn(self, what: str) -> None:
        """Something works less well than it should."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a neighbour answers, and what it asks for."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What several workers share. rasa: None where it is away. simulator: None where the settings
    name a gateway."""

    rasa: Address | None = None
    simulator: Address | None = None


@asynccontextmanager
async def running_neighbours(
    settings: Settings, out: Path, progress: Progress, *, with_rasa: bool
) -> AsyncIterator[Neighbours]:
    """Both of them, while the context lasts. Without Rasa it goes on and says so; a simulator that
    does not start raises BotError."""
    async with AsyncExitStack() as stack:
        rasa: _StartedRasa | None = None
        if with_rasa:
            rasa = await stack.enter_async_context(_starting_rasa(settings, out / "logs", progress))
        simulator = None
        if not settings.gateway.url:
            simulator = await stack.enter_async_context(simulator_at(out))
        yield Neighbours(await rasa() if rasa is not None else None, simulator)


@asynccontextmanager
async def simulator_at(out: Path, today: date | None = None) -> AsyncIterator[Address]:
    """Our own gateway, while the context lasts; its books lie in `out`. Raises BotError."""
    token = simulated_credentials().token.get_secret_value()
    simulator = running_simulator(out / "logs", out / "simulator.db", token=token, today=today)
    async with simulator as url:
        yield Address(url, token)


StartedUnderstanding = Callable[[], Awaitable[RasaClient | None]]
"""Waits until Rasa answers. None when there is none and it need not run."""


@asynccontextmanager
async def running_understanding(
    settings: Settings,
    logs: Path,
    progress: Progress,
    *,
    must_run: bool = False,
    patience: Patience | None = None,
) -> AsyncIterator[RasaClient | None]:
    """A client of a Rasa that answers: the one the settings name, else one of our own.

    patience: None for what the settings say, which is for someone who waits for the answer.
    None when there is none and it need not run. Raises NluError when it must.
    """
    started = starting_understanding(settings, logs, progress, must_run=must_run, patience=patience)
    async with started as understanding:
        yield await understanding()


@asynccontextmanager
async def starting_understanding(
    settings: Settings,
    logs: Path,
    progress: Progress,
    *,
    must_run: bool = False,
    patience: Patience | None = None,
    at: Address | None = None,
) -> AsyncIterator[StartedUnderstanding]:
    """As `running_understanding`, without waiting for the answer: other things may be prepared.

    at: where one answers that somebody else has started.
    """
    patience = patience or Patience(answer_seconds=settings.understanding.timeout_ms / 1000)
    async with AsyncExitStack() as stack:
        rasa = await stack.enter_async_context(
            _starting_rasa(settings, logs, progress, must_run=must_run, at=at)
        )

        async def understanding() -> RasaClient | None:
            address = await rasa()
            if address is None:
                return None
            client = RasaClient(address.url, address.token, patience=patience)
            stack.push_async_callback(client.aclose)
            return client

        yield understanding


_StartedRasa = Callable[[], Awaitable[Address | None]]
"""Waits until it answers. None where it is away and need not run."""


@asynccontextmanager
async def _starting_rasa(
    settings: Settings,
    logs: Path,
    progress: Progress,
    *,
    must_run: bool = False,
    at: Address | None = None,
) -> AsyncIterator[_StartedRasa]:
    """at: where one answers that somebody else has started. Raises NluError where it must run and
    does not; else whoever wants it goes on without and is told."""
    async with AsyncExitStack() as stack:

        def go_on_without(error: NluError) -> None:
            if must_run:
                raise error
            progress.warn(f"{error}\nThe call goes on with keys, numbers, yes and no, field names.")
            _log.warning("rasa_away", why=str(error))

        answering: Answering | None = None
        if at is None:
            try:
                answering = await _start_rasa(settings, logs, progress, stack)
            except NluError as error:
                go_on_without(error)

        async def address() -> Address | None:
            if answering is None:
                return at
            try:
                return Address(*await answering())
            except NluError as error:
                go_on_without(error)
                return None

        yield address


async def _start_rasa(
    settings: Settings, logs: Path, progress: Progress, stack: AsyncExitStack
) -> Answering:
    """Prepared and on its way; or the one the settings name. Raises NluError, and SettingsError
    where its token cannot be read."""
    wanted = settings.understanding
    if wanted.rasa_url:
        token = rasa_token(wanted).get_secret_value()
        return partial(_known, wanted.rasa_url, token)
    with progress.step("understanding: Rasa's environment and model"):
        try:
            prepared = await asyncio.to_thread(prepare, wanted, progress.tell)
        except asyncio.CancelledError:
            stop_preparing()  # Ctrl-C reaches this task, not the thread that waits for uv
            raise
    answering = await stack.enter_async_context(starting_rasa(prepared, logs))

    async def answering_with_progress() -> tuple[str, str]:
        with progress.step("understanding: Rasa starts"):
            return await answering()

    return answering_with_progress


async def _known(url: str, token: str) -> tuple[str, str]:
    return url, token
