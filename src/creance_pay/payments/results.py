"""The results of the payment service: for the portal, for the bank and for the insured person."""

from __future__ import annotations

from enum import StrEnum

import attrs

from ..errors import CreancePayError, NothingToRecordError, OrderMismatchError, ResponseRefusedError
from ..gateways.base import FormPost, Redirect
from ..ledger.recording import RecordResult
from ..ledger.records import Disposition
from ..payment import PaymentState


class Posting(StrEnum):
    """The way in which the ledger learns that the caisse's own system shows a payment."""

    #: The office reports each posting: a payment is pending until then.
    REPORTED = "REPORTED"
    #: A payment counts as posted after the display delay, unseen.  For a caisse that reports nothing.
    AFTER_DELAY = "AFTER_DELAY"


@attrs.frozen(kw_only=True)
class StartedPayment:
    """A payment that is recorded, and the form or address that brings the browser to the bank.

    Attributes:
        transaction_reference: Its reference: keep it in the person's session.
        form: The form to post, or the address to go to.
    """

    transaction_reference: str
    form: FormPost | Redirect


@attrs.frozen(kw_only=True)
class Answer:
    """The answer to the bank's notification.

    Attributes:
        http_status: The HTTP status; the body may be empty.
        result: The recorded message, or the error that kept it from being recorded.
    """

    http_status: int
    result: RecordResult | CreancePayError


@attrs.frozen(kw_only=True)
class PaymentView:
    """The answer to a browser that returns from the bank.  It is free of personal data: anyone may open a link.

    Attributes:
        http_status: The HTTP status of your page.
        result: The recorded message, or the error that kept it from being recorded.
        state: The state of the payment in the ledger, for ``messages.message_for``; PENDING while the ledger has none.
    """

    http_status: int
    result: RecordResult | CreancePayError
    state: PaymentState


@attrs.frozen(kw_only=True)
class EffectsRun:
    """The number of effects that a run has executed.

    Attributes:
        done: Effects that succeeded.
        failed: Effects that raised, and will be retried.
    """

    done: int = 0
    failed: int = 0


@attrs.frozen(kw_only=True)
class Reconciliation:
    """The result of a reconciliation.

    Attributes:
        recorded: The recorded answers and report lines, duplicates included.
        unanswered: The references of the payments whose question had no readable answer.
        foreign: The number of report lines about payments of other portals of the contract.
    """

    recorded: tuple[RecordResult, ...] = ()
    unanswered: tuple[str, ...] = ()
    foreign: int = 0

    @property
    def changed(self) -> tuple[RecordResult, ...]:
        """The results that changed a payment."""
        return tuple(each for each in self.recorded if each.disposition is Disposition.APPLIED)


def status_of(result: RecordResult | CreancePayError) -> int:
    """Choose the HTTP status for the result of a message."""
    if isinstance(result, ResponseRefusedError | NothingToRecordError | OrderMismatchError):
        return result.http_status
    return 200 if isinstance(result, RecordResult) else 503
