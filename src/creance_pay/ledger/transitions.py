"""The transitions of a payment: the one place that decides its next state.

A bank's messages come twice, late, out of order, or contradict one another.  :func:`transition` takes the recorded
payment and an authentic message, and returns the next state, the disposition of the message, and the incidents.  It is
a pure function without database or clock.

* Money that moved stays: PAID changes to refunds only, and refunds to nothing.
* An authentic PAID replaces every other state; after a refusal with an incident.
* A repeated message, or one that is older by the bank's own clock, changes nothing.
* UNKNOWN means that the bank has to be asked; it never replaces better knowledge.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from ..payment import PaymentState, Source, VerifiedPayment
from .incidents import IncidentKind
from .records import FAILED_STATES, IN_FLIGHT_STATES, SETTLED_STATES, Disposition, Payment


@attrs.frozen(kw_only=True)
class Change:
    """The change of a payment by a message.

    Attributes:
        state: The next state.
        disposition: The disposition of the message; only APPLIED calls for effects.
        incidents: The incidents to raise.
    """

    state: PaymentState
    disposition: Disposition
    incidents: tuple[IncidentKind, ...] = ()


def transition(current: Payment, incoming: VerifiedPayment, *, repeated: bool = False) -> Change:
    """Choose the next state of a payment from an authentic message about its order.

    Args:
        current: The recorded payment.
        incoming: The message.
        repeated: Whether a message of the same fingerprint was recorded before.
    """
    if incoming.state in SETTLED_STATES:
        return _money(current, incoming)
    if current.state in SETTLED_STATES:
        return _contradicted(current, incoming, repeated=repeated)
    if incoming.state is current.state or (repeated and incoming.source is not Source.STATUS):
        return Change(state=current.state, disposition=Disposition.DUPLICATE)
    if _superseded(current, incoming):
        return Change(state=current.state, disposition=Disposition.SUPERSEDED)
    wrong = (IncidentKind.REQUEST_WRONG,) if incoming.state is PaymentState.ERROR else ()
    return Change(state=incoming.state, disposition=Disposition.APPLIED, incidents=wrong)


def _money(current: Payment, incoming: VerifiedPayment) -> Change:
    """Decide on a message that reports moved money: the state advances, and never by the same message twice."""
    if current.state not in SETTLED_STATES:
        surprise = (IncidentKind.PAID_AFTER_NO,) if current.state in FAILED_STATES else ()
        return Change(state=incoming.state, disposition=Disposition.APPLIED, incidents=surprise)
    numbers = {current.authorisation_number, incoming.authorisation_number} - {None}
    twice = (IncidentKind.TWO_AUTHORISATIONS,) if incoming.state is PaymentState.PAID and len(numbers) > 1 else ()
    if SETTLED_STATES.index(incoming.state) > SETTLED_STATES.index(current.state):
        return Change(state=incoming.state, disposition=Disposition.APPLIED)
    return Change(state=current.state, disposition=Disposition.DUPLICATE, incidents=twice)


def _contradicted(current: Payment, incoming: VerifiedPayment, *, repeated: bool) -> Change:
    """Decide on a refusal after money moved: it is about another attempt, unless the bank's own records report it."""
    by_bank = incoming.source in {Source.STATUS, Source.REPORT} and incoming.state in FAILED_STATES
    denied = (IncidentKind.CONTRADICTED,) if by_bank and not _older(current, incoming) else ()
    disposition = Disposition.DUPLICATE if repeated else Disposition.SUPERSEDED
    return Change(state=current.state, disposition=disposition, incidents=denied)


def _superseded(current: Payment, incoming: VerifiedPayment) -> bool:
    """Return whether a message must not replace the state; the answer to a question is always the bank's latest."""
    if incoming.state is PaymentState.UNKNOWN:
        return incoming.source is Source.STATUS or current.state in IN_FLIGHT_STATES
    return incoming.source is not Source.STATUS and _older(current, incoming)


def _older(current: Payment, incoming: VerifiedPayment) -> bool:
    """Return whether a message is older than the recorded state, by the bank's own times."""
    return bool(current.authorised_at and incoming.authorised_at and incoming.authorised_at < current.authorised_at)


def apply(
    payment: Payment, change: Change, incoming: VerifiedPayment, *, now: datetime, display_by: datetime
) -> Payment:
    """Return the payment after a change, one version later; the same object when nothing changes.

    Args:
        payment: The recorded payment.
        change: The result of :func:`transition`.
        incoming: The message.
        now: The ledger's time.
        display_by: Until when a payment that becomes PAID may not show in the person's account (rule R17).
    """
    number = payment.authorisation_number or (
        incoming.authorisation_number if incoming.state in SETTLED_STATES else None
    )
    changes: dict[str, object] = {"authorisation_number": number}
    if change.disposition is Disposition.APPLIED:
        changes |= {
            "state": change.state,
            "changed_at": now,
            "authorised_at": incoming.authorised_at or payment.authorised_at,
            "masked_card": incoming.masked_card or payment.masked_card,
        }
        if change.state is PaymentState.PAID:
            changes |= {"paid_at": now, "display_by": display_by}
    changed = attrs.evolve(payment, **changes)  # type: ignore[arg-type]
    return payment if changed == payment else attrs.evolve(changed, version=payment.version + 1)
