"""One bad item never stops or slows the rest: the honest payment beside it is PAID in the same call."""

import base64
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentState
from creance_pay.gateways import HttpAnswer, ReportLine
from creance_pay.gateways.sips import SipsPaypageJson, read_reports
from creance_pay.ledger import ActState, Disposition, Ledger
from creance_pay.payments import StartedPayment
from ledger_desk import ACCEPTED, OTHER, Desk, at, message, nonce
from ledgers import OpenLedger, OpenSql
from sips_merchant import MERCHANT, NOON, settings

WHO: dict[str, Any] = {"by": "an operator", "reason": "a reason"}
LIMIT, UNKNOWN = 1_000, 100
FOREIGN_ERRORS = [
    KeyError("x"),
    RuntimeError("x"),
    ValueError("x"),
    TimeoutError("x"),
    UnicodeDecodeError("x", b"", 0, 1, ""),
]


def references(number: int) -> list[str]:
    """Return transaction references that no ledger issued."""
    return [f"FOREIGN{each}" for each in range(number)]


class TestThousandMessages:
    """A thousand messages of others: few rows, few incidents, and the honest payment goes through."""

    @pytest.fixture(params=[60, pytest.param(LIMIT + 10, marks=pytest.mark.slow)])
    def number(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
        """Return the number of messages; by default fewer of them, with lower limits."""
        if request.param < LIMIT:
            monkeypatch.setattr("creance_pay.ledger.ledger._MAX_FOREIGN", 40)
            monkeypatch.setattr("creance_pay.ledger.ledger._MAX_UNKNOWN", 10)
        self.rows, self.incidents = (40, 10) if request.param < LIMIT else (LIMIT, UNKNOWN)
        number: int = request.param
        return number

    def test_of_no_order(self, ledger: Ledger, number: int) -> None:
        """Authentic messages of unknown orders are parked up to a limit, and the bank is asked to send them again."""
        desk = Desk(ledger)
        started = desk.start()
        statuses = {desk.notify(reference).http_status for reference in references(number)}
        answer = desk.notify(started)

        assert ({503}, 200, "PAID") == (statuses, answer.http_status, desk.state(started))
        parked = [each for each in references(number) if desk.ledger.events(each)]
        assert references(number)[: self.rows] == parked
        assert ["UNKNOWN_ORDER"] * (self.incidents + 1) == desk.incidents()
        assert () == desk.service.reconcile().recorded

    def test_of_another_order(self, ledger: Ledger, number: int) -> None:
        """Authentic messages about another order of the same reference raise one incident."""
        desk = Desk(ledger)
        started = desk.start()
        for each in range(number):
            desk.notify(started, returnContext=f"of-another-ledger-{each}")
        desk.notify(started)

        assert ("PAID", 1) == (desk.state(started), len(desk.incidents()))
        assert {"MISMATCH": self.rows, "APPLIED": 1} == {
            each: desk.dispositions(started).count(each) for each in ("MISMATCH", "APPLIED")
        }

    def test_forged(self, ledger: Ledger, number: int) -> None:
        """Messages under a wrong seal, and unreadable ones, leave at most so many hashes of each, and one incident."""
        desk = Desk(ledger)
        started = desk.start()
        genuine = message(started).body
        for each in range(number):
            desk.service.on_notification(HttpMessage(genuine.replace(b"Seal=", f"Seal={each:02x}".encode())))
            desk.service.on_notification(HttpMessage(f"nothing {each}".encode()))
        desk.notify(started)
        refused = Counter(
            event.detail
            for event in [*ledger.events(""), *ledger.events(started.transaction_reference)]
            if event.disposition is Disposition.REFUSED
        )

        assert {"SealMismatchError": self.rows, "MalformedResponseError": self.rows} == refused
        assert ("PAID", [("NOT_AUTHENTIC", self.rows)]) == (
            desk.state(started),
            [(incident.kind, incident.times) for incident in ledger.incidents()],
        )


class TestPayloads:
    """Stored messages that no key opens do not keep the others from being processed."""

    @pytest.fixture
    def old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make pages of three events, so that unreadable ones fill several."""
        monkeypatch.setattr("creance_pay.ledger.ledger._PAGE", 3)

    @pytest.mark.usefixtures("old")
    def test_lost_key(self, ledger_url: str, open_sql: OpenSql) -> None:
        """Seven messages were encrypted by a lost key; the others are processed, and one incident names the loss."""
        keys = [base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2)]
        lost, kept = (open_sql(ledger_url, payload_keys=[key]) for key in keys)
        desk = Desk(kept)
        starts = [desk.start(NoticeReference(f"6311705400000{number}F")) for number in range(400, 411)]
        for number, started in enumerate(starts):
            self.park(desk, lost if number < 7 else kept, started)
        done = desk.service.reconcile()

        assert [each.transaction_reference for each in starts[7:]] == [
            each.transaction_reference for each in done.recorded
        ]
        assert ["CREATED"] * 7 + ["PAID"] * 4 == [desk.state(each) for each in starts]
        assert 1 == desk.incidents().count("PAYLOAD_UNREADABLE")

    def park(self, desk: Desk, ledger: Ledger, started: StartedPayment) -> None:
        """Park a message of a payment, as a process does that cannot see the order yet."""
        with ledger.transaction(write=False) as store:
            kind: Any = type(store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "lock_payment", lambda *_: ([], False))
            Desk(ledger).service.on_notification(message(started, **at(desk.now)))

    def test_erased(self, open_ledger: OpenLedger) -> None:
        """A parked message whose payload was erased is not read again."""
        ledger = open_ledger()
        desk = Desk(ledger)
        self.park(desk, ledger, desk.start())
        ledger.erase(before=desk.now + timedelta(days=1))

        assert () == ledger.parked()


class TestTransport:
    """A transport of one's own raises something that is not of this package."""

    def fail_about(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, reference: str, error: Exception) -> None:
        """Raise an error for each question about one payment."""
        post = desk.line.post_json

        def post_json(url: str, document: Mapping[str, Any]) -> HttpAnswer:
            if document["transactionReference"] == reference:
                raise error
            return post(url, document)

        monkeypatch.setattr(desk.line, "post_json", post_json)

    @pytest.mark.parametrize("error", FOREIGN_ERRORS, ids=lambda error: type(error).__name__)
    def test_question(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        """The question about one payment fails, and the other is found PAID in the same call."""
        desk = Desk(ledger, asking=True)
        bad, good = desk.start(), desk.start(OTHER)
        desk.visit(good, ACCEPTED)
        self.fail_about(desk, monkeypatch, bad.transaction_reference, error)
        desk.later(hours=1)
        found = desk.service.reconcile()

        assert ((bad.transaction_reference,), "PAID") == (found.unanswered, desk.state(good))

    @pytest.mark.parametrize("error", FOREIGN_ERRORS, ids=lambda error: type(error).__name__)
    def test_refund(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        """The refund of one payment stays open, with an incident; the other is refunded."""
        desk = Desk(ledger, asking=True)
        bad, good = desk.start(), desk.start(OTHER)
        for started in (bad, good):
            desk.visit(started, ACCEPTED)
            desk.notify(started)
        desk.bank.run_nightly_batch()
        self.fail_about(desk, monkeypatch, bad.transaction_reference, error)
        acts = [desk.service.refund(started.transaction_reference, **WHO).state for started in (bad, good)]

        assert [ActState.REQUESTED, ActState.DONE] == acts
        assert ["ACT_UNCERTAIN"] == desk.incidents()

    def test_start(self, ledger: Ledger) -> None:
        """A start that fails blocks neither the notice nor another person."""

        class Failing:
            """A transport that fails."""

            def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
                """Raise."""
                raise KeyError(url, document)

        gateway = SipsPaypageJson(**settings(), transport=Failing())  # type: ignore[arg-type]
        with pytest.raises(KeyError):
            Desk(ledger, gateway=gateway).start()
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)

        assert "PAID" == desk.state(started)


COLUMNS = "transactionReference;amount;responseCode;transactionDateTime;currencyCode;transactionStatus;returnContext"


class TestReport:
    """One bad line of a report, and forty lines of another portal."""

    def reconcile(self, desk: Desk, path: Path, started: StartedPayment, *others: str) -> Any:  # noqa: ANN401 - the result
        """Reconcile with a report that has other lines before the honest one."""
        lines = [*others, self.line(started.transaction_reference, nonce(started))]
        text = "\n".join([f"TRANSACTIONS;{MERCHANT};20261124;1", COLUMNS, *lines, f"END;{len(lines)}", ""])
        file = path / "report.csv"
        file.write_bytes(text.encode())
        return desk.service.reconcile(reports=[read_reports(file)])

    def line(self, reference: str, context: str = "", **changes: str) -> str:
        """Return a line about an accepted payment of 16 EUR."""
        values = {"amount": "1600", "code": "00", "time": "2026-11-23 13:00:00", "currency": "978", **changes}
        return ";".join([reference, *values.values(), "CAPTURED", context])

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            ("REF1", "fewer cells than columns"),
            ("REF1;1600;00;;978;CAPTURED;;;x", "more cells than columns"),
            (";1600;00;2026-11-23 13:00:00;978;CAPTURED;", "no transaction reference"),
            ("RE\x00F1;1600;00;2026-11-23 13:00:00;978;CAPTURED;", "a control character"),
            ("REF-1;1600;00;2026-11-23 13:00:00;978;CAPTURED;", "no transaction reference"),
            ("REF1;16,00;00;2026-11-23 13:00:00;978;CAPTURED;", "the amount is not one to twelve digits of cents"),
            ("REF1;1600;00;2026-02-30 13:00:00;978;CAPTURED;", "the time is unreadable"),
            ('REF1;1600;00;"2026-11-23', "fewer cells than columns"),
            ("REF1;999999999999;00;2026-11-23 13:00:00;978;CAPTURED;", "lines about no payment of this ledger"),
        ],
    )
    def test_bad_line(self, ledger: Ledger, tmp_path: Path, bad: str, reason: str) -> None:
        """The honest line beside a bad one is recorded in the same call; one incident names the reason."""
        desk = Desk(ledger)
        started = desk.start()
        self.reconcile(desk, tmp_path, started, bad)

        assert "PAID" == desk.state(started)
        assert [reason] == [each.detail for each in desk.service.incidents()]

    def test_failing_line(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A line whose recording fails, in any way, stops no other; the log has the number of the line."""
        desk = Desk(ledger)
        bad, good = desk.start(), desk.start(OTHER)
        record = type(desk.service._inbox).record

        def fail(inbox: Any, verified: Any, evidence: Any, payment: Any) -> Any:  # noqa: ANN401 - as the original
            if payment.transaction_reference == bad.transaction_reference:
                raise OverflowError
            return record(inbox, verified, evidence, payment)

        monkeypatch.setattr(type(desk.service._inbox), "record", fail)
        lines = [
            ReportLine(
                number=number, transaction_reference=each.transaction_reference, amount=Euros(1600),
                state=PaymentState.PAID, at=NOON, currency="978", values={},
            )
            for number, each in ((7, bad), (8, good))
        ]  # fmt: skip
        desk.service.reconcile(reports=lines)

        assert ("CREATED", "PAID") == (desk.state(bad), desk.state(good))
        assert [("REPORT_UNREADABLE", "OverflowError")] == [
            (each.kind, each.detail) for each in desk.service.incidents()
        ]
        assert "report_line_failed 7" in caplog.text

    def test_another_portal(self, ledger: Ledger, tmp_path: Path) -> None:
        """Forty lines of another portal are a number in the result and one incident."""
        desk = Desk(ledger)
        started = desk.start()
        found = self.reconcile(desk, tmp_path, started, *(self.line(each) for each in references(40)))

        assert (40, ["REPORT_SURPLUS"], "PAID") == (found.foreign, desk.incidents(), desk.state(started))
