"""``creance-pay bank trigger``: a portal that listens, and its ledger, after each message."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import attrs
import pytest
from flask import Flask, request

from creance_pay import Euros, HttpMessage, PaymentState
from creance_pay.cli import main
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.keyfile import FileKey
from creance_pay.gateways.sips import read_reports
from creance_pay.ledger import SqlLedger
from creance_pay.payments import PaymentService
from creance_pay.testing import LocalBank
from creance_pay.testing.server import serving
from creance_pay.testing.sips import SipsTrialMerchant
from ledger_desk import NOTICE, OTHER
from sips_merchant import NOON

PASSPHRASE = "a-passphrase-made-up-for-this-test"


@attrs.define
class Portal:
    """A portal with a payment that waits for its notification."""

    service: PaymentService
    url: str
    reference: str

    @property
    def state(self) -> str:
        """The state of the payment."""
        payment = self.service.ledger.find(self.reference)
        assert payment is not None
        return payment.state.value

    def trigger(self, *words: str) -> int:
        """Run the command."""
        return main(["bank", "trigger", *words])


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """Serve a portal, and start a payment there."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CREANCE_PAY_LEDGER", url)
    merchant = SipsTrialMerchant()
    service = PaymentService(merchant.gateway(), SqlLedger(url, merchant_id=merchant.merchant_id))
    pages = Flask("portal")

    @pages.post("/notification")
    def _notification() -> tuple[str, int]:
        message = HttpMessage(request.get_data(), dict(request.headers))
        return "", service.on_notification(message).http_status

    with serving(pages) as address:
        started = service.start(
            Euros(1600),
            {NOTICE: Euros(1600)},
            return_url=f"{address}/return",
            notification_url=f"{address}/notification",
        )
        yield Portal(service, address, started.transaction_reference)
    service.ledger.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("message", "state", "statuses"),
    [
        ("paid", "PAID", [200]),
        ("refused", "REFUSED", [200]),
        ("doubled", "PAID", [200, 200]),
        ("late", "PAID", [200]),
        ("forged", "CREATED", [400]),
    ],
)
def test_messages(
    portal: Portal, capsys: pytest.CaptureFixture[str], message: str, state: str, statuses: list[int]
) -> None:
    """Each message has its effect on the portal, and the answer of the portal is printed."""
    assert 0 == portal.trigger(message, "--to", f"{portal.url}/notification", "--wait", "0.01")
    assert state == portal.state
    assert [
        f"{portal.reference}  {message}  {portal.url}/notification  {status}" for status in statuses
    ] == capsys.readouterr().out.splitlines()


def test_chosen(portal: Portal) -> None:
    """An order by its reference; an attempt is open whose time at the bank is over."""
    portal.service.start(
        Euros(1600), {OTHER: Euros(1600)}, return_url="http://127.0.0.1/r", notification_url="http://127.0.0.1:9/n"
    )

    assert 0 == portal.trigger("paid", "--reference", portal.reference)
    assert "PAID" == portal.state


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/n", "https://portal.example/n"])
def test_no_answer(portal: Portal, capsys: pytest.CaptureFixture[str], address: str) -> None:
    """A portal that does not answer, or is on another machine, has status 1."""
    assert 1 == portal.trigger("paid", "--to", address)
    assert capsys.readouterr().out.endswith("no answer\n")


def test_no_order(portal: Portal, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a waiting order, the error says what is expected."""
    portal.trigger("paid")

    assert 1 == portal.trigger("paid")
    assert "expected an order that waits for its notification" in capsys.readouterr().err


@pytest.mark.parametrize(("message", "state"), [("refund", "REFUNDED"), ("chargeback", "CHARGED_BACK")])
def test_reports(portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str], message: str, state: str) -> None:
    """A refund and a chargeback are in the daily reports of the day, which the portal reconciles with."""
    portal.trigger("paid")
    capsys.readouterr()
    today = date.today()  # noqa: DTZ011 - any day will do

    assert 0 == portal.trigger(message, "--reports", str(tmp_path), "--day", today.isoformat())
    files = capsys.readouterr().out.split()
    portal.service.reconcile(reports=[line for file in files for line in read_reports(Path(file))])
    assert PaymentState(state) == portal.state


def test_own_keys(portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merchant's own keys come from a key file: the portal, which has others, refuses the message."""
    monkeypatch.setenv("CREANCE_PAY_PASSPHRASE", PASSPHRASE)
    keys = tmp_path / "keys"
    old = SipsTrialMerchant().keys.find("1", now=NOON)
    file_key = FileKey.from_environment()
    assert file_key is not None
    KeyRing([SecretKey(version="2", secret="another-key-made-up-for-this-test"), old], current="2").to_file(
        keys, file_key
    )

    assert 0 == portal.trigger("paid", "--key-file", str(keys))
    assert "CREATED" == portal.state


def test_fixture_is_loud(portal: Portal) -> None:
    """A notification that the page of a test cannot deliver fails there, with the address."""
    page = LocalBank(SipsTrialMerchant())
    started = portal.service.start(
        Euros(1600), {OTHER: Euros(1600)}, return_url="http://127.0.0.1/r", notification_url="http://127.0.0.1:9/n"
    )

    with pytest.raises(GatewayUnavailableError, match=r"expected a portal at http://127\.0\.0\.1:9/n to answer"):
        page.pay(started.form)
