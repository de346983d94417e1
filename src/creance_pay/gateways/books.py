"""What a ledger is written in: one shop's payments, records, incidents and tasks, inside one transaction.

Write these few methods for another store, and :class:`~creance_pay.gateways.Ledger` does the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from ..payment import PaymentState
from ..references import NoticeReference
from .effects import EffectTask
from .entries import LedgerEntry, LedgerRecord
from .incidents import Incident


class Books(Protocol):
    """One shop's books, open: what is written is there for all when the transaction ends, or for nobody."""

    def next_sequence(self) -> int:
        """Count one up, for nobody else; whoever starts a payment waits here until the one before has."""

    def add(self, entry: LedgerEntry) -> None:
        """Write a new payment."""

    def swap(self, entry: LedgerEntry) -> bool:
        """Write a payment over the version before it; when that is no longer the one there, do nothing and say so."""

    def find(self, transaction_reference: str) -> LedgerEntry | None:
        """Read a payment."""

    def sharing(self, notices: Collection[NoticeReference]) -> list[LedgerEntry]:
        """Read the payments of any of these notices, and keep others from doing the same until the end."""

    def entries(
        self, states: Collection[PaymentState], since: datetime | None, before: datetime | None
    ) -> Iterator[LedgerEntry]:
        """Go through the payments in these states, or in any, that were recorded within a time, by reference."""

    def add_record(self, record: LedgerRecord) -> int:
        """Write a record, and give its number."""

    def records(self, transaction_reference: str) -> list[LedgerRecord]:
        """Read the records of a payment, in the order in which they were written."""

    def heard(self, transaction_reference: str, meaning: str) -> bool:
        """Tell whether a record of this meaning is there."""

    def parked(self) -> list[LedgerRecord]:
        """Read the parked records that no later record has taken up."""

    def refusals(self, since: datetime) -> int:
        """Count the refused records after a time."""

    def add_incident(self, incident: Incident) -> None:
        """Write an incident, unless one of its kind, payment and detail is open."""

    def incidents(self) -> list[Incident]:
        """Read the open incidents, the oldest first."""

    def close_incident(self, incident: Incident, at: datetime) -> None:
        """Write that a person has seen to an incident."""

    def settle(self, notice: NoticeReference, at: datetime) -> None:
        """Write that nothing more is due on a notice, for a reason that is not in these books."""

    def settled(self, notices: Collection[NoticeReference]) -> bool:
        """Tell whether nothing more is due on one of these notices."""

    def add_task(self, task: EffectTask) -> None:
        """Write an effect that has to happen, unless its key is there."""

    def tasks(self) -> list[EffectTask]:
        """Read the effects that have not happened yet, those due first in front."""

    def next_task(self, now: datetime, names: Collection[str]) -> EffectTask | None:
        """Read the effect that is due first, of those with one of these names; pass over what somebody else begins."""

    def claim(self, task: EffectTask) -> None:
        """Write how often an effect was begun, and when it is due again."""

    def finish(self, task: EffectTask, at: datetime | None) -> None:
        """Write when an effect happened, or what it raised."""

    def last_number(self) -> int:
        """Read the highest number of a record, or zero."""

    def erase(self, before: datetime, numbers: range) -> int:
        """Erase payloads that came before a time, of records with these numbers, and count what was erased.

        With them go the cards of their payments, where these last changed before that time.
        """
