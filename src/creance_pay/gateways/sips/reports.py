"""The bank's daily reports; each line is parsed, or returned with the reason why not.

A report is a text with semicolons in four parts: a first line (kind, name, day, version of the table), the names of the
columns, the data, and a last line with the number of data lines.  The columns depend on the contract: an unknown column
is kept, a missing one gives ``None``.  A known column is parsed strictly; a line that cannot be parsed is returned with
its number for a person to read.

Source: the vendor's guide of the reports (release 24) for the four parts and the first line.  The form of the last
line, and the zone of a time without one (Paris), are inferred.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from ...errors import MalformedResponseError
from ...payment import PaymentState
from ..base import ReportLine
from .response_codes import STATUSES, state_of
from .responses import parse_cents, parse_timestamp

_LAST = re.compile(r"(?:END|FIN)", re.IGNORECASE)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_REFERENCE, _AMOUNTS = "transactionReference", ("amount", "transactionAmount", "operationAmount", "grossAmount")
_STATES, _TIMES = ("transactionStatus", "newStatus", "paymentStatus"), ("transactionDateTime", "operationDateTime")


@attrs.frozen(kw_only=True)
class BadLine:
    """A line that cannot be parsed.  It may be about money: a person has to read it.

    Attributes:
        number: The number of the line in the file, from 1.
        reason: The reason in English, without values.
        text: The line, unchanged.
    """

    number: int
    reason: str
    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Report:
    """A report; iterating over it yields its parsed lines.

    Attributes:
        header: The cells of the first line: kind, name, day, version of the table.
        lines: The parsed lines.
        bad: The lines that cannot be parsed, and the last line when it is missing or has another count.
    """

    header: tuple[str, ...]
    lines: tuple[ReportLine, ...]
    bad: tuple[BadLine, ...]

    def __iter__(self) -> Iterator[ReportLine]:
        """Iterate over the parsed lines."""
        return iter(self.lines)


def read_reports(path: str | PathLike[str]) -> Report:
    """Read one report file.

    Args:
        path: The file, in UTF-8.

    Raises:
        MalformedResponseError: for a file without first line, without a column of transaction references, or with two
            columns of the same name.
        OSError: when the file cannot be read.
    """
    raw = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    texts = [(number, line.decode(errors="replace")) for number, line in enumerate(raw, 1) if line.strip()]
    rows = [(number, text, _cells(text)) for number, text in texts]
    columns = rows[1][2] if rows[1:] else ()
    named = [name for name in columns if name]
    if _REFERENCE not in named or len(set(named)) < len(named):
        raise MalformedResponseError(
            "expected a report: a first line, then columns of different names, transactionReference among them, got"
            f" {len(named)} columns in {len(rows)} lines"
        )
    rest = rows[2:]
    closing = rest.pop() if rest and _LAST.fullmatch("".join(rest[-1][2][:1])) else None
    known = _Columns(
        columns,
        amounts=[name for name in _AMOUNTS if name in named],
        states=[name for name in _STATES if name in named],
        times=[name for name in _TIMES if name in named],
    )
    read = [_line(number, text, known, cells) for number, text, cells in rest]
    bad = [line for line in read if isinstance(line, BadLine)]
    if closing is None:
        bad.append(BadLine(number=rows[-1][0], reason="the last line of the report is missing", text=""))
    elif closing[2][1:2] != (str(len(rest)),):
        bad.append(BadLine(number=closing[0], reason="the last line has another count", text=closing[1]))
    lines = tuple(line for line in read if isinstance(line, ReportLine))
    return Report(header=rows[0][2], lines=lines, bad=tuple(bad))


def _cells(text: str) -> tuple[str, ...]:
    """Split a line into cells.  An unclosed quotation mark joins cells, so that the line has too few."""
    try:
        return tuple(next(csv.reader([text], delimiter=";")))
    except csv.Error:  # a cell over the limit of the csv module
        return ()


@attrs.frozen
class _Columns:
    """The names of a report's columns, and those of its amounts, states and times in the order of preference."""

    names: tuple[str, ...]
    amounts: Sequence[str]
    states: Sequence[str]
    times: Sequence[str]


def _line(number: int, text: str, columns: _Columns, cells: tuple[str, ...]) -> ReportLine | BadLine:
    """Parse a line; return a bad line when it cannot be parsed."""
    values = dict(zip(columns.names, cells, strict=False))
    amounts = [parse_cents(values[name]) for name in columns.amounts if values.get(name)]
    times = [_time(values[name]) for name in columns.times if values.get(name)]
    reason = (
        "not UTF-8" if "\ufffd" in text
        else "fewer cells than columns" if len(cells) < len(columns.names)
        else "more cells than columns" if any(cells[len(columns.names):])
        else "no transaction reference" if not values[_REFERENCE]
        else "the amount is not one to twelve digits of cents" if None in amounts
        else "the time is unreadable" if None in times
        else None
    )  # fmt: skip
    if reason:
        return BadLine(number=number, reason=reason, text=text)
    filled = {name: value for name, value in values.items() if value}
    status = next((filled[name] for name in columns.states if name in filled), None)
    return ReportLine(
        number=number,
        transaction_reference=values[_REFERENCE],
        amount=amounts[0] if amounts else None,
        state=STATUSES.get(status, PaymentState.UNKNOWN) if status else state_of(filled.get),
        at=times[0] if times else None,
        currency=filled.get("currencyCode"),
        values=values,
    )


def _time(text: str) -> datetime | None:
    if _LOCAL.fullmatch(text) is None:
        return parse_timestamp(text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"))
    except ValueError:  # no such day or hour
        return None
