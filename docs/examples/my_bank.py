"""A complete gateway for an imaginary bank.

The bank posts notifications in JSON and sends the HMAC of the body in the header ``X-Seal``.  It does not seal the
browser's return.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

import attrs

from creance_pay import HttpMessage, PaymentOrder, PaymentState, Source, VerifiedPayment
from creance_pay.errors import (
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    SealMismatchError,
    UnsupportedError,
)
from creance_pay.gateways import Environment, FormPost, Gateway, SealAlgorithm, SealedMessage, SecretKey, seal

PAGE = "https://bank.example/pay"
MAX_BYTES = 10_000
STATES = {"captured": PaymentState.PAID, "rejected": PaymentState.REFUSED}


@attrs.frozen(kw_only=True)
class MyBankMessage(SealedMessage):
    """An authentic notification."""

    merchant: str
    fields: Mapping[str, Any] = attrs.field(repr=False)

    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Compare merchant, reference, amount and currency with the order."""
        del bank_reference  # this bank knows our reference
        if not isinstance(order, PaymentOrder):
            raise InvalidValueError(f"expected a PaymentOrder, got {type(order).__name__}")
        expected = {
            "merchant": self.merchant,
            "reference": order.transaction_reference,
            "amount": order.amount.cents,
            "currency": "EUR",
        }
        different = tuple(name for name, value in expected.items() if self.fields.get(name) != value)
        if different:
            raise OrderMismatchError(f"authentic, but not our order: {', '.join(different)}", fields=different)
        return VerifiedPayment(
            state=STATES.get(str(self.fields.get("status")), PaymentState.UNKNOWN),
            source=self.source,
            amount=order.amount,
            transaction_reference=order.transaction_reference,
        )


@attrs.frozen(kw_only=True)
class MyBank(Gateway):
    """The gateway of one merchant.  It declares no capability: inherited operations raise ``UnsupportedError``."""

    merchant: str
    key: SecretKey
    environment: Environment = Environment.TEST

    def initiate(self, order: PaymentOrder) -> FormPost:
        """Build the form that the browser posts to the bank."""
        fields = {
            "merchant": self.merchant,
            "reference": order.transaction_reference,
            "amount": str(order.amount.cents),
            "currency": "EUR",
            "return_url": order.return_url,
            "notification_url": order.notification_url,
        }
        return FormPost(PAGE, {**fields, "seal": self._seal(json.dumps(fields))})

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> MyBankMessage:
        """Authenticate the raw bytes first, then parse them once."""
        if source is Source.RETURN:
            raise UnsupportedError("the bank does not seal its returns")
        if len(message.body) > MAX_BYTES or message.header("Content-Type") != "application/json":
            raise MalformedResponseError(f"expected JSON of at most {MAX_BYTES} bytes")
        received = (message.header("X-Seal") or "").encode(errors="replace")
        if not hmac.compare_digest(received, self._seal(message.body.decode("latin-1")).encode()):
            raise SealMismatchError("the seal is not ours")
        fields = parse(message.body)
        return MyBankMessage(
            transaction_reference=fields["reference"], source=source, merchant=self.merchant, fields=fields
        )

    def _seal(self, text: str) -> str:
        return seal(text, self.key, SealAlgorithm.HMAC_SHA_256)


def parse(body: bytes) -> dict[str, Any]:
    """Parse a notification."""
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("reference"), str):
        raise MalformedResponseError("expected a JSON object with a reference")
    return fields
