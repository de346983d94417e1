"""A ledger's store in a relational database, by SQLAlchemy Core: SQLite or PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source
from ...references import NoticeReference
from ..encryption import PayloadCipher
from ..incidents import Incident, IncidentKind
from ..outbox import LONGEST, EffectTask
from ..records import Disposition, Evidence, Payment, PaymentEvent
from .tables import incidents, merchants, notices, payments, records, settlements, tasks

_PAGE = 500
# Of an payment, what is kept beside its order, under the same names.
_FACTS = (
    "created_at", "changed_at", "paid_at", "display_by", "authorisation_number", "authorised_at", "masked_card",
    "version",
)  # fmt: skip


class SqlStore:
    """The store of one merchant, on a connection whose transaction the ledger begins and ends."""

    def __init__(self, connection: Connection, merchant_id: str, payloads: PayloadCipher, *, write: bool) -> None:
        self._connection = connection
        self._merchant_id = merchant_id
        self._payloads = payloads
        self._write = write

    def next_sequence(self) -> int:
        first = self._insert(merchants).values(merchant_id=self._merchant_id, sequence=1)
        counted = first.on_conflict_do_update(
            index_elements=[merchants.c.merchant_id], set_={"sequence": merchants.c.sequence + 1}
        )
        sequence: int = self._connection.execute(counted.returning(merchants.c.sequence)).scalar_one()
        return sequence

    def add(self, payment: Payment) -> None:
        order = payment.order
        whose = {"merchant_id": self._merchant_id, "transaction_reference": order.transaction_reference}
        urls = {"return_url": order.return_url, "notification_url": order.notification_url}
        row = {**whose, **urls, "cents": order.amount.cents, **_changing(payment)}
        self._connection.execute(payments.insert(), row)
        parts = [
            {**whose, "notice_reference": str(notice), "cents": part.cents} for notice, part in order.notices.items()
        ]
        self._connection.execute(notices.insert(), parts)

    def compare_and_set(self, payment: Payment) -> bool:
        this = payments.c.transaction_reference == payment.transaction_reference
        before = payments.c.version == payment.version - 1
        written = update(payments).where(self._ours(payments), this, before).values(_changing(payment))
        return self._connection.execute(written).rowcount == 1

    def find(self, transaction_reference: str) -> Payment | None:
        found = self._entries(payments.c.transaction_reference == transaction_reference)
        return found[0] if found else None

    def payments_for_notices(self, notices_: Collection[NoticeReference]) -> list[Payment]:
        """Lock the notices' rows, always in the same order, before the payments are read."""
        column = notices.c.transaction_reference
        rows = select(column).where(self._ours(notices), notices.c.notice_reference.in_(map(str, notices_)))
        if self._write:
            rows = rows.order_by(notices.c.notice_reference, column).with_for_update()
        references = set(self._connection.scalars(rows))
        return self._entries(payments.c.transaction_reference.in_(references)) if references else []

    def payments(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        wanted: list[ColumnElement[bool]] = [payments.c.state.in_(list(states))] if states else []
        wanted += [payments.c.created_at >= since] if since else []
        wanted += [payments.c.created_at < before] if before else []
        page = self._entries(*wanted)
        while page:
            yield from page
            page = self._entries(*wanted, payments.c.transaction_reference > page[-1].transaction_reference)

    def add_event(self, event: PaymentEvent) -> int:
        evidence = event.evidence
        row = {
            "merchant_id": self._merchant_id,
            "transaction_reference": event.transaction_reference,
            "source": evidence.source,
            "at": evidence.at,
            "digest": evidence.digest,
            "payload": self._payloads.encrypt(evidence.payload),
            "retry_of": evidence.retry_of,
            "disposition": event.disposition,
            "state": event.state,
            "fingerprint": event.fingerprint,
            "detail": event.detail,
        }
        written = records.insert().values(row).returning(records.c.number)
        number: int = self._connection.execute(written).scalar_one()
        return number

    def events(self, transaction_reference: str) -> list[PaymentEvent]:
        return self._records(records.c.transaction_reference == transaction_reference)

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        same = and_(records.c.transaction_reference == transaction_reference, records.c.fingerprint == fingerprint)
        return self._any(select(records.c.number).where(self._ours(records), same))

    def parked(self) -> list[PaymentEvent]:
        later = records.alias()
        taken_up = exists().where(later.c.merchant_id == self._merchant_id, later.c.retry_of == records.c.number)
        return self._records(records.c.disposition == Disposition.PARKED, ~taken_up)

    def refusals(self, since: datetime) -> int:
        refused = and_(self._ours(records), records.c.disposition == Disposition.REFUSED, records.c.at > since)
        return self._connection.execute(select(func.count()).select_from(records).where(refused)).scalar_one()

    def add_incident(self, incident: Incident) -> None:
        row = {
            "merchant_id": self._merchant_id,
            "kind": incident.kind,
            "transaction_reference": incident.transaction_reference,
            "detail": incident.detail,
            "at": incident.at,
        }
        self._connection.execute(self._insert(incidents).values(row).on_conflict_do_nothing())

    def incidents(self) -> list[Incident]:
        still_open = select(incidents).where(self._ours(incidents), incidents.c.closed_at.is_(None))
        rows = self._connection.execute(still_open.order_by(incidents.c.at, incidents.c.number))
        return [
            Incident(
                kind=IncidentKind(row.kind),
                transaction_reference=row.transaction_reference,
                at=row.at,
                detail=row.detail,
            )
            for row in rows
        ]

    def close_incident(self, incident: Incident, at: datetime) -> None:
        this = and_(
            self._ours(incidents),
            incidents.c.kind == incident.kind,
            incidents.c.transaction_reference == incident.transaction_reference,
            incidents.c.detail == incident.detail,
            incidents.c.closed_at.is_(None),
        )
        self._connection.execute(update(incidents).where(this).values(closed_at=at))

    def settle(self, notice: NoticeReference, at: datetime) -> None:
        row = {"merchant_id": self._merchant_id, "notice_reference": str(notice), "at": at}
        self._connection.execute(self._insert(settlements).values(row).on_conflict_do_nothing())

    def settled(self, notices_: Collection[NoticeReference]) -> bool:
        column = settlements.c.notice_reference
        return self._any(select(column).where(self._ours(settlements), column.in_(map(str, notices_))))

    def add_task(self, task: EffectTask) -> None:
        row = {
            "merchant_id": self._merchant_id,
            "key": task.key,
            "name": task.name,
            "transaction_reference": task.transaction_reference,
            "due_at": task.due_at,
            "attempts": task.attempts,
            "error": task.error,
        }
        self._connection.execute(self._insert(tasks).values(row).on_conflict_do_nothing())

    def tasks(self) -> list[EffectTask]:
        return [_task(row) for row in self._connection.execute(self._waiting())]

    def next_task(self, now: datetime, names: Collection[str]) -> EffectTask | None:
        due = or_(tasks.c.due_at <= now, tasks.c.due_at > now + LONGEST)
        first = self._waiting().where(due, tasks.c.name.in_(names)).limit(1)
        row = self._connection.execute(first.with_for_update(skip_locked=True)).first()
        return _task(row) if row else None

    def claim(self, task: EffectTask) -> None:
        self._connection.execute(self._update(task).values(due_at=task.due_at, attempts=task.attempts))

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        self._connection.execute(self._update(task).values(error=task.error, done_at=at))

    def last_number(self) -> int:
        highest = select(func.coalesce(func.max(records.c.number), 0)).where(self._ours(records))
        number: int = self._connection.execute(highest).scalar_one()
        return number

    def erase(self, before: datetime, numbers: range) -> int:
        page = and_(self._ours(records), records.c.number.between(numbers[0], numbers[-1]))
        old = and_(page, records.c.at < before, records.c.payload.is_not(None))
        done = self._connection.execute(update(records).where(old).values(payload=None)).rowcount
        theirs = payments.c.transaction_reference.in_(select(records.c.transaction_reference).where(page))
        cards = and_(self._ours(payments), theirs, payments.c.changed_at < before, payments.c.masked_card.is_not(None))
        bare = update(payments).where(cards).values(masked_card=None, version=payments.c.version + 1)
        return done + self._connection.execute(bare).rowcount

    def rekey(self, after: int) -> int | None:
        """Encrypt a page of payloads again; give the number of the last one, or ``None`` after the end."""
        sealed = and_(self._ours(records), records.c.number > after, records.c.payload.is_not(None))
        page = select(records.c.number, records.c.payload).where(sealed).order_by(records.c.number).limit(_PAGE)
        last = None
        for last, payload in self._connection.execute(page).all():
            again = update(records).where(records.c.number == last).values(payload=self._payloads.rotate(payload))
            self._connection.execute(again)
        return last

    def _insert(self, table: Table) -> Any:  # noqa: ANN401 - two classes with the same methods and no common name
        return (sqlite if self._connection.dialect.name == "sqlite" else postgresql).insert(table)

    def _ours(self, table: Table) -> ColumnElement[bool]:
        ours: ColumnElement[bool] = table.c.merchant_id == self._merchant_id
        return ours

    def _any(self, query: Select[Any]) -> bool:
        return self._connection.execute(query.limit(1)).first() is not None

    def _waiting(self) -> Select[Any]:
        return select(tasks).where(self._ours(tasks), tasks.c.done_at.is_(None)).order_by(tasks.c.due_at)

    def _update(self, task: EffectTask) -> Any:  # noqa: ANN401 - SQLAlchemy's own
        return update(tasks).where(self._ours(tasks), tasks.c.key == task.key, tasks.c.done_at.is_(None))

    def _entries(self, *wanted: ColumnElement[bool]) -> list[Payment]:
        """Read a page of payments, and then what each notice receives of them."""
        column = payments.c.transaction_reference
        query = select(payments).where(self._ours(payments), *wanted).order_by(column).limit(_PAGE)
        rows = self._connection.execute(query).all()
        found = [row.transaction_reference for row in rows]
        parts: dict[str, dict[NoticeReference, Euros]] = defaultdict(dict)
        shares = select(notices).where(self._ours(notices), notices.c.transaction_reference.in_(found))
        for share in self._connection.execute(shares):
            parts[share.transaction_reference][NoticeReference(share.notice_reference)] = Euros(share.cents)
        return [_entry(row, parts[row.transaction_reference]) for row in rows]

    def _records(self, *wanted: ColumnElement[bool]) -> list[PaymentEvent]:
        query = select(records).where(self._ours(records), *wanted).order_by(records.c.number)
        return [self._record(row) for row in self._connection.execute(query)]

    def _record(self, row: Row[Any]) -> PaymentEvent:
        evidence = Evidence(
            source=Source(row.source),
            at=row.at,
            digest=row.digest,
            payload=self._payloads.decrypt(row.payload),
            retry_of=row.retry_of,
        )
        return PaymentEvent(
            number=row.number,
            transaction_reference=row.transaction_reference,
            evidence=evidence,
            disposition=Disposition(row.disposition),
            state=PaymentState(row.state) if row.state else None,
            fingerprint=row.fingerprint,
            detail=row.detail,
        )


def _changing(payment: Payment) -> dict[str, Any]:
    return {"state": payment.state, **{name: getattr(payment, name) for name in _FACTS}}


def _entry(row: Row[Any], parts: dict[NoticeReference, Euros]) -> Payment:
    order = PaymentOrder(
        transaction_reference=row.transaction_reference,
        amount=Euros(row.cents),
        return_url=row.return_url,
        notification_url=row.notification_url,
        notices=parts,
    )
    return Payment(order=order, state=PaymentState(row.state), **{name: getattr(row, name) for name in _FACTS})


def _task(row: Row[Any]) -> EffectTask:
    return EffectTask(
        key=row.key,
        name=row.name,
        transaction_reference=row.transaction_reference,
        due_at=row.due_at,
        attempts=row.attempts,
        error=row.error,
    )
