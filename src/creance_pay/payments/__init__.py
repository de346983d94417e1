"""Payments: a gateway and a ledger joined, from the start of a payment to its last effect."""

from __future__ import annotations

from .health import Problem, ProblemKind, health_of
from .results import Answer, EffectsRun, PaymentView, Posting, Reconciliation, StartedPayment
from .service import PaymentService
from .worker import Worker

__all__ = [
    "Answer",
    "EffectsRun",
    "PaymentService",
    "PaymentView",
    "Posting",
    "Problem",
    "ProblemKind",
    "Reconciliation",
    "StartedPayment",
    "Worker",
    "health_of",
]
