"""One bad item never stops or slows the rest: the honest payment beside it is PAID in the same call."""

import base64
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentState
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import HttpAnswer, ReportLine
from creance_pay.gateways.sips import SipsPaypageJson, read_reports
from creance_pay.gateways.transport import Transport
from creance_pay.ledger import ActState, Disposition, Ledger, SqlLedger
from creance_pay.payments import StartedPayment
from ledger_desk import ACCEPTED, OTHER, Desk, at, message, nonce
from ledgers import PAYLOAD_KEY, OpenLedger, OpenSql
from sips_merchant import MERCHANT, NOON, settings

WHO: dict[str, Any] = {"by": "an operator", "reason": "a reason"}
LIMIT, UNKNOWN, FORGED = 1_000, 100, 10
PADDING = 60_000  # the largest body that is read has 65,536 bytes
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
            monkeypatch.setattr("creance_pay.ledger.recording.MAX_FOREIGN", 40)
            monkeypatch.setattr("creance_pay.ledger.recording.MAX_UNKNOWN", 10)
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


class TestFloods:
    """Messages that anyone can send again and again, with lower limits; ``TestCost`` has the real ones."""

    @pytest.fixture
    def number(self, monkeypatch: pytest.MonkeyPatch) -> int:
        """Lower the limits, and return the number of messages."""
        self.rows, self.repeated = 40, 20
        monkeypatch.setattr("creance_pay.ledger.recording.MAX_FOREIGN", self.rows)
        monkeypatch.setattr("creance_pay.ledger.recording.MAX_REPEATED", self.repeated)
        return 60

    def test_replayed(self, ledger: Ledger, number: int) -> None:
        """A genuine message that is sent many times, each time with other padding, leaves a bounded number of rows.

        The stored message has the fields that the seal covers, and nothing else of the sender's.
        """
        desk = Desk(ledger)
        started = desk.start()
        genuine = message(started).body
        statuses = [desk.service.on_notification(padded(genuine, each)).http_status for each in range(number)]
        events = ledger.events(started.transaction_reference)

        assert {200} == set(statuses)
        assert ["APPLIED", *["DUPLICATE"] * (self.repeated - 1)] == desk.dispositions(started)
        kept = [event.message for event in events]
        assert [None] * (self.repeated - 1) == kept[1:]
        assert {name: value for name, value in parse_qs(genuine).items() if name in {b"Data", b"Seal"}} == parse_qs(
            kept[0].body if kept[0] else b""
        )
        assert [] == desk.incidents()

    def test_parked_with_padding(self, ledger: Ledger, number: int) -> None:
        """An authentic message of an unknown order is parked once, however it is padded."""
        desk = Desk(ledger)
        posted = message("FOREIGN").body
        statuses = {desk.service.on_notification(padded(posted, each)).http_status for each in range(number)}

        assert ({503}, 1, ["UNKNOWN_ORDER"]) == (statuses, len(ledger.events("FOREIGN")), desk.incidents())

    def test_repeated_mismatch(self, ledger: Ledger, number: int) -> None:
        """The same message about another order is recorded once, and its incident counts the others."""
        desk = Desk(ledger)
        started = desk.start()
        for _ in range(number):
            desk.notify(started, amount="1700")

        assert ["MISMATCH"] == desk.dispositions(started)
        assert [("ORDER_MISMATCH", number)] == [(each.kind, each.times) for each in ledger.incidents()]

    def test_own_request(self, ledger: Ledger, number: int) -> None:
        """The form of our own request, which the bank's key seals too, is refused like a forgery."""
        desk = Desk(ledger)
        started = desk.start()
        form = HttpMessage(urlencode(started.form.fields).encode())
        statuses = {desk.service.on_notification(form).http_status for _ in range(number)}
        rows = ledger.events(started.transaction_reference)

        assert ({400}, "CREATED", []) == (statuses, desk.state(started), desk.incidents())
        assert ["REFUSED"] * self.rows == [event.disposition for event in rows]

    def test_many_orders_forged(self, ledger: Ledger, number: int) -> None:
        """Forgeries about different orders raise one incident each at first, then one together, which counts."""
        desk = Desk(ledger)
        starts = [desk.start(NoticeReference(f"63117054{each:08d}F")) for each in range(20)]
        for each in range(number):
            forged = message(starts[each % 20]).body.replace(b"Seal=", f"Seal={each:02x}".encode())
            desk.service.on_notification(HttpMessage(forged))
        found = {incident.transaction_reference: incident.times for incident in ledger.incidents()}

        assert {each.transaction_reference for each in starts[:FORGED]} | {""} == set(found)
        assert self.rows == sum(found.values())

    def test_never_silent(self, ledger: Ledger, number: int) -> None:
        """During a flood a genuine message under a forgotten key raises its own incident, and the bank sends it again.

        After an operator has closed the incident of the flood, the next forgery opens it again.
        """
        desk = Desk(ledger)
        started = desk.start()
        forged = HttpMessage(message(started).body.replace(b"Seal=", b"Seal=0"))
        for each in range(number):
            desk.service.on_notification(HttpMessage(f"nothing {each}".encode()))
            desk.service.on_notification(forged)
        answer = desk.notify(started, keyVersion="9")

        assert 503 == answer.http_status
        assert {"SealMismatchError", "UnknownKeyError"} == {each.detail for each in ledger.incidents()}
        assert "UnknownKeyError" in {event.detail for event in ledger.events(started.transaction_reference)}
        for incident in ledger.incidents():
            ledger.close_incident(incident, at=desk.now, by="an operator", reason="a flood")
        desk.service.on_notification(forged)
        assert ["NOT_AUTHENTIC"] == desk.incidents()


def test_refused_without_ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the ledger does not answer, a message under an unknown key is sent again, and a forgery is refused."""
    desk = Desk(ledger)
    started = desk.start()

    def fail(*_: object, **__: object) -> None:
        raise GatewayUnavailableError("no answer", retryable=True)

    monkeypatch.setattr(type(ledger), "refuse", fail)
    forged = HttpMessage(message(started).body.replace(b"Seal=", b"Seal=0"))

    assert 503 == desk.notify(started, keyVersion="9").http_status
    assert 400 == desk.service.on_notification(forged).http_status


def padded(body: bytes, number: int) -> HttpMessage:
    """Add a field that no seal covers to a form, and headers."""
    filling = f"&x{number}=".encode() + b"x" * PADDING
    return HttpMessage(body + filling, {"X-Filling": "x" * PADDING})


@pytest.mark.slow
class TestCost:
    """A thousand hostile messages cost less than 5 MB and 10 s of CPU time: a bound, not a speed."""

    MAX_BYTES, MAX_SECONDS = 5_000_000, 10

    @pytest.mark.parametrize("kind", ["refused", "parked", "replayed", "padded", "mismatched"])
    def test_bytes(
        self, tmp_path: Path, open_sql: OpenSql, record_property: Callable[[str, object], None], kind: str
    ) -> None:
        """The file of SQLite, with its log of writes, grows by less than the bound."""
        ledger = open_sql(f"sqlite:///{tmp_path / 'ledger.db'}", payload_keys=[PAYLOAD_KEY])
        desk = Desk(ledger)
        started = desk.start()
        genuine = message(started).body
        posted = {
            "refused": [HttpMessage(genuine.replace(b"Seal=", f"Seal={each:03x}".encode())) for each in range(LIMIT)],
            "parked": [message(each, statementReference="x" * 500) for each in references(LIMIT)],
            "replayed": [HttpMessage(genuine)] * LIMIT,
            "padded": [padded(genuine, each) for each in range(LIMIT)],
            "mismatched": [message(started, returnContext=f"another {each}") for each in range(LIMIT)],
        }[kind]
        before, began = size(ledger), time.process_time()
        for each in posted:
            desk.service.on_notification(each)
        desk.service.reconcile()
        took, grown = time.process_time() - began, size(ledger) - before
        record_property("figure", f"1,000 {kind}: {grown:,} bytes, {took:.1f} s")

        rows = {"replayed": 100, "padded": 100}.get(kind, LIMIT)
        with ledger._database.transaction(write=False) as connection:
            assert rows == connection.exec_driver_sql("SELECT count(*) FROM creance_records").scalar_one()
        assert grown < self.MAX_BYTES
        assert took < self.MAX_SECONDS


def size(ledger: SqlLedger) -> int:
    """Return the number of bytes of the database, once its log of writes is in it."""
    with ledger._database._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, page = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        return int(pages) * int(page)


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

        class Failing(Transport):
            """A transport that fails."""

            def send(
                self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
            ) -> HttpAnswer:
                """Raise."""
                raise KeyError(method, url, headers, body)

        gateway = SipsPaypageJson(**settings(), transport=Failing())
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
        assert "report_line_failed line=7" in caplog.text

    def test_another_portal(self, ledger: Ledger, tmp_path: Path) -> None:
        """Forty lines of another portal are a number in the result and one incident."""
        desk = Desk(ledger)
        started = desk.start()
        found = self.reconcile(desk, tmp_path, started, *(self.line(each) for each in references(40)))

        assert (40, ["REPORT_SURPLUS"], "PAID") == (found.foreign, desk.incidents(), desk.state(started))
