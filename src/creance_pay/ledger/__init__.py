"""The ledger: each payment of a merchant recorded once, with every message about it."""

from __future__ import annotations

from .acts import Act, ActKind, ActState
from .contract import Store
from .incidents import Incident, IncidentKind
from .ledger import Ledger
from .memory import MemoryLedger
from .outbox import Effect, EffectTask
from .recording import RecordResult
from .records import Disposition, Evidence, Payment, PaymentEvent, PostingLine, PostingState, Sums
from .sql.sql_ledger import SqlLedger
from .transitions import Change, transition

__all__ = [
    "Act",
    "ActKind",
    "ActState",
    "Change",
    "Disposition",
    "Effect",
    "EffectTask",
    "Evidence",
    "Incident",
    "IncidentKind",
    "Ledger",
    "MemoryLedger",
    "Payment",
    "PaymentEvent",
    "PostingLine",
    "PostingState",
    "RecordResult",
    "SqlLedger",
    "Store",
    "Sums",
    "transition",
]
