"""What every gateway is: a way out to a bank's page, and a verified answer back.

Nothing here touches a network or a framework: a gateway turns an order into a form or an address, and the bytes that
arrived into a verified answer.  The caller moves the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import attrs

from ..fields import of_type
from ..money import Euros
from ..payment import Outcome, PaymentOrder, Source
from .forms import FormPost, Redirect


@attrs.frozen
class HttpMessage:
    """What arrived over HTTP, untouched: the bytes before any framework has parsed them.

    Args:
        body: The raw body of the POST.
        headers: Its headers; their names have no case.
    """

    body: bytes = attrs.field(validator=of_type(bytes), repr=lambda body: f"<{len(body)} bytes>")
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def header(self, name: str) -> str | None:
        """Give a header whatever the case of its name, or ``None``."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


@attrs.frozen(kw_only=True)
class VerifiedPayment:
    """What an authentic message says about our order; it exists only when every check has passed.

    Attributes:
        outcome: What became of the payment, in our words.
        source: The way the message came.
        amount: The amount, equal to the order's; ``None`` where the message has none, which PAID never has.
        transaction_reference: The order's reference.
        authorisation_number: The bank's number of the authorisation.
        merchant_id: The shop.
        response_code: The bank's own code, as it came.
        masked_card: The card number with its middle hidden.
        authorised_at: The bank's time, with its time zone.
        key_version: The version of the key that proved the message.
        warnings: What is odd without being wrong, in English, without values.
        raw: Every field of the sealed text, in the vendor's spelling, each with all its values.
    """

    outcome: Outcome
    source: Source
    amount: Euros | None = None
    transaction_reference: str | None = None
    authorisation_number: str | None = None
    merchant_id: str | None = None
    response_code: str | None = None
    masked_card: str | None = attrs.field(default=None, repr=False)
    authorised_at: datetime | None = None
    key_version: str | None = None
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Be true for a payment alone, so that a careless condition is a safe one."""
        return self.outcome is Outcome.PAID


class Gateway(Protocol):
    """The names that every bank's gateway bears."""

    def initiate(self, order: PaymentOrder) -> FormPost | Redirect:
        """Give the way out to the bank's page for an order.

        Raises:
            InvalidValueError: when the bank would refuse a field of the order.
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
        """
