"""The tables of the records; `bot/migrations/versions/0002_calls.py` makes them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite forgets the zone; it is put back on the way out.

    Binding a naive datetime raises ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone does not go into the records")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("call_type", Text, nullable=False),
    Column("customer_id", Text),
    Column("merchant_id", Text),
    Column("payment_reference", Text),
    Column("language", Text, nullable=False),
    # From here on empty until the call is finished; a call that crashed stays without them.
    Column("status", Text),
    Column("reason", Text),
    Column("error", Text),
    Column("reference", Text),
    Column("amount_minor_units", BigInteger),
    Column("currency", Text),
    Column("brand", Text),
    Column("last_four", Text),
    Column("corrections_by_rasa", JSON),
    Column("degradations", JSON),
    Column("duration_ms", BigInteger),
    Column("hand_over", Text),
    # Known only after the call, where a charge's outcome was unknown.
    Column("settled_at", UtcDateTime),
    Column("settled_status", Text),
    Column("settled_reference", Text),
    Column("settled_how", Text),
    Index("calls_by_start", "started_at"),
)

segments = Table(
    "segments",
    metadata,
    # SQLite numbers rows by itself only when the key is exactly INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("call_id", Text, ForeignKey("calls.call_id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Index("segments_by_call", "call_id", "id"),
)
