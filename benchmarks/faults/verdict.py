"""The bank's books against what people were told: what must never be, and what must come to be."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.faults.plan import Order
from benchmarks.faults.till import SETTINGS, Told
from benchmarks.faults.trial import Happened
from bot.charges import ChargeStatus
from bot.paying.intents import Intent, State
from bot.paying.simulator.ledger import Entry

_FAILED = {ChargeStatus.DECLINED, ChargeStatus.UNAVAILABLE}
_LONGEST_WAIT_MS = (
    SETTINGS.connect_timeout_ms + SETTINGS.answer_timeout_ms + SETTINGS.look_up_for_ms
)


def violations(happened: Happened) -> list[str]:
    """One line for each; none is what every trial must come to."""
    by_amount = {order.minor_units: order for order in happened.trial.orders}
    captures: dict[str, list[Entry]] = {order.key: [] for order in happened.trial.orders}
    found = []
    for entry in happened.books:
        order = by_amount.get(entry.amount)
        if order is None or entry.currency != "USD":
            found.append(f"the bank decided {entry.amount} {entry.currency}, which nobody ordered")
        elif entry.status == "approved":
            captures[order.key].append(entry)
    for order in happened.trial.orders:
        told = [
            event for event in happened.events if isinstance(event, Told) and event.key == order.key
        ]
        found += [f"{order.key}: {what}" for what in _of_order(happened, order, captures, told)]
    return found


def _of_order(
    happened: Happened, order: Order, captures: dict[str, list[Entry]], told: list[Told]
) -> Iterator[str]:
    taken = captures[order.key]
    sent = happened.sent.get(order.key, 0)
    if len(taken) > 1:
        yield f"charged {len(taken)} times"
    if sent > 1:
        yield f"sent {sent} times"
    yield from _of_what_was_told(taken, told)
    intent = happened.intents.get(order.key)
    if intent is not None:
        yield from _of_the_end(intent, intent.attempt_id in happened.unsettled, taken, told)
    elif sent:
        yield "sent without an intent"


def _of_what_was_told(taken: list[Entry], told: list[Told]) -> Iterator[str]:
    statuses = {one.status for one in told} - {ChargeStatus.UNKNOWN}
    if taken and statuses & _FAILED:
        yield "charged, and told that it failed"
    if ChargeStatus.APPROVED in statuses and not taken:
        yield "told that it was paid, and not charged"
    given = [f"{entry.reference} {entry.note}" for entry in taken]
    if not all(any(one.reference in text for text in given) for one in told if one.reference):
        yield "told a reference the bank never gave"
    if len(statuses) > 1:
        yield f"told {' and '.join(sorted(statuses))}"
    if any(one.waited_ms > _LONGEST_WAIT_MS for one in told):
        yield "a caller was kept waiting for too long"


def _of_the_end(
    intent: Intent, listed: bool, taken: list[Entry], told: list[Told]
) -> Iterator[str]:
    """listed: whether `payments open` shows it."""
    state = intent.state
    if intent.is_open:
        yield f"never settled: {state}"
    elif state is State.GIVEN_UP:
        if not listed or not any(one.given_up for one in told):
            yield "given up, and no person was told"
    elif all(one.status is ChargeStatus.UNKNOWN for one in told):
        yield f"{state}, and nobody was told"
    if taken and state not in {State.APPROVED, State.GIVEN_UP}:
        yield f"charged, and the journal says {state}"
    if state is State.APPROVED and not taken:
        yield "the journal says approved, and the bank took nothing"
