"""Worldline Direct, hosted checkout: the bank creates the payment page when it is called.

The bank knows the payment by its own identifier, which the ledger stores and gives back to each question.  A webhook is
authenticated by a seal over its raw body.  The browser's return is unsealed: the bank is asked instead.

>>> from creance_pay.gateways import KeyRing, SecretKey
>>> from creance_pay.gateways.direct import DirectHost
>>> gateway = DirectCheckout(
...     merchant_id="CPAM-MADE-UP",
...     keys=KeyRing([SecretKey(version="API1", secret="an-api-key-made-up-here")], current="API1"),
...     webhook_keys=KeyRing([SecretKey(version="WHK1", secret="a-webhook-key-made-up")], current="WHK1"),
...     host=DirectHost.CAWL_TEST,
... )
>>> print(gateway.page_life)
0:20:00

Sources: the vendor's documentation of hosted checkout, webhooks, statuses and idempotent requests; its SDK for Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import attrs

from ..._clock import utc_now
from ..._validators import of_type
from ...errors import (
    ConfigurationError,
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    UnsupportedError,
)
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from ..base import Capability, OperationOutcome, OperationResult, Redirect
from ..environments import is_public
from ..keys import KeyRing
from ..merchants import MerchantGateway, ReferenceForm
from ..transport import RequestsTransport, Transport
from .documents import at, cents_at, leaves, text_at
from .events import CURRENCY, BankReference, DirectMessage, Reported, authenticate, judge, sum_operations
from .hosts import DirectHost
from .merchant import DONE, FORBIDDEN, UNKNOWN_HERE, DirectAnswer, DirectMerchant
from .statuses import needs_details, outcome_of

_REFERENCE = ReferenceForm(pattern=re.compile(r"[A-Za-z0-9]{1,30}"), words="1 to 30 ASCII letters and digits")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHECK = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MAX_URL = 200
_MINUTE = timedelta(minutes=1)
_IN_PROGRESS = 409
_DECLINED = 402
_BUSY = {409, 429}
_SERVER_ERROR = 500
_LOCALES = {"fr": "fr_FR", "en": "en_GB", "de": "de_DE", "es": "es_ES", "it": "it_IT", "nl": "nl_NL", "pt": "pt_PT"}
#: The payment products beyond cards, by the name of :class:`CheckoutOptions`.
PRODUCTS = {"WERO": 900, "APPLE_PAY": 302, "GOOGLE_PAY": 320, "PAYPAL": 840}
_ADDED = ("RETURNMAC", "hostedCheckoutId")


def _validate_language(_: CheckoutOptions, __: attrs.Attribute[str], language: object) -> None:
    if language not in _LOCALES:
        raise InvalidValueError(f"expected a language among {', '.join(_LOCALES)}, got another")


def _validate_products(options: CheckoutOptions, __: attrs.Attribute[Any], products: tuple[object, ...]) -> None:
    if not set(products) <= PRODUCTS.keys():
        raise InvalidValueError(f"expected products among {', '.join(PRODUCTS)}, got another")
    if not options.cards and not products:
        raise InvalidValueError("expected cards or a product, got none")


@attrs.frozen(kw_only=True)
class CheckoutOptions:
    """The options of the payment page.

    Args:
        language: Its language, by two letters.
        cards: Whether it offers cards.
        products: Further products: ``WERO``, ``APPLE_PAY``, ``GOOGLE_PAY``, ``PAYPAL``; each needs a contract.

    Raises:
        InvalidValueError: for another language or product, or a page without any product.
    """

    language: str = attrs.field(default="fr", validator=_validate_language)
    cards: bool = attrs.field(default=True, validator=of_type(bool))
    products: tuple[str, ...] = attrs.field(default=(), validator=[of_type(tuple), _validate_products])


@attrs.frozen(init=False, repr=False)
class DirectCheckout(MerchantGateway):
    """The gateway of one merchant through hosted checkout.

    Args:
        merchant_id: The merchant's number at the bank (PSPID), 1 to 50 letters, digits, ``_`` and ``-``.
        keys: The keys of the interface, by their API key id; the current one signs our requests.
        webhook_keys: The keys of webhooks, by their key id.  Give a replaced key a last moment 36 hours later: the
            bank repeats a webhook for 35 hours.
        host: The bank's addresses.
        page_life: How long the page accepts a payment, in whole minutes; shorter than the life of an attempt.
        transport: The transport that creates payment pages; by default through ``requests``, 10 seconds.
        clock: Returns the time, with its zone; the bank refuses a request whose date is 5 minutes off.

    Raises:
        ConfigurationError: for an ill-formed merchant number or page life, a clock without zone, or one secret in both
            rings; in production, for a weak or published key.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.SEALED_RETURN}
    merchant: DirectMerchant
    transport: Transport = attrs.field(repr=False)

    def __init__(
        self,
        *,
        merchant_id: str,
        keys: KeyRing,
        webhook_keys: KeyRing,
        host: DirectHost,
        page_life: timedelta = timedelta(minutes=20),
        transport: Transport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Build the merchant, which refuses unsafe settings."""
        merchant = DirectMerchant(
            merchant_id=merchant_id,
            keys=keys,
            webhook_keys=webhook_keys,
            host=host,
            page_life=page_life,
            clock=clock,
        )
        self.__attrs_init__(merchant, transport or RequestsTransport(timeout=10))

    @property
    def page_life(self) -> timedelta:
        """How long the bank's page accepts a payment."""
        return self.merchant.page_life

    def initiate(self, order: PaymentOrder, *, options: CheckoutOptions | None = None) -> Redirect:
        """Create a hosted checkout for an order, and return the address of its page.

        Args:
            order: The order, which was recorded before.
            options: The options of the payment page.

        Raises:
            InvalidValueError: for a transaction reference that is not 1 to 30 ASCII letters and digits, an amount over
                twelve digits of cents, or an address that the bank cannot use; nothing is sent.
            ConfigurationError: when the page would stay open until the order expires, or the bank refuses the key,
                the merchant, the clock or a field.
            GatewayUnavailableError: when the bank creates no page, names one that is not its own, or answers so late
                that the page could be paid after the order has expired.
            OrderMismatchError: when the bank answers with the page of another order.

        >>> from creance_pay import Euros, PaymentOrder
        >>> from creance_pay.testing import LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant("direct"))  # a bank in this process
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> form = bank.gateway.initiate(order, options=CheckoutOptions(language="en"))
        >>> form.method, form.bank_reference is None
        ('get', False)
        """
        document = self._request(order, options or CheckoutOptions())
        # Two portals of one contract issue the same reference: under one key, both would get the page of the first.
        key = f"{order.nonce or order.transaction_reference}-create"
        path = "/hostedcheckouts"
        answer = self.merchant.call(self.transport, "POST", path, document=document, key=key, retryable=True)
        if answer.status in FORBIDDEN:
            raise _refused(answer.status)
        if answer.status not in DONE or answer.document is None:
            raise _unavailable(answer.status)
        if order.expires_at is not None and self.merchant.clock() + self.page_life > order.expires_at:
            raise GatewayUnavailableError(
                "the bank answered so late that its page outlives the order: nobody gets its address", retryable=True
            )
        return self._redirect(answer.document, order)

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> DirectMessage:
        """Parse an event once, and prove that the bank sealed its body.

        The checks come in this order: size, content type, both headers, key, seal over the bytes, JSON, family.

        Raises:
            MalformedResponseError: when the message cannot be read.
            UnknownKeyError: when it names a key that is not in the ring, or is past its last moment.
            SealMismatchError: when the seal differs from that of the body under our key.
            NothingToRecordError: for a test event, and for an event about another thing than a payment.
            UnsupportedError: for a return.
        """
        if source is Source.RETURN:
            raise UnsupportedError("the bank does not seal its returns: ask for the state")
        return authenticate(self.merchant, message, source)

    def answer_check(self, headers: Mapping[str, str]) -> str | None:
        """Return the text of the header ``X-GCS-Webhooks-Endpoint-Verification``; ``None`` without the header."""
        value = HttpMessage(b"", headers).header("X-GCS-Webhooks-Endpoint-Verification")
        if value is not None and _CHECK.fullmatch(value) is None:
            raise MalformedResponseError(f"expected 1 to 128 letters, digits, . _ and -, got {len(value)} characters")
        return value

    def check_connection(self, transport: Transport) -> None:
        """Ask the bank whether it accepts our merchant number and key, by its call ``testconnection``.

        Raises:
            ConfigurationError: when the bank refuses the key, the merchant or the clock.
            GatewayUnavailableError: when no readable answer arrives.

        >>> from creance_pay.testing import LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant("direct"))  # a bank in this process
        >>> bank.gateway.check_connection(bank.line)
        """
        answer = self.merchant.call(transport, "GET", "/services/testconnection")
        if answer.status in FORBIDDEN | UNKNOWN_HERE:
            raise _refused(answer.status)
        if answer.status not in DONE or answer.document is None:
            raise GatewayUnavailableError(f"expected an answer of the bank, got the HTTP status {answer.status}")

    def fetch_status(
        self, order: PaymentOrder, transport: Transport, *, bank_reference: str | None = None
    ) -> VerifiedPayment:
        """Ask for the state of a payment, by the payment's identifier when it is known, else by the checkout's.

        Raises:
            InvalidValueError: without an identifier of the bank; nothing is sent.
            GatewayUnavailableError: when no readable answer arrives.
            OrderMismatchError: when the answer is about another order, amount or currency.
        """
        known = _known(bank_reference)
        found = None
        if not known.payment:
            checkout = self.merchant.ask(transport, f"/hostedcheckouts/{known.checkout}")
            found = at(checkout, "createdPaymentOutput.payment")
            if not isinstance(found, dict):
                return self._without_payment(checkout, order)
            known = attrs.evolve(known, payment=_id_of(found))
        if found is None or needs_details(found):
            found = self.merchant.ask(transport, f"/payments/{known.payment}/details")
        if found is None:
            return _unknown(())
        verified = judge(Reported(document=found), order, known, Source.STATUS, asked=True)
        verified = attrs.evolve(verified, merchant_id=self.merchant.merchant_id)
        return sum_operations(verified, found, order)

    def operate(
        self,
        act: Capability,
        order: PaymentOrder,
        transport: Transport,
        *,
        amount: Euros,
        bank_reference: str | None = None,
        key: str | None = None,
    ) -> OperationResult:
        """Capture, cancel or refund a payment.

        Two calls with one key make one refund, and two calls with two keys make two.

        Raises:
            InvalidValueError: without an identifier of the bank; nothing is sent.
            GatewayUnavailableError: when no readable answer arrives; retryable with the same key.  The bank may have
                done the operation.
            OrderMismatchError: when the answer is about another order or amount: a key was used for another call.
        """
        payment = self._payment_of(_known(bank_reference), transport)
        if payment is None:
            return OperationResult(outcome=OperationOutcome.NOT_FOUND)
        path, document, again = f"/payments/{payment}/{act.lower()}", _document(act, order, amount), key is not None
        answer = self.merchant.call(transport, "POST", path, document=document, key=key, retryable=again)
        return _result(act, answer, amount, order, retryable=again)

    # ---- creation

    def _request(self, order: PaymentOrder, options: CheckoutOptions) -> dict[str, Any]:
        """Return the document of a creation; each value is checked here."""
        _REFERENCE.check(order)
        if order.expires_at is not None and self.merchant.clock() + self.page_life >= order.expires_at:
            raise ConfigurationError(
                f"expected a page that closes before the order expires, got page_life={self.page_life}"
            )
        references = {"merchantReference": order.transaction_reference}
        if order.nonce:
            references["merchantParameters"] = order.nonce
        restriction: dict[str, list[Any]] = {"groups": ["cards"]} if options.cards else {}
        if options.products:
            restriction["products"] = [PRODUCTS[name] for name in options.products]
        return {
            "order": {"amountOfMoney": _money(order.amount), "references": references},
            "cardPaymentMethodSpecificInput": {"authorizationMode": "SALE", "transactionChannel": "ECOMMERCE"},
            "redirectPaymentMethodSpecificInput": {"requiresApproval": False},
            "hostedCheckoutSpecificInput": {
                "locale": _LOCALES[options.language],
                "returnUrl": self._address(order.return_url, "return_url"),
                "showResultPage": False,
                "sessionTimeout": self.page_life // _MINUTE,
                "allowedNumberOfPaymentAttempts": 1,
                "isRecurring": False,
                "paymentProductFilters": {"restrictTo": restriction},
            },
            "feedbacks": {"webhooksUrls": [self._address(order.notification_url, "notification_url")]},
        }

    def _address(self, url: str, name: str) -> str:
        """Return one of the merchant's own addresses, when the bank can use it."""
        local = self.merchant.host.plain_http
        try:
            parts = urlsplit(url)
            host, query = parts.hostname or "", {each for each, _ in parse_qsl(parts.query, keep_blank_values=True)}
            right = parts.scheme == "https" or (local and parts.scheme == "http")
            right = right and bool(host) and (local or (is_public(host) and parts.port in {None, 443}))
        except ValueError:
            right, query = False, set()
        plain = url.isascii() and url.isprintable() and not set(url) & set(' "<>#@\\')
        if not right or not plain or len(url) > _MAX_URL or query.intersection(_ADDED):
            raise InvalidValueError(
                f"expected {name} to be an https address of at most {_MAX_URL} ASCII characters, without user, fragment"
                f" or the parameters {' and '.join(_ADDED)}, got another text of {len(url)} characters"
            )
        return url

    def _redirect(self, answer: dict[str, Any], order: PaymentOrder) -> Redirect:
        """Return the page that the bank has created, when it is the bank's own and of this order."""
        if at(answer, "merchantReference") not in (order.transaction_reference, None):
            raise OrderMismatchError(
                "the bank has answered with the page of another order", fields=("merchantReference",)
            )
        checkout = text_at(answer, "hostedCheckoutId") or ""
        partial = text_at(answer, "partialRedirectUrl")
        url = text_at(answer, "redirectUrl") or (partial and f"https://payment.{partial}")
        if not url or not self.merchant.host.is_page(url) or _ID.fullmatch(checkout) is None:
            raise GatewayUnavailableError("expected a payment page of the bank with its identifier, got another answer")
        return Redirect(url, bank_reference=checkout)

    # ---- questions and operations

    def _without_payment(self, checkout: dict[str, Any] | None, order: PaymentOrder) -> VerifiedPayment:
        """Return the state of a checkout without a payment; one word of the bank means left and expired."""
        word = at(checkout, "status")
        state = {"IN_PROGRESS": PaymentState.PENDING, "PAYMENT_CREATED": PaymentState.PENDING}.get(str(word))
        if word == "CANCELLED_BY_CONSUMER":
            expired = order.expires_at is not None and self.merchant.clock() >= order.expires_at
            state = PaymentState.EXPIRED if expired else PaymentState.CANCELLED
        return attrs.evolve(_unknown(tuple(leaves(checkout or {}))), state=state or PaymentState.UNKNOWN)

    def _payment_of(self, known: BankReference, transport: Transport) -> str | None:
        """Return the identifier of the payment; ask for it when only that of the checkout is known."""
        if known.payment:
            return known.payment
        checkout = self.merchant.ask(transport, f"/hostedcheckouts/{known.checkout}")
        found = at(checkout, "createdPaymentOutput.payment")
        return None if found is None else _id_of(found)


def _document(act: Capability, order: PaymentOrder, amount: Euros) -> dict[str, Any]:
    """Return the document of an operation."""
    if act is Capability.CAPTURE:
        return {"amount": amount.cents, "isFinal": True}
    if act is Capability.CANCEL:
        return {"amountOfMoney": _money(amount), "isFinal": True}
    references = {"merchantReference": order.transaction_reference}
    return {"amountOfMoney": _money(amount), "operationReferences": references}


def _result(
    act: Capability, answer: DirectAnswer, wanted: Euros, order: PaymentOrder, *, retryable: bool
) -> OperationResult:
    """Translate the answer to an operation."""
    refused = {
        **dict.fromkeys(FORBIDDEN, OperationOutcome.ERROR),
        **dict.fromkeys(UNKNOWN_HERE, OperationOutcome.NOT_FOUND),
        _DECLINED: OperationOutcome.REFUSED,
        _IN_PROGRESS: OperationOutcome.UNKNOWN,
    }.get(answer.status)
    raw = dict(leaves(answer.document or {}))
    if refused is not None:
        code = at(answer.document, "errors")
        word = text_at(code[0], "errorCode") if isinstance(code, list) and code else None
        return OperationResult(outcome=refused, response_code=word or str(answer.status), moved=False, raw=raw)
    if answer.status not in DONE or answer.document is None:
        raise GatewayUnavailableError(
            f"expected an answer of the bank, got the HTTP status {answer.status}", retryable=retryable
        )
    found = at(answer.document, "payment") or answer.document
    output = {Capability.REFUND: "refundOutput", Capability.CAPTURE: "captureOutput"}.get(act, "paymentOutput")
    cents = cents_at(found, f"{output}.amountOfMoney.amount")
    reference = text_at(found, f"{output}.references.merchantReference")
    wrong = ["amountOfMoney"] if act is not Capability.CANCEL and cents not in {wanted.cents, None} else []
    wrong += ["merchantReference"] if reference not in {order.transaction_reference, None} else []
    if wrong:
        raise OrderMismatchError(f"the answer is about another call: {', '.join(wrong)}", fields=tuple(wrong))
    outcome, moved = outcome_of(found)
    code = at(found, "statusOutput.statusCode")
    return OperationResult(outcome=outcome, response_code=None if code is None else str(code), moved=moved, raw=raw)


def _refused(status: int) -> ConfigurationError:
    return ConfigurationError(f"the bank refuses the request by the HTTP status {status}: see key, merchant and clock")


def _unavailable(status: int) -> GatewayUnavailableError:
    retryable = status in _BUSY or status >= _SERVER_ERROR or status in DONE
    return GatewayUnavailableError(f"the bank has created no page: HTTP status {status}", retryable=retryable)


def _unknown(raw: tuple[tuple[str, tuple[str, ...]], ...]) -> VerifiedPayment:
    return VerifiedPayment(state=PaymentState.UNKNOWN, source=Source.STATUS, bound=True, raw=dict(raw))


def _known(bank_reference: str | None) -> BankReference:
    known = BankReference.parse(bank_reference)
    if not (known.checkout or known.payment):
        raise InvalidValueError("expected the bank's identifier of the payment: the bank knows no other")
    return known


def _id_of(payment: object) -> str:
    identifier = text_at(payment, "id") or ""
    if _ID.fullmatch(identifier) is None:
        raise GatewayUnavailableError("expected a payment with its identifier, got another answer", retryable=True)
    return identifier


def _money(amount: Euros) -> dict[str, Any]:
    return {"amount": amount.cents, "currencyCode": CURRENCY}
