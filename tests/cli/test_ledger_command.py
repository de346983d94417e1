"""``creance-pay ledger``: what a person or a program sees of a portal's ledger, and what neither may see."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from creance_pay.cli import ledger_command as command
from creance_pay.cli import main
from creance_pay.ledger import SqlLedger
from creance_pay.payments import PaymentService, StartedPayment
from ledger_desk import ACCEPTED, NOTICE, OTHER, PENDING, Desk
from ledgers import PAYLOAD_KEY
from sips_shop import MERCHANT, NOON

CARD = "5017##########00"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Open a portal with a ledger in a file, which the command finds by the environment."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CREANCE_PAY_LEDGER", url)
    monkeypatch.setenv("CREANCE_PAY_LEDGER_KEYS", PAYLOAD_KEY)
    ledger = SqlLedger(url, merchant_id=MERCHANT)
    yield Desk(ledger, asking=True)
    ledger.close()


def paid(desk: Desk) -> StartedPayment:
    """Have a payment paid, with a card."""
    started = desk.start()
    desk.notify(started, maskedPan=CARD, authorisationId="123456")
    return started


def run(*words: str) -> int:
    """Run an act on the ledger of the tests' shop."""
    return main(["ledger", words[0], "--merchant", MERCHANT, *words[1:]])


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Read what was printed for a program."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class TestList:
    """Payments, one a line."""

    def test_lines(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A person reads reference, state, amount and times."""
        first, second = paid(desk), desk.start(OTHER)

        assert 0 == run("list")
        assert [
            f"{first.transaction_reference}  PAID  16.00  2026-11-23T12:00:00+00:00  2026-11-23T12:00:00+00:00",
            f"{second.transaction_reference}  CREATED  16.00  2026-11-23T12:00:00+00:00  -",
        ] == capsys.readouterr().out.splitlines()

    def test_json(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A program reads the same by name."""
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

    @pytest.mark.parametrize(
        ("wanted", "count"),
        [
            (["--state", "PAID"], 1),
            (["--state", "PAID", "--state", "CREATED"], 2),
            (["--since", "2026-11-23T14:00:00+01:00"], 1),
            (["--before", "2026-11-23T14:00:00+01:00"], 1),
        ],
    )
    def test_selection(self, desk: Desk, capsys: pytest.CaptureFixture[str], wanted: list[str], count: int) -> None:
        """States and times select."""
        paid(desk)
        desk.later(hours=1)
        desk.start(OTHER)
        run("list", "--json", *wanted)

        assert count == len(objects(capsys))

    @pytest.mark.parametrize("moment", ["yesterday", "2026-11-23T14:00:00"])
    def test_moment(self, desk: Desk, moment: str) -> None:
        """A moment has a time zone, or is a usage that is not one."""
        desk.start()

        with pytest.raises(SystemExit) as stopped:
            run("list", "--since", moment)
        assert 2 == stopped.value.code

    def test_another_shop(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The payments of another shop in the same database are not among them."""
        desk.start()

        assert (0, "") == (main(["ledger", "list", "--merchant", "another"]), capsys.readouterr().out)


class TestShow:
    """One payment, and all that came about it."""

    def test_json(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The payment comes first, then its messages as they were treated."""
        started = paid(desk)
        desk.bring_back(started)

        assert 0 == run("show", "--json", started.transaction_reference)
        payment, *records = objects(capsys)
        assert (f"{NOTICE} 16.00", "123456") == (payment["notices"], payment["authorisation"])
        assert "2026-11-24T12:00:00+00:00" == payment["display_by"]
        assert [("NOTIFICATION", "APPLIED"), ("RETURN", "DUPLICATE")] == [
            (each["source"], each["disposition"]) for each in records
        ]

    def test_absent(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A reference of no payment is a no."""
        desk.start()

        assert 1 == run("show", "PCLCB263270000009")
        assert "no payment of this shop has this transaction reference" in capsys.readouterr().err

    def test_discretion(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Neither the card nor a message nor an address is shown, whatever is asked for."""
        started = paid(desk)
        for words in (["list"], ["list", "--json"], ["incidents"]):
            run(*words)
        run("show", started.transaction_reference)
        run("show", "--json", started.transaction_reference)

        shown = "".join(capsys.readouterr())
        assert [] == [text for text in (CARD, "Seal", "portal.example", PAYLOAD_KEY) if text in shown]
        assert started.transaction_reference in shown


class TestIncidents:
    """What a person has to look at."""

    def test_none(self, desk: Desk) -> None:
        """Nothing to look at is a yes."""
        desk.start()

        assert 0 == run("incidents")

    def test_some(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Something to look at is a no, so that a timer can raise the alarm."""
        started = desk.start()
        desk.notify(started, amount="1700")

        assert 1 == run("incidents", "--json")
        (found,) = objects(capsys)
        assert ("ORDER_MISMATCH", started.transaction_reference) == (found["kind"], found["transaction_reference"])


class TestErase:
    """What is personal and old goes, the accounts stay."""

    @pytest.fixture(autouse=True)
    def thirty_days_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have what happens at noon be thirty days ago, to the second."""
        monkeypatch.setattr(command, "utc_now", lambda: NOON + timedelta(days=30))

    def test_kept(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """What is of these days is kept."""
        started = paid(desk)

        assert 0 == run("erase", "--days", "30", "--json")
        assert ([{"erased": 0}], CARD) == (objects(capsys), desk.payment(started).masked_card)

    def test_erased(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Of what is older, the message and the card are erased, and the payment stays."""
        started = paid(desk)

        assert 0 == run("erase", "--days", "29", "--json")
        assert [{"erased": 2}] == objects(capsys)
        assert ("PAID", None) == (desk.state(started), desk.payment(started).masked_card)

    def test_bar(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """How far it is can be watched."""
        paid(desk)
        steps: list[int] = []

        @contextmanager
        def bar(total: int) -> Iterator[Callable[[int], object]]:
            steps.append(-total)
            yield steps.append

        monkeypatch.setattr(command, "progress", bar)

        assert (0, [-1, 1]) == (run("erase", "--days", "29"), steps)

    @pytest.mark.parametrize("days", ["-1", "all"])
    def test_not_days(self, desk: Desk, days: str) -> None:
        """What is no number of days erases nothing."""
        started = paid(desk)

        with pytest.raises(SystemExit) as stopped:
            run("erase", f"--days={days}")
        assert (2, CARD) == (stopped.value.code, desk.payment(started).masked_card)


class TestReconcile:
    """What nobody incoming is found out, by the portal's own service."""

    @pytest.fixture
    def portal(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
        """Be a portal whose module ``portal_of_tests`` has the service."""
        (tmp_path / "portal_of_tests.py").write_text("service = None\nnothing = 1\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.delitem(sys.modules, "portal_of_tests", raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))
        import portal_of_tests  # type: ignore[import-not-found]  # noqa: PLC0415 - it was written a moment ago

        monkeypatch.setattr(portal_of_tests, "service", desk.service)
        return desk

    def test_asked(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The bank is asked about what is old enough, and what follows a payment is not forgotten."""
        started = portal.start()
        portal.visit(started, ACCEPTED)
        portal.later(minutes=30)
        portal.start(OTHER)

        assert 0 == main(["ledger", "reconcile", "portal_of_tests:service", "--json"])
        assert [{"recorded": 1, "changed": 1, "unanswered": 0, "unread_lines": 0, "incidents": 0}] == objects(capsys)
        assert "PAID" == portal.state(started)
        assert ["acknowledgement", "display"] == portal.effects_of(started)

    def test_age(self, portal: Desk) -> None:
        """The age from which to ask is the caller's."""
        portal.visit(portal.start(), PENDING)
        portal.later(minutes=30)
        main(["ledger", "reconcile", "portal_of_tests:service", "--minutes", "31"])

        assert 0 == portal.line.asked

    def test_no_answer(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A bank that does not answer is a no."""
        portal.start()
        portal.later(hours=1)
        portal.line.cut = True

        assert 1 == main(["ledger", "reconcile", "portal_of_tests:service"])
        assert "unanswered       1" in capsys.readouterr().out.splitlines()

    def test_reports(self, portal: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A report's lines are recorded, and one that cannot be read is a no."""
        started, report = portal.start(), tmp_path / "report.csv"
        columns = "transactionReference;transactionStatus;amount\n"
        good = f"{started.transaction_reference};CAPTURED;1600\n"
        report.write_text(f"HEADER;TRANSACTIONS;20261123;1\n{columns}{good}unreadable\nEND;2\n")

        words = ["ledger", "reconcile", "portal_of_tests:service", "--report", str(report), "--json"]
        assert 1 == main(words)
        (found,) = objects(capsys)
        assert (1, 1) == (found["changed"], found["unread_lines"])
        assert "PAID" == portal.state(started)

    @pytest.mark.parametrize(
        "name",
        [
            "no_such_module:service",
            "portal_of_tests:absent",
            "portal_of_tests:nothing",
            "portal_of_tests",
            "not a name",
        ],
    )
    def test_no_service(self, portal: Desk, capsys: pytest.CaptureFixture[str], name: str) -> None:
        """What is no service is refused, and by its name."""
        assert 1 == main(["ledger", "reconcile", name])

        assert f"creance-pay: {name!r}" in capsys.readouterr().err.replace("expected ", "")
        assert 0 == portal.line.asked

    def test_no_report(self, portal: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A report that is not there is named, and nothing is asked."""
        assert 1 == main(["ledger", "reconcile", "portal_of_tests:service", "--report", "absent.csv"])

        assert "creance-pay: absent.csv: No such file or directory\n" == capsys.readouterr().err
        assert 0 == portal.line.asked

    def test_no_bar(self, portal: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Without what draws the bar, the extra to install is named."""
        monkeypatch.setitem(sys.modules, "rich.console", None)
        portal.start()

        assert 1 == main(["ledger", "reconcile", "portal_of_tests:service"])
        assert "creance-pay: a progress bar needs more: pip install" in capsys.readouterr().err

    @pytest.mark.usefixtures("portal")
    def test_interrupted(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Whoever stops it is incoming so in one line."""

        def stop(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(PaymentService, "reconcile", stop)

        assert 130 == main(["ledger", "reconcile", "portal_of_tests:service"])
        assert "creance-pay: interrupted\n" == capsys.readouterr().err


class TestWhichLedger:
    """The ledger is a file, or what the environment names."""

    def test_file(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file is opened by its path."""
        desk.start()
        monkeypatch.delenv("CREANCE_PAY_LEDGER")

        assert 0 == run("list", "--file", str(tmp_path / "ledger.db"))

    def test_mistyped(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that is not there stays so."""
        file = tmp_path / "leger.db"

        assert (1, False) == (run("list", "--file", str(file)), file.exists())
        assert f"creance-pay: {file} is not there\n" == capsys.readouterr().err

    def test_nothing(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Without either, the command says what it expects."""
        monkeypatch.delenv("CREANCE_PAY_LEDGER", raising=False)

        assert 1 == run("list")
        assert "creance-pay: expected --file, or CREANCE_PAY_LEDGER in the environment\n" == capsys.readouterr().err
