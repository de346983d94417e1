"""Incidents: contradictions, unknown payments and failures, which an operator must examine."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs


class IncidentKind(StrEnum):
    """Why a person has to look at a payment; a closed list."""

    #: Paid, after the bank had said no, or that the person left, or that the page expired.
    PAID_AFTER_NO = "PAID_AFTER_NO"
    #: The bank's own store deny a payment that it had confirmed.
    CONTRADICTED = "CONTRADICTED"
    #: One order, two authorisations: the card may have been debited twice.
    TWO_AUTHORISATIONS = "TWO_AUTHORISATIONS"
    #: Two orders of the same notice, the second started before the first was paid: one may have to be given back.
    DOUBLE_PAYMENT = "DOUBLE_PAYMENT"
    #: Paid, although the notice had been settled elsewhere: to give back.
    PAID_AFTER_SETTLEMENT = "PAID_AFTER_SETTLEMENT"
    #: The bank found our own request wrong: for the operator.
    REQUEST_WRONG = "REQUEST_WRONG"
    #: Authentic, but of another merchant, order, amount or currency than was recorded.
    ORDER_MISMATCH = "ORDER_MISMATCH"
    #: Not authentic, about an order that exists: a forgery, or a key or a merchant removed from the configuration.
    NOT_AUTHENTIC = "NOT_AUTHENTIC"
    #: Authentic, about an order that nobody recorded.
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    #: An effect has failed many times, and goes on being tried.
    EFFECT_FAILING = "EFFECT_FAILING"
    #: A report lacks a payment that was confirmed.
    REPORT_MISSING = "REPORT_MISSING"
    #: A report has a line too many for its payment, or of no payment of ours.
    REPORT_SURPLUS = "REPORT_SURPLUS"
    #: A report has another amount or currency than the order.
    REPORT_DIFFERENT = "REPORT_DIFFERENT"


@attrs.frozen(kw_only=True)
class Incident:
    """Something for a person; one of each kind for each payment, however often it happens.

    Attributes:
        kind: Why.
        transaction_reference: The payment; empty where it is about none.
        at: When it was first seen, with its time zone.
        detail: Facts for the operator, in English: names of fields or of effects, never a value.
    """

    kind: IncidentKind
    transaction_reference: str
    at: datetime
    detail: str = ""
