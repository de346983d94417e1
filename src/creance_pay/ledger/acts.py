"""The acts of people on a payment at the bank: refund, cancellation, capture.

An act is recorded before the bank is called, and its result afterwards.  A payment has one open act at a time, so that
two operators make one refund.  An act whose result is unknown stays open until the bank's records show it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from ..money import Euros


class ActKind(StrEnum):
    """The operation that a person asks the bank for."""

    REFUND = "REFUND"
    CANCEL = "CANCEL"
    CAPTURE = "CAPTURE"


class ActState(StrEnum):
    """The result of an act."""

    #: Recorded; the bank has not confirmed it.
    REQUESTED = "REQUESTED"
    #: The bank has done it.
    DONE = "DONE"
    #: The bank has not done it, and will not.
    FAILED = "FAILED"

    @property
    def replaces(self) -> frozenset[ActState]:
        """The recorded states that this result replaces: a late DONE of the bank replaces FAILED."""
        return frozenset({ActState.REQUESTED, ActState.FAILED} if self is ActState.DONE else {ActState.REQUESTED})


@attrs.frozen(kw_only=True)
class Act:
    """An act of a person on a payment.

    Attributes:
        number: Its number, increasing.
        transaction_reference: The payment.
        kind: The operation.
        amount: The amount.
        held_before: The amount that was left before it, after refunds and cancellations, with which the bank's records
            are compared; chargebacks are left out.
        by: The person.
        reason: The person's reason.
        requested_at: The time of recording.
        finished_at: The time of the result; ``None`` while it is open.
        state: The result.
        detail: The bank's answer, in English; empty before.
    """

    number: int = 0
    transaction_reference: str
    kind: ActKind
    amount: Euros
    held_before: Euros
    by: str
    reason: str
    requested_at: datetime
    finished_at: datetime | None = None
    state: ActState = ActState.REQUESTED
    detail: str = ""

    @property
    def key(self) -> str:
        """The idempotency key: the payment and the number of the act."""
        return f"{self.transaction_reference}:{self.number}"
