"""The bank's own operations and its daily reports: the library reads them back as the bank made them."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from creance_pay import Euros, NoticeReference, PaymentState
from creance_pay.errors import InvalidValueError
from creance_pay.gateways import Report, ReportKind
from creance_pay.gateways.sips import read_reports
from creance_pay.ledger import Ledger, MemoryLedger
from creance_pay.payments import StartedPayment
from creance_pay.testing.sips import ReportForm, SipsBank, daily_report, write_daily_reports
from ledger_desk import ACCEPTED, LEFT, OTHER, REFUSED, Desk
from ledgers import ledger, open_ledger, open_sql, postgres
from sips_merchant import MERCHANT, NOON, ring

__all__ = ["ledger", "open_ledger", "open_sql", "postgres"]

DAY = NOON.date()
FORMS = pytest.mark.parametrize("form", ReportForm)


def paid(desk: Desk, *notices: NoticeReference) -> StartedPayment:
    """Start a payment of 16 EUR, and pay it at the bank; the portal receives nothing."""
    started = desk.start(*notices)
    desk.visit(started, ACCEPTED)
    return started


def reports(bank: SipsBank, form: ReportForm, *days: date) -> list[Report]:
    """Write the reports of days, and read them."""
    with TemporaryDirectory() as folder:
        return [read_reports(path) for day in days for path in write_daily_reports(bank, day, Path(folder), form=form)]


def cells(report: Report, *names: str) -> list[tuple[str, ...]]:
    """List columns of the lines of a report."""
    return [tuple(line.values[name] for name in names) for line in report]


class TestReports:
    """Each kind of report, in both forms."""

    @pytest.fixture
    def desk(self) -> Desk:
        """Return a desk whose bank has refunded a part of a payment, taken back the rest, and returned it."""
        desk = Desk(MemoryLedger())
        self.reference = paid(desk).transaction_reference
        desk.visit(desk.start(OTHER), REFUSED)
        desk.later(hours=7)
        desk.bank.run_nightly_batch()
        desk.later(days=1)
        desk.bank.operate("refund", self.reference, Euros(600))
        desk.bank.run_nightly_batch()
        desk.bank.charge_back(self.reference, Euros(1000))
        desk.bank.represent(self.reference)
        return desk

    @FORMS
    def test_kinds(self, desk: Desk, form: ReportForm) -> None:
        """Each report is of its kind and of its day, without a bad line."""
        found = reports(desk.bank, form, DAY)

        assert [kind for kind in ReportKind if kind is not ReportKind.UNKNOWN] == [each.kind for each in found]
        assert [DAY] * 5 == [each.day for each in found]
        assert [()] * 5 == [each.bad for each in found]

    @FORMS
    def test_transactions(self, desk: Desk, form: ReportForm) -> None:
        """The report of transactions has each decided payment of the day, in its state at the end of the day."""
        first, second = (reports(desk.bank, form, day)[0] for day in (DAY, DAY + timedelta(days=1)))

        assert [(PaymentState.PAID, Euros(1600)), (PaymentState.REFUSED, Euros(1600))] == [
            (line.state, line.amount) for line in first
        ]
        assert [("CAPTURED", "00"), ("REFUSED", "05")] == cells(first, "transactionStatus", "responseCode")
        assert (NOON, True) == (first.lines[0].at, bool(first.lines[0].nonce))
        assert () == second.lines

    @FORMS
    def test_operations(self, desk: Desk, form: ReportForm) -> None:
        """The report of operations has each operation of the day."""
        names = ("operationName", "operationAmount", "operationSequence", "newStatus", "newAmount")
        first, second = (reports(desk.bank, form, day)[1] for day in (DAY, DAY + timedelta(days=1)))

        assert [("DEBIT_CAPTURE", "1600", "1", "CAPTURED", "1600")] == cells(first, *names)
        assert [
            ("CREDIT", "600", "2", "TO_CREDIT", "1000"),
            ("CREDIT_CAPTURE", "600", "3", "CREDITED", "1000"),
            ("REPRESENTMENT", "1000", "5", "CREDITED", "1000"),
        ] == cells(second, *names)

    @FORMS
    def test_others(self, desk: Desk, form: ReportForm) -> None:
        """The other reports have the chargebacks, and the money that the bank remitted."""
        _, _, chargebacks, remitted, settled = reports(desk.bank, form, DAY + timedelta(days=1))

        assert [("1000",)] == cells(chargebacks, "chargebackAmount") == cells(settled, "chargebackAmount")
        assert [("CREDIT_CAPTURE", "600")] == cells(remitted, "operationName", "grossAmount")

    def test_form(self, desk: Desk) -> None:
        """With tabs, a report has the parts of a real one: title, header, the kind before each line, an end alone."""
        text = daily_report(desk.bank, ReportKind.OPERATIONS, DAY, form=ReportForm.TABS)
        real = Path(__file__).parents[2] / "cases" / "reports" / "operations_tab20_v8.xls"
        ours, theirs = ([line.split("\t") for line in each.splitlines()] for each in (text, real.read_text()))

        assert [line[0] for line in theirs[:3]] + ["END"] == [line[0] for line in ours]
        assert ["TITLE", "OPERATION_REPORT", "2026-11-24 00:14:11", "TAB20_V8"] == ours[0]
        assert [] == [name for name in ours[1] if name not in theirs[1]]

    def test_refused(self, desk: Desk) -> None:
        """A kind that the bank does not write, and a merchant that it does not know, are refused."""
        two = SipsBank({MERCHANT: ring(), "201000005940002": ring()})

        with pytest.raises(InvalidValueError, match="got UNKNOWN"):
            daily_report(desk.bank, ReportKind.UNKNOWN, DAY)
        with pytest.raises(InvalidValueError, match="one merchant of 011223744550001, 201000005940002, got 2"):
            daily_report(two, ReportKind.OPERATIONS, DAY)
        assert daily_report(two, ReportKind.OPERATIONS, DAY, merchant_id=MERCHANT).endswith("END;0\n")

    def test_other_merchant(self) -> None:
        """A report has the lines of its merchant alone."""
        desk = Desk(MemoryLedger())
        paid(desk)
        desk.bank._merchants["201000005940002"] = ring()

        assert "END;1" in daily_report(desk.bank, ReportKind.TRANSACTIONS, DAY, merchant_id=MERCHANT)
        assert "END;0" in daily_report(desk.bank, ReportKind.TRANSACTIONS, DAY, merchant_id="201000005940002")


class TestOperations:
    """The operations that the bank makes by itself."""

    @pytest.fixture
    def desk(self) -> Desk:
        """Return a desk."""
        return Desk(MemoryLedger())

    def test_not_debited(self, desk: Desk) -> None:
        """Only a debited payment can be charged back."""
        reference = paid(desk).transaction_reference

        with pytest.raises(InvalidValueError, match="debited, got one that is TO_CAPTURE"):
            desk.bank.charge_back(reference)

    def test_too_much(self, desk: Desk) -> None:
        """No more is charged back than was paid, and no more returned than was charged back."""
        reference = paid(desk).transaction_reference
        desk.bank.run_nightly_batch()
        with pytest.raises(InvalidValueError, match=r"at most 0\.00"):
            desk.bank.represent(reference)
        desk.bank.charge_back(reference, Euros(1000))
        with pytest.raises(InvalidValueError, match=r"at most 6\.00, got 6\.01"):
            desk.bank.charge_back(reference, Euros(601))

        assert Euros(1000) == desk.bank.represent(reference).amount

    @pytest.mark.parametrize(("verb", "reference"), [("refund", "REF1"), ("duplicate", "")])
    def test_unknown(self, desk: Desk, verb: str, reference: str) -> None:
        """An unknown operation and an unknown payment are refused."""
        with pytest.raises(InvalidValueError):
            desk.bank.operate(verb, reference or paid(desk).transaction_reference)

    def test_codes(self, desk: Desk) -> None:
        """The response code states whether an operation was done."""
        reference = paid(desk).transaction_reference
        bank = desk.bank

        assert ["24", "51", "00", "00", "24"] == [
            bank.operate("refund", reference),
            bank.operate("cancel", reference, Euros(1601)),
            bank.operate("cancel", reference, Euros(600)),
            bank.operate("cancel", reference),
            bank.operate("cancel", reference),
        ]


class TestReconciled:
    """The ledger agrees with the bank after the reports alone: no notification and no question."""

    @FORMS
    def test_agrees(self, ledger: Ledger, form: ReportForm) -> None:
        """Each payment has the bank's state; lines of another portal are counted, and raise one incident."""
        desk = Desk(ledger)
        other = Desk(MemoryLedger())
        other.bank = desk.bank
        refunded, returned, left = paid(desk), paid(desk, OTHER), desk.start(NoticeReference("6311705400000346F"))
        desk.visit(left, LEFT)
        for number in range(40):
            paid(other, NoticeReference(f"63117054000004{number:02d}F"))
        desk.bank.run_nightly_batch()
        desk.later(days=1)
        desk.bank.operate("refund", refunded.transaction_reference)
        desk.bank.charge_back(returned.transaction_reference)
        desk.later(days=1)
        found = desk.service.reconcile(reports=_read(desk.bank, form, 3))
        again = desk.service.reconcile(reports=_read(desk.bank, form, 3))

        assert ["REFUNDED", "CHARGED_BACK", "CANCELLED"] == [desk.state(each) for each in (refunded, returned, left)]
        assert 120 == found.foreign  # a transaction, an operation and a remittance each
        assert () == again.changed
        assert ["CHARGED_BACK", "REPORT_SURPLUS"] == sorted(desk.incidents())

    @settings(max_examples=60)
    @example(acts=[("cancel", 1600)], form=ReportForm.TABS)
    @example(acts=[("cancel", 1), ("night", 1), ("refund", 1)], form=ReportForm.SEMICOLONS)
    @given(
        acts=st.lists(
            st.tuples(st.sampled_from(["cancel", "refund", "charge back", "represent", "night"]), st.integers(1, 1600)),
            max_size=8,
        ),
        form=st.sampled_from(ReportForm),
    )
    def test_random(self, acts: list[tuple[str, int]], form: ReportForm) -> None:
        """After random operations the sums equal a list that the test keeps of what the bank accepted."""
        desk = Desk(MemoryLedger())
        started = paid(desk)
        book = {"refunded": 0, "charged back": 0, "returned": 0}
        for number, (act, cents) in enumerate(acts):
            self.act(desk, started.transaction_reference, act, Euros(cents), book)
            desk.later(hours=9 if number % 2 else 1)
        desk.service.reconcile(reports=_read(desk.bank, form, 4))
        sums = desk.payment(started).sums

        assert [*book.values()] == [each.cents for each in (sums.refunded, sums.charged_back, sums.represented)]
        assert ["CHARGED_BACK"] * bool(book["charged back"]) == desk.incidents()

    def act(self, desk: Desk, reference: str, act: str, amount: Euros, book: dict[str, int]) -> None:
        """Make an operation at the bank, and note it when the bank accepts it."""
        calls: Mapping[str, Any] = {"charge back": desk.bank.charge_back, "represent": desk.bank.represent}
        names = {"charge back": "charged back", "represent": "returned"}
        if act == "night":
            desk.bank.run_nightly_batch()
        elif act in calls:
            try:
                calls[act](reference, amount)
            except InvalidValueError:
                return
            book[names[act]] += amount.cents
        elif "00" == desk.bank.operate(act, reference, amount):
            book["refunded"] += amount.cents


def _read(bank: SipsBank, form: ReportForm, days: int) -> list[Any]:
    """Read the reports of several days as one list of lines and reports."""
    return reports(bank, form, *(DAY + timedelta(days=number) for number in range(days)))
