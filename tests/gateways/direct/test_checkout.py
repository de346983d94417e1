"""The gateway of Worldline Direct: settings, the request, and answers that the shared cases leave out."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros, PaymentState
from creance_pay.errors import (
    ConfigurationError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
)
from creance_pay.gateways import Environment, KeyRing, OperationOutcome, SecretKey
from creance_pay.gateways.direct import CheckoutOptions, DirectCheckout, DirectHost
from creance_pay.gateways.direct.events import BankReference, head_of
from creance_pay.gateways.direct.statuses import state_of
from direct_bank import (
    NOW,
    REFERENCE,
    DirectBank,
    Recorded,
    answers,
    direct_gateway,
    direct_order,
    event,
    payment,
    ring,
    settings,
    webhook,
)

CHECKOUT, BOTH = "4481347252", "4481347252/4481347252_0"
PAGE = "https://payment.preprod.direct.worldline-solutions.com/hostedcheckout/Payment/Form/a1"
CREATED = {"hostedCheckoutId": CHECKOUT, "redirectUrl": PAGE, "merchantReference": REFERENCE}
VENDOR = "worldline-direct.md, section 5.3"


class TestSettings:
    """Unsafe settings are refused when the gateway is built."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"merchant_id": "A/../B"},
            {"merchant_id": "é"},
            {"merchant_id": None},
            {"keys": None},
            {"webhook_keys": None},  # J25
            {"host": "https://payment.cawl-solutions.fr"},
            {"page_life": timedelta(seconds=90)},
            {"page_life": timedelta(0)},
            {"page_life": timedelta(days=2)},
            {"clock": lambda: datetime(2026, 11, 25)},  # noqa: DTZ001 - without a zone
            {"host": DirectHost.CAWL_PRODUCTION, "webhook_keys": ring({"WHK": "short"}, "WHK")},
        ],
    )
    def test_refused(self, changes: dict[str, Any]) -> None:
        """A setting is refused."""
        with pytest.raises(ConfigurationError):
            direct_gateway(**changes)

    def test_production(self) -> None:
        """Strong keys are accepted in production."""
        keys = ring({"A": "Zq81-kfh2-99ab-LLop"}, "A"), ring({"W": "77yt-Wq02-mmzx-0p3c"}, "W")
        gateway = direct_gateway(host=DirectHost.CAWL_PRODUCTION, keys=keys[0], webhook_keys=keys[1])

        assert gateway.merchant.host.production
        assert "Zq81" not in repr(gateway)

    def test_repr_before_construction(self) -> None:
        """A gateway that is not built yet has a repr, for a traceback."""
        assert "DirectCheckout(None)" == repr(DirectCheckout.__new__(DirectCheckout))

    def test_retired_key(self) -> None:
        """A current key past its last moment sends nothing."""
        old = SecretKey(version="A", secret="an-old-key-of-the-tests", not_after=NOW - timedelta(days=1))
        bank = answers(CREATED)
        with pytest.raises(ConfigurationError, match="past its last moment"):
            direct_gateway(keys=KeyRing([old], current="A"), transport=bank).initiate(direct_order())
        assert [] == bank.sent

    @pytest.mark.parametrize(
        "changes", [{"language": "xx"}, {"products": ("BITCOIN",)}, {"cards": False}, {"cards": "no"}]
    )
    def test_options(self, changes: dict[str, Any]) -> None:
        """An option is refused."""
        with pytest.raises(InvalidValueError):
            CheckoutOptions(**changes)


class TestHosts:
    """The hosts are a closed list."""

    def test_known(self) -> None:
        """The hosts are those of the vendor."""
        assert {
            "payment.preprod.direct.worldline-solutions.com",
            "payment.direct.worldline-solutions.com",
            "payment.preprod.cawl-solutions.fr",
            "payment.cawl-solutions.fr",
        } == {
            host.base.removeprefix("https://")
            for host in (
                DirectHost.WORLDLINE_TEST,
                DirectHost.WORLDLINE_PRODUCTION,
                DirectHost.CAWL_TEST,
                DirectHost.CAWL_PRODUCTION,
            )
        }
        assert "https://payment.cawl-solutions.fr/v2" == DirectHost.CAWL_PRODUCTION.api

    @pytest.mark.parametrize(
        "url", ["https://bank.example", "http://user@127.0.0.1", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1."]
    )
    def test_loopback_refused(self, url: str) -> None:
        """An address elsewhere is no loopback."""
        with pytest.raises(ConfigurationError):
            DirectHost.loopback(url)

    @pytest.mark.parametrize("pages", [("http://a.example",), ("https://a.example/x",), (None,), "https://a.example"])
    def test_pages_refused(self, pages: Any) -> None:  # noqa: ANN401 - of any type
        """A page is an https address without path."""
        base = "https://payment.cawl-solutions.fr"
        with pytest.raises(ConfigurationError):
            DirectHost("CAWL", Environment.PRODUCTION, base, pages=pages)

    @pytest.mark.parametrize(
        ("url", "ours"),
        [
            (PAGE, True),
            ("https://pay.caisse.example/hostedcheckout/1", True),
            (PAGE.replace(".com/", ".com:443/"), False),
            (PAGE.replace(".com/", ".com.evil.example/"), False),
            (PAGE.replace("//", "//user@"), False),
            (PAGE.replace("https", "http"), False),
            (PAGE.replace("hostedcheckout/", "other/"), False),
            (PAGE + "/../../x", False),
            (PAGE + "\n", False),
            (None, False),
        ],
    )
    def test_pages(self, url: object, ours: bool) -> None:  # noqa: FBT001 - a case
        """A page is on a host of the list, below the path of pages."""
        base = DirectHost.WORLDLINE_TEST.base
        host = DirectHost("Worldline", Environment.TEST, base, pages=("https://pay.caisse.example",))

        assert ours is host.is_page(url)


class TestInitiate:
    """The request that creates a page."""

    def test_late_answer(self) -> None:
        """Nobody gets a page that was created so late that it outlives its order."""
        bank = answers(CREATED)
        gateway = direct_gateway(transport=bank, clock=lambda: NOW + timedelta(hours=len(bank.sent)))

        with pytest.raises(GatewayUnavailableError, match="outlives the order"):
            gateway.initiate(direct_order(expires_at=NOW + timedelta(minutes=30)))

    def test_request(self) -> None:
        """The request is that of a one-off sale: one attempt, a session of 20 minutes, cards alone, the nonce."""
        bank = answers(CREATED)
        order = direct_order(nonce="n0nce", expires_at=NOW + timedelta(minutes=30))
        redirect = direct_gateway(transport=bank).initiate(order)
        method, url, headers, document = bank.sent[0]

        assert (PAGE, CHECKOUT) == (redirect.url, redirect.bank_reference)
        assert ("POST", "/v2/CPAMTESTINVENTED/hostedcheckouts") == (method, url.partition(".com")[2])
        assert "Wed, 25 Nov 2026 10:00:00 GMT" == headers["Date"]
        assert "n0nce-create" == headers["X-GCS-Idempotence-Key"]
        assert {
            "amountOfMoney": {"amount": 2000, "currencyCode": "EUR"},
            "references": {"merchantReference": REFERENCE, "merchantParameters": "n0nce"},
        } == document["order"]
        assert {
            "locale": "fr_FR",
            "returnUrl": "https://portail.example/retour",
            "showResultPage": False,
            "sessionTimeout": 20,
            "allowedNumberOfPaymentAttempts": 1,
            "isRecurring": False,
            "paymentProductFilters": {"restrictTo": {"groups": ["cards"]}},
        } == document["hostedCheckoutSpecificInput"]
        assert "SALE" == document["cardPaymentMethodSpecificInput"]["authorizationMode"]
        assert ["https://portail.example/notification"] == document["feedbacks"]["webhooksUrls"]

    def test_wero(self) -> None:
        """Wero is offered by name."""
        bank = answers(CREATED)
        options = CheckoutOptions(language="en", cards=False, products=("WERO",))
        direct_gateway(transport=bank).initiate(direct_order(), options=options)
        page = bank.sent[0][3]["hostedCheckoutSpecificInput"]

        assert ("en_GB", {"restrictTo": {"products": [900]}}) == (page["locale"], page["paymentProductFilters"])

    @pytest.mark.parametrize(
        "changes",
        [
            {"transaction_reference": "R" * 31},
            {"transaction_reference": ""},
            {"amount": Euros(10**12)},
            {"return_url": "https://user@portail.example/"},
            {"return_url": "https://portail.example/#x"},
            {"return_url": "https://portail.example/é"},
            {"return_url": "https://portail.example:8443/"},
            {"return_url": "https://127.0.0.1/"},
            {"return_url": "https://[::1/"},
            {"return_url": "https://portail.example/" + "x" * 200},
            {"return_url": "https://portail.example/?hostedCheckoutId="},
            {"notification_url": "http://portail.example/"},
        ],
    )
    def test_refused(self, changes: dict[str, Any]) -> None:
        """An order that the bank would refuse sends nothing."""
        bank = answers(CREATED)
        with pytest.raises(InvalidValueError):
            direct_gateway(transport=bank).initiate(direct_order(**changes))
        assert [] == bank.sent

    def test_no_order(self) -> None:
        """Anything but an order is refused."""
        nothing: Any = None
        with pytest.raises(InvalidValueError):
            direct_gateway().initiate(nothing)

    def test_loopback(self) -> None:
        """A local bank may have local addresses by http, and its own page."""
        host = DirectHost.loopback("http://127.0.0.1:8080/x")
        page = "http://127.0.0.1:8080/hostedcheckout/1"
        bank = answers({**CREATED, "redirectUrl": page})
        order = direct_order(return_url="http://127.0.0.1:5000/r", notification_url="http://127.0.0.1:5000/n")

        assert page == direct_gateway(host=host, transport=bank).initiate(order).url

    def test_expiry(self) -> None:
        """A page that would be open when the order expires is refused: both pages could be paid."""
        order = direct_order(expires_at=NOW + timedelta(minutes=20))
        with pytest.raises(ConfigurationError, match="closes before the order expires"):
            direct_gateway(transport=answers(CREATED)).initiate(order)

    @pytest.mark.parametrize(("status", "retryable"), [(409, True), (429, True), (500, True), (404, False)])
    def test_status(self, status: int, retryable: bool) -> None:  # noqa: FBT001 - a case
        """A refusal may be tried again when the bank is busy."""
        with pytest.raises(GatewayUnavailableError) as caught:
            direct_gateway(transport=answers({}, status=status)).initiate(direct_order())

        assert retryable is caught.value.retryable

    def test_network(self) -> None:
        """Without an answer, the attempt can be repeated: a page whose address nobody has cannot be paid."""
        bank = Recorded([GatewayUnavailableError("no answer")])
        with pytest.raises(GatewayUnavailableError) as caught:
            direct_gateway(transport=bank).initiate(direct_order())

        assert caught.value.retryable


class TestQuestions:
    """The state of a payment."""

    def ask(self, *documents: object, status: int = 200, reference: str = CHECKOUT, **order: Any) -> Any:  # noqa: ANN401
        """Ask a bank that answers with these documents."""
        bank = answers(*documents, status=status)
        return direct_gateway().fetch_status(direct_order(**order), bank, bank_reference=reference)

    def created(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
        """Return the answer about a checkout with a payment."""
        return {"status": "PAYMENT_CREATED", "createdPaymentOutput": {"payment": payment(**more)}}

    def test_bound(self) -> None:
        """The answer to a question by the bank's own identifier is bound, and names the payment for the next call."""
        found = self.ask(self.created(), nonce="n0nce")

        assert (PaymentState.PAID, True, BOTH) == (found.state, found.bound, found.bank_reference)
        assert ("123456", "9") == (found.authorisation_number, found.response_code)

    def test_another_nonce(self) -> None:
        """An answer with the nonce of another order is foreign."""
        other = payment()
        other["paymentOutput"]["references"]["merchantParameters"] = "another"
        with pytest.raises(OrderMismatchError) as caught:
            self.ask({"createdPaymentOutput": {"payment": other}}, nonce="n0nce")

        assert (("merchantParameters",), True) == (caught.value.fields, caught.value.foreign)

    @pytest.mark.parametrize("status", [404, 410])
    def test_unknown(self, status: int) -> None:
        """A payment that the bank does not know is UNKNOWN, never expired."""
        found = [self.ask({}, status=status, reference=each).state for each in (CHECKOUT, BOTH)]

        assert [PaymentState.UNKNOWN] * 2 == found

    def test_expired(self) -> None:
        """The bank has one word for left and expired: our clock decides."""
        found = self.ask({"status": "CANCELLED_BY_CONSUMER"}, expires_at=NOW)

        assert PaymentState.EXPIRED is found.state

    def test_other_word(self) -> None:
        """Another word is UNKNOWN."""
        assert PaymentState.UNKNOWN is self.ask({"status": "MAGIC"}).state

    def test_refund_seen_by_the_checkout(self) -> None:
        """A checkout whose payment has a later status leads to the operations of the payment."""
        output = {"statusCode": 8, "statusCategory": "REFUNDED"}
        refunded: dict[str, Any] = {"status": "REFUNDED", "statusOutput": output}
        money = {"amount": 2000, "currencyCode": "EUR"}
        operations = [
            {"amountOfMoney": money, "statusOutput": {"statusCode": 9}},
            {"amountOfMoney": {**money, "amount": 500}, "statusOutput": {"statusCode": 8}},
        ]
        found = self.ask(self.created(**refunded), {**payment(**refunded), "Operations": operations})

        assert (PaymentState.PARTIALLY_REFUNDED, Euros(1500)) == (found.state, found.remaining)

    def test_operations_before_the_capture(self) -> None:
        """Operations without a capture leave the state of the payment."""
        waiting = payment(state=PaymentState.PENDING, Operations=[])

        assert PaymentState.PENDING is self.ask(waiting, reference="4481347252_0").state

    def test_paid_operations(self) -> None:
        """A capture alone is PAID, whatever the status of a later operation."""
        capture = [{"amountOfMoney": {"amount": 2000}, "statusOutput": {"statusCode": 9}}]

        assert PaymentState.PAID is self.ask(payment(Operations=capture), reference=BOTH).state

    def test_too_much_captured(self) -> None:
        """More captured than ordered is a mismatch."""
        captures = [{"amountOfMoney": {"amount": 2000}, "statusOutput": {"statusCode": 9}}] * 2
        with pytest.raises(OrderMismatchError):
            self.ask(payment(Operations=captures), reference=BOTH)

    def test_hostile_identifier(self) -> None:
        """An identifier that would change the path is refused, of the ledger or of the bank (J11, J22)."""
        with pytest.raises(InvalidValueError):
            self.ask({}, reference="1/../2")
        with pytest.raises(GatewayUnavailableError):
            self.ask(self.created(id="1/../2"))

    @pytest.mark.parametrize(("status", "retryable"), [(403, False), (503, True)])
    def test_refused(self, status: int, retryable: bool) -> None:  # noqa: FBT001 - a case
        """A question can be repeated, except when the bank refuses our key."""
        with pytest.raises(GatewayUnavailableError) as caught:
            self.ask({}, status=status)

        assert retryable is caught.value.retryable

    def test_network(self) -> None:
        """A question without an answer can be repeated."""
        with pytest.raises(GatewayUnavailableError) as caught:
            direct_gateway().fetch_status(
                direct_order(), Recorded([GatewayUnavailableError("x")]), bank_reference=CHECKOUT
            )

        assert caught.value.retryable

    @pytest.mark.parametrize(
        ("output", "at"),
        [
            ({"transactionDate": "2026-11-25T10:00:00+01:00"}, datetime(2026, 11, 25, 9, tzinfo=UTC)),
            ({"transactionDate": "yesterday"}, None),
            ({"transactionDate": "2026-11-25T10:00:00"}, None),
            ({"transactionDate": "9999-12-31T23:59:59-14:00"}, None),
            ({"transactionDate": "0001-01-01T00:00:00+14:00"}, None),
        ],
    )
    def test_time(self, output: dict[str, str], at: datetime | None) -> None:
        """The bank's time is read where it has a zone."""
        about = payment()
        about["paymentOutput"] |= output

        assert at == self.ask({"createdPaymentOutput": {"payment": about}}).authorised_at


class TestOperations:
    """Captures, cancellations and refunds."""

    @pytest.mark.parametrize(
        ("verb", "document"),
        [
            ("capture", {"amount": 500, "isFinal": True}),
            ("cancel", {"amountOfMoney": {"amount": 500, "currencyCode": "EUR"}, "isFinal": True}),
            (
                "refund",
                {
                    "amountOfMoney": {"amount": 500, "currencyCode": "EUR"},
                    "operationReferences": {"merchantReference": REFERENCE},
                },
            ),
        ],
    )
    def test_request(self, verb: str, document: dict[str, Any]) -> None:
        """An operation goes to the payment, with the key of the act."""
        bank = answers({"statusOutput": {"statusCode": 9}})
        call = getattr(direct_gateway(), verb)
        result = call(direct_order(), bank, amount=Euros(500), bank_reference=BOTH, key="PCLCB1:7")
        method, url, headers, sent = bank.sent[0]

        assert ("POST", f"payments/4481347252_0/{verb}") == (method, url.partition("INVENTED/")[2])
        assert ("PCLCB1:7", document) == (headers["X-GCS-Idempotence-Key"], sent)
        assert (OperationOutcome.DONE, True) == (result.outcome, result.moved)

    def test_by_checkout(self) -> None:
        """A payment whose identifier is not known yet is asked for first."""
        found = {"createdPaymentOutput": {"payment": payment()}}
        bank = answers(found, {"status": "REFUNDED", "statusOutput": {"statusCode": 8}})

        assert direct_gateway().refund(direct_order(), bank, bank_reference=CHECKOUT)
        assert bank.sent[1][1].endswith("/payments/4481347252_0/refund")

    @pytest.mark.parametrize("output", [{"amountOfMoney": {"amount": 400}}, {"references": {"merchantReference": "X"}}])
    def test_another_call(self, output: dict[str, Any]) -> None:
        """The answer to another call, which a used key brings, is a mismatch."""
        bank = answers({"statusOutput": {"statusCode": 8}, "refundOutput": output})
        with pytest.raises(OrderMismatchError):
            direct_gateway().refund(direct_order(), bank, amount=Euros(500), bank_reference=BOTH)

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (400, OperationOutcome.ERROR),
            (403, OperationOutcome.ERROR),
            (402, OperationOutcome.REFUSED),
            (409, OperationOutcome.UNKNOWN),
            (410, OperationOutcome.NOT_FOUND),
            (200, OperationOutcome.UNKNOWN),
        ],
    )
    def test_outcome(self, status: int, outcome: OperationOutcome) -> None:
        """The HTTP status decides, and an answer without a code is UNKNOWN."""
        result = direct_gateway().refund(direct_order(), answers({}, status=status), bank_reference=BOTH)

        assert (outcome, False) == (result.outcome, result.moved)

    @pytest.mark.parametrize("key", [None, "key"])
    def test_network(self, key: str | None) -> None:
        """A lost answer is retryable with the same key alone."""
        for bank in (Recorded([GatewayUnavailableError("x")]), answers(b"<html>", status=502)):
            with pytest.raises(GatewayUnavailableError) as caught:
                direct_gateway().refund(direct_order(), bank, bank_reference=BOTH, key=key)
            assert (key is not None) is caught.value.retryable

    @pytest.mark.parametrize("amount", [Euros(0), Euros(2001), 500])
    def test_amount(self, amount: Any) -> None:  # noqa: ANN401 - of any type
        """An amount of zero, above the order's, or of another type sends nothing."""
        with pytest.raises(InvalidAmountError):
            direct_gateway().refund(direct_order(), DirectBank(), amount=amount, bank_reference=BOTH)

    def test_key(self) -> None:
        """A key of more than forty characters is refused."""
        with pytest.raises(InvalidValueError, match="idempotence key"):
            direct_gateway().refund(direct_order(), answers({}), bank_reference=BOTH, key="k" * 41)


class TestEvents:
    """What the shared cases leave out of webhooks."""

    def test_endpoint_check(self) -> None:
        """The bank's check is answered with its value, and another GET by none (J13)."""
        headers = {"X-GCS-Webhooks-Endpoint-Verification": "a-1.b_2"}

        assert "a-1.b_2" == direct_gateway().answer_check(headers)
        assert direct_gateway().answer_check({}) is None

    @pytest.mark.parametrize("cents", [-1, "2000", [2000]])
    def test_amounts(self, cents: object) -> None:
        """An amount that is no count of cents is malformed."""
        about = payment()
        about["paymentOutput"]["acquiredAmount"] = {"amount": cents, "currencyCode": "EUR"}
        with pytest.raises(MalformedResponseError, match="whole cents"):
            direct_gateway().authenticate(webhook(event(about)))

    def test_deep(self) -> None:
        """Four hundred containers are enough."""
        body = b'{"apiVersion":"v1","type":"payment.captured","x":' + b"[" * 401 + b"]" * 401 + b"}"
        with pytest.raises(MalformedResponseError):
            direct_gateway().authenticate(webhook(body))

    def test_no_reference(self) -> None:
        """An event without a reference names no payment, and matches no order."""
        about = payment()
        del about["paymentOutput"]["references"]
        sealed = direct_gateway().authenticate(webhook(event(about)))

        assert not sealed.transaction_reference
        with pytest.raises(OrderMismatchError):
            sealed.match(direct_order())

    def test_bound_by_payment(self) -> None:
        """An event about another operation of the payment that we know is bound to the order."""
        order = direct_order(nonce="n0nce")
        gateway, message = direct_gateway(), webhook(event(payment(id="4481347252_2")))

        assert gateway.verify(message, expected=order, bank_reference=BOTH).bound
        assert PaymentState.UNKNOWN is gateway.verify(message, expected=order).state

    def test_bound_by_nonce(self) -> None:
        """An event with the order's nonce is bound, and names the payment for later calls."""
        about = payment()
        about["paymentOutput"]["references"]["merchantParameters"] = "n0nce"
        found = direct_gateway().verify(webhook(event(about)), expected=direct_order(nonce="n0nce"))

        assert (PaymentState.PAID, "/4481347252_0") == (found.state, found.bank_reference)

    def test_refund_without_identifier(self) -> None:
        """A refund without an identifier could be counted twice: the bank is asked."""
        output = {
            "amountOfMoney": {"amount": 500, "currencyCode": "EUR"},
            "references": {"merchantReference": REFERENCE},
        }
        refund = {"status": "REFUNDED", "statusOutput": {"statusCode": 8}, "refundOutput": output}
        message, named = (
            webhook(event(each, "payment.refunded")) for each in (refund, {**refund, "id": "4481347252_1"})
        )
        found = direct_gateway().verify(message, expected=direct_order())

        assert (PaymentState.UNKNOWN, None) == (found.state, found.movement)
        assert PaymentState.PARTIALLY_REFUNDED is direct_gateway().verify(named, expected=direct_order()).state

    def test_raw(self) -> None:
        """The bank's own words are in the raw fields, by their path."""
        found = direct_gateway().verify(webhook(event(payment())), expected=direct_order())

        assert (("CAPTURED",), ("9",)) == (found.raw["payment.status"], found.raw["payment.statusOutput.statusCode"])

    def test_hostile_id(self) -> None:
        """An identifier that cannot be a part of a path is not stored."""
        found = direct_gateway().verify(webhook(event(payment(id="1/2"))), expected=direct_order())

        assert found.bank_reference is None


@pytest.mark.parametrize(
    ("word", "code", "category", "state"),
    [
        ("CREATED", 0, "CREATED", "PENDING"),
        ("PENDING_PAYMENT", 4, "PENDING_PAYMENT", "PENDING"),
        ("AUTHORIZATION_REQUESTED", 50, "PENDING_CONNECT_OR_3RD_PARTY", "PENDING"),
        ("AUTHORIZATION_REQUESTED", 52, "PENDING_CONNECT_OR_3RD_PARTY", "UNKNOWN"),
        ("AUTHORIZATION_REQUESTED", 51, "COMPLETED", "UNKNOWN"),
        ("PENDING_CAPTURE", 56, "PENDING_MERCHANT", "AUTHORISED"),
        ("PENDING_CAPTURE", 5, "COMPLETED", "UNKNOWN"),
        ("PENDING_APPROVAL", 55, "PENDING_MERCHANT", "PENDING"),
        ("CREATED", 0, "PENDING_MERCHANT", "UNKNOWN"),
        ("CAPTURE_REQUESTED", 99, "PENDING_CONNECT_OR_3RD_PARTY", "PENDING"),
        ("CAPTURE_REQUESTED", 92, "PENDING_CONNECT_OR_3RD_PARTY", "UNKNOWN"),
        ("CAPTURED", 9, "COMPLETED", "PAID"),
        ("CAPTURED", 9, None, "PAID"),
        ("CAPTURED", "9", "COMPLETED", "UNKNOWN"),
        ("CAPTURED", None, "COMPLETED", "UNKNOWN"),
        ("CAPTURED", True, "COMPLETED", "UNKNOWN"),
        ("CAPTURED", 9, "UNSUCCESSFUL", "UNKNOWN"),
        ("CAPTURED", 9, ["COMPLETED"], "UNKNOWN"),
        (9, 9, "COMPLETED", "UNKNOWN"),
        ("PAID", 9, "COMPLETED", "UNKNOWN"),
        ("REJECTED", 57, "UNSUCCESSFUL", "REFUSED"),
        ("REJECTED", 83, "UNSUCCESSFUL", "UNKNOWN"),
        ("CANCELLED", 6, "UNSUCCESSFUL", "CANCELLED"),
        ("CANCELLED", 61, "PENDING_CONNECT_OR_3RD_PARTY", "PENDING"),
        ("CANCELLED", 62, "PENDING_CONNECT_OR_3RD_PARTY", "UNKNOWN"),
        ("CANCELLED", 9, "PENDING_CONNECT_OR_3RD_PARTY", "UNKNOWN"),
        ("REJECTED_CAPTURE", 93, "UNSUCCESSFUL", "UNKNOWN"),
        ("REFUND_REQUESTED", 81, "PENDING_CONNECT_OR_3RD_PARTY", "UNKNOWN"),
        ("REFUNDED", 85, "REFUNDED", "REFUNDED"),
        ("CHARGEBACKED", 9, "REVERSED", "UNKNOWN"),
    ],
)
def test_states(word: object, code: object, category: object, state: str) -> None:
    """A word, a code and a category have the state of the vendor's table (J10)."""
    assert state == state_of({"status": word, "statusOutput": {"statusCode": code, "statusCategory": category}}), VENDOR


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**70) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "id", "status"]), inner),
    max_leaves=4,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Yield the path of each value of a document."""
    for key, inner in document.items() if isinstance(document, dict) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


@given(data=st.data(), value=JSON)
def test_any_value(data: st.DataObject, value: object) -> None:
    """Any value in any place of an authentic document is refused by an error of the family, or pays this order."""
    capture = [{"amountOfMoney": {"amount": 2000}, "statusOutput": {"statusCode": 9}}]
    document = event(payment(hostedCheckoutSpecificOutput={"hostedCheckoutId": CHECKOUT}, Operations=capture))
    answer = {**CREATED, "createdPaymentOutput": {"payment": document["payment"]}, **document["payment"]}
    whole = {"event": document, "answer": answer}
    path = data.draw(st.sampled_from(list(places(whole))))
    whole = json.loads(json.dumps(whole))
    place: Any = whole
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    gateway, order, bank = direct_gateway(transport=answers(whole["answer"])), direct_order(), answers(whole["answer"])
    calls: list[Callable[[], Any]] = [
        lambda: gateway.verify(webhook(whole["event"]), expected=order, bank_reference=BOTH),
        lambda: gateway.fetch_status(order, bank, bank_reference=CHECKOUT),
        lambda: gateway.fetch_status(order, bank, bank_reference=BOTH),
        lambda: gateway.refund(order, bank, bank_reference=BOTH),
        lambda: gateway.initiate(order),
    ]
    for call in calls:
        with contextlib.suppress(CreancePayError):
            found = call()
            assert getattr(found, "state", None) is not PaymentState.PAID or found.amount == order.amount


def test_identifiers() -> None:
    """The ledger's text names the checkout, the payment, or both."""
    parsed = [BankReference.parse(text) for text in ("1", "1/1_0", "1_0", "", None)]

    assert [("1", ""), ("1", "1_0"), ("", "1_0"), ("", ""), ("", "")] == [(it.checkout, it.payment) for it in parsed]
    assert ["9000004375008553", "1", "1"] == [head_of(text) for text in ("9000004375008553000", "1_2", "1")]


def test_default_transport() -> None:
    """Without a transport, the gateway has one of its own."""
    assert "RequestsTransport" == type(DirectCheckout(**settings()).transport).__name__
