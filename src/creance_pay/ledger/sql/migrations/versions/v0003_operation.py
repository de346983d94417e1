"""Add the time at which each job has last run, and the bank's code of each event."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "creance_heartbeats",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("job", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("creance_records", sa.Column("response_code", sa.Text))
