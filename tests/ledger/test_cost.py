"""The statements and transactions of a payment's life, and the rows that they read."""

import re
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from creance_pay.ledger import Effect, SqlLedger
from creance_pay.ledger.sql.statements import statements_for
from creance_pay.payments import StartedPayment
from ledger_desk import Desk
from ledgers import PAYLOAD_KEY, OpenSql
from programs import ROOT
from sips_merchant import NOON

# The statements of each act in order, and the number of its transactions.  A LOCK is a SELECT FOR UPDATE, which SQLite
# does not need: it has one writer at a time.
ACTS = {
    "start": ("INSERT LOCK SELECT INSERT INSERT", 1),
    "notification": ("LOCK SELECT UPDATE INSERT SELECT INSERT", 1),
    "return": ("LOCK SELECT SELECT INSERT", 1),
    "one effect": ("SELECT UPDATE UPDATE SELECT", 2),
    # The INSERT is the heartbeat.
    "nothing to reconcile": ("SELECT SELECT SELECT SELECT SELECT SELECT SELECT INSERT", 5),
}
WORD = re.compile("SELECT|INSERT|UPDATE|DELETE")
# The tables that grow with the payments of a merchant.
LARGE = ("creance_payments", "creance_notices", "creance_records")
FILL = """
INSERT INTO creance_payments (merchant_id, transaction_reference, cents, return_url, notification_url, state,
created_at, changed_at, version)
SELECT '{merchant}', 'REF' || n, 1600, '', '', 'CREATED', now(), now(), 1 FROM generate_series(1, 2000) n;
INSERT INTO creance_notices (merchant_id, notice_reference, transaction_reference, cents)
SELECT '{merchant}', 'NOTICE' || n, 'REF' || n, 1600 FROM generate_series(1, 2000) n;
INSERT INTO creance_records (merchant_id, transaction_reference, source, at, digest, treatment, meaning, detail)
SELECT '{merchant}', 'REF' || n, 'RETURN', now(), 'd' || n, 'APPLIED', 'm' || n, '' FROM generate_series(1, 2000) n;
ANALYZE creance_payments, creance_notices, creance_records
"""


class Count:
    """The statements and transactions of a ledger, as its driver executes them."""

    def __init__(self, ledger: SqlLedger) -> None:
        """Count from now on, on new connections."""
        self.words: list[str] = []
        self.transactions = 0
        ledger.close()
        event.listen(ledger._database._engine, "connect", self._watch)
        event.listen(ledger._database._engine, "begin", self._begun)

    def _watch(self, raw: Any, _: object) -> None:  # noqa: ANN401 - a connection of either driver
        if isinstance(raw, psycopg.Connection):
            raw.cursor_factory = type("Counted", (psycopg.Cursor,), {"execute": self._counted(psycopg.Cursor.execute)})
        else:
            raw.set_trace_callback(self._note)

    def _counted(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        def counted(cursor: object, query: object, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - any
            self._note(str(query))
            return execute(cursor, query, *arguments, **options)

        return counted

    def _note(self, statement: str) -> None:
        if word := WORD.match(statement):
            locks = "FOR UPDATE" in statement and "SKIP LOCKED" not in statement
            self.words.append("LOCK" if locks else word[0])

    def _begun(self, _: object) -> None:
        self.transactions += 1

    def of(self, act: Callable[[], object]) -> tuple[str, int]:
        """Return the statements and the number of transactions of an act."""
        self.words, self.transactions = [], 0
        act()
        return " ".join(self.words), self.transactions


def test_life(ledger_url: str, open_sql: OpenSql) -> None:
    """Each act of a payment's life executes these statements, and no others, in so many transactions."""
    ledger = open_sql(ledger_url, merchant_id=uuid.uuid4().hex, payload_keys=[PAYLOAD_KEY])
    desk = Desk(ledger, effects=[Effect(name="acknowledgement", run=lambda _payment, _key: None)])
    count, started = Count(ledger), list[StartedPayment]()
    found = {
        "start": count.of(lambda: started.append(desk.start())),
        "notification": count.of(lambda: desk.notify(started[0])),
        "return": count.of(lambda: desk.bring_back(started[0])),
        "one effect": count.of(desk.service.run_effects),
        "nothing to reconcile": count.of(desk.service.reconcile),
    }
    one_writer = ledger_url.startswith("sqlite")

    assert {
        act: (words.replace("LOCK ", "") if one_writer else words, number) for act, (words, number) in ACTS.items()
    } == found


def test_page() -> None:
    """The page about the ledger shows the number of these statements on both databases, and of the transactions."""
    page = (ROOT / "docs" / "ledger-internals.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    counted = [(Counter(words.split()), number) for words, number in ACTS.values()]

    assert [(words.total() - words["LOCK"], words.total(), number) for words, number in counted] == [
        tuple(map(int, row)) for row in rows
    ]


def queries(kind: str) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield each statement that reads: its name, its text, and values for its parameters."""
    texts = {"names": ["acknowledgement"], "notices": ["NOTICE1"], "references": ["REF1"]}
    values = {"merchant_id": "m", "transaction_reference": "REF1", "fingerprint": "m1", "key": "k", "now": NOON}
    for name, statement in vars(statements_for(kind)).items():
        if statement.text.startswith("SELECT"):
            yield name, statement.text, statement.parameters({**values, **texts, "never": NOON})


def test_indexes_sqlite(tmp_path: Path, open_sql: OpenSql) -> None:
    """On SQLite no statement reads every notice, payment or event of a merchant, without statistics too."""
    open_sql(f"sqlite:///{tmp_path / 'ledger.db'}").close()
    connection = sqlite3.connect(tmp_path / "ledger.db")
    plans = {
        (name, row[3])
        for name, query, values in queries("sqlite")
        if not name.startswith("lock")  # of PostgreSQL alone
        for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)
    }
    connection.close()
    read = {(name, plan) for name, plan in plans if plan.split()[1].startswith(LARGE)}

    assert {"of_notices", "of_payment", "find", "each", "has_fingerprint", "number_of_events", "next_task"} == {
        name for name, _ in read
    }
    assert set() == {(name, plan) for name, plan in read if "(merchant_id=? AND " not in plan}


def test_indexes_postgresql(postgres: str, open_sql: OpenSql) -> None:
    """On PostgreSQL the same, once it has statistics."""
    merchant = uuid.uuid4().hex
    open_sql(postgres, merchant_id=merchant).close()
    with psycopg.connect(postgres, autocommit=True) as connection:
        for statement in FILL.format(merchant=merchant).split(";"):
            connection.execute(statement.encode())
        read = {
            (name, node["Relation Name"], node.get("Index Cond", ""))
            for name, query, values in queries("postgresql")
            for node in nodes(
                psycopg.ClientCursor(connection)
                .execute(f"EXPLAIN (FORMAT JSON) {query}", {**values, "merchant_id": merchant})
                .fetchone()[0][0]["Plan"]  # type: ignore[index]
            )
            if node.get("Relation Name", "").startswith(LARGE)
        }

    assert {
        "lock",
        "lock_payment",
        "of_notices",
        "of_payment",
        "find",
        "each",
        "has_fingerprint",
        "number_of_events",
        "next_task",
    } == {name for name, _, _ in read}
    assert set() == {each for each in read if " AND " not in each[2]}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)
