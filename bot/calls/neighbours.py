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
        answering: Answering | None = None
        if with_rasa:
            answering = await _start_or_go_without(settings, out / "logs", progress, stack)
        simulator = None
        if not settings.gateway.url:
            simulator = await stack.enter_async_context(simulator_at(out))
        rasa = None
        if answering is not None:
            try:
                rasa = Address(*await answering())
            except NluError as error:
                _go_on_without(error, progress)
        yield Neighbours(rasa, simulator)


async def _start_or_go_without(
    settings: Settings, logs: Path, progress: Progress, stack: AsyncExitStack
) -> Answering | None:
    try:
        return await _start_rasa(settings, logs, progress, stack)
    except NluError as error:
        _go_on_without(error, progress)
        return None


def _go_on_without(error: NluError, progress: Progress) -> None:
    progress.warn(f"{error}\nThe call goes on with keys, numbers, yes and no, field names.")
    _log.warning("rasa_away", why=str(error))


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
    wanted = settings.understanding
    async with AsyncExitStack() as stack:

        def go_on_without(error: NluError) -> None:
            if must_run:
                raise error
            _go_on_without(error, progress)

        answering: Answering | None = None
        try:
            if at is not None:
                answering = partial(_known, at.url, at.token)
            else:
                answering = await _start_rasa(settings, logs, progress, stack)
        except NluError as error:
            go_on_without(error)

        async def understanding() -> RasaClient | None:
            if answering is None:
                return None
            try:
                url, token = await answering()
            except NluError as error:
                go_on_without(error)
                return None
            client = RasaClient(
                url, token, patience=patience or Patience(answer_seconds=wanted.timeout_ms / 1000)
            )
            stack.push_async_callback(client.aclose)
            return client

        yield understanding


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
