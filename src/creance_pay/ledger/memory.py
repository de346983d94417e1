"""A ledger in memory, for tests and demonstrations: it ends with its process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta

import attrs

from ..payment import Movement, PaymentState
from ..references import NoticeReference
from .acts import Act
from .incidents import Incident, IncidentKind
from .ledger import Ledger
from .outbox import Effect, EffectTask
from .records import Disposition, Payment, PaymentEvent, PostingState, Sums


class _MemoryStore:
    """A store in dictionaries, used by one thread at a time."""

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.rows: dict[str, Payment] = {}
        self.kept: list[PaymentEvent] = []
        self.movements_of: dict[str, list[Movement]] = {}
        self.listed: list[Act] = []
        self.open: dict[tuple[str, str, str], Incident] = {}
        self.closed: list[Incident] = []
        self.settlements: set[NoticeReference] = set()
        self.known: dict[str, frozenset[PaymentState]] = {}
        self.waiting: dict[str, EffectTask] = {}
        self.done: set[str] = set()
        self.beats: dict[str, datetime] = {}

    def lock(self, notices: Collection[NoticeReference]) -> tuple[list[Payment], bool]:
        return self.of_notices(notices), not self.settlements.isdisjoint(notices)

    def lock_payment(self, transaction_reference: str) -> tuple[list[Payment], bool]:
        payment = self.find(transaction_reference)
        return self.lock(payment.order.notices) if payment else ([], False)

    def next_sequence(self, first: int) -> int:
        self.sequence = (first if self.sequence is None else self.sequence) + 1
        return self.sequence

    def add(self, payment: Payment) -> bool:
        if payment.transaction_reference in self.rows:
            return False
        self.rows[payment.transaction_reference] = payment
        return True

    def update(self, payment: Payment) -> None:
        self.rows[payment.transaction_reference] = payment

    def find(self, transaction_reference: str) -> Payment | None:
        return self.rows.get(transaction_reference)

    def of_notices(self, notices: Collection[NoticeReference]) -> list[Payment]:
        wanted = set(notices)
        return [payment for payment in self.rows.values() if wanted & payment.order.notices.keys()]

    def payments(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        for _, payment in sorted(self.rows.items()):
            within = (since is None or since <= payment.created_at) and (before is None or payment.created_at < before)
            if within and (not states or payment.state in states):
                yield payment

    def to_ask(self, now: datetime, before: datetime) -> list[Payment]:
        return [payment for _, payment in sorted(self.rows.items()) if payment.to_ask(now, before)]

    def moved(self, after: int, most: int) -> list[PaymentEvent]:
        return [event for event in self.kept[after:] if event.moved != Sums()][:most]

    def sums(self, references: Collection[str], until: int) -> dict[str, Sums]:
        found: dict[str, Sums] = {}
        for event in self.kept[:until]:
            if event.transaction_reference in references:
                found[event.transaction_reference] = found.get(event.transaction_reference, Sums()).plus(event.moved)
        return found

    def unposted(self, now: datetime) -> list[str]:
        found = (each for each in self.rows.values() if each.shown_by(now) and each.unposted())
        return sorted(each.transaction_reference for each in found)

    def set_postings(
        self,
        transaction_reference: str,
        postings: Mapping[NoticeReference, PostingState],
        *,
        at: datetime,
        by: str,
        reason: str,
    ) -> None:
        """Do nothing: the payment holds the states, and its event the rest."""

    def add_movement(self, transaction_reference: str, movement: Movement, *, source: str, at: datetime) -> None:  # noqa: ARG002 - the event has both
        # A new list: a roll-back restores a copy of the dictionary, which has the old one.
        self.movements_of[transaction_reference] = [*self.movements(transaction_reference), movement]

    def movements(self, transaction_reference: str) -> list[Movement]:
        return [*self.movements_of.get(transaction_reference, ())]

    def add_event(self, event: PaymentEvent) -> int:
        self.kept.append(attrs.evolve(event, number=len(self.kept) + 1))
        return len(self.kept)

    def events(self, transaction_reference: str) -> list[PaymentEvent]:
        return [event for event in self.kept if event.transaction_reference == transaction_reference]

    def number_of_events(self, transaction_reference: str) -> int:
        return len(self.events(transaction_reference))

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        return any(event.fingerprint == fingerprint for event in self.events(transaction_reference))

    def parked(self, after: int, most: int) -> list[PaymentEvent]:
        retried = {event.evidence.retry_of for event in self.kept}
        return [
            event
            for event in self.kept[after:]
            if event.disposition is Disposition.PARKED
            and event.evidence.payload is not None
            and event.number not in retried
            and event.transaction_reference in self.rows
        ][:most]

    def has_equal(self, event: PaymentEvent) -> bool:
        return any(
            each.disposition is event.disposition and each.evidence.digest == event.evidence.digest
            for each in self.events(event.transaction_reference)
        )

    def recorded(self, disposition: Disposition, since: datetime, detail: str | None = None) -> int:
        return sum(
            event.disposition is disposition and event.evidence.at > since and detail in {None, event.detail}
            for event in self.kept
        )

    def add_act(self, act: Act) -> int:
        self.listed.append(attrs.evolve(act, number=len(self.listed) + 1))
        return len(self.listed)

    def finish_act(self, act: Act) -> None:
        if self.listed[act.number - 1].state in act.state.replaces:
            self.listed[act.number - 1] = act

    def open_act(self, transaction_reference: str) -> Act | None:
        return next((act for act in self.open_acts() if act.transaction_reference == transaction_reference), None)

    def open_acts(self) -> list[Act]:
        return [act for act in self.listed if act.finished_at is None]

    def acts(self, transaction_reference: str) -> list[Act]:
        return [act for act in self.listed if act.transaction_reference == transaction_reference]

    def add_incident(self, incident: Incident) -> None:
        found = self.open.get(_key(incident))
        self.open[_key(incident)] = found.again(incident.at) if found else incident

    def is_open(self, incident: Incident) -> bool:
        return _key(incident) in self.open

    def incidents(self, transaction_reference: str | None = None) -> list[Incident]:
        listed = [*self.closed, *self.open.values()] if transaction_reference is not None else self.open.values()
        found = [each for each in listed if transaction_reference in {None, each.transaction_reference}]
        return sorted(found, key=lambda incident: incident.at)

    def close_incident(self, incident: Incident, at: datetime, by: str, reason: str) -> None:
        found = self.open.pop(_key(incident), None)
        if found:
            # A new list: a roll-back restores the old one.
            self.closed = [*self.closed, attrs.evolve(found, closed_at=at, by=by, reason=reason)]

    def close_incidents(self, kind: IncidentKind, transaction_reference: str, at: datetime) -> None:
        for incident in [each for key, each in self.open.items() if key[:2] == (kind, transaction_reference)]:
            self.close_incident(incident, at, "", "")

    def settle(self, notice: NoticeReference, at: datetime, by: str, reason: str) -> None:  # noqa: ARG002 - not needed in memory
        self.settlements.add(notice)

    def register(self, effects: Iterable[Effect]) -> None:
        self.known.update({effect.name: effect.on for effect in effects})

    def registered(self, state: PaymentState) -> set[str]:
        return {name for name, states in self.known.items() if state in states}

    def add_task(self, task: EffectTask) -> None:
        if task.key not in self.done:
            self.waiting.setdefault(task.key, task)

    def tasks(self) -> list[EffectTask]:
        return sorted(self.waiting.values(), key=lambda task: (task.due_at, task.key))

    def next_task(self, now: datetime, names: Collection[str]) -> tuple[EffectTask, Payment | None] | None:
        due = [task for task in self.waiting.values() if task.due(now) and task.name in names]
        task = min(due, key=lambda task: (task.due_at, task.key), default=None)
        return (task, self.find(task.transaction_reference)) if task else None

    def claim(self, task: EffectTask) -> None:
        self.waiting[task.key] = task

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        begun = self.waiting.get(task.key)
        if at:
            self.waiting.pop(task.key, None)
            self.done.add(task.key)
        elif begun and begun.attempts == task.attempts:
            self.waiting[task.key] = attrs.evolve(begun, error=task.error, due_at=task.due_at)

    def beat(self, job: str, now: datetime, every: timedelta) -> bool:
        last = self.beats.get(job)
        if last is not None and now - every < last <= now + every:
            return False
        self.beats[job] = now
        return True

    def heartbeats(self) -> dict[str, datetime]:
        return dict(self.beats)

    def last_event_at(self) -> datetime | None:
        return self.kept[-1].evidence.at if self.kept else None

    def last_number(self) -> int:
        return len(self.kept)

    def erase(self, before: datetime, numbers: range) -> int:
        page = [event for event in self.kept if event.number in numbers]
        full = [each for each in page if each.evidence.at < before and each.evidence.payload is not None]
        for event in full:
            self.kept[event.number - 1] = attrs.evolve(event, evidence=attrs.evolve(event.evidence, payload=None))
        references = {each.transaction_reference for each in page}
        cards = [
            payment
            for reference, payment in self.rows.items()
            if reference in references and payment.masked_card and payment.changed_at < before
        ]
        for payment in cards:
            self.update(attrs.evolve(payment, masked_card=None, version=payment.version + 1))
        return len(full) + len(cards)


def _key(incident: Incident) -> tuple[str, str, str]:
    return incident.kind, incident.transaction_reference, incident.detail


class MemoryLedger(Ledger):
    """A ledger that ends with its process.

    >>> MemoryLedger().incidents()
    ()
    """

    def __init__(self) -> None:
        """Start empty."""
        self._store = _MemoryStore()
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[_MemoryStore]:
        """Open the store for one thread at a time."""
        with self._lock:
            before = {name: copy(rows) for name, rows in vars(self._store).items()} if write else {}
            try:
                yield self._store
            except BaseException:
                vars(self._store).update(before)
                raise
