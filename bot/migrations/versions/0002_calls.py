"""Calls and their segments: what may be kept of each call."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_type", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text),
        sa.Column("merchant_id", sa.Text),
        sa.Column("payment_reference", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("reference", sa.Text),
        sa.Column("amount_minor_units", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("brand", sa.Text),
        sa.Column("last_four", sa.Text),
        sa.Column("corrections_by_rasa", sa.JSON),
        sa.Column("degradations", sa.JSON),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("hand_over", sa.Text),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_status", sa.Text),
        sa.Column("settled_reference", sa.Text),
        sa.Column("settled_how", sa.Text),
    )
    op.create_index("calls_by_start", "calls", ["started_at"])
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("call_id", sa.Text, sa.ForeignKey("calls.call_id"), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("segments_by_call", "segments", ["call_id", "id"])
