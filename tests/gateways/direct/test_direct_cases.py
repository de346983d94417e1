"""The shared hostile and control cases of Worldline Direct, by their ids; each is run, or is a test named here."""

import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentOrder, Source, VerifiedPayment
from creance_pay.errors import ConfigurationError, CreancePayError, InvalidValueError, MalformedResponseError
from creance_pay.gateways import Environment, HttpAnswer, KeyRing, Redirect, SecretKey
from creance_pay.gateways.direct import DirectCheckout, DirectHost
from direct_bank import (
    API_SECRET,
    MERCHANT,
    NOTIFICATION_URL,
    RETURN_URL,
    WEBHOOK_KEY_ID,
    Recorded,
    direct_gateway,
    direct_order,
    read_cases,
    ring,
)

FILE = read_cases("direct_cases.json")
CLOCK = datetime.fromisoformat(FILE["clock"])
KEYS = KeyRing(
    [
        SecretKey(
            version=name, secret=key["secret"], not_after=key["not_after"] and datetime.fromisoformat(key["not_after"])
        )
        for name, key in FILE["key_ring"].items()
    ],
    current=WEBHOOK_KEY_ID,
)
#: Cases of several messages or calls, each a test of its own in this folder.
ELSEWHERE = {
    "DJ8": "test_two_refunds",
    "DJ9": "test_one_refund_twice",
    "DK2": "test_late_event",
    "DK3": "test_captured_later",
    "DK5": "test_two_equal_refunds",
    "DK6": "test_before_the_order",
}


def cases(*kinds: str) -> pytest.MarkDecorator:
    """Parametrise a test by the cases of these kinds."""
    chosen = [case for case in FILE["cases"] if case["kind"] in kinds and case["id"] not in ELSEWHERE]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: str(case["id"]))


def gateway(case: dict[str, Any], **changes: Any) -> DirectCheckout:  # noqa: ANN401 - any argument of the gateway
    """Build the gateway of a case, at the time of the case."""
    now = datetime.fromisoformat(case.get("now", FILE["clock"]))
    return direct_gateway(webhook_keys=KEYS, clock=lambda: now, **changes)


def order_of(case: dict[str, Any]) -> PaymentOrder:
    """Build the order of a case."""
    order = case["order"]
    return PaymentOrder(
        transaction_reference=order["transaction_reference"],
        amount=Euros(order["amount_cents"]),
        return_url=RETURN_URL,
        notification_url=NOTIFICATION_URL,
        expires_at=datetime.fromisoformat(order["session_ends_at"]),
    )


def bank_reference_of(case: dict[str, Any]) -> str:
    """Return what the ledger knows of the bank's identifiers."""
    order = case["order"]
    return "/".join(filter(None, (order["hosted_checkout_id"], order["known_payment_id"])))


def message_of(case: dict[str, Any]) -> HttpMessage:
    """Build the message of a case."""
    body = base64.b64decode(case["body_base64"]) if case.get("body_base64") else case["body"].encode()
    return HttpMessage(body, dict(case["headers"]))


def word_of(case: dict[str, Any], call: Any) -> str:  # noqa: ANN401 - any call
    """Return the word of the file for a result: a state, an outcome, or an error."""
    try:
        found = call()
    except CreancePayError as error:
        ignored = case["expect"] == "IGNORED" and type(error).__name__ == "NothingToRecordError"
        retryable = " retryable" if getattr(error, "retryable", False) else ""
        return "IGNORED" if ignored else type(error).__name__ + retryable * case["expect"].endswith("retryable")
    if isinstance(found, VerifiedPayment):
        return "IGNORED" if case["expect"] == "IGNORED" and found.state == "UNKNOWN" else str(found.state)
    return "Redirect" if isinstance(found, Redirect) else str(found.outcome)


@cases("webhook")
def test_webhook(case: dict[str, Any]) -> None:
    """A webhook has the state or the error of its case (J8, J9, J12, J28)."""
    found = word_of(
        case,
        lambda: gateway(case).verify(message_of(case), expected=order_of(case), bank_reference=bank_reference_of(case)),
    )

    assert case["expect"] == found


@cases("return")
def test_return(case: dict[str, Any]) -> None:
    """A return proves nothing (J7)."""
    message = HttpMessage(urlsplit(case["url"]).query.encode())
    found = word_of(case, lambda: gateway(case).verify(message, expected=order_of(case), source=Source.RETURN))

    assert case["expect"] == found


@cases("endpoint_check")
def test_endpoint_check(case: dict[str, Any]) -> None:
    """A check with another value than a plain one is answered 400."""
    with pytest.raises(MalformedResponseError) as caught:
        gateway(case).answer_check(dict(case["headers"]))

    assert case["expect"].startswith(str(caught.value.http_status))


@cases("initiate_answer")
def test_initiate(case: dict[str, Any]) -> None:
    """The answer to a creation becomes a redirect to the bank, or an error."""
    bank = Recorded([HttpAnswer(case["http_status"], case["body"].encode())])
    order = attrs.evolve(order_of(case), expires_at=CLOCK + timedelta(minutes=30))

    assert case["expect"] == word_of(case, lambda: gateway(case, transport=bank).initiate(order))
    assert case["host"] == DirectHost.WORLDLINE_TEST.base


@cases("status_answer")
def test_status(case: dict[str, Any]) -> None:
    """The answer to a question has the state, the remaining amount or the error of its case."""
    bank = Recorded([HttpAnswer(case["http_status"], case["body"].encode())])
    reference = "4481347252/4481347252_0" if "Operations" in case["body"] else bank_reference_of(case)
    found: list[VerifiedPayment] = []

    def ask() -> VerifiedPayment:
        found.append(gateway(case).fetch_status(order_of(case), bank, bank_reference=reference))
        return found[0]

    assert case["expect"] == word_of(case, ask)
    assert case.get("remaining_cents") in {None, *(each.remaining.cents for each in found if each.remaining)} | {
        0 for each in found if each.remaining == Euros(0)
    }


@cases("operation_answer")
def test_operation(case: dict[str, Any]) -> None:
    """The answer to an operation has the outcome or the error of its case."""
    bank = Recorded([HttpAnswer(case["http_status"], case["body"].encode())])
    call = getattr(gateway(case), case["verb"])
    amount = Euros(500) if case["verb"] == "refund" else None

    assert case["expect"] == word_of(
        case, lambda: call(order_of(case), bank, amount=amount, bank_reference="4481347252/4481347252_0")
    )


@cases("config", "input")
def test_settings(case: dict[str, Any]) -> None:
    """A wrong setting or order is refused before anything is sent."""
    given = {**case.get("config", {}), **case.get("input", {})}
    bank = Recorded([AssertionError("nothing is sent")])

    def use() -> object:
        if "environment" in given:
            return DirectHost("CAWL", Environment(given["environment"].upper()), given["host"])
        if "same_secret" in given:
            return direct_gateway(webhook_keys=ring({"WHK": API_SECRET}, "WHK"))
        made = direct_gateway(transport=bank, merchant_id=given.pop("merchant_id", MERCHANT))
        return made.initiate(direct_order(**given))

    expected = {"ConfigurationError": ConfigurationError, "InvalidValueError": InvalidValueError}[case["expect"]]
    with pytest.raises(expected):
        use()


def test_every_case() -> None:
    """Each case of the file is run here, or is a test in this folder by its name."""
    kinds = {
        "webhook", "return", "endpoint_check", "initiate_answer", "status_answer", "operation_answer", "config",
        "input", "sequence",
    }  # fmt: skip
    apart = {case["id"] for case in FILE["cases"] if case["kind"] == "sequence"} | {"DJ8", "DJ9"}
    folder = Path(__file__).resolve().parents[2]
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("[gp]a*/**/test_*direct*.py"))
    missing = [name for name, test in ELSEWHERE.items() if f"def {test}(" not in tests]

    assert (kinds, apart) == ({case["kind"] for case in FILE["cases"]}, set(ELSEWHERE))
    assert [] == missing
