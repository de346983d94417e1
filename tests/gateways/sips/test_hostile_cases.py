"""Each message of the hostile cases, by the gateway of their own merchant and order."""

from typing import Any

import pytest

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import CreancePayError, OrderMismatchError, ResponseRefusedError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from sips_merchant import body, changed, read_cases, sips_gateway, verify

CASES = read_cases("hostile_cases.json")
FIXTURE = CASES["fixture"]
MESSAGES: list[dict[str, Any]] = CASES["messages"]
# The two that are too large for a file, from their titles; both would be genuine but for their size.
TOO_LARGE = {
    "B36": body(changed(returnContext="x" * 10_000_000)),
    "B37": body(changed() + "|a=1" * 100_000),
}
# The words of the cases that are not states.
ERRORS = {"REFUSE": ResponseRefusedError, "MISMATCH": OrderMismatchError}
RESPONSES = {"ASK": PaymentState.UNKNOWN, "DENIED": PaymentState.REFUSED}


def body_of(case: dict[str, Any]) -> bytes:
    """Return the bytes that arrive."""
    return TOO_LARGE[case["id"]] if case["body_hmac"] is None else case["body_hmac"].encode("ascii")


def fixture_gateway() -> SipsPaypage:
    """Build the gateway as the fixture says, in production."""
    keys = [SecretKey(version=version, secret=secret) for version, secret in FIXTURE["keys"].items()]
    return SipsPaypage(
        merchant_id=FIXTURE["merchantId"],
        keys=KeyRing(keys, current="2"),
        host=SipsHost.WORLDLINE_PRODUCTION,
        algorithm=SealAlgorithm(FIXTURE["algorithm"]),
    )


def fixture_order() -> PaymentOrder:
    """Return the recorded order of the fixture."""
    return PaymentOrder(
        transaction_reference=FIXTURE["order"]["transactionReference"],
        amount=Euros(FIXTURE["order"]["amount"]),
        return_url="https://portal.example/return",
        notification_url="https://portal.example/notification",
    )


def meaning(word: str) -> PaymentState | type[CreancePayError]:
    """Translate a word of the cases."""
    return ERRORS.get(word) or RESPONSES.get(word) or PaymentState(word)


def became(case: dict[str, Any]) -> PaymentState | type[CreancePayError]:
    """Return the result of a message: a state, or the type of the error."""
    try:
        return fixture_gateway().verify(HttpMessage(body_of(case)), expected=fixture_order()).state
    except (ResponseRefusedError, OrderMismatchError) as error:
        return next(family for family in ERRORS.values() if isinstance(error, family))


@pytest.mark.parametrize("case", MESSAGES, ids=[case["id"] for case in MESSAGES])
def test_case(case: dict[str, Any]) -> None:
    """A message has the result of its row."""
    assert meaning(case["expect"]) == became(case)


def shown(case: dict[str, Any]) -> str:
    """Return the text of a message's payment or error."""
    try:
        return repr(fixture_gateway().verify(HttpMessage(body_of(case)), expected=fixture_order()))
    except CreancePayError as error:
        return f"{error!r} {error}"


def test_discretion() -> None:
    """No payment and no error shows a secret, a seal or a part of the message (H7)."""
    secrets = [*FIXTURE["keys"].values(), FIXTURE["public_simulator_key"], "552e258f70e3af1f"]

    assert [] == [case["id"] for case in MESSAGES for secret in secrets if secret in shown(case)]


def test_all_here() -> None:
    """Each letter of the groups A to D has messages, and each body that a row lacks is built here."""
    assert ({"A", "B", "C", "D"}, set(TOO_LARGE)) == (
        {case["id"][0] for case in MESSAGES},
        {case["id"] for case in MESSAGES if case["body_hmac"] is None},
    )


def test_control() -> None:
    """The message that the others differ from is a payment, with everything in its place."""
    payment = verify(body(changed()))

    assert (PaymentState.PAID, Euros(1600), "REF1", "011223744550001", "00", "2") == (
        payment.state,
        payment.amount,
        payment.transaction_reference,
        payment.merchant_id,
        payment.response_code,
        payment.key_version,
    )


def test_independent_seal() -> None:
    """The tests' own builder of messages gives the bytes of the control."""
    assert MESSAGES[0]["body_hmac"].encode() == body(changed())


def test_same_merchant() -> None:
    """The tests' own merchant is that of the fixture."""
    assert FIXTURE["merchantId"] == sips_gateway().merchant.merchant_id
