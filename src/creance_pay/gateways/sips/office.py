"""Sips Office by JSON: ask for the state of a payment, capture it, cancel it, give it back.

Every answer is proved as strictly as a notification, and every failure of the network is one of our errors.  Only a
question is ever asked twice: a call that moves money may have been received although nothing came back, so that its
error is not retryable; then ask for the state.

Source: the vendor's guide of Office JSON (releases 24 and 25).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from ...errors import InvalidAmountError, InvalidValueError, OrderMismatchError, UnsupportedError
from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from ..base import Capability, OperationOutcome, OperationResult
from ..transport import Transport
from .data import Data
from .merchant import EURO, Exchange
from .response_codes import OPERATIONS, STATUSES
from .responses import REFERENCE, cents, demand, moment

_DIAGNOSTIC, _CASH = "DR_WS_2.58", "CR_WS_2.58"
_QUESTIONS = 2
_AMOUNTS = ("amount", "transactionAmount", "originAmount")
_OPTIONAL = frozenset({"amount", "currencyCode"})
_ALL = _OPTIONAL | {"merchantId", "transactionReference"}
_MONEY = {PaymentState.PAID, PaymentState.AUTHORISED, PaymentState.REFUNDED}


@attrs.frozen(kw_only=True)
class PaymentStatus(VerifiedPayment):
    """What the bank answers about a payment when asked.

    Attributes:
        state: What to hold about the payment, refunds included; its outcome is UNKNOWN where that is no outcome.
        status: The bank's own word for it.
        remaining: What is left of the amount after partial cancellations and refunds; ``None`` when not told.
    """

    state: PaymentState
    status: str | None = None
    remaining: Euros | None = None


@attrs.frozen(kw_only=True)
class Office(Exchange):
    """The calls of a shop about its payments."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)

    def fetch_status(self, order: PaymentOrder, transport: Transport) -> PaymentStatus:
        """Ask what became of an order.

        Raises:
            InvalidValueError: for an order without a reference that the bank could know; nothing is sent.
            GatewayUnavailableError: when nothing readable comes back; retryable.
            ResponseRefusedError: when the answer is not authentic.
            OrderMismatchError: when it is not about this shop, order, amount or currency.
            UnsupportedError: when the host has no Office.
        """
        fields = {"interfaceVersion": _DIAGNOSTIC}
        data = self._ask(order, transport, "diagnostic/getTransactionData", fields, questions=_QUESTIONS)
        state = _state(data)
        demand(data, self.ours(order), optional=_OPTIONAL if state in _MONEY else _ALL)
        _demand_the_amount(data, order, needed=state in _MONEY)
        remaining = cents(data.one("currentAmount"))
        state = _after_refunds(state, remaining, order.amount)
        outcome = PaymentState(state.value) if state.value in set(PaymentState) else PaymentState.UNKNOWN
        told = response_fields(
            data, outcome, Source.STATUS, order, amount=next(filter(None, map(data.one, _AMOUNTS)), None)
        )
        return PaymentStatus(state=state, status=data.one("transactionStatus"), remaining=remaining, **told)

    def capture(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Have an authorised payment transferred, whole unless an amount is given; errors as :meth:`refund`."""
        return self._operate("validate", order, transport, amount)

    def cancel(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Cancel a payment before it is transferred, whole unless an amount is given; errors as :meth:`refund`."""
        return self._operate("cancel", order, transport, amount)

    def refund(self, order: PaymentOrder, transport: Transport, *, amount: Euros | None = None) -> OperationResult:
        """Give a transferred payment back, whole unless an amount is given.

        Two calls are two refunds: the bank has no key to tell a repetition from a second one.

        Raises:
            InvalidValueError: for an amount of zero, or above what was paid, or an order without a reference that the
                bank could know; nothing is sent.
            GatewayUnavailableError: when nothing readable comes back.  It may have been done: ask for the state.
            ResponseRefusedError: when the answer is not authentic.  It may have been done: ask for the state.
            OrderMismatchError: when it is about another shop, order or currency.
            UnsupportedError: when the host has no Office.
        """
        return self._operate("refund", order, transport, amount)

    def ours(self, order: object) -> dict[str, str]:
        """Give the fields that tell an order from others, as an answer about it repeats them.

        Raises:
            InvalidValueError: for what is no order, as the ``None`` of a look-up that found nothing.
        """
        if not isinstance(order, PaymentOrder):
            raise InvalidValueError("expected a PaymentOrder to hold the answer to")
        return {
            "merchantId": self.merchant_id,
            "transactionReference": order.transaction_reference,
            "amount": str(order.amount.cents),
            "currencyCode": EURO,
        }

    def _operate(self, verb: str, order: PaymentOrder, transport: Transport, amount: Euros | None) -> OperationResult:
        wanted = order.amount if amount is None else amount
        if not isinstance(wanted, Euros) or not Euros(0) < wanted <= order.amount:
            raise InvalidAmountError("expected an amount in Euros, above zero and not above the order's")
        fields = {"currencyCode": EURO, "interfaceVersion": _CASH, "operationAmount": str(wanted.cents)}
        data = self._ask(order, transport, f"cashManagement/{verb}", fields)
        whose = {name: value for name, value in self.ours(order).items() if name != "amount"}
        demand(data, whose, optional=_ALL)
        outcome = OPERATIONS.get(data.one("responseCode") or "", OperationOutcome.UNKNOWN)
        if outcome is OperationOutcome.DONE and data.one("acquirerResponseCode") not in {None, "00"}:
            outcome = OperationOutcome.UNKNOWN
        return OperationResult(
            outcome=outcome,
            response_code=data.one("responseCode"),
            new_status=data.one("newStatus"),
            remaining=cents(data.one("newAmount")),
            at=moment(data.one("operationDateTime")),
            raw=data.values,
        )

    def _ask(
        self, order: PaymentOrder, transport: Transport, path: str, fields: Mapping[str, str], *, questions: int = 0
    ) -> Data:
        if self.host.office is None:
            raise UnsupportedError("no address of Office is known for this host")
        if REFERENCE.fullmatch(order.transaction_reference) is None:
            raise InvalidValueError("expected transaction_reference to be 1 to 35 ASCII letters and digits")
        whose = {"merchantId": self.merchant_id, "transactionReference": order.transaction_reference}
        url = f"{self.host.office}/rs-services/v2/{path}"
        return self.exchange(transport, url, {**whose, **fields}, questions=questions)


def _state(data: Data) -> PaymentState:
    """Translate the bank's state of a payment; one that another field denies is unknown."""
    if data.one("responseCode") != "00":
        return PaymentState.UNKNOWN
    state = STATUSES.get(data.one("transactionStatus") or "", PaymentState.UNKNOWN)
    denied = data.one("acquirerResponseCode") not in {None, "00"}
    return PaymentState.UNKNOWN if denied and state is PaymentState.PAID else state


def _demand_the_amount(data: Data, order: PaymentOrder, *, needed: bool) -> None:
    """Hold every amount of the answer to the order's; what is left may be less, and never more."""
    amounts = {name: data.one(name) for name in _AMOUNTS if data.one(name) is not None}
    wrong = [name for name, value in amounts.items() if value != str(order.amount.cents)]
    if data.one("currentAmount") is not None:
        remaining = cents(data.one("currentAmount"))
        wrong += ["currentAmount"] if remaining is None or remaining > order.amount else []
    if wrong or (needed and not amounts):
        named = tuple(wrong or ["transactionAmount"])
        raise OrderMismatchError(f"authentic, but not our order: {', '.join(named)}", fields=named)


def _after_refunds(state: PaymentState, remaining: Euros | None, amount: Euros) -> PaymentState:
    """Tell a part from the whole: by what is left."""
    if remaining is None or state not in {PaymentState.PAID, PaymentState.REFUNDED}:
        return state
    if not remaining.cents:
        return PaymentState.REFUNDED
    return state if state is PaymentState.PAID and remaining == amount else PaymentState.PARTIALLY_REFUNDED
