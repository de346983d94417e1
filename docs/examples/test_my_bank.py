"""The tests of the gateway in ``my_bank.py``."""

import json

import pytest
from my_bank import MyBank

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.gateways import SealAlgorithm, SecretKey, seal
from creance_pay.testing import GatewayConformance, Subject

KEY, OTHER_KEY = (
    SecretKey(version="1", secret=text) for text in ("a-key-made-up-for-this-page", "another-key-made-up-for-this-page")
)
ORDER = PaymentOrder(
    transaction_reference="PCLCB172540000004",
    amount=Euros(2000),
    return_url="https://portal.example/return",
    notification_url="https://portal.example/notification",
)
STATUS = {PaymentState.PAID: "captured", PaymentState.REFUSED: "rejected"}


def notification(
    order: PaymentOrder, state: PaymentState = PaymentState.PAID, *, key: SecretKey = KEY, **changes: str
) -> HttpMessage:
    """Build a notification as the bank does."""
    fields = {
        "merchant": "m-1",
        "reference": order.transaction_reference,
        "amount": order.amount.cents,
        "currency": "EUR",
        "status": STATUS[state],
        **changes,
    }
    text = json.dumps(fields)
    headers = {"Content-Type": "application/json", "X-Seal": seal(text, key, SealAlgorithm.HMAC_SHA_256)}
    return HttpMessage(text.encode(), headers)


class TestMyBank(GatewayConformance):
    """The conformance tests, for this gateway."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Build the gateway and its messages."""
        return Subject(
            gateway=MyBank(merchant="m-1", key=KEY),
            order=ORDER,
            genuine=notification,
            forged={
                "another key": notification(ORDER, key=OTHER_KEY),
                "no seal": HttpMessage(notification(ORDER).body, {"Content-Type": "application/json"}),
            },
            foreign={
                "another merchant": notification(ORDER, merchant="m-2"),
                "another currency": notification(ORDER, currency="GBP"),
            },
            secrets=(KEY.get_secret_value(),),
        )
