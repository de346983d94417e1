"""The office's pages on this machine, without the Django admin."""

from __future__ import annotations

import importlib.util
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client

from creance_pay.errors import MissingExtraError
from creance_pay.ledger import Incident, IncidentKind, MemoryLedger, SqlLedger
from creance_pay.office import Office, loopback
from creance_pay.office.loopback import office_pages

INCIDENT = Incident(
    kind=IncidentKind.REPORT_SURPLUS, transaction_reference="", at=datetime.now(UTC), detail="lines of <others>"
)
FIELDS = {"kind": "REPORT_SURPLUS", "reference": "", "detail": INCIDENT.detail, "reason": "vu"}


@pytest.fixture
def ledger() -> MemoryLedger:
    """Return a ledger with one incident."""
    made = MemoryLedger()
    made.raise_incident(INCIDENT)
    return made


@pytest.fixture
def browser(ledger: MemoryLedger) -> Client:
    """Return a browser of the pages."""
    return Client(office_pages(Office(ledger=ledger), by="agent"))


def token(browser: Client) -> str:
    """Read the token in the form of the page of incidents."""
    found = re.search('name="token" value="([^"]+)"', browser.get("/?page=incidents").text)
    assert found is not None
    return found[1]


def test_close(browser: Client, ledger: MemoryLedger) -> None:
    """An incident is closed by the form of its page."""
    answer = browser.post("/?page=incidents", data={**FIELDS, "token": token(browser)})

    assert (303, ()) == (answer.status_code, ledger.incidents())


def test_refused(browser: Client, ledger: MemoryLedger) -> None:
    """A form of another site, and one without a reason, close nothing."""
    forms = [FIELDS, {**FIELDS, "token": "other"}, {**FIELDS, "token": token(browser), "reason": ""}]
    answers = [browser.post("/?page=incidents", data=form) for form in forms]

    assert [400] * 3 == [answer.status_code for answer in answers]
    assert "expected a person and a reason" in answers[2].text
    assert 1 == len(ledger.incidents())


def test_protection(browser: Client) -> None:
    """Another host name is refused; the page has no script, is not stored, and escapes a detail."""
    page = browser.get("/?page=incidents")

    assert 400 == browser.get("/", headers={"Host": "evil.example"}).status_code
    assert ("no-store", False) == (page.headers["Cache-Control"], "<script" in page.text)
    assert ("&lt;others&gt;" in page.text, "<others>" in page.text) == (True, False)


def test_without_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Flask, the import names the extra."""
    monkeypatch.setitem(sys.modules, "flask", None)
    spec = importlib.util.spec_from_file_location("creance_pay.office.copied", loopback.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtraError, match=r"creance-pay\[demo\]"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_command(tmp_path: Path) -> None:
    """``creance-pay office`` serves a ledger in SQLite until SIGTERM."""
    file = tmp_path / "ledger.db"
    ledger = SqlLedger(f"sqlite:///{file}", merchant_id="M")
    ledger.raise_incident(INCIDENT)
    ledger.close()
    command = [sys.executable, "-m", "creance_pay", "office", "--file", str(file), "--merchant", "M"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        with requests.Session() as session:
            session.trust_env = False
            page = session.get(f"{url}/?page=incidents", timeout=60).text
        process.send_signal(signal.SIGTERM)

    assert ("REPORT_SURPLUS" in page, 0) == (True, process.returncode)
