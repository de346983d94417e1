"""The bank's side of Sips by JSON: starting a payment, and Office with the states of a transaction.

Accepted payments are *to capture*, and *captured* once :meth:`SipsServices.run_nightly_batch` has played the night.  A payment can
be cancelled before and refunded after, in parts or whole, and each answer is sealed; who cannot be proved gets one
without seal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ...errors import GatewayUnavailableError, MalformedResponseError, ResponseRefusedError
from ...gateways.keys import SecretKey
from ...gateways.seals import SealAlgorithm, seal
from ...gateways.sips.canonical_json import load, text_to_seal
from ...gateways.sips.data import Data
from ...gateways.sips.responses import parse_cents
from ...money import Euros
from .bank import Account, SipsBank
from .decisions import PaymentRequest
from .faults import Fault

#: The states in which each operation is possible, and the state after one of the whole amount.
OPERATIONS = {
    "cancel": ({"TO_CAPTURE", "TO_VALIDATE"}, "CANCELLED"),
    "refund": ({"CAPTURED", "TO_CREDIT", "CREDITED"}, "TO_CREDIT"),
    "validate": ({"TO_VALIDATE"}, "TO_CAPTURE"),
}
_NIGHT = {"TO_CAPTURE": "CAPTURED", "TO_CREDIT": "CREDITED"}


class SipsServices:
    """The services of a bank.

    Args:
        bank: Whose shops and payments.
    """

    def __init__(self, bank: SipsBank) -> None:
        """Serve a bank."""
        self._bank = bank

    def run_nightly_batch(self) -> None:
        """Play the night: what is to be captured or credited is."""
        for account in self._bank.accounts.values():
            account.status = _NIGHT.get(account.status, account.status)

    def post(self, service: str, body: bytes, *, page: str = "") -> dict[str, str]:
        """Answer a document posted to a service, such as ``cashManagement/refund``.

        Args:
            service: The path after ``rs-services/v2/``.
            body: The document.
            page: Where the browser goes to pay.

        Raises:
            MalformedResponseError: for an unknown service.
            GatewayUnavailableError: for a question about a payment whose fault is :attr:`Fault.HTML_ERROR`.
        """
        family, _, verb = service.partition("/")
        known = service in {"paymentInit", "diagnostic/getTransactionData"}
        if not known and (family != "cashManagement" or verb not in OPERATIONS):
            raise MalformedResponseError("unknown service")
        code = "redirectionStatusCode" if service == "paymentInit" else "responseCode"
        try:
            data, key, algorithm = self._read(body)
        except ResponseRefusedError:
            return {code: "34"}
        start = service == "paymentInit"
        answer = self._start(data, key, algorithm, page) if start else self._about(data, verb)
        return _sealed({"merchantId": data.get("merchantId") or "", **answer}, key, algorithm)

    def _read(self, body: bytes) -> tuple[Data, SecretKey, SealAlgorithm]:
        try:
            text = body.decode()
            sealed = text_to_seal(load(text))
        except ValueError:
            raise MalformedResponseError("expected a document") from None
        data = Data.parse_json(text)
        algorithm = data.get("sealAlgorithm") or SealAlgorithm.HMAC_SHA_256.value
        return data, self._bank.authenticate(data, sealed, data.get("seal") or "", algorithm), SealAlgorithm(algorithm)

    def _start(self, data: Data, key: SecretKey, algorithm: SealAlgorithm, page: str) -> dict[str, str]:
        if (data.get("transactionReference") or "") in self._bank.requests:
            return {"redirectionStatusCode": "94"}
        try:
            asked = self._bank.open(data, key, algorithm, by_json=True)
        except MalformedResponseError:
            return {"redirectionStatusCode": "12"}
        return {
            "redirectionStatusCode": "00",
            "redirectionStatusMessage": "INITIALISATION REQUEST ACCEPTED",
            "redirectionUrl": page,
            "redirectionVersion": "IR_WS_2.0",
            "redirectionData": asked.transaction_reference,
        }

    def _about(self, data: Data, verb: str) -> dict[str, str]:
        reference = data.get("transactionReference") or ""
        asked, account = self._bank.requests.get(reference), self._bank.accounts.get(reference)
        if asked is None or account is None or asked.merchant_id != data.get("merchantId"):
            return {"responseCode": "25"}
        if reference in self._bank.ended and self._bank.ended[reference].fault is Fault.HTML_ERROR:
            raise GatewayUnavailableError("no answer: a page is shown in its place")
        named = {"transactionReference": reference, "currencyCode": "978"}
        if verb == "getTransactionData":
            return {**named, **_state(asked, account)}
        return {**named, **_operate(account, verb, parse_cents(data.get("operationAmount")))}


def _state(asked: PaymentRequest, account: Account) -> dict[str, str]:
    """Tell the state of a payment."""
    decision = account.decision
    told = {
        "responseCode": "00",
        "transactionStatus": account.status,
        "transactionAmount": str(asked.amount.cents),
        "currentAmount": str(account.remaining.cents),
        "transactionDateTime": decision.decided_at.isoformat(timespec="seconds"),
        "maskedPan": decision.masked_card,
        "authorisationId": decision.authorisation_number,
    }
    return {name: value for name, value in told.items() if value}


def _operate(account: Account, verb: str, amount: Euros | None) -> dict[str, str]:
    """Do an operation where the state and what is left of the amount allow it."""
    states, after = OPERATIONS[verb]
    code = "00"
    if account.status not in states:
        code = "24"
    elif amount is None or not Euros(0) < amount <= account.remaining:
        code = "51"
    elif verb == "validate":
        account.status, account.remaining = after, amount
    else:
        account.remaining -= amount
        account.status = after if verb == "refund" or not account.remaining.cents else account.status
    return {"responseCode": code, "newStatus": account.status, "newAmount": str(account.remaining.cents)}


def _sealed(answer: Mapping[str, str], key: SecretKey, algorithm: SealAlgorithm) -> dict[str, str]:
    """Seal an answer by the key and the algorithm of the question."""
    text = text_to_seal(load(json.dumps(dict(answer))))
    return {**answer, "keyVersion": key.version, "seal": seal(text, key, algorithm)}
