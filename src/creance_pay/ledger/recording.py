"""Record a message of the bank: its event, the state that follows, its incidents and its effects, in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import attrs

from .._log import log
from ..errors import (
    CreancePayError,
    GatewayUnavailableError,
    MalformedResponseError,
    OrderMismatchError,
    ResponseRefusedError,
)
from ..payment import PaymentState, VerifiedPayment
from .contract import Store
from .incidents import Incident, IncidentKind
from .outbox import UNRESOLVED, Effect, occasion, task_for
from .records import SETTLED_STATES, Disposition, Evidence, Payment, PaymentEvent, Sums, fingerprint_of
from .transitions import Change, apply, is_new, transition

#: Events that are recorded in an hour about messages of no order, of another order, or refused for one reason.
MAX_FOREIGN, FOREIGN_PERIOD = 1_000, timedelta(hours=1)
#: Messages of no order, and refused messages, in an hour that raise an incident each; the others raise one together.
MAX_UNKNOWN, MAX_FORGED = 100, 10
#: Events of a payment after which a message that changes nothing is not recorded any more.
MAX_REPEATED = 100


@attrs.frozen(kw_only=True)
class RecordResult:
    """The result of recording an authentic message.

    Attributes:
        payment: The payment after it.
        disposition: The disposition of the message.
        incidents: The incidents that it raised.
        operating: Whether the bank has an operation on the payment in progress.
    """

    payment: Payment = attrs.field(repr=False)
    disposition: Disposition
    incidents: tuple[IncidentKind, ...] = ()
    operating: bool = False

    @property
    def transaction_reference(self) -> str:
        """The reference of the payment."""
        return self.payment.transaction_reference

    @property
    def state(self) -> PaymentState:
        """The state of the payment, which may differ from the message's."""
        return self.payment.state


def add_incident(store: Store, incident: Incident) -> None:
    """Record and log an incident; one that is open is counted."""
    store.add_incident(incident)
    log("incident", kind=incident.kind, transaction_reference=incident.transaction_reference)


def _is_needed(evidence: Evidence) -> bool:
    """Return whether an event is recorded even when it changes nothing: a person's act, or a parked event retried."""
    return bool(evidence.by) or evidence.retry_of is not None


def _is_full(store: Store, reference: str) -> bool:
    """Return whether a payment has so many events that a message that changes nothing is not recorded."""
    return store.number_of_events(reference) >= MAX_REPEATED


def _foreign(store: Store, event: PaymentEvent) -> int:
    """Count the events of a disposition in the hour before one."""
    return store.recorded(event.disposition, event.evidence.at - FOREIGN_PERIOD)


def named(found: Iterable[Payment], reference: str) -> Payment | None:
    """Choose a payment by its reference."""
    return next((each for each in found if each.transaction_reference == reference), None)


def add_mismatch(store: Store, evidence: Evidence, error: OrderMismatchError, reference: str) -> None:
    """Record a message that does not match its order, within the limit of an hour, and its incident."""
    kind = IncidentKind.FOREIGN_TRANSACTION if error.foreign else IncidentKind.ORDER_MISMATCH
    detail = ", ".join(error.fields)
    event = PaymentEvent(
        transaction_reference=reference, evidence=evidence, disposition=Disposition.MISMATCH, detail=detail
    )
    if (_is_needed(evidence) or not store.has_equal(event)) and _foreign(store, event) < MAX_FOREIGN:
        store.add_event(event)
    add_incident(store, Incident(kind=kind, transaction_reference=reference, at=evidence.at, detail=detail))


def read_refusal(
    store: Store, evidence: Evidence, error: ResponseRefusedError, reference: str
) -> tuple[str, PaymentEvent | None, Incident | None]:
    """Return the recorded order that a refused message names, and the event and the incident to record.

    Past the limit there is nothing to record but a first incident: a flood takes no lock that an honest payment needs.
    """
    detail, kind = type(error).__name__, IncidentKind.NOT_AUTHENTIC
    recorded = store.recorded(Disposition.REFUSED, evidence.at - FOREIGN_PERIOD, detail)
    known = reference if reference and store.find(reference) else ""
    if recorded < MAX_FOREIGN:
        bare = attrs.evolve(evidence, payload=None)
        event = PaymentEvent(transaction_reference=known, evidence=bare, disposition=Disposition.REFUSED, detail=detail)
    else:
        event = None
    if isinstance(error, MalformedResponseError):
        return known, event, None
    incident = Incident(kind=kind, transaction_reference=known, at=evidence.at, detail=detail)
    if recorded >= MAX_FORGED and not store.is_open(incident):
        incident = attrs.evolve(incident, transaction_reference="")
    return known, event, None if event is None and store.is_open(incident) else incident


def _park(store: Store, evidence: Evidence, reference: str) -> None:
    """Record a message that waits for its order, and its incident; an equal one is recorded once.

    At most a thousand are recorded in an hour: the bank sends the others again.  After a hundred, all of them
    raise one incident together, without a reference.
    """
    event = PaymentEvent(transaction_reference=reference, evidence=evidence, disposition=Disposition.PARKED)
    if store.has_equal(event):
        return
    recorded = _foreign(store, event)
    if recorded < MAX_FOREIGN:
        store.add_event(event)
    about = reference if recorded < MAX_UNKNOWN else ""
    add_incident(store, Incident(kind=IncidentKind.UNKNOWN_ORDER, transaction_reference=about, at=evidence.at))


def record_message(
    store: Store,
    match: Callable[[Payment], VerifiedPayment],
    evidence: Evidence,
    *,
    reference: str,
    display_by: datetime,
    effects: Collection[Effect],
) -> RecordResult | CreancePayError:
    """Record a message under the lock of the notices; return the error of one that is about no recorded order."""
    found, settled = store.lock_payment(reference)
    current = named(found, reference)
    if current is None:
        _park(store, evidence, reference)
        return GatewayUnavailableError("the order of an authentic message is not recorded yet", retryable=True)
    try:
        incoming = match(current)
    except OrderMismatchError as error:
        add_mismatch(store, evidence, error, reference)
        return error
    now = evidence.at
    movement = incoming.movement
    movements = [] if movement is None else store.movements(reference)
    # A repeated report of money is recognised by the sums: its fingerprint decides nothing.
    repeated = incoming.state not in SETTLED_STATES and store.has_fingerprint(reference, fingerprint_of(incoming))
    change = transition(current, incoming, repeated=repeated, movements=movements)
    after = apply(current, change, incoming, now=now, display_by=display_by)
    if after is not current:
        store.update(after)
    if movement is not None and is_new(movement, movements):
        store.add_movement(reference, movement, source=evidence.source, at=now)
    incidents = (*change.incidents, *_between_payments(found, after, change, settled=settled))
    if change.disposition is Disposition.APPLIED or _is_needed(evidence) or not _is_full(store, reference):
        store.add_event(_event(evidence, incoming, change.disposition, current, after))
    for kind in incidents:
        add_incident(store, Incident(kind=kind, transaction_reference=reference, at=now))
    if change.disposition is Disposition.APPLIED:
        _owe(store, current, after, effects, now)
    return RecordResult(payment=after, disposition=change.disposition, incidents=incidents)


def _event(
    evidence: Evidence, incoming: VerifiedPayment, disposition: Disposition, before: Payment, after: Payment
) -> PaymentEvent:
    """Build the event of a message; the event of a duplicate has no payload."""
    movement = incoming.movement
    return PaymentEvent(
        transaction_reference=after.transaction_reference,
        evidence=attrs.evolve(evidence, payload=None) if disposition is Disposition.DUPLICATE else evidence,
        disposition=disposition,
        state=incoming.state,
        fingerprint=fingerprint_of(incoming),
        moved=Sums() if after.sums is before.sums else after.sums.since(before.sums),
        bank_at=(movement and movement.at) or incoming.authorised_at,
        identifier=movement.identifier if movement else "",
        response_code=incoming.response_code,
        detail=", ".join(incoming.warnings),
    )


def _owe(store: Store, before: Payment, after: Payment, effects: Iterable[Effect], now: datetime) -> None:
    """Record the tasks of the effects of the new state, and of PAID when the merchant first receives money."""
    states = {after.state} if occasion(before, before.state) != occasion(after, after.state) else set()
    if after.holds_money and not before.sums.captured.cents:
        states.add(PaymentState.PAID)
    for state in sorted(states):
        event = occasion(after, state)
        names = {effect.name for effect in effects if state in effect.on} | store.registered(state)
        for name in sorted(names or {UNRESOLVED} if state is PaymentState.PAID or names else ()):
            store.add_task(task_for(after.transaction_reference, event, name, now))


def _between_payments(
    found: Iterable[Payment], payment: Payment, change: Change, *, settled: bool
) -> list[IncidentKind]:
    """Return the incidents between payments of one notice.

    Two payments that hold money are instalments when one was recorded after the other had been paid, by the order of
    committed transactions; otherwise one of them pays the debt a second time.
    """
    if change.disposition is not Disposition.APPLIED or not payment.holds_money:
        return []
    reference, kinds = payment.transaction_reference, []
    others = [each for each in found if each.transaction_reference != reference and each.holds_money]
    if any(each.transaction_reference not in payment.follows and reference not in each.follows for each in others):
        kinds.append(IncidentKind.DOUBLE_PAYMENT)
    if settled:
        kinds.append(IncidentKind.PAID_AFTER_SETTLEMENT)
    return kinds
