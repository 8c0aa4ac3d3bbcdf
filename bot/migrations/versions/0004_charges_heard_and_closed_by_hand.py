"""Whether a charge's outcome was heard of, by which process; and what a person decided."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Charges of before count as heard of: nobody could tell them from those that were not.
    op.add_column(
        "charge_intents",
        sa.Column("heard", sa.Boolean, nullable=False, server_default=sa.true()),
    )
    op.add_column("charge_intents", sa.Column("process", sa.String(255)))
    op.add_column("charge_intents", sa.Column("closed_by_hand_at", sa.DateTime))
