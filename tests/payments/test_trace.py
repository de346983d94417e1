"""The path of a notification, from its bytes to its recorded event."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import creance_pay
from creance_pay import Euros, HttpMessage, NoticeReference
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.ledger import Effect, MemoryLedger
from creance_pay.payments import PaymentService
from creance_pay.testing.sips import SipsBank, form_body

Call = tuple[str, str]

SOURCE = Path(creance_pay.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "path-of-a-notification.md"
ROW = re.compile(r"^\| `([\w.]+)` \| `([\w./]+\.py)` \|", re.MULTILINE)
# Private functions, and those that Python or a tool makes.
PRIVATE = re.compile(r"(?:^|\.)[_<]|__")
# The files that a notification enters, by layer, in the order of the first entry.
FILES = {
    "payments": ["service.py", "inbox.py", "telemetry.py", "results.py"],
    "gateways": [
        "sips/paypage.py", "sips/responses.py", "sips/data.py", "sips/merchant.py", "keys.py", "seals.py",
        "sips/response_codes.py",
    ],
    "ledger": ["records.py", "ledger.py", "memory.py", "recording.py", "transitions.py", "outbox.py"],
    "values": ["_clock.py", "http.py", "_secret.py", "money.py", "_log.py"],
}  # fmt: skip


@contextmanager
def traced(calls: list[Call]) -> Iterator[None]:
    """Append each public function of the package that is called, with its file."""

    def note(frame: FrameType, event: str, _: object) -> None:
        code, path = frame.f_code, Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(SOURCE) and PRIVATE.search(code.co_qualname) is None:
            calls.append((code.co_qualname, path.relative_to(SOURCE).as_posix()))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """Record a notification of Sips that a payment is paid."""
    keys = KeyRing([SecretKey(version="1", secret="a-key-made-up-for-this-test")], current="1")
    gateway = SipsPaypage(merchant_id="201000005940002", keys=keys, host=SipsHost.loopback("http://127.0.0.1"))
    service = PaymentService(gateway, MemoryLedger(), effects=[Effect(name="acknowledgement", run=print)])
    started = service.start(
        Euros(2000),
        {NoticeReference.parse("6311 7054 0000 0344 F"): Euros(2000)},
        return_url="http://127.0.0.1/return",
        notification_url="http://127.0.0.1/notification",
    )
    bank = SipsBank({"201000005940002": keys})
    request = bank.receive(started.form.fields)
    message = HttpMessage(form_body(bank.answer(request, bank.pay(request, "5017670000001800"))))
    found: list[Call] = []
    with traced(found):
        answer = service.on_notification(message)
    assert 200 == answer.http_status
    return found


def test_files(calls: list[Call]) -> None:
    """A notification enters these files: each layer's, each once in the list."""
    entered: dict[str, list[str]] = {layer: [] for layer in FILES}
    for file in dict.fromkeys(file for _, file in calls):
        layer, slash, name = file.partition("/")
        entered[layer if slash else "values"].append(name if slash else file)

    assert FILES == entered


def test_page(calls: list[Call]) -> None:
    """The page on payments lists the functions in the order of their first visit."""
    assert list(dict.fromkeys(calls)) == ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("function", ["parse_form", "Data.parse"])
def test_one_parse(calls: list[Call], function: str) -> None:
    """The body and the sealed text are parsed once."""
    assert 1 == [name for name, _ in calls].count(function)
