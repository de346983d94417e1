"""The page for agents: five calls, each answered by one command, whose output is the one of the page."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from creance_pay import NoticeReference
from creance_pay.cli import ledger_story, main
from creance_pay.ledger import SqlLedger
from creance_pay.payments import PaymentService
from ledger_desk import ACCEPTED, OTHER, Desk
from sips_merchant import MERCHANT, local_gateway

PAGE = Path(__file__).parents[2] / "docs" / "agent.md"
CALL = re.compile(r"^```console\n\$ creance-pay (ledger .*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CARD = "5017##########42"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_reference: None) -> Iterator[Desk]:  # noqa: ARG001 - the references of the page
    """Open a portal whose references are those of the page, and whose clock the command uses."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CREANCE_PAY_LEDGER", url)
    ledger = SqlLedger(url, merchant_id=MERCHANT, payload_keys=[])
    desk = Desk(ledger)
    monkeypatch.setattr(ledger_story, "utc_now", lambda: desk.now)
    yield desk
    ledger.close()


def test_page(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command of the page prints what the page shows."""
    refused = desk.start(cents=2000)
    desk.notify(refused, "51", amount="2000", maskedPan=CARD)
    desk.later(minutes=5)
    first = desk.start(OTHER)
    desk.visit(first, ACCEPTED)
    desk.later(minutes=31)
    second = desk.start(OTHER)
    desk.visit(second, ACCEPTED)
    for each in (first, second):
        desk.notify(each, maskedPan=CARD, authorisationId="123456")
    third = desk.start(NoticeReference("6311705400000346F"), cents=3000)
    desk.notify(third, amount="3000", maskedPan=CARD, authorisationId="654321")
    desk.bank.run_nightly_batch()
    office = PaymentService(local_gateway(), desk.ledger, transport=desk.line, clock=lambda: desk.now)
    office.refund(second.transaction_reference, by="an operator", reason="debited twice")
    desk.later(days=1)
    expected = CALL.findall(PAGE.read_text(encoding="utf-8"))
    assert 5 == len(expected)

    def output(words: str) -> str:
        main(shlex.split(words))
        return capsys.readouterr().out

    assert expected == [(words, output(words)) for words, _ in expected]
