"""The fuzz targets: each accepts any bytes, and returns or raises only the errors that callers expect.

The first byte of an input chooses how far the other bytes reach: unchanged, or correctly sealed or encrypted first,
since no fuzzer forges a seal, and the code behind the seal would never run.  Each target has an oracle of time and
memory.
"""

import base64
import contextlib
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

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
from creance_pay.gateways.sips import SipsPaypageJson, read_reports
from creance_pay.gateways.sips.canonical_json import load, text_to_seal
from creance_pay.gateways.sips.data import Data, decode, write
from creance_pay.gateways.transport import HttpAnswer, Transport
from sips_merchant import body, hmac_of, order, settings, sips_gateway

Target = Callable[[bytes], None]

ENCODINGS = ("", "base64", "base64url", "BASE64", "rot13")
FILE_KEY = base64.b64encode(bytes(32)).decode()
GATEWAYS, ORDER = (sips_gateway(), SipsPaypageJson(**settings())), order()
# No input of 64 KiB costs more.  A report is a file, in which a line of two bytes is a whole record: it costs more CPU.
MAX_BYTES = 65_536
MAX_CPU_S = 0.050
MAX_CPU_S_PER_REPORT_LINE = 10e-6
MAX_MEMORY_BYTES = 20_000_000
# The fuzzer counts branches, which slows Python five to ten times; small inputs measure little but the clock.
FUZZER_ALLOWANCE = 10
_MIN_BYTES = 1_024


def _posted(depth: int, rest: bytes) -> bytes:
    """Return the body unchanged, or a form with the text sealed, plain or encoded."""
    text = rest.decode(errors="ignore")
    if depth % 3 == 1:
        return body(text)
    if depth % 3 == 2:
        encoded = base64.b64encode(text.encode()).decode()
        return body(encoded, hmac_of(encoded), Encode="base64")
    return rest


def verify(content: bytes) -> None:
    """Verify a posted form by a gateway of pairs or of JSON: it is refused, about another order, or about ours."""
    depth = content[0] if content else 0
    message = HttpMessage(_posted(depth, content[1:]))
    with contextlib.suppress(ResponseRefusedError, OrderMismatchError):
        payment = GATEWAYS[depth // 3 % 2].verify(message, expected=ORDER)
        paid = (payment.amount, payment.transaction_reference, payment.response_code)
        assert payment.state is not PaymentState.PAID or (ORDER.amount, ORDER.transaction_reference, "00") == paid


def data(content: bytes) -> None:
    """Parse a text: it is refused, or its fields are written again as the same text when each has one value."""
    encoding = ENCODINGS[content[0] % len(ENCODINGS)] if content else ""
    try:
        text = decode(content[1:].decode("utf-8", "surrogateescape"), encoding)
        found = Data.parse(text)
    except MalformedResponseError:
        return
    if found.well_formed and not found.repeated and not text.startswith("{"):  # JSON has several spellings
        assert text == write({name: values[0] for name, values in found.values.items()})


def key_file(content: bytes) -> None:
    """Read a key file: it is refused, or its ring has the current key."""
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
    """Read a report: it is refused, or each of its lines is parsed or returned as a bad one."""
    path = _scratch()
    path.write_bytes(content)
    try:
        report = read_reports(path)
    except MalformedResponseError:
        return
    numbers = [*(line.number for line in report.lines), *(line.number for line in report.bad)]
    assert len(set(numbers)) >= len(numbers) - 1  # a line is parsed or returned, and a missing last line once more


class _Answering(Transport):
    """A transport to a bank that answers with the bytes of the fuzzer."""

    def __init__(self, body: bytes) -> None:
        """Store the answer."""
        self.body = body

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a request."""
        del method, url, headers, body
        return HttpAnswer(200, self.body)


def answer(content: bytes) -> None:
    """Fetch the status of a payment: the answer is refused, unreadable, about another order, or about ours."""
    document = content[1:]
    if content[:1] > b"\x7f":
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            fields = json.loads(document)
            document = json.dumps({**fields, "seal": hmac_of(text_to_seal(load(document.decode())))}).encode()
    with contextlib.suppress(ResponseRefusedError, OrderMismatchError, GatewayUnavailableError):
        status = GATEWAYS[0].fetch_status(ORDER, _Answering(document))
        assert status.state is not PaymentState.PAID or (ORDER.amount, True) == (status.amount, bool(status))


def _scratch() -> Path:
    """Return a file of this process that other users cannot read."""
    path = Path(tempfile.gettempdir()) / f"creance-pay-fuzz-{os.getpid()}"
    path.touch(mode=0o600)
    return path


def cpu_seconds(target: Target, content: bytes) -> float:
    """Return the CPU time of one call."""
    start = time.process_time()
    target(content)
    return time.process_time() - start


def max_cpu_seconds(target: Target, content: bytes) -> float:
    """Return the bound of one call's CPU time."""
    lines = content.count(b"\n") + content.count(b"\r") if target is reports else 0
    return max(MAX_CPU_S, lines * MAX_CPU_S_PER_REPORT_LINE)


def within_bounds(target: Target, content: bytes) -> None:
    """Run a target, and check the CPU time of the better of two calls, and the growth of the process's peak memory."""
    if not _MIN_BYTES < len(content) <= MAX_BYTES:
        target(content)
        return
    before, bound = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, max_cpu_seconds(target, content)
    allowed = FUZZER_ALLOWANCE * bound
    assert cpu_seconds(target, content) <= allowed or cpu_seconds(target, content) <= allowed, "too much CPU time"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024  # Linux counts in KiB
    assert grown <= MAX_MEMORY_BYTES, "too much memory"


UNBOUNDED: dict[str, Target] = {
    "answer": answer,
    "data": data,
    "key_file": key_file,
    "reports": reports,
    "verify": verify,
}
TARGETS: dict[str, Target] = {name: partial(within_bounds, target) for name, target in UNBOUNDED.items()}
