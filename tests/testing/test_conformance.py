"""The conformance suite: two different gateways pass it, and each fault of a gateway fails the test for it."""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import pytest

import api_bank
from creance_pay import HttpMessage, PaymentOrder, PaymentState, Source, VerifiedPayment
from creance_pay.errors import OrderMismatchError, SealMismatchError, UnsupportedError
from creance_pay.gateways import (
    Capability,
    FormPost,
    Gateway,
    OperationOutcome,
    OperationResult,
    Redirect,
    SealedMessage,
)
from creance_pay.gateways.sips import SipsPaypage
from creance_pay.gateways.transport import HttpAnswer
from creance_pay.testing import GatewayConformance, Subject
from sips_merchant import GENUINE, SECRETS, body, changed, hmac_of, order, sha_of, sips_gateway, text_of

CODES = {PaymentState.PAID: "00", PaymentState.REFUSED: "05", PaymentState.CANCELLED: "17", PaymentState.PENDING: "60"}
CARD, EMAIL = "5017##########00", "someone@example.org"
TESTS = [name for name in vars(GatewayConformance) if name.startswith("test_")]


def sips_message(about: PaymentOrder, state: PaymentState) -> HttpMessage:
    """Build the bank's message about an order."""
    fields = {
        "transactionReference": about.transaction_reference,
        "amount": str(about.amount.cents),
        "responseCode": CODES[state],
        "maskedPan": CARD,
        "customerEmail": EMAIL,
    }
    return HttpMessage(body(changed(**fields)), {"Content-Type": "application/x-www-form-urlencoded"})


def sips_subject(gateway: Gateway | None = None) -> Subject:
    """Return the merchant of the hostile cases, as a subject of the suite."""
    text = text_of(GENUINE)
    encoded = base64.b64encode(text.encode()).decode()
    return Subject(
        gateway=gateway or sips_gateway(),
        order=order(),
        genuine=sips_message,
        states=tuple(CODES),
        forged={
            "zeros": HttpMessage(body(text, "0" * 64)),
            "no seal": HttpMessage(body(text, "")),
            "another key": HttpMessage(body(text, hmac_of(text, "another-secret-01"))),
            "the older key": HttpMessage(body(text, hmac_of(text, SECRETS["1"]))),
            "an unknown key": HttpMessage(body(changed(keyVersion="9"))),
            "another algorithm": HttpMessage(body(text, sha_of(text), SealAlgorithm="SHA-256")),
            "another state": HttpMessage(body(text, hmac_of(changed(responseCode="05")))),
            "another encoding": HttpMessage(body(encoded, hmac_of(text), Encode="base64")),
            "one more field": HttpMessage(body(f"{text}|amount=1", hmac_of(text))),
            "two seals": HttpMessage(body(text) + b"&Seal=0"),
        },
        foreign={
            "another merchant": HttpMessage(body(changed(merchantId="011223744550002"))),
            "another currency": HttpMessage(body(changed(currencyCode="840"))),
            "no amount": HttpMessage(body(changed("amount"))),
        },
        secrets=(*SECRETS.values(), CARD, EMAIL),
    )


def api_subject(gateway: Gateway | None = None) -> Subject:
    """Return another bank, as a subject of the suite."""
    fields = api_bank.fields_of(order())
    return Subject(
        gateway=gateway or api_bank.api_bank(),
        order=order(),
        genuine=lambda about, state: api_bank.notification(api_bank.fields_of(about, state)),
        states=(PaymentState.PAID, PaymentState.REFUSED, PaymentState.AUTHORISED),
        forged={
            "another key": api_bank.notification(fields, key="another-key-of-the-tests"),
            "an unknown key": api_bank.notification(fields, key_id="key-id-9"),
            "another text": HttpMessage(b'{"reference": "REF1"}', api_bank.notification(fields).headers),
            "no signature": HttpMessage(json.dumps(fields).encode()),
        },
        foreign={
            "another merchant": api_bank.notification({**fields, "merchant": "another-merchant"}),
            "another currency": api_bank.notification({**fields, "currency": "USD"}),
        },
        secrets=(api_bank.KEY, CARD),
    )


class TestSips(GatewayConformance):
    """Sips: a form that the browser posts, a seal over a text, a sealed return."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Return the merchant of the hostile cases."""
        return sips_subject()


class TestApiBank(GatewayConformance):
    """Another bank: a page created by a call, a signature in a header over JSON, an unsealed return."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Return another bank."""
        return api_subject()


class TestBothGateways:
    """The caller's code is the same for both gateways."""

    @pytest.mark.parametrize(
        ("subject", "kind"), [(sips_subject(), FormPost), (api_subject(), Redirect)], ids=["form", "page"]
    )
    def test_initiate(self, subject: Subject, kind: type) -> None:
        """An order suffices to initiate a payment."""
        assert kind is type(subject.gateway.initiate(subject.order))

    @pytest.mark.parametrize("subject", [sips_subject(), api_subject()], ids=["sealed", "unsealed"])
    def test_return(self, subject: Subject) -> None:
        """A return is verified; where the gateway does not support that, the bank is asked."""
        answer = HttpAnswer(200, json.dumps(api_bank.fields_of(subject.order)).encode())
        bank: Any = api_bank.RecordedBank(answer)
        try:
            payment = subject.gateway.verify(subject.paid, expected=subject.order, source=Source.RETURN)
        except UnsupportedError:
            payment = subject.gateway.fetch_status(subject.order, bank)

        assert PaymentState.PAID is payment.state


class TestOperations:
    """The result of an operation."""

    def test_truth(self) -> None:
        """Only DONE is true."""
        assert [OperationOutcome.DONE] == [each for each in OperationOutcome if OperationResult(outcome=each)]

    def test_repr(self) -> None:
        """Its repr does not show the fields of the answer."""
        assert CARD not in repr(OperationResult(outcome=OperationOutcome.DONE, raw={"maskedPan": (CARD,)}))


@attrs.frozen(kw_only=True)
class CarelessMessage(SealedMessage):
    """A message with a replaced ``match``."""

    matched: Callable[[PaymentOrder], Any]

    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Match with the fault."""
        del bank_reference
        payment: VerifiedPayment = self.matched(order)
        return payment


class Careless(Gateway):
    """The gateway of Sips with one fault."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.SEALED_RETURN})

    def __init__(self, fault: Callable[..., Any]) -> None:
        """Store the function that replaces ``authenticate``."""
        self._sips = sips_gateway()
        self._fault = fault

    def initiate(self, order: PaymentOrder, *, options: Any = None) -> FormPost:  # noqa: ANN401 - as the gateway
        """Initiate as Sips does."""
        return self._sips.initiate(order, options=options)

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> SealedMessage:
        """Authenticate with the fault."""
        sealed: SealedMessage = self._fault(self._sips, message, source)
        return sealed


class Truthy(VerifiedPayment):
    """A verified payment that is true in every state."""

    def __bool__(self) -> bool:
        """Return ``True`` always."""
        return True


def paid(source: Source) -> Callable[[PaymentOrder], VerifiedPayment]:
    """Return a ``match`` that reports every order as paid."""
    return lambda order: VerifiedPayment(
        state=PaymentState.PAID,
        source=source,
        amount=order.amount,
        transaction_reference=order.transaction_reference,
    )


def believes_anything(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Report PAID for every message."""
    del sips, message
    return CarelessMessage(transaction_reference="REF1", source=source, matched=paid(source))


def ignores_order(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Report an authentic message about another order as about ours."""
    sealed = sips.authenticate(message, source=source)

    def match(order: PaymentOrder) -> VerifiedPayment:
        try:
            return sealed.match(order)
        except OrderMismatchError:
            return paid(source)(order)

    return CarelessMessage(transaction_reference=sealed.transaction_reference, source=source, matched=match)


def loses_reference(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Drop the reference of the message."""
    sealed = sips.authenticate(message, source=source)
    return CarelessMessage(transaction_reference="", source=source, matched=sealed.match)


def raises_foreign(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Raise an error of another family for a wrong seal."""
    try:
        return sips.authenticate(message, source=source)
    except SealMismatchError:
        raise KeyError("Seal") from None


def logs(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Log the whole message."""
    logging.getLogger("bank").debug("received %s", message.body.decode())
    return sips.authenticate(message, source=source)


def forgets_source(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Report every message as a notification."""
    del source
    return sips.authenticate(message)


def truthy(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Match with a payment that is true for a refusal too."""
    sealed = sips.authenticate(message, source=source)
    return CarelessMessage(
        transaction_reference=sealed.transaction_reference,
        source=source,
        matched=lambda order: Truthy(**attrs.asdict(sealed.match(order), recurse=False)),
    )


def reflects(sips: SipsPaypage, message: HttpMessage, source: Source) -> SealedMessage:
    """Accept our own request as a notification."""
    if b"normalReturnUrl" in message.body:
        return believes_anything(sips, message, source)
    return sips.authenticate(message, source=source)


FAULTS: dict[Callable[..., Any], set[str]] = {
    believes_anything: {
        "test_genuine", "test_truth", "test_unknown_order", "test_no_order", "test_own_request",
        "test_forged", "test_other_order", "test_foreign", "test_twice", "test_size", "test_content_type",
    },
    ignores_order: {"test_other_order", "test_foreign"},
    loses_reference: {"test_two_steps", "test_unknown_order"},
    raises_foreign: {"test_forged", "test_changed", "test_unknown_order"},
    logs: {"test_discretion"},
    forgets_source: {"test_return"},
    truthy: {"test_truth"},
    reflects: {"test_own_request"},
}  # fmt: skip


def failures(subject: Subject) -> set[str]:
    """Run the suite on a gateway, and return the names of the tests that fail."""
    failed = set()
    for name in TESTS:
        try:
            getattr(GatewayConformance(), name)(subject)
        except (AssertionError, AttributeError, LookupError):
            failed.add(name)
    return failed


class TestSuite:
    """The suite can fail: its tests find each fault of a gateway."""

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.__name__))
    def test_fault(self, fault: Callable[..., Any]) -> None:
        """A gateway with a fault fails the tests for it, and no other."""
        assert FAULTS[fault] == failures(sips_subject(Careless(fault)))

    def test_undeclared_operation(self) -> None:
        """A gateway that runs an operation without declaring it fails."""

        class Undeclared(Careless):
            def refund(self, order: PaymentOrder, transport: Any, **more: Any) -> OperationResult:  # noqa: ANN401 - a fault
                """Call the bank."""
                del order, more
                transport.post_form("https://bank.example/refund", {})
                return OperationResult(outcome=OperationOutcome.DONE)

        sound = Undeclared(lambda sips, message, source: sips.authenticate(message, source=source))
        assert {"test_capabilities"} == failures(sips_subject(sound))

    def test_recorded_test_event(self) -> None:
        """A gateway that takes an event about no payment for a payment fails."""
        subject = api_subject()

        assert {"test_nothing_to_record"} == failures(attrs.evolve(subject, ignored={"a test": subject.paid}))

    def test_pickled_secret(self) -> None:
        """A gateway whose pickle contains a secret fails."""
        leaky = Careless(believes_anything)
        vars(leaky).clear()
        vars(leaky)["secret"] = SECRETS["2"]
        subject = sips_subject(leaky)

        with pytest.raises(AssertionError, match="pickled"):
            GatewayConformance().test_pickle(subject)
