"""Sips Office by JSON: ask for the state of a payment, capture it, cancel it, refund it.

Each answer is authenticated as strictly as a notification, and each failure of the network is an error of this package.
Only a question is repeated.  The bank may have received a call that moves money although no answer arrived: a
repetition of such a call is unsafe, and the caller fetches the status.

Source: the vendor's guide of Office JSON (releases 24 and 25).
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import OrderMismatchError, UnsupportedError
from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from ..base import OperationOutcome, OperationResult
from ..transport import Transport
from .data import Data
from .merchant import EURO, SipsMerchant
from .response_codes import OPERATIONS, STATUSES, after_refunds
from .responses import REFERENCES, parse_cents, parse_timestamp, require_match, require_nonce, verified_payment

_DIAGNOSTIC, _CASH = "DR_WS_2.58", "CR_WS_2.58"
_ATTEMPTS = 2
_AMOUNTS = ("amount", "transactionAmount", "originAmount")
_OPTIONAL = frozenset({"amount", "currencyCode"})
_ALL = _OPTIONAL | {"merchantId", "transactionReference"}
_MONEY = {PaymentState.PAID, PaymentState.AUTHORISED, PaymentState.REFUNDED, PaymentState.PARTIALLY_REFUNDED}


def fetch_status(merchant: SipsMerchant, order: PaymentOrder, transport: Transport) -> VerifiedPayment:
    """Ask for the state of a payment; arguments and errors as ``SipsPaypage.fetch_status``."""
    fields = {"interfaceVersion": _DIAGNOSTIC}
    data = _call(merchant, order, transport, "diagnostic/getTransactionData", fields, attempts=_ATTEMPTS)
    remaining = parse_cents(data.get("currentAmount"))
    state = after_refunds(_state(data), remaining, order.amount)
    if state is PaymentState.CANCELLED and data.get("authorisationId") is None:
        remaining = None  # the person left: nothing was accepted, and nothing is returned
    require_match(data, merchant.order_fields(order), optional=_OPTIONAL if state in _MONEY else _ALL)
    _require_amounts(data, order, needed=state in _MONEY)
    bound = require_nonce(data, order, needed=False)
    amount = next(filter(None, map(data.get, _AMOUNTS)), None)
    return verified_payment(data, state, Source.STATUS, order, amount=amount, bound=bound, remaining=remaining)


def operate(
    merchant: SipsMerchant, verb: str, order: PaymentOrder, transport: Transport, amount: Euros
) -> OperationResult:
    """Capture (``validate``), ``cancel`` or ``refund`` a payment; errors as ``SipsPaypage.operate``."""
    fields = {"currencyCode": EURO, "interfaceVersion": _CASH, "operationAmount": str(amount.cents)}
    data = _call(merchant, order, transport, f"cashManagement/{verb}", fields)
    whose = {name: value for name, value in merchant.order_fields(order).items() if name != "amount"}
    require_match(data, whose, optional=_ALL)
    outcome = OPERATIONS.get(data.get("responseCode") or "", OperationOutcome.UNKNOWN)
    if outcome is OperationOutcome.DONE and data.get("acquirerResponseCode") not in {None, "00"}:
        outcome = OperationOutcome.UNKNOWN
    return OperationResult(
        outcome=outcome,
        response_code=data.get("responseCode"),
        remaining=parse_cents(data.get("newAmount")),
        at=parse_timestamp(data.get("operationDateTime")),
        raw=data.values,
    )


def _call(
    merchant: SipsMerchant,
    order: PaymentOrder,
    transport: Transport,
    path: str,
    fields: Mapping[str, str],
    *,
    attempts: int = 0,
) -> Data:
    if merchant.host.office is None:
        host = merchant.host
        raise UnsupportedError(f"expected a host with an address of Office, got {host.brand} {host.environment}")
    REFERENCES.check(order)
    whose = {"merchantId": merchant.merchant_id, "transactionReference": order.transaction_reference}
    url = f"{merchant.host.office}/rs-services/v2/{path}"
    return merchant.call(transport, url, {**whose, **fields}, attempts=attempts)


def _state(data: Data) -> PaymentState:
    """Translate the bank's state of a payment; a state that another field contradicts is UNKNOWN."""
    if data.get("responseCode") != "00":
        return PaymentState.UNKNOWN
    state = STATUSES.get(data.get("transactionStatus") or "", PaymentState.UNKNOWN)
    contradicted = data.get("acquirerResponseCode") not in {None, "00"}
    return PaymentState.UNKNOWN if contradicted and state is PaymentState.PAID else state


def _require_amounts(data: Data, order: PaymentOrder, *, needed: bool) -> None:
    """Compare every amount of the answer with the order's; the remaining amount may be lower, never higher."""
    amounts = {name: data.get(name) for name in _AMOUNTS if data.get(name) is not None}
    wrong = [name for name, value in amounts.items() if value != str(order.amount.cents)]
    if data.get("currentAmount") is not None:
        remaining = parse_cents(data.get("currentAmount"))
        wrong += ["currentAmount"] if remaining is None or remaining > order.amount else []
    if wrong or (needed and not amounts):
        named = tuple(wrong or ["transactionAmount"])
        raise OrderMismatchError(f"authentic, but not our order: {', '.join(named)}", fields=named)
