"""What every gateway has to withstand, whoever wrote it: a class of tests to inherit from.

In the tests of a gateway, with pytest or any runner that finds ``test_`` methods and knows fixtures::

    class TestMyBank(GatewayConformance):
        @pytest.fixture
        def subject(self) -> Subject:
            return Subject(gateway=..., order=..., genuine=..., forged=..., foreign=..., secrets=...)

Nothing here knows a bank: the subject brings genuine messages and forged ones, and the tests spoil them further.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NoReturn
from urllib.parse import quote_plus

import attrs

from ..errors import OrderMismatchError, ResponseRefusedError, UnsupportedError
from ..gateways.base import Capability, Gateway
from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentOrder, PaymentState, Source, VerifiedPayment

_HUGE = 10_000_000
#: Types that are no bank's notification; which one is right, the genuine message shows.
_WRONG_TYPES = ("multipart/form-data; boundary=b", "image/png", "text/html")


@attrs.frozen(kw_only=True)
class Subject:
    """A gateway to judge, and what its bank would send.

    Args:
        gateway: The gateway.
        order: An order that it can verify messages about.
        genuine: Makes the bank's message about any order, for an outcome.
        outcomes: The outcomes that it can make; PAID is among them.
        forged: Messages about the order that are not authentic, by a name for each: another key, another algorithm, a
            changed text, no seal, a field twice.
        foreign: Authentic messages that are about another shop, currency or environment, by a name for each.
        secrets: What may never be seen: keys, a masked card, an address of the genuine messages.
    """

    gateway: Gateway
    order: PaymentOrder
    genuine: Callable[[PaymentOrder, PaymentState], HttpMessage]
    outcomes: tuple[PaymentState, ...] = (PaymentState.PAID, PaymentState.REFUSED)
    forged: Mapping[str, HttpMessage]
    foreign: Mapping[str, HttpMessage]
    secrets: tuple[str, ...]

    @property
    def paid(self) -> HttpMessage:
        """The bank's message that the order is paid."""
        return self.genuine(self.order, PaymentState.PAID)

    def verify(self, message: HttpMessage) -> VerifiedPayment:
        """Verify a message about the order."""
        return self.gateway.verify(message, expected=self.order)


def _demand_same(expected: object, found: object, what: str) -> None:
    """Fail unless two things are equal; no ``assert``, which Python can be told to leave out."""
    if expected != found:
        raise AssertionError(f"{what}: expected {expected!r}, got {found!r}")


def _error_of(function: Callable[..., object], *arguments: object) -> Exception | None:
    """Call a function, and give what it raised."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return error
    return None


def _places(secrets: tuple[str, ...], shown: str) -> list[int]:
    """List which of the secrets are shown, as they are or as a form carries them; by number, not to show them again."""
    return [place for place, text in enumerate(secrets) if text in shown or quote_plus(text) in shown]


def _demand_error(kind: type[Exception], what: str, function: Callable[..., object], *arguments: object) -> None:
    """Fail unless a function raises an error of this type."""
    found = _error_of(function, *arguments)
    met = f"{what} met {type(found).__name__}, not {kind.__name__}"
    _demand_same(expected=True, found=isinstance(found, kind), what=met)


def _spoiled_bytes(message: HttpMessage) -> Iterator[HttpMessage]:
    """Change each byte of the body in turn, by one bit of either half, and leave each one out."""
    body = message.body
    for place, byte in enumerate(body):
        for other in (bytes([byte ^ 1]), bytes([byte ^ 0x20]), b""):
            yield attrs.evolve(message, body=body[:place] + other + body[place + 1 :])


def _spoiled_headers(message: HttpMessage) -> Iterator[HttpMessage]:
    """Leave each header out, change it, and repeat it under another case of its name."""
    for name, value in message.headers.items():
        others = {key: text for key, text in message.headers.items() if key != name}
        for headers in (others, {**others, name: f"{value}x"}, {**others, name: ""}, {**others, name: "é\ud800"}):
            yield attrs.evolve(message, headers=headers)
        yield attrs.evolve(message, headers={**message.headers, name.swapcase(): value})


class _NoNetwork:
    """A transport for operations that must be refused before they reach any network."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a refused operation reached for the network: {name}")


class _Records(logging.Handler):
    """Every record that is logged, with its arguments, as text."""

    def __init__(self) -> None:
        """Begin without a record."""
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.text += f"{record.getMessage()} {vars(record)}\n"


class GatewayConformance:
    """The tests; inherit from it, and give a fixture ``subject``."""

    def test_genuine(self, subject: Subject) -> None:
        """A genuine message is verified, with the outcome that the bank meant."""
        for outcome in subject.outcomes:
            payment = subject.verify(subject.genuine(subject.order, outcome))
            _demand_same(outcome, payment.state, "the outcome")
        paid, order = subject.verify(subject.paid), subject.order
        _demand_same(order.amount, paid.amount, "the amount")
        _demand_same(order.transaction_reference, paid.transaction_reference, "the reference")

    def test_truth(self, subject: Subject) -> None:
        """A verified payment is true for money that was paid, and for nothing else (H17)."""
        for outcome in subject.outcomes:
            payment = subject.verify(subject.genuine(subject.order, outcome))
            _demand_same(outcome is PaymentState.PAID, bool(payment), f"the truth of {outcome}")

    def test_forged(self, subject: Subject) -> None:
        """A message that is not authentic is refused, and there is a forged one to see it."""
        _demand_same(expected=True, found=bool(subject.forged), what="a forged message")
        for name, message in subject.forged.items():
            _demand_error(ResponseRefusedError, name, subject.verify, message)

    def test_spoiled(self, subject: Subject) -> None:
        """Whatever is changed in a genuine message, it is refused, or says what it said before (J6, J8, J9)."""
        genuine = subject.verify(subject.paid)
        for message in (*_spoiled_bytes(subject.paid), *_spoiled_headers(subject.paid)):
            try:
                payment = subject.verify(message)
            except ResponseRefusedError:
                continue
            _demand_same(genuine, payment, "a spoiled message")

    def test_other_order(self, subject: Subject) -> None:
        """An authentic message about another reference or amount is a mismatch, by a cent too (J12, J27)."""
        amount, reference = subject.order.amount, subject.order.transaction_reference
        others: list[dict[str, Any]] = [
            *({"amount": other} for other in (amount + Euros(1), amount - Euros(1), Euros(amount.cents * 100))),
            *({"transaction_reference": other} for other in (reference.swapcase(), f"{reference}0", reference[:-1])),
        ]
        for changes in others:
            message = subject.genuine(attrs.evolve(subject.order, **changes), PaymentState.PAID)
            _demand_error(OrderMismatchError, str(changes), subject.verify, message)

    def test_foreign(self, subject: Subject) -> None:
        """An authentic message of another shop, or in another currency, is a mismatch (J15)."""
        _demand_same(expected=True, found=bool(subject.foreign), what="a foreign message")
        for name, message in subject.foreign.items():
            _demand_error(OrderMismatchError, name, subject.verify, message)

    def test_twice(self, subject: Subject) -> None:
        """A body that holds the message twice is refused, however the two are joined (A12, B2, J26)."""
        body = subject.paid.body
        for join in (b"", b"&", b"\n", b",", b";"):
            message = attrs.evolve(subject.paid, body=body + join + body)
            _demand_error(ResponseRefusedError, f"joined by {join!r}", subject.verify, message)

    def test_size(self, subject: Subject) -> None:
        """Nothing, and too much of anything, is refused (B36, B45)."""
        body = subject.paid.body
        for other in (b"", b"\x00", body[:1], body + b" " * _HUGE, b"[" * _HUGE, b"&" * _HUGE, b"=" * _HUGE):
            message = attrs.evolve(subject.paid, body=other)
            _demand_error(ResponseRefusedError, f"{len(other)} bytes", subject.verify, message)
            _demand_error(ResponseRefusedError, f"{len(other)} bytes to peek at", subject.gateway.peek, message)

    def test_content_type(self, subject: Subject) -> None:
        """A wrong content type is refused: nothing is guessed (B41)."""
        others = {name: value for name, value in subject.paid.headers.items() if name.lower() != "content-type"}
        for wrong in _WRONG_TYPES:
            message = attrs.evolve(subject.paid, headers={**others, "Content-Type": wrong})
            _demand_error(ResponseRefusedError, wrong, subject.verify, message)

    def test_peek(self, subject: Subject) -> None:
        """Peeking gives the reference, perhaps of a forged message too, and changes nothing about belief."""
        _demand_same(subject.order.transaction_reference, subject.gateway.peek(subject.paid), "the reference")
        for name, message in subject.forged.items():
            found = _error_of(subject.gateway.peek, message)
            _demand_same(expected=True, found=isinstance(found, ResponseRefusedError | None), what=f"peek: {name}")
            _demand_error(ResponseRefusedError, f"{name}, after a peek", subject.verify, message)

    def test_return(self, subject: Subject) -> None:
        """What the browser carries back is proof where the gateway says so, and is not taken for one elsewhere (J7)."""
        verify = partial(subject.gateway.verify, expected=subject.order, source=Source.RETURN)
        if Capability.SEALED_RETURN in subject.gateway.capabilities:
            _demand_same(Source.RETURN, verify(subject.paid).source, "the source")
        else:
            _demand_error(UnsupportedError, "a return that proves nothing", verify, subject.paid)

    def test_capabilities(self, subject: Subject) -> None:
        """An operation that is not declared is refused, before any network."""
        gateway = subject.gateway
        operations: dict[Capability, Callable[..., object]] = {
            Capability.STATUS: gateway.fetch_status,
            Capability.CAPTURE: gateway.capture,
            Capability.CANCEL: gateway.cancel,
            Capability.REFUND: gateway.refund,
        }
        _demand_same(set(), set(gateway.capabilities) - set(Capability), "unknown capabilities")
        for capability in operations.keys() - gateway.capabilities:
            _demand_error(UnsupportedError, capability, operations[capability], subject.order, _NoNetwork())

    def test_discretion(self, subject: Subject) -> None:
        """No secret is in what a gateway or an answer shows, in an error, or in any log at DEBUG (H1 to H7)."""
        records, root = _Records(), logging.getLogger()
        level = root.level
        root.addHandler(records)
        root.setLevel(logging.DEBUG)
        try:
            shown = [subject.gateway, str(subject.gateway), subject.paid, _error_of(subject.gateway.initiate, None)]
            shown += [subject.verify(subject.genuine(subject.order, outcome)) for outcome in subject.outcomes]
            for message in (*subject.forged.values(), *subject.foreign.values()):
                shown.append(_error_of(subject.verify, message))
        finally:
            root.setLevel(level)
            root.removeHandler(records)
        everything = f"{records.text} {shown!r}"
        _demand_same([], _places(subject.secrets, everything), "places of the secrets that are shown")

    def test_pickle(self, subject: Subject) -> None:
        """A gateway leaves no process with its secrets (H4)."""
        try:
            pickled = pickle.dumps(subject.gateway)
        except Exception:  # noqa: BLE001 - refusing to be pickled is as good
            return
        _demand_same([], _places(subject.secrets, pickled.decode(errors="replace")), "places of the secrets pickled")
