"""The journal of charges (law 7): what was going to be sent, that it was sent, what came of it.

    intent --> sent --> approved | declined | unavailable
      |         |
      |         +--> unknown --> approved | declined | unavailable   by look-up
      |                    +--> given_up                             too old: a person is told
      +--> unavailable     never sent

Every step is one committed statement that names the states it may start from. So two processes
that work on one charge cannot contradict each other: the one that comes second changes nothing
and is told so. Leases only keep them from doing the same work twice.

Kept of a card: brand and last four. No expiry, no code, no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus, DeclineReason
from bot.errors import StoreError
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
_STATE = {status: state for state, status in _STATUS.items()}


class _Utc(TypeDecorator[datetime]):
    """Aware UTC datetimes; in the database without a zone, as SQLite has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


_T = Table(
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
)


@dataclass(frozen=True, slots=True)
class Intent:
    """One charge as the journal knows it. All times aware, UTC.

    sent_at: just before the request went out; None when it never did.
    look_ups: how often its fate was asked. late_not_founds: see `Semantics.not_found_is_final`.
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
            and self.brand == _brand(request)
        )


class Journal:
    """The table `charge_intents`. Every method commits before it returns and raises StoreError.

    Methods block (SQLite syncs the disk); callers run them in a thread.
    """

    def __init__(self, engine: Engine, gateway: str = "") -> None:
        """gateway: whose charges these are. Another gateway knows nothing of them, and its "not
        found" would prove nothing, so only its own are waiting to be settled."""
        self._engine = engine
        self._gateway = gateway

    def open(
        self, request: ChargeRequest, *, owner: str, now: datetime, lease_until: datetime
    ) -> Intent | None:
        """Write the intent, before anything is sent.

        Returns None when written, or the intent that has this attempt_id already.
        """
        with _explained():
            try:
                with self._engine.begin() as connection:
                    connection.execute(
                        insert(_T).values(
                            attempt_id=request.attempt_id,
                            call_id=request.call_id,
                            amount_minor_units=request.amount.minor_units,
                            currency=request.amount.currency,
                            brand=_brand(request),
                            last_four=request.card.last_four,
                            state=State.INTENT.value,
                            settled_by_lookup=False,
                            created_at=now,
                            updated_at=now,
                            look_ups=0,
                            late_not_founds=0,
                            lease_owner=owner,
                            lease_until=lease_until,
                            gateway=self._gateway,
                        )
                    )
            except IntegrityError:
                known = self.find(request.attempt_id)
                if known is None:
                    raise
                return known
        return None

    def mark_sent(self, attempt_id: str, *, owner: str, now: datetime) -> bool:
        """The request goes out next. False: it must not, the intent is no longer ours."""
        return self._step(
            attempt_id,
            (State.INTENT,),
            _T.c.lease_owner == owner,
            state=State.SENT.value,
            sent_at=now,
            updated_at=now,
        )

    def mark_unknown(self, attempt_id: str, *, now: datetime) -> bool:
        """No answer that can be trusted; whoever settles may take over at once."""
        return self._step(
            attempt_id,
            (State.SENT,),
            state=State.UNKNOWN.value,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
        )

    def settle(
        self,
        attempt_id: str,
        outcome: ChargeOutcome,
        *,
        now: datetime,
        states: tuple[State, ...] = OPEN_STATES,
    ) -> bool:
        """Write down a clear outcome (not UNKNOWN). False: the charge is in none of `states`."""
        return self._step(
            attempt_id,
            states,
            state=_STATE[outcome.status].value,
            reference=outcome.reference,
            decline_reason=outcome.decline_reason and outcome.decline_reason.value,
            settled_by_lookup=outcome.settled_by_lookup,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
        )

    def note_look_up(
        self, attempt_id: str, *, late_not_founds: int, again_after: datetime | None, now: datetime
    ) -> bool:
        """A look-up settled nothing. again_after: releases the lease; the next may come then."""
        released = {} if again_after is None else {"lease_owner": None, "lease_until": None}
        return self._step(
            attempt_id,
            OPEN_STATES,
            look_ups=_T.c.look_ups + 1,
            late_not_founds=late_not_founds,
            look_up_after=again_after,
            updated_at=now,
            **released,
        )

    def give_up(self, attempt_id: str, *, now: datetime) -> bool:
        return self._step(
            attempt_id,
            (State.SENT, State.UNKNOWN),
            state=State.GIVEN_UP.value,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
        )

    def find(self, attempt_id: str) -> Intent | None:
        with _explained(), self._engine.connect() as connection:
            row = connection.execute(select(_T).where(_T.c.attempt_id == attempt_id)).first()
        return None if row is None else _intent(row)

    def unsettled(self) -> list[Intent]:
        """Oldest first: every charge whose outcome is not known, given-up ones included."""
        return self._listed(_in((*OPEN_STATES, State.GIVEN_UP)))

    def waiting(self, *, now: datetime, due_only: bool) -> list[Intent]:
        """Oldest first: open charges that nobody holds. due_only: whose next look-up is due."""
        conditions = [_in(OPEN_STATES), _unleased(now), _T.c.gateway == self._gateway]
        if due_only:
            conditions.append(or_(_T.c.look_up_after.is_(None), _T.c.look_up_after <= now))
        return self._listed(*conditions)

    def lease(
        self, attempt_id: str, *, owner: str, now: datetime, until: datetime
    ) -> Intent | None:
        """Take an open charge over to settle it; None when another process was quicker."""
        taken = self._step(
            attempt_id, OPEN_STATES, _unleased(now), lease_owner=owner, lease_until=until
        )
        return self.find(attempt_id) if taken else None

    def owners(self) -> set[str]:
        """Who holds leases on open charges, lapsed ones included."""
        with _explained(), self._engine.connect() as connection:
            rows = connection.execute(select(_T.c.lease_owner).where(_in(OPEN_STATES)).distinct())
            return {str(owner) for (owner,) in rows if owner is not None}

    def release_all_of(self, owner: str) -> None:
        """End the leases of a process that is gone."""
        with _explained(), self._engine.begin() as connection:
            connection.execute(
                update(_T)
                .where(_T.c.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )

    def _step(
        self,
        attempt_id: str,
        states: tuple[State, ...],
        *conditions: ColumnElement[bool],
        **values: Any,
    ) -> bool:
        statement = update(_T).where(_T.c.attempt_id == attempt_id, _in(states), *conditions)
        with _explained(), self._engine.begin() as connection:
            return connection.execute(statement.values(**values)).rowcount == 1

    def _listed(self, *conditions: ColumnElement[bool]) -> list[Intent]:
        statement = select(_T).where(*conditions).order_by(_T.c.created_at, _T.c.attempt_id)
        with _explained(), self._engine.connect() as connection:
            return [_intent(row) for row in connection.execute(statement)]


def _in(states: tuple[State, ...]) -> ColumnElement[bool]:
    return _T.c.state.in_([state.value for state in states])


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(_T.c.lease_until.is_(None), _T.c.lease_until <= now)


def _brand(request: ChargeRequest) -> str | None:
    brand = request.card.brand
    return None if brand is None else brand.value


def _intent(row: Row[Any]) -> Intent:
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
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Database errors as StoreError; their text names the trouble, parameters are hidden."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(
            f"the payment journal cannot be read or written ({type(cause).__name__}: {cause})"
        ) from None
