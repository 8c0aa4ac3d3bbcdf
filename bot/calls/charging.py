"""The charges of one call: asked of the payment service, answered on the call's clock.

A charge belongs to the payment service and goes on whatever becomes of the call (design: "Charge").
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.audio import ms_to_samples
from bot.calls.clock import CallClock, Quiet
from bot.calls.rooms import Charges
from bot.calls.telling import Telling
from bot.cards import Expiry
from bot.charges import ChargeOutcome, ChargeRequest
from bot.dialog.events import ChargeAnswered
from bot.money import Money


@dataclass(frozen=True, slots=True)
class AskedCharge:
    """A charge that was asked of the gateway: what of it may be kept."""

    attempt_id: str
    amount: Money
    expiry: Expiry
    last_four: str


class CallCharges:
    """asked: every charge of the call, in order. answered: the attempts whose outcome is here.

    late: an answer of the gateway that came too late for the dialog to hear of it.
    """

    def __init__(
        self,
        payments: Charges,
        clock: CallClock,
        quiet: Quiet,
        telling: Telling,
        post: Callable[[ChargeAnswered], None],
    ) -> None:
        self.asked: list[AskedCharge] = []
        self.answered: list[str] = []
        self.late: ChargeOutcome | None = None
        self._payments = payments
        self._clock = clock
        self._quiet = quiet
        self._telling = telling
        self._post = post
        self._answered: ChargeOutcome | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def charge(self, request: ChargeRequest, group: asyncio.TaskGroup) -> None:
        """In a task of its own, so that the dialog hears keys and hang-ups while the gateway
        thinks."""
        self._quiet.begin()
        self._answered = None
        self._telling.charge_sent(request)
        self.asked.append(
            AskedCharge(request.attempt_id, request.amount, request.expiry, request.card.last_four)
        )
        task = group.create_task(self._charge_and_answer(request))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def stop_waiting(self) -> None:
        """The call is over; a charge itself goes on in the payment service."""
        for task in self._under_way:
            task.cancel()

    def keep_answer(self) -> None:
        """What the gateway said to the last charge stands, whatever became of the call."""
        self.late = self.late or self._answered

    async def _charge_and_answer(self, request: ChargeRequest) -> None:
        outcome = await self._payments.charge(request)
        self.answered.append(outcome.attempt_id)
        self.late = outcome
        self._clock.schedule(
            ms_to_samples(outcome.declared_delay_ms), lambda: self._answer(outcome)
        )
        self._quiet.end()

    def _answer(self, outcome: ChargeOutcome) -> None:
        self._answered, self.late = outcome, None
        self._telling.charge_answered(outcome)
        self._post(ChargeAnswered(outcome, self._clock.now))
