"""The database under a ledger: connections, transactions, the version of its tables, and its errors made ours."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, column, create_engine, event, inspect, make_url, select, table, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ...errors import ConfigurationError, GatewayUnavailableError, MissingExtraError
from .tables import VERSION, VERSION_TABLE

_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 30  # seconds to wait for whoever is writing
_WAITING = f"busy_timeout={_PATIENCE * 1000}"  # the same in SQLite's words
_PAUSE = 0.005  # seconds between two tries
_CONNECTING = 10  # seconds to wait for an answer to a connection
_UPGRADING = 7_067_723  # of all that lock by a number in one database, those who change these tables


class Database:
    """A database that can be reached by a URL.

    Args:
        url: Where it is, in SQLAlchemy's words.

    Raises:
        ConfigurationError: for what is no URL of SQLite in a file or of PostgreSQL.
        MissingExtraError: without the driver of PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        """Make the engine; nothing is connected yet."""
        self._engine = _engine(_address(url))

    @property
    def kind(self) -> str:
        """The kind of database."""
        return self._engine.dialect.name

    def prepare(self, *, upgrade: bool) -> None:
        """Make the tables where there are none, or check their version.

        Raises:
            ConfigurationError: for tables of another version, unless they are older and ``upgrade`` is true.
        """
        with self.transaction() as connection:
            if self.kind == "postgresql":  # SQLite lets one write at a time anyway
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADING})
            found = _version(connection)
            if found == VERSION:
                return
            if found is None or (upgrade and found < VERSION):
                _upgrade(connection)
                return
        advice = "older: upgrade=True brings it up to date" if found < VERSION else "newer: use a newer creance-pay"
        raise ConfigurationError(
            f"the tables of the ledger have version {found} instead of {VERSION}, which is {advice}"
        )

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Connection]:
        """Open a transaction on a connection; it ends with the block.

        Raises:
            GatewayUnavailableError: when the database does not answer, or cannot do it; nothing was written then.
        """
        try:
            with self._engine.connect() as connection:
                if not write:
                    connection = connection.execution_options(reading=True)  # noqa: PLW2901 - the same connection
                with connection.begin():
                    yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:  # the latter from where a transaction begins
            kind = type(error).__name__
        else:
            return
        raise GatewayUnavailableError(f"the ledger's database cannot do it now: {kind}", retryable=True)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _address(url: str) -> URL:
    """Read a URL; an error from in here would show its password."""
    try:
        address = make_url(url)
    except ArgumentError:
        address = None
    file = address is not None and address.drivername == "sqlite" and address.database not in {None, "", ":memory:"}
    if address is not None and address.drivername in {"postgresql", "postgresql+psycopg"}:
        return address.set(drivername="postgresql+psycopg")
    if address is None or not file:
        raise ConfigurationError("expected a ledger's URL to be sqlite:///FILE or postgresql://...")
    return address


def _engine(address: URL) -> Engine:
    """Make the engine; what its errors say hides the values that were written."""
    settings: dict[str, Any] = {"hide_parameters": True}
    if address.drivername == "sqlite":
        engine = create_engine(address, connect_args={"timeout": 0}, **settings)
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        # A database that was restarted has closed its connections: each is tried before it is used.
        patience = {"connect_timeout": _CONNECTING}
        return create_engine(address, connect_args=patience, pool_pre_ping=True, **settings)
    except ImportError as error:
        sentence = "a ledger in PostgreSQL needs more: pip install 'creance-pay[postgresql]'"
        raise MissingExtraError(sentence, extra="postgresql") from error


def _open_sqlite(raw: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - sqlite3's own, behind a pool
    """Leave transactions to us, and have what is written survive the loss of power."""
    raw.isolation_level = None
    _insist(raw, "PRAGMA journal_mode=WAL")  # who reads then keeps nobody waiting
    for pragma in (_WAITING, "foreign_keys=ON", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Wait at the beginning, where it is safe to, for whoever is writing."""
    raw: Any = connection.connection.driver_connection
    if connection.get_execution_options().get("reading"):
        raw.execute("BEGIN")
        return
    raw.execute("PRAGMA busy_timeout=0")
    try:
        _insist(raw, "BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA {_WAITING}")


def _insist(raw: Any, statement: str) -> None:  # noqa: ANN401 - the same
    """Execute what others may keep from being done, asking at even intervals.

    SQLite by itself does not wait for a log to be begun, and asks the less often for the lock the longer it has waited:
    among many who write, some would wait without a limit.
    """
    last = time.monotonic() + _PATIENCE
    while True:
        try:
            raw.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _version(connection: Connection) -> str | None:
    """Read the version of the tables, or ``None`` when there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return version


def _upgrade(connection: Connection) -> None:
    """Migrate the tables to the newest version, within the transaction."""
    from alembic import command  # noqa: PLC0415 - needed once in the life of a database, and slow to load
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
