"""Which gateway a charge went to: another one knows nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "charge_intents",
        sa.Column("gateway", sa.String(255), nullable=False, server_default=""),
    )
