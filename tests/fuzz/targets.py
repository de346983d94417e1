"""What is fuzzed: each target takes any bytes, and ends quietly or by an error that the house has for them.

The first byte of an input chooses how deep the others reach: as they came, or rightly sealed or encrypted beforehand,
since no fuzzer forges a seal and what lies behind it would never be seen.
"""

import base64
import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from creance_pay import ConfigurationError, MalformedResponseError, OrderMismatchError, Outcome, ResponseRefusedError
from creance_pay.gateways import HttpMessage, KeyRing
from creance_pay.gateways.hidden import Hidden
from creance_pay.gateways.keyfile import KEY, FileKey, encrypted
from creance_pay.gateways.sips.data import Data, decode, write
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
    with contextlib.suppress(ResponseRefusedError):
        SHOP.peek(message)
    with contextlib.suppress(ResponseRefusedError, OrderMismatchError):
        payment = SHOP.verify(message, expected=ORDER)
        paid = (payment.amount, payment.transaction_reference, payment.response_code)
        assert payment.outcome is not Outcome.PAID or (ORDER.amount, ORDER.transaction_reference, "00") == paid


def data(content: bytes) -> None:
    """Read a text: refused, or read so that what is sound and unambiguous can be written again as it was."""
    encoding = ENCODINGS[content[0] % len(ENCODINGS)] if content else ""
    try:
        text = decode(content[1:].decode("utf-8", "surrogateescape"), encoding)
    except MalformedResponseError:
        return
    found = Data.parse(text)
    if found.sound and not found.repeated():
        assert text == write({name: values[0] for name, values in found.values.items()})


def key_file(content: bytes) -> None:
    """Read a key file: refused, or a ring that has its current key."""
    path = _scratch()
    if content[:1] > b"\x7f":
        inside = Hidden(content[1:].decode(errors="ignore"))
        path.write_text(encrypted(inside, FileKey(KEY, Hidden(FILE_KEY))), encoding="ascii")
    else:
        path.write_bytes(content[1:])
    try:
        ring = KeyRing.from_file(path, key=FILE_KEY)
    except ConfigurationError:
        return
    assert ring.current.version in ring.versions


def _scratch() -> Path:
    """Give a file for this process alone, that nobody else may read."""
    path = Path(tempfile.gettempdir()) / f"creance-pay-fuzz-{os.getpid()}"
    path.touch(mode=0o600)
    return path


TARGETS: dict[str, Callable[[bytes], None]] = {"verify": verify, "data": data, "key_file": key_file}
