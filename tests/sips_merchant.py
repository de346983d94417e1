"""The merchant of the hostile cases, its order, and messages that are sealed without the library's own code."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from creance_pay import Euros, HttpMessage, PaymentOrder, VerifiedPayment
from creance_pay.errors import CreancePayError
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage

CASES = Path(__file__).resolve().parent / "cases"
MERCHANT = "011223744550001"
SECRETS = {"2": "a-secret-of-the-shop", "1": "old-key-of-the-shop"}
SECRET = SECRETS["2"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RETURN_URL = "https://portal.example/return"
NOTIFICATION_URL = "https://portal.example/notification"

# The message A0 of the hostile cases, from which each of the others differs by one thing.
GENUINE = {
    "merchantId": MERCHANT,
    "transactionReference": "REF1",
    "amount": "1600",
    "currencyCode": "978",
    "responseCode": "00",
    "keyVersion": "2",
    "captureMode": "AUTHOR_CAPTURE",
}


def read_cases(name: str) -> dict[str, Any]:
    """Read a file of cases."""
    cases: dict[str, Any] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


def ring() -> KeyRing:
    """Return the merchant's keys, in the middle of a rotation."""
    return KeyRing([SecretKey(version=version, secret=secret) for version, secret in SECRETS.items()], current="2")


def settings(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any argument of the gateway
    """Return the arguments of the merchant's gateway, by default in production."""
    usual = {"merchant_id": MERCHANT, "keys": ring(), "host": SipsHost.WORLDLINE_PRODUCTION, "clock": lambda: NOON}
    return {**usual, **changes}


def sips_gateway(**changes: Any) -> SipsPaypage:  # noqa: ANN401 - any argument of the gateway
    """Build the merchant's gateway; the default host is production."""
    return SipsPaypage(**settings(**changes))


def local_gateway(**changes: Any) -> SipsPaypage:  # noqa: ANN401 - any argument of the gateway
    """Build a gateway for a bank's page on this machine."""
    return sips_gateway(host=SipsHost.loopback("http://127.0.0.1:8080"), **changes)


def order(**changes: Any) -> PaymentOrder:  # noqa: ANN401 - any field of the order
    """Build the order REF1 of 16.00 EUR."""
    fields: dict[str, Any] = {
        "transaction_reference": "REF1",
        "amount": Euros(1600),
        "return_url": RETURN_URL,
        "notification_url": NOTIFICATION_URL,
        **changes,
    }
    return PaymentOrder(**fields)


def text_of(fields: dict[str, str]) -> str:
    """Join fields as the bank does."""
    return "|".join(f"{name}={value}" for name, value in fields.items())


def changed(*absent: str, **changes: str) -> str:
    """Return the text of the genuine message with some fields changed, added or left out."""
    return text_of({name: value for name, value in {**GENUINE, **changes}.items() if name not in absent})


def hmac_of(text: str, secret: str = SECRET) -> str:
    """Seal with Python's own HMAC-SHA-256."""
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()


def sha_of(text: str, secret: str = SECRET) -> str:
    """Seal in the legacy way."""
    return hashlib.sha256((text + secret).encode()).hexdigest()


def body(text: str, seal: str | None = None, **outer: str) -> bytes:
    """Build the form that the bank posts; by default with the right seal."""
    fields = {"Data": text, "Seal": hmac_of(text) if seal is None else seal, "InterfaceVersion": "HP_3.4", **outer}
    return urlencode(fields).encode()


def verify(
    posted: bytes, *, gateway: SipsPaypage | None = None, expected: PaymentOrder | None = None
) -> VerifiedPayment:
    """Verify a posted form; the default order is REF1."""
    return (gateway or sips_gateway()).verify(HttpMessage(posted), expected=expected or order())


def error_of(call: Callable[..., object], *arguments: object, **named: object) -> CreancePayError | None:
    """Return the error of this package that a call raises; ``None`` when it raises none."""
    try:
        call(*arguments, **named)
    except CreancePayError as error:
        return error
    return None


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """Set the machine's time zone until the block ends."""
    try:
        with patch.dict("os.environ", TZ=zone):
            time.tzset()
            yield
    finally:
        time.tzset()
