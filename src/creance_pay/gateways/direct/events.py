"""Webhooks: authenticated over the raw body, parsed once, matched with the order."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import attrs

from ..._clock import in_utc_range
from ...errors import (
    InvalidValueError,
    MalformedResponseError,
    NothingToRecordError,
    OrderMismatchError,
    ResponseRefusedError,
)
from ...http import HttpMessage, require_message
from ...money import Euros
from ...payment import Movement, MovementKind, PaymentOrder, PaymentState, Source, VerifiedPayment
from ..base import SealedMessage
from ..seals import verify_signature
from .documents import at, cents_at, leaves, load, text_at
from .merchant import DirectMerchant
from .statuses import CAPTURED_CODE, DISPUTED, OPERATING_CODES, REFUNDED_CODES, code_of, state_of

CURRENCY = "EUR"
_REFUND = "refundOutput"
_MAX_BYTES = 100_000
_CONTENT_TYPE = re.compile(r"application/json(?: *; *charset=utf-8)?", re.IGNORECASE)
_REFERENCE = re.compile(r"[\x21-\x7e]{1,40}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MASKED = re.compile(r"[0-9]{0,6}[*#Xx]{3,}[0-9]{0,4}")
_LONG_ID = re.compile(r"900000[0-9]{13}")
_PRODUCTS = ("cardPaymentMethodSpecificOutput", "redirectPaymentMethodSpecificOutput")
_MONEY = {PaymentState.PAID, PaymentState.AUTHORISED, PaymentState.REFUNDED, PaymentState.PARTIALLY_REFUNDED}
_TEST = "payment.test"
#: The events of the vendor's list: each one ends with the status of its payment or refund.
_EVENTS = {
    *(f"payment.{word}" for word in (
        "created", "redirected", "authorization_requested", "pending_approval", "pending_completion",
        "pending_capture", "capture_requested", "captured", "rejected", "rejected_capture", "cancelled", "refunded",
    )),
    "refund.refund_requested",
}  # fmt: skip


@attrs.frozen(kw_only=True)
class BankReference:
    """The bank's identifiers of a payment, as the ledger stores them: ``checkout``, then ``checkout/payment``.

    Attributes:
        checkout: The identifier of the hosted checkout; empty when it is not known.
        payment: The identifier of the payment; empty until the bank has named it.
    """

    checkout: str = ""
    payment: str = ""

    @classmethod
    def parse(cls, text: str | None) -> BankReference:
        """Parse the stored text; a text with an underscore and no slash is a payment's.

        Raises:
            InvalidValueError: for an identifier that cannot be a part of a path.
        """
        checkout, slash, payment = (text or "").partition("/")
        if not slash and "_" in checkout:
            checkout, payment = "", checkout
        if not all(not each or _ID.fullmatch(each) for each in (checkout, payment)):
            raise InvalidValueError("expected an identifier of the bank of 1 to 64 letters, digits, _ and -")
        return cls(checkout=checkout, payment=payment)

    def named(self, checkout: str | None, payment: str | None) -> str | None:
        """Return the text to store when a message names the payment."""
        if payment is None or _ID.fullmatch(payment) is None:
            return None
        return f"{self.checkout or checkout or ''}/{payment}"


def head_of(identifier: str) -> str:
    """Return the part of an identifier that all operations of one payment share.

    >>> head_of("4481347252_1"), head_of("9000004375008553002")
    ('4481347252', '9000004375008553')
    """
    return identifier[:-3] if _LONG_ID.fullmatch(identifier) else identifier.partition("_")[0]


@attrs.frozen(kw_only=True)
class Reported:
    """A payment or a refund, as the bank writes it in an event or an answer.

    Attributes:
        document: Its document.
        output: The name of the part with amounts and references.
    """

    document: Any
    output: str = "paymentOutput"

    @classmethod
    def of_event(cls, event: Any) -> Reported:  # noqa: ANN401 - any JSON
        """Return the refund or the payment of an event."""
        refund = at(event, "refund")
        return cls(document=refund, output=_REFUND) if refund else cls(document=at(event, "payment"))

    def text(self, path: str) -> str | None:
        """Return a text of the part with amounts and references."""
        return text_at(self.document, f"{self.output}.{path}")

    def cents(self, name: str) -> int | None:
        """Return an amount; errors as :func:`cents_at`."""
        return cents_at(self.document, f"{self.output}.{name}.amount")

    @property
    def reference(self) -> str | None:
        """The merchant's reference; an operation after the payment may have it in its own place only."""
        places = ("references", "operationReferences")
        return next(filter(None, (self.text(f"{place}.merchantReference") for place in places)), None)

    @property
    def nonce(self) -> str | None:
        """The order's nonce, when the bank returns it."""
        return self.text("references.merchantParameters") or self.text("merchantParameters")

    @property
    def checkout(self) -> str | None:
        """The identifier of the hosted checkout."""
        return text_at(self.document, "hostedCheckoutSpecificOutput.hostedCheckoutId")

    @property
    def identifier(self) -> str:
        """The identifier of the payment or the operation; an empty text where it is ill-formed."""
        found = text_at(self.document, "id") or ""
        return found if _ID.fullmatch(found) else ""

    @property
    def time(self) -> datetime | None:
        """The bank's time with its zone, where there is a readable one; no payment depends on it."""
        changed = text_at(self.document, "statusOutput.statusCodeChangeDateTime")
        for text in (self.text("transactionDate"), changed):
            with suppress(ValueError):
                when = datetime.fromisoformat(text or "")
                if when.tzinfo is not None and in_utc_range(when):
                    return when
        return None

    def wrong_amounts(self, amount: Euros, *, part: bool, needed: bool) -> list[str]:
        """List the amounts and currencies that differ from the order's; a refund may be of a part."""
        wrong: list[str] = []
        for name in ("amountOfMoney", "acquiredAmount"):
            if at(self.document, f"{self.output}.{name}") is None:
                wrong += [name] if needed and name == "amountOfMoney" else []
                continue
            cents = self.cents(name) or 0
            fits = 0 < cents <= amount.cents if part else cents == amount.cents
            if not fits or self.text(f"{name}.currencyCode") != CURRENCY:
                wrong.append(name)
        return wrong

    def binds(self, order: PaymentOrder, known: BankReference) -> bool:
        """Return whether the nonce, or an identifier that the ledger has, binds it to the order."""
        return (
            bool(order.nonce and self.nonce == order.nonce)
            or bool(self.checkout and self.checkout == known.checkout)
            or bool(known.payment and head_of(self.identifier) == head_of(known.payment))
        )


@attrs.frozen(kw_only=True)
class DirectMessage(SealedMessage):
    """An authentic event about a payment or a refund.

    Attributes:
        merchant: The merchant whose key authenticated it.
        event: The event.
    """

    merchant: DirectMerchant = attrs.field(repr=False)
    event: Mapping[str, Any] = attrs.field(repr=False)

    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Compare merchant, reference, amounts, currency and the bank's identifiers with the order's.

        Raises:
            OrderMismatchError: when one differs.
            InvalidValueError: for anything but an order.
        """
        known, event = BankReference.parse(bank_reference), self.event
        wrong = [] if at(event, "merchantId") == self.merchant.merchant_id else ["merchantId"]
        found = Reported.of_event(event)
        verified = judge(found, order, known, self.source, wrong=wrong)
        kind = str(event["type"])
        if kind not in _EVENTS or kind.partition(".")[2].upper() != at(found.document, "status"):
            verified = attrs.evolve(verified, state=PaymentState.UNKNOWN, movement=None)
        return attrs.evolve(
            verified, merchant_id=self.merchant.merchant_id, key_version=self.key_version, raw=dict(leaves(event))
        )


def authenticate(merchant: DirectMerchant, message: HttpMessage, source: Source) -> DirectMessage:
    """Authenticate the raw bytes, then parse them; errors as ``DirectCheckout.authenticate``."""
    if not 0 < len(require_message(message).body) <= _MAX_BYTES:
        raise MalformedResponseError(f"expected 1 to {_MAX_BYTES} bytes, got {len(message.body)}")
    content_type = message.header("Content-Type")
    if content_type is not None and _CONTENT_TYPE.fullmatch(content_type) is None:
        raise MalformedResponseError("expected the content type application/json, got another")
    key_id, signature = message.header("X-GCS-KeyId"), message.header("X-GCS-Signature")
    if key_id is None or signature is None:
        raise MalformedResponseError("expected the headers X-GCS-KeyId and X-GCS-Signature, got one or none")
    try:
        key = merchant.webhook_keys.find(key_id, now=merchant.clock())
        verify_signature(signature, message.body, key)
    except ResponseRefusedError as error:
        error.unverified_reference = _unverified(message.body)
        raise
    event = _parse(message.body)
    found = Reported.of_event(event)
    for amount in ("amountOfMoney", "acquiredAmount"):
        found.cents(amount)  # an amount that is none is malformed, before any order is known
    reference = found.reference or ""
    return DirectMessage(
        transaction_reference=reference if _REFERENCE.fullmatch(reference) else "",
        source=source,
        key_version=key.version,
        merchant=merchant,
        event=event,
    )


def _unverified(body: bytes) -> str:
    """Return the reference that a refused message names, for the incident; an empty text when it names none."""
    try:
        event = load(body)
    except (ValueError, RecursionError):
        return ""
    event = event[0] if isinstance(event, list) and len(event) == 1 else event
    reference = Reported.of_event(event).reference or ""
    return reference if _REFERENCE.fullmatch(reference) else ""


def _parse(body: bytes) -> dict[str, Any]:
    """Parse an event about a payment or a refund."""
    try:
        event = load(body)
    except (ValueError, RecursionError):
        raise MalformedResponseError("expected a JSON document, got another text") from None
    if isinstance(event, list) and len(event) == 1:
        event = event[0]
    kind = text_at(event, "type")
    if kind is None or at(event, "apiVersion") != "v1":
        raise MalformedResponseError("expected one event with a type, of version v1, got another document")
    family = kind.partition(".")[0]
    about = at(event, "refund") or at(event, "payment")
    if family not in {"payment", "refund"} or kind == _TEST or not isinstance(about, dict):
        raise NothingToRecordError("an authentic event that is about no payment")
    return event  # type: ignore[no-any-return]


def judge(
    found: Reported,
    order: PaymentOrder,
    known: BankReference,
    source: Source,
    *,
    wrong: Collection[str] = (),
    asked: bool = False,
) -> VerifiedPayment:
    """Match a payment or a refund of the bank with the order, and translate its status.

    Args:
        found: The payment or the refund.
        order: The order.
        known: The bank's identifiers of the payment.
        source: The way it came.
        wrong: The fields that are known to differ.
        asked: Whether it answers a question about the known identifiers.

    Raises:
        OrderMismatchError: when a field differs.
        InvalidValueError: for anything but an order.
    """
    if not isinstance(order, PaymentOrder):
        raise InvalidValueError(f"expected a PaymentOrder to match the answer with, got {type(order).__name__}")
    state, code = state_of(found.document), code_of(found.document)
    part = found.output == _REFUND or state is PaymentState.REFUNDED
    _require_match(found, order, known, [*wrong], part=part, needed=state in _MONEY)
    bound, money = asked or found.binds(order, known), state in _MONEY
    if found.output == _REFUND and order.nonce and not bound:
        # Nobody asks about a paid payment: a refund of another payment with the same reference needs a person.
        raise OrderMismatchError("authentic, and nothing binds the refund to our order", fields=("id",))
    warnings: tuple[str, ...] = ()
    if money and order.nonce and not bound:
        state, warnings = PaymentState.UNKNOWN, ("nothing binds the message to the order: the bank has to be asked",)
    movement = None
    if state is PaymentState.REFUNDED and not asked:
        state, movement = _refund_of(found, order)
    product: Any = next(filter(None, (at(found.document, f"{found.output}.{name}") for name in _PRODUCTS)), None)
    masked = text_at(product, "card.cardNumber")
    return VerifiedPayment(
        state=state,
        source=source,
        amount=None if found.cents("amountOfMoney") is None else order.amount,
        transaction_reference=found.reference,
        authorisation_number=text_at(product, "authorisationCode"),
        response_code=None if code is None else str(code),
        masked_card=masked if masked and _MASKED.fullmatch(masked) else None,
        authorised_at=None if part else found.time,
        bound=bound,
        movement=movement,
        bank_reference=known.named(found.checkout, found.identifier) if state in _MONEY and not part else None,
        disputed=text_at(found.document, "status") in DISPUTED,
        warnings=warnings,
        raw=dict(leaves(found.document)),
    )


def _require_match(
    found: Reported, order: PaymentOrder, known: BankReference, wrong: list[str], *, part: bool, needed: bool
) -> None:
    """Raise an error with the fields that differ from the order's."""
    if found.reference != order.transaction_reference:
        wrong.append("merchantReference")
    if found.checkout is not None and known.checkout and found.checkout != known.checkout:
        wrong.append("hostedCheckoutId")
    wrong += found.wrong_amounts(order.amount, part=part, needed=needed)
    foreign = bool(found.nonce and order.nonce and found.nonce != order.nonce)
    if wrong or foreign:
        fields = tuple(wrong or ["merchantParameters"])
        raise OrderMismatchError(f"authentic, but not our order: {', '.join(fields)}", fields=fields, foreign=foreign)


def _refund_of(found: Reported, order: PaymentOrder) -> tuple[PaymentState, Movement | None]:
    """Return the state and the movement of a refund; one without an identifier could be counted twice: UNKNOWN."""
    amount = Euros(found.cents("amountOfMoney") or 0)
    if not found.identifier:
        return PaymentState.UNKNOWN, None
    movement = Movement(kind=MovementKind.REFUNDED, amount=amount, identifier=found.identifier, at=found.time)
    return PaymentState.REFUNDED if amount == order.amount else PaymentState.PARTIALLY_REFUNDED, movement


def sum_operations(
    verified: VerifiedPayment,
    details: Any,  # noqa: ANN401 - any JSON
    order: PaymentOrder,
) -> VerifiedPayment:
    """Return the state that follows from the operations of a payment: captured, minus what was given back.

    The status of the payment itself is that of its last operation, which may be a refused refund.
    """
    operations = at(details, "Operations")
    if not isinstance(operations, list):
        return verified
    if any(code_of(each) in OPERATING_CODES for each in operations):
        verified = attrs.evolve(verified, operating=True)
    captured = _sum(operations, {CAPTURED_CODE})
    if not captured:
        return verified
    if captured > order.amount.cents:
        raise OrderMismatchError("authentic, but not our order: Operations", fields=("Operations",))
    remaining = Euros(captured).saturating_sub(Euros(_sum(operations, REFUNDED_CODES)))
    state = PaymentState.PAID if remaining == order.amount else PaymentState.PARTIALLY_REFUNDED
    state = state if remaining.cents else PaymentState.REFUNDED
    return attrs.evolve(verified, state=state, remaining=remaining, amount=order.amount)


def _sum(operations: list[Any], codes: set[int] | frozenset[int]) -> int:
    return sum(cents_at(each, "amountOfMoney.amount") or 0 for each in operations if code_of(each) in codes)
