"""Reconciliation of payments with the bank's daily reports."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs

from .._log import log
from ..gateways.base import BadLine, Report, ReportKind, ReportLine
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.recording import RecordResult
from ..ledger.records import SETTLED_STATES, Evidence, Payment
from ..payment import Movement, MovementKind, PaymentState, Source, VerifiedPayment
from .health import REPORT
from .inbox import Inbox

_EUROS = {None, "978", "EUR"}
_PARIS = ZoneInfo("Europe/Paris")
#: No order is older: the references of transactions begin in the year 2000.
_FIRST_DAY = date(2000, 1, 1)
# They confirm what the acquirer paid out, not what the cardholder paid.
_IGNORED = {ReportKind.RECONCILIATIONS}


@attrs.define
class Reported:
    """The result of recording report lines.

    Attributes:
        recorded: The recorded lines, duplicates included.
        foreign: The number of lines about payments of other portals of the contract.
        seen: How often a payment, kind and state was reported.
        equal: How often an equal refund without identifier was reported.
    """

    recorded: list[RecordResult] = attrs.field(factory=list)
    foreign: int = 0
    seen: Counter[tuple[str, ReportKind, PaymentState]] = attrs.field(factory=Counter)
    equal: Counter[str] = attrs.field(factory=Counter)


def record_lines(inbox: Inbox, reports: Iterable[ReportLine | Report]) -> Reported:
    """Record report lines; raise an incident for a line that does not fit its payment, and for a missing line."""
    lines, days, bad = _flat(reports)
    tomorrow = inbox.clock().date() + timedelta(days=1)
    days = {day for day in days if _FIRST_DAY <= day <= tomorrow}  # a wrong date covers nothing, and overflows nothing
    result = Reported()
    for line in lines:
        try:
            _record(inbox, line, result)
        except Exception as error:  # noqa: BLE001 - no line stops the others; without a store, the incident raises
            log("report_line_failed", traceback=True, line=line.number)
            _raise(inbox, IncidentKind.REPORT_UNREADABLE, "", detail=type(error).__name__)
    if result.foreign:
        _raise(inbox, IncidentKind.REPORT_SURPLUS, "", detail="lines about no payment of this ledger")
    for unread in bad:
        _raise(inbox, IncidentKind.REPORT_UNREADABLE, "", detail=unread.reason)
    _note_day(inbox, days)
    for payment in _missing(inbox, lines, days):
        _raise(inbox, IncidentKind.REPORT_MISSING, payment.transaction_reference)
    return result


def _note_day(inbox: Inbox, days: set[date]) -> None:
    """Record the end of the last day that a report of transactions covers."""
    if not days:
        return
    end, known = _whole_day(max(days))[1], inbox.ledger.heartbeats().get(REPORT)
    if known is None or known < end:
        inbox.ledger.beat(REPORT, now=end)


def _flat(reports: Iterable[ReportLine | Report]) -> tuple[list[ReportLine], set[date], list[BadLine]]:
    """Return the lines of reports, the days that reports of transactions cover, and the bad lines."""
    lines: list[ReportLine] = []
    days: set[date] = set()
    bad: list[BadLine] = []
    for each in [reports] if isinstance(reports, Report) else reports:
        if isinstance(each, ReportLine):
            lines.append(each)
            continue
        lines += each.lines
        bad += each.bad
        if each.kind is ReportKind.TRANSACTIONS and each.day:
            days.add(each.day)
    days |= {line.day for line in lines if line.day and line.kind is ReportKind.TRANSACTIONS}
    return lines, days, bad


def _record(inbox: Inbox, line: ReportLine, result: Reported) -> None:
    """Record one line, or the incident that keeps it from being recorded."""
    payment = inbox.ledger.find(line.transaction_reference)
    if payment is None:
        result.foreign += 1
        return
    if line.kind in _IGNORED:
        return
    if line.nonce is not None and payment.order.nonce and line.nonce != payment.order.nonce:
        # The order of another portal, with the same reference: it is no repetition of this order's line.
        _raise(inbox, IncidentKind.FOREIGN_TRANSACTION, line.transaction_reference)
        return
    key = (line.transaction_reference, line.kind, line.state)
    result.seen[key] += 1
    fault = _fault(line, payment, repeated=result.seen[key] > 1)
    if fault:
        _raise(inbox, fault, line.transaction_reference)
        return
    evidence = Evidence.fields(line.values, Source.REPORT, inbox.clock())
    result.recorded.append(inbox.record(_verified(line, payment, result.equal), evidence, payment))


def _missing(inbox: Inbox, lines: Iterable[ReportLine], days: set[date]) -> list[Payment]:
    """Return the payments that the reports of transactions should list and do not.

    A report covers the day in its first line, in Paris.  Lines without such a day cover the time from the first to the
    last of them.
    """
    reported = {line.transaction_reference for line in lines}
    now = inbox.clock()
    times = [line.at for line in lines if line.at and line.state is PaymentState.PAID and not line.day]
    times = [at for at in times if _whole_day(_FIRST_DAY)[0] <= at <= now + timedelta(days=1)]
    periods = [_whole_day(day) for day in days] + ([(min(times), max(times))] if times else [])
    missing: dict[str, Payment] = {}
    for first, last in periods:
        paid = inbox.ledger.payments(SETTLED_STATES, since=first - timedelta(days=1), before=last + timedelta(days=1))
        for payment in paid:
            at = payment.authorised_at
            if at and first <= at <= last and payment.transaction_reference not in reported:
                missing[payment.transaction_reference] = payment
    return list(missing.values())


def _whole_day(day: date) -> tuple[datetime, datetime]:
    """Return the first and the last second of a day in Paris."""
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=_PARIS)
    return midnight, datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=_PARIS) - timedelta(
        seconds=1
    )


def _raise(inbox: Inbox, kind: IncidentKind, reference: str, *, detail: str = "") -> None:
    at = inbox.clock()
    inbox.ledger.raise_incident(Incident(kind=kind, transaction_reference=reference[:64], at=at, detail=detail))


def _fault(line: ReportLine, payment: Payment, *, repeated: bool) -> IncidentKind | None:
    """Return the reason why a line cannot be recorded, or ``None``."""
    if repeated and line.movement is None and line.state is PaymentState.PAID:
        return IncidentKind.REPORT_SURPLUS
    part = (line.state is PaymentState.REFUNDED and line.remaining is None) or _returns(line, payment)
    wrong = line.amount is not None and (line.amount > payment.amount or (line.amount < payment.amount and not part))
    return IncidentKind.REPORT_DIFFERENT if wrong or line.currency not in _EUROS else None


def _returns(line: ReportLine, payment: Payment) -> bool:
    """Return whether a line reports a movement of a part, or a debit whose missing part is known to be returned."""
    if line.movement is None:
        return False
    left = payment.amount.saturating_sub(payment.sums.refunded)
    return line.movement.kind is not MovementKind.CAPTURED or line.movement.amount >= left


def _verified(line: ReportLine, payment: Payment, equal: Counter[str]) -> VerifiedPayment:
    """Convert a report line to a verified payment."""
    movement = line.movement or _partial_refund(line, payment, equal)
    return VerifiedPayment(
        state=line.state,
        source=Source.REPORT,
        amount=line.amount,
        authorised_at=line.at,
        response_code=_code(line.values),
        bound=bool(line.nonce) and line.nonce == payment.order.nonce,
        reference_used=_code(line.values) == "94",
        movement=movement,
        remaining=line.remaining,
    )


def _code(values: Mapping[str, str]) -> str | None:
    return values.get("responseCode") or None


def _partial_refund(line: ReportLine, payment: Payment, equal: Counter[str]) -> Movement | None:
    """Return the movement of a refund line without identifier; equal lines of one call are counted."""
    if line.remaining is not None or line.state is not PaymentState.REFUNDED:
        return None
    if line.amount is None or line.amount >= payment.amount:
        return None
    meaning = [line.transaction_reference, line.amount.cents, str(line.at), *sorted(line.values.items())]
    digest = hashlib.sha256(json.dumps(meaning).encode()).hexdigest()[:16]
    equal[digest] += 1
    identifier = f"{digest}:{equal[digest]}"
    return Movement(kind=MovementKind.REFUNDED, amount=line.amount, identifier=identifier, series=line.kind, at=line.at)
