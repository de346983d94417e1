"""The payment request of a merchant, the decision of the bank, and the sealed answer.

The fields are those of the vendor's answers.  The answer about an abandon or an expiry has no card, acquirer or
authorisation number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

import attrs

from ...gateways.keys import SecretKey
from ...gateways.seals import SealAlgorithm, seal
from ...gateways.sips.data import write
from ...money import Euros

ACCEPTED, REFUSED, WRONG_CARD, CANCELLED, PENDING, EXPIRED = "00", "05", "14", "17", "60", "97"
_NOT_REACHED = {"90", "99"}


class TrialCard(StrEnum):
    """Test cards: the last two digits are the response code, as on the vendor's simulator."""

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
    """The result of the person's authentication (3-D Secure), in the vendor's words."""

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
    """A payment that a merchant requested under an authentic seal."""

    merchant_id: str
    transaction_reference: str
    amount: Euros
    return_url: str
    notification_url: str
    key: SecretKey
    algorithm: SealAlgorithm
    opened_at: datetime
    by_json: bool = False
    return_context: str | None = None


@attrs.frozen(kw_only=True)
class Decision:
    """The decision of the bank about a request.

    Attributes:
        response_code: The response code.
        masked_card: The card number with its middle hidden; ``None`` without a card.
        authorisation_number: The authorisation number; ``None`` unless accepted.
        decided_at: The time, with its zone.
        authentication: The result of 3-D Secure; ``None`` when it was not reached.
        attempt: The number of attempts of the person, this one included.
    """

    response_code: str
    decided_at: datetime
    masked_card: str | None = None
    authorisation_number: str | None = None
    authentication: Authentication | None = None
    attempt: int = 1

    @property
    def accepted(self) -> bool:
        """Whether the payment is accepted."""
        return self.response_code == ACCEPTED

    @property
    def asked_acquirer(self) -> bool:
        """Whether the acquirer has answered: not without a card, an authentication, or a service that works."""
        refused = self.authentication is Authentication.FAILURE or self.response_code in _NOT_REACHED
        return self.masked_card is not None and not refused


def form_body(fields: Mapping[str, str]) -> bytes:
    """Encode fields as the body of a form post."""
    return urlencode(fields).encode()


def _fields(request: PaymentRequest, decision: Decision) -> dict[str, str]:
    fields = {
        "captureDay": "0",
        "captureMode": "AUTHOR_CAPTURE",
        "currencyCode": "978",
        "merchantId": request.merchant_id,
        "orderChannel": "INTERNET",
        "responseCode": decision.response_code,
        "transactionDateTime": decision.decided_at.isoformat(timespec="seconds"),
        "transactionReference": request.transaction_reference,
        "keyVersion": request.key.version,
        "amount": str(request.amount.cents),
        "paymentAttemptNumber": str(decision.attempt),
    }
    if request.return_context:
        fields["returnContext"] = request.return_context
    if decision.masked_card:
        fields["maskedPan"] = decision.masked_card
    if decision.asked_acquirer:
        fields["acquirerResponseCode"] = decision.response_code
    if decision.authorisation_number:
        fields["authorisationId"] = decision.authorisation_number
    if decision.authentication:
        fields["holderAuthentStatus"] = decision.authentication
    return fields


def sealed_answer(request: PaymentRequest, decision: Decision) -> dict[str, str]:
    """Build the four fields of a post about a decision, sealed with the key and the algorithm of the request."""
    fields = _fields(request, decision)
    text = json.dumps(fields) if request.by_json else write(fields)
    return {
        "Data": text,
        "Seal": seal(text, request.key, request.algorithm),
        "Encode": "",
        "InterfaceVersion": "JS_3.4" if request.by_json else "HP_3.4",
    }
