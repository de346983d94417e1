"""The tests that every gateway must pass: a class of tests to inherit from.

In the tests of a gateway, with pytest or any runner that finds ``test_`` methods and knows fixtures::

    class TestMyBank(GatewayConformance):
        @pytest.fixture
        def subject(self) -> Subject:
            return Subject(gateway=..., order=..., genuine=..., forged=..., foreign=..., secrets=...)

The tests know no bank: the subject brings genuine and forged messages, and the tests change them further.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NoReturn
from urllib.parse import quote_plus, urlencode

import attrs

from ..errors import InvalidValueError, NothingToRecordError, OrderMismatchError, ResponseRefusedError, UnsupportedError
from ..gateways.base import Capability, FormPost, Gateway
from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentOrder, PaymentState, Source, VerifiedPayment

_TEN_MILLION = 10_000_000
#: Types that no bank's notification has; the genuine message shows the right one.
_WRONG_TYPES = ("multipart/form-data; boundary=b", "image/png", "text/html")


@attrs.frozen(kw_only=True)
class Subject:
    """A gateway to test, and messages of its bank.

    Args:
        gateway: The gateway.
        order: An order that it can verify messages about.
        genuine: Builds the bank's message about an order, for a state.
        states: The states that ``genuine`` can build; PAID is one of them.
        forged: Messages about the order that are not authentic, by name: another key, another algorithm, a changed
            text, no seal, a repeated field.
        foreign: Authentic messages about another merchant, currency or environment, by name.
        ignored: Authentic messages about no payment, such as a test event, by name.
        secrets: Texts that may never be shown: keys, a masked card, an address of the genuine messages.
    """

    gateway: Gateway
    order: PaymentOrder
    genuine: Callable[[PaymentOrder, PaymentState], HttpMessage]
    states: tuple[PaymentState, ...] = (PaymentState.PAID, PaymentState.REFUSED)
    forged: Mapping[str, HttpMessage]
    foreign: Mapping[str, HttpMessage]
    secrets: tuple[str, ...]
    ignored: Mapping[str, HttpMessage] = attrs.field(factory=dict)

    @property
    def paid(self) -> HttpMessage:
        """The bank's message that the order is paid."""
        return self.genuine(self.order, PaymentState.PAID)

    def verify(self, message: HttpMessage) -> VerifiedPayment:
        """Verify a message about the order."""
        return self.gateway.verify(message, expected=self.order)


def _require_equal(expected: object, found: object, what: str) -> None:
    """Fail unless two objects are equal; ``assert`` could be switched off."""
    if expected != found:
        raise AssertionError(f"{what}: expected {expected!r}, got {found!r}")


def _error_of(function: Callable[..., object], *arguments: object) -> Exception | None:
    """Call a function, and return the exception that it raised, or ``None``."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - the type is checked by the caller
        return error
    return None


def _places(secrets: tuple[str, ...], shown: str) -> list[int]:
    """List the secrets that are shown, plain or form-encoded; by number, so that they are not shown again."""
    return [place for place, text in enumerate(secrets) if text in shown or quote_plus(text) in shown]


def _require_error(kind: type[Exception], what: str, function: Callable[..., object], *arguments: object) -> None:
    """Fail unless a function raises an error of this type."""
    found = _error_of(function, *arguments)
    met = f"{what} raised {type(found).__name__}, not {kind.__name__}"
    _require_equal(expected=True, found=isinstance(found, kind), what=met)


def _changed_bytes(message: HttpMessage) -> Iterator[HttpMessage]:
    """Yield the message with each byte of the body changed by one bit of either half, or left out."""
    body = message.body
    for place, byte in enumerate(body):
        for other in (bytes([byte ^ 1]), bytes([byte ^ 0x20]), b""):
            yield attrs.evolve(message, body=body[:place] + other + body[place + 1 :])


def _changed_headers(message: HttpMessage) -> Iterator[HttpMessage]:
    """Yield the message with each header left out, changed, or repeated under another case of its name."""
    for name, value in message.headers.items():
        others = {key: text for key, text in message.headers.items() if key != name}
        for headers in (others, {**others, name: f"{value}x"}, {**others, name: ""}, {**others, name: "é\ud800"}):
            yield attrs.evolve(message, headers=headers)
        yield attrs.evolve(message, headers={**message.headers, name.swapcase(): value})


class _NoNetwork:
    """A transport that fails: an unsupported operation must be refused before any call."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"an unsupported operation called the network: {name}")


class _LogText(logging.Handler):
    """Collects every log record, with its arguments, as text."""

    def __init__(self) -> None:
        """Start without a record."""
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record."""
        self.text += f"{record.getMessage()} {vars(record)}\n"


class GatewayConformance:
    """The tests; inherit from this class, and define a fixture ``subject``."""

    def test_genuine(self, subject: Subject) -> None:
        """A genuine message is verified, with the state that the bank reported."""
        for state in subject.states:
            payment = subject.verify(subject.genuine(subject.order, state))
            _require_equal(state, payment.state, "the state")
        paid, order = subject.verify(subject.paid), subject.order
        _require_equal(order.amount, paid.amount, "the amount")
        _require_equal(order.transaction_reference, paid.transaction_reference, "the reference")

    def test_truth(self, subject: Subject) -> None:
        """A verified payment is true for PAID only."""
        for state in subject.states:
            payment = subject.verify(subject.genuine(subject.order, state))
            _require_equal(state is PaymentState.PAID, bool(payment), f"the truth of {state}")

    def test_two_steps(self, subject: Subject) -> None:
        """Authentication needs no order and names the payment; the match with the order gives what ``verify`` gives."""
        sealed = subject.gateway.authenticate(subject.paid, source=Source.NOTIFICATION)
        _require_equal(subject.order.transaction_reference, sealed.transaction_reference, "the reference")
        _require_equal(Source.NOTIFICATION, sealed.source, "the source")
        _require_equal(subject.verify(subject.paid), sealed.match(subject.order), "the verified payment")

    def test_unknown_order(self, subject: Subject) -> None:
        """A message about an order that nobody recorded is authenticated, and no forged one is."""
        other = attrs.evolve(subject.order, transaction_reference=f"{subject.order.transaction_reference}0")
        sealed = subject.gateway.authenticate(subject.genuine(other, PaymentState.PAID))
        _require_equal(other.transaction_reference, sealed.transaction_reference, "the reference")
        for name, message in subject.forged.items():
            _require_error(ResponseRefusedError, name, subject.gateway.authenticate, message)

    def test_no_order(self, subject: Subject) -> None:
        """The result of a look-up that found nothing is refused in the place of an order."""
        sealed = subject.gateway.authenticate(subject.paid)
        _require_error(InvalidValueError, "None", sealed.match, None)

    def test_own_request(self, subject: Subject) -> None:
        """The request that the browser is given is refused when it comes back as a notification."""
        form = subject.gateway.initiate(subject.order)
        if isinstance(form, FormPost):
            body = urlencode(form.fields).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            _require_error(
                ResponseRefusedError, "our request", subject.gateway.authenticate, HttpMessage(body, headers)
            )

    def test_forged(self, subject: Subject) -> None:
        """A message that is not authentic is refused; the subject brings at least one."""
        _require_equal(expected=True, found=bool(subject.forged), what="a forged message")
        for name, message in subject.forged.items():
            _require_error(ResponseRefusedError, name, subject.verify, message)

    def test_changed(self, subject: Subject) -> None:
        """A changed genuine message is refused, or reports the same as before."""
        genuine = subject.verify(subject.paid)
        for message in (*_changed_bytes(subject.paid), *_changed_headers(subject.paid)):
            try:
                payment = subject.verify(message)
            except ResponseRefusedError:
                continue
            _require_equal(genuine, payment, "a changed message")

    def test_other_order(self, subject: Subject) -> None:
        """An authentic message about another reference or amount is a mismatch, a difference of one cent too."""
        amount, reference = subject.order.amount, subject.order.transaction_reference
        others: list[dict[str, Any]] = [
            *({"amount": other} for other in (amount + Euros(1), amount - Euros(1), Euros(amount.cents * 100))),
            *({"transaction_reference": other} for other in (reference.swapcase(), f"{reference}0", reference[:-1])),
        ]
        for changes in others:
            message = subject.genuine(attrs.evolve(subject.order, **changes), PaymentState.PAID)
            _require_error(OrderMismatchError, str(changes), subject.verify, message)

    def test_foreign(self, subject: Subject) -> None:
        """An authentic message of another merchant, or in another currency, is a mismatch."""
        _require_equal(expected=True, found=bool(subject.foreign), what="a foreign message")
        for name, message in subject.foreign.items():
            _require_error(OrderMismatchError, name, subject.verify, message)

    def test_nothing_to_record(self, subject: Subject) -> None:
        """An authentic message about no payment is neither refused nor recorded."""
        for name, message in subject.ignored.items():
            _require_error(NothingToRecordError, name, subject.gateway.authenticate, message)

    def test_twice(self, subject: Subject) -> None:
        """A body that holds the message twice is refused, however the two are joined."""
        body = subject.paid.body
        for join in (b"", b"&", b"\n", b",", b";"):
            message = attrs.evolve(subject.paid, body=body + join + body)
            _require_error(ResponseRefusedError, f"joined by {join!r}", subject.verify, message)

    def test_size(self, subject: Subject) -> None:
        """An empty body, and one of ten million bytes, is refused."""
        body = subject.paid.body
        huge = (filler * _TEN_MILLION for filler in (b" ", b"[", b"&", b"="))
        for other in (b"", b"\x00", body[:1], body + next(huge), *huge):
            message = attrs.evolve(subject.paid, body=other)
            _require_error(ResponseRefusedError, f"{len(other)} bytes", subject.gateway.authenticate, message)

    def test_content_type(self, subject: Subject) -> None:
        """A wrong content type is refused: no format is guessed."""
        others = {name: value for name, value in subject.paid.headers.items() if name.lower() != "content-type"}
        for wrong in _WRONG_TYPES:
            message = attrs.evolve(subject.paid, headers={**others, "Content-Type": wrong})
            _require_error(ResponseRefusedError, wrong, subject.verify, message)

    def test_return(self, subject: Subject) -> None:
        """The browser's return is proof where the gateway declares it, and is refused elsewhere."""
        verify = partial(subject.gateway.verify, expected=subject.order, source=Source.RETURN)
        if Capability.SEALED_RETURN in subject.gateway.capabilities:
            _require_equal(Source.RETURN, verify(subject.paid).source, "the source")
        else:
            _require_error(UnsupportedError, "an unsealed return", verify, subject.paid)

    def test_capabilities(self, subject: Subject) -> None:
        """An operation that is not declared is refused, before any call."""
        gateway = subject.gateway
        operations: dict[Capability, Callable[..., object]] = {
            Capability.STATUS: gateway.fetch_status,
            Capability.CAPTURE: gateway.capture,
            Capability.CANCEL: gateway.cancel,
            Capability.REFUND: gateway.refund,
        }
        _require_equal(set(), set(gateway.capabilities) - set(Capability), "unknown capabilities")
        for capability in operations.keys() - gateway.capabilities:
            _require_error(UnsupportedError, capability, operations[capability], subject.order, _NoNetwork())

    def test_discretion(self, subject: Subject) -> None:
        """No secret is in the repr of a gateway or a result, in an error, or in a log at DEBUG."""
        records, root = _LogText(), logging.getLogger()
        level = root.level
        root.addHandler(records)
        root.setLevel(logging.DEBUG)
        try:
            shown = [subject.gateway, str(subject.gateway), subject.paid, _error_of(subject.gateway.initiate, None)]
            shown.append(subject.gateway.authenticate(subject.paid))
            shown += [subject.verify(subject.genuine(subject.order, state)) for state in subject.states]
            for message in (*subject.forged.values(), *subject.foreign.values()):
                shown.append(_error_of(subject.verify, message))
        finally:
            root.setLevel(level)
            root.removeHandler(records)
        everything = f"{records.text} {shown!r}"
        _require_equal([], _places(subject.secrets, everything), "numbers of the secrets that are shown")

    def test_pickle(self, subject: Subject) -> None:
        """A pickled gateway holds no secret; refusing to be pickled is allowed."""
        try:
            pickled = pickle.dumps(subject.gateway)
        except Exception:  # noqa: BLE001 - any refusal will do
            return
        _require_equal([], _places(subject.secrets, pickled.decode(errors="replace")), "numbers of the secrets pickled")
