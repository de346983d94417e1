"""The checkouts of Worldline Direct on the bank's side, and the documents about them: payment, operation, event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import attrs

from ...gateways.keys import SecretKey
from ...gateways.seals import sign
from ...http import HttpMessage
from ...money import Euros
from ..accounts import Account, Operation
from ..decisions import CANCELLED, PENDING, Decision, PaymentRequest

CURRENCY = "EUR"
_NAME, _CODE, _CATEGORY = range(3)
_FAILED, _WAITING = "UNSUCCESSFUL", "PENDING_CONNECT_OR_3RD_PARTY"
_CAPTURED = ("CAPTURED", 9, "COMPLETED")
AUTHORISED = ("PENDING_CAPTURE", 5, "PENDING_MERCHANT")
#: Word, code and category of a payment, by the response code of its card.
_WORDS = {
    "00": _CAPTURED,
    CANCELLED: ("CANCELLED", 1, _FAILED),
    PENDING: ("CAPTURE_REQUESTED", 91, _WAITING),
    "90": ("AUTHORIZATION_REQUESTED", 52, _WAITING),
}
_REFUSED = ("REJECTED", 2, _FAILED)
#: The error codes of the vendor's list, by the response code of the card.
_ERRORS = {"14": 30141001, "34": 30591001, "51": 30511001, "54": 30541001}
_NOT_AUTHENTICATED = 40001134
#: Word, code and category of an operation after the payment, by its name in the record.
_OPERATIONS: dict[str, tuple[str, int, str]] = {
    "DEBIT_CAPTURE": _CAPTURED,
    "CREDIT": ("REFUND_REQUESTED", 81, _WAITING),
    "CREDIT_CAPTURE": ("REFUNDED", 8, "REFUNDED"),
    "CANCEL": ("CANCELLED", 6, _FAILED),
}
_DISPUTES: dict[str, tuple[str, int, str]] = {"CHARGEBACK": ("CHARGEBACKED", 0, "REVERSED")}
_CARD_PRODUCT = 130  # CB
_PRODUCTS = {"WERO": 900, "APPLE_PAY": 302, "GOOGLE_PAY": 320, "PAYPAL": 840}
PRODUCT_NAMES = {number: name for name, number in _PRODUCTS.items()}


@attrs.frozen(kw_only=True)
class Checkout(PaymentRequest):
    """A hosted checkout.

    Attributes:
        number: Its identifier at the bank.
        page: The last part of the address of its page, which nobody can guess.
        return_mac: The constant that the browser brings back: it proves nothing about money.
        authorises: Whether the payment is authorised, and captured by a later call.
    """

    number: str
    page: str = attrs.field(repr=False)
    return_mac: str = attrs.field(repr=False)
    authorises: bool = False

    @property
    def identifier(self) -> str:
        """The bank's own identifier of the payment."""
        return self.number


def checkout_of(request: PaymentRequest) -> Checkout:
    """Return a payment request as a checkout: the bank opens no other."""
    return cast("Checkout", request)


def money(amount: Euros) -> dict[str, Any]:
    """Write an amount."""
    return {"amount": amount.cents, "currencyCode": CURRENCY}


def _status(triple: tuple[str, int, str], errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    output: dict[str, Any] = {"statusCode": triple[_CODE], "statusCategory": triple[_CATEGORY]}
    output["isCancellable"] = triple[_CODE] in {5, 91}
    output["isRefundable"] = triple[_CODE] in {9, 8, 81}
    return {"status": triple[_NAME], "statusOutput": output | ({"errors": errors} if errors else {})}


def payment_of(checkout: Checkout, decision: Decision) -> dict[str, Any]:
    """Write the payment of a checkout, as its decision left it."""
    code = decision.response_code
    triple = AUTHORISED if decision.accepted and checkout.authorises else _WORDS.get(code, _REFUSED)
    error = _NOT_AUTHENTICATED if decision.authentication == "FAILURE" else _ERRORS.get(code)
    references = {"merchantReference": checkout.transaction_reference}
    if checkout.nonce:
        references["merchantParameters"] = checkout.nonce
    output: dict[str, Any] = {"amountOfMoney": money(checkout.amount), "references": references}
    if triple == _CAPTURED:
        output["acquiredAmount"] = money(checkout.amount)
    if decision.product:
        output |= {
            "paymentMethod": "redirect",
            "redirectPaymentMethodSpecificOutput": {"paymentProductId": _PRODUCTS[decision.product]},
        }
    elif decision.masked_card:
        card: dict[str, Any] = {"paymentProductId": _CARD_PRODUCT, "card": {"cardNumber": decision.masked_card}}
        if decision.authorisation_number:
            card["authorisationCode"] = decision.authorisation_number
        output |= {"paymentMethod": "card", "cardPaymentMethodSpecificOutput": card}
    return {
        "hostedCheckoutSpecificOutput": {"hostedCheckoutId": checkout.number},
        "paymentOutput": output,
        **_status(triple, [{"errorCode": str(error)}] if error else None),
        "id": payment_id(checkout),
    }


def payment_id(checkout: Checkout, number: int = 0) -> str:
    """Return the identifier of a payment, or of an operation after it."""
    return f"{checkout.number}_{number}"


def operation_ids(checkout: Checkout, account: Account) -> Iterator[tuple[str, Operation]]:
    """Yield each operation after the payment with its identifier; an accepted refund that ends keeps its own."""
    refunds, ended, last = list[str](), 0, 0
    for operation in account.operations:
        if operation.name == "CREDIT_CAPTURE":
            yield refunds[ended], operation
            ended += 1
        elif operation.name != "DEBIT_CAPTURE":
            last += 1
            refunds += [payment_id(checkout, last)] if operation.name == "CREDIT" else []
            yield payment_id(checkout, last), operation


def operations_of(checkout: Checkout, account: Account) -> list[dict[str, Any]]:
    """Write the operations of a payment: the capture first, then each refund or cancellation in its last state."""
    paid = payment_of(checkout, account.decision)
    capture = account.sum_of("DEBIT_CAPTURE")
    first = {"id": paid["id"], "amountOfMoney": money(checkout.amount), **_status_of(paid)}
    found = {paid["id"]: first | (_status(_CAPTURED) | {"amountOfMoney": money(capture)} if capture.cents else {})}
    for identifier, operation in operation_ids(checkout, account):
        if operation.name in _OPERATIONS:
            found[identifier] = {"id": identifier, "amountOfMoney": money(operation.amount), **_word(operation)}
    return list(found.values())


def _status_of(document: dict[str, Any]) -> dict[str, Any]:
    return {"status": document["status"], "statusOutput": document["statusOutput"]}


def _word(operation: Operation) -> dict[str, Any]:
    return _status(_OPERATIONS[operation.name])


def details_of(checkout: Checkout, account: Account) -> dict[str, Any]:
    """Write a payment with its operations; its own status is that of the last operation that has ended."""
    operations = operations_of(checkout, account)
    ended = [each for each in operations if each["statusOutput"]["statusCategory"] != _WAITING]
    paid = payment_of(checkout, account.decision)
    return paid | (_status_of(ended[-1]) if ended else {}) | {"Operations": operations}


def refund_of(checkout: Checkout, identifier: str, operation: Operation) -> dict[str, Any]:
    """Write a refund."""
    references = {"merchantReference": checkout.transaction_reference}
    output = {"amountOfMoney": money(operation.amount), "references": references}
    return {"id": identifier, "refundOutput": output, **_word(operation)}


def event(merchant_id: str, kind: str, about: dict[str, Any], number: int, now: datetime) -> dict[str, Any]:
    """Write the event of a number about a payment or a refund."""
    return {
        "apiVersion": "v1",
        "id": str(UUID(int=number)),
        "created": now.astimezone(UTC).isoformat(timespec="milliseconds"),
        "merchantId": merchant_id,
        "type": kind,
        "refund" if "refundOutput" in about else "payment": about,
    }


def change_of(checkout: Checkout, account: Account, operation: Operation) -> tuple[str, dict[str, Any]] | None:
    """Return the type and the content of the event about an operation; ``None`` where the bank has none."""
    if operation.name in {"CREDIT", "CREDIT_CAPTURE"}:
        identifier = next(each for each, done in operation_ids(checkout, account) if done is operation)
        ended = operation.name == "CREDIT_CAPTURE"
        kind = "payment.refunded" if ended else "refund.refund_requested"
        return kind, refund_of(checkout, identifier, operation)
    triple = (_OPERATIONS | _DISPUTES).get(operation.name)
    if triple is None:
        return None
    return f"payment.{triple[0].lower()}", payment_of(checkout, account.decision) | _status(triple)


def webhook(document: object, key: SecretKey | None, *, key_id: str) -> HttpMessage:
    """Write a webhook, sealed with a key; ``key=None`` leaves the seal empty."""
    body = json.dumps(document, ensure_ascii=False).encode()
    seal = {"X-GCS-KeyId": key.version if key else key_id, "X-GCS-Signature": sign(body, key) if key else ""}
    return HttpMessage(body, {"Content-Type": "application/json", "retry-count": "0", **seal})
