"""The bank's daily reports: read without losing a line, and held against what the portal knows.

A report is a text of four parts, with semicolons: a first line (kind, name, day, version of the table), the names of
the columns, the data, and a last line with their count.  Which columns there are depends on the contract: unknown ones
are kept, missing ones are ``None``.  What stands in a known one is read strictly, and a line that cannot be read is
reported with its number, so that a person can look at it.

The vendor's guide of the reports (release 24) names the four parts and the first line; the form of the last one, and
that a time without zone is that of Paris, are inferred.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

import attrs

from ...errors import MalformedResponseError
from ...money import Euros
from ...payment import PaymentState
from .response_codes import STATUSES, outcome_of
from .responses import cents, moment

_LAST = re.compile(r"(?:END|FIN)", re.IGNORECASE)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_EUROS = {None, "978", "EUR"}
_REFERENCE, _AMOUNTS = "transactionReference", ("amount", "transactionAmount", "operationAmount", "grossAmount")
_STATES, _TIMES = ("transactionStatus", "newStatus", "paymentStatus"), ("transactionDateTime", "operationDateTime")


@attrs.frozen(kw_only=True)
class ReportLine:
    """One line of a report.

    Attributes:
        number: Its number in the file, from 1.
        transaction_reference: The payment it is about.
        amount: The amount; ``None`` where the report has no such column, or nothing in it.
        state: What it says about the payment, in our words.
        at: When, with its time zone.
        currency: The currency, as the bank writes it.
        values: Every column, unknown ones included, in the vendor's spelling.
    """

    number: int
    transaction_reference: str
    amount: Euros | None
    state: PaymentState
    at: datetime | None
    currency: str | None
    values: Mapping[str, str] = attrs.field(repr=False, hash=False)


@attrs.frozen(kw_only=True)
class BadLine:
    """A line that cannot be read: it may be about money, so have a person look at it.

    Attributes:
        number: Its number in the file, from 1.
        reason: What is wrong, in English, without values.
        text: The line as it stands.
    """

    number: int
    reason: str
    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Report:
    """A report: going through it gives its lines.

    Attributes:
        header: The cells of the first line: kind, name, day, version of the table.
        lines: The lines that could be read.
        bad: Those that could not, the last line among them when it is missing or counts otherwise.
    """

    header: tuple[str, ...]
    lines: tuple[ReportLine, ...]
    bad: tuple[BadLine, ...]

    def __iter__(self) -> Iterator[ReportLine]:
        """Go through the lines that could be read."""
        return iter(self.lines)


class Entry(Protocol):
    """What the portal knows about a payment; anything with these three will do."""

    @property
    def transaction_reference(self) -> str:
        """The reference of the payment."""

    @property
    def amount(self) -> Euros:
        """The amount of the order."""

    @property
    def state(self) -> PaymentState:
        """What became of it."""


E = TypeVar("E", bound=Entry)


@attrs.frozen(kw_only=True)
class Matching(Generic[E]):
    """What a report and the portal say of the same payments; each entry and each line is in exactly one of these.

    Attributes:
        matched: Those that agree.
        missing: Entries of which the report says nothing.
        surplus: Lines of which the portal knows nothing, or already had one.
        different: Those whose amount, currency or state differs.
    """

    matched: tuple[tuple[E, ReportLine], ...]
    missing: tuple[E, ...]
    surplus: tuple[ReportLine, ...]
    different: tuple[tuple[E, ReportLine], ...]


def read_reports(path: str | PathLike[str]) -> Report:
    """Read one file of reports.

    Raises:
        MalformedResponseError: when it is no report: no first line, or no column of transaction references.
        OSError: when it cannot be opened.
    """
    raw = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    texts = [(number, line.decode(errors="replace")) for number, line in enumerate(raw, 1) if line.strip()]
    rows = [(number, text, _cells(text)) for number, text in texts]
    columns = rows[1][2] if rows[1:] else ()
    named = [name for name in columns if name]
    if _REFERENCE not in named or len(set(named)) < len(named):
        raise MalformedResponseError("expected a report: a first line, then columns, transactionReference among them")
    rest = rows[2:]
    closing = rest.pop() if rest and _LAST.fullmatch("".join(rest[-1][2][:1])) else None
    read = [_line(number, text, columns, cells) for number, text, cells in rest]
    bad = [line for line in read if isinstance(line, BadLine)]
    if closing is None:
        bad.append(BadLine(number=rows[-1][0], reason="the last line of the report is missing", text=""))
    elif closing[2][1:2] != (str(len(rest)),):
        bad.append(BadLine(number=closing[0], reason="the last line counts otherwise", text=closing[1]))
    lines = tuple(line for line in read if isinstance(line, ReportLine))
    return Report(header=rows[0][2], lines=lines, bad=tuple(bad))


def _cells(text: str) -> tuple[str, ...]:
    """Take one line apart; a quotation mark that is never closed swallows cells, and the line is then short."""
    try:
        return tuple(next(csv.reader([text], delimiter=";")))
    except csv.Error:  # a cell longer than any
        return ()


def _line(number: int, text: str, columns: tuple[str, ...], cells: tuple[str, ...]) -> ReportLine | BadLine:
    """Read a line, or say why it cannot be read."""
    values = dict(zip(columns, cells, strict=False))
    reason = _fault(values, columns, cells, text)
    if reason:
        return BadLine(number=number, reason=reason, text=text)

    told = {name: value for name, value in values.items() if value}
    status = _first(values, _STATES)
    state = STATUSES.get(status, PaymentState.UNKNOWN) if status else PaymentState(outcome_of(told.get).value)
    return ReportLine(
        number=number,
        transaction_reference=values[_REFERENCE],
        amount=cents(_first(values, _AMOUNTS)),
        state=state,
        at=_time(_first(values, _TIMES)),
        currency=told.get("currencyCode"),
        values=values,
    )


def _fault(values: Mapping[str, str], columns: tuple[str, ...], cells: tuple[str, ...], text: str) -> str | None:
    """Find the first thing that keeps a line from being read."""
    amounts = [values[name] for name in _AMOUNTS if values.get(name)]
    times = [values[name] for name in _TIMES if values.get(name)]
    faults = {
        "not UTF-8": "\ufffd" in text,
        "fewer cells than columns": len(cells) < len(columns),
        "more cells than columns": any(cells[len(columns) :]),
        "no transaction reference": not values.get(_REFERENCE),
        "the amount is not one to twelve digits of cents": None in map(cents, amounts),
        "the time is unreadable": None in map(_time, times),
    }
    return next((reason for reason, found in faults.items() if found), None)


def _first(values: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Give what stands in the first of several columns that has something."""
    return next((values[name] for name in names if values.get(name)), None)


def _time(text: str | None) -> datetime | None:
    if _LOCAL.fullmatch(text or "") is None:
        return moment(text)
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=ZoneInfo("Europe/Paris"))
    except ValueError:  # no such day
        return None


def match_reports(entries: Iterable[E], rows: Iterable[ReportLine]) -> Matching[E]:
    """Hold what the portal knows against the bank's reports.

    Entries of one reference take its lines in turn, those that agree before those that differ.

    Args:
        entries: The payments that the bank should tell of.
        rows: The lines of one report or of several.
    """
    waiting: dict[str, list[ReportLine]] = defaultdict(list)
    for row in rows:
        waiting[row.transaction_reference].append(row)
    matched, unmatched = _pair(entries, waiting, _agree)
    different, missing = _pair(unmatched, waiting, lambda _, __: True)
    surplus = tuple(row for left in waiting.values() for row in left)
    return Matching(matched=matched, missing=missing, surplus=surplus, different=different)


def _pair(
    entries: Iterable[E], waiting: Mapping[str, list[ReportLine]], fits: Callable[[E, ReportLine], bool]
) -> tuple[tuple[tuple[E, ReportLine], ...], tuple[E, ...]]:
    """Give each entry the first waiting line of its reference that fits, and tell those that got none."""
    pairs, alone = [], []
    for entry in entries:
        left = waiting.get(entry.transaction_reference, [])
        place = next((place for place, row in enumerate(left) if fits(entry, row)), None)
        if place is None:
            alone.append(entry)
        else:
            pairs.append((entry, left.pop(place)))
    return tuple(pairs), tuple(alone)


def _agree(entry: Entry, row: ReportLine) -> bool:
    return (entry.amount, entry.state) == (row.amount, row.state) and row.currency in _EUROS
