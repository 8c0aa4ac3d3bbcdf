"""One life of the bot: a process of its own that charges, settles, and dies where it is told to.

What it tells callers, and whoever reads its log, goes through a pipe at the moment it is told, so
that nothing told is lost with the process.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import ssl
from collections.abc import Coroutine, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog

from benchmarks.faults.broken import Breakage, broken_gateway, broken_journal
from benchmarks.faults.kinds import Kind, gateway_at
from benchmarks.faults.plan import CARDS, Death, Life, Moment, Order
from bot.cards import CardNumber, Expiry, SecurityCode
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.database import open_database
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateways import line
from bot.paying.service import PaymentService
from bot.paying.settling import Settled, in_thread

_CHARGE_PATH = ("PaymentService.", "_call.")
"""Tasks at whose awaits a life may die: those of the service, and the call's that waits for it."""

_CERTIFICATES = ssl.create_default_context()
"""Read once, not in each life: that takes longer than all the rest of a life."""

_T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9"
"""Port 9, discard (RFC 863): nobody listens there any more."""

SETTINGS = GatewaySettings(look_up_for_ms=5_000, settle_for_hours=24)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told of a charge. late: the person at the keyboard, no caller.

    waited_ms: how long the caller is declared to have waited.
    """

    key: str
    status: ChargeStatus
    reference: str | None = None
    late: bool = False
    given_up: bool = False
    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class Died:
    """where: the function of the payment room whose await it was. steps: how many came before."""

    where: str
    step: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Ended:
    """It lived on to its end. steps: awaits of its charge path, at each of which it might die."""

    steps: int


Event = Told | Died | Ended


class DeclaredTime:
    """The pace of a life: time stands still but for pauses, which are declared."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> datetime:
        return _T0 + timedelta(seconds=self._seconds)

    def elapsed(self) -> float:
        return 0.0

    async def wait(self, seconds: float) -> int:
        self._seconds += seconds
        await asyncio.sleep(0)
        return round(seconds * 1000)

    def within(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(None)


def live(
    life: Life,
    at: float,
    url: str,
    database: Path,
    kind: Kind,
    breakage: Breakage | None,
    pipe: Connection,
) -> None:
    """A process's main function. at: declared seconds since the trial began."""
    gc.disable()
    vars(line)["tls_context"] = lambda *_: _CERTIFICATES
    structlog.configure(processors=[_drop])
    steps = _Steps(life.death, pipe)
    asyncio.run(_live(life, at, url, database, kind, breakage, pipe, steps))
    pipe.send(Ended(steps.count))


def _drop(*_: object) -> Any:
    raise structlog.DropEvent


async def _live(
    life: Life,
    at: float,
    url: str,
    database: Path,
    kind: Kind,
    breakage: Breakage | None,
    pipe: Connection,
    steps: _Steps,
) -> None:
    def tell(late: Settled) -> None:
        outcome = late.outcome
        pipe.send(Told(outcome.attempt_id, outcome.status, outcome.reference, True, late.given_up))

    def stepped(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        if getattr(coroutine, "__qualname__", "").startswith(_CHARGE_PATH):
            task = asyncio.Task(steps.of(coroutine), loop=loop, **options)
            task.add_done_callback(lambda _: coroutine.close())  # of one cancelled before it began
            return task
        return asyncio.Task(coroutine, loop=loop, **options)

    async with AsyncExitStack() as stack:
        broken_journal(breakage)
        engine = open_database(f"sqlite:///{database}")
        stack.callback(engine.dispose)
        gateway = gateway_at(kind, NOBODY if life.gateway_down else url)
        stack.push_async_callback(gateway.aclose)
        service = PaymentService(
            engine,
            broken_gateway(gateway, breakage),
            SETTINGS,
            gateway_names=("bank",),
            pace=DeclaredTime(at),
            on_late_outcome=tell,
        )
        asyncio.get_running_loop().set_task_factory(stepped)  # type: ignore[arg-type]
        await asyncio.gather(*(_call(service, order, pipe) for order in life.charges))
        if life.settles:
            await steps.of(service.settle_open(life.settle_seconds))
        await service.aclose()


async def _call(service: PaymentService, order: Order, pipe: Connection) -> None:
    """One call: hears what became of its charge, unless the caller hangs up before."""

    async def charge() -> None:
        outcome = await service.charge(_request(order))
        pipe.send(_told(outcome))
        await service.heard([order.key])

    call = asyncio.create_task(charge())
    if order.hang_up_at is not None:
        for _ in range(order.hang_up_at):
            await asyncio.sleep(0)
        call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        if order.hang_up_at is None:
            raise


def _told(outcome: ChargeOutcome) -> Told:
    return Told(
        outcome.attempt_id,
        outcome.status,
        outcome.reference,
        waited_ms=outcome.declared_delay_ms,
    )


def _request(order: Order) -> ChargeRequest:
    return ChargeRequest(
        order.key,
        f"call-{order.key}",
        Money(order.minor_units, "USD"),
        CardNumber(CARDS[order.card]),
        Expiry(4, 2029),
        SecurityCode("737"),
        "90210",
    )


class _Steps:
    """Counts the awaits of the charge path, and dies at the one it is told."""

    def __init__(self, death: Death | None, pipe: Connection) -> None:
        self.count = 0
        self._death = death
        self._pipe = pipe

    async def of(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await _Stepping(coroutine, self)

    def at(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._die_if(Moment.AT, coroutine)

    def after(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._die_if(Moment.AFTER, coroutine)
        self.count += 1

    def _die_if(self, moment: Moment, coroutine: Coroutine[Any, Any, Any]) -> None:
        if self._death == Death(self.count, moment):
            self._pipe.send(Died(_innermost_in_paying(coroutine), self.count, moment))
            os.kill(os.getpid(), signal.SIGKILL)


class _Stepping:
    """Awaits a coroutine, and stops at each of its suspensions."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], steps: _Steps) -> None:
        self._coroutine = coroutine
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, Any]:
        resume, given = self._coroutine.send, None
        while True:
            try:
                awaited = resume(given)
            except StopIteration as finished:
                return finished.value
            self._steps.at(self._coroutine)
            try:
                given = yield awaited
                resume = self._coroutine.send
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the coroutine's
                given, resume = error, self._coroutine.throw
            self._steps.after(self._coroutine)


def _innermost_in_paying(coroutine: Any) -> str:
    """The function of bot/paying that waits at this moment."""
    where = "?"
    while hasattr(coroutine, "cr_code"):
        code = coroutine.cr_code
        if f"{os.sep}paying{os.sep}" in code.co_filename and code.co_qualname != in_thread.__name__:
            where = code.co_qualname
        coroutine = coroutine.cr_await
    return where
