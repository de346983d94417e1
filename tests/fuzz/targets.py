"""What is fuzzed: each target takes any bytes, and ends quietly or by an error that the house has for them.

The first byte of an input chooses how deep the others reach: as they came, or rightly sealed or encrypted beforehand,
since no fuzzer forges a seal and what lies behind it would never be seen.
"""

import base64
import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from creance_pay import HttpMessage, PaymentState
from creance_pay._secret import Secret
from creance_pay.errors import (
    ConfigurationError,
    GatewayUnavailableError,
    MalformedResponseError,
    OrderMismatchError,
    ResponseRefusedError,
)
from creance_pay.gateways import KeyRing
from creance_pay.gateways.keyfile import KEY, FileKey, encrypt
from creance_pay.gateways.sips import read_reports
from creance_pay.gateways.sips.canonical_json import load, text_to_seal
from creance_pay.gateways.sips.data import Data, decode, write
from creance_pay.gateways.transport import HttpAnswer
from sips_shop import body, hmac_of, order, shop

ENCODINGS = ("", "base64", "base64url", "BASE64", "rot13")
FILE_KEY = base64.b64encode(bytes(32)).decode()
SHOP, ORDER = shop(), order()


def _posted(depth: int, rest: bytes) -> bytes:
    """Give the body as it is, or with its text sealed: plain or encoded."""
    text = rest.decode(errors="ignore")
    if depth % 3 == 1:
        return body(text)
    if depth % 3 == 2:
        encoded = base64.b64encode(text.encode()).decode()
        return body(encoded, hmac_of(encoded), Encode="base64")
    return rest


def verify(content: bytes) -> None:
    """Verify a posted form: refused, about another order, or what the sealed text says of ours."""
    message = HttpMessage(_posted(content[0] if content else 0, content[1:]))
    with contextlib.suppress(ResponseRefusedError, OrderMismatchError):
        payment = SHOP.verify(message, expected=ORDER)
        paid = (payment.amount, payment.transaction_reference, payment.response_code)
        assert payment.state is not PaymentState.PAID or (ORDER.amount, ORDER.transaction_reference, "00") == paid


def data(content: bytes) -> None:
    """Read a text: refused, or read so that what is sound and unambiguous can be written again as it was."""
    encoding = ENCODINGS[content[0] % len(ENCODINGS)] if content else ""
    try:
        text = decode(content[1:].decode("utf-8", "surrogateescape"), encoding)
    except MalformedResponseError:
        return
    found = Data.parse(text)
    if found.well_formed and not found.repeated and not text.startswith("{"):  # JSON has several spellings
        assert text == write({name: values[0] for name, values in found.values.items()})


def key_file(content: bytes) -> None:
    """Read a key file: refused, or a ring that has its current key."""
    path = _scratch()
    if content[:1] > b"\x7f":
        inside = Secret(content[1:].decode(errors="ignore"))
        path.write_text(encrypt(inside, FileKey(KEY, Secret(FILE_KEY))), encoding="ascii")
    else:
        path.write_bytes(content[1:])
    try:
        ring = KeyRing.from_file(path, key=FILE_KEY)
    except ConfigurationError:
        return
    assert ring.current.version in ring.versions


def reports(content: bytes) -> None:
    """Read a report: refused, or each of its lines read or reported, and matched to exactly one end."""
    path = _scratch()
    path.write_bytes(content)
    try:
        report = read_reports(path)
    except MalformedResponseError:
        return
    numbers = [*(line.number for line in report.lines), *(line.number for line in report.bad)]
    assert len(set(numbers)) >= len(numbers) - 1  # a line is parsed or reported, and a missing last line once more


class _Answering:
    """A transport to a bank that answers with what the fuzzer made."""

    def __init__(self, body: bytes) -> None:
        """Keep the answer."""
        self.body = body

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Answer a form."""
        del url, fields
        return HttpAnswer(200, self.body)

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Answer a document."""
        del url, document
        return HttpAnswer(200, self.body)


def answer(content: bytes) -> None:
    """Ask for the status of a payment: the answer is refused, unreadable, about another order, or told."""
    document = content[1:]
    if content[:1] > b"\x7f":
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            fields = json.loads(document)
            document = json.dumps({**fields, "seal": hmac_of(text_to_seal(load(document.decode())))}).encode()
    with contextlib.suppress(ResponseRefusedError, OrderMismatchError, GatewayUnavailableError):
        status = SHOP.fetch_status(ORDER, _Answering(document))
        assert status.state is not PaymentState.PAID or (ORDER.amount, True) == (status.amount, bool(status))


def _scratch() -> Path:
    """Give a file for this process alone, that nobody else may read."""
    path = Path(tempfile.gettempdir()) / f"creance-pay-fuzz-{os.getpid()}"
    path.touch(mode=0o600)
    return path


TARGETS: dict[str, Callable[[bytes], None]] = {
    "answer": answer,
    "data": data,
    "key_file": key_file,
    "reports": reports,
    "verify": verify,
}
