"""The database under a ledger: connections, transactions, the version of its tables, and its errors made ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import ConfigurationError, GatewayUnavailableError, MissingExtraError
from .sql_tables import VERSION_TABLE

_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 30  # seconds to wait for whoever is writing
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
        script = ScriptDirectory(str(_MIGRATIONS))
        with self.transaction() as connection:
            if self.kind == "postgresql":  # SQLite lets one write at a time anyway
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADING})
            found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
            known = {each.revision for each in script.walk_revisions()}
            if found == script.get_current_head():
                return
            if found is not None and not (upgrade and found in known):
                advice = (
                    "give upgrade=True to bring it up to date" if found in known else "it is newer: use its version"
                )
                raise ConfigurationError(f"the ledger has version {found} of its tables: {advice} of the package")
            _upgrade(connection)

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Connection]:
        """Give a connection in a transaction, which ends with the block.

        Raises:
            GatewayUnavailableError: when the database does not answer, or cannot do it; nothing was written then.
        """
        try:
            with self._engine.connect() as connection:
                if not write:
                    connection = connection.execution_options(reading=True)  # noqa: PLW2901 - the same connection
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
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
    settings: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    if address.drivername == "sqlite":
        engine = create_engine(address, connect_args={"timeout": _PATIENCE}, **settings)
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(address, connect_args={"connect_timeout": _CONNECTING}, **settings)
    except ImportError as error:
        sentence = "a ledger in PostgreSQL needs more: pip install 'creance-pay[postgresql]'"
        raise MissingExtraError(sentence, extra="postgresql") from error


def _open_sqlite(raw: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - sqlite3's own, behind a pool
    """Leave transactions to us, and have what is written survive the loss of power."""
    raw.isolation_level = None
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Wait at the beginning, where it is safe to, for whoever is writing."""
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
