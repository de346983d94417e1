"""Incidents: contradictions, unknown payments and failures, which an operator must examine."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs


class IncidentKind(StrEnum):
    """The reason why a person has to look at a payment; a closed list."""

    #: Paid after the bank had reported a refusal, a cancellation or an expiry.
    PAID_AFTER_NO = "PAID_AFTER_NO"
    #: The bank's own records deny a payment that it had confirmed.
    CONTRADICTED = "CONTRADICTED"
    #: One order has two authorisations: the card may have been debited twice.
    TWO_AUTHORISATIONS = "TWO_AUTHORISATIONS"
    #: Two orders of one notice are paid, and neither was recorded after the other was paid: refund one of them.
    DOUBLE_PAYMENT = "DOUBLE_PAYMENT"
    #: A notice was paid although it had been settled by other means: refund it.
    PAID_AFTER_SETTLEMENT = "PAID_AFTER_SETTLEMENT"
    #: The bank rejected our request as wrong: the operator has to act.
    REQUEST_WRONG = "REQUEST_WRONG"
    #: Authentic, but of another merchant, order, amount or currency than was recorded.
    ORDER_MISMATCH = "ORDER_MISMATCH"
    #: The bank reports money under this transaction reference that cannot be bound to this order: another ledger of the
    #: merchant, or a restored copy, has issued the same reference.
    FOREIGN_TRANSACTION = "FOREIGN_TRANSACTION"
    #: The bank refused the order because it knew its transaction reference before.
    REFERENCE_USED = "REFERENCE_USED"
    #: A message about a recorded order has a wrong seal: a forgery, or a key or a merchant is missing in the settings.
    NOT_AUTHENTIC = "NOT_AUTHENTIC"
    #: An authentic message names an order that is absent from the ledger.
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    #: The cardholder's bank has taken money back.
    CHARGED_BACK = "CHARGED_BACK"
    #: More was refunded than was captured.
    REFUNDED_TOO_MUCH = "REFUNDED_TOO_MUCH"
    #: An accepted payment waits for its posting by the caisse for too long.
    POSTING_OVERDUE = "POSTING_OVERDUE"
    #: The caisse has rejected the posting of an accepted payment.
    POSTING_REJECTED = "POSTING_REJECTED"
    #: A refund, cancellation or capture was requested, and the bank's answer is missing.
    ACT_UNCERTAIN = "ACT_UNCERTAIN"
    #: An effect has failed many times, and is still retried.
    EFFECT_FAILING = "EFFECT_FAILING"
    #: An effect has been due for an hour: the worker has stopped, or no process has an effect of its name.
    EFFECT_OVERDUE = "EFFECT_OVERDUE"
    #: Every given key fails to decrypt a stored message.
    PAYLOAD_UNREADABLE = "PAYLOAD_UNREADABLE"
    #: A report lacks a payment that was confirmed.
    REPORT_MISSING = "REPORT_MISSING"
    #: A report has a line too many for its payment, or of no payment of this ledger.
    REPORT_SURPLUS = "REPORT_SURPLUS"
    #: A report has another amount or currency than the order.
    REPORT_DIFFERENT = "REPORT_DIFFERENT"
    #: A report has a kind, an operation or a line that is unknown to the library.
    REPORT_UNREADABLE = "REPORT_UNREADABLE"


@attrs.frozen(kw_only=True)
class Incident:
    """An incident; one is open of each kind, payment and detail, and counts how often it was found.

    Attributes:
        kind: The reason.
        transaction_reference: The payment; empty where it is about none.
        at: The time when it was first found, with its zone.
        detail: Facts for the operator, in English: names of fields or of effects; values stay out.
        times: The number of times it was found.  Of a flood of messages, it counts those that are recorded.
        last_at: The time when it was last found; ``None`` when it was found once.
        closed_at: The time when it was closed; ``None`` while it is open.
        by: The person who closed it; empty when its cause disappeared.
        reason: The person's reason.
    """

    kind: IncidentKind
    transaction_reference: str
    at: datetime
    detail: str = ""
    times: int = 1
    last_at: datetime | None = None
    closed_at: datetime | None = None
    by: str = ""
    reason: str = ""

    def again(self, at: datetime) -> Incident:
        """Return the incident, found once more at a time."""
        return attrs.evolve(self, times=self.times + 1, last_at=at)
