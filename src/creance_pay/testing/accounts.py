"""The operations of a test bank on a decided payment: cancellation, refund, remittance, chargeback and its return.

An accepted payment is TO_CAPTURE, and CAPTURED after the nightly batch.  It can be cancelled before and refunded after,
in parts or whole.  The cardholder's bank takes money back without asking the merchant.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from ..money import Euros
from .decisions import ACCEPTED, CANCELLED, EXPIRED, PENDING, Decision

#: The response code of a successful operation.
DONE = "00"
_IMPOSSIBLE, _TOO_MUCH = "24", "51"
#: The states in which each operation is possible, the state after one of the whole amount, and the operation's name.
VERBS = {
    "cancel": ({"TO_CAPTURE", "TO_VALIDATE"}, "CANCELLED", "CANCEL"),
    "refund": ({"CAPTURED", "TO_CREDIT", "CREDITED"}, "TO_CREDIT", "CREDIT"),
    "validate": ({"TO_VALIDATE"}, "TO_CAPTURE", "VALIDATE"),
}
_STATUSES = {ACCEPTED: "TO_CAPTURE", CANCELLED: "CANCELLED", EXPIRED: "EXPIRED", PENDING: "PENDING"}


@attrs.frozen(kw_only=True)
class Operation:
    """One operation on a payment.

    Attributes:
        sequence: Its number, from 1, among the operations of its payment.
        name: Its name: the vendor's, and CHARGEBACK or REPRESENTMENT, which are ours.
        amount: Its amount.
        at: Its time.
        status: The state of the payment after it.
        remaining: The amount of the payment after it.
        origin: The part of the bank that made it.
    """

    sequence: int
    name: str
    amount: Euros
    at: datetime
    status: str
    remaining: Euros
    origin: str


@attrs.define(kw_only=True)
class Account:
    """The bank's record of a decided payment.

    Attributes:
        decision: The decision.
        status: The state of the transaction, in the bank's words.
        remaining: The amount that is neither cancelled nor refunded.
        operations: The operations, in order.
    """

    decision: Decision
    status: str
    remaining: Euros
    operations: list[Operation] = attrs.field(factory=list, init=False)
    _opened: tuple[str, Euros] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Store the first state."""
        self._opened = self.status, self.remaining

    @classmethod
    def opened(cls, decision: Decision, amount: Euros) -> Account:
        """Build the record of a payment, in the state that follows from the decision."""
        return cls(decision=decision, status=_STATUSES.get(decision.response_code, "REFUSED"), remaining=amount)

    @property
    def charged_back(self) -> Euros:
        """The amount that the cardholder's bank has taken back and not returned."""
        return self.sum_of("CHARGEBACK").saturating_sub(self.sum_of("REPRESENTMENT"))

    def sum_of(self, name: str) -> Euros:
        """Return the sum of the operations of a name."""
        return sum((each.amount for each in self.operations if each.name == name), Euros(0))

    def status_at(self, moment: datetime) -> tuple[str, Euros]:
        """Return the state and the remaining amount at a time after the decision."""
        before = [each for each in self.operations if each.at < moment]
        return (before[-1].status, before[-1].remaining) if before else self._opened

    def operate(self, verb: str, amount: Euros | None, at: datetime, *, origin: str) -> str:
        """Run ``cancel``, ``refund`` or ``validate``, and return its response code.

        It is refused by the state of the payment (code 24), and by an amount above the remaining one (code 51).
        """
        states, after, name = VERBS[verb]
        if self.status not in states:
            return _IMPOSSIBLE
        if amount is None or not Euros(0) < amount <= self.remaining:
            return _TOO_MUCH
        self.remaining = amount if verb == "validate" else self.remaining - amount
        if verb != "cancel" or not self.remaining.cents:
            self.status = after
        self.note(name, amount, at, origin=origin)
        return DONE

    def remit(self, at: datetime) -> list[Operation]:
        """Debit the cardholder when the payment is TO_CAPTURE, and credit each refund when it is TO_CREDIT.

        Returns:
            The operations.
        """
        if self.status == "TO_CAPTURE":
            self.status = "CAPTURED"
            return [self.note("DEBIT_CAPTURE", self.remaining, at, origin="BATCH")]
        if self.status != "TO_CREDIT":
            return []
        self.status = "CREDITED"
        credited = sum(each.name == "CREDIT_CAPTURE" for each in self.operations)
        refunds = [each for each in self.operations if each.name == "CREDIT"][credited:]
        return [self.note("CREDIT_CAPTURE", refund.amount, at, origin="BATCH") for refund in refunds]

    def note(self, name: str, amount: Euros, at: datetime, *, origin: str) -> Operation:
        """Append an operation."""
        operation = Operation(
            sequence=len(self.operations) + 1,
            name=name,
            amount=amount,
            at=at,
            status=self.status,
            remaining=self.remaining,
            origin=origin,
        )
        self.operations.append(operation)
        return operation
