"""What becomes of a payment when the bank speaks: the one place that decides it.

A bank's messages come twice, late, out of order, or contradict one another.  :func:`transition` takes what the ledger
holds and what an authentic message tells, and answers with the state to hold, how the message was treated, and what a
person has to look at.  It is pure, and knows neither database nor clock.

* Money that moved stays: PAID gives way to refunds alone, and refunds to nothing.
* A genuine PAID wins over every other state; after a *no* with an incident.
* What was told before, or is older by the bank's own clock, changes nothing.
* UNKNOWN says that the bank has to be asked; it takes no better knowledge away.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from ..payment import PaymentState, Source, VerifiedPayment
from .incidents import IncidentKind

#: Money has moved; each may only become one further to the right.
SETTLED_STATES = (PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED)
#: The attempt is over, and no money has moved.
FAILED_STATES = frozenset({PaymentState.REFUSED, PaymentState.CANCELLED, PaymentState.EXPIRED, PaymentState.ERROR})
#: The bank has an attempt and has not decided.
IN_FLIGHT_STATES = frozenset({PaymentState.PENDING, PaymentState.AUTHORISED})
#: Nothing is known, or nothing certain.
UNCONFIRMED_STATES = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN})


class Disposition(StrEnum):
    """What the ledger did with a message."""

    #: The payment has a new state.
    APPLIED = "APPLIED"
    #: It says what is known already.
    DUPLICATE = "DUPLICATE"
    #: It is genuine, and what is known weighs more.
    SUPERSEDED = "SUPERSEDED"
    #: It is genuine, and not about the recorded order.
    MISMATCH = "MISMATCH"
    #: It is genuine, about an order that is not recorded, and kept until it is.
    PARKED = "PARKED"
    #: It is not authentic, or not readable; only its hash is kept.
    REFUSED = "REFUSED"


class Held(Protocol):
    """What the ledger holds about a payment, as far as a transition depends on it."""

    @property
    def state(self) -> PaymentState:
        """The state."""

    @property
    def authorisation_number(self) -> str | None:
        """The bank's number of the authorisation that was paid."""

    @property
    def authorised_at(self) -> datetime | None:
        """The bank's time of what the state was taken from."""


@attrs.frozen(kw_only=True)
class Change:
    """What a message does to a payment.

    Attributes:
        state: The state to hold.
        disposition: What was done with the message; effects belong to APPLIED alone.
        incidents: What a person has to look at.
    """

    state: PaymentState
    disposition: Disposition
    incidents: tuple[IncidentKind, ...] = ()


def transition(held: Held, told: VerifiedPayment, *, repeated: bool = False) -> Change:
    """Decide what an authentic message about an order does to its payment.

    Args:
        held: What the ledger holds.
        told: What the message tells.
        repeated: Whether a message of the same fingerprint was recorded before.
    """
    if told.state in SETTLED_STATES:
        return _money(held, told)
    if held.state in SETTLED_STATES:
        return _denied(held, told, repeated=repeated)
    if told.state is held.state or (repeated and told.source is not Source.STATUS):
        return Change(state=held.state, disposition=Disposition.DUPLICATE)
    if _weighs_less(held, told):
        return Change(state=held.state, disposition=Disposition.SUPERSEDED)
    wrong = (IncidentKind.REQUEST_WRONG,) if told.state is PaymentState.ERROR else ()
    return Change(state=told.state, disposition=Disposition.APPLIED, incidents=wrong)


def _money(held: Held, told: VerifiedPayment) -> Change:
    """Money has moved: forwards only, and never twice."""
    if held.state not in SETTLED_STATES:
        surprise = (IncidentKind.PAID_AFTER_NO,) if held.state in FAILED_STATES else ()
        return Change(state=told.state, disposition=Disposition.APPLIED, incidents=surprise)
    numbers = {held.authorisation_number, told.authorisation_number} - {None}
    twice = (IncidentKind.TWO_AUTHORISATIONS,) if told.state is PaymentState.PAID and len(numbers) > 1 else ()
    if SETTLED_STATES.index(told.state) > SETTLED_STATES.index(held.state):
        return Change(state=told.state, disposition=Disposition.APPLIED)
    return Change(state=held.state, disposition=Disposition.DUPLICATE, incidents=twice)


def _denied(held: Held, told: VerifiedPayment, *, repeated: bool) -> Change:
    """Money has moved and something says no: of another attempt, unless it stands in the bank's own books."""
    books = told.source in {Source.STATUS, Source.REPORT} and told.state in FAILED_STATES
    denied = (IncidentKind.CONTRADICTED,) if books and not _older(held, told) else ()
    disposition = Disposition.DUPLICATE if repeated else Disposition.SUPERSEDED
    return Change(state=held.state, disposition=disposition, incidents=denied)


def _weighs_less(held: Held, told: VerifiedPayment) -> bool:
    """Tell what must not replace what is held: the bank's answer to a question is always its latest word."""
    if told.state is PaymentState.UNKNOWN:
        return told.source is Source.STATUS or held.state in IN_FLIGHT_STATES
    return told.source is not Source.STATUS and _older(held, told)


def _older(held: Held, told: VerifiedPayment) -> bool:
    """Compare the bank's times with each other, and never with our clock."""
    return bool(held.authorised_at and told.authorised_at and told.authorised_at < held.authorised_at)
