"""The bank's side of Worldline Direct: signed calls, idempotence keys, webhooks and their repetition, the page."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import attrs
import pytest
from flask import Flask, request

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import GatewayUnavailableError, InvalidValueError, MalformedResponseError
from creance_pay.gateways import HttpAnswer, OperationOutcome, Redirect, RequestsTransport, SecretKey
from creance_pay.gateways.direct import CheckoutOptions, DirectCheckout
from creance_pay.gateways.direct.signing import authorization
from creance_pay.gateways.transport import Transport
from creance_pay.testing import BankAnswer, BankCall, BankTransport, Fault, TrialCard
from creance_pay.testing.direct import Checkout, DirectBank, DirectTrialMerchant
from creance_pay.testing.server import bank_pages, serving
from direct_bank import DirectBank as SmallBank
from direct_bank import direct_gateway, direct_order, event, payment, webhook

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
URL = "http://127.0.0.1"
MERCHANT = DirectTrialMerchant()
KEY = MERCHANT.keys.current


class Place:
    """A bank at a fixed time, its merchant's gateway, and calls written by hand."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - any argument of the bank
        """Open the bank."""
        self.now = NOW
        self.bank = MERCHANT.open_bank(clock=lambda: self.now, **settings)
        self.line = BankTransport(self.bank)
        self.gateway: DirectCheckout = MERCHANT.gateway(URL, transport=self.line, clock=lambda: self.now)
        self.order = PaymentOrder(
            transaction_reference="PCLCB172540000004",
            amount=Euros(2000),
            return_url=f"{URL}/return?page=1",
            notification_url=f"{URL}/notification",
            nonce="a-nonce",
        )

    def open(self, **options: Any) -> Checkout:  # noqa: ANN401 - any option of the page
        """Create a checkout, and open its page."""
        redirect = self.gateway.initiate(self.order, options=CheckoutOptions(**options))
        opened = self.bank.open_form(redirect)
        assert isinstance(opened, Checkout)
        return opened

    def paid(self, card: str = TrialCard.ACCEPTED) -> Checkout:
        """Pay a checkout by card."""
        opened = self.open()
        self.bank.settle(opened, self.bank.pay(opened, card))
        return opened

    def state(self, number: str) -> PaymentState:
        """Ask for the state of a payment."""
        return self.gateway.fetch_status(self.order, self.line, bank_reference=number).state

    def call(
        self,
        method: str,
        path: str,
        document: object = None,
        *,
        key: SecretKey = KEY,
        late: timedelta = timedelta(0),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """Send a call that is signed by a key, and return status, document and headers of the answer."""
        target = f"/v2/{MERCHANT.merchant_id}/{path}"
        body = json.dumps(document).encode() if document is not None and not isinstance(document, bytes) else document
        sent = {"Date": format_datetime(self.now + late, usegmt=True), **(headers or {})}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent["Authorization"] = authorization(method, target, sent, key)
        answer = self.bank.serve(
            BankCall(method=method, url=f"{URL}{target}", headers=sent, body=body if isinstance(body, bytes) else b"")
        )
        assert isinstance(answer, BankAnswer)
        return answer.status, json.loads(answer.body), answer.headers

    def events(self) -> list[tuple[str, str]]:
        """List the type and the status of the webhooks that are due."""
        found = []
        for each in self.bank.due():
            document = json.loads(each.message.body)
            about = document.get("refund") or document["payment"]
            found.append((document["type"], about["status"]))
        return found


@pytest.fixture
def place() -> Place:
    """Open a bank."""
    return Place()


class TestAuthentication:
    """Each call is signed (GCS v1HMAC)."""

    def test_connection(self, place: Place) -> None:
        """The test of the connection accepts each key of the ring."""
        answers = [place.call("GET", "services/testconnection", key=key)[:2] for key in MERCHANT.keys]

        assert [(200, {"result": "OK"})] * 2 == answers

    @pytest.mark.parametrize(
        ("settings", "status"),
        [
            ({"key": SecretKey(version=KEY.version, secret="another-secret-of-somebody")}, 403),
            ({"key": MERCHANT.webhook_keys.current}, 403),
            ({"late": timedelta(minutes=4)}, 200),
            ({"late": timedelta(minutes=6)}, 403),
            ({"late": -timedelta(minutes=6)}, 403),
            ({"headers": {"Date": "today"}}, 403),
            ({"headers": {"X-GCS-Extra": "signed"}}, 200),
        ],
    )
    def test_refused(self, place: Place, settings: dict[str, Any], status: int) -> None:
        """Another key, a clock that is off and a date that is none are refused; every x-gcs header is signed."""
        assert status == place.call("GET", "services/testconnection", **settings)[0]

    def test_query(self, place: Place) -> None:
        """The query is signed too."""
        assert 200 == place.call("GET", "services/testconnection?x=1")[0]

    def test_unsigned(self, place: Place) -> None:
        """A call without signature, and one of an unknown merchant, is refused."""
        answers = [
            place.bank.serve(BankCall(method="GET", url=f"{URL}/v2/{merchant}/services/testconnection"))
            for merchant in (MERCHANT.merchant_id, "UNKNOWN")
        ]

        assert [403, 403] == [answer.status for answer in answers if isinstance(answer, BankAnswer)]

    @pytest.mark.parametrize("body", [b"x", b"[]", b"{}", b'{"order": 1}'])
    def test_wrong_document(self, place: Place, body: bytes) -> None:
        """A document that is none, or lacks a field, is answered 400 with an error of the vendor's form."""
        status, document, _ = place.call("POST", "hostedcheckouts", body)

        assert (400, 400) == (status, document["errors"][0]["httpStatusCode"])

    @pytest.mark.parametrize(
        "price", [{"amount": 20.0, "currencyCode": "EUR"}, {"amount": 2000, "currencyCode": "USD"}]
    )
    def test_wrong_amount(self, place: Place, price: object) -> None:
        """An amount that is no integer of cents of euros creates nothing."""
        document = {
            "order": {"amountOfMoney": price, "references": {"merchantReference": "A1"}},
            "hostedCheckoutSpecificInput": {"returnUrl": URL},
            "feedbacks": {"webhooksUrls": [URL]},
        }

        assert 400 == place.call("POST", "hostedcheckouts", document)[0]
        assert [] == place.bank.checkouts

    @pytest.mark.parametrize("path", ["", "hostedcheckouts/1", "payments/1_0", "payments/1_0/erase", "x"])
    def test_unknown(self, place: Place, path: str) -> None:
        """An unknown path or number is answered 404."""
        assert 404 == place.call("GET", path)[0]


class TestIdempotence:
    """A repeated idempotence key gets the first answer, for a day."""

    def refund(self, place: Place, cents: int, key: str = "refund-1") -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """Refund some cents under a key."""
        number = place.bank.checkouts[0].number
        document = {"amountOfMoney": {"amount": cents, "currencyCode": "EUR"}}
        return place.call("POST", f"payments/{number}_0/refund", document, headers={"X-GCS-Idempotence-Key": key})

    def test_again(self, place: Place) -> None:
        """The first answer comes again, even for another amount, with the time of the first request."""
        checkout = place.paid()
        first, again, other = self.refund(place, 500), self.refund(place, 900), self.refund(place, 500, "refund-2")

        assert (201, first[1]) == (again[0], again[1])
        assert str(int(NOW.timestamp() * 1000)) == again[2]["X-GCS-Idempotence-Request-Timestamp"]
        assert first[1]["id"] != other[1]["id"]
        assert Euros(1000) == place.bank.account(checkout.number)[1].remaining

    def test_forgotten(self, place: Place) -> None:
        """After a day the key is new."""
        checkout = place.paid()
        self.refund(place, 500)
        place.now += timedelta(hours=24)
        self.refund(place, 500)

        assert Euros(1000) == place.bank.account(checkout.number)[1].remaining

    def test_running(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """While the first call runs, the second is answered 409, and the gateway reports an unknown result."""
        checkout, answers = place.paid(), []
        operate = place.bank.operate

        def meanwhile(*given: Any, **named: Any) -> str:  # noqa: ANN401 - the method's own
            monkeypatch.undo()
            answers.append(self.refund(place, 500)[0])
            return operate(*given, **named)

        monkeypatch.setattr(place.bank, "operate", meanwhile)
        answers.append(self.refund(place, 500)[0])

        assert [409, 201] == answers
        assert Euros(1500) == place.bank.account(checkout.number)[1].remaining

    @pytest.mark.parametrize(("honoured", "pages"), [(True, 1), (False, 2)])
    def test_creation(self, *, honoured: bool, pages: int) -> None:
        """The bank may honour the key at the creation of a checkout or not: nobody depends on it."""
        place = Place(idempotent_creation=honoured)
        urls = {place.gateway.initiate(place.order).url for _ in range(2)}

        assert (pages, pages) == (len(urls), len(place.bank.checkouts))

    def test_two_portals(self, place: Place) -> None:
        """Two portals of one contract issue the same reference: each order has a key, and a page, of its own."""
        pages = [place.gateway.initiate(attrs.evolve(place.order, nonce=nonce)).url for nonce in ("one", "two")]

        assert 2 == len(set(pages))


class TestPage:
    """The payment page."""

    def test_return(self, place: Place) -> None:
        """The browser brings the portal's own query back, and a constant that is the same whatever happened."""
        paid = place.open()
        ending = place.bank.settle(paid, place.bank.pay(paid, TrialCard.ACCEPTED))

        assert ending is not None
        assert {"page": "1", "RETURNMAC": paid.return_mac, "hostedCheckoutId": paid.number} == ending.return_fields

    def test_ended(self, place: Place) -> None:
        """The page of a checkout that has ended does not open; a page that nobody created is unknown."""
        paid = place.paid()
        page = f"{URL}/hostedcheckout/Payment/Form/{paid.page}"

        with pytest.raises(MalformedResponseError, match="has ended"):
            place.bank.open_form(Redirect(page))
        assert place.bank.serve(BankCall(method="GET", url=f"{page}0")) is None
        assert place.bank.serve(BankCall(method="POST", url=page)) is None
        with pytest.raises(MalformedResponseError, match="that can be paid"):
            place.bank.open_form(Redirect(f"{page}0"))

    def test_expired(self, place: Place) -> None:
        """After the session of the checkout nobody can pay; the bank reports it without a webhook."""
        opened = place.open()
        place.now += timedelta(minutes=20)
        ending = place.bank.settle(opened, place.bank.pay(opened, TrialCard.ACCEPTED))

        assert ending is not None
        assert ((), None) == (ending.notifications, ending.return_fields)
        assert (PaymentState.CANCELLED, 404) == (
            place.state(opened.number),
            place.call("GET", f"payments/{opened.number}_0/details")[0],
        )

    def test_overdue(self, place: Place) -> None:
        """A question about a session that is over ends it."""
        opened = place.open()
        place.now += timedelta(minutes=20)

        assert PaymentState.CANCELLED is place.state(opened.number)
        with pytest.raises(MalformedResponseError, match="has ended"):
            place.bank.open_form(Redirect(f"{URL}/hostedcheckout/Payment/Form/{opened.page}"))

    def test_in_progress(self, place: Place) -> None:
        """An open page is a payment in progress."""
        assert PaymentState.PENDING is place.state(place.open().number)

    def test_wero(self, place: Place) -> None:
        """Another means of payment than a card has no card and no number of an authorisation."""
        opened = place.open(products=("WERO",))
        ending = place.bank.settle(opened, place.bank.pay_by(opened, "WERO"))
        assert ending is not None
        verified = place.gateway.verify(
            ending.notifications[0].message, expected=place.order, bank_reference=opened.number
        )

        assert (PaymentState.PAID, None, None) == (
            verified.state,
            verified.masked_card,
            verified.authorisation_number,
        )
        with pytest.raises(InvalidValueError):
            place.bank.pay_by(opened, "PAYPAL")

    @pytest.mark.parametrize(
        ("card", "code"),
        [(TrialCard.FRAUD, "30591001"), (TrialCard.CEILING, "30511001"), (TrialCard.OLD_CARD, "30541001")],
    )
    def test_reason(self, place: Place, card: str, code: str) -> None:
        """A refusal names the vendor's error code."""
        opened = place.open()
        ending = place.bank.settle(opened, place.bank.pay(opened, card))
        assert ending is not None
        document = json.loads(ending.notifications[0].message.body)

        assert code == document["payment"]["statusOutput"]["errors"][0]["errorCode"]

    def test_attempts(self, place: Place) -> None:
        """The checkout of our gateway allows one card."""
        opened = place.open()

        assert place.bank.settle(opened, place.bank.pay(opened, TrialCard.REFUSED)) is not None


class TestOperations:
    """Capture, cancel and refund, and their events."""

    def authorised(self, place: Place) -> Checkout:
        """Create a checkout that authorises only, and pay it."""
        document: dict[str, Any] = place.gateway._request(place.order, CheckoutOptions())
        document["cardPaymentMethodSpecificInput"]["authorizationMode"] = "FINAL_AUTHORIZATION"
        answer = place.call("POST", "hostedcheckouts", document)[1]
        opened = place.bank.open_form(Redirect(answer["redirectUrl"]))
        assert isinstance(opened, Checkout)
        place.bank.settle(opened, place.bank.pay(opened, TrialCard.ACCEPTED))
        return opened

    def test_capture(self, place: Place) -> None:
        """A payment that is authorised is captured by a call, and its capture is notified."""
        opened = self.authorised(place)
        before = place.state(opened.number)
        result = place.gateway.capture(place.order, place.line, bank_reference=opened.number)

        assert (PaymentState.AUTHORISED, OperationOutcome.DONE, PaymentState.PAID) == (
            before,
            result.outcome,
            place.state(opened.number),
        )
        assert [("payment.captured", "CAPTURED")] == place.events()

    def test_cancel(self, place: Place) -> None:
        """A payment that is authorised can be cancelled, and one that is captured cannot."""
        opened = self.authorised(place)
        results = [
            place.gateway.cancel(place.order, place.line, bank_reference=number).outcome
            for number in (opened.number, place.paid().number)
        ]

        assert [OperationOutcome.DONE, OperationOutcome.REFUSED] == results
        assert [("payment.cancelled", "CANCELLED")] == place.events()
        assert PaymentState.CANCELLED is place.state(opened.number)

    def test_refund_at_night(self) -> None:
        """A refund is accepted first, and ends with the night under the same identifier."""
        place = Place(refunds_at_night=True)
        paid = place.paid()
        known = f"{paid.number}/{paid.number}_0"
        result = place.gateway.refund(place.order, place.line, amount=Euros(500), bank_reference=known, key="k1")
        asked = place.gateway.fetch_status(place.order, place.line, bank_reference=known)
        first = place.events()
        place.bank.run_nightly_batch()
        then = place.gateway.fetch_status(place.order, place.line, bank_reference=known)

        assert (OperationOutcome.DONE, False) == (result.outcome, result.moved)
        assert (PaymentState.PAID, True) == (asked.state, asked.operating)
        assert (PaymentState.PARTIALLY_REFUNDED, False) == (then.state, then.operating)
        assert ([("refund.refund_requested", "REFUND_REQUESTED")], [("payment.refunded", "REFUNDED")]) == (
            first,
            place.events(),
        )

    def test_late_decisions(self) -> None:
        """The night captures what was pending, and refuses what was uncertain."""
        place = Place(idempotent_creation=False)
        numbers = [place.paid(card).number for card in (TrialCard.PENDING, TrialCard.UNAVAILABLE)]
        before = [place.state(number) for number in numbers]
        place.bank.run_nightly_batch()

        assert [PaymentState.PENDING, PaymentState.UNKNOWN] == before
        assert [PaymentState.PAID, PaymentState.REFUSED] == [place.state(number) for number in numbers]
        assert [("payment.captured", "CAPTURED"), ("payment.rejected", "REJECTED")] == place.events()

    def test_late_notification_first(self) -> None:
        """The night leaves a payment alone whose decision is on its way."""
        place = Place(fault=Fault.PENDING_FIRST)
        paid = place.paid(TrialCard.REFUSED)
        place.bank.run_nightly_batch()
        place.now += timedelta(minutes=1)

        assert [("payment.rejected", "REJECTED")] == place.events()
        assert PaymentState.REFUSED is place.state(paid.number)

    def test_chargeback(self, place: Place) -> None:
        """A chargeback is notified in the words of the sister platform, and its return is not notified."""
        paid = place.paid()
        place.bank.charge_back(paid.number, Euros(500))
        place.bank.represent(paid.number)

        assert [("payment.chargebacked", "CHARGEBACKED")] == place.events()
        lines = [line for report in place.bank.reports(NOW.date()) for line in report.lines]
        assert [None, "CHARGED_BACK", "REPRESENTED"] == [
            line.movement.kind.value if line.movement else None for line in lines
        ]
        assert [] == [line for report in place.bank.reports(NOW.date() + timedelta(days=1)) for line in report.lines]

    def test_amounts(self, place: Place) -> None:
        """An amount that is no integer is refused; without an amount the whole is refunded."""
        number = place.paid().number
        path = f"payments/{number}_0/refund"

        assert 400 == place.call("POST", path, {"amountOfMoney": {"amount": "500"}})[0]
        assert (201, 2000) == (
            (answer := place.call("POST", path, {}))[0],
            answer[1]["refundOutput"]["amountOfMoney"]["amount"],
        )
        assert PaymentState.REFUNDED is place.state(number)

    def test_html(self, place: Place) -> None:
        """Under the fault, a question is answered by an HTML page with the status 502."""
        place.bank.fault = Fault.HTML_ERROR
        number = place.paid().number

        with pytest.raises(GatewayUnavailableError, match="502"):
            place.state(number)
        assert place.line.send("GET", f"{URL}/nothing") == HttpAnswer(404, b"")

    def test_back_office(self, place: Place) -> None:
        """A refund from the bank's screens names the payment by its reference."""
        place.paid()
        place.bank.operate("refund", place.order.transaction_reference, Euros(500))

        assert [("payment.refunded", "REFUNDED")] == place.events()
        with pytest.raises(InvalidValueError):
            place.bank.account("PCLCB1")


class Refusing(Transport):
    """A portal that refuses some messages, and then accepts them."""

    def __init__(self, refusals: int) -> None:
        """Refuse so many."""
        self.refusals, self.counts = refusals, list[str]()

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer 503 or 200."""
        del method, url, body
        self.counts.append((headers or {})["retry-count"])
        return HttpAnswer(503 if len(self.counts) <= self.refusals else 204, b"")


class TestDelivery:
    """Webhooks are sent again."""

    @pytest.mark.parametrize(("refusals", "attempts"), [(0, 1), (2, 3), (9, 6)])
    def test_repeated(self, place: Place, refusals: int, attempts: int) -> None:
        """A webhook is sent again after 10 minutes, 1, 2, 8 and 24 hours, until it is accepted."""
        portal, opened = Refusing(refusals), place.open()
        ending = place.bank.settle(opened, place.bank.pay(opened, TrialCard.ACCEPTED))
        assert ending is not None
        place.bank.post(ending.immediate, portal)
        for hours in (0, 1, 2, 8, 24, 100):
            place.bank.post(place.bank.due(), portal)
            place.now += timedelta(hours=hours, minutes=10)

        place.bank.post(place.bank.due(), portal)
        assert list(map(str, range(attempts))) == portal.counts

    def test_check_of_an_address(self, place: Place) -> None:
        """An address for webhooks has to return the value of the bank's check."""
        portal, gateway = Flask("portal"), place.gateway
        transport = RequestsTransport(direct=True)

        @portal.get("/right")
        def _right() -> str:
            return gateway.answer_check(dict(request.headers)) or ""

        with serving(portal) as url:
            assert place.bank.check_endpoint(f"{url}/right", transport)
            assert not place.bank.check_endpoint(f"{url}/wrong", transport)
        assert not place.bank.check_endpoint(f"{url}/right", transport)
        assert not place.bank.check_endpoint("https://portal.example/right", transport)


def test_over_http(payment_order: Callable[..., PaymentOrder]) -> None:
    """The gateway creates, asks and refunds over HTTP; the page has a button for Wero, and leads back by GET."""
    bank: DirectBank = MERCHANT.open_bank()
    wire, order = RequestsTransport(direct=True), payment_order()
    with serving(bank_pages(bank)) as url:
        gateway = MERCHANT.gateway(url)
        redirect = gateway.initiate(order, options=CheckoutOptions(products=("WERO",)))
        page = wire.send("GET", redirect.url).body.decode()
        receipt = wire.post_form(f"{url}/payment", {"reference": redirect.bank_reference or "", "product": "WERO"})
        ended = wire.send("GET", redirect.url).status
        state = gateway.fetch_status(order, wire, bank_reference=redirect.bank_reference).state
        refund = gateway.refund(order, wire, bank_reference=redirect.bank_reference, key="k1")
        operations = wire.send("GET", f"{url}/operations").body.decode()

    assert "Payer avec Wero" in page
    assert '<form method="get" action="http://127.0.0.1:8000/return"' in receipt.body.decode()
    assert (400, PaymentState.PAID, True) == (ended, state, bool(refund))
    assert order.transaction_reference in operations


def test_small_bank_agrees() -> None:
    """The bank of the tests, written without this package's code, gives the same webhook a meaning."""
    small = SmallBank()
    gateway = direct_gateway(transport=small)
    redirect = gateway.initiate(direct_order())
    verified = gateway.verify(small.pay(redirect.bank_reference or ""), expected=direct_order())

    assert PaymentState.PAID is verified.state
    assert isinstance(webhook(event(payment())), HttpMessage)
