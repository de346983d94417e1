"""Ledgers under observation: each transaction is a point where a process may pause or crash, and is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, TypeVar

import attrs

from ...ledger import Act, Incident, Ledger, MemoryLedger, Payment, PaymentEvent, Store

T = TypeVar("T")
_WRITES = frozenset(
    {
        "add", "update", "add_event", "add_incident", "add_task", "add_act", "add_movement", "set_postings", "settle",
        "finish", "claim", "finish_act", "close_incident", "close_incidents", "next_sequence",
    }
)  # fmt: skip


@attrs.frozen
class Commit:
    """A committed transaction.

    Attributes:
        number: Its number, in the order of commits.
        writes: The names of the store's methods that wrote, each with its first argument; a failed effect's is
            ``retry``, and ``close_incidents`` has the kind and the reference.
    """

    number: int
    writes: tuple[tuple[str, Any], ...]

    def of(self, kind: type[T]) -> Iterator[T]:
        """Yield the written values of a class, such as payments or incidents."""
        for _, value in self.writes:
            if isinstance(value, kind):
                yield value

    def lines(self) -> Iterator[str]:
        """Yield each write as a line of text, equal on every kind of ledger."""
        for name, value in self.writes:
            yield f"{self.number} {name} {_line(value)}"


class ObservedLedger(Ledger):
    """A ledger whose transactions are observed.

    Args:
        inner: The ledger.
        commits: The list that each committed transaction is appended to.
        at_transaction: Called before each transaction.
        at_statement: Called before each call of the store, before the commit and after it; may raise
            :class:`~.scheduler.Crash`.
    """

    def __init__(
        self,
        inner: Ledger,
        commits: list[Commit],
        *,
        at_transaction: Callable[[], None],
        at_statement: Callable[[str], None],
    ) -> None:
        """Observe a ledger."""
        self.inner = inner
        self.chance = inner.chance
        self.commits = commits
        self._at_transaction, self._at_statement = at_transaction, at_statement

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Store]:
        """Open an observed transaction."""
        self._at_transaction()
        writes: list[tuple[str, Any]] = []
        with self.inner.transaction(write=write) as store:
            observed: Any = _ObservedStore(store, self._at_statement, writes)
            yield observed
            if write:
                self._at_statement("commit")
        if writes:
            self.commits.append(Commit(len(self.commits), tuple(writes)))
        if write:
            self._at_statement("committed")


class _ObservedStore:
    """A store that calls back before each call, and keeps the writes."""

    def __init__(self, store: Store, at_statement: Callable[[str], None], writes: list[tuple[str, Any]]) -> None:
        self._store, self._at_statement, self._writes = store, at_statement, writes

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the store
        method = getattr(self._store, name)

        def observed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - the method's own
            self._at_statement(name)
            result = method(*given, **named)
            if name == "close_incidents":
                self._writes.append((name, given[:2]))
            elif name in _WRITES and result is not False:  # a reference that exists is not added
                failed = name == "finish" and given[1] is None
                self._writes.append(("retry" if failed else name, given[0] if given else None))
            return result

        return observed


def _line(value: object) -> str:
    """Describe a written value, without the numbers that each kind of ledger gives."""
    if isinstance(value, Payment):
        return f"{value.transaction_reference} {value.state} v{value.version} {value.sums} {value.order.nonce}"
    if isinstance(value, PaymentEvent):
        return f"{value.transaction_reference} {value.disposition} {value.state} {value.evidence.digest}"
    if isinstance(value, Incident):
        return f"{value.transaction_reference} {value.kind} {value.detail}"
    if isinstance(value, Act):
        return f"{value.transaction_reference} {value.kind} {value.amount} {value.state}"
    return str(getattr(value, "key", value))


def snapshot(ledger: Ledger) -> Callable[[], None]:
    """Copy the rows of a ledger, and return a function that puts the copy in their place: a restored backup."""
    if isinstance(ledger, MemoryLedger):
        store = ledger._store  # noqa: SLF001 - a ledger in memory has no backup
        rows = {name: copy(value) for name, value in vars(store).items()}
        return lambda: vars(store).update({name: copy(value) for name, value in rows.items()})
    return _rows(ledger)


def set_back(ledger: Any, steps: int) -> None:  # noqa: ANN401 - as below
    """Set the sequence of a ledger back, as an administrator does who restores one table."""
    if isinstance(ledger, MemoryLedger):
        store = ledger._store  # noqa: SLF001 - a ledger in memory has no table
        store.sequence = None if store.sequence is None else store.sequence - steps
        return
    from ...ledger.sql.tables import merchants  # noqa: PLC0415 - an extra

    changed = {"sequence": merchants.c.sequence - steps}
    with ledger._database._engine.begin() as connection:  # noqa: SLF001 - in the place of the database's tools
        connection.execute(merchants.update().where(merchants.c.merchant_id == ledger._merchant_id).values(changed))  # noqa: SLF001


def _rows(ledger: Any) -> Callable[[], None]:  # noqa: ANN401 - a ledger in a database; loading its class needs an extra
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    from ...ledger.sql.tables import metadata  # noqa: PLC0415 - an extra

    engine, merchant_id = ledger._database._engine, ledger._merchant_id  # noqa: SLF001 - in the place of the database's tools
    tables = metadata.sorted_tables
    inserted = text(
        "rowid" if engine.dialect.name == "sqlite" else "ctid"
    )  # of two equal times, the first one is first
    with engine.connect() as connection:
        found = {
            table: [
                {column.key: row[column] for column in table.c}
                for row in connection.execute(
                    table.select().where(table.c.merchant_id == merchant_id).order_by(inserted)
                ).mappings()
            ]
            for table in tables
        }

    def restore() -> None:
        """Replace the rows by those of the backup."""
        with engine.begin() as connection:
            for table in reversed(tables):
                connection.execute(table.delete().where(table.c.merchant_id == merchant_id))
            for table in tables:
                if found[table]:
                    connection.execute(table.insert(), found[table])

    return restore
