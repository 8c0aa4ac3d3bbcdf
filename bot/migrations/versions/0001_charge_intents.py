"""The payment journal: one row for every charge ever attempted."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "charge_intents",
        sa.Column("attempt_id", sa.String(255), primary_key=True),
        sa.Column("call_id", sa.String(255), nullable=False, index=True),
        sa.Column("amount_minor_units", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("brand", sa.String(32)),
        sa.Column("last_four", sa.String(4), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("reference", sa.String(64)),
        sa.Column("decline_reason", sa.String(32)),
        sa.Column("settled_by_lookup", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("look_ups", sa.Integer, nullable=False),
        sa.Column("late_not_founds", sa.Integer, nullable=False),
        sa.Column("look_up_after", sa.DateTime),
        sa.Column("lease_owner", sa.String(255)),
        sa.Column("lease_until", sa.DateTime),
    )
