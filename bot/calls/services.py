"""What a process needs before it takes a call: prepared with visible progress, started, awaited
until it answers, and always stopped again, on Ctrl-C and on failure too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import Engine as Database

from bot.calls.callers import Caller
from bot.calls.decoding import DecodingPool
from bot.calls.late_charges import LateCharges, tell_of_open_charges
from bot.calls.leg import Listener
from bot.calls.live.line import LiveLine
from bot.calls.rooms import Charges, ChecksCards, Rooms
from bot.calls.run_call import CallRunner, Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.database import database_url, open_database
from bot.errors import NluError
from bot.hearing.ear import load_ears
from bot.hearing.engines import load_engine
from bot.memory import keep_private
from bot.out_folder import sole_user_of
from bot.paying.card_check import RestCardCheck
from bot.paying.gateways.credentials import read_credentials, simulated_credentials
from bot.paying.gateways.kinds import open_gateway
from bot.paying.pace import DeclaredPace
from bot.paying.service import PaymentService
from bot.paying.simulator.process import restart_references, running_simulator, simulated_url
from bot.project import ROOT
from bot.records.store import Store
from bot.records.trace import Entry
from bot.settings import Settings, rasa_token
from bot.speaking.speaker import Speaker
from bot.speaking.synthesis import SECONDS_FOR_ONE_TEXT
from bot.speaking.voice import load_speaker
from bot.understanding.rasa_client import UNHURRIED, Patience, RasaClient
from bot.understanding.rasa_environment import prepare, stop_preparing
from bot.understanding.rasa_server import Answering, starting_rasa
from bot.understanding.understand import Understanding

_log = structlog.get_logger(__name__)

_SIMULATOR = "simulator"
"""Its port changes with every start, its ledger stays beside the journal."""

_SYNTHESIS_HANGS_SECONDS = 120.0
"""The clock of a recorded call stands still while a text is synthesised, however busy the machine;
only synthesis that hangs is given up."""


class Progress(Protocol):
    def step(self, what: str) -> AbstractContextManager[None]:
        """Around one piece of work that takes a while."""

    def tell(self, detail: str) -> None:
        """More about the step under way."""

    def warn(self, what: str) -> None:
        """Something works less well than it should."""


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
) -> AsyncIterator[Services]:
    """Everything calls need, while the context lasts.

    live: somebody waits, so what takes too long is given up; a recorded call's clock stands still
    instead, and only what hangs is.

    out: where logs, the database and the simulator's ledger lie; one run's at a time. today: the
    day the simulator judges expiry dates by; None: the calendar's. with_rasa: False to start at
    once, without it. Where Rasa is away the services run all the same and say so; anything else
    that is missing raises BotError.
    """
    keep_private(core_dumps=settings.allow_core_dumps)
    async with AsyncExitStack() as stack:
        stack.enter_context(sole_user_of(out))
        # First, so that what is wrong with it is told at once.
        database = open_database(database_url(settings.records.database, out))
        stack.callback(database.dispose)
        # Rasa takes longest to start: it is let start first, and is awaited last.
        understanding: StartedUnderstanding = _nobody
        if with_rasa:
            understanding = await stack.enter_async_context(
                starting_understanding(
                    settings, out / "logs", progress, patience=None if live else UNHURRIED
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
            payments, restart, card_check = await _start_payments(
                settings, database, late_charges, out, today, stack, live=live
            )
            unreachable = await _payments_nobody_answers(settings, database, stack)
        await tell_of_open_charges(payments, progress.warn)
        stack.callback(_tell_what_is_awaited, payments, progress)
        rasa = await understanding()
        executor = DecodingPool()
        stack.callback(executor.shutdown, cancel_futures=True)
        yield Services(
            settings, speaker, CallRunner(engine, payments, store, late_charges), payments,
            unreachable, rasa, executor, card_check, restart, live,
        )  # fmt: skip


def _tell_what_is_awaited(payments: PaymentService, progress: Progress) -> None:
    """A call may be over, on Ctrl-C too, while its charge is not."""
    if payments.charging:
        progress.warn(
            "a charge is under way; its answer is awaited (stopped once more, it is settled at the "
            "next start)"
        )


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
) -> AsyncIterator[StartedUnderstanding]:
    """As `running_understanding`, without waiting for the answer: other things may be prepared."""
    wanted = settings.understanding
    async with AsyncExitStack() as stack:

        def go_on_without(error: NluError) -> None:
            if must_run:
                raise error
            progress.warn(f"{error}\nThe call goes on with keys, numbers, yes and no, field names.")
            _log.warning("rasa_away", why=str(error))

        answering: Answering | None = None
        try:
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


async def _nobody() -> RasaClient | None:
    return None


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


async def _start_payments(
    settings: Settings,
    database: Database,
    late_charges: LateCharges,
    out: Path,
    today: date | None,
    stack: AsyncExitStack,
    *,
    live: bool,
) -> tuple[PaymentService, Callable[[], Awaitable[None]], ChecksCards | None]:
    """The payment service, with our own simulator where no gateway is named; what has that
    simulator count its references anew; and the gateway's card check."""
    simulated = not settings.gateway.url
    url = settings.gateway.url
    restart: Callable[[], Awaitable[None]] = _nothing_to_restart
    if simulated:
        credentials = simulated_credentials()
        token = credentials.token.get_secret_value()
        base = await stack.enter_async_context(
            running_simulator(out / "logs", out / "simulator.db", token=token, today=today)
        )
        restart = partial(restart_references, base, token)
        url = simulated_url(base, settings.gateway.kind)
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
        gateway_name=_SIMULATOR if simulated else url,
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
    return PaymentService(database, gateway, dead, gateway_name="unreachable", pace=DeclaredPace())
