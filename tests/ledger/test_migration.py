"""The tables of version 1, filled, after the migration to the newest version."""

import uuid
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from creance_pay import Euros, PaymentState
from creance_pay.ledger import PostingState, Sums
from creance_pay.ledger.sql import database as sql_database
from ledger_desk import NOTICE, OTHER, Desk
from ledgers import OpenSql
from sips_merchant import MERCHANT, NOON

STATES = {"REF1": PaymentState.PAID, "REF2": PaymentState.REFUSED, "REF3": PaymentState.REFUNDED}
SHOP = "INSERT INTO creance_shops VALUES (:merchant, 3)"
PAYMENT = """
    INSERT INTO creance_payments (merchant_id, transaction_reference, cents, return_url, notification_url, state,
    created_at, changed_at, paid_at, display_by, version)
    VALUES (:merchant, :reference, 1600, 'https://a.example/', 'https://b.example/', :state, :at, :at, :paid, :paid, 2)
"""
PART = "INSERT INTO creance_notices VALUES (:merchant, :notice, :reference, 1600)"
RECORD = """
    INSERT INTO creance_records (merchant_id, transaction_reference, source, at, digest, treatment, state, meaning,
    detail) VALUES (:merchant, :reference, 'NOTIFICATION', :at, 'd', 'APPLIED', :state, 'm', '')
"""
INCIDENT = """
    INSERT INTO creance_incidents (merchant_id, kind, transaction_reference, detail, at)
    VALUES (:merchant, 'DOUBLE_PAYMENT', 'REF1', '', :at)
"""
TASK = "INSERT INTO creance_tasks VALUES (:merchant, 'REF1:PAID:display', 'display', 'REF1', :at, 1, 'OSError', NULL)"


@pytest.fixture
def old_url(ledger_url: str, tmp_path: Path) -> str:
    """Return the URL of an empty database of its own."""
    if ledger_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'old.db'}"
    name = f"old_{uuid.uuid4().hex}"
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # a name cannot be a parameter
    return ledger_url.replace("/postgres?", f"/{name}?")


def fill(connection: Connection) -> None:
    """Create the tables of version 1, and fill them."""
    config = Config()
    config.set_main_option("script_location", str(sql_database._MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    at = NOON - timedelta(hours=1) if connection.dialect.name == "postgresql" else "2026-11-23 11:00:00.000000"
    connection.execute(text(SHOP), {"merchant": MERCHANT})
    for reference, state in STATES.items():
        paid = None if state is PaymentState.REFUSED else at
        notice = (OTHER if reference == "REF2" else NOTICE).canonical
        row = {"merchant": MERCHANT, "reference": reference, "notice": notice, "state": state.value, "at": at}
        for statement in (PAYMENT, PART, RECORD):
            connection.execute(text(statement), {**row, "paid": paid})
    for statement in (INCIDENT, TASK):
        connection.execute(text(statement), {"merchant": MERCHANT, "at": at})


def test_filled(old_url: str, open_sql: OpenSql) -> None:
    """Every payment, event, incident and task is kept, with the sums that follow from the state."""
    database = sql_database.Database(old_url)
    with database.transaction() as connection:
        fill(connection)
    database.close()
    ledger = open_sql(old_url, upgrade=True)
    amount = Euros(1600)

    assert STATES == {payment.transaction_reference: payment.state for payment in ledger.payments()}
    assert {
        "REF1": Sums(captured=amount),
        "REF2": Sums(),
        "REF3": Sums(captured=amount, refunded=amount),
    } == {payment.transaction_reference: payment.sums for payment in ledger.payments()}
    assert [1, 1, 1] == [len(ledger.events(reference)) for reference in STATES]
    assert ["DOUBLE_PAYMENT"] == [incident.kind for incident in ledger.incidents()]
    assert [("display", 1, "OSError")] == [(task.name, task.attempts, task.error) for task in ledger.tasks()]
    payment = ledger.find("REF1")
    assert payment is not None
    assert ({NOTICE: PostingState.OPEN}, False) == (payment.postings, payment.awaits_posting)


def test_goes_on(old_url: str, open_sql: OpenSql) -> None:
    """A migrated ledger records new payments under new references, and runs the old tasks."""
    database = sql_database.Database(old_url)
    with database.transaction() as connection:
        fill(connection)
    database.close()
    desk = Desk(open_sql(old_url, upgrade=True))
    desk.later(days=2)
    started = desk.start(OTHER)
    desk.notify(started)

    assert "PAID" == desk.state(started)
    assert ["acknowledgement", "display"] == desk.effects_of(started)
    assert ("REF1", "display") in desk.happened
