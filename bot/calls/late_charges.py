"""Charges that come to an outcome when their call cannot hear of it: interrupted, hung up, crashed.

Money may have been taken. So the outcome goes into the call's record, and is told to the person at
the keyboard, who saw the call end without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from bot.card_text import kept_reference
from bot.charges import ChargeStatus
from bot.errors import StoreError
from bot.paying.service import PaymentService
from bot.paying.settling import Settled
from bot.records.store import Store

_log = structlog.get_logger(__name__)

_BECAME = {
    ChargeStatus.APPROVED: "approved: the money was taken",
    ChargeStatus.DECLINED: "declined: nothing was taken",
    ChargeStatus.UNAVAILABLE: "not carried out: nothing was taken",
    ChargeStatus.UNKNOWN: "sent, and no answer came; it is looked up until its outcome is known",
}
_GIVEN_UP = "given up, for no look-up settled it: ask the gateway what became of it"


class LateCharges:
    """Hears what `PaymentService` could not tell a call."""

    def __init__(self, store: Store, tell: Callable[[str], None]) -> None:
        """tell: for the person at the keyboard."""
        self._store = store
        self._tell = tell
        self._running: set[str] = set()

    @contextmanager
    def call_runs(self, call_id: str) -> Iterator[None]:
        """Meanwhile whoever runs the call tells of its charges."""
        self._running.add(call_id)
        try:
            yield
        finally:
            self.tells_no_more(call_id)

    def tells_no_more(self, call_id: str) -> None:
        """What its charges come to from now on is told at the keyboard."""
        self._running.discard(call_id)

    def __call__(self, late: Settled) -> None:
        """Afterwards what it came to counts as heard: so where a running call's record cannot have
        it, it is told at once."""
        if late.call_id not in self._running:
            self.unheard(late)
        elif not self._record(late) and not late.is_open:
            self._tell(charge_words(late))

    def unheard(self, late: Settled) -> None:
        """Nobody else tells of this one."""
        self._record(late)
        self._tell(charge_words(late))

    def _record(self, late: Settled) -> bool:
        """A call that never ended, as in a crash, has a record as well: begun, and now settled."""
        if late.outcome.status is ChargeStatus.UNKNOWN:
            return False
        how = "look-up" if late.outcome.settled_by_lookup else "answer"
        try:
            if self._store.call(late.call_id) is None:
                return False  # its record could not be begun, or is in another database
            self._store.settle(late.call_id, late.outcome, datetime.now(UTC), how)
        except StoreError as error:
            _log.error("settlement_not_recorded", call_id=late.call_id, why=str(error))
            return False
        return True


async def tell_of_open_charges(payments: PaymentService, tell: Callable[[str], None]) -> None:
    """At every start: what looking up has not settled, or never will. Raises StoreError."""
    charges = await payments.open_intents()
    still_open = [charge for charge in charges if charge.is_open]
    given_up = len(charges) - len(still_open)
    asked = sum(payments.asks_about(charge) for charge in still_open)
    if asked:
        tell(
            f"charges whose outcome is not known yet: {asked}; they are looked up while the "
            "bot runs: `payments open` lists them"
        )
    if left_behind := len(still_open) - asked:
        tell(
            f"charges of another gateway, whose outcome is not known: {left_behind}; nobody asks, "
            "the gateway in payment.toml is another one: `payments open` lists them"
        )
    if given_up:
        tell(
            f"charges given up, their outcome unknown: {given_up}; a person has to ask the "
            "gateway: `payments open` lists them"
        )


def charge_words(late: Settled) -> str:
    """One line for the person at the keyboard."""
    became = _GIVEN_UP if late.given_up else _BECAME[late.outcome.status]
    kept = kept_reference(late.outcome.reference)
    reference = f", reference {kept}" if kept else ""
    return f"the charge of {late.amount.spoken()} of call {late.call_id} was {became}{reference}"
