"""The book of live calls that the processes behind one port share."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "live_calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.String(64), unique=True),
        sa.Column("parameters", sa.JSON),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("transport", sa.Text),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("process", sa.Text),
        sa.Column("result", sa.JSON),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
    )
