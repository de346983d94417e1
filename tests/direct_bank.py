"""Worldline Direct in this process: a merchant's gateway, and a small bank with webhooks, written without its code."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.gateways import HttpAnswer, KeyRing, SecretKey
from creance_pay.gateways.direct import DirectCheckout, DirectHost
from creance_pay.gateways.transport import Transport

CASES = Path(__file__).resolve().parent / "cases"
MERCHANT, REFERENCE = "CPAMTESTINVENTED", "PCLCB172540000004"
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
API_KEY_ID, API_SECRET = "INVENTED0A1B2C3D", "invented/secret+of=the-api-0123456789abcdef"
WEBHOOK_KEY_ID, WEBHOOK_SECRET = "invented-whk-2026-11", "invented-webhook-secret-2026-11"
RETURN_URL, NOTIFICATION_URL = "https://portail.example/retour", "https://portail.example/notification"
CARD = "************4675"
#: Word, code and category of the bank for a state.
WORDS = {
    PaymentState.PAID: ("CAPTURED", 9, "COMPLETED"),
    PaymentState.AUTHORISED: ("PENDING_CAPTURE", 5, "PENDING_MERCHANT"),
    PaymentState.REFUSED: ("REJECTED", 2, "UNSUCCESSFUL"),
    PaymentState.CANCELLED: ("CANCELLED", 1, "UNSUCCESSFUL"),
    PaymentState.PENDING: ("CAPTURE_REQUESTED", 91, "PENDING_CONNECT_OR_3RD_PARTY"),
}


def read_cases(name: str) -> dict[str, Any]:
    """Read a file of cases."""
    cases: dict[str, Any] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


def ring(keys: Mapping[str, str], current: str) -> KeyRing:
    """Build a key ring of keys without a last moment."""
    return KeyRing([SecretKey(version=name, secret=secret) for name, secret in keys.items()], current=current)


def settings(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any argument of the gateway
    """Return the arguments of the merchant's gateway, by default in preproduction."""
    usual = {
        "merchant_id": MERCHANT,
        "keys": ring({API_KEY_ID: API_SECRET}, API_KEY_ID),
        "webhook_keys": ring({WEBHOOK_KEY_ID: WEBHOOK_SECRET}, WEBHOOK_KEY_ID),
        "host": DirectHost.WORLDLINE_TEST,
        "clock": lambda: NOW,
    }
    return {**usual, **changes}


def direct_gateway(**changes: Any) -> DirectCheckout:  # noqa: ANN401 - any argument of the gateway
    """Build the merchant's gateway."""
    return DirectCheckout(**settings(**changes))


def direct_order(**changes: Any) -> PaymentOrder:  # noqa: ANN401 - any field of the order
    """Return the order of the cases."""
    usual = {
        "transaction_reference": REFERENCE,
        "amount": Euros(2000),
        "return_url": RETURN_URL,
        "notification_url": NOTIFICATION_URL,
    }
    return PaymentOrder(**{**usual, **changes})


def payment(
    reference: str = REFERENCE,
    cents: int = 2000,
    state: PaymentState = PaymentState.PAID,
    *,
    currency: str = "EUR",
    **more: Any,  # noqa: ANN401 - any member
) -> dict[str, Any]:
    """Return a payment as the bank writes it."""
    word, code, category = WORDS[state]
    money = {"amount": cents, "currencyCode": currency}
    return {
        "id": "4481347252_0",
        "status": word,
        "statusOutput": {"statusCode": code, "statusCategory": category},
        "paymentOutput": {
            "amountOfMoney": money,
            "references": {"merchantReference": reference},
            "cardPaymentMethodSpecificOutput": {"authorisationCode": "123456", "card": {"cardNumber": CARD}},
        },
        **more,
    }


def event(about: dict[str, Any], kind: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
    """Return the event about a payment or a refund."""
    family = "refund" if "refundOutput" in about else "payment"
    kind = kind or f"payment.{about['status'].lower()}"
    return {"apiVersion": "v1", "id": "e1", "merchantId": MERCHANT, "type": kind, family: about, **more}


def signed(content: bytes, secret: str = WEBHOOK_SECRET) -> str:
    """Return the seal of a webhook."""
    return base64.b64encode(hmac.digest(secret.encode(), content, "sha256")).decode()


def webhook(document: object, *, key_id: str = WEBHOOK_KEY_ID, secret: str = WEBHOOK_SECRET) -> HttpMessage:
    """Write a webhook as the bank does."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"Content-Type": "application/json", "X-GCS-KeyId": key_id, "X-GCS-Signature": signed(body, secret)}
    return HttpMessage(body, headers)


@attrs.define
class Recorded(Transport):
    """A transport that returns prepared answers, the last of them again, and records the requests."""

    answers: list[HttpAnswer | Exception]
    sent: list[tuple[str, str, dict[str, str], Any]] = attrs.field(factory=list)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Return the next answer."""
        self.sent.append((method, url, dict(headers or {}), json.loads(body) if body else None))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answers(*documents: object, status: int = 200) -> Recorded:
    """Return a transport whose bank answers with these documents."""
    bodies = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents]
    return Recorded([HttpAnswer(status, body) for body in bodies])


@attrs.define
class DirectBank(Transport):
    """A bank with checkouts, payments and refunds.  It checks the signature of a request and knows idempotence keys."""

    base: str = DirectHost.WORLDLINE_TEST.base
    checkouts: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    done: dict[str, HttpAnswer] = attrs.field(factory=dict)
    refund_code: int = 8
    down: bool = False

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a request."""
        headers = headers or {}
        path = url.removeprefix(self.base)
        extra = f"x-gcs-idempotence-key:{key}\n" if (key := headers.get("X-GCS-Idempotence-Key")) else ""
        text = f"{method}\n{headers.get('Content-Type', '')}\n{headers['Date']}\n{extra}{path}\n"
        if self.down or headers["Authorization"] != f"GCS v1HMAC:{API_KEY_ID}:{signed(text.encode(), API_SECRET)}":
            return HttpAnswer(503 if self.down else 403, b"{}")
        if key and key in self.done:
            return self.done[key]
        found = self.answer(path.removeprefix(f"/v2/{MERCHANT}/").split("/"), json.loads(body or b"{}"))
        answer = HttpAnswer(404 if found is None else 201, json.dumps(found or {}).encode())
        self.done |= {key: answer} if key else {}
        return answer

    def answer(self, path: list[str], document: dict[str, Any]) -> dict[str, Any] | None:
        """Answer a call by its path."""
        match path:
            case ["hostedcheckouts"]:
                number = str(4481347252 + len(self.checkouts))
                self.checkouts[number] = {"order": document["order"], "payment": None, "operations": []}
                reference = document["order"]["references"]["merchantReference"]
                page = f"{self.base}/hostedcheckout/Payment/Form/{number}"
                return {"hostedCheckoutId": number, "redirectUrl": page, "merchantReference": reference}
            case ["hostedcheckouts", number]:
                found = self.checkouts.get(number)
                if found is None or not found["payment"]:
                    return found and {"status": "IN_PROGRESS"}
                return {"status": "PAYMENT_CREATED", "createdPaymentOutput": {"payment": found["payment"]}}
            case ["services", "testconnection"]:
                return {"result": "OK"}
            case ["payments", number, "details"]:
                found = self.checkouts[number.partition("_")[0]]
                return {**found["payment"], "Operations": found["operations"]}
            case ["payments", number, "refund"]:
                refund = self.give_back(number.partition("_")[0], document["amountOfMoney"]["amount"])
                return {**refund, "refundOutput": {"amountOfMoney": document["amountOfMoney"]}}
            case _:
                raise AssertionError(path)

    def pay(self, number: str, state: PaymentState = PaymentState.PAID) -> HttpMessage:
        """Decide a checkout, and return its webhook."""
        checkout = self.checkouts[number]
        references = checkout["order"]["references"]
        paid = payment(references["merchantReference"], checkout["order"]["amountOfMoney"]["amount"], state)
        paid |= {"id": f"{number}_0", "hostedCheckoutSpecificOutput": {"hostedCheckoutId": number}}
        paid["paymentOutput"]["references"] = references
        checkout["payment"] = paid
        money = checkout["order"]["amountOfMoney"]
        checkout["operations"] = [{"id": f"{number}_0", "amountOfMoney": money, "statusOutput": paid["statusOutput"]}]
        return webhook(event(paid))

    def give_back(self, number: str, cents: int) -> dict[str, Any]:
        """Refund a payment, and return the operation."""
        operations = self.checkouts[number]["operations"]
        word = {8: "REFUNDED", 81: "REFUND_REQUESTED"}[self.refund_code]
        made = {
            "id": f"{number}_{len(operations)}",
            "amountOfMoney": {"amount": cents, "currencyCode": "EUR"},
            "status": word,
            "statusOutput": {"statusCode": self.refund_code},
        }
        operations.append(made)
        return made

    def refund_event(self, number: str) -> HttpMessage:
        """Return the webhook of the last refund of a checkout."""
        made = self.checkouts[number]["operations"][-1]
        output = {"amountOfMoney": made["amountOfMoney"], "references": self.checkouts[number]["order"]["references"]}
        refund = {"id": made["id"], "status": "REFUNDED", "statusOutput": {"statusCode": 8}, "refundOutput": output}
        return webhook(event(refund))
