"""The ledger: every payment of one shop, every message about it, and what still has to happen.

An order is recorded before the browser leaves for the bank.  A message is recorded with what was done with it, in the
same transaction as the state it leads to, the incidents it makes and the effects it calls for: after a crash there is
all of it or nothing.  What becomes of a payment is decided by :func:`~creance_pay.ledger.transitions.transition`
alone; two messages at once change a payment one after the other, by comparing its version and swapping it.

:class:`~creance_pay.ledger.MemoryLedger` forgets with its process, :class:`~creance_pay.ledger.SqlLedger` does not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import attrs

from ..errors import InvalidValueError, MalformedResponseError, PaymentInProgressError, ResponseRefusedError
from ..money import Euros
from ..payment import PaymentOrder, PaymentState, VerifiedPayment
from ..references import NoticeReference, TransactionReference
from .incidents import Incident, IncidentKind
from .outbox import Effect, EffectTask, task_for
from .records import Evidence, Payment, PaymentEvent, fingerprint_of
from .transitions import SETTLED_STATES, UNCONFIRMED_STATES, Change, Disposition, transition

_SEQUENCES = 10_000_000
_PAGE = 1_000
_MOST_REFUSALS, _REFUSALS_WITHIN = 1_000, timedelta(hours=1)


@attrs.frozen(kw_only=True)
class RecordResult:
    """What the ledger made of an authentic message.

    Attributes:
        entry: The payment as it is now.
        disposition: What was done with the message.
        incidents: What a person has to look at because of it.
    """

    entry: Payment = attrs.field(repr=False)
    disposition: Disposition
    incidents: tuple[IncidentKind, ...] = ()

    @property
    def transaction_reference(self) -> str:
        """The payment."""
        return self.entry.transaction_reference

    @property
    def state(self) -> PaymentState:
        """The state of the payment, whatever this message said."""
        return self.entry.state


class Ledger(ABC):
    """The ledger of one shop; a store of your own gives :meth:`transaction`, and has the rest from here.

    Every method raises a retryable :class:`~creance_pay.errors.GatewayUnavailableError` when the store cannot be
    reached; nothing was written then.
    """

    @abstractmethod
    def transaction(self, *, write: bool = True) -> AbstractContextManager[Store]:
        """Open the books: what is written stays when the block ends, and goes when it raises."""

    def open(
        self,
        amount: Euros,
        notices: Mapping[NoticeReference, Euros],
        *,
        return_url: str,
        notification_url: str,
        now: datetime,
        attempt_life: timedelta,
        ignoring: Collection[str] = (),
    ) -> Payment:
        """Record an order under a new transaction reference, before the browser leaves.

        Args:
            amount: What is asked from the bank.
            notices: What each notice receives; sums to ``amount``.
            return_url: Where the browser comes back to.
            notification_url: Where the bank's server posts the result.
            now: The time; the day of the reference is that of Paris.
            attempt_life: How long an attempt of which nothing was heard stands in the way of another.
            ignoring: The references of attempts that stand in nobody's way: the bank was asked about them.

        Raises:
            PaymentInProgressError: when another payment of one of the notices is open, or does not show yet.
            InvalidValueError: when there is no notice, or the order cannot be made.
        """
        if not notices:
            raise InvalidValueError("expected at least one notice: nothing else keeps a debt from being paid twice")
        with self.transaction() as books:
            sequence = books.next_sequence() % _SEQUENCES
            reference = TransactionReference.make(now.astimezone(ZoneInfo("Europe/Paris")).date(), sequence)
            order = PaymentOrder(
                transaction_reference=reference,
                amount=amount,
                notices=notices,
                return_url=return_url,
                notification_url=notification_url,
            )
            found = [each for each in books.payments_for_notices(notices) if each.blocks(now, attempt_life)]
            blocking = [
                each
                for each in found
                if each.state not in UNCONFIRMED_STATES or each.transaction_reference not in ignoring
            ]
            if blocking:
                references = tuple(each.transaction_reference for each in blocking)
                raise PaymentInProgressError("a payment of one of these notices is open", references=references)
            entry = Payment(order=order, created_at=now, changed_at=now)
            books.add(entry)
        return entry

    def payments_for_notices(self, notices: Iterable[NoticeReference]) -> tuple[Payment, ...]:
        """List the payments of any of these notices, whatever became of them."""
        with self.transaction(write=False) as books:
            return tuple(books.payments_for_notices(set(notices)))

    def give_up(self, entry: Payment, *, now: datetime) -> None:
        """Give up an order for which the browser never left, unless something was heard of it nevertheless."""
        over = attrs.evolve(entry, state=PaymentState.ERROR, changed_at=now, version=entry.version + 1)
        with self.transaction() as books:
            books.compare_and_set(over)

    def find(self, transaction_reference: str) -> Payment | None:
        """Read a payment, or ``None``; a reference is guessable, so give no answer to a person by it alone."""
        with self.transaction(write=False) as books:
            return books.find(transaction_reference)

    def entries(
        self,
        states: Collection[PaymentState] = (),
        *,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> tuple[Payment, ...]:
        """List the payments in these states, or in any, that were recorded within a time, by reference."""
        with self.transaction(write=False) as books:
            return tuple(books.entries(states, since, before))

    def records(self, transaction_reference: str) -> tuple[PaymentEvent, ...]:
        """List what came about a payment, and how it was treated, in that order."""
        with self.transaction(write=False) as books:
            return tuple(books.records(transaction_reference))

    def pending(self, references: Iterable[NoticeReference], now: datetime) -> dict[NoticeReference, Euros]:
        """Tell what is accepted and does not show yet, for ``rules.assess(pending=)`` (rule R25).

        Args:
            references: The notices; one of which nothing is pending is left out.
            now: The time, with its zone.
        """
        wanted = set(references)
        pending: dict[NoticeReference, Euros] = {}
        with self.transaction(write=False) as books:
            accepted = [entry for entry in books.payments_for_notices(wanted) if entry.awaiting_display(now)]
        for entry in accepted:
            for notice in wanted & entry.order.notices.keys():
                pending[notice] = pending.get(notice, Euros(0)) + entry.order.notices[notice]
        return pending

    def record(
        self, payment: VerifiedPayment, received: Evidence, *, reference: str, display_by: datetime,
        effects: Collection[Effect] = (),
    ) -> RecordResult:  # fmt: skip
        """Record an authentic message about a payment, and all that follows from it, at once.

        Args:
            payment: What it says.
            received: How it came.
            reference: The payment's reference; the payment is recorded.
            display_by: Until when a payment that is accepted now may not show yet.
            effects: What may have to happen.
        """
        while True:
            with self.transaction() as books:
                recorded = _record(
                    books, payment, received, reference=reference, display_by=display_by, effects=effects
                )
            if recorded:  # or else another message came first: look again
                return recorded

    def note(
        self, disposition: Disposition, received: Evidence, *, reference: str, detail: str, kind: IncidentKind
    ) -> None:
        """Record what is not applied: of another order, or parked; and its incident."""
        record = PaymentEvent(
            transaction_reference=reference, received=received, disposition=disposition, detail=detail
        )
        with self.transaction() as books:
            if disposition is Disposition.PARKED and _parked_before(books, received):
                return
            books.add_record(record)
            books.add_incident(Incident(kind=kind, transaction_reference=reference, at=received.at, detail=detail))

    def refuse(self, received: Evidence, *, reference: str, error: ResponseRefusedError) -> None:
        """Record that something was refused, by its hash alone, and no more than a thousand times an hour.

        What is readable and sealed by nobody we know is a forgery, or a key or a shop gone from the configuration: it
        makes one incident, for its order or for all that are of none.
        """
        bare, detail = attrs.evolve(received, payload=None), type(error).__name__
        with self.transaction() as books:
            if books.refusals(received.at - _REFUSALS_WITHIN) >= _MOST_REFUSALS:
                return
            known = reference if reference and books.find(reference) else ""
            books.add_record(
                PaymentEvent(transaction_reference=known, received=bare, disposition=Disposition.REFUSED, detail=detail)
            )
            if not isinstance(error, MalformedResponseError):
                kind = IncidentKind.NOT_AUTHENTIC
                books.add_incident(Incident(kind=kind, transaction_reference=known, at=received.at, detail=detail))

    def parked(self) -> tuple[PaymentEvent, ...]:
        """List the authentic messages whose order was not recorded when they came, and that wait for it."""
        with self.transaction(write=False) as books:
            return tuple(books.parked())

    def raise_incident(self, incident: Incident) -> None:
        """Record something for a person, unless the same is open."""
        with self.transaction() as books:
            books.add_incident(incident)

    def incidents(self) -> tuple[Incident, ...]:
        """List the open incidents, the oldest first."""
        with self.transaction(write=False) as books:
            return tuple(books.incidents())

    def close_incident(self, incident: Incident, *, at: datetime) -> None:
        """Record that a person has seen to an incident."""
        with self.transaction() as books:
            books.close_incident(incident, at)

    def settled_elsewhere(self, notices: Iterable[NoticeReference], *, at: datetime) -> None:
        """Record that nothing more is due on notices, for a reason of your own.

        A payment that still comes is to be given back, and makes an incident.
        """
        with self.transaction() as books:
            for notice in notices:
                books.settle(notice, at)

    def tasks(self) -> tuple[EffectTask, ...]:
        """List the effects that have not happened yet, those due first in front."""
        with self.transaction(write=False) as books:
            return tuple(books.tasks())

    def claim(self, *, now: datetime, names: Collection[str]) -> tuple[EffectTask, Payment] | None:
        """Begin the effect that is due first, and read its payment; no two processes begin the same one.

        Args:
            now: The time, with its zone.
            names: The effects that the caller can run.

        Returns:
            The effect, put off in case it does not end, and the payment; ``None`` when nothing is due.
        """
        with self.transaction() as books:
            task = books.next_task(now, names)
            if task is None:
                return None
            claimed, entry = task.claimed(now), books.find(task.transaction_reference)
            books.claim(claimed)
        return (claimed, entry) if entry else None

    def finish(self, task: EffectTask, *, at: datetime | None) -> None:
        """Record when an effect happened; with ``None``, that it raised ``task.error`` and has to run again."""
        with self.transaction() as books:
            books.finish(task, at)

    def erase(self, *, before: datetime, watch: Callable[[Sequence[range]], Iterable[range]] = iter) -> int:
        """Erase what is personal and old: payloads of messages, card masks; the accounts stay.

        It is done in pages, so that nobody who pays meanwhile waits for all of it.

        Args:
            before: What came, or last changed, before this time is old.
            watch: What gives the pages one by one, such as a bar that shows how far it is.

        Returns:
            How many records and payments were touched.
        """
        with self.transaction(write=False) as books:
            last = books.last_number()
        erased = 0
        for page in watch([range(first, first + _PAGE) for first in range(1, last + 1, _PAGE)]):
            with self.transaction() as books:
                erased += books.erase(before, page)
        return erased


def _record(
    books: Store,
    payment: VerifiedPayment,
    received: Evidence,
    *,
    reference: str,
    display_by: datetime,
    effects: Collection[Effect],
) -> RecordResult | None:
    """Do all of it in one transaction, or nothing when the payment changed in between."""
    entry = books.find(reference)
    if entry is None:
        raise InvalidValueError("expected a payment that is recorded")
    fingerprint = fingerprint_of(payment)
    change = transition(entry, payment, repeated=books.has_fingerprint(reference, fingerprint))
    after = entry.after(change, payment, now=received.at, display_by=display_by)
    if after is not entry and not books.compare_and_set(after):
        return None
    incidents = (*change.incidents, *_between_payments(books, entry, change))
    books.add_record(
        PaymentEvent(
            transaction_reference=reference,
            received=received,
            disposition=change.disposition,
            state=payment.state,
            fingerprint=fingerprint,
            detail=", ".join(payment.warnings),
        )
    )
    for kind in incidents:
        books.add_incident(Incident(kind=kind, transaction_reference=reference, at=received.at))
    if change.disposition is Disposition.APPLIED:
        for effect in effects:
            if change.state in effect.on:
                books.add_task(task_for(reference, change.state, effect.name, received.at))
    return RecordResult(entry=after, disposition=change.disposition, incidents=incidents)


def _between_payments(books: Store, entry: Payment, change: Change) -> list[IncidentKind]:
    """Find what a payment means for others of its notices; an instalment starts after the one before was paid."""
    if change.disposition is not Disposition.APPLIED or change.state is not PaymentState.PAID:
        return []
    notices = entry.order.notices.keys()
    others = [
        each
        for each in books.payments_for_notices(notices)
        if each.transaction_reference != entry.transaction_reference
    ]
    kept = [each for each in others if each.state in SETTLED_STATES[:2]]
    kinds = []
    if any(each.paid_at and each.paid_at >= entry.created_at for each in kept):
        kinds.append(IncidentKind.DOUBLE_PAYMENT)
    if books.settled(notices):
        kinds.append(IncidentKind.PAID_AFTER_SETTLEMENT)
    return kinds


def _parked_before(books: Store, received: Evidence) -> bool:
    """Tell whether a message waits already; one that is tried again does."""
    return any(record.received.digest == received.digest for record in books.parked())


class Store(Protocol):
    """One shop's books, open: what is written is there for all when the transaction ends, or for nobody."""

    def next_sequence(self) -> int:
        """Count one up, for nobody else; whoever starts a payment waits here until the one before has."""

    def add(self, entry: Payment) -> None:
        """Write a new payment."""

    def compare_and_set(self, entry: Payment) -> bool:
        """Write a payment over the version before it; when that is no longer the one there, do nothing and say so."""

    def find(self, transaction_reference: str) -> Payment | None:
        """Read a payment."""

    def payments_for_notices(self, notices: Collection[NoticeReference]) -> list[Payment]:
        """Read the payments of any of these notices, and keep others from doing the same until the end."""

    def entries(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        """Go through the payments in these states, or in any, that were recorded within a time, by reference."""

    def add_record(self, record: PaymentEvent) -> int:
        """Write a record, and give its number."""

    def records(self, transaction_reference: str) -> list[PaymentEvent]:
        """Read the records of a payment, in the order in which they were written."""

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        """Tell whether a record of this fingerprint is there."""

    def parked(self) -> list[PaymentEvent]:
        """Read the parked records that no later record has taken up."""

    def refusals(self, since: datetime) -> int:
        """Count the refused records after a time."""

    def add_incident(self, incident: Incident) -> None:
        """Write an incident, unless one of its kind, payment and detail is open."""

    def incidents(self) -> list[Incident]:
        """Read the open incidents, the oldest first."""

    def close_incident(self, incident: Incident, at: datetime) -> None:
        """Write that a person has seen to an incident."""

    def settle(self, notice: NoticeReference, at: datetime) -> None:
        """Write that nothing more is due on a notice, for a reason that is not in these books."""

    def settled(self, notices: Collection[NoticeReference]) -> bool:
        """Tell whether nothing more is due on one of these notices."""

    def add_task(self, task: EffectTask) -> None:
        """Write an effect that has to happen, unless its key is there."""

    def tasks(self) -> list[EffectTask]:
        """Read the effects that have not happened yet, those due first in front."""

    def next_task(self, now: datetime, names: Collection[str]) -> EffectTask | None:
        """Read the effect that is due first, of those with one of these names; pass over what somebody else begins."""

    def claim(self, task: EffectTask) -> None:
        """Write how often an effect was begun, and when it is due again."""

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        """Write when an effect happened, or what it raised."""

    def last_number(self) -> int:
        """Read the highest number of a record, or zero."""

    def erase(self, before: datetime, numbers: range) -> int:
        """Erase payloads that came before a time, of records with these numbers, and count what was erased.

        With them go the cards of their payments, where these last changed before that time.
        """
