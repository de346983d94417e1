"""The bank's daily reports; each line is parsed, or returned with the reason why not.

A report exists in two forms.  Its first line names its kind and the day when it was made; it covers the day before.

===========  ===========================================  =================================================
part         with semicolons                              with tabs, under a name that ends in ``.xls``
===========  ===========================================  =================================================
first line   kind, name, date, version of the table       ``TITLE``, kind, time, version of the table
second line  the names of the columns                     ``HEADER`` and the names of the columns
a line       the cells                                    the kind of the line, and the cells
last line    ``END`` and the number of lines              ``END`` alone
===========  ===========================================  =================================================

Source: the vendor's guide of reports (release 24.6) and its list of operation names; the form with tabs is that of a
report of one of its banks (2025).
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from os import PathLike
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from ..._clock import in_utc_range
from ...errors import ConfigurationError, MalformedResponseError
from ...money import Euros
from ...payment import Movement, MovementKind, PaymentState
from ..base import BadLine, Report, ReportKind, ReportLine
from .response_codes import STATUSES, after_refunds, state_of
from .responses import REFERENCE, parse_cents, parse_timestamp

_PARIS = ZoneInfo("Europe/Paris")
_LAST = re.compile(r"(?:END|FIN)", re.IGNORECASE)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_DAY = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6})(?:[ T].*)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TITLE, _HEADER = "TITLE", "HEADER"
_REFERENCE = "transactionReference"
_AMOUNTS = ("amount", "transactionAmount", "operationAmount", "grossAmount", "chargebackAmount")
_STATES, _TIMES = ("transactionStatus", "newStatus", "paymentStatus"), ("transactionDateTime", "operationDateTime")
_IDENTIFIERS = (
    "operationSequence", "chargebackAcquirerReference", "chargebackReference", "chargebackId", "operationReference",
)  # fmt: skip
_REMAINING = "currentAmount"
# The words of a first line, the longer ones first.
_KINDS = (
    (("CHARGEBACK", "RECONCILIATION"), ReportKind.CHARGEBACK_RECONCILIATIONS),
    (("CHARGEBACK",), ReportKind.CHARGEBACKS),
    (("RECONCILIATION",), ReportKind.RECONCILIATIONS),
    (("OPERATION",), ReportKind.OPERATIONS),
    (("TRANSACTION",), ReportKind.TRANSACTIONS),
)
# One column of each group must exist.
_NEEDED: Mapping[ReportKind, tuple[tuple[str, ...], ...]] = {
    ReportKind.TRANSACTIONS: ((_REFERENCE,), (*_STATES, "responseCode")),
    ReportKind.OPERATIONS: ((_REFERENCE,), ("operationName",), ("operationAmount", "amount")),
    ReportKind.CHARGEBACKS: ((_REFERENCE,), _AMOUNTS),
}
_CHARGEBACKS = {ReportKind.CHARGEBACKS, ReportKind.CHARGEBACK_RECONCILIATIONS}
# Of an accepted payment that is not debited yet: they return what was accepted.
_CANCELLATIONS = ("CANCEL", "CANCELLATION", "CANCEL_CAPTURE")
# A refund is reported when it is asked for, when it is remitted to the bank, or both; a cancellation is never remitted.
_SERIES = {"CREDIT_CAPTURE": "REMITTANCES", **dict.fromkeys(_CANCELLATIONS, "")}
#: The movement of each operation of an operations report; ``None`` for one that moves no money by itself.
OPERATION_NAMES: Mapping[str, MovementKind | None] = {
    "DEBIT_CAPTURE": MovementKind.CAPTURED,
    "CAPTURE": MovementKind.CAPTURED,
    "CREDIT_CAPTURE": MovementKind.REFUNDED,
    "CREDIT": MovementKind.REFUNDED,
    "REFUND": MovementKind.REFUNDED,
    "CREDIT_HOLDER": MovementKind.REFUNDED,
    "CHARGEBACK": MovementKind.CHARGED_BACK,
    "DEBIT_CHARGEBACK": MovementKind.CHARGED_BACK,
    "REPRESENTMENT": MovementKind.REPRESENTED,
    "CREDIT_FROM_TRANSACTION": MovementKind.REFUNDED,
    **dict.fromkeys(_CANCELLATIONS, MovementKind.REFUNDED),
    **dict.fromkeys(
        (
            "AUTHORISATION", "AUTHORIZATION", "AUTHOR", "AUTHOR_BATCH", "VALIDATION", "VALIDATE", "VALIDATE_CHALLENGE",
            "ACCEPT_CHALLENGE", "REFUSE_CHALLENGE", "DUPLICATE", "EXPIRED", "HOTLIST_CHECK", "RECYCLE", "REFERRAL",
            "TRANSACTION", "VERIFY_ACCOUNT",
        )
    ),
}  # fmt: skip
_MOVED = {
    MovementKind.CAPTURED: PaymentState.PAID,
    MovementKind.REFUNDED: PaymentState.REFUNDED,
    MovementKind.CHARGED_BACK: PaymentState.CHARGED_BACK,
    MovementKind.REPRESENTED: PaymentState.PAID,
}


@attrs.frozen(kw_only=True)
class _Table:
    """The parts of a report file."""

    header: tuple[str, ...]
    kind: ReportKind
    day: date | None
    columns: tuple[str, ...]


def read_reports(path: str | PathLike[str], *, encoding: str | None = None) -> Report:
    """Read one report file, of either form and any kind.

    Args:
        path: The file.
        encoding: Its encoding.  Without one, UTF-8, and Windows-1252 (which covers ISO-8859-1) where it is not UTF-8.

    Returns:
        The report.  Of an unknown kind, every line is among the bad ones.

    Raises:
        MalformedResponseError: for a file without first line, or without a column that its kind needs; the error lists
            the columns found.
        ConfigurationError: for an unknown encoding.
        OSError: when the file cannot be opened.

    A daily report, recorded by the payment service::

        report = read_reports("/var/lib/bank/transactions-20261123.csv")
        service.reconcile(reports=[report])
        for line in report.bad:
            print(line.number, line.reason)
    """
    texts = [(number, line) for number, line in enumerate(_decoded(path, encoding), 1) if line.strip()]
    separator = "\t" if texts and texts[0][1].split("\t")[0] == _TITLE else ";"
    rows = [(number, text, _cells(text, separator)) for number, text in texts]
    table = _table(rows)
    rest = rows[2:]
    closing = rest.pop() if rest and _LAST.fullmatch("".join(rest[-1][2][:1])) else None
    repeated: Counter[str] = Counter()
    read = [_line(number, text, table, cells, repeated) for number, text, cells in rest]
    bad = [line for line in read if isinstance(line, BadLine)]
    if closing is None:
        bad.append(BadLine(number=rows[-1][0], reason="the last line of the report is missing", text=""))
    elif separator == ";" and closing[2][1:2] != (str(len(rest)),):
        bad.append(BadLine(number=closing[0], reason="the last line has another count", text=closing[1]))
    lines = tuple(line for line in read if isinstance(line, ReportLine))
    return Report(header=table.header, kind=table.kind, day=table.day, lines=lines, bad=tuple(bad))


def _decoded(path: str | PathLike[str], encoding: str | None) -> list[str]:
    """Read the lines of a file."""
    raw = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode(encoding or "utf-8")
    except LookupError:
        raise ConfigurationError(f"expected a known encoding, got {encoding!r}") from None
    except UnicodeDecodeError:
        text = raw.decode(encoding or "cp1252", errors="replace")
    return re.split("\r\n|\n|\r", text)


def _cells(text: str, separator: str) -> tuple[str, ...]:
    """Split a line into cells; an unclosed quotation mark joins cells, and the line is then too short."""
    try:
        return tuple(next(csv.reader([text], delimiter=separator)))
    except csv.Error:  # a cell over the limit of the csv module
        return ()


def _table(rows: Sequence[tuple[int, str, tuple[str, ...]]]) -> _Table:
    """Parse the first two lines, and check the columns."""
    header, columns = (rows[0][2], rows[1][2]) if rows[1:] else ((), ())
    titled = header[:1] == (_TITLE,)
    if titled:
        header = header[1:]
        columns = columns[1:] if columns[:1] == (_HEADER,) else ()
    kind = _kind_of(header)
    named = [name for name in columns if name]
    needed = _NEEDED.get(kind, ((_REFERENCE,),))
    missing = [" or ".join(group) for group in needed if not set(group) & set(named)]
    if missing or len(set(named)) < len(named):
        found = ", ".join(named[:40]) or "none"
        expected = ", ".join(missing) or "columns of different names"
        raise MalformedResponseError(
            f"expected a report: a first line, then columns with {expected}; columns found: {found}"
        )
    return _Table(header=header, kind=kind, day=_day_of(header), columns=("", *columns) if titled else columns)


def _kind_of(header: Iterable[str]) -> ReportKind:
    """Return the kind that the first cell with a kind names."""
    for cell in map(str.upper, header):
        for names, kind in _KINDS:
            if all(name in cell for name in names):
                return kind
    return ReportKind.UNKNOWN


def _day_of(header: Sequence[str]) -> date | None:
    """Return the day before the report was made."""
    found = next((match for cell in header[1:] if (match := _DAY.fullmatch(cell))), None)
    try:
        return date.fromisoformat(found[1]) - timedelta(days=1) if found else None
    except ValueError:  # no such day
        return None


def _line(
    number: int, text: str, table: _Table, cells: tuple[str, ...], repeated: Counter[str]
) -> ReportLine | BadLine:
    """Parse a line, or return the reason why it cannot be parsed."""
    values = dict(zip(table.columns, cells, strict=False))
    values.pop("", None)
    reason = _fault(values, table, cells, text)
    if reason:
        return BadLine(number=number, reason=reason, text=text)
    state, movement = _state(values, table.kind, repeated)
    return ReportLine(
        number=number,
        transaction_reference=values[_REFERENCE],
        amount=parse_cents(_first(values, _AMOUNTS)),
        state=state,
        at=_unambiguous(_time(_first(values, _TIMES))),
        currency=values.get("currencyCode") or None,
        values=values,
        kind=table.kind,
        day=table.day,
        movement=movement,
        remaining=_remaining(values, state) if table.kind is ReportKind.TRANSACTIONS else None,
        nonce=values.get("returnContext") or None,
    )


def _state(values: Mapping[str, str], kind: ReportKind, repeated: Counter[str]) -> tuple[PaymentState, Movement | None]:
    """Return the state that a line reports, and its movement."""
    if kind is ReportKind.OPERATIONS:
        name = values["operationName"].upper()
        moved = OPERATION_NAMES[name]
        if values.get("responseCode", "00") not in {"", "00"}:
            return PaymentState.UNKNOWN, None  # the operation was refused: nothing moved
        if moved is None:
            status = STATUSES.get(_first(values, _STATES) or "", PaymentState.UNKNOWN)
            return (status if status is not PaymentState.PAID else PaymentState.UNKNOWN), None
        movement = _movement(moved, values, ("operationAmount", *_AMOUNTS), repeated, _SERIES.get(name, kind))
        state = PaymentState.CANCELLED if name in _CANCELLATIONS else _MOVED[moved]
        return (state if movement else PaymentState.UNKNOWN), movement
    if kind in _CHARGEBACKS:
        movement = _movement(MovementKind.CHARGED_BACK, values, ("chargebackAmount", *_AMOUNTS), repeated, kind)
        return (PaymentState.CHARGED_BACK if movement else PaymentState.UNKNOWN), movement
    if kind is not ReportKind.TRANSACTIONS:
        return PaymentState.UNKNOWN, None
    filled = {name: value for name, value in values.items() if value}
    status_word = _first(values, _STATES)
    state = STATUSES.get(status_word, PaymentState.UNKNOWN) if status_word else state_of(filled.get)
    return after_refunds(state, parse_cents(values.get(_REMAINING)), parse_cents(_first(values, _AMOUNTS))), None


def _remaining(values: Mapping[str, str], state: PaymentState) -> Euros | None:
    """Return the amount that is left; of an accepted payment that was cancelled, nothing is."""
    if state is PaymentState.CANCELLED:
        return Euros(0) if values.get("responseCode") == "00" else None
    return parse_cents(values.get(_REMAINING))


def _movement(
    kind: MovementKind, values: Mapping[str, str], names: Iterable[str], repeated: Counter[str], series: str
) -> Movement | None:
    """Build the movement of a line; without an identifier of the bank, equal lines of a file are counted."""
    amount = parse_cents(_first(values, names))
    if amount is None or not amount.cents:
        return None
    identifier = _first(values, _IDENTIFIERS) or ""
    if not identifier:
        digest = hashlib.sha256(json.dumps([kind, *sorted(values.items())]).encode()).hexdigest()[:16]
        repeated[digest] += 1
        identifier = f"{digest}:{repeated[digest]}"
    at = _time(values.get("operationDateTime")) or _time(_first(values, _TIMES))
    return Movement(kind=kind, amount=amount, identifier=identifier[:200], series=series, at=at)


def _fault(values: Mapping[str, str], table: _Table, cells: tuple[str, ...], text: str) -> str | None:
    """Return the first reason why a line cannot be parsed, or ``None``."""
    amounts = [values[name] for name in (*_AMOUNTS, _REMAINING) if values.get(name)]
    times = [values[name] for name in _TIMES if values.get(name)]
    operation = values.get("operationName", "").upper()
    faults = {
        "the kind of the report is not known": table.kind is ReportKind.UNKNOWN,
        "not in the encoding of the file": "\ufffd" in text,
        "fewer cells than columns": len(cells) < len(table.columns),
        "more cells than columns": any(cells[len(table.columns) :]),
        "a control character": _CONTROL.search(text) is not None,
        "no transaction reference": REFERENCE.fullmatch(values.get(_REFERENCE, "")) is None,
        "the operation is not known": table.kind is ReportKind.OPERATIONS and operation not in OPERATION_NAMES,
        "the amount is not one to twelve digits of cents": None in map(parse_cents, amounts),
        "the time is unreadable": None in map(_time, times),
    }
    return next((reason for reason, found in faults.items() if found), None)


def _first(values: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Return the value of the first of several columns that is not empty."""
    return next((values[name] for name in names if values.get(name)), None)


def _unambiguous(time: datetime | None) -> datetime | None:
    """Return a time; ``None`` for a local one in the hour that the clocks repeat or skip: it may be either of two."""
    return time if time and time.utcoffset() == time.replace(fold=1).utcoffset() else None


def _time(text: str | None) -> datetime | None:
    if _LOCAL.fullmatch(text or "") is None:
        return parse_timestamp(text)
    try:
        return in_utc_range(datetime.fromisoformat(str(text)).replace(tzinfo=_PARIS))
    except ValueError:  # no such day or hour
        return None
