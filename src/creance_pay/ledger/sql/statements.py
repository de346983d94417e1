"""The statements of a payment's life: built and compiled once, then executed by the driver itself.

SQLAlchemy spends more time around such a statement than the database spends on it: it reads the description of every
column of the result at each execution.  SQLAlchemy executes the other statements of a ledger.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    and_,
    any_,
    bindparam,
    exists,
    func,
    make_url,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from .tables import effects, merchants, notices, payments, records, settlements, tasks

# The columns of a payment that its order decides; they never change.
_ORDER_COLUMNS = (
    "cents", "return_url", "notification_url", "nonce", "expires_at", "follows", "created_at", "awaits_posting",
)  # fmt: skip
#: The columns of a payment that a change writes.
CHANGING_COLUMNS = (
    "state", "changed_at", "paid_at", "display_by", "authorisation_number", "authorised_at", "masked_card", "version",
    "response_code", "reference_used", "bank_reference", "questions", "ask_at", "captured", "refunded", "charged_back",
    "represented",
)  # fmt: skip


# The driver of each kind of database, and the style of its named parameters (PEP 249).
_DIALECTS = {"sqlite": ("sqlite://", "named"), "postgresql": ("postgresql+psycopg://", "pyformat")}


class _Texts(TypeDecorator[list[str]]):
    """A list of texts as one parameter: an array of PostgreSQL, or JSON for SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type in the database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else postgresql.ARRAY(Text))

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - of either type
        """Write the list."""
        return json.dumps(value) if dialect.name == "sqlite" else value


class Statement:
    """A statement of SQLAlchemy, compiled for a dialect whose parameters have names.

    Args:
        built: The statement.
        dialect: The dialect.
        columns: The columns that an INSERT or UPDATE writes, each from the parameter of its name.

    Attributes:
        text: The statement in SQL.
    """

    def __init__(self, built: Any, dialect: Dialect, columns: Iterable[str] = ()) -> None:  # noqa: ANN401 - of any kind
        """Compile the statement, and choose how its parameters and columns are converted."""
        compiled = built.compile(dialect=dialect, column_keys=[*columns] or None)
        self.text = str(compiled)
        binds = {name: compiled.binds[name] for name in compiled.params}
        self._constants = {name: each.value for name, each in binds.items() if not each.required}
        writers = {name: each.type.dialect_impl(dialect) for name, each in binds.items()}
        self._writers = [(name, write) for name, kind in writers.items() if (write := kind.bind_processor(dialect))]
        readers = [each.type.dialect_impl(dialect) for each in built.exported_columns]
        self._readers = [
            (place, read) for place, kind in enumerate(readers) if (read := kind.result_processor(dialect, None))
        ]
        names = [each.key for each in built.exported_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024 - no type knows the columns
        self._row: Callable[[Iterable[Any]], Any] = row._make
        self._returns_rows = bool(names)

    def execute(self, cursor: Any, values: Mapping[str, Any]) -> list[Any]:  # noqa: ANN401 - a cursor of either driver
        """Execute the statement by a cursor of the driver, and return its rows as named tuples."""
        cursor.execute(self.text, self.parameters(values))
        return [self._converted(row) for row in cursor.fetchall()] if self._returns_rows else []

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Convert the values of the parameters to the types of the driver."""
        given = {**self._constants, **values}
        for name, write in self._writers:
            given[name] = write(given[name])
        return given

    def _converted(self, row: Iterable[Any]) -> Any:  # noqa: ANN401 - a named tuple of the statement's columns
        cells = list(row)
        for place, read in self._readers:
            cells[place] = read(cells[place])
        return self._row(cells)


def same_payment(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - tables and aliases
    """Build the condition that two rows are of the same payment."""
    same: ColumnElement[bool] = and_(
        one.c.merchant_id == other.c.merchant_id, one.c.transaction_reference == other.c.transaction_reference
    )
    return same


@cache
def statements_for(kind: str) -> SimpleNamespace:
    """Build the statements for a kind of database.  Each has a parameter ``merchant_id``."""
    driver, style = _DIALECTS[kind]
    dialect: Dialect = make_url(driver).get_dialect()(paramstyle=style)  # type: ignore[call-arg]  # every dialect has it
    insert: Any = (sqlite if kind == "sqlite" else postgresql).insert
    reference: BindParameter[str] = bindparam("transaction_reference")

    def ours(table: Any) -> ColumnElement[bool]:  # noqa: ANN401 - tables and aliases
        """Build the condition that a row is the merchant's."""
        mine: ColumnElement[bool] = table.c.merchant_id == bindparam("merchant_id")
        return mine

    def one_of(column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        """Build the condition that a text is in a list, which is one parameter."""
        texts = bindparam(parameter, type_=_Texts)
        if kind == "sqlite":
            return column.in_(select(func.json_each(texts).table_valued("value").c.value))
        return column == any_(texts)

    # A payment is read with its notices in one go, a row for each notice.  Without ORDER BY: to avoid a sort, SQLite
    # would read every notice of the merchant.
    columns = (*payments.c, notices.c.notice_reference, notices.c.cents.label("share"), notices.c.posting)
    with_notices = (notices, same_payment(payments, notices))
    read = select(*columns).select_from(payments.outerjoin(*with_notices)).where(ours(payments))

    own, shared = notices.alias(), notices.alias()
    of_payment = and_(ours(own), own.c.transaction_reference == reference)
    same_notice = and_(own.c.merchant_id == shared.c.merchant_id, own.c.notice_reference == shared.c.notice_reference)
    of_notices = and_(ours(shared), one_of(shared.c.notice_reference, "notices"))
    # The same order for all: two transactions that lock the same notices never wait for each other.
    locked = select(shared.c.transaction_reference).order_by(shared.c.notice_reference, shared.c.transaction_reference)

    def settled(*named: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a subquery of one row
        return select(exists().where(ours(settlements), *named).label("settled")).subquery()

    def sharing(first: Any, rows: Any) -> Any:  # noqa: ANN401 - a subquery and a join, a SELECT
        """Read the payments of notices; the first row is there when they have none."""
        joined = rows.outerjoin(payments, same_payment(shared, payments)).outerjoin(*with_notices)
        return select(first.c.settled, *columns).select_from(joined)

    of_named = settled(one_of(settlements.c.notice_reference, "notices"))
    of_own = settled(of_payment, own.c.notice_reference == settlements.c.notice_reference)

    waiting = and_(ours(tasks), tasks.c.done_at.is_(None))
    this_task = and_(waiting, tasks.c.key == bindparam("key"))
    due = or_(tasks.c.due_at <= bindparam("now"), tasks.c.due_at > bindparam("never"))
    first = select(tasks).where(waiting, due, one_of(tasks.c.name, "names")).order_by(tasks.c.due_at, tasks.c.key)
    task = first.limit(1).with_for_update(skip_locked=True).subquery()
    its_payment = task.outerjoin(payments, same_payment(task, payments)).outerjoin(*with_notices)
    of_task = (task.c.key, task.c.name, task.c.transaction_reference.label("task_of"), task.c.due_at, task.c.attempts)

    built = {
        "next_sequence": insert(merchants)
        .on_conflict_do_update(index_elements=[merchants.c.merchant_id], set_={"sequence": merchants.c.sequence + 1})
        .returning(merchants.c.sequence),
        "lock": locked.where(of_notices).with_for_update(),
        "lock_payment": locked.select_from(own.join(shared, same_notice)).where(of_payment).with_for_update(of=shared),
        "of_notices": sharing(of_named, of_named.outerjoin(shared, of_notices)),
        "of_payment": sharing(of_own, of_own.outerjoin(own, of_payment).outerjoin(shared, same_notice)),
        "add_payment": insert(payments).on_conflict_do_nothing().returning(payments.c.transaction_reference),
        "add_notice": insert(notices),
        "update_payment": update(payments).where(ours(payments), payments.c.transaction_reference == reference),
        "find": read.where(payments.c.transaction_reference == reference),
        "each": read.where(one_of(payments.c.transaction_reference, "references")),
        "add_event": insert(records).returning(records.c.number),
        "number_of_events": select(func.count().label("number"))
        .select_from(records)
        .where(ours(records), records.c.transaction_reference == reference),
        "has_fingerprint": select(records.c.number)
        .where(ours(records), records.c.transaction_reference == reference)
        .where(records.c.fingerprint == bindparam("fingerprint"))
        .limit(1),
        "registered": select(effects.c.name, effects.c.states).where(ours(effects)),
        "add_task": insert(tasks).on_conflict_do_nothing(),
        "next_task": select(*of_task, task.c.error, *columns).select_from(its_payment),
        "claim_task": update(tasks).where(this_task),
        "finish_task": update(tasks).where(this_task),
        "fail_task": update(tasks).where(this_task, tasks.c.attempts == bindparam("begun")),
    }
    key = ("merchant_id", "transaction_reference")
    written = {
        "next_sequence": ("merchant_id", "sequence"),
        "add_payment": (*key, *_ORDER_COLUMNS, *CHANGING_COLUMNS),
        "add_notice": (*key, "notice_reference", "cents"),
        "update_payment": CHANGING_COLUMNS,
        "add_event": [each.key for each in records.c if each.key != "number"],
        "add_task": [each.key for each in tasks.c if each.key != "done_at"],
        "claim_task": ("due_at", "attempts"),
        "finish_task": ("due_at", "error", "done_at"),
        "fail_task": ("due_at", "error"),
    }
    return SimpleNamespace(**{name: Statement(each, dialect, written.get(name, ())) for name, each in built.items()})
