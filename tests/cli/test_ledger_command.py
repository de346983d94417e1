"""``creance-pay ledger``: its acts, their output, and the data that no act prints."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from creance_pay import Euros, NoticeReference
from creance_pay.cli import ledger_upkeep as command
from creance_pay.cli import main
from creance_pay.gateways import ReportKind
from creance_pay.gateways.sips import read_reports
from creance_pay.ledger import Incident, IncidentKind, SqlLedger
from creance_pay.payments import PaymentService, StartedPayment
from creance_pay.testing.sips import daily_report
from ledger_desk import ACCEPTED, NOTICE, OTHER, PENDING, Desk
from ledgers import PAYLOAD_KEY
from sips_merchant import MERCHANT, NOON

CARD = "5017##########00"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Open a portal with a ledger in a file, which the environment names to the command."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CREANCE_PAY_LEDGER", url)
    monkeypatch.setenv("CREANCE_PAY_LEDGER_KEYS", PAYLOAD_KEY)
    ledger = SqlLedger(url, merchant_id=MERCHANT)
    yield Desk(ledger, asking=True)
    ledger.close()


def paid(desk: Desk, *notices: NoticeReference) -> StartedPayment:
    """Start a payment and notify that it was paid by card."""
    started = desk.start(*notices)
    desk.notify(started, maskedPan=CARD, authorisationId="123456")
    return started


def run(*words: str) -> int:
    """Run an act on the ledger of the tests' merchant."""
    return main(["ledger", words[0], "--merchant", MERCHANT, *words[1:]])


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Read the output of --json."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class TestList:
    """``list``: payments, one a line."""

    def test_lines(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A line has reference, state, amount and times."""
        first, second = paid(desk), desk.start(OTHER)

        assert 0 == run("list")
        assert [
            f"{first.transaction_reference}  PAID  16.00  2026-11-23T12:00:00+00:00  2026-11-23T12:00:00+00:00",
            f"{second.transaction_reference}  CREATED  16.00  2026-11-23T12:00:00+00:00  -",
        ] == capsys.readouterr().out.splitlines()

    def test_json(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """JSON has the same by name."""
        started = desk.start()

        assert 0 == run("list", "--json")
        assert [
            {
                "transaction_reference": started.transaction_reference,
                "state": "CREATED",
                "amount": "16.00",
                "created_at": "2026-11-23T12:00:00+00:00",
                "paid_at": None,
            }
        ] == objects(capsys)

    def test_selection(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """States and times select payments."""
        paid(desk)
        desk.later(hours=1)
        desk.start(OTHER)
        counts = {
            ("--state", "PAID"): 1,
            ("--state", "PAID", "--state", "CREATED"): 2,
            ("--since", "2026-11-23T14:00:00+01:00"): 1,
            ("--before", "2026-11-23T14:00:00+01:00"): 1,
            ("--since", "2026-11-23"): 2,
            ("--since", "2026-11-24"): 0,
        }

        def count(*options: str) -> int:
            assert 0 == run("list", "--json", *options)
            return len(objects(capsys))

        assert counts == {options: count(*options) for options in counts}

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            (["--since", "yesterday"], "--since: expected a day or a time with its zone"),
            (["--before", "2026-11-23T14:00:00"], "--before: expected a day or a time with its zone"),
            (["--state", "LATE"], "--state: invalid choice: 'LATE'"),
        ],
    )
    def test_usage(self, capsys: pytest.CaptureFixture[str], words: list[str], error: str) -> None:
        """A value that is no day, time or state is a usage error."""
        with pytest.raises(SystemExit) as stopped:
            run("list", *words)

        assert (2, True) == (stopped.value.code, error in capsys.readouterr().err)

    def test_another_merchant(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The payments of another merchant in the same database are not listed."""
        desk.start()

        assert (0, "") == (main(["ledger", "list", "--merchant", "another"]), capsys.readouterr().out)


class TestShow:
    """``show``: a payment and its events."""

    def test_json(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The payment is first, then each event with its disposition."""
        started = paid(desk)
        desk.bring_back(started)

        assert 0 == run("show", "--json", started.transaction_reference)
        payment, *records = objects(capsys)
        assert (f"{NOTICE} 16.00", "123456") == (payment["notices"], payment["authorisation"])
        assert "2026-11-24T12:00:00+00:00" == payment["display_by"]
        assert [("NOTIFICATION", "APPLIED"), ("RETURN", "DUPLICATE")] == [
            (each["source"], each["disposition"]) for each in records if "event" in each
        ]
        assert ["acknowledgement", "display"] == [each["effect"] for each in records if "effect" in each]

    def test_money(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The sums, the postings, the movements that the bank reported, and the acts of people are shown."""
        started = paid(desk)
        desk.visit(started, ACCEPTED)
        desk.bank.run_nightly_batch()
        desk.service.refund(started.transaction_reference, Euros(600), by="an operator", reason="paid twice")
        report = tmp_path / "operations.csv"
        report.write_text(daily_report(desk.bank, ReportKind.OPERATIONS, NOON.date()), encoding="utf-8")
        desk.service.reconcile(reports=[read_reports(report)])
        capsys.readouterr()

        assert 0 == run("show", "--json", started.transaction_reference)
        payment, *others = objects(capsys)
        assert ("10.00", "6.00", f"{NOTICE} OPEN") == (payment["held"], payment["refunded"], payment["postings"])
        assert [("CAPTURED", "16.00", "1"), ("REFUNDED", "6.00", "2")] == [
            (each["movement"], each["amount"], each["identifier"]) for each in others if "movement" in each
        ]
        assert [("REFUND", "6.00", "DONE", "an operator", "paid twice")] == [
            (each["act"], each["amount"], each["state"], each["by"], each["reason"]) for each in others if "act" in each
        ]

    def test_absent(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A reference without payment is an error."""
        desk.start()

        assert 1 == run("show", "PCLCB263270000009")
        assert "no payment of this merchant has this transaction reference" in capsys.readouterr().err

    def test_discretion(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """No act prints the card, a message or an address."""
        started = paid(desk)
        for words in (["list"], ["list", "--json"], ["incidents"]):
            run(*words)
        run("show", started.transaction_reference)
        run("show", "--json", started.transaction_reference)

        shown = "".join(capsys.readouterr())
        assert [] == [text for text in (CARD, "Seal", "portal.example", PAYLOAD_KEY) if text in shown]
        assert started.transaction_reference in shown


class TestIncidents:
    """``incidents``: the open incidents."""

    def test_none(self, desk: Desk) -> None:
        """Without incidents the status is 0."""
        desk.start()

        assert 0 == run("incidents")

    def test_some(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """With an incident the status is 1, so that a monitor can raise an alarm."""
        started = desk.start()
        desk.notify(started, amount="1700")

        assert 1 == run("incidents", "--json")
        (found,) = objects(capsys)
        assert ("ORDER_MISMATCH", started.transaction_reference) == (found["kind"], found["transaction_reference"])
        assert (1, None) == (found["times"], found["last_at"])

    def test_times(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """An incident that happens again is one line, with its number and its last time."""
        started = desk.start()
        desk.notify(started, amount="1700")
        desk.later(minutes=5)
        desk.notify(started, amount="1700")
        run("incidents", "--json")

        (found,) = objects(capsys)
        assert (2, "2026-11-23T12:05:00+00:00") == (found["times"], found["last_at"])

    @pytest.mark.parametrize("json", [False, True])
    def test_terminal(self, desk: Desk, capsys: pytest.CaptureFixture[str], *, json: bool) -> None:
        """A reference with the codes of a terminal is printed as escapes."""
        hostile = "R\x1b[2J\x9b31m\u202e\r\n"
        kind = IncidentKind.REPORT_SURPLUS
        desk.ledger.raise_incident(Incident(kind=kind, transaction_reference=hostile, at=NOON, detail=hostile))
        run("incidents", *(["--json"] if json else []))

        printed = capsys.readouterr().out
        assert 2 == printed.count("R\\u001b[2J\\u009b31m\\u202e\\r\\n")
        assert printed.removesuffix("\n").isprintable()


class TestErase:
    """``erase``: old personal data are erased, payments and events stay."""

    @pytest.fixture(autouse=True)
    def thirty_days_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run the command exactly thirty days after noon."""
        monkeypatch.setattr(command, "utc_now", lambda: NOON + timedelta(days=30))

    def test_kept(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Data of exactly this age are kept."""
        started = paid(desk)

        assert 0 == run("erase", "--days", "30", "--json")
        assert ([{"erased": 0}], CARD) == (objects(capsys), desk.payment(started).masked_card)

    def test_erased(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Of older data, the message and the card are erased; the payment stays."""
        started = paid(desk)

        assert 0 == run("erase", "--days", "29", "--json")
        assert [{"erased": 2}] == objects(capsys)
        assert ("PAID", None) == (desk.state(started), desk.payment(started).masked_card)

    def test_bar(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """A bar shows the progress."""
        paid(desk)
        steps: list[int] = []

        @contextmanager
        def bar(total: int) -> Iterator[Callable[[int], object]]:
            steps.append(-total)
            yield steps.append

        monkeypatch.setattr(command, "progress", bar)

        assert (0, [-1, 1]) == (run("erase", "--days", "29"), steps)

    def test_usage(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A negative number of days is a usage error, and erases nothing."""
        started = paid(desk)

        with pytest.raises(SystemExit) as stopped:
            run("erase", "--days", "-1")

        assert (2, CARD) == (stopped.value.code, desk.payment(started).masked_card)
        assert "--days: expected a whole number from 0 to 36525, got '-1'" in capsys.readouterr().err


class TestPostings:
    """``postings``, ``posted`` and ``rejected``: the files between the ledger and the caisse."""

    def test_round_trip(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The written file, sent back as the answer, posts each notice; later files begin after the last number."""
        first = paid(desk)
        assert 0 == run("postings")
        written = capsys.readouterr().out
        rows = [line.split(";") for line in written.splitlines()]
        answer = tmp_path / "answer.csv"
        answer.write_text(written, encoding="utf-8")
        assert 0 == run("posted", str(answer), "--by", "a job")

        assert [first.transaction_reference, "6311705400000344F", "16.00", "CAPTURED"] == rows[1][1:5]
        assert {} == desk.ledger.pending([NOTICE], desk.now)
        capsys.readouterr()
        assert 0 == run("postings", "--after", rows[1][0])
        assert 1 == len(capsys.readouterr().out.splitlines())

    def test_movements(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Each movement is written once; the file as its own answer posts the payments, and no refund."""
        started, answer = paid(desk), tmp_path / "answer.csv"
        desk.visit(started, ACCEPTED)
        desk.bank.run_nightly_batch()
        desk.service.refund(started.transaction_reference, Euros(600), by="an operator", reason="paid twice")
        assert 0 == run("postings")
        written = capsys.readouterr().out
        answer.write_text(written, encoding="utf-8")

        assert [["16.00", "CAPTURED"], ["6.00", "REFUNDED"]] == [
            line.split(";")[3:5] for line in written.splitlines()[1:]
        ]
        assert 0 == run("posted", str(answer), "--by", "a job", "--json")
        assert [{"recorded": 1, "ignored": 1, "refused": 0}] == objects(capsys)
        assert 1 == run("rejected", str(answer), "--by", "a job", "--reason", "closed debt")
        assert "line 3: a rejected movement of kind REFUNDED needs a person" in capsys.readouterr().err

    def test_rejected(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A rejection raises an incident; a line that cannot be recorded is named and stops no other."""
        started = paid(desk)
        answer = tmp_path / "answer.csv"
        lines = [
            "transaction_reference;notice_reference",
            "PCLCB1;x",
            f"{started.transaction_reference};{NOTICE.canonical}",
        ]
        answer.write_text("\n".join(lines), encoding="utf-8")

        assert 1 == run("rejected", str(answer), "--by", "a job", "--reason", "closed debt")
        assert "line 2: " in capsys.readouterr().err
        assert ["POSTING_REJECTED"] == desk.incidents()

    def test_formulas(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A cell from the bank that a spreadsheet would take for a formula begins with an apostrophe."""
        started = desk.start()
        desk.notify(started, authorisationId="=1+1")
        run("postings")

        (line,) = csv.DictReader(capsys.readouterr().out.splitlines(), delimiter=";")
        assert ("'=1+1", started.transaction_reference) == (line["authorisation_number"], line["transaction_reference"])

    @pytest.mark.parametrize("cell", ['"not closed', '"closed"too early', "x" * 200_000])
    def test_quotation_mark(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], cell: str) -> None:
        """A cell that would swallow the lines after it, or is too long, refuses the whole file."""
        first, second, answer = paid(desk), paid(desk, OTHER), tmp_path / "answer.csv"
        lines = [
            "transaction_reference;notice_reference;comment",
            f"{first.transaction_reference};{NOTICE.canonical};{cell}",
            f"{second.transaction_reference};{OTHER.canonical};",
        ]
        answer.write_text("\n".join(lines), encoding="utf-8")

        assert 1 == run("posted", str(answer), "--by", "a job")
        assert "answer.csv is no CSV file with semicolons: line " in capsys.readouterr().err
        assert {NOTICE, OTHER} == set(desk.ledger.pending([NOTICE, OTHER], desk.now))

    def test_several_lines(self, desk: Desk, tmp_path: Path) -> None:
        """A quoted cell of several lines is one cell."""
        first, answer = paid(desk), tmp_path / "answer.csv"
        lines = [
            "comment;transaction_reference;notice_reference",
            f'"a\nb\u2028c";{first.transaction_reference};{NOTICE}',
        ]
        answer.write_text("\n".join(lines), encoding="utf-8")

        assert 0 == run("posted", str(answer), "--by", "a job")
        assert {} == desk.ledger.pending([NOTICE], desk.now)

    @pytest.mark.usefixtures("desk")
    def test_columns(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """An answer without the two columns is refused with the columns found."""
        answer = tmp_path / "answer.csv"
        answer.write_text("a;b\n", encoding="utf-8")

        assert 1 == run("posted", str(answer), "--by", "a job")
        assert "expected the columns transaction_reference, notice_reference, got a, b" in capsys.readouterr().err
        assert 1 == run("posted", str(tmp_path / "absent.csv"), "--by", "a job")
        assert "absent.csv cannot be read: FileNotFoundError" in capsys.readouterr().err


class TestReconcile:
    """``reconcile``: the bank is asked by the portal's own service."""

    @pytest.fixture
    def portal(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
        """Write a portal's module ``portal_of_tests`` that holds the service."""
        (tmp_path / "portal_of_tests.py").write_text("service = None\nnothing = 1\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.delitem(sys.modules, "portal_of_tests", raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))
        import portal_of_tests  # type: ignore[import-not-found]  # noqa: PLC0415 - it was written a moment ago

        monkeypatch.setattr(portal_of_tests, "service", desk.service)
        return desk

    def test_asked(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The bank is asked about payments of the age, and the effects of a payment are due."""
        started = portal.start()
        portal.visit(started, ACCEPTED)
        portal.later(minutes=30)
        portal.start(OTHER)

        assert 0 == main(["ledger", "reconcile", "portal_of_tests:service", "--json"])
        counts = {"recorded": 1, "changed": 1, "unanswered": 0, "unread_lines": 0, "foreign_lines": 0, "incidents": 0}
        assert [counts] == objects(capsys)
        assert "PAID" == portal.state(started)
        assert ["acknowledgement", "display"] == portal.effects_of(started)

    def test_age(self, portal: Desk) -> None:
        """A younger payment is not asked about."""
        portal.visit(portal.start(), PENDING)
        portal.later(minutes=30)
        main(["ledger", "reconcile", "portal_of_tests:service", "--minutes", "31"])

        assert 0 == portal.line.asked

    def test_no_answer(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A bank without answer has status 1."""
        portal.start()
        portal.later(hours=1)
        portal.line.cut = True

        assert 1 == main(["ledger", "reconcile", "portal_of_tests:service"])
        assert "unanswered       1" in capsys.readouterr().out.splitlines()

    def test_reports(self, portal: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The lines of a report are recorded; an unreadable one has status 1."""
        started, report = portal.start(), tmp_path / "report.csv"
        columns = "transactionReference;transactionStatus;amount;transactionDateTime\n"
        good = f"{started.transaction_reference};CAPTURED;1600;{portal.now.isoformat()}\n"
        report.write_text(f"HEADER;TRANSACTIONS;20261123;1\n{columns}{good}unreadable\nEND;2\n")

        words = ["ledger", "reconcile", "portal_of_tests:service", "--report", str(report), "--json"]
        assert 1 == main(words)
        (found,) = objects(capsys)
        assert (1, 1) == (found["changed"], found["unread_lines"])
        assert "PAID" == portal.state(started)

    def test_no_service(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A name without service is refused with the name and the cause, and the bank is not asked."""
        no_service = "to be a PaymentService, as MODULE:NAME, got"
        expected = {
            "no_such_module:service": "'no_such_module:service' cannot be imported: ModuleNotFoundError: "
            "No module named 'no_such_module'",
            "portal_of_tests:absent": "'portal_of_tests:absent' cannot be imported: AttributeError: "
            "module 'portal_of_tests' has no attribute 'absent'",
            "portal_of_tests:nothing": f"expected 'portal_of_tests:nothing' {no_service} int",
            "portal_of_tests": f"expected 'portal_of_tests' {no_service} module",
            "not a name": "'not a name' cannot be imported: ValueError: invalid format: 'not a name'",
        }

        def error_of(name: str) -> str:
            assert 1 == main(["ledger", "reconcile", name])
            return capsys.readouterr().err.strip().removeprefix("creance-pay: ")

        assert expected == {name: error_of(name) for name in expected}
        assert 0 == portal.line.asked

    def test_no_report(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A missing report is named, and the bank is not asked."""
        assert 1 == main(["ledger", "reconcile", "portal_of_tests:service", "--report", "absent.csv"])

        assert "creance-pay: absent.csv: No such file or directory\n" == capsys.readouterr().err
        assert 0 == portal.line.asked

    def test_no_bar(self, portal: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Without Rich, the error names the extra."""
        monkeypatch.setitem(sys.modules, "rich.console", None)
        portal.start()

        assert 1 == main(["ledger", "reconcile", "portal_of_tests:service"])
        assert "creance-pay: a progress bar needs Rich: pip install" in capsys.readouterr().err

    @pytest.mark.usefixtures("portal")
    def test_interrupted(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Ctrl-C ends the act with one line and status 130."""

        def stop(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(PaymentService, "reconcile", stop)

        assert 130 == main(["ledger", "reconcile", "portal_of_tests:service"])
        assert "creance-pay: interrupted\n" == capsys.readouterr().err


class TestWhichLedger:
    """The ledger is a file, or the URL in the environment."""

    def test_file(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file is opened by its path."""
        desk.start()
        monkeypatch.delenv("CREANCE_PAY_LEDGER")

        assert 0 == run("list", "--file", str(tmp_path / "ledger.db"))

    def test_mistyped(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A missing file is an error, and is not created."""
        file = tmp_path / "leger.db"

        assert (1, False) == (run("list", "--file", str(file)), file.exists())
        assert f"creance-pay: expected the file of a ledger, {file} does not exist\n" == capsys.readouterr().err

    def test_nothing(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Without either, the error names both."""
        monkeypatch.delenv("CREANCE_PAY_LEDGER", raising=False)

        assert 1 == run("list")
        assert "creance-pay: expected --file, or CREANCE_PAY_LEDGER in the environment\n" == capsys.readouterr().err
