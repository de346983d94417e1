"""The JSON services of Sips on the bank's side: the start of a payment, and Office with the states of a transaction.

The operations are those of :mod:`creance_pay.testing.accounts`.  Each answer is sealed, except to a request that
is not authentic.
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
from ..accounts import VERBS, Account
from ..decisions import PaymentRequest
from ..faults import Fault
from .opening import SipsRequests


class SipsServices:
    """The JSON services of a bank.

    Args:
        bank: The bank, with its merchants and payments.
    """

    def __init__(self, bank: SipsRequests) -> None:
        """Store the bank."""
        self._bank = bank

    def run_nightly_batch(self) -> None:
        """Run the bank's nightly batch."""
        self._bank.run_nightly_batch()

    def post(self, service: str, body: bytes, *, page: str = "") -> dict[str, str]:
        """Answer a JSON document posted to a service.

        Args:
            service: The path after ``rs-services/v2/``, such as ``cashManagement/refund``.
            body: The document.
            page: The address of the payment page, for ``paymentInit``.

        Raises:
            MalformedResponseError: for an unknown service.
            GatewayUnavailableError: for a question about a payment whose fault is :attr:`Fault.HTML_ERROR`.
        """
        family, _, verb = service.partition("/")
        known = service in {"paymentInit", "diagnostic/getTransactionData"}
        if not known and (family != "cashManagement" or verb not in VERBS):
            raise MalformedResponseError("expected paymentInit, getTransactionData or an operation of cashManagement")
        code = "redirectionStatusCode" if service == "paymentInit" else "responseCode"
        try:
            data, key, algorithm = self._read(body)
        except ResponseRefusedError:
            return {code: "34"}
        start = service == "paymentInit"
        answer = self._start(data, key, algorithm, page) if start else self._answer_about(data, verb)
        return _sealed({"merchantId": data.get("merchantId") or "", **answer}, key, algorithm)

    def _read(self, body: bytes) -> tuple[Data, SecretKey, SealAlgorithm]:
        try:
            text = body.decode()
            sealed = text_to_seal(load(text))
        except ValueError:
            raise MalformedResponseError(f"expected a JSON document in UTF-8, got {len(body)} other bytes") from None
        data = Data.parse_json(text)
        algorithm = data.get("sealAlgorithm") or SealAlgorithm.HMAC_SHA_256.value
        return data, self._bank.authenticate(data, sealed, data.get("seal") or "", algorithm), SealAlgorithm(algorithm)

    def _start(self, data: Data, key: SecretKey, algorithm: SealAlgorithm, page: str) -> dict[str, str]:
        if (data.get("transactionReference") or "") in self._bank.requests:
            return {"redirectionStatusCode": "94"}
        try:
            request = self._bank.open(data, key, algorithm, by_json=True)
        except MalformedResponseError:
            return {"redirectionStatusCode": "12"}
        return {
            "redirectionStatusCode": "00",
            "redirectionStatusMessage": "INITIALISATION REQUEST ACCEPTED",
            "redirectionUrl": page,
            "redirectionVersion": "IR_WS_2.0",
            "redirectionData": request.transaction_reference,
        }

    def _answer_about(self, data: Data, verb: str) -> dict[str, str]:
        reference = data.get("transactionReference") or ""
        request, account = self._bank.requests.get(reference), self._bank.accounts.get(reference)
        if request is None or account is None or request.merchant_id != data.get("merchantId"):
            return {"responseCode": "25"}
        if reference in self._bank.ended and self._bank.ended[reference].fault is Fault.HTML_ERROR:
            raise GatewayUnavailableError("expected a JSON answer, got an HTML page")
        common = {"transactionReference": reference, "currencyCode": "978"}
        if verb == "getTransactionData":
            return {**common, **_status_fields(self._bank.recorded(request), account)}
        amount = parse_cents(data.get("operationAmount")) or Euros(0)
        result = self._bank.operate(verb, reference, amount, origin=data.get("operationOrigin") or "SO_WS")
        return {
            **common,
            "responseCode": result,
            "newStatus": account.status,
            "newAmount": str(account.remaining.cents),
        }


def _status_fields(request: PaymentRequest, account: Account) -> dict[str, str]:
    """Return the fields of a status answer; empty ones are left out."""
    decision = account.decision
    fields = {
        "responseCode": "00",
        "transactionStatus": account.status,
        "transactionAmount": str(request.amount.cents),
        "currentAmount": str(account.remaining.cents),
        "transactionDateTime": decision.decided_at.isoformat(timespec="seconds"),
        "maskedPan": decision.masked_card,
        "authorisationId": decision.authorisation_number,
        "returnContext": request.nonce,
    }
    return {name: value for name, value in fields.items() if value}


def _sealed(answer: Mapping[str, str], key: SecretKey, algorithm: SealAlgorithm) -> dict[str, str]:
    """Seal an answer with the key and the algorithm of the request."""
    text = text_to_seal(load(json.dumps(dict(answer))))
    return {**answer, "keyVersion": key.version, "seal": seal(text, key, algorithm)}
