"""A payment that is started by JSON: the request, the answer, the form of the browser, and the notification."""

import json
from typing import Any

import pytest

from creance_pay import Euros, HttpMessage, PaymentState, VerifiedPayment
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    ResponseRefusedError,
    SealMismatchError,
)
from creance_pay.gateways import FormPost, KeyRing, SecretKey
from creance_pay.gateways.sips import PaypageOptions, SipsHost, SipsPaypageJson
from creance_pay.gateways.sips.response_codes import REDIRECTION_STATUSES
from creance_pay.gateways.transport import HttpAnswer, RequestsTransport
from sips_answers import STARTED, UNREADABLE, Bank, bank, sealed
from sips_merchant import GENUINE, MERCHANT, NOON, body, error_of, order, read_cases, ring, sips_gateway
from sips_merchant import verify as verify_by


def json_gateway(transport: Bank, **changes: Any) -> SipsPaypageJson:  # noqa: ANN401 - any argument of the gateway
    """Build the merchant's gateway that starts payments by JSON."""
    settings = {"host": SipsHost.WORLDLINE_PRODUCTION, "transport": transport, **changes}
    return SipsPaypageJson(merchant_id=MERCHANT, keys=ring(), clock=lambda: NOON, **settings)


def verify(posted: bytes) -> VerifiedPayment:
    """Verify a message by the gateway that starts payments by JSON."""
    return verify_by(posted, gateway=json_gateway(bank(STARTED)))


def start(answers: Bank) -> FormPost:
    """Start the order REF1."""
    return json_gateway(answers).initiate(order())


class TestStart:
    """The bank receives the order, and returns the form of the browser."""

    def test_form(self) -> None:
        """The browser posts the bank's fields to the bank's page."""
        form = start(bank(STARTED))

        assert (
            "https://payment-web.sips-services.com/payment",
            {"redirectionVersion": "IR_WS_2.0", "redirectionData": "opaque"},
        ) == (form.action, form.fields)

    def test_request(self) -> None:
        """The document has the fields of the form, with containers and arrays."""
        answers = bank(STARTED)
        options = PaypageOptions(email="a@b.example", brands=("CB", "VISA"))
        json_gateway(answers).initiate(order(), options=options)
        url, document = answers.asked[0]
        del document["seal"]

        assert (
            "https://payment-webinit.sips-services.com/rs-services/v2/paymentInit",
            {
                "amount": "1600",
                "automaticResponseUrl": "https://portal.example/notification",
                "captureMode": "AUTHOR_CAPTURE",
                "currencyCode": "978",
                "customerContact": {"email": "a@b.example"},
                "interfaceVersion": "IR_WS_3.4",
                "keyVersion": "2",
                "merchantId": MERCHANT,
                "normalReturnUrl": "https://portal.example/return",
                "orderChannel": "INTERNET",
                "paymentMeanBrandList": ["CB", "VISA"],
                "sealAlgorithm": "HMAC-SHA-256",
                "transactionReference": "REF1",
            },
        ) == (url, document)

    def test_refused_locally(self) -> None:
        """An order that a form would refuse is not sent."""
        answers = bank(STARTED)
        with pytest.raises(InvalidValueError):
            json_gateway(answers).initiate(order(transaction_reference="REF-1"))

        assert [] == answers.asked

    def test_transport(self) -> None:
        """Without one, the real transport is used."""
        assert (
            RequestsTransport()
            == SipsPaypageJson(merchant_id=MERCHANT, keys=ring(), host=SipsHost.WORLDLINE_TEST).transport
        )


class TestAnswer:
    """The answer is authenticated as strictly as a notification, and redirects to the bank alone."""

    def test_seal(self) -> None:
        """Without seal, or with a false one, it is refused (G15)."""
        errors = [
            (seal, error_of(start, Bank([sealed(STARTED, seal=seal)]))) for seal in (None, "", "0" * 64, "FORGED")
        ]

        assert [] == [seal for seal, error in errors if not isinstance(error, SealMismatchError)]

    def test_changed(self) -> None:
        """Another page under the seal is refused (G15)."""
        with pytest.raises(SealMismatchError):
            start(Bank([sealed(STARTED, redirectionUrl="https://payment-web.sips-services.com/other")]))

    def test_other_host(self) -> None:
        """A page on another host is refused, even under a good seal (G14)."""
        urls = [
            "https://bank.example/payment", "http://payment-web.sips-services.com/payment", "", None,
            "https://payment-web.sips-services.com.evil.example/",
            "https://payment-web.sips-services.com@evil.example/",
            "https://payment-web.sips-services.com:8443/payment", "//payment-web.sips-services.com/payment",
            "https://payment-web.simu.sips-services.com/payment", "javascript:alert(1)", "/payment",
            "https://PAYMENT-WEB.evil.example/", "https://payment-web.sips-services.com\\@evil.example/",
        ]  # fmt: skip
        errors = [(url, error_of(start, bank(STARTED, redirectionUrl=url))) for url in urls]

        assert [] == [url for url, error in errors if "page of the bank" not in str(error)]

    def test_own_host(self) -> None:
        """The host that was called may be the page as well (G14)."""
        url = "https://payment-webinit.sips-services.com/payment"

        assert url == start(bank(STARTED, redirectionUrl=url)).action

    def test_configured_page(self) -> None:
        """A host of the portal's own names its pages (G14)."""
        host = SipsHost("A bank", SipsHost.WORLDLINE_PRODUCTION.environment, "https://init.bank.example",
                        pages=("https://page.bank.example",))  # fmt: skip
        answers = bank(STARTED, redirectionUrl="https://page.bank.example/pay")

        assert "https://page.bank.example/pay" == json_gateway(answers, host=host).initiate(order()).action

    @pytest.mark.parametrize("absent", ["redirectionVersion", "redirectionData", "redirectionUrl"])
    def test_absent(self, absent: str) -> None:
        """An answer without a field that the browser needs is refused."""
        with pytest.raises(MalformedResponseError):
            start(bank(STARTED, absent))

    def test_codes(self) -> None:
        """A code other than 00 starts no payment, and its meaning is named; 94 that the reference was used (G9)."""
        codes: list[str | None] = [*(REDIRECTION_STATUSES.keys() - {"00"}), "ZZ", "", None]
        errors = {code: error_of(start, bank(STARTED, redirectionStatusCode=code)) for code in codes}
        meanings = {code: REDIRECTION_STATUSES.get(code or "", "unknown code") for code in codes}

        assert {code: (f"the bank has started no payment: {meaning}", False) for code, meaning in meanings.items()} == {
            code: (str(error), error.retryable)
            for code, error in errors.items()
            if isinstance(error, GatewayUnavailableError)
        }

    def test_unreadable(self) -> None:
        """An unreadable answer is not asked for again: the bank may know the reference by now (I3)."""
        for answer in UNREADABLE.values():
            answers = Bank([HttpAnswer(*answer)])
            with pytest.raises(GatewayUnavailableError) as caught:
                start(answers)
            assert (False, 1) == (caught.value.retryable, len(answers.asked))

    def test_nested_null_and_numbers(self) -> None:
        """Nulls are no values and numbers their digits, under the seal as outside it (I7)."""
        answer = sealed(STARTED, errorFieldName=None)

        assert start(Bank([answer])).fields["redirectionData"]


DOCUMENT = {**GENUINE, "amount": 1600, "keyVersion": 2, "holderData": {"name": None}, "guaranteeIndicator": True}


def posted(document: dict[str, Any] | str) -> bytes:
    """Write the form that the bank posts with a JSON text in it."""
    return body(document if isinstance(document, str) else json.dumps(document), InterfaceVersion="JS_3.4")


class TestJsonMessage:
    """A notification in JSON means the same as one of pairs."""

    def test_paid(self) -> None:
        """Numbers, booleans and nulls are parsed."""
        payment = verify(posted(DOCUMENT))

        assert (PaymentState.PAID, Euros(1600), "2", ("true",), ("null",)) == (
            payment.state,
            payment.amount,
            payment.key_version,
            payment.raw["guaranteeIndicator"],
            payment.raw["holderData.name"],
        )

    def test_vector(self) -> None:
        """The vendor's own example is read: a payment that expired, with numbers and a list of containers."""
        vectors = {vector["id"]: vector for vector in read_cases("sips_vectors.json")["vectors"]}
        vector = vectors["json-resp-official-hmac"]
        keys = KeyRing([SecretKey(version="1", secret=vector["key"])], current="1")
        gateway = SipsPaypageJson(merchant_id="225005049920001", keys=keys, host=SipsHost.WORLDLINE_TEST)
        placed = order(transaction_reference="dd88adfZ1027b40813f40813y1678837075", amount=Euros(44000))
        payment = gateway.verify(HttpMessage(body(vector["seal_input"], vector["seal"])), expected=placed)

        assert (PaymentState.EXPIRED, Euros(44000), "2023-03-15T00:39:04+01:00", ("VI",)) == (
            payment.state,
            payment.amount,
            payment.authorised_at and payment.authorised_at.isoformat(),
            payment.raw["preAuthorisationRuleResultList.0.ruleCode"],
        )

    def test_either_gateway(self) -> None:
        """The gateway that starts payments by JSON parses both forms."""
        gateway = json_gateway(bank(STARTED))

        assert [PaymentState.PAID, PaymentState.PAID] == [
            gateway.verify(HttpMessage(message), expected=order()).state for message in (posted(DOCUMENT), body(
                "|".join(f"{name}={value}" for name, value in GENUINE.items())))
        ]  # fmt: skip

    def test_amount(self) -> None:
        """A value other than the digits of the order's cents is a mismatch (C1 to C10)."""
        amounts = [1, 1601, "01600", 1600.0, "1600.00", True, None, {"cents": 1600}]
        errors = [(amount, error_of(verify, posted({**DOCUMENT, "amount": amount}))) for amount in amounts]

        assert [] == [amount for amount, error in errors if not isinstance(error, OrderMismatchError)]

    @pytest.mark.parametrize("twice", ['"responseCode": "05", ', '"returnContext": "a", "returnContext": "b", '])
    def test_repeated(self, twice: str) -> None:
        """A repeated name in one object is contradictory: never paid, never lost (J26)."""
        text = json.dumps(DOCUMENT).replace('"responseCode"', f'{twice}"responseCode"')

        assert PaymentState.UNKNOWN is verify(posted(text)).state

    @pytest.mark.parametrize("name", sorted({*GENUINE, "keyVersion", "acquirerResponseCode"}))
    def test_list(self, name: str) -> None:
        """A list where the bank writes a text is refused: ``["00"]`` is no code (security F18)."""
        lists: list[list[object]] = [[DOCUMENT.get(name, "00")], [], [[DOCUMENT.get(name, "00")]], [None], ["", "00"]]
        errors = [error_of(verify, posted({**DOCUMENT, name: each})) for each in lists]

        assert [MalformedResponseError] * len(lists) == [type(error) for error in errors]

    def test_repeated_key_version(self) -> None:
        """Two key versions are refused: neither can be chosen (A24)."""
        with pytest.raises(ResponseRefusedError):
            verify(posted(json.dumps(DOCUMENT).replace('"keyVersion"', '"keyVersion": 1, "keyVersion"')))

    def test_unreadable(self) -> None:
        """A text that is no document is refused, even sealed: no key can be chosen."""
        texts = ["{", "{}", "{'keyVersion': 2}", '{"keyVersion": 2} x', '{"keyVersion": {}}']

        assert [] == [text for text in texts if not isinstance(error_of(verify, posted(text)), ResponseRefusedError)]

    def test_forged(self) -> None:
        """The seal covers the text as it arrived: a blank more is another text (J8)."""
        text = json.dumps(DOCUMENT)
        with pytest.raises(SealMismatchError):
            verify(body(text.replace(": ", ":"), posted(text).decode().split("Seal=")[1].split("&")[0]))

    def test_json_body(self) -> None:
        """A body that is itself JSON is no form (B41)."""
        with pytest.raises(MalformedResponseError, match="expected a form"):
            sips_gateway().verify(HttpMessage(b"{}", {"Content-Type": "application/json"}), expected=order())
