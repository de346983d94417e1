"""What every gateway is: a way out to a bank's page, and a verified answer back.

Nothing here touches a network or a framework: a gateway turns an order into a form or an address, and the bytes that
arrived into a verified answer.  The caller moves the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, ClassVar, Protocol

import attrs

from ..errors import UnsupportedError
from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentOrder, Source, VerifiedPayment

if TYPE_CHECKING:
    from .transport import Transport  # which loads requests: a caller brings one when it needs it


class OperationOutcome(StrEnum):
    """What became of a capture, a cancellation or a refund; a closed list."""

    #: The bank has done it, or will this night.
    DONE = "DONE"
    #: The state of the payment does not allow it: ask for the state, then perhaps cancel instead of refunding.
    IMPOSSIBLE = "IMPOSSIBLE"
    #: The bank does not know the payment.
    NOT_FOUND = "NOT_FOUND"
    #: The bank, or the card's, has said no.
    REFUSED = "REFUSED"
    #: The request itself was wrong: for the operator.
    ERROR = "ERROR"
    #: It may have been done: ask for the state, and never repeat it blindly.
    UNKNOWN = "UNKNOWN"


@attrs.frozen(kw_only=True)
class OperationResult:
    """What an authentic answer says of a capture, a cancellation or a refund; it exists only when every check passed.

    Attributes:
        outcome: What became of it, in our words.
        response_code: The bank's own code, as it came.
        new_status: The bank's own word for the payment's state afterwards.
        remaining: What is left of the amount.
        at: The bank's time, with its time zone.
        raw: Every field of the answer, in the vendor's spelling, each with all its values.
    """

    outcome: OperationOutcome
    response_code: str | None = None
    new_status: str | None = None
    remaining: Euros | None = None
    at: datetime | None = None
    raw: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Be true for what is done alone, so that a careless condition is a safe one."""
        return self.state is OperationOutcome.DONE


class Capability(StrEnum):
    """What a gateway may offer beyond a way out and a verified answer."""

    #: ``fetch_status``: the bank can be asked what became of a payment.
    STATUS = "STATUS"
    #: ``capture``: an authorised payment can be debited.
    CAPTURE = "CAPTURE"
    #: ``cancel``: what is not yet debited can be given up.
    CANCEL = "CANCEL"
    #: ``refund``: money can be given back.
    REFUND = "REFUND"
    #: What the browser carries back is proof, as the notification is.
    SEALED_RETURN = "SEALED_RETURN"


def _lack(gateway: object, capability: Capability) -> UnsupportedError:
    return UnsupportedError(f"{type(gateway).__name__} does not offer {capability}")


class Gateway(Protocol):
    """The names that every bank's gateway bears; inherit from it, and what your bank lacks refuses by itself.

    A caller never asks which bank this is.  A form that the browser posts and a page that the bank's server makes for
    one payment are both what ``initiate`` gives: a gateway that has to call its bank for that takes its transport when
    it is built, so that the call stays ``initiate(order)``, and one that has not stays without any network.  What is
    asked of the bank later takes a transport with the call, since it runs elsewhere: in a job, with other patience.

    A bank whose return proves nothing has no ``SEALED_RETURN``, and its ``verify(..., source=Source.RETURN)`` raises
    :class:`~creance_pay.errors.UnsupportedError`: the return is a hint then, and ``fetch_status`` tells.

    Attributes:
        capabilities: What the gateway offers beyond ``initiate``, ``peek`` and ``verify``.
    """

    __slots__ = ()

    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def initiate(self, order: PaymentOrder) -> FormPost | Redirect:
        """Give the way out to the bank's page for an order.

        Raises:
            InvalidValueError: when the bank would refuse a field of the order.
            GatewayUnavailableError: when the bank has to be called for that, and does not answer.
        """

    def peek(self, message: HttpMessage) -> str:
        """Read the transaction reference of a message that nobody has verified, to look the order up and no more.

        Raises:
            ResponseRefusedError: when the message cannot be read.
        """

    def verify(
        self, message: HttpMessage, *, expected: PaymentOrder, source: Source = Source.NOTIFICATION
    ) -> VerifiedPayment:
        """Prove that a message is the bank's, and about this order; or raise.

        Raises:
            ResponseRefusedError: when the message is not authentic or not readable: answer 400.
            OrderMismatchError: when it is authentic and not about this order: answer 200, and have a person look.
            UnsupportedError: for a return, where the bank's returns prove nothing.
        """

    def fetch_status(self, order: PaymentOrder, transport: Transport) -> VerifiedPayment:
        """Ask the bank what became of an order, and verify its answer as strictly as a notification.

        Raises:
            UnsupportedError: without ``Capability.STATUS``.
            GatewayUnavailableError: when the bank does not answer.
        """
        raise _lack(self, Capability.STATUS)

    def capture(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Debit an authorised payment, whole or in part.

        Raises:
            UnsupportedError: without ``Capability.CAPTURE``.
            GatewayUnavailableError: when the bank does not answer: it may have done it nevertheless.
        """
        raise _lack(self, Capability.CAPTURE)

    def cancel(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Give up what is not yet debited, whole or in part.

        Raises:
            UnsupportedError: without ``Capability.CANCEL``.
            GatewayUnavailableError: when the bank does not answer: it may have done it nevertheless.
        """
        raise _lack(self, Capability.CANCEL)

    def refund(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Give money back, the whole amount or a part.

        Raises:
            UnsupportedError: without ``Capability.REFUND``.
            GatewayUnavailableError: when the bank does not answer: it may have done it nevertheless.
        """
        raise _lack(self, Capability.REFUND)


@attrs.frozen
class FormPost:
    """A form that the browser posts to the bank.

    Attributes:
        action: The address of the bank's page.
        fields: The hidden fields, sealed: post them as they are.
    """

    action: str
    fields: Mapping[str, str] = attrs.field(repr=lambda fields: f"<{', '.join(fields)}>")

    def as_html(self, nonce: str | None = None, *, button: str = "Payer") -> str:
        """Write the form, every value escaped; it works without any script.

        Args:
            nonce: The nonce of the page's content security policy; with one, a script submits the form at once.
            button: The label of the button.

        Returns:
            A ``<form>``, and perhaps a ``<script>`` after it.
        """
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in self.fields.items()
        )
        form = (
            f'<form method="post" action="{escape(self.action)}" accept-charset="utf-8" id="payment-form">'
            f'{inputs}<button type="submit">{escape(button)}</button></form>'
        )
        if not nonce:
            return form
        return f'{form}<script nonce="{escape(nonce)}">document.getElementById("payment-form").submit()</script>'


@attrs.frozen
class Redirect:
    """An address that the browser goes to.

    Attributes:
        url: The address of the bank's page, for this payment alone.
    """

    url: str = attrs.field(repr=False)
