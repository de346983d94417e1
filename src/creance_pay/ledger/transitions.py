"""The transitions of a payment: the one place that decides its next state.

A bank's messages come twice, late, out of order, or contradict one another.  :func:`transition` takes the recorded
payment and an authentic message, and returns the next state, the money moved, the disposition of the message, and the
incidents.  It is a pure function of its arguments.

* Only a message that is bound to the order pays it; any other one raises an incident.
* Money decides the state: captures, refunds and chargebacks are summed, from every source and in any order.
* The part of an accepted payment that the merchant cancelled before its debit counts as refunded.
* An authentic PAID replaces every other state; after a refusal with an incident.
* A repeated message, or one that is older by the bank's own clock, leaves the payment as it is.
* A chargeback whose amount lacks a proof leaves the money as it is, and raises an incident.
* UNKNOWN means that the bank has to be asked; a decided state takes precedence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

import attrs

from ..money import Euros
from ..payment import Movement, MovementKind, PaymentState, Source, VerifiedPayment
from .incidents import IncidentKind
from .records import (
    FAILED_STATES,
    IN_FLIGHT_STATES,
    SETTLED_STATES,
    UNCONFIRMED_STATES,
    Disposition,
    Payment,
    Sums,
)

#: The bank answers about a transaction reference, which another ledger of the merchant may have issued too.
_BY_REFERENCE = frozenset({Source.STATUS, Source.REPORT})
_PROMISES = SETTLED_STATES | {PaymentState.AUTHORISED}


@attrs.frozen(kw_only=True)
class Change:
    """The change of a payment by a message.

    Attributes:
        state: The next state.
        sums: The money moved, after the message.
        disposition: The disposition of the message; only APPLIED calls for effects.
        incidents: The incidents to raise.
    """

    state: PaymentState
    sums: Sums = attrs.field(factory=Sums, repr=False)
    disposition: Disposition
    incidents: tuple[IncidentKind, ...] = ()


def transition(
    current: Payment, incoming: VerifiedPayment, *, repeated: bool = False, movements: Collection[Movement] = ()
) -> Change:
    """Choose the next state of a payment from an authentic message about its order.

    Args:
        current: The recorded payment.
        incoming: The message.
        repeated: Whether a message of the same fingerprint was recorded before.
        movements: The recorded movements of the payment, where the message reports one.

    >>> from datetime import UTC, timedelta
    >>> from creance_pay import NoticeReference
    >>> from creance_pay.ledger import MemoryLedger
    >>> payment = MemoryLedger().open(
    ...     Euros(2000), {NoticeReference("6311705400000344F"): Euros(2000)}, return_url="", notification_url="",
    ...     now=datetime(2026, 11, 23, 12, tzinfo=UTC), attempt_life=timedelta(minutes=30),
    ... )
    >>> paid = VerifiedPayment(state=PaymentState.PAID, source=Source.NOTIFICATION, amount=Euros(2000), bound=True)
    >>> change = transition(payment, paid)
    >>> change.state, change.sums.held
    (<PaymentState.PAID: 'PAID'>, Euros(2000))
    """
    if _foreign(current, incoming):
        return _not_believed(current, incoming, movements)
    if incoming.state in SETTLED_STATES or _cancels(incoming):
        return _moved(current, incoming, movements)
    used = (IncidentKind.REFERENCE_USED,) if incoming.reference_used and not current.reference_used else ()
    if current.state in SETTLED_STATES:
        return _contradicted(current, incoming, *used, repeated=repeated)
    if incoming.state is current.state or (repeated and incoming.source is not Source.STATUS):
        return _unchanged(current, Disposition.DUPLICATE, *used)
    if _superseded(current, incoming):
        return _unchanged(current, Disposition.SUPERSEDED, *used)
    wrong = (IncidentKind.REQUEST_WRONG,) if incoming.state is PaymentState.ERROR else ()
    return Change(state=incoming.state, sums=current.sums, disposition=Disposition.APPLIED, incidents=(*used, *wrong))


def apply(
    payment: Payment, change: Change, incoming: VerifiedPayment, *, now: datetime, display_by: datetime
) -> Payment:
    """Return the payment after a change, one version later; the same object for an empty change.

    Args:
        payment: The recorded payment.
        change: The result of :func:`transition`.
        incoming: The message.
        now: The ledger's time.
        display_by: The time by which the person's account shows a payment that becomes PAID (rule R17).
    """
    used = payment.reference_used or incoming.reference_used
    changes: dict[str, object] = {"reference_used": used, "sums": change.sums}
    if incoming.state in SETTLED_STATES and change.disposition is not Disposition.MISMATCH:
        changes["authorisation_number"] = payment.authorisation_number or incoming.authorisation_number
    if change.disposition is Disposition.APPLIED:
        changes |= {
            "state": change.state,
            "changed_at": now,
            "authorised_at": _bank_time(payment, incoming),
            "response_code": incoming.response_code or payment.response_code,
            "masked_card": incoming.masked_card or payment.masked_card,
            "bank_reference": incoming.bank_reference or payment.bank_reference,
        }
        if change.state not in IN_FLIGHT_STATES | UNCONFIRMED_STATES:
            changes["ask_at"] = None
        elif payment.ask_at is None:
            changes["ask_at"] = now
        if change.sums.captured.cents and not payment.sums.captured.cents:
            changes |= {"paid_at": now, "display_by": display_by}
    changed = attrs.evolve(payment, **changes)  # type: ignore[arg-type]
    return payment if changed == payment else attrs.evolve(changed, version=payment.version + 1)


def _bank_time(payment: Payment, incoming: VerifiedPayment) -> datetime | None:
    """Return the bank's time of the transaction; captures, refunds and chargebacks come later and leave it."""
    kept = payment.sums.captured.cents or payment.state is PaymentState.AUTHORISED
    first, second = payment.authorised_at, incoming.authorised_at
    return (first or second) if kept and incoming.state in SETTLED_STATES else (second or first)


def _foreign(current: Payment, incoming: VerifiedPayment) -> bool:
    """Return whether a report of money may be about an order of another ledger with the same reference.

    An answer that repeats the order's nonce is about this order.  An answer by reference alone can only be so when the
    bank did not know the reference before this order, and when the transaction is not older than the order.  A
    movement by reference alone is about this order only when the bank has confirmed the order before.
    """
    promises = incoming.state in _PROMISES or _cancels(incoming)
    if not promises or incoming.bound or not current.order.nonce:
        return False
    if incoming.source not in _BY_REFERENCE or current.sums.captured.cents:
        return False
    if incoming.movement is not None and current.state is not PaymentState.AUTHORISED:
        return True
    recorded = current.created_at.replace(microsecond=0)  # the bank's time has no fraction
    return current.reference_used or incoming.authorised_at is None or incoming.authorised_at < recorded


def _cancels(incoming: VerifiedPayment) -> bool:
    """Return whether a message reports that the merchant cancelled an accepted payment, in whole or in part."""
    part = incoming.movement is not None or incoming.remaining == Euros(0)
    return incoming.state is PaymentState.CANCELLED and part


def _unchanged(current: Payment, disposition: Disposition, *incidents: IncidentKind) -> Change:
    return Change(state=current.state, sums=current.sums, disposition=disposition, incidents=incidents)


def _not_believed(current: Payment, incoming: VerifiedPayment, movements: Collection[Movement]) -> Change:
    """Leave the state; sum up a movement without a capture, since the order may be confirmed later."""
    sums = current.sums
    if incoming.movement is not None:
        sums = attrs.evolve(_sums(current, incoming, movements), captured=sums.captured)
    foreign = (IncidentKind.FOREIGN_TRANSACTION,)
    return Change(state=current.state, sums=sums, disposition=Disposition.MISMATCH, incidents=foreign)


def is_new(movement: Movement, recorded: Iterable[Movement]) -> bool:
    """Return whether no recorded movement has the kind, series and identifier of a movement."""
    key = (movement.kind, movement.series, movement.identifier)
    return all(key != (each.kind, each.series, each.identifier) for each in recorded)


def _moved(current: Payment, incoming: VerifiedPayment, movements: Collection[Movement]) -> Change:
    """Add the money that a message reports, and derive the state from the sums."""
    sums = _sums(current, incoming, movements)
    cancelled = PaymentState.CANCELLED if sums.refunded >= current.amount else current.state
    state = sums.state() or cancelled
    incidents = []
    if current.state in FAILED_STATES and state in SETTLED_STATES:
        incidents.append(IncidentKind.PAID_AFTER_NO)
    numbers = {current.authorisation_number, incoming.authorisation_number} - {None}
    if incoming.state is PaymentState.PAID and current.state in SETTLED_STATES and len(numbers) > 1:
        incidents.append(IncidentKind.TWO_AUTHORISATIONS)
    before = current.sums if current.sums.captured.cents else Sums()  # movements count from the capture on
    if sums.captured.cents and sums.charged_back > before.charged_back:
        incidents.append(IncidentKind.CHARGED_BACK)
    if sums.refunded > max(current.amount, before.refunded):
        incidents.append(IncidentKind.REFUNDED_TOO_MUCH)
    changed = sums != current.sums or state is not current.state
    disposition = Disposition.APPLIED if changed else Disposition.DUPLICATE
    return Change(state=state, sums=sums, disposition=disposition, incidents=tuple(incidents))


def _sums(current: Payment, incoming: VerifiedPayment, movements: Collection[Movement]) -> Sums:
    """Return the sums after a message: of each kind of movement, the largest sum that the bank has reported."""
    movement, recorded = incoming.movement, [*movements]
    if movement is not None and is_new(movement, recorded):
        recorded.append(movement)
    refunded, charged_back = current.sums.refunded, current.sums.charged_back
    if incoming.remaining is not None:
        refunded = max(refunded, current.amount.saturating_sub(incoming.remaining))
    elif movement is None and incoming.state is PaymentState.REFUNDED:  # without an amount: the whole
        refunded = max(refunded, current.amount)
    if movement is None and incoming.state is PaymentState.CHARGED_BACK:
        charged_back = max(charged_back, current.amount)
    return Sums(
        captured=current.amount if incoming.state in SETTLED_STATES else current.sums.captured,
        refunded=max(refunded, _largest(recorded, MovementKind.REFUNDED)),
        charged_back=max(charged_back, _largest(recorded, MovementKind.CHARGED_BACK)),
        represented=max(current.sums.represented, _largest(recorded, MovementKind.REPRESENTED)),
    )


def _largest(movements: Iterable[Movement], kind: MovementKind) -> Euros:
    """Return the largest sum that one series of movements reports, together with those of no series."""
    sums = Counter[str]()
    for each in movements:
        if each.kind is kind:
            sums[each.series] += each.amount.cents
    return Euros(sums.pop("", 0) + max(sums.values(), default=0))


def _contradicted(current: Payment, incoming: VerifiedPayment, *used: IncidentKind, repeated: bool) -> Change:
    """Decide on a refusal after money moved: it is about another attempt, unless the bank's own records report it.

    The money may be another order's when the bank has reported it by the reference alone, and knew that before.
    """
    by_bank = incoming.source in _BY_REFERENCE and incoming.state in FAILED_STATES
    denied = (IncidentKind.CONTRADICTED,) if by_bank and not _older(current, incoming) else ()
    disputed = (IncidentKind.CHARGED_BACK,) if incoming.disputed else ()
    return _unchanged(current, Disposition.DUPLICATE if repeated else Disposition.SUPERSEDED, *used, *denied, *disputed)


def _superseded(current: Payment, incoming: VerifiedPayment) -> bool:
    """Return whether a message must not replace the state; the answer to a question is always the bank's latest."""
    if incoming.state is PaymentState.UNKNOWN:
        return incoming.source is Source.STATUS or current.state in IN_FLIGHT_STATES
    return incoming.source not in {Source.STATUS, Source.PERSON} and _older(current, incoming)


def _older(current: Payment, incoming: VerifiedPayment) -> bool:
    """Return whether a message is older than the recorded state, by the bank's own times."""
    return bool(current.authorised_at and incoming.authorised_at and incoming.authorised_at < current.authorised_at)
