"""The ledger: every payment of one merchant, every message about it, and the effects that have to run.

An order is recorded before the browser leaves for the bank.  A message is recorded with its disposition, in the same
transaction as the next state, the incidents and the effects: after a crash, all of them are recorded or none.
:func:`~creance_pay.ledger.transition` alone decides the next state; of two concurrent messages the second is decided
again, since a payment is written by comparing its version.

:class:`~creance_pay.ledger.MemoryLedger` ends with its process, :class:`~creance_pay.ledger.SqlLedger` is durable.
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
from .records import FUNDED_STATES, UNCONFIRMED_STATES, Disposition, Evidence, Payment, PaymentEvent, fingerprint_of
from .transitions import Change, apply, transition

_SEQUENCES = 10_000_000
_PAGE = 1_000
_MOST_REFUSALS, _REFUSALS_WITHIN = 1_000, timedelta(hours=1)


@attrs.frozen(kw_only=True)
class RecordResult:
    """The result of recording an authentic message.

    Attributes:
        payment: The payment after it.
        disposition: The disposition of the message.
        incidents: The incidents that it raised.
    """

    payment: Payment = attrs.field(repr=False)
    disposition: Disposition
    incidents: tuple[IncidentKind, ...] = ()

    @property
    def transaction_reference(self) -> str:
        """The reference of the payment."""
        return self.payment.transaction_reference

    @property
    def state(self) -> PaymentState:
        """The state of the payment, which may differ from the message's."""
        return self.payment.state


class Ledger(ABC):
    """The ledger of one merchant; a store of your own implements :meth:`transaction`.

    Every method raises a retryable :class:`~creance_pay.errors.GatewayUnavailableError` when the store cannot be
    reached; nothing was written then.
    """

    @abstractmethod
    def transaction(self, *, write: bool = True) -> AbstractContextManager[Store]:
        """Open a transaction on the store: committed when the block ends, rolled back when it raises."""

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
            amount: The amount to ask from the bank.
            notices: The amount for each notice; sums to ``amount``.
            return_url: The address that the browser returns to.
            notification_url: The address that the bank's server posts to.
            now: The time; the day of the reference is the day in Paris.
            attempt_life: How long an attempt without an answer of the bank blocks another.
            ignoring: References of attempts that do not block: the bank was asked about them.

        Raises:
            PaymentInProgressError: when another payment of one of the notices is open, or does not show yet.
            InvalidValueError: without notices, or when the order is invalid.
        """
        if not notices:
            raise InvalidValueError("expected at least one notice: nothing else keeps a debt from being paid twice")
        with self.transaction() as store:
            sequence = store.next_sequence() % _SEQUENCES
            reference = TransactionReference.make(now.astimezone(ZoneInfo("Europe/Paris")).date(), sequence)
            order = PaymentOrder(
                transaction_reference=reference,
                amount=amount,
                notices=notices,
                return_url=return_url,
                notification_url=notification_url,
            )
            found = [each for each in store.payments_for_notices(notices) if each.blocks(now, attempt_life)]
            blocking = [
                each
                for each in found
                if each.state not in UNCONFIRMED_STATES or each.transaction_reference not in ignoring
            ]
            if blocking:
                references = tuple(each.transaction_reference for each in blocking)
                raise PaymentInProgressError("a payment of one of these notices is open", references=references)
            payment = Payment(order=order, created_at=now, changed_at=now)
            store.add(payment)
        return payment

    def payments_for_notices(self, notices: Iterable[NoticeReference]) -> tuple[Payment, ...]:
        """List the payments of any of these notices, in every state."""
        with self.transaction(write=False) as store:
            return tuple(store.payments_for_notices(set(notices)))

    def give_up(self, payment: Payment, *, now: datetime) -> None:
        """Record an order as ERROR when the browser never left, unless the bank has reported something about it."""
        failed = attrs.evolve(payment, state=PaymentState.ERROR, changed_at=now, version=payment.version + 1)
        with self.transaction() as store:
            store.compare_and_set(failed)

    def find(self, transaction_reference: str) -> Payment | None:
        """Return a payment, or ``None``.  A reference is guessable: answer no person by it alone."""
        with self.transaction(write=False) as store:
            return store.find(transaction_reference)

    def payments(
        self,
        states: Collection[PaymentState] = (),
        *,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> tuple[Payment, ...]:
        """List the payments in these states, or in any, recorded within a period, ordered by reference."""
        with self.transaction(write=False) as store:
            return tuple(store.payments(states, since, before))

    def events(self, transaction_reference: str) -> tuple[PaymentEvent, ...]:
        """List the events of a payment, in the order of recording."""
        with self.transaction(write=False) as store:
            return tuple(store.events(transaction_reference))

    def pending(self, references: Iterable[NoticeReference], now: datetime) -> dict[NoticeReference, Euros]:
        """Return the accepted amounts that do not show yet, for ``rules.assess(pending=)`` (rule R25).

        Args:
            references: The notices; a notice without pending amount is left out of the result.
            now: The time, with its zone.
        """
        wanted = set(references)
        pending: dict[NoticeReference, Euros] = {}
        with self.transaction(write=False) as store:
            accepted = [payment for payment in store.payments_for_notices(wanted) if payment.awaiting_display(now)]
        for payment in accepted:
            for notice in wanted & payment.order.notices.keys():
                pending[notice] = pending.get(notice, Euros(0)) + payment.order.notices[notice]
        return pending

    def record(
        self,
        incoming: VerifiedPayment,
        evidence: Evidence,
        *,
        reference: str,
        display_by: datetime,
        effects: Collection[Effect] = (),
    ) -> RecordResult:
        """Record an authentic message, the state that follows, its incidents and its effects, in one transaction.

        Args:
            incoming: The message.
            evidence: Its evidence.
            reference: The reference of a recorded payment.
            display_by: Until when a payment that becomes PAID may not show in the person's account.
            effects: The effects that the new state may call for.
        """
        while True:
            with self.transaction() as store:
                result = _record(store, incoming, evidence, reference=reference, display_by=display_by, effects=effects)
            if result:  # otherwise another message came first: read the payment again
                return result

    def note(
        self, disposition: Disposition, evidence: Evidence, *, reference: str, detail: str, kind: IncidentKind
    ) -> None:
        """Record a message that is not applied (of another order, or parked) and its incident."""
        event = PaymentEvent(transaction_reference=reference, evidence=evidence, disposition=disposition, detail=detail)
        with self.transaction() as store:
            if disposition is Disposition.PARKED and _parked_before(store, evidence):
                return
            store.add_event(event)
            store.add_incident(Incident(kind=kind, transaction_reference=reference, at=evidence.at, detail=detail))

    def refuse(self, evidence: Evidence, *, reference: str, error: ResponseRefusedError) -> None:
        """Record a refused message by its hash alone, at most a thousand an hour.

        A readable message with an unknown seal is a forgery, or its key is missing in the configuration: it raises one
        incident for its order, or one for all messages without a known order.
        """
        bare, detail = attrs.evolve(evidence, payload=None), type(error).__name__
        with self.transaction() as store:
            if store.refusals(evidence.at - _REFUSALS_WITHIN) >= _MOST_REFUSALS:
                return
            known = reference if reference and store.find(reference) else ""
            store.add_event(
                PaymentEvent(transaction_reference=known, evidence=bare, disposition=Disposition.REFUSED, detail=detail)
            )
            if not isinstance(error, MalformedResponseError):
                kind = IncidentKind.NOT_AUTHENTIC
                store.add_incident(Incident(kind=kind, transaction_reference=known, at=evidence.at, detail=detail))

    def parked(self) -> tuple[PaymentEvent, ...]:
        """List the authentic messages that wait for their order to be recorded."""
        with self.transaction(write=False) as store:
            return tuple(store.parked())

    def raise_incident(self, incident: Incident) -> None:
        """Record an incident, unless an equal one is open."""
        with self.transaction() as store:
            store.add_incident(incident)

    def incidents(self) -> tuple[Incident, ...]:
        """List the open incidents, the oldest first."""
        with self.transaction(write=False) as store:
            return tuple(store.incidents())

    def close_incident(self, incident: Incident, *, at: datetime) -> None:
        """Record that a person has closed an incident."""
        with self.transaction() as store:
            store.close_incident(incident, at)

    def settled_elsewhere(self, notices: Iterable[NoticeReference], *, at: datetime) -> None:
        """Record that notices were settled by other means.

        A later payment of one of them has to be given back, and raises an incident.
        """
        with self.transaction() as store:
            for notice in notices:
                store.settle(notice, at)

    def tasks(self) -> tuple[EffectTask, ...]:
        """List the effects that have not run yet, ordered by due time."""
        with self.transaction(write=False) as store:
            return tuple(store.tasks())

    def claim(self, *, now: datetime, names: Collection[str]) -> tuple[EffectTask, Payment] | None:
        """Claim the effect that is due first, and read its payment; no two processes claim the same one.

        Args:
            now: The time, with its zone.
            names: The effects that the caller can run.

        Returns:
            The task, due again later in case this run does not end, and its payment; or ``None``.
        """
        with self.transaction() as store:
            task = store.next_task(now, names)
            if task is None:
                return None
            claimed, payment = task.claimed(now), store.find(task.transaction_reference)
            store.claim(claimed)
        return (claimed, payment) if payment else None

    def finish(self, task: EffectTask, *, at: datetime | None) -> None:
        """Record that an effect succeeded at a time; with ``None``, that it raised ``task.error`` and is due again."""
        with self.transaction() as store:
            store.finish(task, at)

    def erase(self, *, before: datetime, progress: Callable[[Sequence[range]], Iterable[range]] = iter) -> int:
        """Erase old personal data: payloads of messages and card masks.  Payments and events stay.

        The work is done in pages, so that a payment made meanwhile waits for one page at most.

        Args:
            before: Erase data that came, or last changed, before this time.
            progress: Yields the pages one by one, such as a progress bar.

        Returns:
            The number of events and payments that were changed.
        """
        with self.transaction(write=False) as store:
            last = store.last_number()
        erased = 0
        for page in progress([range(first, first + _PAGE) for first in range(1, last + 1, _PAGE)]):
            with self.transaction() as store:
                erased += store.erase(before, page)
        return erased


def _record(
    store: Store,
    incoming: VerifiedPayment,
    evidence: Evidence,
    *,
    reference: str,
    display_by: datetime,
    effects: Collection[Effect],
) -> RecordResult | None:
    """Record all of it in one transaction, or nothing when the payment changed in between."""
    payment = store.find(reference)
    if payment is None:
        raise InvalidValueError("expected the reference of a recorded payment")
    fingerprint = fingerprint_of(incoming)
    change = transition(payment, incoming, repeated=store.has_fingerprint(reference, fingerprint))
    after = apply(payment, change, incoming, now=evidence.at, display_by=display_by)
    if after is not payment and not store.compare_and_set(after):
        return None
    incidents = (*change.incidents, *_between_payments(store, payment, change))
    store.add_event(
        PaymentEvent(
            transaction_reference=reference,
            evidence=evidence,
            disposition=change.disposition,
            state=incoming.state,
            fingerprint=fingerprint,
            detail=", ".join(incoming.warnings),
        )
    )
    for kind in incidents:
        store.add_incident(Incident(kind=kind, transaction_reference=reference, at=evidence.at))
    if change.disposition is Disposition.APPLIED:
        for effect in effects:
            if change.state in effect.on:
                store.add_task(task_for(reference, change.state, effect.name, evidence.at))
    return RecordResult(payment=after, disposition=change.disposition, incidents=incidents)


def _between_payments(store: Store, payment: Payment, change: Change) -> list[IncidentKind]:
    """Return the incidents between payments of one notice; an instalment starts after the previous one was paid."""
    if change.disposition is not Disposition.APPLIED or change.state is not PaymentState.PAID:
        return []
    notices = payment.order.notices.keys()
    others = [
        each
        for each in store.payments_for_notices(notices)
        if each.transaction_reference != payment.transaction_reference
    ]
    funded = [each for each in others if each.state in FUNDED_STATES]
    kinds = []
    if any(each.paid_at and each.paid_at >= payment.created_at for each in funded):
        kinds.append(IncidentKind.DOUBLE_PAYMENT)
    if store.settled(notices):
        kinds.append(IncidentKind.PAID_AFTER_SETTLEMENT)
    return kinds


def _parked_before(store: Store, evidence: Evidence) -> bool:
    """Return whether an equal message is parked already; a message that is retried is."""
    return any(event.evidence.digest == evidence.digest for event in store.parked())


class Store(Protocol):
    """The rows of one merchant inside one transaction: committed together, or not at all."""

    def next_sequence(self) -> int:
        """Return the next sequence number.  Locks the merchant's row until commit."""

    def add(self, payment: Payment) -> None:
        """Insert a payment."""

    def compare_and_set(self, payment: Payment) -> bool:
        """Write a payment over its previous version; return ``False`` when another version is stored."""

    def find(self, transaction_reference: str) -> Payment | None:
        """Read a payment."""

    def payments_for_notices(self, notices: Collection[NoticeReference]) -> list[Payment]:
        """Read the payments of any of these notices.  Locks the notices' rows until commit."""

    def payments(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[Payment]:
        """Yield the payments in these states, or in any, recorded within a period, ordered by reference."""

    def add_event(self, event: PaymentEvent) -> int:
        """Insert an event, and return its number."""

    def events(self, transaction_reference: str) -> list[PaymentEvent]:
        """Read the events of a payment, in the order of recording."""

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        """Return whether an event of the payment has this fingerprint."""

    def parked(self) -> list[PaymentEvent]:
        """Read the parked events that no later event has retried."""

    def refusals(self, since: datetime) -> int:
        """Count the refused events after a time."""

    def add_incident(self, incident: Incident) -> None:
        """Insert an incident, unless one of its kind, payment and detail is open."""

    def incidents(self) -> list[Incident]:
        """Read the open incidents, the oldest first."""

    def close_incident(self, incident: Incident, at: datetime) -> None:
        """Write that an incident is closed."""

    def settle(self, notice: NoticeReference, at: datetime) -> None:
        """Write that a notice was settled by other means."""

    def settled(self, notices: Collection[NoticeReference]) -> bool:
        """Return whether one of these notices was settled by other means."""

    def add_task(self, task: EffectTask) -> None:
        """Insert the task of an effect, unless its key exists."""

    def tasks(self) -> list[EffectTask]:
        """Read the tasks that are not done, ordered by due time."""

    def next_task(self, now: datetime, names: Collection[str]) -> EffectTask | None:
        """Read the task that is due first among these names.  Skips tasks that another process has locked."""

    def claim(self, task: EffectTask) -> None:
        """Write the attempts and the next due time of a task."""

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        """Write when a task was done, or the error that its effect raised."""

    def last_number(self) -> int:
        """Return the highest number of an event, or zero."""

    def erase(self, before: datetime, numbers: range) -> int:
        """Erase payloads that came before a time, of events with these numbers, and return how many rows changed.

        Card masks of their payments are erased too, where these last changed before that time.
        """
