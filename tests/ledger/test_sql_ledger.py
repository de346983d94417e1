"""The ledger in a database: its tables, its keys, its errors."""

import shutil
import socket
import sqlite3
import uuid
from pathlib import Path
from threading import Thread, Timer
from types import SimpleNamespace

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from creance_pay import PaymentState
from creance_pay.errors import ConfigurationError, GatewayUnavailableError, MissingExtraError
from creance_pay.ledger import Payment, SqlLedger
from creance_pay.ledger.sql import database as sql_database
from creance_pay.ledger.sql import store
from creance_pay.ledger.sql.failures import failure_of
from creance_pay.ledger.sql.tables import VERSION, VERSION_TABLE, metadata
from ledger_desk import NOTICE, OTHER, Desk
from ledgers import PAYLOAD_KEY, OpenSql
from sips_merchant import MERCHANT, NOON

NEWER = "9000"
MIGRATION = f'''"""Do nothing, for a test."""

revision = "{NEWER}"
down_revision = "{VERSION}"


def upgrade() -> None:
    """Do nothing."""
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a database that is not there yet."""
    return tmp_path / "ledger.db"


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the next version of the package, with one migration more."""
    folder = tmp_path / "migrations"
    shutil.copytree(sql_database._MIGRATIONS, folder)
    (folder / "versions" / "newer.py").write_text(MIGRATION, encoding="utf-8")
    monkeypatch.setattr(sql_database, "_MIGRATIONS", folder)
    monkeypatch.setattr(sql_database, "VERSION", NEWER)


def version(file: Path) -> str:
    """Read the version of the tables."""
    with sqlite3.connect(file) as connection:
        found: str = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0]  # noqa: S608 - ours
    connection.close()
    return found


class TestTables:
    """The tables, and their version."""

    def test_as_declared(self, ledger_url: str, open_sql: OpenSql) -> None:
        """The migrations make exactly the tables that the code speaks of."""
        ledger = open_sql(ledger_url)
        with ledger._database.transaction() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            differences = compare_metadata(context, metadata)

        assert [] == differences

    def test_newest(self) -> None:
        """The version of the code is that of the last migration."""
        assert VERSION == ScriptDirectory(str(sql_database._MIGRATIONS)).get_current_head()

    def test_from_empty(self, file: Path, open_sql: OpenSql) -> None:
        """An empty database gets the tables, once."""
        open_sql(f"sqlite:///{file}").close()
        open_sql(f"sqlite:///{file}").close()

        assert VERSION == version(file)

    def test_older(self, file: Path, request: pytest.FixtureRequest, open_sql: OpenSql) -> None:
        """Older tables are refused, and brought up to date when that is asked for; what they hold stays."""
        Desk(open_sql(f"sqlite:///{file}")).start()
        request.getfixturevalue("newer")

        with pytest.raises(
            ConfigurationError, match=f"version {VERSION} instead of {NEWER}, which is older: upgrade=True"
        ):
            open_sql(f"sqlite:///{file}")
        assert VERSION == version(file)
        ledger = open_sql(f"sqlite:///{file}", upgrade=True)
        assert (NEWER, 1) == (version(file), len(ledger.payments()))

    def test_newer(self, file: Path, open_sql: OpenSql) -> None:
        """Tables of a newer version are refused, whatever is asked for."""
        open_sql(f"sqlite:///{file}").close()
        with sqlite3.connect(file) as connection:
            connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '{NEWER}'")  # noqa: S608 - ours
        connection.close()

        with pytest.raises(ConfigurationError, match="which is newer: use a newer creance-pay"):
            open_sql(f"sqlite:///{file}", upgrade=True)

    def test_two_shops(self, ledger_url: str, open_sql: OpenSql) -> None:
        """Two shops in one database know nothing of each other."""
        first, second = (open_sql(ledger_url, merchant_id=f"{ledger_url[:3]}-{name}") for name in "ab")
        Desk(first).notify(Desk(first).start())
        again = Desk(second).start()

        assert (1, 1) == (len(first.payments()), len(second.payments()))
        assert ((), {}) == (second.tasks(), second.pending([NOTICE], NOON))
        assert "CREATED" == Desk(second).state(again)

    def test_pages(self, file: Path, monkeypatch: pytest.MonkeyPatch, open_sql: OpenSql) -> None:
        """Many payments are read in pages, and none is left out."""
        monkeypatch.setattr(store, "_PAGE", 1)
        desk = Desk(open_sql(f"sqlite:///{file}"))
        started = [desk.start(notice).transaction_reference for notice in (NOTICE, OTHER)]

        assert started == [payment.transaction_reference for payment in desk.ledger.payments()]

    def test_durable(self, file: Path, open_sql: OpenSql) -> None:
        """A committed transaction of SQLite survives the loss of power."""
        ledger = open_sql(f"sqlite:///{file}")
        with ledger._database.transaction(write=False) as connection:
            asked = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")]

        assert [2, "wal"] == asked


class TestLocks:
    """A payment is written under the lock of its notices."""

    @pytest.mark.parametrize("act", ["asked", "give_up"])
    def test_meanwhile(self, ledger_url: str, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
        """A notification that comes while another process writes that nothing came is not overwritten."""
        merchant = uuid.uuid4().hex
        desk, other = (Desk(open_sql(ledger_url, merchant_id=merchant)) for _ in range(2))
        started = desk.start()
        notification = Thread(target=other.notify, args=(started,))
        original = store.SqlStore.update

        def update(self: store.SqlStore, payment: Payment) -> None:
            if payment.state is not PaymentState.PAID:
                notification.start()
                notification.join(0.5)  # it waits for the lock
            original(self, payment)

        monkeypatch.setattr(store.SqlStore, "update", update)
        getattr(desk.ledger, act)(desk.payment(started), now=NOON)
        notification.join()

        assert "PAID" == desk.state(started)


class TestBusy:
    """Others who open the same new file at the same time."""

    def test_waits(self, file: Path, open_sql: OpenSql) -> None:
        """A file that somebody else is making is waited for."""
        file.touch(0o600)
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        release = Timer(0.3, other.rollback)
        release.start()
        ledger = open_sql(f"sqlite:///{file}")
        release.join()
        other.close()

        assert () == ledger.payments()

    def test_not_for_ever(self, file: Path, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody waits for ever: the error is retryable."""
        file.touch(0o600)
        monkeypatch.setattr(sql_database, "_BUSY_TIMEOUT_S", -1)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(GatewayUnavailableError):
            open_sql(f"sqlite:///{file}")
        other.close()

    def test_writers(self, file: Path, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch) -> None:
        """A writer waits for another writer until the time-out; then the ledger is unchanged."""
        desk = Desk(open_sql(f"sqlite:///{file}"))
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        with monkeypatch.context() as patch:
            patch.setattr(sql_database, "_BUSY_TIMEOUT_S", -1)
            with pytest.raises(GatewayUnavailableError) as caught:
                desk.start()
        release = Timer(0.3, other.rollback)
        release.start()
        desk.start()
        release.join()
        other.close()

        assert (True, 1) == (caught.value.retryable, len(desk.ledger.payments()))

    def test_readers(self, file: Path, open_sql: OpenSql) -> None:
        """The busy time-out of SQLite is the same after a write."""
        ledger = open_sql(f"sqlite:///{file}")
        Desk(ledger).start()
        with ledger._database.transaction(write=False) as connection:
            waiting = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()

        assert 30_000 == waiting


class TestPool:
    """A connection of PostgreSQL that the server has closed is replaced before use."""

    def test_closed(self) -> None:
        """A closed connection, and one on which an idle server has sent something, are replaced."""
        ours, server = socket.socketpair()
        with ours, server:
            idle = SimpleNamespace(closed=False, fileno=ours.fileno)
            sql_database._check_postgresql(idle, None, None)  # type: ignore[arg-type]
            server.send(b"x")
            for raw in (idle, SimpleNamespace(closed=True)):
                with pytest.raises(DisconnectionError):
                    sql_database._check_postgresql(raw, None, None)  # type: ignore[arg-type]


class TestPayloads:
    """What came, encrypted at rest."""

    def test_encrypted(self, file: Path, open_sql: OpenSql) -> None:
        """No file of the database holds the text of a message, and the ledger reads it."""
        desk = Desk(open_sql(f"sqlite:///{file}", payload_keys=[PAYLOAD_KEY]))
        started = desk.start()
        desk.notify(started, customerId="MARKED1")
        kept = desk.ledger.events(started.transaction_reference)[0]
        desk.ledger.close()  # type: ignore[attr-defined]

        assert kept.message is not None
        assert b"MARKED1" in kept.message.body
        assert not [path for path in file.parent.iterdir() if b"MARKED1" in path.read_bytes()]
        assert "MARKED1" not in repr(kept)

    def test_without_key(self, file: Path, monkeypatch: pytest.MonkeyPatch, open_sql: OpenSql) -> None:
        """Without a key a message is kept as its hash alone, and one that waits for its order waits for the bank."""
        monkeypatch.delenv("CREANCE_PAY_LEDGER_KEYS", raising=False)
        desk = Desk(open_sql(f"sqlite:///{file}"))
        answer = desk.notify("PCLCB263270000001")
        desk.service.reconcile()

        kept = desk.ledger.events("PCLCB263270000001")
        assert (503, [None]) == (answer.http_status, [event.evidence.payload for event in kept])

    def test_environment(self, file: Path, monkeypatch: pytest.MonkeyPatch, open_sql: OpenSql) -> None:
        """The environment may hold the keys."""
        monkeypatch.setenv("CREANCE_PAY_LEDGER_KEYS", f"{Fernet.generate_key().decode()},{PAYLOAD_KEY}")
        desk = Desk(open_sql(f"sqlite:///{file}"))
        desk.notify("PCLCB263270000001")

        assert desk.ledger.events("PCLCB263270000001")[0].message is not None

    def test_rotation(self, ledger_url: str, monkeypatch: pytest.MonkeyPatch, open_sql: OpenSql) -> None:
        """After a new key has encrypted everything again the old one opens nothing, and the new one all."""
        monkeypatch.setattr(store, "_PAGE", 2)
        shop, new = f"{ledger_url[:3]}-rotation", Fernet.generate_key().decode()
        desk = Desk(open_sql(ledger_url, merchant_id=shop, payload_keys=[PAYLOAD_KEY]))
        references = [f"PCLCB26001000000{number}" for number in range(5)]
        for reference in references:
            desk.notify(reference)
        open_sql(ledger_url, merchant_id=shop, payload_keys=[new, PAYLOAD_KEY]).rekey()

        after = open_sql(ledger_url, merchant_id=shop, payload_keys=[new])
        assert [] == [each for each in references if after.events(each)[0].message is None]
        assert [False] * 5 == [desk.ledger.events(each)[0].readable for each in references]
        lost = [open_sql(ledger_url, merchant_id=shop, payload_keys=keys).rekey() for keys in ([PAYLOAD_KEY], [])]
        assert (0, [5, 5]) == (after.rekey(), lost)

    @pytest.mark.parametrize("key", ["short", "x" * 43 + "é", "A" * 45])
    def test_no_key(self, key: str, open_sql: OpenSql) -> None:
        """An invalid key is refused and not shown."""
        with pytest.raises(ConfigurationError) as caught:
            open_sql("sqlite:///nowhere.db", payload_keys=[key])

        assert "32 bytes in URL-safe base64" in str(caught.value)
        assert key not in str(caught.value)
        assert caught.value.__context__ is None


class TestReaching:
    """What cannot be reached, or is no database for a ledger."""

    @pytest.mark.parametrize(
        "url", ["", "nothing", "sqlite://", "sqlite:///:memory:", "mysql://u:hidden-word@host/db", "postgres://x/y"]
    )
    def test_another_kind(self, url: str) -> None:
        """Anything but SQLite in a file and PostgreSQL is refused, and a password not shown."""
        with pytest.raises(ConfigurationError, match=r"sqlite:///FILE or postgresql://") as caught:
            SqlLedger(url, merchant_id=MERCHANT)
        assert "hidden-word" not in str(caught.value)

    def test_nobody_there(self, open_sql: OpenSql) -> None:
        """A server that is not there when the ledger is opened is our own error, with its cause and not retryable."""
        with pytest.raises(GatewayUnavailableError) as caught:
            open_sql("postgresql://portal:hidden-word@127.0.0.1:9/ledger")

        assert not caught.value.retryable
        begin = "the ledger's database does not answer, or refuses: server 127.0.0.1:9/ledger: OperationalError: "
        assert str(caught.value).startswith(begin)
        assert "port 9 failed" in str(caught.value)
        assert "hidden-word" not in str(caught.value)
        assert caught.value.__context__ is None

    def test_wrong_folder(self, tmp_path: Path, open_sql: OpenSql) -> None:
        """A path that leads nowhere is named, and is not retryable."""
        with pytest.raises(GatewayUnavailableError) as caught:
            open_sql(f"sqlite:///{tmp_path}/nowhere/ledger.db")

        assert not caught.value.retryable
        assert f"file {tmp_path}/nowhere/ledger.db: OperationalError (SQLITE_CANTOPEN)" in str(caught.value)

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://portal:MARKED",
            "postgresql://portal:MARKED@MARKED:MARKED@host/db",
            "postgresql://portal:MARKED@host:5432x/db",
            "postgresql://portal:MARKED@[::1:5/db",
            "postgresql://portal:MARKED@/db?port=MARKED",
            "sqlite:///ledger.db?timeout=MARKED",
            "sqlite:///MARKED\0.db",
        ],
    )
    def test_ill_formed_url(self, url: str) -> None:
        """An ill-formed URL is refused, and no part of it is shown: the port may be half of the password."""
        with pytest.raises(ConfigurationError, match=r"URL of (a|the) ledger") as caught:
            SqlLedger(url, merchant_id=MERCHANT)

        assert (False, None) == ("MARKED" in str(caught.value), caught.value.__context__)

    def test_no_file(self, tmp_path: Path) -> None:
        """The merchants of a file that does not exist are none, and the file is not created."""
        with pytest.raises(GatewayUnavailableError, match=r"ledger\.db does not exist"):
            SqlLedger.merchants(f"sqlite:///{tmp_path}/ledger.db")

        assert [] == [*tmp_path.iterdir()]

    def test_wrong_name(self, postgres: str, open_sql: OpenSql) -> None:
        """A wrong user or database is told apart from a refused port, and is not retryable."""
        address = make_url(postgres)
        urls = {
            'role "nobody" does not exist': address.set(username="nobody", password="hidden-word"),
            'database "nothing" does not exist': address.set(database="nothing"),
        }

        def error_of(url: URL) -> GatewayUnavailableError:
            with pytest.raises(GatewayUnavailableError) as caught:
                open_sql(url.render_as_string(hide_password=False))
            assert "hidden-word" not in str(caught.value)
            return caught.value

        assert dict.fromkeys(urls, (True, False)) == {
            cause: (cause in str(error := error_of(url)), error.retryable) for cause, url in urls.items()
        }

    def test_too_many(self, postgres: str, open_sql: OpenSql) -> None:
        """Too many clients are told apart, and are retryable."""
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0")
        url = make_url(postgres).set(username="narrow").render_as_string()
        with pytest.raises(GatewayUnavailableError, match='too many connections for role "narrow"') as caught:
            open_sql(url)

        assert caught.value.retryable

    def test_restarted(self, ledger_url: str, open_sql: OpenSql, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that was reached before restarts: its refusal is retryable."""
        ledger = open_sql(ledger_url)

        def gone() -> None:
            raise PoolTimeoutError("pool")

        monkeypatch.setattr(ledger._database._engine, "connect", gone)
        with pytest.raises(GatewayUnavailableError, match="TimeoutError: pool") as caught:
            ledger.incidents()

        assert caught.value.retryable

    def test_unknown_error(self) -> None:
        """The text of an error of another kind may have a value, and is not shown."""
        failure = failure_of(
            SQLAlchemyError("MARKED"), make_url("postgresql://u:p@host/db"), connecting=False, reached=True
        )
        assert isinstance(failure, GatewayUnavailableError)

        assert (
            "the ledger's database does not answer, or refuses: server host:5432/db: SQLAlchemyError",
            True,
        ) == (str(failure), failure.retryable)

    def test_no_right(self, postgres: str, open_sql: OpenSql) -> None:
        """A table that is gone, or that the user may not read, has its SQLSTATE and the message without any value."""
        ledger = open_sql(postgres)
        with pytest.raises(GatewayUnavailableError) as caught, ledger.transaction() as store:
            store._connection.execute(text("SELECT 1 FROM nothing"))

        assert 'ProgrammingError (42P01): relation "nothing" does not exist' in str(caught.value)
        assert not caught.value.retryable

    def test_full(self, file: Path, open_sql: OpenSql) -> None:
        """A full disk is 503, writes nothing, and loses nothing of before."""
        desk = Desk(open_sql(f"sqlite:///{file}", payload_keys=[PAYLOAD_KEY]))
        started = desk.start()
        with desk.ledger._database.transaction() as connection:  # type: ignore[attr-defined]
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        answer = desk.notify(started, customerId="x" * 30_000)

        assert (503, "CREATED", []) == (answer.http_status, desk.state(started), desk.dispositions(started))
        desk.ledger.close()  # type: ignore[attr-defined]
        assert 200 == desk.notify(started).http_status

    @pytest.mark.parametrize(
        ("module", "url", "extra"),
        [
            ("creance_pay.ledger.sql.database", "sqlite:///x.db", "ledger"),
            ("psycopg", "postgresql://host/db", "postgresql"),
        ],
    )
    def test_missing_extra(self, monkeypatch: pytest.MonkeyPatch, module: str, url: str, extra: str) -> None:
        """The error names the missing extra."""
        monkeypatch.setitem(__import__("sys").modules, module, None)
        monkeypatch.delattr("creance_pay.ledger.sql.database")

        with pytest.raises(MissingExtraError, match=rf"creance-pay\[{extra}\]") as caught:
            SqlLedger(url, merchant_id=MERCHANT)
        assert extra == caught.value.extra

    def test_repr(self, file: Path, open_sql: OpenSql) -> None:
        """A ledger shows its kind and its shop, and no address."""
        assert "SqlLedger(sqlite, merchant_id='7')" == repr(open_sql(f"sqlite:///{file}", merchant_id="7"))
