"""The message about a payment that could not start: the browser has not left for the bank."""

from __future__ import annotations

from datetime import datetime

from ..errors import GatewayUnavailableError, InvalidReferenceError, PaymentInProgressError
from ..ledger import Ledger
from ..ledger.records import UNCONFIRMED_STATES
from ..messages import AttemptOpen, Message, ServiceUnavailable, message_for
from ..messages.catalogue import ReferenceNotOpen


def message_for_start(error: Exception, ledger: Ledger, *, now: datetime) -> Message:
    """Choose the message about an error of ``PaymentService.start``, or of a typed reference.

    The browser is still in the portal.  The message about an attempt that waits for the bank's answer is
    :class:`~creance_pay.messages.AttemptOpen`: the person may have pressed *Back*.  Offer to start again, with
    ``replace=True``.

    Args:
        error: The error.
        ledger: The ledger, which contains the payment that is in the way.
        now: The time, with its zone.

    Raises:
        Exception: the error itself, when it is a fault of the portal, such as an address that the bank refuses.  Log
            it, and answer 500: the fault is outside the person's control.

    >>> from datetime import UTC
    >>> from creance_pay.ledger import MemoryLedger
    >>> error = GatewayUnavailableError("no answer: Timeout")
    >>> message_for_start(error, MemoryLedger(), now=datetime(2026, 11, 23, 12, tzinfo=UTC))
    ServiceUnavailable()
    """
    if isinstance(error, InvalidReferenceError):
        return message_for(error)
    if isinstance(error, GatewayUnavailableError):
        return ServiceUnavailable()
    if not isinstance(error, PaymentInProgressError):
        raise error
    payments = [*filter(None, map(ledger.find, error.references))]
    if not payments:  # the notice was settled by other means
        return ReferenceNotOpen()
    # Beside an attempt that the person gave up, a payment that the bank has confirmed: nobody resumes the attempt.
    payment = next((each for each in payments if each.state not in UNCONFIRMED_STATES), payments[0])
    if payment.state in UNCONFIRMED_STATES:
        return AttemptOpen()
    return message_for(payment, **payment.message_values(now))
