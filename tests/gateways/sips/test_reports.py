"""The bank's daily reports: each line is parsed, or returned with the reason why not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros, PaymentState
from creance_pay.errors import MalformedResponseError
from creance_pay.gateways import Report, ReportLine
from creance_pay.gateways.sips import read_reports

COLUMNS = "merchantId;transactionReference;amount;currencyCode;responseCode;transactionDateTime;novelty"
LINE = "011223744550001;REF1;1600;978;00;2026-11-23T12:00:00+01:00;x"


def write(path: Path, *lines: str, columns: str = COLUMNS, last: str | None = None) -> Report:
    """Write a report in four parts, and read it."""
    end = f"END;{len(lines)}" if last is None else last
    text = "\n".join(["TRANSACTIONS;daily;2026-11-24;TAB20_V1", columns, *lines, end])
    path = path / "report.csv"
    path.write_text(text + "\n", encoding="utf-8")
    return read_reports(path)


def line(path: Path, text: str, columns: str = COLUMNS) -> ReportLine:
    """Read a report of one good line."""
    (read,) = write(path, text, columns=columns)
    return read


def faults(report: Report) -> list[tuple[int, str]]:
    """List the numbers of the bad lines with their reasons."""
    return [(bad.number, bad.reason) for bad in report.bad]


class TestRead:
    """Columns are parsed leniently, their cells strictly."""

    def test_line(self, tmp_path: Path) -> None:
        """A line has the payment, the amount, the state, the time and every column."""
        read = line(tmp_path, LINE)

        assert (3, "REF1", Euros(1600), PaymentState.PAID, "978", "2026-11-23T12:00:00+01:00", "x") == (
            read.number,
            read.transaction_reference,
            read.amount,
            read.state,
            read.currency,
            read.at and read.at.isoformat(),
            read.values["novelty"],
        )

    def test_header(self, tmp_path: Path) -> None:
        """The first line is kept."""
        assert ("TRANSACTIONS", "daily", "2026-11-24", "TAB20_V1") == write(tmp_path, LINE).header

    def test_sound(self, tmp_path: Path) -> None:
        """A sound report has no bad line."""
        assert [] == faults(write(tmp_path, LINE, LINE.replace("REF1", "REF2")))

    def test_missing_columns(self, tmp_path: Path) -> None:
        """Missing optional columns are none; without a column of states every line would be useless."""
        read = line(tmp_path, "REF1;", columns="transactionReference;responseCode")

        assert (None, None, None, PaymentState.UNKNOWN) == (read.amount, read.at, read.currency, read.state)
        with pytest.raises(MalformedResponseError, match=r"or responseCode; columns found: transactionReference$"):
            line(tmp_path, "REF1", columns="transactionReference")

    def test_empty_cells(self, tmp_path: Path) -> None:
        """So are empty cells."""
        read = line(tmp_path, ";REF1;;;;;")

        assert (None, None, PaymentState.UNKNOWN) == (read.amount, read.at, read.state)

    @pytest.mark.parametrize(
        ("columns", "cells", "state"),
        [
            ("responseCode", "00", PaymentState.PAID),
            ("responseCode", "05", PaymentState.REFUSED),
            ("responseCode", "97", PaymentState.EXPIRED),
            ("responseCode", "ZZ", PaymentState.UNKNOWN),
            ("responseCode;captureMode", "00;VALIDATION", PaymentState.AUTHORISED),
            ("responseCode;acquirerResponseCode", "00;05", PaymentState.UNKNOWN),
            ("responseCode;acquirerResponseCode", "00;", PaymentState.PAID),
            ("responseCode;transactionStatus", "00;TO_CREDIT", PaymentState.REFUNDED),
            ("newStatus", "CAPTURED", PaymentState.PAID),
            ("paymentStatus", "novelty", PaymentState.UNKNOWN),
        ],
    )
    def test_state(self, tmp_path: Path, columns: str, cells: str, state: PaymentState) -> None:
        """The state is that of the transaction, or that of the response code."""
        assert state is line(tmp_path, f"REF1;{cells}", columns=f"transactionReference;{columns}").state

    @pytest.mark.parametrize("name", ["amount", "transactionAmount", "operationAmount", "grossAmount"])
    def test_amounts(self, tmp_path: Path, name: str) -> None:
        """The amount has another name in each report."""
        assert Euros(5) == line(tmp_path, "REF1;00;5", columns=f"transactionReference;responseCode;{name}").amount

    def test_local_time(self, tmp_path: Path) -> None:
        """A time without zone is that of Paris."""
        read = line(tmp_path, LINE.replace("2026-11-23T12:00:00+01:00", "2026-07-14 12:00:00"))

        assert datetime(2026, 7, 14, 10, tzinfo=UTC) == read.at

    @pytest.mark.parametrize("time", ["0001-01-01 00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
    def test_time_out_of_range(self, tmp_path: Path, time: str) -> None:
        """A time that has no counterpart in UTC is unreadable, and makes its line a bad one."""
        report = write(tmp_path, LINE.replace("2026-11-23T12:00:00+01:00", time))

        assert [(3, "the time is unreadable")] == faults(report)

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1999-12-31"])
    def test_day_out_of_range(self, tmp_path: Path, day: str) -> None:
        """A first line of another century names no day that a report can cover."""
        path = tmp_path / "report.csv"
        path.write_text(f"TRANSACTIONS;daily;{day};TAB20_V1\n{COLUMNS}\n{LINE}\nEND;1\n", encoding="utf-8")

        assert read_reports(path).day is None

    def test_quoted(self, tmp_path: Path) -> None:
        """A semicolon between quotation marks separates nothing."""
        assert "x;y" == line(tmp_path, LINE.replace(";x", ';"x;y"')).values["novelty"]

    def test_byte_order_mark(self, tmp_path: Path) -> None:
        """A mark at the beginning, line ends of another system, empty lines and a last separator are accepted."""
        path = tmp_path / "report.csv"
        text = f"TRANSACTIONS;daily\r\n\r\n{COLUMNS};\r\n{LINE};\r\n\r\nend;1;\r\n"
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        report = read_reports(path)

        assert ([4], [], "TRANSACTIONS") == ([read.number for read in report], faults(report), report.header[0])

    def test_repr(self, tmp_path: Path) -> None:
        """The repr shows no cell but those that were read, and nothing of a bad line."""
        report = write(tmp_path, LINE, "someone@example.org")

        assert [] == [word for word in ("novelty", "someone") if word in repr(report)]


class TestBadLines:
    """A line that cannot be read is reported with its number and the reason, and loses no other (I17)."""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (LINE.replace("1600", "16.00"), "the amount is not one to twelve digits of cents"),
            (LINE.replace("1600", "-1600"), "the amount is not one to twelve digits of cents"),
            (LINE.replace("1600", "\uff11\uff16"), "the amount is not one to twelve digits of cents"),
            (LINE.replace("1600", "1_600"), "the amount is not one to twelve digits of cents"),
            (LINE.replace("1600", "9" * 13), "the amount is not one to twelve digits of cents"),
            (LINE.replace("2026-11-23T12", "2026-11-31T12"), "the time is unreadable"),
            (LINE.replace("2026-11-23T12:00:00+01:00", "2026-02-30 12:00:00"), "the time is unreadable"),
            (LINE.replace("2026-11-23T12:00:00+01:00", "23/11/2026"), "the time is unreadable"),
            (LINE.replace("REF1", ""), "no transaction reference"),
            ("011223744550001;REF1", "fewer cells than columns"),
            ("REF1", "fewer cells than columns"),
            ('011223744550001;"REF1;1600;978;00;2026-11-23T12:00:00+01:00;x', "fewer cells than columns"),
            (f"{LINE};surplus", "more cells than columns"),
            (f"x{'x' * 200_000};{LINE}", "fewer cells than columns"),
            (LINE.replace("x", "\ufffd"), "not in the encoding of the file"),
        ],
        ids=range(15),
    )
    def test_line(self, tmp_path: Path, text: str, reason: str) -> None:
        """A line that cannot be parsed has its reason, and the others are parsed."""
        report = write(tmp_path, LINE, text, LINE.replace("REF1", "REF2"))

        assert (["REF1", "REF2"], [(4, reason)], [text]) == (
            [read.transaction_reference for read in report],
            faults(report),
            [bad.text for bad in report.bad],
        )

    def test_zero(self, tmp_path: Path) -> None:
        """Zero is an amount."""
        assert Euros(0) == line(tmp_path, LINE.replace("1600", "0")).amount

    def test_bytes(self, tmp_path: Path) -> None:
        """A file that is not UTF-8 is Windows-1252; with a given encoding, wrong bytes affect their line alone."""
        path = tmp_path / "report.csv"
        path.write_bytes(
            f"TRANSACTIONS\n{COLUMNS}\n{LINE}\n".encode() + LINE.encode().replace(b"x", b"\xe9") + b"\nEND;2"
        )

        assert ([], "\xe9") == (faults(read_reports(path)), read_reports(path).lines[1].values["novelty"])
        assert [(4, "not in the encoding of the file")] == faults(read_reports(path, encoding="utf-8"))

    @pytest.mark.parametrize("last", ["END;2", "END;0", "END;one", "END;", "END", "FIN;01"])
    def test_count(self, tmp_path: Path, last: str) -> None:
        """A last line that counts otherwise is reported: lines may be lost."""
        report = write(tmp_path, LINE, last=last)

        assert ([(4, "the last line has another count")], [last]) == (faults(report), [bad.text for bad in report.bad])

    def test_no_last_line(self, tmp_path: Path) -> None:
        """So is a report that was cut."""
        report = write(tmp_path, LINE, last="")

        assert ([(3, "the last line of the report is missing")], [""]) == (
            faults(report),
            [bad.text for bad in report.bad],
        )

    def test_no_line(self, tmp_path: Path) -> None:
        """A day without payments is a report as well."""
        report = write(tmp_path)

        assert ([], []) == (list(report), faults(report))

    def test_nothing_but_columns(self, tmp_path: Path) -> None:
        """A report that was cut after its columns lacks its last line."""
        assert [(2, "the last line of the report is missing")] == faults(write(tmp_path, last=""))

    @pytest.mark.parametrize(
        "text",
        ["", "\n\n", "TRANSACTIONS;daily", f"{COLUMNS}\n{LINE}", "TRANSACTIONS\namount;reference\n",
         "TRANSACTIONS\ntransactionReference;amount;amount\n", "<html>\n</html>"],
    )  # fmt: skip
    def test_no_report(self, tmp_path: Path, text: str) -> None:
        """A text that is no report, or that repeats a column, is refused whole."""
        path = tmp_path / "report.csv"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(MalformedResponseError, match="expected a report"):
            read_reports(path)

    @given(st.binary(max_size=300))
    def test_any_bytes(self, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
        """With any bytes in the data, each line is parsed or returned, once."""
        path = tmp_path_factory.mktemp("reports") / "report.csv"
        path.write_bytes(f"TRANSACTIONS\n{COLUMNS}\n".encode() + data + f"\n{LINE}\nEND;0".encode())
        report = read_reports(path)
        numbers = sorted([*(read.number for read in report), *(bad.number for bad in report.bad)])

        assert (len(set(numbers)), True) == (len(numbers), any(read.values["novelty"] == "x" for read in report))
