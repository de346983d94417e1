"""The store of a ledger in a relational database, by SQLAlchemy Core: SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, exists, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from ...errors import ConfigurationError
from ...money import Euros
from ...payment import Movement, MovementKind, PaymentOrder, PaymentState, Source
from ...references import NoticeReference
from ..acts import Act, ActKind, ActState
from ..encryption import PayloadCipher
from ..incidents import Incident, IncidentKind
from ..outbox import Effect, EffectTask
from ..records import (
    LATEST_QUESTION,
    WRONG_CLOCK,
    Disposition,
    Evidence,
    Payment,
    PaymentEvent,
    PostingState,
    Sums,
)
from .statements import CHANGING_COLUMNS, Statement, same_payment, statements_for
from .tables import (
    MONEY_MOVED,
    acts,
    effects,
    heartbeats,
    incidents,
    movements,
    notices,
    payments,
    records,
    settlements,
    tasks,
)

_PAGE = 500
_SUMS = ("captured", "refunded", "charged_back", "represented")
# The columns of a payment that change, and that have the names and values of its attributes.
_FACTS = tuple(name for name in CHANGING_COLUMNS if name not in {"state", *_SUMS})


class SqlStore:
    """The store of one merchant, on a connection whose transaction the ledger begins and ends."""

    def __init__(self, connection: Connection, merchant_id: str, payloads: PayloadCipher) -> None:
        self._connection = connection
        driver: Any = connection.connection.driver_connection
        self._cursor = driver.cursor()
        self._statements = statements_for(connection.dialect.name)
        self._locks_rows = connection.dialect.name == "postgresql"  # SQLite has one writer at a time
        self._merchant_id = merchant_id
        self._payloads = payloads

    def lock(self, wanted: Collection[NoticeReference]) -> tuple[list[Payment], bool]:
        if self._locks_rows:
            self._execute(self._statements.lock, notices=_texts(wanted))
        return _shared(self._execute(self._statements.of_notices, notices=_texts(wanted)))

    def lock_payment(self, transaction_reference: str) -> tuple[list[Payment], bool]:
        if self._locks_rows:
            self._execute(self._statements.lock_payment, transaction_reference=transaction_reference)
        return _shared(self._execute(self._statements.of_payment, transaction_reference=transaction_reference))

    def next_sequence(self, first: int) -> int:
        sequence: int = self._execute(self._statements.next_sequence, sequence=first + 1)[0].sequence
        return sequence

    def add(self, payment: Payment) -> bool:
        order = payment.order
        row = {
            "transaction_reference": order.transaction_reference,
            "cents": order.amount.cents,
            "return_url": order.return_url,
            "notification_url": order.notification_url,
            "nonce": order.nonce,
            "expires_at": order.expires_at,
            "follows": ",".join(sorted(payment.follows)),
            "created_at": payment.created_at,
            "awaits_posting": payment.awaits_posting,
        }
        if not self._execute(self._statements.add_payment, **row, **_changing(payment)):
            return False
        for notice, part in order.notices.items():
            row = {"transaction_reference": order.transaction_reference, "notice_reference": str(notice)}
            self._execute(self._statements.add_notice, **row, cents=part.cents)
        return True

    def update(self, payment: Payment) -> None:
        reference = payment.transaction_reference
        self._execute(self._statements.update_payment, transaction_reference=reference, **_changing(payment))

    def find(self, transaction_reference: str) -> Payment | None:
        rows = self._execute(self._statements.find, transaction_reference=transaction_reference)
        return _payment(rows) if rows else None

    def of_notices(self, wanted: Collection[NoticeReference]) -> list[Payment]:
        return _shared(self._execute(self._statements.of_notices, notices=_texts(wanted)))[0]

    def payments(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        wanted: list[ColumnElement[bool]] = [payments.c.state.in_(list(states))] if states else []
        wanted += [payments.c.created_at >= since] if since else []
        wanted += [payments.c.created_at < before] if before else []
        return self._pages(*wanted)

    def to_ask(self, now: datetime, before: datetime) -> list[Payment]:
        asked, created = payments.c.ask_at, payments.c.created_at
        recorded = or_(created <= before, created > now + WRONG_CLOCK)
        # Two queries: each one is a range of the index.
        found = [*self._pages(asked <= now, recorded), *self._pages(asked > now + LATEST_QUESTION, recorded)]
        return sorted(found, key=lambda payment: payment.transaction_reference)

    def moved(self, after: int, most: int) -> list[PaymentEvent]:
        if self._connection.dialect.name == "postgresql":  # numbers are committed in any order; SQLite has one writer
            self._connection.execute(text(f"LOCK TABLE {records.name} IN SHARE MODE"))
        return self._events(select(records).where(text(MONEY_MOVED), records.c.number > after).limit(most))

    def sums(self, references: Collection[str], until: int) -> dict[str, Sums]:
        column = records.c.transaction_reference
        query = (
            select(column, *(func.sum(records.c[name]).label(name) for name in _SUMS))
            .where(self._ours(records), column.in_(references), records.c.number <= until)
            .group_by(column)
        )
        return {row.transaction_reference: _sums(row) for row in self._connection.execute(query)}

    def unposted(self, now: datetime) -> list[str]:
        due = and_(payments.c.awaits_posting, payments.c.display_by <= now, payments.c.captured > 0)
        waiting = exists().where(same_payment(notices, payments), notices.c.posting == PostingState.OPEN)
        query = select(payments.c.transaction_reference).where(self._ours(payments), due, waiting)
        found = self._of_references(set(self._connection.scalars(query)))
        return sorted(each.transaction_reference for each in found if each.unposted())

    def set_postings(
        self,
        transaction_reference: str,
        postings: Mapping[NoticeReference, PostingState],
        *,
        at: datetime,
        by: str,
        reason: str,
    ) -> None:
        for notice, state in postings.items():
            this = and_(
                self._ours(notices),
                notices.c.transaction_reference == transaction_reference,
                notices.c.notice_reference == str(notice),
            )
            values = {"posting": state, "posting_at": at, "posting_by": by, "posting_reason": reason}
            self._connection.execute(update(notices).where(this).values(values))

    def add_movement(self, transaction_reference: str, movement: Movement, *, source: str, at: datetime) -> None:
        row = {
            "merchant_id": self._merchant_id,
            "transaction_reference": transaction_reference,
            "kind": movement.kind,
            "series": movement.series,
            "identifier": movement.identifier,
            "cents": movement.amount.cents,
            "bank_at": movement.at,
            "source": source,
            "at": at,
        }
        self._connection.execute(movements.insert(), row)

    def movements(self, transaction_reference: str) -> list[Movement]:
        these = select(movements).where(
            self._ours(movements), movements.c.transaction_reference == transaction_reference
        )
        return [
            Movement(
                kind=MovementKind(row.kind),
                amount=Euros(row.cents),
                identifier=row.identifier,
                series=row.series,
                at=row.bank_at,
            )
            for row in self._connection.execute(these.order_by(movements.c.number))
        ]

    def add_event(self, event: PaymentEvent) -> int:
        evidence = event.evidence
        row = {
            "transaction_reference": event.transaction_reference,
            "source": evidence.source,
            "at": evidence.at,
            "digest": evidence.digest,
            "payload": self._payloads.encrypt(evidence.payload),
            "retry_of": evidence.retry_of,
            "disposition": event.disposition,
            "state": event.state,
            "fingerprint": event.fingerprint,
            **_cents(event.moved),
            "bank_at": event.bank_at,
            "identifier": event.identifier,
            "response_code": event.response_code,
            "detail": event.detail,
            "by": evidence.by or None,
            "reason": evidence.reason or None,
        }
        number: int = self._execute(self._statements.add_event, **row)[0].number
        return number

    def events(self, transaction_reference: str) -> list[PaymentEvent]:
        return self._events(select(records).where(records.c.transaction_reference == transaction_reference))

    def number_of_events(self, transaction_reference: str) -> int:
        number: int = self._execute(self._statements.number_of_events, transaction_reference=transaction_reference)[
            0
        ].number
        return number

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        same = {"transaction_reference": transaction_reference, "fingerprint": fingerprint}
        return bool(self._execute(self._statements.has_fingerprint, **same))

    def parked(self, after: int, most: int) -> list[PaymentEvent]:
        later = records.alias()
        retried = exists().where(later.c.merchant_id == self._merchant_id, later.c.retry_of == records.c.number)
        known = exists().where(same_payment(records, payments))
        mine = and_(records.c.disposition == Disposition.PARKED, records.c.payload.is_not(None))
        return self._events(select(records).where(mine, records.c.number > after, ~retried, known).limit(most))

    def has_equal(self, event: PaymentEvent) -> bool:
        same = and_(
            records.c.digest == event.evidence.digest,
            records.c.disposition == event.disposition,
            records.c.transaction_reference == event.transaction_reference,
        )
        return self._any(select(records.c.number).where(self._ours(records), same))

    def recorded(self, disposition: Disposition, since: datetime, detail: str | None = None) -> int:
        these = and_(self._ours(records), records.c.disposition == disposition, records.c.at > since)
        if detail is not None:
            these = and_(these, records.c.detail == detail)
        return self._connection.execute(select(func.count()).select_from(records).where(these)).scalar_one()

    def add_act(self, act: Act) -> int:
        row = {
            "merchant_id": self._merchant_id,
            "transaction_reference": act.transaction_reference,
            "kind": act.kind,
            "cents": act.amount.cents,
            "held_before": act.held_before.cents,
            "by": act.by,
            "reason": act.reason,
            "requested_at": act.requested_at,
            "finished_at": act.finished_at,
            "state": act.state,
            "detail": act.detail,
        }
        number: int = self._connection.execute(acts.insert().values(row).returning(acts.c.number)).scalar_one()
        return number

    def finish_act(self, act: Act) -> None:
        this = and_(self._ours(acts), acts.c.number == act.number, acts.c.state.in_(act.state.replaces))
        values = {"finished_at": act.finished_at, "state": act.state, "detail": act.detail}
        self._connection.execute(update(acts).where(this).values(values))

    def open_act(self, transaction_reference: str) -> Act | None:
        found = self._acts(acts.c.transaction_reference == transaction_reference, acts.c.finished_at.is_(None))
        return found[0] if found else None

    def open_acts(self) -> list[Act]:
        return self._acts(acts.c.finished_at.is_(None))

    def acts(self, transaction_reference: str) -> list[Act]:
        return self._acts(acts.c.transaction_reference == transaction_reference)

    def add_incident(self, incident: Incident) -> None:
        row = {
            "merchant_id": self._merchant_id,
            "kind": incident.kind,
            "transaction_reference": incident.transaction_reference,
            "detail": incident.detail,
            "at": incident.at,
        }
        self._connection.execute(
            self._insert(incidents)
            .values(row)
            .on_conflict_do_update(
                index_elements=[
                    incidents.c[name] for name in ("merchant_id", "kind", "transaction_reference", "detail")
                ],
                index_where=incidents.c.closed_at.is_(None),
                set_={"times": incidents.c.times + 1, "last_at": incident.at},
            )
        )

    def is_open(self, incident: Incident) -> bool:
        return self._any(select(incidents.c.number).where(self._this(incident)))

    def incidents(self, transaction_reference: str | None = None) -> list[Incident]:
        about, reference = incidents.c.transaction_reference, transaction_reference
        wanted = incidents.c.closed_at.is_(None) if reference is None else about == reference
        query = select(incidents).where(self._ours(incidents), wanted)
        rows = self._connection.execute(query.order_by(incidents.c.at, incidents.c.number))
        return [
            Incident(
                kind=IncidentKind(row.kind),
                transaction_reference=row.transaction_reference,
                at=row.at,
                detail=row.detail,
                times=row.times,
                last_at=row.last_at,
                closed_at=row.closed_at,
                by=row.closed_by or "",
                reason=row.closed_reason or "",
            )
            for row in rows
        ]

    def close_incident(self, incident: Incident, at: datetime, by: str, reason: str) -> None:
        values = {"closed_at": at, "closed_by": by or None, "closed_reason": reason or None}
        self._connection.execute(update(incidents).where(self._this(incident)).values(values))

    def close_incidents(self, kind: IncidentKind, transaction_reference: str, at: datetime) -> None:
        these = and_(
            self._ours(incidents),
            incidents.c.kind == kind,
            incidents.c.transaction_reference == transaction_reference,
            incidents.c.closed_at.is_(None),
        )
        self._connection.execute(update(incidents).where(these).values(closed_at=at))

    def settle(self, notice: NoticeReference, at: datetime, by: str, reason: str) -> None:
        row = {"merchant_id": self._merchant_id, "notice_reference": str(notice), "at": at}
        row |= {"by": by or None, "reason": reason or None}
        self._connection.execute(self._insert(settlements).values(row).on_conflict_do_nothing())

    def register(self, named: Iterable[Effect]) -> None:
        for effect in named:
            row = {"merchant_id": self._merchant_id, "name": effect.name, "states": ",".join(sorted(effect.on))}
            insert = self._insert(effects).values(row)
            keys = [effects.c.merchant_id, effects.c.name]
            self._connection.execute(
                insert.on_conflict_do_update(index_elements=keys, set_={"states": insert.excluded.states})
            )

    def registered(self, state: PaymentState) -> set[str]:
        rows = self._execute(self._statements.registered)
        return {row.name for row in rows if state in row.states.split(",")}

    def add_task(self, task: EffectTask) -> None:
        self._execute(
            self._statements.add_task,
            key=task.key,
            name=task.name,
            transaction_reference=task.transaction_reference,
            due_at=task.due_at,
            attempts=task.attempts,
            error=task.error,
        )

    def tasks(self) -> list[EffectTask]:
        waiting = select(tasks).where(self._ours(tasks), tasks.c.done_at.is_(None))
        return [
            _task(row, row.transaction_reference)
            for row in self._connection.execute(waiting.order_by(tasks.c.due_at, tasks.c.key))
        ]

    def next_task(self, now: datetime, names: Collection[str]) -> tuple[EffectTask, Payment | None] | None:
        rows = self._execute(self._statements.next_task, now=now, never=now + WRONG_CLOCK, names=[*names])
        if not rows:
            return None
        return _task(rows[0], rows[0].task_of), _payment(rows) if rows[0].transaction_reference else None

    def claim(self, task: EffectTask) -> None:
        self._execute(self._statements.claim_task, key=task.key, due_at=task.due_at, attempts=task.attempts)

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        written = {"key": task.key, "due_at": task.due_at, "error": task.error}
        if at:
            self._execute(self._statements.finish_task, **written, done_at=at)
        else:
            self._execute(self._statements.fail_task, **written, begun=task.attempts)

    def beat(self, job: str, now: datetime, every: timedelta) -> bool:
        row = {"merchant_id": self._merchant_id, "job": job, "at": now}
        last = heartbeats.c.at  # a time ahead of ours came from a wrong clock
        written = self._connection.execute(
            self._insert(heartbeats)
            .values(row)
            .on_conflict_do_update(
                index_elements=[heartbeats.c.merchant_id, heartbeats.c.job],
                set_={"at": now},
                where=or_(last <= now - every, last > now + every),
            )
            .returning(heartbeats.c.job)
        )
        return written.first() is not None

    def heartbeats(self) -> dict[str, datetime]:
        rows = self._connection.execute(select(heartbeats).where(self._ours(heartbeats)).order_by(heartbeats.c.job))
        return {row.job: row.at for row in rows}

    def last_event_at(self) -> datetime | None:
        newest = select(records.c.at).where(self._ours(records)).order_by(records.c.number.desc()).limit(1)
        return self._connection.execute(newest).scalar()

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

    def rekey(self, after: int) -> tuple[int | None, int]:
        """Encrypt a page of payloads again.

        Args:
            after: The number of the last event of the page before.

        Returns:
            The number of the page's last event, or ``None`` after the end; and how many payloads no key decrypts.
        """
        encrypted = and_(self._ours(records), records.c.number > after, records.c.payload.is_not(None))
        page = select(records.c.number, records.c.payload).where(encrypted).order_by(records.c.number).limit(_PAGE)
        last, lost = None, 0
        for last, payload in self._connection.execute(page).all():
            try:
                rotated = self._payloads.rotate(payload)
            except ConfigurationError:
                lost += 1
            else:
                self._connection.execute(update(records).where(records.c.number == last).values(payload=rotated))
        return last, lost

    def _insert(self, table: Table) -> Any:  # noqa: ANN401 - two classes with the same methods and no common name
        return (sqlite if self._connection.dialect.name == "sqlite" else postgresql).insert(table)

    def _ours(self, table: Table) -> ColumnElement[bool]:
        ours: ColumnElement[bool] = table.c.merchant_id == self._merchant_id
        return ours

    def _execute(self, statement: Statement, **values: Any) -> list[Any]:  # noqa: ANN401 - of any column
        """Execute one of the statements of a payment's life."""
        return statement.execute(self._cursor, {"merchant_id": self._merchant_id, **values})

    def _this(self, incident: Incident) -> ColumnElement[bool]:
        """Build the condition of the open row of an incident."""
        return and_(
            self._ours(incidents),
            incidents.c.kind == incident.kind,
            incidents.c.transaction_reference == incident.transaction_reference,
            incidents.c.detail == incident.detail,
            incidents.c.closed_at.is_(None),
        )

    def _any(self, query: Select[Any]) -> bool:
        return self._connection.execute(query.limit(1)).first() is not None

    def _of_references(self, references: Collection[str]) -> list[Payment]:
        return _payments(self._execute(self._statements.each, references=[*references])) if references else []

    def _pages(self, *wanted: ColumnElement[bool]) -> Iterator[Payment]:
        """Yield the payments under a condition, ordered by reference."""
        page = self._page(*wanted)
        while page:
            yield from page
            page = self._page(*wanted, payments.c.transaction_reference > page[-1].transaction_reference)

    def _page(self, *wanted: ColumnElement[bool]) -> list[Payment]:
        column = payments.c.transaction_reference
        page = select(column).where(self._ours(payments), *wanted).order_by(column).limit(_PAGE)
        return self._of_references(set(self._connection.scalars(page)))

    def _events(self, query: Select[Any]) -> list[PaymentEvent]:
        rows = self._connection.execute(query.where(self._ours(records)).order_by(records.c.number))
        return [self._event(row) for row in rows]

    def _event(self, row: Row[Any]) -> PaymentEvent:
        try:
            payload, readable = self._payloads.decrypt(row.payload), True
        except ConfigurationError:  # one unreadable payload must not stop the others
            payload, readable = None, False
        evidence = Evidence(
            source=Source(row.source),
            at=row.at,
            digest=row.digest,
            payload=payload,
            retry_of=row.retry_of,
            by=row.by or "",
            reason=row.reason or "",
        )
        return PaymentEvent(
            number=row.number,
            transaction_reference=row.transaction_reference,
            evidence=evidence,
            disposition=Disposition(row.disposition),
            state=PaymentState(row.state) if row.state else None,
            fingerprint=row.fingerprint,
            moved=_sums(row),
            bank_at=row.bank_at,
            identifier=row.identifier,
            response_code=row.response_code,
            detail=row.detail,
            readable=readable,
        )

    def _acts(self, *wanted: ColumnElement[bool]) -> list[Act]:
        query = select(acts).where(self._ours(acts), *wanted).order_by(acts.c.number)
        return [
            Act(
                number=row.number,
                transaction_reference=row.transaction_reference,
                kind=ActKind(row.kind),
                amount=Euros(row.cents),
                held_before=Euros(row.held_before),
                by=row.by,
                reason=row.reason,
                requested_at=row.requested_at,
                finished_at=row.finished_at,
                state=ActState(row.state),
                detail=row.detail,
            )
            for row in self._connection.execute(query)
        ]


def _texts(wanted: Iterable[NoticeReference]) -> list[str]:
    return [str(notice) for notice in wanted]


def _changing(payment: Payment) -> dict[str, Any]:
    return {"state": payment.state, **{name: getattr(payment, name) for name in _FACTS}, **_cents(payment.sums)}


def _cents(sums: Sums) -> dict[str, int]:
    return {name: getattr(sums, name).cents for name in _SUMS}


def _sums(row: Any) -> Sums:  # noqa: ANN401 - a row of SQLAlchemy or of a driver
    return Sums(**{name: Euros(int(getattr(row, name))) for name in _SUMS})


def _shared(rows: list[Any]) -> tuple[list[Payment], bool]:
    """Build the payments of notices; each row states whether one of the notices was settled elsewhere."""
    return _payments(row for row in rows if row.transaction_reference), rows[0].settled


def _payments(rows: Iterable[Any]) -> list[Payment]:
    """Build payments, ordered by reference, from their rows."""
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.transaction_reference, []).append(row)
    return [_payment(grouped[reference]) for reference in sorted(grouped)]


def _payment(rows: list[Any]) -> Payment:
    """Build a payment from its rows, one for each of its notices."""
    row = rows[0]
    shares = sorted((each for each in rows if each.notice_reference), key=lambda each: each.notice_reference)
    parts = {NoticeReference(each.notice_reference): each for each in shares}
    order = PaymentOrder(
        transaction_reference=row.transaction_reference,
        amount=Euros(row.cents),
        return_url=row.return_url,
        notification_url=row.notification_url,
        notices={notice: Euros(each.share) for notice, each in parts.items()},
        nonce=row.nonce,
        expires_at=row.expires_at,
    )
    return Payment(
        order=order,
        state=PaymentState(row.state),
        sums=_sums(row),
        postings={notice: PostingState(each.posting) for notice, each in parts.items()},
        follows=frozenset(filter(None, row.follows.split(","))),
        created_at=row.created_at,
        awaits_posting=row.awaits_posting,
        **{name: getattr(row, name) for name in _FACTS},
    )


def _task(row: Any, reference: str) -> EffectTask:  # noqa: ANN401 - a row of SQLAlchemy or of a driver
    return EffectTask(
        key=row.key,
        name=row.name,
        transaction_reference=reference,
        due_at=row.due_at,
        attempts=row.attempts,
        error=row.error,
    )
