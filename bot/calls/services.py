"""What a process needs before it takes a call: prepared with visible progress, started, awaited
until it answers, and always stopped again, on Ctrl-C and on failure too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Engine as Database

from bot.calls.callers import Caller
from bot.calls.decoding import DecodingPool
from bot.calls.late_charges import LateCharges, tell_of_open_charges
from bot.calls.leg import Listener
from bot.calls.live.line import LiveLine
from bot.calls.neighbours import (
    Address,
    Neighbours,
    Progress,
    StartedUnderstanding,
    simulator_at,
    starting_understanding,
)
from bot.calls.rooms import Charges, ChecksCards, Rooms
from bot.calls.run_call import CallRunner, Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.cores import DECODES_AT_ONCE
from bot.database import database_url, open_database
from bot.hearing.ear import load_ears
from bot.hearing.engines import load_engine
from bot.memory import keep_private
from bot.out_folder import sole_user_of
from bot.paying.card_check import RestCardCheck
from bot.paying.gateways.credentials import (
    Credentials,
    read_credentials,
    simulated_credentials,
)
from bot.paying.gateways.kinds import open_gateway
from bot.paying.names import names_of
from bot.paying.pace import DeclaredPace
from bot.paying.service import PaymentService
from bot.paying.simulator.process import restart_references, simulated_url
from bot.project import ROOT
from bot.records.store import Store
from bot.records.trace import Entry
from bot.settings import Settings
from bot.speaking.speaker import Speaker
from bot.speaking.synthesis import SECONDS_FOR_ONE_TEXT
from bot.speaking.voice import load_speaker
from bot.understanding.rasa_client import UNHURRIED, RasaClient
from bot.understanding.understand import Understanding

_SYNTHESIS_HANGS_SECONDS = 120.0
"""The clock of a recorded call stands still while a text is synthesised, however busy the machine;
only synthesis that hangs is given up."""


@dataclass(frozen=True, slots=True)
class Services:
    """A process ready for calls. Made by `running_services`.

    live: at the pace of their lines; else of recordings.
    """

    settings: Settings
    speaker: Speaker
    runner: CallRunner
    payments: PaymentService
    unreachable: PaymentService
    """The same journal, and a gateway nothing answers for: for scenarios."""
    rasa: RasaClient | None
    executor: DecodingPool
    card_check: ChecksCards | None
    """Where the gateway's kind has one; asked when the settings say so."""
    restart_references: Callable[[], Awaitable[None]]
    """Our own simulator counts its references from the first again; a real gateway does as it
    likes."""
    database: Database
    live: bool = False

    async def call(
        self,
        caller: Caller,
        parameters: Parameters,
        files: Files,
        *,
        settings: Settings | None = None,
        today: date | None = None,
        rasa_away: bool = False,
        gateway_down: bool = False,
        watch: Callable[[Entry], None] | None = None,
        listener: Listener | None = None,
        call_id: str | None = None,
    ) -> FinishedCall:
        """One whole call. settings: instead of the process's own. Raises BotError."""
        payments: Charges = self.unreachable if gateway_down else self.payments
        rasa = None if rasa_away else self.rasa
        rooms = Rooms(
            settings or self.settings,
            lambda degraded: Understanding(rasa, degraded),
            self.speaker,
            payments,
            self.executor,
            None if gateway_down else self.card_check,
        )
        return await self.runner.run(
            rooms,
            caller,
            parameters,
            files=files,
            today=today or datetime.now(UTC).date(),
            watch=watch,
            listener=listener,
            call_id=call_id,
            live=self.live,
        )

    async def live_call(
        self,
        line: LiveLine,
        parameters: Parameters,
        files: Files,
        *,
        call_id: str,
        watch: Callable[[Entry], None],
    ) -> FinishedCall:
        """What `LiveCalls` runs."""
        return await self.call(
            line, parameters, files, watch=watch, listener=line.play, call_id=call_id
        )


@asynccontextmanager
async def running_services(
    settings: Settings,
    out: Path,
    progress: Progress,
    today: date | None = None,
    *,
    with_rasa: bool = True,
    live: bool = False,
    neighbours: Neighbours | None = None,
) -> AsyncIterator[Services]:
    """Everything calls need, while the context lasts.

    live: somebody waits, so what takes too long is given up; a recorded call's clock stands still
    instead, and only what hangs is.

    out: where logs, the database and the simulator's ledger lie; one run's at a time. today: the
    day the simulator judges expiry dates by; None: the calendar's. with_rasa: False to start at
    once, without it. Where Rasa is away the services run all the same and say so; anything else
    that is missing raises BotError.

    neighbours: this is one of several workers, whose parent has started what they share and is the
    sole user of `out`; then `with_rasa` says nothing.
    """
    keep_private(core_dumps=settings.allow_core_dumps)
    rasa_at = None if neighbours is None else neighbours.rasa
    if neighbours is not None:
        with_rasa = rasa_at is not None
    async with AsyncExitStack() as stack:
        if neighbours is None:
            stack.enter_context(sole_user_of(out))
        # First, so that what is wrong with it is told at once.
        database = open_database(database_url(settings.records.database, out))
        stack.callback(database.dispose)
        # Rasa takes longest to start: it is let start first, and is awaited last.
        understanding: StartedUnderstanding = _nobody
        if with_rasa:
            understanding = await stack.enter_async_context(
                starting_understanding(
                    settings,
                    out / "logs",
                    progress,
                    patience=None if live else UNHURRIED,
                    at=rasa_at,
                )
            )
        with progress.step("voice: prompts and their recordings"):
            speaker = await asyncio.to_thread(
                load_speaker, ROOT / settings.speaking.prompts, settings.payment.language,
                text_to_speech=settings.speaking.text_to_speech,
                synthesis_seconds=SECONDS_FOR_ONE_TEXT if live else _SYNTHESIS_HANGS_SECONDS,
            )  # fmt: skip
        with progress.step("ears: the recogniser"):
            engine = await asyncio.to_thread(load_engine, settings.hearing, ROOT, progress.tell)
            await asyncio.to_thread(load_ears, settings.hearing)
        store = Store(database)
        late_charges = LateCharges(store, progress.warn)
        with progress.step("till: the payment gateway"):
            simulator = neighbours.simulator if neighbours is not None else None
            if simulator is None and not settings.gateway.url:
                simulator = await stack.enter_async_context(simulator_at(out, today))
            payments, restart, card_check = await _start_payments(
                settings, database, late_charges, simulator, stack, live=live
            )
            unreachable = await _payments_nobody_answers(settings, database, stack)
        await tell_of_open_charges(payments, progress.warn)
        stack.callback(_tell_what_is_awaited, payments, progress)
        rasa = await understanding()
        executor = DecodingPool(max(2, DECODES_AT_ONCE // settings.live.workers))
        stack.callback(executor.shutdown, cancel_futures=True)
        yield Services(
            settings, speaker, CallRunner(engine, payments, store, late_charges), payments,
            unreachable, rasa, executor, card_check, restart, database, live,
        )  # fmt: skip


async def _nobody() -> RasaClient | None:
    return None


def _tell_what_is_awaited(payments: PaymentService, progress: Progress) -> None:
    """A call may be over, on Ctrl-C too, while its charge is not."""
    if payments.charging:
        progress.warn(
            "a charge is under way; its answer is awaited (stopped once more, it is settled at the "
            "next start)"
        )


async def _start_payments(
    settings: Settings,
    database: Database,
    late_charges: LateCharges,
    simulator: Address | None,
    stack: AsyncExitStack,
    *,
    live: bool,
) -> tuple[PaymentService, Callable[[], Awaitable[None]], ChecksCards | None]:
    """The payment service, with our own simulator where no gateway is named; what has that
    simulator count its references anew; and the gateway's card check."""
    simulated = simulator is not None
    url = settings.gateway.url
    restart: Callable[[], Awaitable[None]] = _nothing_to_restart
    if simulator is not None:
        credentials = Credentials(SecretStr(simulator.token))
        restart = partial(restart_references, simulator.url, simulator.token)
        url = simulated_url(simulator.url, settings.gateway.kind)
    else:
        credentials = read_credentials(settings.gateway)
    gateway = open_gateway(
        settings.gateway, credentials, url=url, declared_delays=simulated and not live
    )
    stack.push_async_callback(gateway.aclose)
    card_check = None
    if settings.gateway.kind == "rest":
        card_check = RestCardCheck(
            settings.gateway, credentials, url=url, declared_delays=simulated and not live
        )
        stack.push_async_callback(card_check.aclose)
    payments = PaymentService(
        database,
        gateway,
        settings.gateway,
        gateway_names=names_of(settings.gateway),
        pace=DeclaredPace() if simulated and not live else None,
        on_late_outcome=late_charges,
    )
    # Charges a crash left open are settled, and told of, before anything new is charged.
    await payments.settle_open()
    return await stack.enter_async_context(payments), restart, card_check


async def _nothing_to_restart() -> None:
    """A real gateway counts its references by itself."""


async def _payments_nobody_answers(
    settings: Settings, database: Database, stack: AsyncExitStack
) -> PaymentService:
    # Bound and not listening: every connection is refused, and nobody else can take the port.
    refusing = stack.enter_context(socket.socket())
    refusing.bind(("127.0.0.1", 0))
    dead = replace(settings.gateway, url=f"http://127.0.0.1:{refusing.getsockname()[1]}")
    gateway = open_gateway(dead, simulated_credentials())
    stack.push_async_callback(gateway.aclose)
    return PaymentService(
        database, gateway, dead, gateway_names=("unreachable",), pace=DeclaredPace()
    )
