"""A gateway of another shape than Sips, as another package might define it.

The bank creates the payment page when it is called.  A notification is JSON, authenticated by a header over the raw
bytes, with the key's id in a second header.  The browser's return has no signature.
"""

import base64
import hmac
import json
import re
from collections.abc import Mapping
from typing import ClassVar

import attrs

from creance_pay import HttpMessage, PaymentOrder, PaymentState, Source, VerifiedPayment
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from creance_pay.gateways import Capability, Gateway, Redirect, SealedMessage, SecretKey
from creance_pay.gateways.transport import HttpAnswer, Transport

MERCHANT, KEY_ID, KEY = "merchant-of-the-tests", "key-id-1", "an-api-key-of-the-tests"
LARGEST = 10_000
PAGE = "https://bank.example/checkout/"
STATES = {"CAPTURED": PaymentState.PAID, "PENDING_CAPTURE": PaymentState.AUTHORISED, "REJECTED": PaymentState.REFUSED}


def signature(body: bytes, key: str = KEY) -> str:
    """Return this bank's signature of a body."""
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError
    return fields


@attrs.frozen(kw_only=True)
class ApiMessage(SealedMessage):
    """An authentic notification of this bank."""

    fields: Mapping[str, object] = attrs.field(repr=False)

    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Compare merchant, reference, amount and currency with the order's."""
        del bank_reference  # this bank knows our reference
        if not isinstance(order, PaymentOrder):
            raise InvalidValueError("expected a PaymentOrder")
        ours = {
            "merchant": MERCHANT,
            "reference": order.transaction_reference,
            "amount": order.amount.cents,
            "currency": "EUR",
        }
        differing = tuple(name for name, value in ours.items() if self.fields.get(name) != value)
        if differing:
            raise OrderMismatchError("authentic, but not our order", fields=differing)
        return VerifiedPayment(
            state=STATES.get(str(self.fields.get("status")), PaymentState.UNKNOWN),
            source=self.source,
            amount=order.amount,
            transaction_reference=order.transaction_reference,
        )


@attrs.frozen(kw_only=True)
class ApiBank(Gateway):
    """A gateway that calls its bank for the payment page, and authenticates by the notification's header alone."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.STATUS})

    keys: Mapping[str, SecretKey]
    transport: Transport = attrs.field(repr=False)

    def initiate(self, order: PaymentOrder, *, options: object = None) -> Redirect:  # noqa: ARG002 - has no options
        """Call the bank to create a page for this payment."""
        answer = self.transport.post_form(PAGE, {"reference": order.transaction_reference})
        text = answer.body.decode("ascii", "replace")
        if answer.status != 201 or re.fullmatch(re.escape(PAGE) + "[a-z0-9]+", text) is None:  # G14
            raise GatewayUnavailableError("no page")
        return Redirect(text)

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> ApiMessage:
        """Authenticate the raw bytes, then parse them."""
        if source is Source.RETURN:
            raise UnsupportedError("the return of this bank has no signature")
        self._authenticate(message)
        return self._parse(message, source)

    def fetch_status(
        self, order: PaymentOrder, transport: Transport, *, bank_reference: str | None = None
    ) -> VerifiedPayment:
        """Ask, over a connection that authenticates the bank."""
        del bank_reference  # this bank knows our reference
        answer = transport.post_form(PAGE + "status", {"reference": order.transaction_reference})
        return self._parse(HttpMessage(answer.body), Source.STATUS).match(order)

    def _authenticate(self, message: HttpMessage) -> None:
        key = self.keys.get(message.header("X-Key-Id") or "")
        if key is None:
            raise UnknownKeyError("no key of this id")
        received = (message.header("X-Signature") or "").encode(errors="surrogatepass")
        if not hmac.compare_digest(signature(message.body, key.get_secret_value()).encode(), received):
            raise SealMismatchError("the signature is not ours")

    def _parse(self, message: HttpMessage, source: Source) -> ApiMessage:
        if (message.header("Content-Type") or "application/json") != "application/json":
            raise MalformedResponseError("expected JSON")
        try:
            fields = json.loads(message.body, object_pairs_hook=_unique) if len(message.body) <= LARGEST else None
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict) or not isinstance(fields.get("reference"), str):
            raise MalformedResponseError("expected an object with a reference")
        return ApiMessage(transaction_reference=fields["reference"], source=source, fields=fields)


@attrs.define
class RecordedBank(Transport):
    """A transport to a bank that gives one answer."""

    answer: HttpAnswer
    asked: list[str] = attrs.field(factory=list)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Return the answer, and record the request."""
        del method, headers
        self.asked.append(f"{url} {(body or b'').decode().removeprefix('reference=')}")
        return self.answer


def api_bank(status: int = 201, text: str = f"{PAGE}a1b2") -> ApiBank:
    """Make the gateway, over a bank that gives one answer."""
    transport = RecordedBank(HttpAnswer(status, text.encode()))
    return ApiBank(keys={KEY_ID: SecretKey(version="1", secret=KEY)}, transport=transport)


def notification(fields: Mapping[str, object], *, key: str = KEY, key_id: str = KEY_ID) -> HttpMessage:
    """Write a notification as the bank does."""
    body = json.dumps(fields).encode()
    headers = {"Content-Type": "application/json", "X-Key-Id": key_id, "X-Signature": signature(body, key)}
    return HttpMessage(body, headers)


def fields_of(order: PaymentOrder, state: PaymentState = PaymentState.PAID) -> dict[str, object]:
    """Return the fields of the bank's message about an order."""
    status = next(word for word, meaning in STATES.items() if meaning is state)
    return {
        "merchant": MERCHANT,
        "reference": order.transaction_reference,
        "amount": order.amount.cents,
        "currency": "EUR",
        "status": status,
        "card": "5017##########00",
    }
