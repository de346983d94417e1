"""What a shop asks the bank for, what the bank decides, and the sealed text in which it says so.

The fields are those of the vendor's answers; an abandon and an expiry are short, without card, acquirer or number.
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


class TrialCard(StrEnum):
    """Card numbers to try: the last two digits are the response code, as on the vendor's simulator."""

    #: Accepted.
    ACCEPTED = "5017670000001800"
    #: Refused by the issuer.
    REFUSED = "5017670000001805"
    #: Suspicion of fraud.
    FRAUD = "5017670000001834"
    #: Above what the card allows.
    CEILING = "5017670000001851"
    #: The card itself is past its last day.
    OLD_CARD = "5017670000001854"
    #: The bank does not know yet.
    PENDING = "5017670000001860"
    #: Too many attempts: the bank lets nobody try again.
    TOO_MANY = "5017670000001875"
    #: Out of order for the moment: what became of the payment is not known.
    UNAVAILABLE = "5017670000001890"


class Authentication(StrEnum):
    """How the person's authentication (3-D Secure) ends, in the vendor's words."""

    #: Authenticated: the card decides.
    SUCCESS = "SUCCESS"
    #: The issuer proves the attempt and lets it pass: the card decides.
    ATTEMPT = "ATTEMPT"
    #: Out of order at the issuer: the card decides, without a guarantee.
    ERROR = "ERROR"
    #: Not authenticated: refused, whatever the card.
    FAILURE = "FAILURE"
    #: The person gave up there, as by leaving the page.
    CANCEL = "CANCEL"


@attrs.frozen(kw_only=True)
class PaymentRequest:
    """A payment that a shop has asked for, its seal proved."""

    merchant_id: str
    transaction_reference: str
    amount: Euros
    return_url: str
    notification_url: str
    key: SecretKey
    algorithm: SealAlgorithm
    opened_at: datetime
    by_json: bool = False


@attrs.frozen(kw_only=True)
class Decision:
    """What the bank has decided about a request.

    Attributes:
        response_code: The code to send.
        masked_card: The card as both pages show it; ``None`` when none was given.
        authorisation_number: The bank's number; ``None`` unless accepted.
        decided_at: When.
        authentication: How it ended; ``None`` when it was not come to.
        attempt: How many times the person has tried, this one included.
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


def form_body(fields: Mapping[str, str]) -> bytes:
    """Write fields as the body of a form post."""
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
    if decision.masked_card:
        fields["maskedPan"] = decision.masked_card
    if decision.masked_card and decision.authentication is not Authentication.FAILURE:
        fields["acquirerResponseCode"] = decision.response_code
    if decision.authorisation_number:
        fields["authorisationId"] = decision.authorisation_number
    if decision.authentication:
        fields["holderAuthentStatus"] = decision.authentication
    return fields


def sealed_answer(request: PaymentRequest, decision: Decision) -> dict[str, str]:
    """Seal a decision, by the key and the algorithm of the request, into the four fields of a post."""
    fields = _fields(request, decision)
    text = json.dumps(fields) if request.by_json else write(fields)
    return {
        "Data": text,
        "Seal": seal(text, request.key, request.algorithm),
        "Encode": "",
        "InterfaceVersion": "JS_3.4" if request.by_json else "HP_3.4",
    }
