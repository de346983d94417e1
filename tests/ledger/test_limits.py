"""The limits of a ledger in a database: conflicts, forks, its file, its log and its errors."""

import logging
import os
import sqlite3
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import text

from creance_pay import NoticeReference
from creance_pay.errors import ConfigurationError, ConflictError, GatewayUnavailableError
from creance_pay.ledger import MemoryLedger, SqlLedger
from creance_pay.ledger.sql import database as sql_database
from ledger_desk import NOTICE, OTHER, Desk, message
from ledgers import PAYLOAD_KEY, OpenSql
from sips_merchant import MERCHANT

posix = pytest.mark.skipif(os.name != "posix", reason="modes of files and forks are of POSIX")
THREADS, STARTS = 8, 10
CARD = "5017##########00"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a database that is not there yet."""
    return tmp_path / "ledger.db"


def own_notices(worker: int, count: int) -> list[NoticeReference]:
    """Return notices of one worker."""
    return [NoticeReference(f"63117054{worker:02d}{number:06d}F") for number in range(count)]


class TestConflicts:
    """The database rolls a transaction back because of another one: the ledger repeats the act."""

    @pytest.fixture
    def database_of(self, postgres: str) -> Callable[[str], str]:
        """Return a function that creates a database with a default isolation level, and returns its URL."""

        def create(level: str) -> str:
            name = f"isolation_{uuid.uuid4().hex}"
            with psycopg.connect(postgres, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")  # a name cannot be a parameter
                connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation TO '{level}'")
            return postgres.replace("/postgres?", f"/{name}?")

        return create

    def crowd(self, ledger: SqlLedger) -> set[int]:
        """Start and notify payments of different notices in threads, each one three times; return the statuses."""
        desk = Desk(ledger)

        def pay(worker: int) -> set[int]:
            statuses = set()
            for notice in own_notices(worker, STARTS):
                posted = message(desk.start(notice))
                with ThreadPoolExecutor(2) as pool:
                    notified = pool.map(desk.service.on_notification, [posted, posted])
                    statuses |= {desk.service.on_return(posted).http_status, *(each.http_status for each in notified)}
            return statuses

        with ThreadPoolExecutor(THREADS) as pool:
            found = set().union(*pool.map(pay, range(THREADS)))
        assert {"PAID"} == {payment.state for payment in ledger.payments()}
        assert THREADS * STARTS == len(ledger.payments())
        return found

    @pytest.mark.parametrize("level", ["repeatable read", "serializable"])
    def test_default_of_the_database(self, database_of: Callable[[str], str], open_sql: OpenSql, level: str) -> None:
        """The isolation level of the ledger is its own, whatever the default of the database or role."""
        url = database_of(level)
        with psycopg.connect(url) as connection:
            assert (level,) == connection.execute("SHOW default_transaction_isolation").fetchone()

        assert {200} == self.crowd(open_sql(url))

    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_serialization_failures(
        self, postgres: str, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch, level: str
    ) -> None:
        """Where serialization fails, each act is repeated until it succeeds."""
        create, waits = sqlalchemy.create_engine, list[float]()
        monkeypatch.setattr(
            sql_database, "create_engine", lambda *given, **named: create(*given, **{**named, "isolation_level": level})
        )
        monkeypatch.setattr("creance_pay.ledger.ledger._TRIES", 40)
        sleep = time.sleep

        def wait(seconds: float) -> None:
            waits.append(seconds)
            sleep(min(seconds, 0.05))

        monkeypatch.setattr(time, "sleep", wait)

        assert {200} == self.crowd(open_sql(postgres, merchant_id=uuid.uuid4().hex))
        assert waits

    def test_deadlock(self, postgres: str, open_sql: OpenSql) -> None:
        """A deadlock with another program's transaction ends it, and the act is repeated."""
        merchant = uuid.uuid4().hex
        ledger = open_sql(f"{postgres}&options=-c%20deadlock_timeout%3D100ms", merchant_id=merchant)
        desk = Desk(ledger)
        started = desk.start(NOTICE, OTHER)
        lock = "SELECT 1 FROM creance_notices WHERE merchant_id = %s AND notice_reference = %s FOR UPDATE"
        with psycopg.connect(postgres) as other, ThreadPoolExecutor(1) as pool:
            other.execute("SET deadlock_timeout TO '60s'")
            other.execute(lock, [merchant, OTHER.canonical])
            answer = pool.submit(desk.notify, started, amount="3200")
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            with psycopg.connect(postgres, autocommit=True) as watch:
                while watch.execute(waiting).fetchone() == (0,):
                    time.sleep(0.01)
            other.execute(lock, [merchant, NOTICE.canonical])  # returns once the ledger's transaction has ended
            other.commit()

            assert 200 == answer.result(30).http_status
        assert "PAID" == desk.state(started)

    @pytest.mark.parametrize(("failures", "raised"), [(7, False), (8, True)])
    def test_bounded(self, monkeypatch: pytest.MonkeyPatch, failures: int, *, raised: bool) -> None:
        """An act is tried eight times; then the error is retryable, and nothing was recorded."""
        left = [failures]

        class Conflicting(MemoryLedger):
            """A ledger whose first transactions are rolled back."""

            @contextmanager
            def transaction(self, *, write: bool = True) -> Iterator[Any]:
                """Roll back as often as there are failures left."""
                with super().transaction(write=write) as store:
                    yield store
                    if left[0] and write:
                        left[0] -= 1
                        raise ConflictError("rolled back", retryable=True)

        ledger = Conflicting()
        monkeypatch.setattr(time, "sleep", lambda _: None)
        desk = Desk(ledger, effects=[])
        if raised:
            with pytest.raises(ConflictError):
                desk.start()
        else:
            desk.start()

        assert (0 if raised else 1) == len(ledger.payments())


_INHERITED: list[Desk] = []  # by a forked worker from its parent


def _pay(payments: int, worker: int) -> list[str]:
    """Make five requests for each of some payments in a forked worker, and return what was wrong."""
    desk, wrong = _INHERITED[-1], []
    for notice in own_notices(worker, payments):
        started = desk.start(notice)
        reference = started.transaction_reference
        statuses = [desk.notify(started).http_status, desk.bring_back(started).http_status]
        found = [desk.ledger.find(reference), *desk.ledger.payments(notice=notice)]
        if statuses != [200, 200] or [notice] * 2 != [each and next(iter(each.order.notices)) for each in found]:
            wrong.append(f"{reference}: {statuses}")
    return wrong


@posix
class TestForks:
    """Workers forked from a process that has used the ledger: each one has connections of its own."""

    @pytest.mark.parametrize(
        ("workers", "payments"), [(3, 10), pytest.param(8, 50, marks=pytest.mark.slow)], ids=["150", "2000"]
    )
    def test_preloaded(self, ledger_url: str, open_sql: OpenSql, workers: int, payments: int) -> None:
        """Five requests for each payment of each worker: no error, and nobody else's row."""
        desk = Desk(open_sql(ledger_url, merchant_id=uuid.uuid4().hex, payload_keys=[PAYLOAD_KEY]))
        before = desk.start()
        with get_context("fork").Pool(workers, _INHERITED.append, [desk]) as pool:
            wrong = pool.map_async(partial(_pay, payments), range(workers), chunksize=1).get(180)
        desk.notify(before)

        assert [[]] * workers == wrong
        assert workers * payments + 1 == len(desk.ledger.payments())
        assert "PAID" == desk.state(before)

    def test_connections(self, ledger_url: str, open_sql: OpenSql) -> None:
        """A connection in use by a thread during a fork stays the parent's; the idle ones are closed before."""
        ledger = open_sql(ledger_url, merchant_id=uuid.uuid4().hex)
        desk = Desk(ledger)
        desk.start()
        pool = ledger._database._engine.pool
        idle: Any = pool
        assert 1 == idle.checkedin()
        inside, end = threading.Event(), threading.Event()

        def hold() -> int:
            with ledger._database.transaction(write=False) as connection:
                inside.set()
                end.wait(60)
                found: int = connection.execute(text("SELECT 7")).scalar_one()
                return found

        with ThreadPoolExecutor(1) as threads:
            held = threads.submit(hold)
            inside.wait(60)
            with get_context("fork").Pool(1, _INHERITED.append, [desk]) as workers:
                wrong = workers.apply_async(_pay, [3, 1]).get(60)
            end.set()

            assert (7, []) == (held.result(60), wrong)
        assert ledger._database._engine.pool is not pool
        pool.dispose()  # the connection of the thread went back to the pool from before the fork


@posix
class TestFile:
    """The file of SQLite."""

    def test_mode(self, file: Path, open_sql: OpenSql) -> None:
        """Its owner alone can read the file and those beside it, whatever the umask."""
        mask = os.umask(0)
        try:
            Desk(open_sql(f"sqlite:///{file}")).start()
            modes = {path.name: f"{path.stat().st_mode & 0o777:o}" for path in file.parent.iterdir()}
        finally:
            os.umask(mask)

        assert {"ledger.db": "600", "ledger.db-wal": "600", "ledger.db-shm": "600"} == modes

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
    @pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal"])
    def test_others(self, file: Path, open_sql: OpenSql, name: str, mode: int) -> None:
        """A file that others can read or write is refused by its name and mode, without its folder."""
        file.touch(0o600)
        path = file.with_name(name)
        path.touch(0o600)
        path.chmod(mode)

        with pytest.raises(ConfigurationError, match=f"the file {name} .* got mode {mode:o}") as caught:
            open_sql(f"sqlite:///{file}")
        assert str(file.parent) not in str(caught.value)

    def test_no_folder(self, file: Path, open_sql: OpenSql) -> None:
        """A folder that does not exist is the error of the database."""
        with pytest.raises(GatewayUnavailableError):
            open_sql(f"sqlite:///{file.parent / 'none' / 'ledger.db'}")

    def replace(self, file: Path) -> None:
        """Replace the file by a copy, as an office does that restores a backup."""
        copy = file.with_name("copy.db")
        with sqlite3.connect(file) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        copy.chmod(0o600)
        copy.replace(file)

    @pytest.mark.parametrize("act", ["replace", "unlink"])
    @pytest.mark.parametrize("closed", [False, True])
    def test_replaced(self, file: Path, open_sql: OpenSql, act: str, *, closed: bool) -> None:
        """After the file was replaced or removed every message is 503, and another process sees the file on disk."""
        desk = Desk(open_sql(f"sqlite:///{file}"))
        started = desk.start()
        self.replace(file) if act == "replace" else file.unlink()
        if closed:
            desk.ledger.close()  # type: ignore[attr-defined]
        answers = [desk.notify(started) for _ in range(2)]

        assert [503, 503] == [answer.http_status for answer in answers]
        assert "the file ledger.db of the ledger was replaced or removed" in str(answers[0].result)
        assert (act == "replace") is file.exists()
        if file.exists():
            other = Desk(open_sql(f"sqlite:///{file}"))
            assert ("CREATED", 200) == (other.state(started), other.notify(started).http_status)

    def test_replaced_before_commit(self, file: Path, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch) -> None:
        """A message that is committed to a replaced file is not answered 200."""
        desk = Desk(open_sql(f"sqlite:///{file}"))
        started = desk.start()
        with desk.ledger.transaction(write=False) as store:
            kind: Any = type(store)
        add_event = kind.add_event

        def replaced(store: object, event: object) -> int:
            number: int = add_event(store, event)
            other = file.with_name("other.db")
            other.touch(0o600)
            other.replace(file)
            return number

        monkeypatch.setattr(kind, "add_event", replaced)

        assert 503 == desk.notify(started).http_status

    def test_relative(self, tmp_path: Path, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch) -> None:
        """A relative path is that of the folder in which the ledger was opened."""
        monkeypatch.chdir(tmp_path)
        desk = Desk(open_sql("sqlite:///ledger.db"))
        monkeypatch.chdir("/")

        assert 200 == desk.notify(desk.start()).http_status


class TestDiscretion:
    """Nothing of a row leaves the ledger by a log or an error."""

    def test_log(self, ledger_url: str, open_sql: OpenSql, caplog: pytest.LogCaptureFixture) -> None:
        """At DEBUG neither SQLAlchemy nor the driver logs a value of a row; our own events name payments alone."""

        def own(record: logging.LogRecord) -> bool:
            return record.name.startswith("creance_pay.")

        merchant = uuid.uuid4().hex
        with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy"):
            ledger = open_sql(ledger_url, merchant_id=merchant, payload_keys=[PAYLOAD_KEY])
            desk = Desk(ledger)
            started = desk.start()
            desk.notify(started, maskedPan=CARD, authorisationId="42MARKED42")
            desk.notify("REFMARKED")
            desk.service.run_effects()
            desk.service.reconcile()
            read = ledger.payments(notice=NOTICE), ledger.events(started.transaction_reference), ledger.incidents()
        ours, theirs = (
            "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records if own(record) is wanted)
            for wanted in (True, False)
        )

        assert all(read)
        assert "SELECT" in theirs
        assert started.transaction_reference in ours
        marks = [NOTICE.canonical, "42MARKED42", CARD, merchant]
        references = ["REFMARKED", started.transaction_reference]
        assert [] == [mark for mark in [*marks, *references] if mark in theirs]
        assert [] == [mark for mark in marks if mark in ours]

    def test_detail(self, ledger_url: str, open_sql: OpenSql) -> None:
        """The error of a refused statement has no cause or context, whose DETAIL has values of the row."""
        ledger = open_sql(ledger_url, merchant_id=uuid.uuid4().hex)
        row = "INSERT INTO creance_settlements (merchant_id, notice_reference) VALUES ('m', 'MARKED')"
        with pytest.raises(GatewayUnavailableError) as caught, ledger.transaction() as store:
            store._connection.execute(text(row))

        assert (None, None) == (caught.value.__context__, caught.value.__cause__)
        assert "MARKED" not in "".join(traceback.format_exception_only(caught.value))
        assert "IntegrityError" in str(caught.value)


class TestConnection:
    """The settings of a connection to PostgreSQL."""

    def test_tcp(self, postgres: str, open_sql: OpenSql) -> None:
        """A server that is gone is noticed by keepalives and unacknowledged data; the URL takes precedence."""
        ledger = open_sql(f"{postgres}&keepalives_count=9", merchant_id=MERCHANT)
        with ledger._database.transaction(write=False) as connection:
            driver: Any = connection.connection.driver_connection
            found = driver.info.get_parameters()
        wanted = {
            "connect_timeout": "10", "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "9",
            "tcp_user_timeout": "30000",
        }  # fmt: skip

        assert wanted == {name: found.get(name) for name in wanted}

    def test_waits(self, postgres: str, open_sql: OpenSql) -> None:
        """A lock, a statement and an idle transaction are waited for as long as SQLite waits, or twice as long."""
        ledger = open_sql(postgres)
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
        with ledger._database.transaction(write=False) as connection:
            found = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]

        assert ["30s", "1min", "1min", "read committed"] == found

    @pytest.mark.skipif(sys.platform == "win32", reason="PostgreSQL of the wheel listens on a socket of POSIX here")
    def test_locked(self, postgres: str, open_sql: OpenSql) -> None:
        """A row that another session holds is 503 after the time-out; the URL may shorten it."""
        merchant = uuid.uuid4().hex
        desk = Desk(open_sql(f"{postgres}&options=-c%20lock_timeout%3D100ms", merchant_id=merchant))
        started = desk.start()
        with psycopg.connect(postgres) as other:
            other.execute("SELECT 1 FROM creance_notices WHERE merchant_id = %s FOR UPDATE", [merchant])

            assert 503 == desk.notify(started).http_status
        assert 200 == desk.notify(started).http_status
