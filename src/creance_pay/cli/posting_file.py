"""The posting files between the ledger and the caisse: CSV with semicolons and a header, in UTF-8.

``creance-pay ledger postings`` writes one line for each notice of each movement: a payment, a refund, a chargeback, or
its return.  The caisse answers with lines of a transaction reference and a notice reference; other columns are ignored.
An answer may be the file itself: its lines of other movements than CAPTURED change nothing.  An apostrophe precedes a
cell from the bank that a spreadsheet would take for a formula.
"""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from .._clock import utc_now
from .._text import inert_cell, printable
from ..errors import ConfigurationError, InvalidValueError
from ..ledger import PostingState, SqlLedger
from ..payment import MovementKind
from ..references import NoticeReference
from .output import print_values

COLUMNS = (
    "number", "transaction_reference", "notice_reference", "amount", "movement", "bank_time", "identifier",
    "authorisation_number",
)  # fmt: skip
_NEEDED = ("transaction_reference", "notice_reference")


def write_postings(options: Namespace, ledger: SqlLedger) -> int:
    """Print a line for each notice of each movement that was recorded after the last number of an earlier file."""
    lines = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
    lines.writerow(COLUMNS)
    for line in ledger.to_post(after=options.after):
        lines.writerow(
            [
                line.number,
                line.transaction_reference,
                line.notice.canonical,
                str(line.amount),
                line.kind,
                line.at.isoformat(timespec="seconds"),
                inert_cell(line.identifier),
                inert_cell(line.authorisation_number),
            ]
        )
    return 0


def read_posted(options: Namespace, ledger: SqlLedger) -> int:
    """Record the notices that the caisse has posted; return 1 when a line could not be recorded."""
    return _record(options, ledger, PostingState.POSTED)


def read_rejected(options: Namespace, ledger: SqlLedger) -> int:
    """Record the notices that the caisse cannot post; return 1 when a line could not be recorded."""
    return _record(options, ledger, PostingState.REJECTED)


def _record(options: Namespace, ledger: SqlLedger, state: PostingState) -> int:
    recorded, ignored, refused = 0, 0, 0
    for number, reference, notice, movement in _lines(options.answer):
        if movement not in {"", MovementKind.CAPTURED}:
            ignored += 1
            if state is PostingState.REJECTED:
                print(
                    f"line {number}: a rejected movement of kind {printable(movement)} needs a person", file=sys.stderr
                )
            continue
        try:
            parsed = [NoticeReference.parse(notice)]
            ledger.post(reference, parsed, state, by=options.by, reason=options.reason, now=utc_now())
        except InvalidValueError as error:
            print(f"line {number}: {error}", file=sys.stderr)
            refused += 1
        else:
            recorded += 1
    print_values(options, {"recorded": recorded, "ignored": ignored, "refused": refused})
    return 1 if refused or (ignored and state is PostingState.REJECTED) else 0


def _lines(file: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield the number, the two references and the kind of movement of each line, once the whole file is read.

    Raises:
        ConfigurationError: for a file that cannot be read, is no CSV file, or lacks one of the two columns.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {type(error).__name__}") from None
    # Strict: a quotation mark that is not closed would make one cell of all lines after it.
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=";", restval="", strict=True)
    try:
        found = reader.fieldnames or []
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ConfigurationError(f"{file} is no CSV file with semicolons: line {reader.line_num}: {error}") from None
    if missing := [name for name in _NEEDED if name not in found]:
        raise ConfigurationError(f"expected the columns {', '.join(missing)}, got {', '.join(found) or 'none'}")
    for number, row in rows:
        transaction, notice, movement = (row.get(name) or "" for name in (*_NEEDED, "movement"))
        yield number, transaction.strip(), notice.strip(), movement.strip()
