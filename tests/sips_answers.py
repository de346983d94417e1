"""Answers of the bank by JSON, sealed without the library's own code, and a transport that gives them."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways.transport import HttpAnswer, Transport
from sips_merchant import MERCHANT, SECRET, hmac_of

PAID = {
    "responseCode": "00",
    "transactionStatus": "CAPTURED",
    "merchantId": MERCHANT,
    "transactionReference": "REF1",
    "transactionAmount": "1600",
    "currentAmount": "1600",
    "currencyCode": "978",
    "transactionDateTime": "2026-11-23T12:00:00+01:00",
    "maskedPan": "5017##########00",
    "authorisationId": "12345",
}
DONE = {
    "responseCode": "00",
    "newStatus": "TO_CREDIT",
    "newAmount": "600",
    "operationDateTime": "2026-11-23T12:00:00+01:00",
}
STARTED = {
    "redirectionStatusCode": "00",
    "redirectionStatusMessage": "INITIALISATION REQUEST ACCEPTED",
    "redirectionUrl": "https://payment-web.sips-services.com/payment",
    "redirectionVersion": "IR_WS_2.0",
    "redirectionData": "opaque",
}
UNREADABLE = {
    "HTML": (200, b"<html>maintenance</html>"),
    "502 in HTML": (502, b"<html>Bad gateway</html>"),
    "503": (503, b""),
    "503 with a document": (503, b"{}"),
    "302": (302, b""),
    "415": (415, b"<html>Unsupported</html>"),
    "empty": (200, b""),
    "truncated": (200, b'{"responseCode": "00", "seal": "55'),
    "no object": (200, b'["00"]'),
    "not UTF-8": (200, b'{"responseCode": "\xe9"}'),
}


@attrs.define
class Bank(Transport):
    """A transport that gives prepared answers, the last of them for ever, and keeps what it was asked."""

    answers: list[HttpAnswer | GatewayUnavailableError]
    asked: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Return the next answer."""
        del method, headers
        self.asked.append((url, json.loads(body or b"")))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GatewayUnavailableError):
            raise answer
        return answer


def text_under_seal(fields: Mapping[str, Any]) -> str:
    """Join the values of a flat document by the order of their names."""
    left_out = {"keyVersion", "sealAlgorithm", "seal"}
    return "".join(fields[name] for name in sorted(fields) if name not in left_out and fields[name] is not None)


def sealed(fields: Mapping[str, Any], *, secret: str = SECRET, **more: Any) -> HttpAnswer:  # noqa: ANN401 - any value
    """Answer with a document and its seal; further fields stand beside it unsealed."""
    document = {**fields, "seal": hmac_of(text_under_seal(fields), secret), **more}
    return HttpAnswer(200, json.dumps(document).encode())


def bank(fields: Mapping[str, Any], *absent: str, **changes: Any) -> Bank:  # noqa: ANN401 - any value
    """Return a transport that answers one sealed document, with some fields changed or left out."""
    return Bank([sealed({name: value for name, value in {**fields, **changes}.items() if name not in absent})])
