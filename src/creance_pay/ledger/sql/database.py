"""The database under a ledger: connections, transactions, the version of its tables, and its errors as our own."""

from __future__ import annotations

import logging
import os
import select as polling
import sqlite3
import stat
import time
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, column, create_engine, event, inspect, make_url, select, table, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ..._log import log
from ...errors import ConfigurationError, ConflictError, GatewayUnavailableError, MissingExtraError
from .failures import UNSTORABLE, failure_of
from .tables import VERSION, VERSION_TABLE, merchants

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_S = 30
_BUSY_TIMEOUT = f"busy_timeout={_BUSY_TIMEOUT_S * 1000}"
_BUSY_PAUSE_S = 0.005
# A server that is gone is noticed after half a minute, also while nothing is sent.
_POSTGRESQL_CONNECTION: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": _BUSY_TIMEOUT_S * 1000,
}
# PostgreSQL waits for a lock, a statement or an idle transaction as long as SQLite does, and not without end.
_POSTGRESQL_OPTIONS = (
    f"-c lock_timeout={_BUSY_TIMEOUT_S}s -c statement_timeout={2 * _BUSY_TIMEOUT_S}s"
    f" -c idle_in_transaction_session_timeout={2 * _BUSY_TIMEOUT_S}s"
)
_MIGRATION_LOCK_ID = 7_067_723  # the advisory lock of those who change these tables
_POSIX = os.name == "posix"
_OTHERS = 0o077


class Database:
    """A database, by its URL.

    Args:
        url: The URL, in the form of SQLAlchemy.

    Raises:
        ConfigurationError: for a URL of another kind than SQLite in a file or PostgreSQL.
        MissingExtraError: without the driver of PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        """Create the engine; it connects when it is used."""
        self._address = address = _address(url)
        self._reached = False
        self._engine = _engine(address)
        self._file = _File(Path(address.database)) if self.kind == "sqlite" and address.database else None
        if self._file:
            event.listen(self._engine, "do_connect", self._file.open)
        _share_nothing_across_forks(self._engine)

    @property
    def kind(self) -> str:
        """The kind of database."""
        return self._engine.dialect.name

    @property
    def version(self) -> str:
        """The version of the tables that this package needs; :meth:`prepare` refuses any other."""
        return VERSION

    def prepare(self, *, upgrade: bool) -> None:
        """Create the tables of an empty database, or check their version.

        Raises:
            ConfigurationError: for tables of another version, unless they are older and ``upgrade`` is true.
        """
        with self.transaction() as connection:
            if self.kind == "postgresql":  # SQLite has one writer at a time
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK_ID})
            found = _version(connection)
            if found is None or (upgrade and found < VERSION):
                _upgrade(connection)
                found = VERSION
        if found == VERSION:
            return
        advice = "older: upgrade=True brings it up to date" if found < VERSION else "newer: use a newer creance-pay"
        raise ConfigurationError(
            f"the tables of the ledger have version {found} instead of {VERSION}, which is {advice}"
        )

    def require_file(self) -> None:
        """Check that the file of a database in SQLite exists: a connection would create it.

        Raises:
            GatewayUnavailableError: when it does not exist.
        """
        if self._file and not self._file.exists():
            raise GatewayUnavailableError(f"expected the file of a ledger, {self._address.database} does not exist")

    def merchants(self, connection: Connection) -> tuple[str, ...]:
        """List the merchants that have issued an order."""
        return tuple(connection.scalars(select(merchants.c.merchant_id).order_by(merchants.c.merchant_id)))

    def backup(self, path: Path) -> None:
        """Copy a database in SQLite to a new file of mode 600.

        Raises:
            ConfigurationError: for a file that exists or cannot be created, and for PostgreSQL.
            GatewayUnavailableError: when the database does not answer, or the disk is full.
        """
        if self.kind != "sqlite":
            raise ConfigurationError("expected a ledger in SQLite: pg_dump makes the backup of PostgreSQL")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be created: {error.strerror}") from None
        try:
            with closing(sqlite3.connect(path)) as copy, self.transaction(write=False) as connection:
                raw: Any = connection.connection.driver_connection
                raw.backup(copy)
        except BaseException:
            path.unlink()  # nobody takes a part of a copy for a backup
            raise

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Connection]:
        """Open a transaction on a connection; it ends with the block.

        Raises:
            ConflictError: when the database rolled the transaction back because of another one.
            InvalidValueError: for a value that the database cannot store.
            GatewayUnavailableError: when the database does not answer, or refuses the transaction; when the file of
                SQLite was replaced.  Not retryable when somebody has to change the configuration first.
        """
        connecting = True
        try:
            with self._engine.connect() as connection, connection.begin():
                connecting, self._reached = False, True
                if self.kind == "sqlite":
                    _begin_sqlite(connection, write=write)
                    self._check_file()
                yield connection
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error, *UNSTORABLE) as error:  # of the driver itself
            failure = failure_of(error, self._address, connecting=connecting, reached=self._reached)
        else:
            self._check_file()  # after the commit, so that a success is never that of a replaced file
            return
        if isinstance(failure, GatewayUnavailableError) and not isinstance(failure, ConflictError):
            log("database_failed", error=failure)
        try:
            raise failure
        finally:
            failure.__context__ = None  # the error of the driver has values of a row in its DETAIL

    def _check_file(self) -> None:
        if self._file:
            self._file.check()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _address(url: str) -> URL:
    """Parse a URL; no error is raised inside, since it would show the password among its locals."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # a ValueError quotes a part of the password as an ill-formed port
        address = None
    name = (address.database or "") if address is not None and address.drivername == "sqlite" else ""
    file = name not in {"", ":memory:"} and "\0" not in name
    if address is not None and address.drivername in {"postgresql", "postgresql+psycopg"}:
        return address.set(drivername="postgresql+psycopg")
    if address is None or not file:
        raise ConfigurationError(
            "expected the URL of a ledger as sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE, with @ : / in"
            " the password as %40 %3A %2F, got another"
        )
    return address


def _engine(address: URL) -> Engine:
    """Create the engine, or raise an error without any part of the URL."""
    try:
        return _created(address)
    except (ArgumentError, ValueError, TypeError):  # of a setting after the question mark
        pass
    raise ConfigurationError("expected settings in the URL of the ledger that its driver knows, got another value")


def _created(address: URL) -> Engine:
    """Create the engine; its errors and its log hide the values of statements and rows."""
    settings: dict[str, Any] = {"hide_parameters": True, "logging_name": "creance_pay"}
    logging.getLogger("sqlalchemy.engine.Engine.creance_pay").addFilter(_without_rows)
    if address.drivername == "sqlite":
        engine = create_engine(address, connect_args={"timeout": 0}, **settings)
        event.listen(engine.pool, "connect", _open_sqlite)  # a listener on the engine costs time at each statement
        return engine
    ours = {name: value for name, value in _POSTGRESQL_CONNECTION.items() if name not in address.query}
    arguments = {**ours, "options": _options(address)}
    try:
        engine = create_engine(address, connect_args=arguments, isolation_level="READ COMMITTED", **settings)
    except ImportError as error:
        sentence = "a ledger in PostgreSQL needs more: pip install 'creance-pay[postgresql]'"
        raise MissingExtraError(sentence, extra="postgresql") from error
    event.listen(engine.pool, "checkout", _check_postgresql)
    return engine


def _without_rows(record: logging.LogRecord) -> bool:
    """Return whether a record is above DEBUG, the level at which SQLAlchemy logs each row."""
    return record.levelno > logging.DEBUG


def _options(address: URL) -> str:
    """Return the settings of a session: ours, then those of the URL, which take precedence."""
    given = address.query.get("options", "")
    return f"{_POSTGRESQL_OPTIONS} {given if isinstance(given, str) else ' '.join(given)}".strip()


def _check_postgresql(raw: Any, _: ConnectionPoolEntry, __: object) -> None:  # noqa: ANN401 - psycopg's own, behind a pool
    """Replace a connection that a restarted database has closed: an idle server has nothing to send."""
    if raw.closed:
        raise DisconnectionError
    poll = polling.poll()
    poll.register(raw.fileno(), polling.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


def _share_nothing_across_forks(engine: Engine) -> None:
    """Close the idle connections before a fork, and drop the others in the child without closing the parent's."""
    reference = weakref.ref(engine)

    def dispose(*, close: bool) -> None:
        """Close or drop the connections."""
        found = reference()
        if found is not None:
            found.dispose(close=close)

    if hasattr(os, "register_at_fork"):  # pragma: no branch - absent on Windows
        os.register_at_fork(before=lambda: dispose(close=True), after_in_child=lambda: dispose(close=False))


class _File:
    """The file of a database in SQLite: its owner alone can read it, and it stays the same file.

    Args:
        path: Its path.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._identity: tuple[int, int] | None = None

    def open(self, *_: object) -> None:
        """Create the file where it is missing, and check who can read it; later check that it is the same.

        Raises:
            ConfigurationError: when other users can read the file, or one that SQLite left beside it.
            GatewayUnavailableError: as :meth:`check`.
        """
        if self._identity:
            self.check()
            return
        with suppress(OSError):  # it exists; or it cannot be created, which SQLite reports
            # Never opened when it exists: closing it again would release the locks of SQLite.
            os.close(os.open(self._path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        for suffix in ("", "-wal", "-shm"):
            self._check_readers(self._path.with_name(self._path.name + suffix))
        self._identity = self._found()

    def exists(self) -> bool:
        """Return whether the path leads to a file."""
        return self._found() is not None

    def check(self) -> None:
        """Check that the path leads to the file that was opened first.

        Raises:
            GatewayUnavailableError: when it was replaced or removed.
        """
        if self._identity != self._found():
            raise GatewayUnavailableError(
                f"the file {self._path.name} of the ledger was replaced or removed while it was in use: restart every"
                " process that uses it",
                retryable=True,
            )

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _check_readers(self, path: Path) -> None:
        mode = stat.S_IMODE(path.stat().st_mode) if _POSIX and path.exists() else 0
        if mode & _OTHERS:
            raise ConfigurationError(
                f"expected the file {path.name} of the ledger to be accessible to its owner alone (mode 600), got mode"
                f" {mode:o}"
            )


def _open_sqlite(raw: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - sqlite3's own, behind a pool
    """Begin transactions ourselves, and write so that a commit survives a loss of power."""
    raw.isolation_level = None
    _retry_while_busy(raw, "PRAGMA journal_mode=WAL")  # readers do not block writers
    for pragma in (_BUSY_TIMEOUT, "foreign_keys=ON", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection, *, write: bool) -> None:
    """Begin IMMEDIATE, retrying while another writer holds the lock; a reader begins without it."""
    raw: Any = connection.connection.driver_connection
    if not write:
        raw.execute("BEGIN")
        return
    raw.execute("PRAGMA busy_timeout=0")
    try:
        _retry_while_busy(raw, "BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA {_BUSY_TIMEOUT}")


def _retry_while_busy(raw: Any, statement: str) -> None:  # noqa: ANN401 - the same
    """Execute a statement, retrying at even intervals while another connection holds the lock.

    SQLite's own back-off grows with each try, so that among many writers some wait without end.
    """
    last = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            raw.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(_BUSY_PAUSE_S)
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
