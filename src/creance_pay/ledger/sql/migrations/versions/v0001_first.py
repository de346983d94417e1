"""Make the first tables of a ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table."""
    _make_payments()
    _make_records()
    _make_tasks()


def _make_payments() -> None:
    op.create_table(
        "creance_shops",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("sequence", _NUMBER, nullable=False),
    )
    op.create_table(
        "creance_payments",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("transaction_reference", sa.String(64), primary_key=True),
        sa.Column("cents", _NUMBER, nullable=False),
        sa.Column("return_url", sa.Text, nullable=False),
        sa.Column("notification_url", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("paid_at", _MOMENT),
        sa.Column("display_by", _MOMENT),
        sa.Column("authorisation_number", sa.Text),
        sa.Column("authorised_at", _MOMENT),
        sa.Column("masked_card", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("creance_payments_by_state", "creance_payments", ["merchant_id", "state", "created_at"])
    op.create_table(
        "creance_notices",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("notice_reference", sa.String(17), primary_key=True),
        sa.Column("transaction_reference", sa.String(64), primary_key=True),
        sa.Column("cents", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "transaction_reference"],
            ["creance_payments.merchant_id", "creance_payments.transaction_reference"],
        ),
    )
    op.create_index("creance_notices_by_payment", "creance_notices", ["merchant_id", "transaction_reference"])
    op.create_table(
        "creance_settlements",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("notice_reference", sa.String(17), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
    )


def _make_records() -> None:
    op.create_table(
        "creance_records",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(64), nullable=False),
        sa.Column("transaction_reference", sa.String(64), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("retry_of", _NUMBER),
        sa.Column("treatment", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32)),
        sa.Column("meaning", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "creance_records_by_payment", "creance_records", ["merchant_id", "transaction_reference", "meaning"]
    )
    op.create_index("creance_records_by_treatment", "creance_records", ["merchant_id", "treatment", "at"])
    op.create_index("creance_records_by_retry", "creance_records", ["merchant_id", "retry_of"])


def _make_tasks() -> None:
    op.create_table(
        "creance_incidents",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("transaction_reference", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "creance_incidents_open",
        "creance_incidents",
        ["merchant_id", "kind", "transaction_reference", "detail"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "creance_tasks",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("transaction_reference", sa.String(64), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("done_at", _MOMENT),
    )
    waiting = sa.text("done_at IS NULL")
    op.create_index(
        "creance_tasks_waiting",
        "creance_tasks",
        ["merchant_id", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
