"""``creance-pay ledger``: find, explain, act and keep; the merchant of a file; errors told apart."""

import json
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from creance_pay import NoticeReference, PaymentState
from creance_pay.cli import ledger_acts, ledger_story, ledger_upkeep, main
from creance_pay.errors import MessageError
from creance_pay.gateways.sips.response_codes import RESPONSES
from creance_pay.ledger import SqlLedger
from ledger_desk import ACCEPTED, NOTICE, OTHER, Desk
from ledgers import PAYLOAD_KEY
from sips_merchant import MERCHANT

CARD = "5017##########42"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Open a portal with a ledger in a file, whose clock the commands use, and a module that holds its service."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CREANCE_PAY_LEDGER", url)
    monkeypatch.setenv("CREANCE_PAY_LEDGER_KEYS", PAYLOAD_KEY)
    ledger = SqlLedger(url, merchant_id=MERCHANT)
    desk = Desk(ledger, asking=True)
    for module in (ledger_story, ledger_upkeep):
        monkeypatch.setattr(module, "utc_now", lambda: desk.now)
    monkeypatch.setattr(ledger_acts, "import_service", lambda _: desk.service)
    yield desk
    ledger.close()


def run(*words: str) -> int:
    """Run an act."""
    return main(["ledger", *words])


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Read the output of --json."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def paid(desk: Desk, notice: NoticeReference = NOTICE) -> str:
    """Pay, and return the reference."""
    started = desk.start(notice)
    desk.visit(started, ACCEPTED)
    desk.notify(started, maskedPan=CARD, authorisationId="123456")
    return started.transaction_reference


class TestMerchant:
    """The one merchant of a file is taken; several are named."""

    def test_one(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """The only one."""
        reference = paid(desk)
        assert 0 == run("list", "--json")

        assert [reference] == [each["transaction_reference"] for each in objects(capsys)]

    def test_several(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Several are named, and none is taken."""
        paid(desk)
        other = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}", merchant_id="7")
        Desk(other).start()
        other.close()

        assert 1 == run("list")
        assert f"creance-pay: expected --merchant: one of {MERCHANT}, 7\n" == capsys.readouterr().err

    @pytest.mark.usefixtures("desk")
    def test_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A database without payment has no merchant to take."""
        assert 1 == run("list")
        assert "expected --merchant: the database has no payment yet" in capsys.readouterr().err


class TestFind:
    """``find``: by what the caller knows."""

    def test_each(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Each option alone, and all together, finds the payment; a wrong value finds none."""
        reference = paid(desk)
        desk.start(OTHER, cents=1700)
        known = {
            "--notice": (str(NOTICE), "6311705400000347F"),
            "--amount": ("16,00", "18,00"),
            "--day": ("2026-11-23", "2026-11-25"),
            "--card-end": ("42", "43"),
            "--authorisation": ("123456", "1"),
            "--reference": (reference, "PCLCB1"),
        }

        def found(*options: str) -> list[object]:
            status = run("find", "--json", *options)
            references = [each["transaction_reference"] for each in objects(capsys)]
            assert status == (0 if references else 1)
            return references

        for option, (right, wrong) in known.items():
            assert reference in found(option, right), option
            assert reference not in found(option, wrong), option
        assert [reference] == found(*(word for option, (right, _) in known.items() for word in (option, right)))

    @pytest.mark.usefixtures("desk")
    def test_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without anything to search by, the error names the options."""
        assert 1 == run("find", "--merchant", MERCHANT)
        assert "expected at least one of --notice, --amount, --day" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("option", "value"), [("--notice", "x"), ("--amount", "x"), ("--card-end", "12345"), ("--day", "x")]
    )
    def test_usage(self, option: str, value: str) -> None:
        """A value of another form is a usage error."""
        with pytest.raises(SystemExit) as stopped:
            run("find", option, value)

        assert 2 == stopped.value.code

    def test_codes(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Each documented code has a meaning; another one is said to be undocumented; --bank chooses the table."""
        started = desk.start()
        desk.notify(started, "98")
        run("find", "--json", "--notice", str(NOTICE))
        (found,) = objects(capsys)

        assert RESPONSES.keys() == ledger_story.MEANINGS["sips"].keys()
        assert ("98", "not a documented code") == (found["response_code"], found["meaning"])
        desk.later(minutes=40)
        desk.notify(started, "51")
        run("find", "--json", "--notice", str(NOTICE), "--bank", "direct")
        (found,) = objects(capsys)
        assert "the authorisation waits for an answer" == found["meaning"]

    def test_no_sentence(self, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A payment that no message fits is shown all the same."""
        paid(desk)

        def fail(*_: object, **__: object) -> None:
            raise MessageError

        monkeypatch.setattr(ledger_story, "message_for", fail)
        run("find", "--json", "--notice", str(NOTICE))

        assert "MessageError" == objects(capsys)[0]["person_reads"]


class TestActs:
    """``close``, ``refund``, ``correct``, ``replay``."""

    def test_close(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """An incident is closed with the person and the reason, which the story shows; again, none is open."""
        started = desk.start()
        desk.notify(started, amount="1700")
        words = ["close", "ORDER_MISMATCH", started.transaction_reference, "--by", "an operator", "--reason", "test"]

        assert (0, 1) == (run(*words), run(*words))
        assert () == desk.service.incidents()
        assert "creance-pay: no such incident is open: " in capsys.readouterr().err
        run("show", "--json", started.transaction_reference)
        closed = [each for each in objects(capsys) if "closed" in each]
        assert [("ORDER_MISMATCH", "an operator", "test")] == [
            (each["closed"], each["by"], each["reason"]) for each in closed
        ]

    def test_close_all(self, desk: Desk) -> None:
        """Every incident of a kind."""
        for reference in ("REF1", "REF2"):
            desk.notify(reference)
        desk.start()

        assert 1 == run("close", "UNKNOWN_ORDER", "--by", "an operator", "--reason", "test")
        assert 0 == run("close", "UNKNOWN_ORDER", "--all", "--by", "an operator", "--reason", "test")
        assert [] == desk.incidents()

    def test_refund(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A part, then the rest; the bank that does not answer has status 1."""
        reference = paid(desk)
        desk.bank.run_nightly_batch()
        words = ["refund", "portal:service", reference, "--by", "an operator", "--reason", "paid twice"]

        assert 0 == run(*words, "--amount", "6,00")
        assert "state            DONE" in capsys.readouterr().out
        desk.line.cut = True
        assert 1 == run(*words, "--json")
        assert "REQUESTED" == objects(capsys)[0]["state"]

    def test_cancel(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Before the bank's night a refund is impossible, and the error names the cancellation; after it, otherwise."""
        reference, later = paid(desk), paid(desk, OTHER)
        person = ["--by", "an operator", "--reason", "paid twice"]

        assert 1 == run("refund", "portal:service", reference, *person)
        impossible = "creance-pay: the payment's state at the bank does not allow it"
        assert f"{impossible}: before the debit, cancel it\n" == capsys.readouterr().err
        assert 0 == run("cancel", "portal:service", reference, *person, "--json")
        (act,) = objects(capsys)
        assert ("CANCEL", "DONE") == (act["act"], act["state"])
        desk.bank.run_nightly_batch()
        assert 1 == run("cancel", "portal:service", later, *person)
        assert f"{impossible}: after the debit, refund it\n" == capsys.readouterr().err

    def test_correct(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A decision is recorded; one that another state precedes has status 1."""
        started = desk.start()
        words = ["correct", "portal:service", started.transaction_reference]
        person = ["--by", "an operator", "--reason", "the bank's statement"]

        assert 0 == run(*words, "PAID", *person)
        assert PaymentState.PAID == desk.state(started)
        assert 1 == run(*words, "REFUSED", *person)
        assert "disposition      SUPERSEDED" in capsys.readouterr().out

    def test_replay(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A message that was recorded under another amount of the order applies when it is given again."""
        started = desk.start()
        desk.notify(started)
        words = ["replay", "portal:service", started.transaction_reference, "--by", "an operator", "--reason", "test"]

        assert 0 == run(*words, "--json")
        assert [("DUPLICATE", "PAID", None)] == [
            (each["disposition"], each["state"], each["error"]) for each in objects(capsys)
        ]
        (_, again) = desk.ledger.events(started.transaction_reference)
        assert ("an operator", "test") == (again.evidence.by, again.evidence.reason)
        assert 1 == run(*words, "--event", "99")
        assert (
            "expected a recorded message of this payment that can be decrypted, found none" in capsys.readouterr().err
        )

    def test_replay_mismatch(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A message that does not match still does not."""
        started = desk.start()
        desk.notify(started, amount="1700")

        words = ["replay", "portal:service", started.transaction_reference, "--by", "an operator", "--reason", "test"]
        assert 1 == run(*words)
        assert "OrderMismatchError" in capsys.readouterr().out


class TestUpkeep:
    """``tasks``, ``health``, ``backup``, ``upgrade``, ``rekey``."""

    def test_tasks(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """A waiting effect is listed; one that is late has status 1."""
        reference = paid(desk)

        assert 0 == run("tasks", "--json")
        assert [(reference, "acknowledgement", 0), (reference, "display", 0)] == [
            (each["transaction_reference"], each["effect"], each["attempts"]) for each in objects(capsys)
        ]
        desk.later(minutes=15)
        assert 1 == run("tasks")

    def test_health(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is 0 and OK, work for a person is 1, a job that stops is 2."""
        paid(desk)
        desk.service.run_effects()
        assert (0, "OK\n") == (run("health"), capsys.readouterr().out)
        assert (0, "") == (run("health", "--json"), capsys.readouterr().out)
        desk.notify(desk.start(OTHER), amount="1700")
        assert 1 == run("health", "--json")
        assert [("WARNING", "INCIDENT_OPEN", 1, "ORDER_MISMATCH")] == [
            (each["level"], each["kind"], each["count"], each["detail"]) for each in objects(capsys)
        ]
        desk.later(minutes=61)
        assert 2 == run("health", "--policy", "ameli-2019-11")
        assert capsys.readouterr().out.startswith("CRITICAL  JOB_SILENT  1  -  reconcile\n")

    def test_health_unavailable(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A ledger that cannot be opened is critical, with the cause."""
        monkeypatch.setenv("CREANCE_PAY_LEDGER", "postgresql://portal:hidden-word@127.0.0.1:9/ledger")

        assert 2 == run("health")
        printed = capsys.readouterr().out
        assert printed.startswith("CRITICAL  LEDGER_UNAVAILABLE  1  -  the ledger's database does not answer")
        assert "hidden-word" not in printed

    def test_backup(self, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The copy has every payment, belongs to its owner alone, and overwrites nothing."""
        reference, copy = paid(desk), tmp_path / "copy.db"

        assert 0 == run("backup", str(copy))
        assert 0o600 == stat.S_IMODE(copy.stat().st_mode)
        restored = SqlLedger(f"sqlite:///{copy}", merchant_id=MERCHANT)
        assert [reference] == [payment.transaction_reference for payment in restored.payments()]
        restored.close()
        assert 1 == run("backup", str(copy))
        assert f"{copy} cannot be created: File exists" in capsys.readouterr().err

    def test_backup_interrupted(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A copy that fails leaves no file."""
        paid(desk)
        connect = sqlite3.connect

        def broken(*given: object, **named: object) -> object:
            if str(given[0]).endswith("copy.db"):
                raise sqlite3.OperationalError("database or disk is full")
            return connect(*given, **named)  # type: ignore[call-overload]

        monkeypatch.setattr("sqlite3.connect", broken)

        with pytest.raises(sqlite3.OperationalError):
            run("backup", str(tmp_path / "copy.db"))
        assert not (tmp_path / "copy.db").exists()

    def test_backup_postgresql(
        self, postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """PostgreSQL has a tool of its own."""
        monkeypatch.setenv("CREANCE_PAY_LEDGER", postgres)

        assert 1 == run("backup", "--merchant", "7", str(tmp_path / "copy.db"))
        assert "pg_dump" in capsys.readouterr().err

    def test_upgrade(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        """Older tables are refused by every act, and brought up to date by this one."""
        paid(desk)
        desk.ledger.close()  # type: ignore[attr-defined]
        path = Path(str(desk.ledger._database._address.database))  # type: ignore[attr-defined]
        connection = sqlite3.connect(path)
        connection.executescript(
            "DROP TABLE creance_heartbeats; ALTER TABLE creance_records DROP COLUMN response_code;"
            "UPDATE creance_version SET version_num = '0002'"
        )
        connection.close()

        assert 1 == run("list")
        assert "which is older" in capsys.readouterr().err
        assert 0 == run("upgrade", "--json")
        assert [{"merchant": MERCHANT, "version": "0003"}] == objects(capsys)
        assert 0 == run("list")

    def test_rekey(self, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """The messages are under the first key; one that no key decrypts has status 1."""
        paid(desk)
        new = "bmV3LW1hZGUtdXAta2V5LWZvci10aGVzZS10ZXN0cyE="
        monkeypatch.setenv("CREANCE_PAY_LEDGER_KEYS", f"{new},{PAYLOAD_KEY}")
        assert (0, "unreadable       0\n") == (run("rekey"), capsys.readouterr().out)
        monkeypatch.setenv("CREANCE_PAY_LEDGER_KEYS", PAYLOAD_KEY)
        assert (1, "unreadable       1\n") == (run("rekey"), capsys.readouterr().out)


class TestPortalService:
    """A service by its name: an object, or a function that builds it."""

    def test_factory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A function is called; ``work --once`` does what is due, and prints the problems."""
        url = f"sqlite:///{tmp_path / 'once.db'}"
        desk = Desk(SqlLedger(url, merchant_id=MERCHANT), asking=True)
        desk.notify(desk.start())
        desk.notify(desk.start(OTHER), amount="1700")
        (tmp_path / "portal_of_once.py").write_text("def build():\n    return made\n", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.syspath_prepend(str(tmp_path))
        import portal_of_once  # type: ignore[import-not-found]  # noqa: PLC0415 - it was written a moment ago

        portal_of_once.made = desk.service

        assert 1 == main(["work", "portal_of_once:build", "--once", "--json", "--policy", "ameli-2019-11"])
        (problem,) = [each for each in objects(capsys) if each["kind"] != "POLICY_OVERDUE"]
        assert ("INCIDENT_OPEN", "2026-11-23T12:00:00+00:00") == (problem["kind"], problem["since"])
        assert 2 == len(desk.happened)
        desk.ledger.close()  # type: ignore[attr-defined]
