"""One charge as the journal keeps it: its states, its row, and what may be told of it.

Kept of a card: brand and last four. No expiry, no code, no name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    Row,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator

from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus, DeclineReason
from bot.money import Money


class State(StrEnum):
    INTENT = "intent"
    SENT = "sent"
    APPROVED = "approved"
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    GIVEN_UP = "given_up"


OPEN_STATES = (State.INTENT, State.SENT, State.UNKNOWN)
"""Still to be settled by look-up."""

_STATUS = {
    State.APPROVED: ChargeStatus.APPROVED,
    State.DECLINED: ChargeStatus.DECLINED,
    State.UNAVAILABLE: ChargeStatus.UNAVAILABLE,
}
STATE_OF = {status: state for state, status in _STATUS.items()}


class _Utc(TypeDecorator[datetime]):
    """Aware UTC datetimes; in the database without a zone, as SQLite has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


charge_intents = Table(
    "charge_intents",
    MetaData(),
    Column("attempt_id", String(255), primary_key=True),
    Column("call_id", String(255), nullable=False, index=True),
    Column("amount_minor_units", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("brand", String(32)),
    Column("last_four", String(4), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reference", String(64)),
    Column("decline_reason", String(32)),
    Column("settled_by_lookup", Boolean, nullable=False),
    Column("created_at", _Utc, nullable=False),
    Column("updated_at", _Utc, nullable=False),
    Column("sent_at", _Utc),
    Column("look_ups", Integer, nullable=False),
    Column("late_not_founds", Integer, nullable=False),
    Column("look_up_after", _Utc),
    Column("lease_owner", String(255)),
    Column("lease_until", _Utc),
    Column("gateway", String(255), nullable=False),
    Column("process", String(255)),
    Column("heard", Boolean, nullable=False),
    Column("closed_by_hand_at", _Utc),
)


@dataclass(frozen=True, slots=True)
class Intent:
    """One charge as the journal knows it. All times aware, UTC.

    sent_at: just before the request went out; None when it never did.
    look_ups: how often its fate was asked. late_not_founds: see `Semantics.not_found_is_final`.
    gateway: where it was sent. process: the one that tells what it came to.
    closed_by_hand_at: when a person decided what it came to.
    """

    attempt_id: str
    call_id: str
    amount: Money
    brand: str | None
    last_four: str
    state: State
    reference: str | None
    decline_reason: DeclineReason | None
    settled_by_lookup: bool
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    look_ups: int
    late_not_founds: int
    lease_owner: str | None
    lease_until: datetime | None
    gateway: str
    process: str | None
    closed_by_hand_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def outcome(self) -> ChargeOutcome:
        """What may be told: an open or given-up charge is UNKNOWN."""
        return ChargeOutcome(
            _STATUS.get(self.state, ChargeStatus.UNKNOWN),
            self.attempt_id,
            reference=self.reference,
            decline_reason=self.decline_reason,
            settled_by_lookup=self.settled_by_lookup,
        )

    def is_for(self, request: ChargeRequest) -> bool:
        """Whether the request is this very charge, as far as the journal can tell."""
        return (
            self.call_id == request.call_id
            and self.amount == request.amount
            and self.last_four == request.card.last_four
            and self.brand == brand_in_request(request)
        )


def brand_in_request(request: ChargeRequest) -> str | None:
    brand = request.card.brand
    return None if brand is None else brand.value


def intent_of(row: Row[Any]) -> Intent:
    r = row._mapping
    return Intent(
        attempt_id=r["attempt_id"],
        call_id=r["call_id"],
        amount=Money(r["amount_minor_units"], r["currency"]),
        brand=r["brand"],
        last_four=r["last_four"],
        state=State(r["state"]),
        reference=r["reference"],
        decline_reason=DeclineReason(r["decline_reason"]) if r["decline_reason"] else None,
        settled_by_lookup=r["settled_by_lookup"],
        created_at=r["created_at"],
        updated_at=r["updated_at"],
        sent_at=r["sent_at"],
        look_ups=r["look_ups"],
        late_not_founds=r["late_not_founds"],
        lease_owner=r["lease_owner"],
        lease_until=r["lease_until"],
        gateway=r["gateway"],
        process=r["process"],
        closed_by_hand_at=r["closed_by_hand_at"],
    )
