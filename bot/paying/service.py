"""Charges belong to the process, not to a call: a hang-up ends the call, never the charge.

Order of a charge (law 7): intent on disk, "sent" on disk, the request, the answer on disk. What
can go wrong in between, and what is told:

    the journal fails before sending      nothing is sent            UNAVAILABLE
      the same for a repeated attempt     look-up, for a while       what it says, else UNKNOWN
    nothing was sent, or a refusal        certain                    UNAVAILABLE
    a clear answer                                                   APPROVED or DECLINED
    the journal fails after the answer    settled again by look-up   the answer, all the same
    no clear answer                       look-up, for a while       what it says, else UNKNOWN
    the process dies                      settled at the next start  (the call died too)
    it dies with the answer on disk       told at the next start     (the call's record has it)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import TracebackType

import structlog
from sqlalchemy import Engine

from bot.card_text import kept_reference, reference_without
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.errors import StoreError
from bot.gateway_settings import GatewaySettings
from bot.memory import overwrite_small_free_blocks
from bot.money import Money
from bot.paying.figures import Figures
from bot.paying.gateway import Gateway, NothingTaken, OutcomeUnknown
from bot.paying.intents import Intent
from bot.paying.journal import Journal
from bot.paying.pace import Pace, RealPace
from bot.paying.settling import Settled, Settler, in_thread, outcome_of

_log = structlog.get_logger(__name__)

_BACKGROUND_SECONDS = 5.0
_REMEMBERED_ATTEMPTS = 10_000


class PaymentService:
    """One per process. Use as an async context manager, or call `start` and `aclose`.

    The engine and the gateway are the caller's to close, after this.
    """

    def __init__(
        self,
        engine: Engine,
        gateway: Gateway,
        settings: GatewaySettings,
        *,
        gateway_names: tuple[str, ...] = ("",),
        pace: Pace | None = None,
        on_late_outcome: Callable[[Settled], None] | None = None,
    ) -> None:
        """gateway_names: which gateway this is, in the journal; charges of another are left alone.

        on_late_outcome: called with every outcome that `charge` could not return: of a charge
        whose caller was cancelled (an unknown outcome too), of an open one that is settled or
        given up, and of one whose process died before anybody heard of it. Must be quick.
        """
        self.figures = Figures()
        self._pace = pace or RealPace()
        self._journal = Journal(engine, gateway_names)
        self._gateway = gateway
        self._settler = Settler(self._journal, gateway, settings, self._pace)
        self._on_late_outcome = on_late_outcome
        self._charges: dict[str, asyncio.Task[ChargeOutcome]] = {}
        # Without the journal only this tells a new attempt from one that was sent before. An id
        # belongs to one call, and a call to one process, so this process's own are enough.
        self._attempted: dict[str, Money] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._background: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def charging(self) -> int:
        """How many charges are under way."""
        return len(self._charges)

    def start(self) -> None:
        """Begin to settle open charges in the background: all at once, then as they fall due."""
        if self._background is None and not self._closing:
            self._background = asyncio.create_task(self._settle_forever(), name="settle charges")

    async def aclose(self, patience_seconds: float | None = None) -> None:
        """Take no new charge, stop settling, wait for the charges in flight.

        patience_seconds: None waits as long as a charge can take. A charge that is cut off stays
        open in the journal and is settled at the next start.
        """
        self._closing = True
        if self._background is not None:
            self._background.cancel()
            await asyncio.gather(self._background, return_exceptions=True)
            self._background = None
        if self._charges:
            if patience_seconds is None:
                patience_seconds = self._settler.longest_charge_seconds
            _, cut_off = await asyncio.wait(self._charges.values(), timeout=patience_seconds)
            if cut_off:
                _log.warning(
                    "charges_cut_off", count=len(cut_off), note="settled at the next start"
                )
                for task in cut_off:
                    task.cancel()
                await asyncio.gather(*cut_off, return_exceptions=True)
        await asyncio.sleep(0)  # callers that were cancelled just now
        await asyncio.gather(*self._telling)

    async def __aenter__(self) -> PaymentService:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def charge(self, request: ChargeRequest) -> ChargeOutcome:
        """Charge once, ever, for this `attempt_id`; asked again, tell what became of it.

        Cancelling the caller of this cancels nothing else; the outcome then goes to
        `on_late_outcome`. The security code is wiped in any case.
        """
        attempt_id = request.attempt_id
        while (earlier := self._charges.get(attempt_id)) is not None:
            await asyncio.wait({earlier})
        task = asyncio.create_task(self._charge(request), name=f"charge {attempt_id}")
        self._charges[attempt_id] = task
        task.add_done_callback(partial(self._forget, attempt_id))
        try:
            outcome = await asyncio.shield(task)
        except asyncio.CancelledError:
            telling = asyncio.create_task(
                self._tell_unheard(request.call_id, request.amount, task), name="tell of a charge"
            )
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
            raise
        self.figures.told[outcome.status] += 1
        return outcome

    async def heard(self, attempt_ids: Iterable[str]) -> None:
        """What became of these is in the call's record: the next start need not tell of it."""
        for attempt_id in attempt_ids:
            await self._mark_heard(attempt_id)

    async def settle_open(self, patience_seconds: float = 0.0) -> list[Settled]:
        """Look up every open charge that no other process holds; returns those decided now.

        patience_seconds: go on with growing pauses until none is left or this is used up.
        """
        settled = await self._settler.settle_open(patience_seconds)
        for one in settled:
            await self._report(one)
        return settled

    async def open_intents(self) -> list[Intent]:
        """Every charge without a known outcome, given-up ones included: for a person to look at.

        Raises StoreError.
        """
        return await in_thread(self._journal.unsettled)

    def asks_about(self, intent: Intent) -> bool:
        """Whether an open charge is looked up here; one of another gateway is not."""
        return self._journal.is_ours(intent)

    async def find(self, attempt_id: str) -> Intent | None:
        """What the journal knows of one attempt. Raises StoreError."""
        return await in_thread(self._journal.find, attempt_id)

    async def _charge(self, request: ChargeRequest) -> ChargeOutcome:
        try:
            return await self._charge_once(request)
        finally:
            _wipe_security_code(request)

    async def _charge_once(self, request: ChargeRequest) -> ChargeOutcome:
        decided = await self._before_sending(request)
        if decided is not None:
            return decided
        answer = await self._send(request)
        _wipe_security_code(request)
        overwrite_small_free_blocks()  # the bodies sent were among them
        if isinstance(answer, ChargeOutcome):
            return await self._settler.record(answer, first_hand=True)
        return await self._settler.look_up_in_call(request.attempt_id, request.amount, answer)

    async def _before_sending(self, request: ChargeRequest) -> ChargeOutcome | None:
        """Write intent and "sent" down. None: it may go out now; else what is told instead."""
        attempt_id = request.attempt_id
        nothing_taken = ChargeOutcome(ChargeStatus.UNAVAILABLE, attempt_id)
        lease_until = self._settler.lease_until(self._pace.now())
        try:
            known = await self._open(request, lease_until)
            may_go = known is None and await self._may_go_out(request, lease_until)
        except StoreError as error:
            _log.error(
                "charge_not_sent",
                call_id=request.call_id,
                attempt_id=attempt_id,
                why=str(error),
            )
            if (amount := self._attempted.get(attempt_id)) is not None:
                return await self._settler.look_up_in_call(attempt_id, amount, 0)
            return nothing_taken
        if known is not None:
            self._remember(attempt_id, known.amount)
            return await self._tried_before(known, request)
        if not may_go:
            return nothing_taken
        self._remember(attempt_id, request.amount)
        return None

    async def _may_go_out(self, request: ChargeRequest, lease_until: datetime) -> bool:
        """Write "sent" down. False: it is not sent, now or later. Raises StoreError."""
        log = _log.bind(call_id=request.call_id, attempt_id=request.attempt_id)
        if self._closing:
            log.warning("charge_not_sent", why="the payment service is closing")
        elif not await self._mark_sent(request.attempt_id):
            log.error("charge_not_sent", why="another process closed the intent")
            return False
        elif self._pace.now() >= lease_until:
            # The machine slept in between. Others may have looked the charge up by now, and
            # concluded from "not found" that nothing will ever be taken.
            log.error("charge_not_sent", why="it took too long to write that it is sent")
        else:
            return True
        await self._settler.record(ChargeOutcome(ChargeStatus.UNAVAILABLE, request.attempt_id))
        return False

    async def _open(self, request: ChargeRequest, lease_until: datetime) -> Intent | None:
        return await in_thread(
            self._journal.open,
            request,
            owner=self._settler.owner,
            now=self._pace.now(),
            lease_until=lease_until,
        )

    async def _mark_sent(self, attempt_id: str) -> bool:
        return await in_thread(
            self._journal.mark_sent, attempt_id, owner=self._settler.owner, now=self._pace.now()
        )

    def _remember(self, attempt_id: str, amount: Money) -> None:
        self._attempted[attempt_id] = amount
        if len(self._attempted) > _REMEMBERED_ATTEMPTS:
            del self._attempted[next(iter(self._attempted))]

    async def _send(self, request: ChargeRequest) -> ChargeOutcome | int:
        """The one place a charge goes out. Returns a clear outcome, or, when there is none, the
        milliseconds that are declared to have gone by."""
        attempt_id = request.attempt_id
        log = _log.bind(call_id=request.call_id, attempt_id=attempt_id)
        try:
            answer = await self._gateway.charge(request, attempt_id)
        except NothingTaken as error:
            log.warning("charge_refused", why=str(error))
            return ChargeOutcome(
                ChargeStatus.UNAVAILABLE, attempt_id, declared_delay_ms=error.declared_delay_ms
            )
        except OutcomeUnknown as error:
            log.warning("charge_outcome_unknown", why=str(error))
            return error.declared_delay_ms
        except Exception as error:  # noqa: BLE001 - an adapter's bug leaves the money open, too
            log.error("charge_outcome_unknown", why=f"adapter: {type(error).__name__}")
            return 0
        answer = replace(answer, reference=reference_without(request.card, answer.reference))
        log.info(
            "charge_answered",
            status=answer.status.value,
            reference=kept_reference(answer.reference),
        )
        return outcome_of(attempt_id, answer)

    async def _tried_before(self, known: Intent, request: ChargeRequest) -> ChargeOutcome:
        """This attempt is in the journal already: it is not sent again, whatever became of it."""
        if not known.is_for(request):
            _log.critical(
                "attempt_id_reused",
                attempt_id=known.attempt_id,
                note="another charge has this id; this one was not sent",
            )
            return ChargeOutcome(ChargeStatus.UNAVAILABLE, known.attempt_id)
        if not known.is_open or not self._journal.is_ours(known):
            return known.outcome()
        return await self._settler.look_up_in_call(known.attempt_id, known.amount, 0)

    async def _settle_forever(self) -> None:
        due_only = False
        while True:
            try:
                for one in await self._settler.settle_pass(due_only=due_only):
                    await self._report(one)
            except Exception as error:  # noqa: BLE001 - a bug must not end the settling for good
                _log.error("settling_failed", why=type(error).__name__)
            due_only = True
            await asyncio.sleep(_BACKGROUND_SECONDS)

    def _forget(self, attempt_id: str, task: asyncio.Task[ChargeOutcome]) -> None:
        self._charges.pop(attempt_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("charge_failed", attempt_id=attempt_id, error=type(error).__name__)

    async def _tell_unheard(
        self, call_id: str, amount: Money, task: asyncio.Task[ChargeOutcome]
    ) -> None:
        """The answer of a charge nobody waits for any more. Cut off, it is settled later."""
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is None:
            await self._report(Settled(call_id, amount, task.result()))

    async def _report(self, late: Settled) -> None:
        self.figures.given_up += late.given_up
        if late.outcome.status is not ChargeStatus.UNKNOWN:
            self.figures.settled[late.outcome.status] += 1
        if self._on_late_outcome is None:
            return
        try:
            self._on_late_outcome(late)
        except Exception as error:  # noqa: BLE001 - a listener's bug must not lose an outcome
            _log.error("on_late_outcome_failed", call_id=late.call_id, error=type(error).__name__)
            return
        if not late.is_open:
            await self._mark_heard(late.outcome.attempt_id)

    async def _mark_heard(self, attempt_id: str) -> None:
        """Where the journal cannot take it, it is told once more at the next start."""
        try:
            await in_thread(self._journal.mark_heard, attempt_id)
        except StoreError as error:
            _log.error("journal_failed", attempt_id=attempt_id, why=str(error))


def _wipe_security_code(request: ChargeRequest) -> None:
    if request.security_code is not None:
        request.security_code.wipe()
