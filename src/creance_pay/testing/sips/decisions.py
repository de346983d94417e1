"""The payment request of a merchant, as Sips reads it, and the sealed answer.

The fields are those of the vendor's answers.  The answer about an abandon or an expiry has no card, acquirer or
authorisation number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

import attrs

from ...gateways.keys import SecretKey
from ...gateways.seals import SealAlgorithm, seal
from ...gateways.sips.data import write
from ..decisions import Decision, PaymentRequest


@attrs.frozen(kw_only=True)
class SipsRequest(PaymentRequest):
    """A payment that a merchant requested under an authentic seal.

    Attributes:
        key: The key of the seal.
        algorithm: The algorithm of the seal.
        by_json: Whether the request came as JSON; the answer then is JSON too.
    """

    key: SecretKey
    algorithm: SealAlgorithm
    by_json: bool = False


def form_body(fields: Mapping[str, str]) -> bytes:
    """Encode fields as the body of a form post."""
    return urlencode(fields).encode()


def _fields(request: SipsRequest, decision: Decision) -> dict[str, str]:
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
    if request.nonce:
        fields["returnContext"] = request.nonce
    if decision.masked_card:
        fields["maskedPan"] = decision.masked_card
    if decision.asked_acquirer:
        fields["acquirerResponseCode"] = decision.response_code
    if decision.authorisation_number:
        fields["authorisationId"] = decision.authorisation_number
    if decision.authentication:
        fields["holderAuthentStatus"] = decision.authentication
    return fields


def sealed_answer(request: SipsRequest, decision: Decision) -> dict[str, str]:
    """Build the four fields of a post about a decision, sealed with the key and the algorithm of the request."""
    fields = _fields(request, decision)
    text = json.dumps(fields) if request.by_json else write(fields)
    return {
        "Data": text,
        "Seal": seal(text, request.key, request.algorithm),
        "Encode": "",
        "InterfaceVersion": "JS_3.4" if request.by_json else "HP_3.4",
    }
