"""Add movements, postings, acts, registered effects and the identity of orders.

A payment of version 1 keeps the old rule of display: it awaits no posting.  Its sums follow from its state; a partial
refund, whose amount version 1 did not keep, counts as one cent until the bank reports its total.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("finished_at IS NULL")
_TO_ASK = sa.text("ask_at IS NOT NULL")
_PAYMENT_COLUMNS = (
    lambda: sa.Column("nonce", sa.String(64), nullable=False, server_default=""),
    lambda: sa.Column("expires_at", _MOMENT),
    lambda: sa.Column("follows", sa.Text, nullable=False, server_default=""),
    lambda: sa.Column("awaits_posting", sa.Boolean, nullable=False, server_default=sa.false()),
    lambda: sa.Column("captured", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("refunded", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("charged_back", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("represented", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("response_code", sa.Text),
    lambda: sa.Column("reference_used", sa.Boolean, nullable=False, server_default=sa.false()),
    lambda: sa.Column("bank_reference", sa.String(200)),
    lambda: sa.Column("questions", sa.Integer, nullable=False, server_default="0"),
    lambda: sa.Column("ask_at", _MOMENT),
)
_RECORD_COLUMNS = (
    lambda: sa.Column("captured", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("refunded", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("charged_back", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("represented", _NUMBER, nullable=False, server_default="0"),
    lambda: sa.Column("bank_at", _MOMENT),
    lambda: sa.Column("identifier", sa.String(200), nullable=False, server_default=""),
)
_MONEY_MOVED = sa.text("captured + refunded + charged_back + represented > 0")
_TEXT_COLUMNS = {
    "creance_notices": ("posting_by", "posting_reason"),
    "creance_settlements": ("by", "reason"),
    "creance_records": ("by", "reason"),
    "creance_incidents": ("closed_by", "closed_reason"),
}


# The first event that recorded the money of a payment moves the sums of the payment.
_MOVED = """
    UPDATE creance_records SET (captured, refunded, bank_at) = (
        SELECT payment.captured, payment.refunded, payment.authorised_at FROM creance_payments AS payment
        WHERE payment.merchant_id = creance_records.merchant_id
        AND payment.transaction_reference = creance_records.transaction_reference
    ) WHERE number IN (
        SELECT min(event.number) FROM creance_records AS event JOIN creance_payments AS payment
        ON payment.merchant_id = event.merchant_id AND payment.transaction_reference = event.transaction_reference
        WHERE payment.captured > 0 AND event.treatment = 'APPLIED'
        AND event.state IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')
        GROUP BY event.merchant_id, event.transaction_reference
    )
"""


def upgrade() -> None:
    """Add the columns and tables, and fill them for the rows of version 1."""
    for column in _PAYMENT_COLUMNS:
        op.add_column("creance_payments", column())
    for column in _RECORD_COLUMNS:
        op.add_column("creance_records", column())
    op.add_column("creance_notices", sa.Column("posting", sa.String(16), nullable=False, server_default="OPEN"))
    op.add_column("creance_notices", sa.Column("posting_at", _MOMENT))
    op.add_column("creance_incidents", sa.Column("times", sa.Integer, nullable=False, server_default="1"))
    op.add_column("creance_incidents", sa.Column("last_at", _MOMENT))
    for table, names in _TEXT_COLUMNS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text))
    _create_tables()
    _create_indexes()
    _fill()


def _create_tables() -> None:
    op.create_table(
        "creance_effects",
        sa.Column("merchant_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("states", sa.Text, nullable=False),
    )
    op.create_table(
        "creance_movements",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(64), nullable=False),
        sa.Column("transaction_reference", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("series", sa.String(64), nullable=False),
        sa.Column("identifier", sa.String(200), nullable=False),
        sa.Column("cents", _NUMBER, nullable=False),
        sa.Column("bank_at", _MOMENT),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "creance_acts",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(64), nullable=False),
        sa.Column("transaction_reference", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("cents", _NUMBER, nullable=False),
        sa.Column("held_before", _NUMBER, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )


def _create_indexes() -> None:
    op.drop_index("creance_notices_by_payment", "creance_notices")
    op.create_index(
        "creance_notices_by_payment", "creance_notices", ["merchant_id", "transaction_reference", "notice_reference"]
    )
    op.create_index(
        "creance_movements_once",
        "creance_movements",
        ["merchant_id", "transaction_reference", "kind", "series", "identifier"],
        unique=True,
    )
    op.create_index(
        "creance_acts_open",
        "creance_acts",
        ["merchant_id", "transaction_reference"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "creance_payments_to_ask",
        "creance_payments",
        ["merchant_id", "ask_at"],
        sqlite_where=_TO_ASK,
        postgresql_where=_TO_ASK,
    )
    op.create_index("creance_records_by_digest", "creance_records", ["merchant_id", "digest"])
    op.create_index(
        "creance_records_of_money",
        "creance_records",
        ["merchant_id", "number"],
        sqlite_where=_MONEY_MOVED,
        postgresql_where=_MONEY_MOVED,
    )


def _fill() -> None:
    for statement in (
        "UPDATE creance_payments SET captured = cents WHERE state IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')",
        "UPDATE creance_payments SET refunded = cents WHERE state = 'REFUNDED'",
        "UPDATE creance_payments SET refunded = 1 WHERE state = 'PARTIALLY_REFUNDED'",
        (
            "UPDATE creance_payments SET ask_at = created_at"
            " WHERE state IN ('CREATED', 'UNKNOWN', 'PENDING', 'AUTHORISED')"
        ),
        "UPDATE creance_records SET treatment = 'SUPERSEDED' WHERE treatment = 'OUTWEIGHED'",
        _MOVED,
    ):
        op.execute(statement)
