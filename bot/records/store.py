"""The store of calls: what may be kept of each one, in the machine's one database.

A call is written when it begins, while it runs and when it ends, so that one that crashed in the
middle is still there: begun, not finished. Everything that arrives is already masked; text that
looks like a card number is refused all the same (`guard`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.card_text import kept_reference
from bot.cards import Brand
from bot.charges import ChargeOutcome, ChargeStatus
from bot.errors import StoreError
from bot.money import Money
from bot.outcomes import CallType, Destination, ErrorName, PaymentResult, ResultName
from bot.records.guard import (
    kept_entry,
    refuse_card_identifier,
    refuse_card_text,
    refuse_card_value,
)
from bot.records.result import Settlement
from bot.records.tables import calls, segments
from bot.records.trace import Entry, EntryKind


@dataclass(frozen=True, slots=True)
class StoredCall:
    """One call as the store knows it; without its segments, see `Store.segments`.

    started_at, settled_at: aware, UTC.
    payment, duration_ms: None while the call runs, and for ever when it crashed.
    settled: what became of a charge whose call did not hear of it.
    """

    call_id: str
    started_at: datetime
    call_type: CallType
    customer_id: str | None
    merchant_id: str | None
    payment_reference: str | None
    language: str
    payment: PaymentResult | None
    duration_ms: int | None
    hand_over: Destination | None
    degradations: tuple[str, ...]
    settled: Settlement | None
    settled_at: datetime | None


class Store:
    """Calls and their segments, in a database that `bot.database.open_database` opened.

    `recent` and `segments` wait for the dashboard; until then only tests read what is kept.

    May be used by several threads and processes at once: each method is one short transaction.
    Every method raises StoreError when the database does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin_call(
        self,
        call_id: str,
        started_at: datetime,
        call_type: CallType,
        customer_id: str | None = None,
        *,
        merchant_id: str | None = None,
        payment_reference: str | None = None,
        language: str = "en",
    ) -> None:
        """A call entered the payment application. started_at: aware.

        Raises StoreError when a call of this id is already there, ValueError without a zone.
        """
        if started_at.tzinfo is None:
            raise ValueError("started_at needs a time zone")
        for name, value in (
            ("call_id", call_id),
            ("customer_id", customer_id),
            ("merchant_id", merchant_id),
            ("payment_reference", payment_reference),
            ("language", language),
        ):
            refuse_card_identifier(value or "", name)
        row = insert(calls).values(
            call_id=call_id,
            started_at=started_at,
            call_type=call_type.value,
            customer_id=customer_id,
            merchant_id=merchant_id,
            payment_reference=payment_reference,
            language=language,
        )
        with self._transaction() as connection:
            try:
                connection.execute(row)
            except IntegrityError:
                raise StoreError(f"call {call_id} is already in the records") from None

    def add_segments(self, call_id: str, entries: Sequence[Entry]) -> None:
        """Append entries of a call's trace, all of them or none.

        Raises StoreError for an unknown call and for text that looks like a card number.
        """
        rows = [_segment_row(call_id, kept_entry(entry)) for entry in entries]
        with self._transaction() as connection:
            self._must_exist(connection, call_id)
            if rows:
                connection.execute(insert(segments), rows)

    def finish_call(
        self,
        call_id: str,
        result: PaymentResult,
        duration_ms: int,
        hand_over: Destination | None = None,
        degradations: Sequence[str] = (),
    ) -> None:
        """The call is over: what the payment came to and where the call went.

        Raises StoreError for a call that is unknown or already finished; a result is written once.
        """
        for text in (
            result.reason,
            result.last_four or "",
            *result.corrections_by_rasa,
            *degradations,
        ):
            refuse_card_text(text, "result")
        row = (
            update(calls)
            .where(calls.c.call_id == call_id, calls.c.status.is_(None))
            .values(
                status=result.status.value,
                reason=result.reason,
                error=result.error.value if result.error else None,
                reference=kept_reference(result.reference),
                amount_minor_units=result.amount.minor_units if result.amount else None,
                currency=result.amount.currency if result.amount else None,
                brand=result.brand.value if result.brand else None,
                last_four=result.last_four,
                corrections_by_rasa=list(result.corrections_by_rasa),
                degradations=list(degradations),
                duration_ms=duration_ms,
                hand_over=hand_over.value if hand_over else None,
            )
        )
        with self._transaction() as connection:
            if connection.execute(row).rowcount == 0:
                self._must_exist(connection, call_id)
                raise StoreError(f"call {call_id} is already finished; its result stays")

    def settle(
        self, call_id: str, outcome: ChargeOutcome, settled_at: datetime, how: str = "look-up"
    ) -> None:
        """The outcome of a charge became known after the call, or after a crash in its middle.

        What the caller was told stays as it is; the settlement stands beside it. Settling again
        with the same outcome changes nothing.
        Raises StoreError for an unknown call, an outcome that is still unknown, and one that
        contradicts an earlier settlement; ValueError without a zone.
        """
        if settled_at.tzinfo is None:
            raise ValueError("settled_at needs a time zone")
        if outcome.status is ChargeStatus.UNKNOWN:
            raise StoreError(f"call {call_id}: an unknown outcome settles nothing")
        reference = kept_reference(outcome.reference)
        refuse_card_text(how, "settled_how")
        row = (
            update(calls)
            .where(calls.c.call_id == call_id, calls.c.settled_status.is_(None))
            .values(
                settled_at=settled_at,
                settled_status=outcome.status.value,
                settled_reference=reference,
                settled_how=how,
            )
        )
        with self._transaction() as connection:
            if connection.execute(row).rowcount == 1:
                return
            earlier = self._must_exist(connection, call_id)
            if (earlier.settled_status, earlier.settled_reference) != (
                outcome.status.value,
                reference,
            ):
                raise StoreError(
                    f"call {call_id} was settled as {earlier.settled_status} and cannot become "
                    f"{outcome.status.value}; ask the gateway which of the two is true"
                )

    def call(self, call_id: str) -> StoredCall | None:
        with self._transaction() as connection:
            row = connection.execute(select(calls).where(calls.c.call_id == call_id)).one_or_none()
        return None if row is None else _stored_call(row)

    def recent(self, n: int) -> tuple[StoredCall, ...]:
        """The n calls that began last, latest first."""
        latest = select(calls).order_by(calls.c.started_at.desc(), calls.c.call_id).limit(n)
        with self._transaction() as connection:
            return tuple(_stored_call(row) for row in connection.execute(latest))

    def segments(self, call_id: str) -> tuple[Entry, ...]:
        """The entries of a call in the order they became known; empty for an unknown call."""
        of_call = select(segments).where(segments.c.call_id == call_id).order_by(segments.c.id)
        with self._transaction() as connection:
            return tuple(_entry(row) for row in connection.execute(of_call))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            # Only the kind of error: a driver's own message may quote the row.
            raise StoreError(
                f"the records database refused ({type(error).__name__}); "
                "check records.database, the disk and its rights"
            ) from None

    @staticmethod
    def _must_exist(connection: Connection, call_id: str) -> Row[Any]:
        row = connection.execute(select(calls).where(calls.c.call_id == call_id)).one_or_none()
        if row is None:
            raise StoreError(f"call {call_id} is not in the records; begin it first")
        return row


def _segment_row(call_id: str, entry: Entry) -> Mapping[str, Any]:
    refuse_card_text(entry.text, f"text of a {entry.kind.value} segment")
    refuse_card_text(entry.who, f"who of a {entry.kind.value} segment")
    for key, value in entry.details.items():
        refuse_card_text(key, f"a detail of a {entry.kind.value} segment")
        refuse_card_value(value, f"{key} of a {entry.kind.value} segment")
    return {
        "call_id": call_id,
        "at_ms": entry.at,
        "until_ms": entry.until,
        "kind": entry.kind.value,
        "who": entry.who,
        "text": entry.text,
        "details": dict(entry.details),
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        at=row.at_ms,
        kind=EntryKind(row.kind),
        who=row.who,
        text=row.text,
        until=row.until_ms,
        details=MappingProxyType(row.details),
    )


def _stored_call(row: Row[Any]) -> StoredCall:
    return StoredCall(
        call_id=row.call_id,
        started_at=row.started_at,
        call_type=CallType(row.call_type),
        customer_id=row.customer_id,
        merchant_id=row.merchant_id,
        payment_reference=row.payment_reference,
        language=row.language,
        payment=_payment(row),
        duration_ms=row.duration_ms,
        hand_over=Destination(row.hand_over) if row.hand_over else None,
        degradations=tuple(row.degradations or ()),
        settled=Settlement(ChargeStatus(row.settled_status), row.settled_reference, row.settled_how)
        if row.settled_status
        else None,
        settled_at=row.settled_at,
    )


def _payment(row: Row[Any]) -> PaymentResult | None:
    if row.status is None:
        return None
    return PaymentResult(
        status=ResultName(row.status),
        reason=row.reason,
        error=ErrorName(row.error) if row.error else None,
        reference=row.reference,
        amount=Money(row.amount_minor_units, row.currency) if row.currency else None,
        brand=Brand(row.brand) if row.brand else None,
        last_four=row.last_four,
        corrections_by_rasa=tuple(row.corrections_by_rasa),
    )
