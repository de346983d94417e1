"""The bank's daily reports, recorded: the last to tell what nobody else told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import RecordResult
from ..ledger.records import Evidence, Payment
from ..money import Euros
from ..payment import PaymentState, Source, VerifiedPayment
from .inbox import Inbox
from .results import outcome_of

_EUROS = {None, "978", "EUR"}


class ReportedLine(Protocol):
    """A line of a bank's report; those of :func:`creance_pay.gateways.sips.read_reports` are such lines."""

    @property
    def transaction_reference(self) -> str:
        """The payment it is about."""

    @property
    def amount(self) -> Euros | None:
        """The amount, where it tells one."""

    @property
    def state(self) -> PaymentState:
        """What it says about the payment."""

    @property
    def at(self) -> datetime | None:
        """When that was so, by the bank's time."""

    @property
    def currency(self) -> str | None:
        """The currency, where it tells one."""

    @property
    def values(self) -> Mapping[str, str]:
        """Every column."""


@attrs.frozen(kw_only=True)
class _ReportedPayment(VerifiedPayment):
    """What a report's line says; a refund is no outcome, so that the state stands beside it."""

    state: PaymentState


def read_lines(intake: Inbox, lines: Collection[ReportedLine]) -> list[RecordResult]:
    """Record what reports say; each line that fits no payment makes an incident, and so does a payment without."""
    recorded: list[RecordResult] = []
    seen: set[tuple[str, PaymentState]] = set()
    for line in lines:
        entry = intake.ledger.find(line.transaction_reference)
        fault = _fault(line, entry, seen)
        if fault or entry is None:
            _incident(intake, fault or IncidentKind.REPORT_SURPLUS, line.transaction_reference)
        else:
            seen.add((line.transaction_reference, line.state))
            received = Evidence.fields(line.values, Source.REPORT, intake.clock())
            recorded.append(intake.record(_reported(line, entry), received, entry.transaction_reference))
    for entry in _missing(intake, lines):
        _incident(intake, IncidentKind.REPORT_MISSING, entry.transaction_reference)
    return recorded


def _missing(intake: Inbox, lines: Collection[ReportedLine]) -> list[Payment]:
    """Find the payments of the reported time, by the bank's clock, of which the reports say nothing."""
    times = [line.at for line in lines if line.at and line.state is PaymentState.PAID]
    if not times:
        return []
    told = {line.transaction_reference for line in lines}
    first, last = min(times), max(times)
    paid = intake.ledger.entries({PaymentState.PAID}, since=first - timedelta(days=1), before=last)
    within = [entry for entry in paid if entry.authorised_at and first <= entry.authorised_at <= last]
    return [entry for entry in within if entry.transaction_reference not in told]


def _incident(intake: Inbox, kind: IncidentKind, reference: str) -> None:
    intake.ledger.raise_incident(Incident(kind=kind, transaction_reference=reference[:64], at=intake.clock()))


def _fault(line: ReportedLine, entry: Payment | None, seen: set[tuple[str, PaymentState]]) -> IncidentKind | None:
    """Say why a line of a report cannot be recorded."""
    if entry is None or (line.transaction_reference, line.state) in seen:
        return IncidentKind.REPORT_SURPLUS
    given_back = line.state is PaymentState.REFUNDED  # perhaps a part
    wrong = line.amount is not None and (line.amount > entry.amount or (line.amount < entry.amount and not given_back))
    return IncidentKind.REPORT_DIFFERENT if wrong or line.currency not in _EUROS else None


def _reported(line: ReportedLine, entry: Payment) -> VerifiedPayment:
    """Say a line of a report as a message."""
    part = line.state is PaymentState.REFUNDED and line.amount is not None and line.amount < entry.amount
    state = PaymentState.PARTIALLY_REFUNDED if part else line.state
    return _ReportedPayment(
        outcome=outcome_of(state), state=state, source=Source.REPORT, amount=line.amount, authorised_at=line.at
    )
