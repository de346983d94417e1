"""Payments: a gateway and a ledger joined, from the start of a payment to its last effect."""

from __future__ import annotations

from .results import Answer, EffectsRun, PaymentView, Posting, Reconciliation, StartedPayment
from .service import PaymentService

__all__ = [
    "Answer",
    "EffectsRun",
    "PaymentService",
    "PaymentView",
    "Posting",
    "Reconciliation",
    "StartedPayment",
]
