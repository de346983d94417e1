"""The kinds of reports, in both forms: their days, states and movements."""

from pathlib import Path

import pytest

from creance_pay import Euros, MovementKind, PaymentState
from creance_pay.errors import ConfigurationError, MalformedResponseError
from creance_pay.gateways import Report, ReportKind
from creance_pay.gateways.sips import read_reports

REAL = Path(__file__).resolve().parents[2] / "cases" / "reports" / "operations_tab20_v8.xls"


def report(path: Path, kind: str, columns: str, *lines: str, day: str = "20261124") -> Report:
    """Write a report with semicolons, and read it."""
    path = path / "report.csv"
    path.write_text("\n".join([f"{kind};name;{day};1", columns, *lines, f"END;{len(lines)}"]), encoding="utf-8")
    return read_reports(path)


def test_tabs() -> None:
    """The real form of an operations report: its kind, the day before, and each operation with its movement."""
    found = read_reports(REAL)
    moves = [each.movement for each in found if each.movement]

    assert (ReportKind.OPERATIONS, "2026-11-20", ()) == (found.kind, str(found.day), found.bad)
    assert [(PaymentState.PAID, "2"), (PaymentState.REFUNDED, "3")] == [
        (line.state, line.movement and line.movement.identifier) for line in found
    ]
    assert [(MovementKind.CAPTURED, Euros(2000)), (MovementKind.REFUNDED, Euros(800))] == [
        (move.kind, move.amount) for move in moves
    ]
    assert "2026-11-20T18:50:19+01:00" == str(moves[0].at and moves[0].at.isoformat())


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("TRANSACTIONS", ReportKind.TRANSACTIONS),
        ("OPERATIONS", ReportKind.OPERATIONS),
        ("CHARGEBACKS", ReportKind.CHARGEBACKS),
        ("RECONCILIATIONS", ReportKind.RECONCILIATIONS),
        ("RECONCILIATIONS_CHARGEBACKS", ReportKind.CHARGEBACK_RECONCILIATIONS),
        ("NOVELTY", ReportKind.UNKNOWN),
    ],
)
def test_kind(tmp_path: Path, title: str, kind: ReportKind) -> None:
    """The first line names the kind; of an unknown kind every line is set aside."""
    columns = "transactionReference;operationName;operationAmount;amount;responseCode"
    found = report(tmp_path, title, columns, "REF1;CREDIT_CAPTURE;500;1600;00")

    assert (kind, kind is ReportKind.UNKNOWN) == (found.kind, bool(found.bad))


@pytest.mark.parametrize(
    ("line", "state", "moved"),
    [
        ("REF1;CREDIT_CAPTURE;500;00;", PaymentState.REFUNDED, MovementKind.REFUNDED),
        ("REF1;CREDIT_CAPTURE;500;24;", PaymentState.UNKNOWN, None),
        ("REF1;VALIDATE;500;00;CAPTURED", PaymentState.UNKNOWN, None),
        ("REF1;CANCEL;500;00;CANCELLED", PaymentState.CANCELLED, MovementKind.REFUNDED),
        ("REF1;EXPIRED;500;00;EXPIRED", PaymentState.EXPIRED, None),
        ("REF1;CREDIT_CAPTURE;0;00;", PaymentState.UNKNOWN, None),
    ],
)
def test_operations(tmp_path: Path, line: str, state: PaymentState, moved: MovementKind | None) -> None:
    """A refused operation, or one of zero, moves nothing."""
    columns = "transactionReference;operationName;operationAmount;responseCode;newStatus"
    (found,) = report(tmp_path, "OPERATIONS", columns, line)

    assert (state, moved) == (found.state, found.movement and found.movement.kind)


# The vendor's list of operation names, by the money that each moves.
NAMES = {
    MovementKind.CAPTURED: "CAPTURE DEBIT_CAPTURE",
    MovementKind.REFUNDED: "CREDIT CREDIT_CAPTURE CREDIT_FROM_TRANSACTION CREDIT_HOLDER CANCEL",
    None: "AUTHOR AUTHOR_BATCH DUPLICATE EXPIRED HOTLIST_CHECK RECYCLE REFERRAL VALIDATE VALIDATE_CHALLENGE"
    " ACCEPT_CHALLENGE REFUSE_CHALLENGE TRANSACTION VERIFY_ACCOUNT",
}


@pytest.mark.parametrize(("moved", "name"), [(moved, name) for moved, names in NAMES.items() for name in names.split()])
def test_operation_names(tmp_path: Path, moved: MovementKind | None, name: str) -> None:
    """Each operation of the vendor's list moves its kind of money, or none."""
    columns = "transactionReference;operationName;operationAmount;responseCode"
    (found,) = report(tmp_path, "OPERATIONS", columns, f"REF1;{name};500;00")

    assert moved == (found.movement and found.movement.kind)


def test_unknown_operation(tmp_path: Path) -> None:
    """An unknown operation confirms nothing: the line is set aside."""
    found = report(tmp_path, "OPERATIONS", "transactionReference;operationName;operationAmount", "REF1;NOVELTY;500")

    assert ((), ["the operation is not known"]) == (found.lines, [bad.reason for bad in found.bad])


def test_equal_lines(tmp_path: Path) -> None:
    """Equal lines without identifier are two movements; the same file again has the same identifiers."""
    columns = "transactionReference;operationName;operationAmount"
    line = "REF1;CREDIT_CAPTURE;500"
    found = [
        [each.movement and each.movement.identifier for each in report(tmp_path, "OPERATIONS", columns, line, line)]
        for _ in range(2)
    ]

    assert found[0] == found[1]
    assert 2 == len(set(found[0]))


def test_chargeback(tmp_path: Path) -> None:
    """A line of chargebacks is a chargeback with its amount."""
    (found,) = report(tmp_path, "CHARGEBACKS", "transactionReference;chargebackAmount;chargebackId", "REF1;1600;C1")

    assert (PaymentState.CHARGED_BACK, "C1") == (found.state, found.movement and found.movement.identifier)


def test_day(tmp_path: Path) -> None:
    """The report of a day is made on the next one."""
    assert "2026-11-23" == str(report(tmp_path, "TRANSACTIONS", "transactionReference;responseCode").day)


@pytest.mark.parametrize("day", ["20261332", ""])
def test_no_day(tmp_path: Path, day: str) -> None:
    """A first line without a day, or with an impossible one, covers no day."""
    assert None is report(tmp_path, "TRANSACTIONS", "transactionReference;responseCode", day=day).day


def test_encoding(tmp_path: Path) -> None:
    """An unknown encoding is refused."""
    path = tmp_path / "report.csv"
    path.write_text("TRANSACTIONS\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="expected a known encoding, got 'novelty'"):
        read_reports(path, encoding="novelty")


def test_no_header(tmp_path: Path) -> None:
    """A report with tabs whose second line is no header is refused."""
    path = tmp_path / "report.xls"
    path.write_text("TITLE\tOPERATION_REPORT\nOPERATION\tx\nEND\n", encoding="utf-8")

    with pytest.raises(MalformedResponseError, match="columns found: none"):
        read_reports(path)
