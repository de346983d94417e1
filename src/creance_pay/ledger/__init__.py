"""The ledger: each payment of a merchant recorded once, with every message about it."""

from __future__ import annotations

from .incidents import Incident, IncidentKind
from .ledger import Books, Ledger, Recorded
from .memory import MemoryLedger
from .outbox import Effect, EffectTask
from .records import LedgerEntry, LedgerRecord, Received
from .sql.sql_ledger import SqlLedger
from .transitions import Change, Held, Treatment, transition

__all__ = [
    "Books",
    "Change",
    "Effect",
    "EffectTask",
    "Held",
    "Incident",
    "IncidentKind",
    "Ledger",
    "LedgerEntry",
    "LedgerRecord",
    "MemoryLedger",
    "Received",
    "Recorded",
    "SqlLedger",
    "Treatment",
    "transition",
]
