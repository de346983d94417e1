"""The fixtures for portals, used as the developer of a portal uses them: with a portal that listens over HTTP."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask, request

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import GatewayUnavailableError, InvalidValueError, MalformedResponseError, SealMismatchError
from creance_pay.gateways import KeyRing, RequestsTransport, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage, SipsPaypageJson
from creance_pay.testing import Authentication, Fault, LocalBank, TrialCard
from creance_pay.testing.server import serving
from creance_pay.testing.sips import SipsTrialMerchant

TRANSPORT = RequestsTransport(direct=True)
MakeOrder = Callable[..., PaymentOrder]


class Portal:
    """A portal that stores the notifications."""

    def __init__(self) -> None:
        """Start without a notification."""
        self.url, self.received = "", list[HttpMessage]()

    def pages(self) -> Flask:
        """Build the application."""
        pages = Flask("portal")

        @pages.post("/notification")
        def _notification() -> str:
            self.received.append(HttpMessage(request.get_data(), dict(request.headers)))
            return ""

        return pages

    def states(self, page: LocalBank, order: PaymentOrder, gateway: SipsPaypage | None = None) -> list[PaymentState]:
        """Verify every notification, and return the states."""
        return [(gateway or page.gateway).verify(each, expected=order).state for each in self.received]


@pytest.fixture
def portal() -> Iterator[Portal]:
    """Serve a portal."""
    opened = Portal()
    with serving(opened.pages()) as opened.url:
        yield opened


@pytest.fixture
def order(portal: Portal, payment_order: MakeOrder) -> PaymentOrder:
    """Order a payment whose notifications go to the portal."""
    return payment_order(notification_url=f"{portal.url}/notification")


def test_payment_order(payment_order: MakeOrder) -> None:
    """An order is of 20.00 EUR with addresses on this machine; each has its own reference; any field can be set."""
    made = payment_order()

    assert (Euros(2000), "http://127.0.0.1:8000/return", "http://127.0.0.1:8000/notification") == (
        made.amount,
        made.return_url,
        made.notification_url,
    )
    assert made.transaction_reference != payment_order().transaction_reference
    assert Euros(1600) == payment_order(amount=Euros(1600)).amount


class TestNotifications:
    """``signed_notification`` builds the bank's notification."""

    def test_card(
        self,
        payment_order: MakeOrder,
        signed_notification: Callable[..., HttpMessage],
        bank_merchant: SipsTrialMerchant,
    ) -> None:
        """The card chooses the state; without a card the person leaves.  Each call uses a new bank."""
        order, gateway = payment_order(), bank_merchant.gateway()
        states = {
            TrialCard.ACCEPTED: PaymentState.PAID,
            TrialCard.REFUSED: PaymentState.REFUSED,
            TrialCard.FRAUD: PaymentState.REFUSED,
            TrialCard.CEILING: PaymentState.REFUSED,
            TrialCard.OLD_CARD: PaymentState.REFUSED,
            TrialCard.PENDING: PaymentState.PENDING,
            TrialCard.TOO_MANY: PaymentState.REFUSED,
            TrialCard.UNAVAILABLE: PaymentState.UNKNOWN,
            None: PaymentState.CANCELLED,
        }

        assert {*TrialCard, None} == set(states)
        assert states == {
            card: gateway.verify(signed_notification(order, card=card), expected=order).state for card in states
        }

    def test_authentication(self, payment_order: MakeOrder, bank_merchant: SipsTrialMerchant) -> None:
        """The result of 3-D Secure can be chosen."""
        order = payment_order()
        message = bank_merchant.notification(order, authentication=Authentication.FAILURE)

        assert PaymentState.REFUSED is bank_merchant.gateway().verify(message, expected=order).state

    def test_fault(self, payment_order: MakeOrder, bank_merchant: SipsTrialMerchant) -> None:
        """A fault of the content is in the notification."""
        order = payment_order()
        message = bank_merchant.notification(order, fault=Fault.FORGED)

        with pytest.raises(SealMismatchError):
            bank_merchant.gateway().verify(message, expected=order)

    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.HTML_ERROR])
    def test_none(self, payment_order: MakeOrder, bank_merchant: SipsTrialMerchant, fault: Fault) -> None:
        """A fault that suppresses the notification is refused."""
        with pytest.raises(InvalidValueError, match=f"a fault with a notification, got {fault}"):
            bank_merchant.notification(payment_order(), fault=fault)

    def test_own_merchant(self, payment_order: MakeOrder) -> None:
        """Another merchant seals with its own key."""
        keys = KeyRing([SecretKey(version="7", secret="a-key-of-another-merchant")], current="7")
        merchant = SipsTrialMerchant(merchant_id="011223744550001", keys=keys)
        order = payment_order()
        payment = merchant.gateway().verify(merchant.notification(order), expected=order)

        assert ("011223744550001", "7") == (payment.merchant_id, payment.key_version)


class TestPage:
    """``bank_page`` acts as the person and as the bank's server."""

    def test_paid(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """The portal is notified before the return, and both have the same body."""
        back = bank_page.pay(bank_page.gateway.initiate(order))

        assert ([PaymentState.PAID], portal.received[0].body) == (portal.states(bank_page, order), back.body)

    def test_left(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """Leaving the page cancels."""
        bank_page.leave(bank_page.gateway.initiate(order))

        assert [PaymentState.CANCELLED] == portal.states(bank_page, order)

    def test_expired(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """An expiry is notified, without waiting for fifteen minutes."""
        bank_page.expire(bank_page.gateway.initiate(order))

        assert [PaymentState.EXPIRED] == portal.states(bank_page, order)

    def test_no_return(self, bank_page: LocalBank, order: PaymentOrder) -> None:
        """An expiry has no return."""
        with pytest.raises(InvalidValueError, match="one that expires"):
            bank_page.pay(bank_page.gateway.initiate(order), "5017670000001897")

    def test_late(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """A late notification is posted when the test moves the clock."""
        bank_page.pay(bank_page.gateway.initiate(order), fault=Fault.LATE)
        counts = [len(portal.received)]
        for seconds in (29, 1):
            bank_page.wait(timedelta(seconds=seconds))
            counts.append(len(portal.received))

        assert [0, 0, 1] == counts

    def test_pending_first(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """The default fault of the bank applies: pending, then paid (E18)."""
        bank_page.bank.fault = Fault.PENDING_FIRST
        bank_page.pay(bank_page.gateway.initiate(order))
        bank_page.wait(timedelta(minutes=1))

        assert [PaymentState.PENDING, PaymentState.PAID] == portal.states(bank_page, order)

    def test_authentication(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """The result of 3-D Secure can be chosen."""
        bank_page.pay(bank_page.gateway.initiate(order), authentication=Authentication.CANCEL)

        assert [PaymentState.CANCELLED] == portal.states(bank_page, order)

    def test_twice(self, bank_page: LocalBank, order: PaymentOrder) -> None:
        """The second use of a form is refused, as at the vendor's."""
        form = bank_page.gateway.initiate(order)
        bank_page.pay(form)

        with pytest.raises(MalformedResponseError, match="already processed"):
            bank_page.pay(form)

    def json_gateway(self, page: LocalBank) -> SipsPaypageJson:
        """Build a gateway that starts payments from server to server."""
        merchant = SipsTrialMerchant()
        return SipsPaypageJson(
            merchant_id=merchant.merchant_id,
            keys=merchant.keys,
            host=SipsHost.loopback(page.url),
            transport=TRANSPORT,
        )

    def test_json(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """A payment that was started by JSON is paid in the same way."""
        gateway = self.json_gateway(bank_page)
        bank_page.pay(gateway.initiate(order))

        assert [PaymentState.PAID] == portal.states(bank_page, order, gateway)

    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.FORGED, Fault.WRONG_AMOUNT, Fault.EMPTY_SEAL])
    def test_status(self, bank_page: LocalBank, order: PaymentOrder, fault: Fault) -> None:
        """Office answers with the true state, whatever the fault of the messages."""
        gateway = self.json_gateway(bank_page)
        bank_page.pay(gateway.initiate(order), TrialCard.REFUSED, fault=fault)

        assert PaymentState.REFUSED is gateway.fetch_status(order, TRANSPORT).state

    def test_html(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """An HTML page in the place of an answer is a retryable failure."""
        gateway = self.json_gateway(bank_page)
        bank_page.pay(gateway.initiate(order), fault=Fault.HTML_ERROR)

        with pytest.raises(GatewayUnavailableError) as caught:
            gateway.fetch_status(order, TRANSPORT)
        assert ([], True) == (portal.received, caught.value.retryable)
