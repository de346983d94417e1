"""The mailbox: the acknowledgements of each account, until their deletion date.

A row contains the transaction reference and two dates; the text is built from the ledger when the person opens it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path

import attrs

_TABLE = """
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, account TEXT, payment TEXT,
    sent_at TEXT, delete_on TEXT, deleted INTEGER
)
"""
_VISIBLE = "account = ? AND delete_on > ? AND NOT deleted"


@attrs.frozen
class Mail:
    """An item of the mailbox.

    Attributes:
        number: Its number.
        payment: The transaction reference of the acknowledged payment.
        sent_at: The time of sending.
        delete_on: The day of deletion.
    """

    number: int
    payment: str
    sent_at: datetime
    delete_on: date


class Mailbox:
    """The mailboxes of all accounts, in one SQLite file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        """Create the table unless it exists."""
        self._path = path
        with self._open() as database:
            database.execute(_TABLE)

    def add(self, key: str, account: str, payment: str, *, sent_at: datetime, delete_on: date) -> None:
        """Add an item.  A second item with the same key is ignored, so that a repeated effect changes nothing."""
        times = (sent_at.isoformat(), delete_on.isoformat())
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO mail (key, account, payment, sent_at, delete_on, deleted)"
                " VALUES (?, ?, ?, ?, ?, 0)",
                (key, account, payment, *times),
            )

    def list(self, account: str, today: date) -> list[Mail]:
        """List the visible items of an account, the newest first."""
        with self._open() as database:
            rows = database.execute(
                f"SELECT number, payment, sent_at, delete_on FROM mail WHERE {_VISIBLE} ORDER BY number DESC",  # noqa: S608 - constant text
                (account, today.isoformat()),
            ).fetchall()
        return [
            Mail(number, payment, datetime.fromisoformat(sent_at), date.fromisoformat(delete_on))
            for number, payment, sent_at, delete_on in rows
        ]

    def delete(self, account: str, mail: Mail) -> None:
        """Delete an item of an account.  Its key remains, so that a repeated effect does not add it again."""
        with self._open() as database:
            database.execute("UPDATE mail SET deleted = 1 WHERE account = ? AND number = ?", (account, mail.number))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; each thread uses its own connection."""
        with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
            yield database
