"""A ledger in memory: for tests, demonstrations and trying things out.  It forgets everything with its process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs

from ..payment import PaymentState
from ..references import NoticeReference
from .incidents import Incident
from .ledger import Ledger
from .outbox import EffectTask
from .records import Disposition, Payment, PaymentEvent


class _MemoryStore:
    """Store in dictionaries; whoever opens them keeps all others out."""

    def __init__(self) -> None:
        self.sequence = 0
        self.rows: dict[str, Payment] = {}
        self.kept: list[PaymentEvent] = []
        self.open: dict[tuple[str, str, str], Incident] = {}
        self.settlements: set[NoticeReference] = set()
        self.waiting: dict[str, EffectTask] = {}
        self.done: set[str] = set()

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def add(self, payment: Payment) -> None:
        self.rows[payment.transaction_reference] = payment

    def compare_and_set(self, payment: Payment) -> bool:
        if self.rows[payment.transaction_reference].version != payment.version - 1:
            return False
        self.rows[payment.transaction_reference] = payment
        return True

    def find(self, transaction_reference: str) -> Payment | None:
        return self.rows.get(transaction_reference)

    def payments_for_notices(self, notices: Collection[NoticeReference]) -> list[Payment]:
        wanted = set(notices)
        return [payment for payment in self.rows.values() if wanted & payment.order.notices.keys()]

    def payments(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        for _, payment in sorted(self.rows.items()):
            within = (since is None or since <= payment.created_at) and (before is None or payment.created_at < before)
            if within and (not states or payment.state in states):
                yield payment

    def add_event(self, event: PaymentEvent) -> int:
        self.kept.append(attrs.evolve(event, number=len(self.kept) + 1))
        return len(self.kept)

    def events(self, transaction_reference: str) -> list[PaymentEvent]:
        return [event for event in self.kept if event.transaction_reference == transaction_reference]

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        return any(event.fingerprint == fingerprint for event in self.events(transaction_reference))

    def parked(self) -> list[PaymentEvent]:
        taken_up = {event.evidence.retry_of for event in self.kept}
        return [
            event for event in self.kept if event.disposition is Disposition.PARKED and event.number not in taken_up
        ]

    def refusals(self, since: datetime) -> int:
        return sum(event.disposition is Disposition.REFUSED and event.evidence.at > since for event in self.kept)

    def add_incident(self, incident: Incident) -> None:
        self.open.setdefault(_key(incident), incident)

    def incidents(self) -> list[Incident]:
        return sorted(self.open.values(), key=lambda incident: incident.at)

    def close_incident(self, incident: Incident, at: datetime) -> None:  # noqa: ARG002 - what is closed is forgotten
        self.open.pop(_key(incident), None)

    def settle(self, notice: NoticeReference, at: datetime) -> None:  # noqa: ARG002 - since when is not kept
        self.settlements.add(notice)

    def settled(self, notices: Collection[NoticeReference]) -> bool:
        return not self.settlements.isdisjoint(notices)

    def add_task(self, task: EffectTask) -> None:
        if task.key not in self.done:
            self.waiting.setdefault(task.key, task)

    def tasks(self) -> list[EffectTask]:
        return sorted(self.waiting.values(), key=lambda task: task.due_at)

    def next_task(self, now: datetime, names: Collection[str]) -> EffectTask | None:
        return next((task for task in self.tasks() if task.due(now) and task.name in names), None)

    def claim(self, task: EffectTask) -> None:
        self.waiting[task.key] = task

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        begun = self.waiting.pop(task.key, None)
        if at:
            self.done.add(task.key)
        elif begun:
            self.waiting[task.key] = attrs.evolve(begun, error=task.error)

    def last_number(self) -> int:
        return len(self.kept)

    def erase(self, before: datetime, numbers: range) -> int:
        page = [event for event in self.kept if event.number in numbers]
        full = [each for each in page if each.evidence.at < before and each.evidence.payload is not None]
        for event in full:
            self.kept[event.number - 1] = attrs.evolve(event, evidence=attrs.evolve(event.evidence, payload=None))
        theirs = [
            self.rows[reference]
            for reference in {each.transaction_reference for each in page}
            if reference in self.rows
        ]
        cards = [payment for payment in theirs if payment.masked_card and payment.changed_at < before]
        for payment in cards:
            self.add(attrs.evolve(payment, masked_card=None, version=payment.version + 1))
        return len(full) + len(cards)


def _key(incident: Incident) -> tuple[str, str, str]:
    return incident.kind, incident.transaction_reference, incident.detail


class MemoryLedger(Ledger):
    """A ledger that forgets with its process.

    >>> MemoryLedger().incidents()
    ()
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._store = _MemoryStore()
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[_MemoryStore]:  # noqa: ARG002 - one at a time, either way
        """Open the store for one thread at a time; a block that raises must have written nothing."""
        with self._lock:
            yield self._store
