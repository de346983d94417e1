"""What the payment service answers: to the portal, to the bank, and to the person."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..errors import CreancePayError, OrderMismatchError, ResponseRefusedError
from ..gateways.base import FormPost, Redirect
from ..ledger.ledger import RecordResult
from ..ledger.transitions import Disposition
from ..payment import PaymentState


@attrs.frozen(kw_only=True)
class StartedPayment:
    """A payment that is recorded, and the way out to the bank.

    Attributes:
        transaction_reference: Its reference: keep it in the person's session.
        form: What the browser does next.
    """

    transaction_reference: str
    form: FormPost | Redirect


@attrs.frozen(kw_only=True)
class Answer:
    """What to answer the bank.

    Attributes:
        http_status: The status; the body may be empty.
        result: What was recorded, or why nothing was.
    """

    http_status: int
    result: RecordResult | CreancePayError


@attrs.frozen(kw_only=True)
class Told:
    """What the person may be told about a payment: ``messages.message_for`` makes a sentence of it.

    Attributes:
        outcome: What became of the payment as far as is known, PENDING while nothing is.
        values: What the sentence may need.
    """

    outcome: PaymentState
    values: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class PaymentView:
    """What to show a browser that comes back; nothing in it is personal, since anyone may open a link.

    Attributes:
        http_status: 200, or what a page of your own should answer with.
        result: What was recorded, or why nothing was.
        message: What the person may be told, by the ledger and not by this message alone.
    """

    http_status: int
    result: RecordResult | CreancePayError
    message: Told


@attrs.frozen(kw_only=True)
class EffectsRun:
    """How many effects a run brought about.

    Attributes:
        done: How many happened.
        failed: How many raised, and will be tried again.
    """

    done: int = 0
    failed: int = 0


@attrs.frozen(kw_only=True)
class Reconciliation:
    """What a reconciliation found out.

    Attributes:
        recorded: What was recorded, duplicates included.
        unanswered: The references of the payments about which the bank did not answer, or not readably.
    """

    recorded: tuple[RecordResult, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[RecordResult, ...]:
        """What changed a payment."""
        return tuple(each for each in self.recorded if each.disposition is Disposition.APPLIED)


def status_of(result: RecordResult | CreancePayError) -> int:
    """Choose the HTTP status for what became of a message."""
    if isinstance(result, ResponseRefusedError | OrderMismatchError):
        return result.http_status
    return 200 if isinstance(result, RecordResult) else 503


def outcome_of(state: PaymentState) -> PaymentState:
    """Say a state as an outcome: nothing heard is pending, and what is none is unknown."""
    if state is PaymentState.CREATED:
        return PaymentState.PENDING
    return PaymentState(state.value) if state.value in set(PaymentState) else PaymentState.UNKNOWN
