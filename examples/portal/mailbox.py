"""The mailbox: who has which acknowledgement, until when.

A message is the payment's reference and two days; its words are made from the ledger each time it is opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import attrs

_TABLE = """
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, account TEXT, payment TEXT,
    sent_on TEXT, delete_on TEXT, deleted INTEGER
)
"""
_KEPT = "account = ? AND delete_on > ? AND NOT deleted"


@attrs.frozen
class Mail:
    """A message of the mailbox.

    Attributes:
        number: Its number.
        payment: The transaction reference of the payment that it acknowledges.
        sent_on: The day on which it was sent.
        delete_on: The day on which it leaves the mailbox.
    """

    number: int
    payment: str
    sent_on: date
    delete_on: date


class Mailbox:
    """The messages of every account, in a file of their own.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        """Make the table where there is none."""
        self._path = path
        with self._open() as database:
            database.execute(_TABLE)

    def put(self, key: str, account: str, payment: str, *, sent_on: date, delete_on: date) -> None:
        """Put in a message; the same key again is the same message, so that a repetition changes nothing."""
        days = (sent_on.isoformat(), delete_on.isoformat())
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO mail (key, account, payment, sent_on, delete_on, deleted)"
                " VALUES (?, ?, ?, ?, ?, 0)",
                (key, account, payment, *days),
            )

    def list(self, account: str, today: date) -> list[Mail]:
        """List what an account has today, the newest first."""
        with self._open() as database:
            rows = database.execute(
                f"SELECT number, payment, sent_on, delete_on FROM mail WHERE {_KEPT} ORDER BY number DESC",  # noqa: S608 - our own words
                (account, today.isoformat()),
            ).fetchall()
        return [Mail(number, payment, *map(date.fromisoformat, days)) for number, payment, *days in rows]

    def delete(self, account: str, mail: Mail) -> None:
        """Delete a message of an account: its key stays, lest a repetition bring it back."""
        with self._open() as database:
            database.execute("UPDATE mail SET deleted = 1 WHERE account = ? AND number = ?", (account, mail.number))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; each thread has its own connection."""
        with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
            yield database
