"""Speaking to the bank: a way out to its page, and a verified answer back.

A message that is not authentic never becomes an object with an outcome: :meth:`Gateway.verify` returns a
:class:`VerifiedPayment` or raises.  The banks' dialects are in modules of their own (:mod:`creance_pay.gateways.sips`),
and their side of the conversation, for tests, in :mod:`creance_pay.gateways.testing`.
"""

from __future__ import annotations

from .books import Books
from .effects import Effect, EffectTask
from .entries import LedgerEntry, LedgerRecord, Received
from .forms import FormPost, Redirect
from .gateway import Capability, Gateway, HttpMessage, OperationOutcome, OperationResult, VerifiedPayment
from .incidents import Incident, IncidentKind
from .keys import KeyRing, SecretKey
from .ledger import Ledger, Recorded
from .memory_ledger import MemoryLedger
from .registry import load
from .replies import Answer, EffectsRun, PaymentView, Reconciliation, StartedPayment, Told
from .reporting import ReportedLine
from .seals import SealAlgorithm, seal
from .service import PaymentService
from .sql_ledger import SqlLedger
from .transitions import Change, Held, Treatment, transition
from .transport import HttpAnswer, RequestsTransport, Transport

__all__ = [
    "Answer",
    "Books",
    "Capability",
    "Change",
    "Effect",
    "EffectTask",
    "EffectsRun",
    "FormPost",
    "Gateway",
    "Held",
    "HttpAnswer",
    "HttpMessage",
    "Incident",
    "IncidentKind",
    "KeyRing",
    "Ledger",
    "LedgerEntry",
    "LedgerRecord",
    "MemoryLedger",
    "OperationOutcome",
    "OperationResult",
    "PaymentService",
    "PaymentView",
    "Received",
    "Reconciliation",
    "Recorded",
    "Redirect",
    "ReportedLine",
    "RequestsTransport",
    "SealAlgorithm",
    "SecretKey",
    "SqlLedger",
    "StartedPayment",
    "Told",
    "Transport",
    "Treatment",
    "VerifiedPayment",
    "load",
    "seal",
    "transition",
]
