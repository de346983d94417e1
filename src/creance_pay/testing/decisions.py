"""The payment request of a merchant, and the decision of a test bank.

As on the simulators of the vendors, a test card chooses its answer: the last two digits of its number are the response
code.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from ..money import Euros

ACCEPTED, REFUSED, WRONG_CARD, CANCELLED, PENDING, EXPIRED = "00", "05", "14", "17", "60", "97"
_NOT_REACHED = {"90", "99"}


class TrialCard(StrEnum):
    """Test cards: the last two digits are the response code, as on the simulator of Sips."""

    #: Accepted.
    ACCEPTED = "5017670000001800"
    #: Refused by the issuer.
    REFUSED = "5017670000001805"
    #: Suspicion of fraud.
    FRAUD = "5017670000001834"
    #: Over the limit of the card.
    CEILING = "5017670000001851"
    #: The card has expired.
    OLD_CARD = "5017670000001854"
    #: The bank has not decided yet.
    PENDING = "5017670000001860"
    #: Too many attempts: no further attempt is possible.
    TOO_MANY = "5017670000001875"
    #: The bank's service is unavailable: the state of the payment is not known.
    UNAVAILABLE = "5017670000001890"


class Authentication(StrEnum):
    """The result of the person's authentication (3-D Secure)."""

    #: Authenticated: the card number decides.
    SUCCESS = "SUCCESS"
    #: The issuer certifies an attempt: the card number decides.
    ATTEMPT = "ATTEMPT"
    #: The issuer's service fails: the card number decides, without a guarantee.
    ERROR = "ERROR"
    #: Not authenticated: refused, whatever the card number.
    FAILURE = "FAILURE"
    #: The person cancelled the authentication: the payment is cancelled.
    CANCEL = "CANCEL"


@attrs.frozen(kw_only=True)
class PaymentRequest:
    """A payment that a merchant requested under an authentic seal or signature.

    Attributes:
        merchant_id: The merchant's number.
        transaction_reference: The merchant's reference.
        amount: The amount.
        return_url: Where the browser goes after the payment.
        notification_url: Where the bank posts its notifications.
        opened_at: The time of the request.
        closes_at: The time from which the page is expired.
        nonce: The order's own value, which the bank returns.
        attempts: The number of cards that the person may try.
        products: The means of payment besides cards.
    """

    merchant_id: str
    transaction_reference: str
    amount: Euros
    return_url: str
    notification_url: str
    opened_at: datetime
    closes_at: datetime
    nonce: str | None = attrs.field(default=None, repr=False)
    attempts: int = 1
    products: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The bank's own identifier of the payment."""
        return self.transaction_reference


@attrs.frozen(kw_only=True)
class Decision:
    """The decision of the bank about a request.

    Attributes:
        response_code: The response code of the test card; 17 when the person leaves, 97 after an expiry.
        masked_card: The card number with its middle hidden; ``None`` without a card.
        authorisation_number: The authorisation number; ``None`` unless accepted.
        decided_at: The time, with its zone.
        authentication: The result of 3-D Secure; ``None`` when it was not reached.
        attempt: The number of attempts of the person, this one included.
        product: The means of payment besides cards; empty for a card.
    """

    response_code: str
    decided_at: datetime
    masked_card: str | None = None
    authorisation_number: str | None = None
    authentication: Authentication | None = None
    attempt: int = 1
    product: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the payment is accepted."""
        return self.response_code == ACCEPTED

    @property
    def asked_acquirer(self) -> bool:
        """Whether the acquirer has answered: not without a card, an authentication, or a service that works."""
        refused = self.authentication is Authentication.FAILURE or self.response_code in _NOT_REACHED
        return self.masked_card is not None and not refused
