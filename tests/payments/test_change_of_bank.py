"""A change of bank while payments of the old bank are open: two services over one ledger, as the page shows them."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentState
from creance_pay.errors import InvalidValueError, PaymentInProgressError
from creance_pay.gateways import FormPost, Gateway, HttpAnswer, KeyRing, Redirect, SecretKey, Transport
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.ledger import ActState, Ledger, Payment
from creance_pay.payments import PaymentService
from creance_pay.testing.sips import SipsBank, SipsServices, form_body
from direct_bank import NOTIFICATION_URL, RETURN_URL, DirectBank, direct_gateway
from doc_examples import example

PAGE = example("change_of_bank")
CHANGED_AT: datetime = PAGE.CHANGED_AT
MERCHANT, KEYS = "201000005940002", KeyRing([SecretKey(version="1", secret="a-key-made-up-for-tests")], current="1")
FIRST, SECOND = NoticeReference("6311705400000344F"), NoticeReference("6311631200000297F")
AMOUNT = Euros(2000)
WHO = {"by": "an operator", "reason": "paid twice"}


@attrs.define
class OldBank(Transport):
    """Sips in this process; it counts the questions."""

    clock: Callable[[], datetime]
    asked: int = 0
    bank: SipsBank = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Open the bank."""
        self.bank = SipsBank({MERCHANT: KEYS}, clock=self.clock)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a call of Office."""
        assert "POST" == method
        assert headers
        self.asked += 1
        service = url.partition("/rs-services/v2/")[2]
        return HttpAnswer(200, json.dumps(SipsServices(self.bank).post(service, body or b"")).encode())


@attrs.define
class Portal:
    """A portal whose bank changes."""

    ledger: Ledger
    now: datetime = CHANGED_AT - timedelta(minutes=5)
    sips: OldBank = attrs.field(init=False)
    direct: DirectBank = attrs.field(factory=DirectBank)

    def __attrs_post_init__(self) -> None:
        """Open the old bank."""
        self.sips = OldBank(self.clock)

    def clock(self) -> datetime:
        """Return the time of the test."""
        return self.now

    @property
    def old(self) -> PaymentService:
        """The service of the bank before the change."""
        gateway = SipsPaypage(
            merchant_id=MERCHANT, keys=KEYS, host=SipsHost.loopback("http://127.0.0.1"), clock=self.clock
        )
        return self.service(gateway, self.sips)

    @property
    def new(self) -> PaymentService:
        """The service of the bank in use."""
        return self.service(direct_gateway(transport=self.direct, clock=self.clock), self.direct)

    def service(self, gateway: Gateway, bank: Transport) -> PaymentService:
        """Build a service over the ledger."""
        return PaymentService(gateway, self.ledger, transport=bank, clock=self.clock)

    def start(self, service: PaymentService, notice: NoticeReference) -> tuple[str, Any]:
        """Start a payment; return its reference and its form."""
        started = service.start(AMOUNT, {notice: AMOUNT}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL)
        return started.transaction_reference, started.form

    def pay_old(self, form: FormPost) -> HttpMessage:
        """Pay on the old bank's page, and return its notification."""
        request = self.sips.bank.receive(form.fields)
        return HttpMessage(form_body(self.sips.bank.answer(request, self.sips.bank.pay(request, "5017670000001800"))))

    def payment(self, reference: str) -> Payment:
        """Read a payment."""
        found = self.ledger.find(reference)
        assert found is not None
        return found


@pytest.fixture
def portal(ledger: Ledger) -> Portal:
    """Open a portal on each kind of ledger."""
    return Portal(ledger)


def test_open_page(portal: Portal) -> None:
    """A notice with an open page of the old bank is closed to the new one, and its late notification counts."""
    reference, form = portal.start(portal.old, FIRST)
    portal.now = CHANGED_AT + timedelta(minutes=1)
    with pytest.raises(PaymentInProgressError):
        portal.start(portal.new, FIRST)
    other, redirect = portal.start(portal.new, SECOND)
    status = portal.old.on_notification(portal.pay_old(form)).http_status

    assert isinstance(redirect, Redirect)
    assert (200, PaymentState.PAID) == (status, portal.payment(reference).state)
    assert PaymentState.CREATED is portal.payment(other).state
    with pytest.raises(PaymentInProgressError):
        portal.start(portal.new, FIRST)


def test_reconcile(portal: Portal) -> None:
    """Each bank is asked about its own payments alone, and finds those that it did not notify."""
    old, form = portal.start(portal.old, FIRST)
    portal.now = CHANGED_AT + timedelta(minutes=1)
    new, _ = portal.start(portal.new, SECOND)
    portal.pay_old(form)
    portal.direct.pay("4481347252")
    portal.now += timedelta(minutes=30)
    PAGE.reconcile(portal.new, portal.old, portal.now)

    assert (PaymentState.PAID, PaymentState.PAID) == (portal.payment(old).state, portal.payment(new).state)
    assert 1 == portal.sips.asked


def test_each_refuses_the_other(portal: Portal) -> None:
    """A refund by the wrong service calls no bank and changes nothing; the right one refunds."""
    old, form = portal.start(portal.old, FIRST)
    portal.old.on_notification(portal.pay_old(form))
    new, _ = portal.start(portal.new, SECOND)
    portal.new.on_notification(portal.direct.pay("4481347252"))
    asked, operations = portal.sips.asked, len(portal.direct.checkouts["4481347252"]["operations"])
    for service, reference in ((portal.new, old), (portal.old, new)):
        with pytest.raises(InvalidValueError):
            service.refund(reference, AMOUNT, **WHO)

    assert (asked, operations) == (portal.sips.asked, len(portal.direct.checkouts["4481347252"]["operations"]))
    assert ActState.DONE is portal.new.refund(new, AMOUNT, **WHO).state
    assert PaymentState.REFUNDED is portal.payment(new).state
    assert PaymentState.PAID is portal.payment(old).state


def test_services(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The services of the page are built from one file, and a message of one bank is refused by the other (H13)."""
    monkeypatch.setenv("TESTS_KEY", "a-key-made-up-for-tests")
    monkeypatch.setenv("TESTS_OTHER_KEY", "another-key-made-up-for-tests")
    keys = 'keys = [{version = "1", variable = "TESTS_KEY"}]'
    path = tmp_path / "gateway.toml"
    path.write_text(
        f"""
gateway = "direct"
production = false
[sips]
merchant_id = "{MERCHANT}"
host = "MERCANET_TEST"
{keys}
[direct]
merchant_id = "CPAM-MADE-UP"
host = "CAWL_TEST"
{keys}
webhook_keys = [{{version = "W", variable = "TESTS_OTHER_KEY"}}]
""",
        encoding="utf-8",
    )
    monkeypatch.setattr(PAGE, "FILE", path)
    new, old = PAGE.services(ledger, ())
    portal = Portal(ledger)
    reference, form = portal.start(portal.old, FIRST)
    message = portal.pay_old(form)

    assert (400, 200) == (new.on_notification(message).http_status, old.on_notification(message).http_status)
    assert PaymentState.PAID is portal.payment(reference).state
