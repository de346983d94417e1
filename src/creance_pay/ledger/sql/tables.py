"""The tables of a ledger in a database; the migrations create them, and a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, kept in UTC by databases that know no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Write in UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """Read in UTC."""
        if value is None:
            return None
        moment: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC)


NUMBER = BigInteger().with_variant(Integer, "sqlite")
#: The newest of the migrations; each is named by a number that is higher as text.
VERSION = "0003"
VERSION_TABLE = "creance_version"
#: The condition on the events that moved money.
MONEY_MOVED = "captured + refunded + charged_back + represented > 0"
metadata = MetaData()

merchants = Table(
    "creance_shops",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("sequence", NUMBER, nullable=False),
)
payments = Table(
    "creance_payments",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("transaction_reference", String(64), primary_key=True),
    Column("cents", NUMBER, nullable=False),
    Column("return_url", Text, nullable=False),
    Column("notification_url", Text, nullable=False),
    Column("state", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("paid_at", Moment),
    Column("display_by", Moment),
    Column("authorisation_number", Text),
    Column("authorised_at", Moment),
    Column("masked_card", Text),
    Column("version", Integer, nullable=False),
    Column("nonce", String(64), nullable=False, server_default=""),
    Column("expires_at", Moment),
    Column("follows", Text, nullable=False, server_default=""),
    Column("awaits_posting", Boolean, nullable=False, server_default=false()),
    Column("captured", NUMBER, nullable=False, server_default="0"),
    Column("refunded", NUMBER, nullable=False, server_default="0"),
    Column("charged_back", NUMBER, nullable=False, server_default="0"),
    Column("represented", NUMBER, nullable=False, server_default="0"),
    Column("response_code", Text),
    Column("reference_used", Boolean, nullable=False, server_default=false()),
    Column("bank_reference", String(200)),
    Column("questions", Integer, nullable=False, server_default="0"),
    Column("ask_at", Moment),
    Index("creance_payments_by_state", "merchant_id", "state", "created_at"),
    Index(
        "creance_payments_to_ask",
        "merchant_id",
        "ask_at",
        sqlite_where=text("ask_at IS NOT NULL"),
        postgresql_where=text("ask_at IS NOT NULL"),
    ),
)
notices = Table(
    "creance_notices",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("notice_reference", String(17), primary_key=True),
    Column("transaction_reference", String(64), primary_key=True),
    Column("cents", NUMBER, nullable=False),
    Column("posting", String(16), nullable=False, server_default="OPEN"),
    Column("posting_at", Moment),
    Column("posting_by", Text),
    Column("posting_reason", Text),
    ForeignKeyConstraint(
        ["merchant_id", "transaction_reference"],
        ["creance_payments.merchant_id", "creance_payments.transaction_reference"],
    ),
    # With the notice: SQLite would otherwise prefer the primary key, and read every notice of the merchant.
    Index("creance_notices_by_payment", "merchant_id", "transaction_reference", "notice_reference"),
)
settlements = Table(
    "creance_settlements",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("notice_reference", String(17), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Text),
    Column("reason", Text),
)
records = Table(
    "creance_records",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("merchant_id", String(64), nullable=False),
    Column("transaction_reference", String(64), nullable=False),
    Column("source", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("payload", LargeBinary),
    Column("retry_of", NUMBER),
    Column("treatment", String(32), key="disposition", nullable=False),
    Column("state", String(32)),
    Column("meaning", String(64), key="fingerprint", nullable=False),
    Column("captured", NUMBER, nullable=False, server_default="0"),
    Column("refunded", NUMBER, nullable=False, server_default="0"),
    Column("charged_back", NUMBER, nullable=False, server_default="0"),
    Column("represented", NUMBER, nullable=False, server_default="0"),
    Column("bank_at", Moment),
    Column("identifier", String(200), nullable=False, server_default=""),
    Column("detail", Text, nullable=False),
    Column("by", Text),
    Column("reason", Text),
    Column("response_code", Text),
    Index("creance_records_by_payment", "merchant_id", "transaction_reference", "fingerprint"),
    Index("creance_records_by_treatment", "merchant_id", "disposition", "at"),
    Index("creance_records_by_retry", "merchant_id", "retry_of"),
    Index("creance_records_by_digest", "merchant_id", "digest"),
    Index(
        "creance_records_of_money",
        "merchant_id",
        "number",
        sqlite_where=text(MONEY_MOVED),
        postgresql_where=text(MONEY_MOVED),
    ),
    sqlite_autoincrement=True,
)
incidents = Table(
    "creance_incidents",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("merchant_id", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("transaction_reference", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("last_at", Moment),
    Column("closed_at", Moment),
    Column("closed_by", Text),
    Column("closed_reason", Text),
    Index(
        "creance_incidents_open",
        "merchant_id",
        "kind",
        "transaction_reference",
        "detail",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)
tasks = Table(
    "creance_tasks",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("transaction_reference", String(64), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("done_at", Moment),
    Index(
        "creance_tasks_waiting",
        "merchant_id",
        "due_at",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)
effects = Table(
    "creance_effects",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("states", Text, nullable=False),
)
movements = Table(
    "creance_movements",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("merchant_id", String(64), nullable=False),
    Column("transaction_reference", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("series", String(64), nullable=False),
    Column("identifier", String(200), nullable=False),
    Column("cents", NUMBER, nullable=False),
    Column("bank_at", Moment),
    Column("source", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Index(
        "creance_movements_once",
        "merchant_id",
        "transaction_reference",
        "kind",
        "series",
        "identifier",
        unique=True,
    ),
    sqlite_autoincrement=True,
)
acts = Table(
    "creance_acts",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("merchant_id", String(64), nullable=False),
    Column("transaction_reference", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("cents", NUMBER, nullable=False),
    Column("held_before", NUMBER, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("state", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Index(
        "creance_acts_open",
        "merchant_id",
        "transaction_reference",
        unique=True,
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
heartbeats = Table(
    "creance_heartbeats",
    metadata,
    Column("merchant_id", String(64), primary_key=True),
    Column("job", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)
