"""The posting files between the ledger and the caisse: CSV with semicolons and a header, in UTF-8.

``creance-pay ledger postings`` writes one line for each notice of each accepted payment.  The caisse answers with lines
of a transaction reference and a notice reference; other columns are ignored.
"""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from .._clock import utc_now
from ..errors import ConfigurationError, InvalidValueError
from ..ledger import PostingState, SqlLedger
from ..payment import MovementKind
from ..references import NoticeReference
from .output import print_values

COLUMNS = (
    "number", "transaction_reference", "notice_reference", "amount", "movement", "bank_time", "authorisation_number",
)  # fmt: skip
_NEEDED = ("transaction_reference", "notice_reference")


def write_postings(options: Namespace, ledger: SqlLedger) -> int:
    """Print a line for each notice of each payment that was accepted after the last number of an earlier file."""
    lines = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
    lines.writerow(COLUMNS)
    for number, payment in ledger.to_post(after=options.after):
        at = payment.authorised_at or payment.paid_at
        for notice, part in payment.order.notices.items():
            lines.writerow(
                [
                    number,
                    payment.transaction_reference,
                    notice.canonical,
                    str(part),
                    MovementKind.CAPTURED,
                    at.isoformat(timespec="seconds") if at else "",
                    payment.authorisation_number or "",
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
    recorded, refused = 0, 0
    for number, reference, notice in _lines(options.answer):
        try:
            parsed = [NoticeReference.parse(notice)]
            ledger.post(reference, parsed, state, by=options.by, reason=options.reason, now=utc_now())
        except InvalidValueError as error:
            print(f"line {number}: {error}", file=sys.stderr)
            refused += 1
        else:
            recorded += 1
    print_values(options, {"recorded": recorded, "refused": refused})
    return 1 if refused else 0


def _lines(file: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number and the two references of each line.

    Raises:
        ConfigurationError: for a file that cannot be read, or without one of the two columns.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {type(error).__name__}") from None
    reader = csv.DictReader(text.splitlines(), delimiter=";", restval="")
    found = reader.fieldnames or []
    if missing := [name for name in _NEEDED if name not in found]:
        raise ConfigurationError(f"expected the columns {', '.join(missing)}, got {', '.join(found) or 'none'}")
    for row in reader:
        yield reader.line_num, row["transaction_reference"].strip(), row["notice_reference"].strip()
