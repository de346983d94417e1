"""Reconciliation of payments with the bank's daily reports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from ..gateways.base import ReportLine
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import RecordResult
from ..ledger.records import Evidence, Payment
from ..payment import PaymentState, Source, VerifiedPayment
from .inbox import Inbox

_EUROS = {None, "978", "EUR"}


def record_lines(inbox: Inbox, lines: Collection[ReportLine]) -> list[RecordResult]:
    """Record report lines; raise an incident for a line without its payment, and for a payment without its line."""
    recorded: list[RecordResult] = []
    seen: set[tuple[str, PaymentState]] = set()
    for line in lines:
        payment = inbox.ledger.find(line.transaction_reference)
        fault = _fault(line, payment, seen)
        if fault or payment is None:
            _raise(inbox, fault or IncidentKind.REPORT_SURPLUS, line.transaction_reference)
        else:
            seen.add((line.transaction_reference, line.state))
            evidence = Evidence.fields(line.values, Source.REPORT, inbox.clock())
            recorded.append(inbox.record(_verified(line, payment), evidence, payment.transaction_reference))
    for payment in _missing(inbox, lines):
        _raise(inbox, IncidentKind.REPORT_MISSING, payment.transaction_reference)
    return recorded


def _missing(inbox: Inbox, lines: Collection[ReportLine]) -> list[Payment]:
    """Return the payments within the reported period, by the bank's clock, that no line reports."""
    times = [line.at for line in lines if line.at and line.state is PaymentState.PAID]
    if not times:
        return []
    reported = {line.transaction_reference for line in lines}
    first, last = min(times), max(times)
    paid = inbox.ledger.payments({PaymentState.PAID}, since=first - timedelta(days=1), before=last)
    within = [payment for payment in paid if payment.authorised_at and first <= payment.authorised_at <= last]
    return [payment for payment in within if payment.transaction_reference not in reported]


def _raise(inbox: Inbox, kind: IncidentKind, reference: str) -> None:
    inbox.ledger.raise_incident(Incident(kind=kind, transaction_reference=reference[:64], at=inbox.clock()))


def _fault(line: ReportLine, payment: Payment | None, seen: set[tuple[str, PaymentState]]) -> IncidentKind | None:
    """Return the reason why a line cannot be recorded, or ``None``."""
    if payment is None or (line.transaction_reference, line.state) in seen:
        return IncidentKind.REPORT_SURPLUS
    refund = line.state is PaymentState.REFUNDED  # perhaps a partial one
    wrong = line.amount is not None and (line.amount > payment.amount or (line.amount < payment.amount and not refund))
    return IncidentKind.REPORT_DIFFERENT if wrong or line.currency not in _EUROS else None


def _verified(line: ReportLine, payment: Payment) -> VerifiedPayment:
    """Convert a report line to a verified payment."""
    part = line.state is PaymentState.REFUNDED and line.amount is not None and line.amount < payment.amount
    state = PaymentState.PARTIALLY_REFUNDED if part else line.state
    return VerifiedPayment(state=state, source=Source.REPORT, amount=line.amount, authorised_at=line.at)
