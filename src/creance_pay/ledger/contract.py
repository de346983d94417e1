"""The contract of a store: the rows of one merchant inside one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from ..payment import Movement, PaymentState
from ..references import NoticeReference
from .acts import Act
from .incidents import Incident, IncidentKind
from .outbox import Effect, EffectTask
from .records import Disposition, Payment, PaymentEvent, PostingState, Sums


class Store(Protocol):
    """The rows of one merchant inside one transaction: committed together, or not at all."""

    def lock(self, notices: Collection[NoticeReference]) -> tuple[list[Payment], bool]:
        """Lock the notices, then read their payments, and whether one of them was settled by other means."""

    def lock_payment(self, transaction_reference: str) -> tuple[list[Payment], bool]:
        """Lock the notices of a payment and read their payments, as :meth:`lock`; no payments for an unknown one."""

    def next_sequence(self, first: int) -> int:
        """Return the next sequence number, and of an empty ledger the one after ``first``.

        Locks the merchant's row until commit.
        """

    def add(self, payment: Payment) -> bool:
        """Insert a payment; return ``False`` when its reference exists."""

    def update(self, payment: Payment) -> None:
        """Write a payment over its previous version."""

    def find(self, transaction_reference: str) -> Payment | None:
        """Read a payment."""

    def of_notices(self, notices: Collection[NoticeReference]) -> list[Payment]:
        """Read the payments of any of these notices, without a lock."""

    def payments(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        """Yield the payments in these states, or in any, recorded within a period, ordered by reference."""

    def to_ask(self, now: datetime, before: datetime) -> list[Payment]:
        """Read the payments recorded before a time about which :meth:`Payment.to_ask` asks a question."""

    def moved(self, after: int, most: int) -> list[PaymentEvent]:
        """Read the events after a number that moved money, in the order of their numbers.

        Waits for transactions that have numbered an event and are not committed: no lower number appears later.
        """

    def sums(self, references: Collection[str], until: int) -> dict[str, Sums]:
        """Sum up the money that the events of payments moved, up to a number."""

    def unposted(self, now: datetime) -> list[str]:
        """Read the references of payments whose display time has passed and that are not posted, in their order."""

    def set_postings(
        self,
        transaction_reference: str,
        postings: Mapping[NoticeReference, PostingState],
        *,
        at: datetime,
        by: str,
        reason: str,
    ) -> None:
        """Write the posting state of notices of a payment."""

    def add_movement(self, transaction_reference: str, movement: Movement, *, source: str, at: datetime) -> None:
        """Insert a movement."""

    def movements(self, transaction_reference: str) -> list[Movement]:
        """Read the movements of a payment, in the order of recording."""

    def add_event(self, event: PaymentEvent) -> int:
        """Insert an event, and return its number."""

    def events(self, transaction_reference: str) -> list[PaymentEvent]:
        """Read the events of a payment, in the order of recording."""

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        """Return whether an event of the payment has this fingerprint."""

    def parked(self, after: int, most: int) -> list[PaymentEvent]:
        """Read the parked events after a number that have a payload and a payment, and that no event has retried."""

    def has_equal(self, event: PaymentEvent) -> bool:
        """Return whether an event has the payment, the disposition and the digest of another one."""

    def number_of_events(self, transaction_reference: str) -> int:
        """Count the events of a payment."""

    def recorded(self, disposition: Disposition, since: datetime, detail: str | None = None) -> int:
        """Count the events of a disposition after a time, with one detail or with any."""

    def add_act(self, act: Act) -> int:
        """Insert an act, and return its number; raises when the payment has an open one."""

    def finish_act(self, act: Act) -> None:
        """Write the result of an act over the states that it replaces."""

    def open_act(self, transaction_reference: str) -> Act | None:
        """Read the open act of a payment."""

    def open_acts(self) -> list[Act]:
        """Read every open act, the oldest first."""

    def acts(self, transaction_reference: str) -> list[Act]:
        """Read the acts on a payment, in the order of recording."""

    def add_incident(self, incident: Incident) -> None:
        """Insert an incident, or count it where one of its kind, payment and detail is open."""

    def is_open(self, incident: Incident) -> bool:
        """Return whether an incident of this kind, payment and detail is open."""

    def incidents(self, transaction_reference: str | None = None) -> list[Incident]:
        """Read the open incidents, or those of a payment, closed ones included; the oldest first."""

    def close_incident(self, incident: Incident, at: datetime, by: str, reason: str) -> None:
        """Write that an incident is closed."""

    def close_incidents(self, kind: IncidentKind, transaction_reference: str, at: datetime) -> None:
        """Write that every incident of a kind about a payment is closed, since its cause is gone."""

    def settle(self, notice: NoticeReference, at: datetime, by: str, reason: str) -> None:
        """Write that a notice was settled by other means."""

    def register(self, effects: Iterable[Effect]) -> None:
        """Write the names of effects, and the states that call for them."""

    def registered(self, state: PaymentState) -> set[str]:
        """Read the names of the registered effects that a state calls for."""

    def add_task(self, task: EffectTask) -> None:
        """Insert the task of an effect, unless its key exists."""

    def tasks(self) -> list[EffectTask]:
        """Read the tasks that are not done, ordered by due time."""

    def next_task(self, now: datetime, names: Collection[str]) -> tuple[EffectTask, Payment | None] | None:
        """Read the task that is due first among these names, of equal times that of the first key, and its payment.

        Locks the task until commit; skips tasks that another process has locked.
        """

    def claim(self, task: EffectTask) -> None:
        """Write the attempts and the next due time of a task."""

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        """Write when a task was done, or its error and the time of the next try.

        A failure is written only when no later try has begun: it would end the lease of that one.
        """

    def beat(self, job: str, now: datetime, every: timedelta) -> bool:
        """Write that a job has run, and return ``True``; return ``False`` when it has run within ``every``."""

    def heartbeats(self) -> dict[str, datetime]:
        """Read when each job has last run."""

    def last_event_at(self) -> datetime | None:
        """Read the time of the last event; ``None`` without events."""

    def last_number(self) -> int:
        """Return the highest number of an event, or zero."""

    def erase(self, before: datetime, numbers: range) -> int:
        """Erase payloads that came before a time, of events with these numbers, and return how many rows changed.

        Card masks of their payments are erased too, where these last changed before that time.
        """
