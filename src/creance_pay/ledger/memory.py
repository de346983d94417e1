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
from .records import Payment, PaymentEvent
from .transitions import Disposition


class _MemoryStore:
    """Store in dictionaries; whoever opens them keeps all others out."""

    def __init__(self) -> None:
        self.sequence = 0
        self.payments: dict[str, Payment] = {}
        self.kept: list[PaymentEvent] = []
        self.open: dict[tuple[str, str, str], Incident] = {}
        self.settlements: set[NoticeReference] = set()
        self.waiting: dict[str, EffectTask] = {}
        self.done: set[str] = set()

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def add(self, entry: Payment) -> None:
        self.payments[entry.transaction_reference] = entry

    def compare_and_set(self, entry: Payment) -> bool:
        if self.payments[entry.transaction_reference].version != entry.version - 1:
            return False
        self.payments[entry.transaction_reference] = entry
        return True

    def find(self, transaction_reference: str) -> Payment | None:
        return self.payments.get(transaction_reference)

    def payments_for_notices(self, notices: Collection[NoticeReference]) -> list[Payment]:
        wanted = set(notices)
        return [entry for entry in self.payments.values() if wanted & entry.order.notices.keys()]

    def entries(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        for _, entry in sorted(self.payments.items()):
            within = (since is None or since <= entry.created_at) and (before is None or entry.created_at < before)
            if within and (not states or entry.state in states):
                yield entry

    def add_record(self, record: PaymentEvent) -> int:
        self.kept.append(attrs.evolve(record, number=len(self.kept) + 1))
        return len(self.kept)

    def records(self, transaction_reference: str) -> list[PaymentEvent]:
        return [record for record in self.kept if record.transaction_reference == transaction_reference]

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        return any(record.fingerprint == fingerprint for record in self.records(transaction_reference))

    def parked(self) -> list[PaymentEvent]:
        taken_up = {record.received.retry_of for record in self.kept}
        return [
            record for record in self.kept if record.disposition is Disposition.PARKED and record.number not in taken_up
        ]

    def refusals(self, since: datetime) -> int:
        return sum(record.disposition is Disposition.REFUSED and record.received.at > since for record in self.kept)

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
        page = [record for record in self.kept if record.number in numbers]
        full = [each for each in page if each.received.at < before and each.received.payload is not None]
        for record in full:
            self.kept[record.number - 1] = attrs.evolve(record, received=attrs.evolve(record.received, payload=None))
        theirs = [
            self.payments[reference]
            for reference in {each.transaction_reference for each in page}
            if reference in self.payments
        ]
        cards = [entry for entry in theirs if entry.masked_card and entry.changed_at < before]
        for entry in cards:
            self.add(attrs.evolve(entry, masked_card=None, version=entry.version + 1))
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
        self._books = _MemoryStore()
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[_MemoryStore]:  # noqa: ARG002 - one at a time, either way
        """Open the books for one thread at a time; a block that raises must have written nothing."""
        with self._lock:
            yield self._books
