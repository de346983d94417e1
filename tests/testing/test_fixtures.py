"""The test kit, used as the developer of a portal uses it: by its fixtures, with a portal that listens over HTTP."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask, request

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import GatewayUnavailableError, InvalidValueError, MalformedResponseError, SealMismatchError
from creance_pay.gateways import KeyRing, RequestsTransport, SecretKey
from creance_pay.gateways.sips import SipsPaypage, SipsPaypageJson
from creance_pay.testing import LocalBank, TrialMerchant
from creance_pay.testing.sips import Authentication, Fault, TrialCard
from creance_pay.testing.sips.server import serving

WIRE = RequestsTransport(direct=True)
Order = Callable[..., PaymentOrder]


class Portal:
    """A portal that keeps what it hears."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self.url, self.heard = "", list[HttpMessage]()

    def pages(self) -> Flask:
        """Listen to notifications."""
        pages = Flask("portal")

        @pages.post("/notification")
        def _hear() -> str:
            self.heard.append(HttpMessage(request.get_data(), dict(request.headers)))
            return ""

        return pages

    def outcomes(self, page: LocalBank, order: PaymentOrder, gateway: SipsPaypage | None = None) -> list[PaymentState]:
        """Verify every message received."""
        return [(gateway or page.gateway).verify(each, expected=order).state for each in self.heard]


@pytest.fixture
def portal() -> Iterator[Portal]:
    """Open a portal."""
    opened = Portal()
    with serving(opened.pages()) as opened.url:
        yield opened


@pytest.fixture
def order(portal: Portal, payment_order: Order) -> PaymentOrder:
    """Order a payment that the portal will hear of."""
    return payment_order(notification_url=f"{portal.url}/notification")


class TestOrders:
    """``payment_order`` makes orders."""

    def test_usual(self, payment_order: Order) -> None:
        """An order is of 20.00 EUR, to addresses on this machine."""
        made = payment_order()

        assert (Euros(2000), "http://127.0.0.1:8000/return", "http://127.0.0.1:8000/notification") == (
            made.amount,
            made.return_url,
            made.notification_url,
        )

    def test_own(self, payment_order: Order) -> None:
        """Any field may be one's own."""
        assert Euros(1600) == payment_order(amount=Euros(1600)).amount

    def test_references(self, payment_order: Order) -> None:
        """Each has a reference of its own."""
        assert payment_order().transaction_reference != payment_order().transaction_reference


class TestNotifications:
    """``signed_notification`` writes what the bank posts."""

    @pytest.mark.parametrize(
        ("card", "outcome"),
        [
            (TrialCard.ACCEPTED, PaymentState.PAID),
            (TrialCard.REFUSED, PaymentState.REFUSED),
            (TrialCard.FRAUD, PaymentState.REFUSED),
            (TrialCard.CEILING, PaymentState.REFUSED),
            (TrialCard.OLD_CARD, PaymentState.REFUSED),
            (TrialCard.PENDING, PaymentState.PENDING),
            (TrialCard.TOO_MANY, PaymentState.REFUSED),
            (TrialCard.UNAVAILABLE, PaymentState.UNKNOWN),
            (None, PaymentState.CANCELLED),
        ],
    )
    def test_card(
        self,
        payment_order: Order,
        signed_notification: Callable[..., HttpMessage],
        bank_merchant: TrialMerchant,
        card: str | None,
        outcome: PaymentState,
    ) -> None:
        """The card chooses the outcome; without one the person leaves."""
        order = payment_order()
        message = signed_notification(order, card=card)

        assert outcome is bank_merchant.gateway().verify(message, expected=order).state

    def test_authentication(self, payment_order: Order, bank_merchant: TrialMerchant) -> None:
        """So does the end of 3-D Secure."""
        order = payment_order()
        message = bank_merchant.notification(order, authentication=Authentication.FAILURE)

        assert PaymentState.REFUSED is bank_merchant.gateway().verify(message, expected=order).state

    def test_fault(self, payment_order: Order, bank_merchant: TrialMerchant) -> None:
        """A fault of what is told is told."""
        order = payment_order()
        message = bank_merchant.notification(order, fault=Fault.FORGED)

        with pytest.raises(SealMismatchError):
            bank_merchant.gateway().verify(message, expected=order)

    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.HTML_ERROR])
    def test_none(self, payment_order: Order, bank_merchant: TrialMerchant, fault: Fault) -> None:
        """Where no notification comes, there is none to write."""
        with pytest.raises(InvalidValueError, match="a fault with a notification"):
            bank_merchant.notification(payment_order(), fault=fault)

    def test_again(self, payment_order: Order, bank_merchant: TrialMerchant) -> None:
        """The same order may be refused and then paid: each call is a bank without memory."""
        order = payment_order()
        messages = [bank_merchant.notification(order, card=card) for card in (TrialCard.REFUSED, TrialCard.ACCEPTED)]
        gateway = bank_merchant.gateway()

        assert [PaymentState.REFUSED, PaymentState.PAID] == [
            gateway.verify(each, expected=order).state for each in messages
        ]

    def test_own_shop(self, payment_order: Order) -> None:
        """A shop of one's own seals by its own key."""
        keys = KeyRing([SecretKey(version="7", secret="a-key-of-another-shop")], current="7")
        shop = TrialMerchant(merchant_id="011223744550001", keys=keys)
        order = payment_order()
        payment = shop.gateway().verify(shop.notification(order), expected=order)

        assert ("011223744550001", "7") == (payment.merchant_id, payment.key_version)


class TestPage:
    """``bank_page`` plays the person, and the bank's server."""

    def test_paid(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """The portal is notified before the person is back, and both say the same."""
        back = bank_page.pay(bank_page.gateway.initiate(order))

        assert ([PaymentState.PAID], portal.heard[0].body) == (portal.outcomes(bank_page, order), back.body)

    def test_left(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """Who leaves cancels."""
        bank_page.leave(bank_page.gateway.initiate(order))

        assert [PaymentState.CANCELLED] == portal.outcomes(bank_page, order)

    def test_expired(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """Who does nothing expires, fifteen minutes later and at once for the test."""
        bank_page.expire(bank_page.gateway.initiate(order))

        assert [PaymentState.EXPIRED] == portal.outcomes(bank_page, order)

    def test_nobody_back(self, bank_page: LocalBank, order: PaymentOrder) -> None:
        """From an expiry nobody comes back."""
        with pytest.raises(InvalidValueError, match="one that expires"):
            bank_page.pay(bank_page.gateway.initiate(order), "5017670000001897")

    def test_late(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """A late notification comes when the test says that time has passed."""
        bank_page.pay(bank_page.gateway.initiate(order), fault=Fault.LATE)
        counts = [len(portal.heard)]
        for seconds in (29, 1):
            bank_page.wait(timedelta(seconds=seconds))
            counts.append(len(portal.heard))

        assert [0, 0, 1] == counts

    def test_pending_first(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """Pending, then paid (E18)."""
        bank_page.bank.fault = Fault.PENDING_FIRST
        bank_page.pay(bank_page.gateway.initiate(order))
        bank_page.wait(timedelta(minutes=1))

        assert [PaymentState.PENDING, PaymentState.PAID] == portal.outcomes(bank_page, order)

    def test_authentication(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """The end of 3-D Secure may be chosen."""
        bank_page.pay(bank_page.gateway.initiate(order), authentication=Authentication.CANCEL)

        assert [PaymentState.CANCELLED] == portal.outcomes(bank_page, order)

    def test_twice(self, bank_page: LocalBank, order: PaymentOrder) -> None:
        """The same form twice is refused, as at the vendor's."""
        form = bank_page.gateway.initiate(order)
        bank_page.pay(form)

        with pytest.raises(MalformedResponseError, match="already processed"):
            bank_page.pay(form)

    def json_gateway(self, page: LocalBank) -> SipsPaypageJson:
        """Make a gateway that starts payments from server to server."""
        return SipsPaypageJson(
            merchant_id=page.merchant.merchant_id, keys=page.merchant.keys, host=page.gateway.merchant.host, transport=WIRE
        )

    def test_json(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """A payment that was started by JSON is paid in the same way."""
        gateway = self.json_gateway(bank_page)
        bank_page.pay(gateway.initiate(order))

        assert [PaymentState.PAID] == portal.outcomes(bank_page, order, gateway)

    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.FORGED, Fault.WRONG_AMOUNT, Fault.EMPTY_SEAL])
    def test_asked(self, bank_page: LocalBank, order: PaymentOrder, fault: Fault) -> None:
        """Whatever was or was not told, Office knows."""
        gateway = self.json_gateway(bank_page)
        bank_page.pay(gateway.initiate(order), TrialCard.REFUSED, fault=fault)

        assert PaymentState.REFUSED is gateway.fetch_status(order, WIRE).state

    def test_html(self, bank_page: LocalBank, portal: Portal, order: PaymentOrder) -> None:
        """Where Office answers by a page, nothing is known, and asking again is right."""
        gateway = self.json_gateway(bank_page)
        bank_page.pay(gateway.initiate(order), fault=Fault.HTML_ERROR)

        with pytest.raises(GatewayUnavailableError) as caught:
            gateway.fetch_status(order, WIRE)
        assert ([], True) == (portal.heard, caught.value.retryable)
