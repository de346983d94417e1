"""The interface of Worldline Direct on the bank's side: signed calls over HTTP.

Hosted checkout, status, capture, cancel, refund and the test of the connection.  A repeated idempotence key gets the
first answer again, whatever the second call asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import attrs

from ...errors import GatewayUnavailableError, MalformedResponseError
from ...gateways.direct.signing import authorization
from ...http import HttpMessage
from ...money import Euros
from ..accounts import DONE
from ..bank import BankAnswer, BankCall
from ..decisions import CANCELLED, EXPIRED
from ..faults import Fault
from .checkouts import Checkout, checkout_of, details_of, operations_of, payment_of
from .opening import DirectCheckouts

#: A date that differs more from the bank's clock is refused.
_CLOCK_TOLERANCE = timedelta(minutes=5)
#: An idempotence key is known for this time.
_KEY_LIFE = timedelta(hours=24)
_OK, _CREATED, _BAD, _DECLINED, _FORBIDDEN, _UNKNOWN, _BUSY = 200, 201, 400, 402, 403, 404, 409
#: The operations of the interface, as the bank's back office names them.
_VERBS = {"capture": "validate", "cancel": "cancel", "refund": "refund"}
_JSON = {"Content-Type": "application/json"}


class _RefusedError(Exception):
    """The bank refuses a call, by an HTTP status and an error code."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


@attrs.define
class DirectServices:
    """The calls of merchants to a bank.

    Args:
        bank: The bank, with its merchants and checkouts.
    """

    bank: DirectCheckouts
    _done: dict[tuple[str, str], tuple[datetime, BankAnswer]] = attrs.field(factory=dict, init=False)
    _running: set[tuple[str, str]] = attrs.field(factory=set, init=False)

    def answer(self, call: BankCall) -> BankAnswer:
        """Answer a call below ``/v2/``; signature, date and idempotence key are checked first.

        Raises:
            GatewayUnavailableError: for a payment under :attr:`Fault.HTML_ERROR`.
        """
        _, _, merchant_id, *path = call.path.split("/")
        message = HttpMessage(call.body, call.headers)
        try:
            self._authenticate(merchant_id, call, message)
            document = _read(call)
            key = (merchant_id, message.header("X-GCS-Idempotence-Key") or "")
            if not key[1] or (path == ["hostedcheckouts"] and not self.bank.idempotent_creation):
                return self._answer(merchant_id, path, document, call)
            return self._once(key, lambda: self._answer(merchant_id, path, document, call))
        except (_RefusedError, MalformedResponseError) as error:
            status, code = (error.status, error.code) if isinstance(error, _RefusedError) else (_BAD, 1099)
            refused = {"errorCode": str(code), "httpStatusCode": status}
            return _sent({"errorId": str(code), "errors": [refused]}, status)

    def _authenticate(self, merchant_id: str, call: BankCall, message: HttpMessage) -> None:
        """Check the date, and that a key of the merchant has signed the call."""
        now = self.bank.clock()
        try:
            date = message.header("Date") or ""
            at = parsedate_to_datetime(date).replace(tzinfo=UTC)
        except (ValueError, TypeError):
            raise _RefusedError(_FORBIDDEN, 9007) from None
        headers = {name: text for name, text in call.headers.items() if name.lower().startswith("x-gcs")}
        headers |= {"Date": date, "Content-Type": message.header("Content-Type") or ""}
        parts = urlsplit(call.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        given, keys = message.header("Authorization"), self.bank.api_keys(merchant_id)
        signed = {authorization(call.method, target, headers, key) for key in keys}
        if given not in signed or abs(at - now) > _CLOCK_TOLERANCE:
            raise _RefusedError(_FORBIDDEN, 9007)

    def _once(self, key: tuple[str, str], answer: Callable[[], BankAnswer]) -> BankAnswer:
        """Answer the first call under an idempotence key; repeat that answer to every later one."""
        now = self.bank.clock()
        at, first = self._done.get(key, (now, None))
        if first is not None and now < at + _KEY_LIFE:
            stamp = {"X-GCS-Idempotence-Request-Timestamp": str(int(at.timestamp() * 1000))}
            return attrs.evolve(first, headers={**first.headers, **stamp})
        if key in self._running:
            raise _RefusedError(_BUSY, 30001002)
        self._running.add(key)
        try:
            made = answer()
        finally:
            self._running.discard(key)
        self._done[key] = (now, made)
        return made

    def _answer(self, merchant_id: str, path: list[str], document: Mapping[str, Any], call: BankCall) -> BankAnswer:
        """Answer a call that is authentic."""
        match call.method, path:
            case "GET", ["services", "testconnection"]:
                return _sent({"result": "OK"})
            case "POST", ["hostedcheckouts"]:
                return self._create(merchant_id, document, call.origin)
            case "GET", ["hostedcheckouts", number]:
                return _sent(self._status(self._known(merchant_id, number)))
            case "GET", ["payments", identifier]:
                return _sent(self._payment(merchant_id, identifier)[0])
            case "GET", ["payments", identifier, "details"]:
                return _sent(self._payment(merchant_id, identifier)[0])
            case "POST", ["payments", identifier, verb] if verb in _VERBS:
                return self._operate(merchant_id, identifier, verb, document)
            case _:
                raise _RefusedError(_UNKNOWN, 1002)

    def _known(self, merchant_id: str, number: str) -> Checkout:
        request = self.bank.requests.get(number)
        if request is None or request.merchant_id != merchant_id:
            raise _RefusedError(_UNKNOWN, 1002)
        ended = self.bank.ended.get(number)
        if ended is not None and ended.fault is Fault.HTML_ERROR:
            raise GatewayUnavailableError("expected a JSON answer, got an HTML page")
        return checkout_of(request)

    def _create(self, merchant_id: str, document: Mapping[str, Any], origin: str) -> BankAnswer:
        try:
            checkout = self.bank.create(merchant_id, document)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise _RefusedError(_BAD, 1099) from None
        answer = {
            "RETURNMAC": checkout.return_mac,
            "hostedCheckoutId": checkout.number,
            "merchantReference": checkout.transaction_reference,
            "redirectUrl": f"{origin}/hostedcheckout/Payment/Form/{checkout.page}",
        }
        return _sent(answer, _CREATED)

    def _status(self, checkout: Checkout) -> dict[str, Any]:
        """Return the status of a checkout, with its payment."""
        self.bank.end_overdue(checkout)
        account = self.bank.accounts.get(checkout.number)
        if account is None:
            return {"status": "IN_PROGRESS"}
        if account.decision.response_code == EXPIRED:
            return {"status": "CANCELLED_BY_CONSUMER"}
        left = account.decision.response_code == CANCELLED
        paid = details_of(self.bank.recorded(checkout), account)
        del paid["Operations"]
        return {
            "status": "CANCELLED_BY_CONSUMER" if left else "PAYMENT_CREATED",
            "createdPaymentOutput": {"payment": paid},
        }

    def _payment(self, merchant_id: str, identifier: str) -> tuple[dict[str, Any], Checkout]:
        """Return a payment with its operations."""
        checkout = self._known(merchant_id, identifier.partition("_")[0])
        account = self.bank.accounts.get(checkout.number)
        if account is None or account.decision.response_code == EXPIRED:
            raise _RefusedError(_UNKNOWN, 1002)
        return details_of(self.bank.recorded(checkout), account), checkout

    def _operate(self, merchant_id: str, identifier: str, verb: str, document: Mapping[str, Any]) -> BankAnswer:
        """Capture, cancel or refund a payment."""
        _, checkout = self._payment(merchant_id, identifier)
        price = document if verb == "capture" else document.get("amountOfMoney")
        amount = _cents(price)
        if self.bank.operate(_VERBS[verb], checkout.number, amount, origin="API") != DONE:
            raise _RefusedError(_DECLINED, 50001111)
        account = self.bank.accounts[checkout.number]
        last = operations_of(checkout, account)[-1]
        about = {
            "amountOfMoney": last["amountOfMoney"],
            "references": {"merchantReference": checkout.transaction_reference},
        }
        if verb == "cancel":
            paid = payment_of(checkout, account.decision)
            return _sent({"payment": {**paid, **_status_of(last)}}, _CREATED)
        return _sent({**last, f"{verb}Output": about}, _CREATED)


def _status_of(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("status", "statusOutput")}


def _cents(price: object) -> Euros | None:
    """Return the amount of an operation; ``None`` for the whole."""
    amount = price.get("amount") if isinstance(price, Mapping) else None
    if amount is not None and type(amount) is not int:
        raise _RefusedError(_BAD, 1099)
    return None if amount is None else Euros(amount)


def _read(call: BankCall) -> Mapping[str, Any]:
    """Parse the body of a call; a call without one has an empty document."""
    try:
        document = json.loads(call.body or b"{}")
    except ValueError:
        raise _RefusedError(_BAD, 1099) from None
    if not isinstance(document, dict):
        raise _RefusedError(_BAD, 1099)
    return document


def _sent(document: Mapping[str, Any], status: int = _OK) -> BankAnswer:
    return BankAnswer(status=status, body=json.dumps(document).encode(), headers=_JSON)
