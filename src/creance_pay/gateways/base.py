"""The contract of every gateway: build the request to the bank's page, authenticate the bank's answer.

A gateway knows no web framework and, unless the bank has to be called, no network: it turns an order into a form or an
address, and the bytes that arrived into a verified payment.

An answer is checked in two steps.  :meth:`Gateway.authenticate` parses the message once and proves that the bank sealed
it; it needs no order.  :meth:`SealedMessage.match` compares the sealed fields with the recorded order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import attrs
from markupsafe import Markup

from ..errors import UnsupportedError
from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentOrder, PaymentState, Source, VerifiedPayment

if TYPE_CHECKING:
    from .transport import Transport  # loads requests: a caller brings a transport when it needs one


_HIDDEN_INPUT = Markup('<input type="hidden" name="{}" value="{}">')
_FORM = Markup(
    '<form method="post" action="{}" accept-charset="utf-8" id="payment-form">'
    '{}<button type="submit">{}</button></form>'
)
_SUBMIT_SCRIPT = Markup('<script nonce="{}">document.getElementById("payment-form").submit()</script>')


@attrs.frozen
class FormPost:
    """A form that the browser posts to the bank.

    >>> "a=&#34;b&#34;" in FormPost("https://bank.example/pay", {"Data": 'a="b"'}).as_html(nonce="r4nd0m")
    True

    Attributes:
        action: The address of the bank's page.
        fields: The hidden fields, sealed: post them unchanged.
    """

    action: str
    fields: Mapping[str, str] = attrs.field(repr=lambda fields: f"<{', '.join(fields)}>")

    def as_html(self, nonce: str | None = None, *, button: str = "Payer") -> Markup:
        """Return the form as HTML, every value escaped.  It works without a script.

        Args:
            nonce: The nonce of the page's content security policy; with one, a script submits the form at once.
            button: The label of the button.

        Returns:
            A ``<form>``, and a ``<script>`` after it where there is a nonce.  Put it into a page with an f-string,
            ``{{ form.as_html }}`` in a Django template, or ``{{ form.as_html() }}`` in a Jinja2 template; the operator
            ``+`` escapes a plain ``str``.
        """
        inputs = Markup("").join(map(_HIDDEN_INPUT.format, self.fields.keys(), self.fields.values()))
        form = _FORM.format(self.action, inputs, button)
        return form + _SUBMIT_SCRIPT.format(nonce) if nonce else form


@attrs.frozen
class Redirect:
    """An address that the browser goes to.

    Attributes:
        url: The address of the bank's page, for this payment alone.
    """

    url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class SealedMessage(ABC):
    """A message that the bank sealed, parsed once and not yet matched with an order.

    It reports no state: :meth:`match` returns one, for the order that the message is about.

    Attributes:
        transaction_reference: The reference of the payment that the message is about.
        source: The way the message came.
        key_version: The version of the key that authenticated the message; ``None`` where keys have no versions.
    """

    transaction_reference: str
    source: Source
    key_version: str | None = None

    @abstractmethod
    def match(self, order: PaymentOrder) -> VerifiedPayment:
        """Compare the message with the recorded order.

        Args:
            order: The order as it was recorded before the browser left.

        Returns:
            What the message reports about the order.

        Raises:
            OrderMismatchError: when merchant, reference, amount or currency differ: answer 200, raise an incident.
            InvalidValueError: when ``order`` is not a :class:`~creance_pay.PaymentOrder`.
        """


class OperationOutcome(StrEnum):
    """The result of a capture, a cancellation or a refund; a closed list."""

    #: The bank has done it, or will do it this night.
    DONE = "DONE"
    #: The state of the payment does not allow it: ask for the state, then perhaps cancel instead of refunding.
    IMPOSSIBLE = "IMPOSSIBLE"
    #: The bank does not know the payment.
    NOT_FOUND = "NOT_FOUND"
    #: The bank, or the card's bank, has refused.
    REFUSED = "REFUSED"
    #: The request was wrong: the operator has to act.
    ERROR = "ERROR"
    #: It may have been done: ask for the state before repeating it.
    UNKNOWN = "UNKNOWN"


@attrs.frozen(kw_only=True)
class OperationResult:
    """An authentic answer to a capture, a cancellation or a refund.

    Attributes:
        outcome: The result, in the library's words.
        response_code: The bank's own code, as it came.
        remaining: The amount that is left.
        at: The bank's time, with its time zone.
        raw: Every field of the answer, in the vendor's spelling, each with all its values.
    """

    outcome: OperationOutcome
    response_code: str | None = None
    remaining: Euros | None = None
    at: datetime | None = None
    raw: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Return ``True`` for DONE only, so that a careless condition is a safe one."""
        return self.outcome is OperationOutcome.DONE


@attrs.frozen(kw_only=True)
class ReportLine:
    """One line of a bank's report.

    Attributes:
        number: Its number in the file, from 1.
        transaction_reference: The payment it is about.
        amount: The amount; ``None`` where the report has no such column, or an empty cell.
        state: The state that it reports.
        at: The bank's time, with its time zone.
        currency: The currency, as the bank writes it.
        values: Every column, unknown ones included, in the vendor's spelling.
    """

    number: int
    transaction_reference: str
    amount: Euros | None
    state: PaymentState
    at: datetime | None
    currency: str | None
    values: Mapping[str, str] = attrs.field(repr=False, hash=False)


class Capability(StrEnum):
    """An operation that a gateway may offer beyond ``initiate``, ``authenticate`` and ``verify``."""

    #: ``fetch_status``: ask the bank for the state of a payment.
    STATUS = "STATUS"
    #: ``capture``: debit an authorised payment.
    CAPTURE = "CAPTURE"
    #: ``cancel``: give up a payment that is not debited yet.
    CANCEL = "CANCEL"
    #: ``refund``: give money back.
    REFUND = "REFUND"
    #: The browser's return is sealed, and proves as much as a notification.
    SEALED_RETURN = "SEALED_RETURN"


class Gateway(ABC):
    """The methods that every bank's gateway has; an operation that a gateway lacks raises ``UnsupportedError``.

    The caller's code is the same for every bank.  ``initiate`` needs only the order: a gateway that has to call its
    bank to create the payment page takes its transport when it is built.  Later questions take a transport with the
    call, since they run elsewhere, in a job, with longer time-outs.

    A bank whose return proves nothing lacks ``SEALED_RETURN``: ``authenticate(..., source=Source.RETURN)`` raises
    :class:`~creance_pay.errors.UnsupportedError`, and ``fetch_status`` tells the state.

    Attributes:
        capabilities: The operations that the gateway offers beyond ``initiate``, ``authenticate`` and ``verify``.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    @abstractmethod
    def initiate(self, order: PaymentOrder) -> FormPost | Redirect:
        """Build the form or the address that brings the browser to the bank's page.

        Raises:
            InvalidValueError: when the bank would refuse a field of the order.
            GatewayUnavailableError: when the bank has to be called and does not answer.
        """

    @abstractmethod
    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> SealedMessage:
        """Parse a message once, and prove that the bank sealed it.  Needs no order.

        Args:
            message: The message as it arrived.
            source: The way it came: a notification of the bank's server, or the browser's return.

        Raises:
            ResponseRefusedError: when the message is not authentic or not readable: answer 400.
            UnsupportedError: for a return, where the bank does not seal its returns.
        """

    def verify(
        self, message: HttpMessage, *, expected: PaymentOrder, source: Source = Source.NOTIFICATION
    ) -> VerifiedPayment:
        """Authenticate a message and match it with an order, in one call.

        Args:
            message: The message as it arrived.
            expected: The order as it was recorded before the browser left.
            source: The way the message came.

        Raises:
            ResponseRefusedError: as :meth:`authenticate`.
            OrderMismatchError: as :meth:`SealedMessage.match`.
            UnsupportedError: as :meth:`authenticate`.
        """
        return self.authenticate(message, source=source).match(expected)

    def fetch_status(self, order: PaymentOrder, transport: Transport) -> VerifiedPayment:
        """Ask the bank for the state of a payment, and verify its answer as strictly as a notification.

        Raises:
            UnsupportedError: without ``Capability.STATUS``.
            GatewayUnavailableError: when the bank does not answer.
        """
        raise self._unsupported(Capability.STATUS)

    def capture(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Debit an authorised payment, whole or in part.

        Raises:
            UnsupportedError: without ``Capability.CAPTURE``.
            GatewayUnavailableError: when the bank does not answer: it may have done it nevertheless.
        """
        raise self._unsupported(Capability.CAPTURE)

    def cancel(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Give up a payment that is not debited yet, whole or in part.

        Raises:
            UnsupportedError: without ``Capability.CANCEL``.
            GatewayUnavailableError: when the bank does not answer: it may have done it nevertheless.
        """
        raise self._unsupported(Capability.CANCEL)

    def refund(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Give money back, the whole amount or a part.

        Raises:
            UnsupportedError: without ``Capability.REFUND``.
            GatewayUnavailableError: when the bank does not answer: it may have done it nevertheless.
        """
        raise self._unsupported(Capability.REFUND)

    def _unsupported(self, capability: Capability) -> UnsupportedError:
        return UnsupportedError(f"{type(self).__name__} does not offer {capability}")
