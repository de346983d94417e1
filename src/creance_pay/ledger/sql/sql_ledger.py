"""A ledger in a database: SQLite beside the portal, or PostgreSQL for many processes on many machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..._validators import describe
from ...errors import ConfigurationError, MissingExtraError
from ..encryption import PayloadCipher, secret_keys
from ..ledger import Ledger
from ..records import is_storable

_LONGEST_ID = 64

if TYPE_CHECKING:
    from .database import Database
    from .store import SqlStore


class SqlLedger(Ledger):
    """A durable ledger in a database.

    Args:
        url: ``sqlite:///ledger.db`` or ``postgresql://user:password@host/database``; an empty database gets the tables.
        merchant_id: The merchant, at most 64 characters; one database may contain the ledgers of many.
        payload_keys: The keys of messages at rest, the key that encrypts first; by default the
            environment's ``CREANCE_PAY_LEDGER_KEYS``, with commas between them.  Without a key, the ledger stores only
            the hash and the result of a message.
        upgrade: Whether to bring the tables of an older version up to date; by default they are refused.

    Raises:
        ConfigurationError: for an unusable ``merchant_id``, another kind of database, tables of another version, or a
            key that is not one.
        GatewayUnavailableError: when the database does not answer.
        MissingExtraError: when the extra ``ledger``, or ``postgresql`` for that database, is not installed.

    A ledger on one machine, and one for several machines::

        ledger = SqlLedger("sqlite:///ledger.db", merchant_id="201000005940002")
        ledger = SqlLedger("postgresql://portal@database.example/payments", merchant_id="201000005940002")
    """

    def __init__(
        self,
        url: str,
        *,
        merchant_id: str,
        payload_keys: Sequence[str] | None = None,
        upgrade: bool = False,
    ) -> None:
        """Connect, and check the version of the tables."""
        if not (is_storable(merchant_id) and 0 < len(merchant_id) <= _LONGEST_ID):
            raise ConfigurationError(
                f"expected merchant_id to be a text of 1 to {_LONGEST_ID} characters, got {describe(merchant_id)}"
            )
        self._payloads = PayloadCipher(secret_keys(payload_keys))
        self._merchant_id = merchant_id
        payload_keys = None
        self._database = _open_database(url)
        self._database.prepare(upgrade=upgrade)

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[SqlStore]:
        """Open the store in a transaction of the database."""
        from .store import SqlStore  # noqa: PLC0415 - loaded already

        with self._database.transaction(write=write) as connection:
            yield SqlStore(connection, self._merchant_id, self._payloads)

    @property
    def merchant_id(self) -> str:
        """The merchant."""
        return self._merchant_id

    @property
    def version(self) -> str:
        """The version of the tables."""
        return self._database.version

    @staticmethod
    def merchants(url: str) -> tuple[str, ...]:
        """List the merchants that have a ledger in a database; only reads it.

        Raises:
            ConfigurationError: for another kind of database.
            GatewayUnavailableError: when the database is unavailable, or has no ledger.
        """
        database = _open_database(url)
        database.require_file()
        try:
            with database.transaction(write=False) as connection:
                return database.merchants(connection)
        finally:
            database.close()

    def backup(self, file: str | PathLike[str]) -> None:
        """Copy a ledger in SQLite to a new file of mode 600, while other processes use it.

        A copy by other means loses what SQLite keeps in its second file.

        Raises:
            ConfigurationError: for a file that exists, and for PostgreSQL, whose own tool is ``pg_dump``.
            GatewayUnavailableError: when the database is unavailable.

        A copy of each day::

            ledger.backup("ledger-2026-11-23.db")
        """
        self._database.backup(Path(file))

    def rekey(self) -> int:
        """Encrypt every payload again, with the first key; then the other keys can be removed.

        Returns:
            The number of payloads that no given key decrypts: they stay as they are.

        After a change of the key at rest::

            ledger = SqlLedger(url, merchant_id="201000005940002", payload_keys=[new_key, old_key])
            lost = ledger.rekey()
        """
        last: int | None = 0
        lost = 0
        while last is not None:
            with self.transaction() as store:
                last, unreadable = store.rekey(last)
            lost += unreadable
        return lost

    def close(self) -> None:
        """Close the connections; the next use of the ledger opens others."""
        self._database.close()

    def __repr__(self) -> str:
        """Name the kind of database, and no address."""
        return f"SqlLedger({self._database.kind}, merchant_id={self._merchant_id!r})"


def _open_database(url: str) -> Database:
    try:
        from . import database as sql_database  # noqa: PLC0415 - an extra, loaded only when used
    except ImportError as error:
        sentence = "a ledger in a database needs more: pip install 'creance-pay[ledger]'"
        raise MissingExtraError(sentence, extra="ledger") from error
    return sql_database.Database(url)
