"""The daily reports of the bank, in both forms, for any day.

A report is made in the night after its day, and has the lines of one merchant.  With semicolons it begins with its
kind and ends with ``END`` and a count.  With tabs it has the form of a report that a bank brand sent: ``TITLE``, then
``HEADER``, each line with its kind, and ``END`` alone; its times are those of Paris, without a zone.

The vendor publishes the names of the columns, and not the columns of each kind: their choice and order are ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from ...errors import InvalidValueError
from ...gateways.base import ReportKind
from ..accounts import Account, Operation
from ..bank import TrialBank
from ..decisions import PaymentRequest

_PARIS = ZoneInfo("Europe/Paris")
_LAYOUT, _MADE_AFTER = "TAB20_V8", timedelta(minutes=14, seconds=11)
# The kind in the first line of each form, and at the beginning of each line with tabs.
_TITLES = {
    ReportKind.TRANSACTIONS: ("TRANSACTIONS", "TRANSACTION_REPORT", "TRANSACTION"),
    ReportKind.OPERATIONS: ("OPERATIONS", "OPERATION_REPORT", "OPERATION"),
    ReportKind.CHARGEBACKS: ("CHARGEBACKS", "CHARGEBACK_REPORT", "CHARGEBACK"),
    ReportKind.RECONCILIATIONS: (
        "TRANSACTIONS_RECONCILIATION", "TRANSACTION_RECONCILIATION_REPORT", "RECONCILIATION",
    ),
    ReportKind.CHARGEBACK_RECONCILIATIONS: (
        "CHARGEBACKS_RECONCILIATION", "CHARGEBACK_RECONCILIATION_REPORT", "RECONCILIATION",
    ),
}  # fmt: skip
_COLUMNS = {
    ReportKind.TRANSACTIONS: (
        "merchantId", "transactionReference", "amount", "currencyCode", "transactionDateTime", "responseCode",
        "transactionStatus", "currentAmount", "captureMode", "captureDay", "maskedPan", "authorisationId",
        "acquirerResponseCode", "orderChannel", "returnContext",
    ),
    ReportKind.OPERATIONS: (
        "merchantId", "transactionReference", "operationSequence", "operationName", "operationAmount", "currencyCode",
        "transactionDateTime", "operationDateTime", "responseCode", "newStatus", "newAmount", "operationOrigin",
        "acquirerResponseCode", "orderChannel", "returnContext", "authorisationId",
    ),
    ReportKind.CHARGEBACKS: (
        "merchantId", "transactionReference", "chargebackAcquirerReference", "chargebackAmount", "currencyCode",
        "chargebackReasonCode", "transactionDateTime",
    ),
    ReportKind.RECONCILIATIONS: (
        "merchantId", "transactionReference", "operationName", "operationSequence", "grossAmount", "netAmount",
        "feeAmount", "currencyCode", "transactionDateTime", "remittanceDateTime", "remittanceNumber",
    ),
    ReportKind.CHARGEBACK_RECONCILIATIONS: (
        "merchantId", "transactionReference", "chargebackAmount", "currencyCode", "transactionDateTime",
        "chargebackSettlementDate", "remittanceNumber",
    ),
}  # fmt: skip
_REMITTANCES = {"DEBIT_CAPTURE", "CREDIT_CAPTURE"}
_CHARGEBACK = "CHARGEBACK"
# The operations that each report lists; a chargeback is no operation of the vendor's list.
_LISTED = {
    ReportKind.CHARGEBACKS: {_CHARGEBACK},
    ReportKind.RECONCILIATIONS: _REMITTANCES,
    ReportKind.CHARGEBACK_RECONCILIATIONS: {_CHARGEBACK},
}


class ReportForm(StrEnum):
    """A form of a report; its value is the end of the name of a file."""

    #: Separated by semicolons.
    SEMICOLONS = "csv"
    #: Separated by tabs.
    TABS = "xls"


def daily_report(
    bank: TrialBank,
    kind: ReportKind,
    day: date,
    *,
    merchant_id: str | None = None,
    form: ReportForm = ReportForm.SEMICOLONS,
) -> str:
    """Write the report of a day, as text.

    Args:
        bank: The bank.
        kind: The kind of the report.
        day: The day in Paris.
        merchant_id: The merchant; not needed for a bank with one merchant.
        form: The form.

    Raises:
        InvalidValueError: for a kind that the bank does not write, or without the merchant of several.
    """
    if kind not in _TITLES:
        raise InvalidValueError(f"expected one of {', '.join(_TITLES)}, got {kind}")
    merchants = [each for each in bank.merchants if merchant_id in {None, each}]
    if len(merchants) != 1:
        raise InvalidValueError(f"expected one merchant of {', '.join(bank.merchants)}, got {len(merchants)}")
    made = datetime.combine(day + timedelta(days=1), datetime.min.time()) + _MADE_AFTER
    lines = [
        [values.get(name, "") for name in _COLUMNS[kind]]
        for request, account in _accounts(bank, merchants[0])
        for values in _lines(kind, day, request, account)
    ]
    plain, title, word = _TITLES[kind]
    if form is ReportForm.SEMICOLONS:
        first: list[object] = [plain, "daily", f"{made:%Y-%m-%d}", _LAYOUT]
        return _written([first, _COLUMNS[kind], *lines, ["END", len(lines)]], ";")
    first = ["TITLE", title, f"{made:%Y-%m-%d %H:%M:%S}", _LAYOUT]
    return _written([first, ["HEADER", *_COLUMNS[kind]], *([word, *line] for line in lines), ["END"]], "\t")


def write_daily_reports(
    bank: TrialBank,
    day: date,
    folder: Path,
    *,
    merchant_id: str | None = None,
    form: ReportForm = ReportForm.SEMICOLONS,
) -> list[Path]:
    """Write the reports of a day, of every kind, into a folder, and return the files.

    The arguments are those of :func:`daily_report`, and the folder.
    """
    files = []
    for kind in _TITLES:
        path = folder / f"{day:%Y%m%d}-{kind.lower()}.{form}"
        path.write_text(daily_report(bank, kind, day, merchant_id=merchant_id, form=form), encoding="utf-8")
        files.append(path)
    return files


def _accounts(bank: TrialBank, merchant_id: str) -> Iterator[tuple[PaymentRequest, Account]]:
    for reference, account in list(bank.accounts.items()):
        request = bank.requests[reference]
        if request.merchant_id == merchant_id:
            yield bank.recorded(request), account


def _lines(kind: ReportKind, day: date, request: PaymentRequest, account: Account) -> Iterator[dict[str, str]]:
    """Yield the lines of a report about one payment, by the vendor's names of columns."""
    common = {
        "merchantId": request.merchant_id,
        "transactionReference": request.transaction_reference,
        "currencyCode": "978",
        "transactionDateTime": _time(account.decision.decided_at),
        "orderChannel": "INTERNET",
        "responseCode": "00",
    }
    if kind is ReportKind.TRANSACTIONS:
        if _day(account.decision.decided_at) == day:
            yield common | _transaction(day, request, account)
        return
    for operation in account.operations:
        listed = operation.name in _LISTED.get(kind, {operation.name} - {_CHARGEBACK})
        if listed and _day(operation.at) == day:
            yield common | _operation(operation, account) | {"returnContext": request.nonce or ""}


def _transaction(day: date, request: PaymentRequest, account: Account) -> dict[str, str]:
    """Return the columns of a payment, in its state at the end of the day."""
    decision = account.decision
    night = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=_PARIS)
    status, remaining = account.status_at(night)
    return {
        "amount": str(request.amount.cents),
        "responseCode": decision.response_code,
        "transactionStatus": status,
        "currentAmount": str(remaining.cents) if decision.accepted else "",
        "captureMode": "AUTHOR_CAPTURE",
        "captureDay": "0",
        "maskedPan": decision.masked_card or "",
        "authorisationId": decision.authorisation_number or "",
        "acquirerResponseCode": decision.response_code if decision.asked_acquirer else "",
        "returnContext": request.nonce or "",
    }


def _operation(operation: Operation, account: Account) -> dict[str, str]:
    """Return the columns of an operation, of each kind of report.

    The acquirer has numbers of its own for chargebacks: they may be those of other operations.
    """
    disputes = sum(each.name == _CHARGEBACK for each in account.operations[: operation.sequence])
    amount, number = str(operation.amount.cents), f"{_day(operation.at):%y%m%d}01"
    return {
        "operationSequence": str(operation.sequence),
        "operationName": operation.name,
        "operationAmount": amount,
        "operationDateTime": _time(operation.at),
        "newStatus": operation.status,
        "newAmount": str(operation.remaining.cents),
        "operationOrigin": operation.origin,
        "acquirerResponseCode": "00",
        "authorisationId": account.decision.authorisation_number or "",
        "chargebackAcquirerReference": str(disputes),
        "chargebackAmount": amount,
        "chargebackReasonCode": "4837",
        "chargebackSettlementDate": f"{_day(operation.at):%Y%m%d}",
        "grossAmount": amount,
        "netAmount": amount,
        "feeAmount": "0",
        "remittanceDateTime": _time(operation.at),
        "remittanceNumber": number,
    }


def _written(rows: Sequence[Sequence[object]], separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _day(moment: datetime) -> date:
    return moment.astimezone(_PARIS).date()


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(_PARIS):%Y-%m-%d %H:%M:%S}"
