"""What a person found out about a charge that no look-up could settle, written where it belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine as Database

from bot.charges import ChargeOutcome, ChargeStatus, DeclineReason
from bot.errors import BotError, StoreError, did_you_mean
from bot.paying.intents import Intent, State
from bot.paying.journal import Journal
from bot.records.guard import refuse_card_text
from bot.records.store import Store

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Verdict(StrEnum):
    """What the gateway's own pages say became of a charge."""

    APPROVED = "approved"
    DECLINED = "declined"
    NOT_CHARGED = "not-charged"


_STATUS = {
    Verdict.APPROVED: ChargeStatus.APPROVED,
    Verdict.DECLINED: ChargeStatus.DECLINED,
    Verdict.NOT_CHARGED: ChargeStatus.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Closed:
    """charge: as it was before. not_recorded: why its call's record could not be written."""

    charge: Intent
    not_recorded: str = ""


def close_by_hand(
    database: Database,
    key: str,
    verdict: Verdict,
    *,
    reference: str | None,
    although_open: bool,
    now: datetime,
    gateways: tuple[str, ...],
) -> Closed:
    """Close a charge as a person says, and put it into its call's record. Said once more, it writes
    the record that could not be written before.

    key: its idempotency key. reference: the gateway's, of an approved one. although_open: also
    when it is still open. gateways: the names of the one that is asked about open ones. Raises
    BotError where that may not be, and nothing is changed.
    """
    _check_reference(verdict, reference)
    journal = Journal(database, gateways)
    charge = journal.find(key)
    if charge is None:
        near = did_you_mean(key, [one.attempt_id for one in journal.unsettled()])
        raise BotError(
            f"{key}: no charge has this idempotency key{near}; `payments open` lists them"
        )
    outcome = ChargeOutcome(_STATUS[verdict], key, reference=reference)
    if verdict is Verdict.DECLINED:
        outcome = replace(outcome, decline_reason=DeclineReason.DECLINED)
    store = Store(database)
    if charge.closed_by_hand_at is not None and charge.outcome() == outcome:
        call = store.call(charge.call_id)
        if call is not None and call.settled is None:
            store.settle(charge.call_id, outcome, charge.closed_by_hand_at, "by hand")
            return Closed(charge)
    _check_state(charge, verdict, although_open, is_asked=journal.is_ours(charge))
    if not journal.close_by_hand(key, outcome, now=now, although_open=although_open):
        raise BotError(
            f"{key}: another process charges or looks it up at this moment; nothing was changed. "
            "Try again in a minute: its outcome may be known by then"
        )
    try:
        if store.call(charge.call_id) is not None:
            store.settle(charge.call_id, outcome, now, "by hand")
    except StoreError as error:
        return Closed(charge, str(error))
    return Closed(charge)


def _check_reference(verdict: Verdict, reference: str | None) -> None:
    if reference is None:
        return
    if verdict is not Verdict.APPROVED:
        raise BotError(f"--reference: only an approved charge has one, this is {verdict}")
    if not _REFERENCE.fullmatch(reference):
        raise BotError("--reference: up to 64 letters, digits, - and _, as the gateway gives it")
    refuse_card_text(reference, "--reference")


def _check_state(charge: Intent, verdict: Verdict, although_open: bool, *, is_asked: bool) -> None:
    key = charge.attempt_id
    if charge.state is State.GIVEN_UP:
        return
    if not charge.is_open:
        by_hand = "by hand " if charge.closed_by_hand_at else ""
        raise BotError(
            f"{key}: closed {by_hand}already, as {charge.state} at "
            f"{charge.updated_at:%Y-%m-%d %H:%M} UTC; nothing was changed"
        )
    if not although_open:
        still = "still looked up whenever the bot runs"
        if not is_asked:
            still = "still open, though nobody asks: the gateway in payment.toml is another one"
        raise BotError(
            f"{key}: {still}; nothing was changed. If you have seen at its gateway what became of "
            "it: the same once more with --although-open"
        )
    if charge.state is State.INTENT and verdict is not Verdict.NOT_CHARGED:
        raise BotError(f"{key}: was never sent, so it can only be closed as {Verdict.NOT_CHARGED}")
