"""The bank's words and codes of a payment, translated to states.

A final state needs a word, a code and a category that agree.  Any other combination is UNKNOWN: the bank has to be
asked.  The second digit of a code is 1 for waiting, 2 for uncertain, 3 for refused.

Sources: the vendor's page of statuses; the vendor's plug-ins for the codes.
"""

from __future__ import annotations

from typing import Any

from ...payment import PaymentState
from ..base import OperationOutcome
from .documents import at

_COMPLETED, _FAILED = "COMPLETED", "UNSUCCESSFUL"
#: Word, codes, category and state of what the bank has decided.
_FINAL = {
    "CAPTURED": (frozenset({9}), _COMPLETED, PaymentState.PAID),
    "PENDING_CAPTURE": (frozenset({5, 56}), "PENDING_MERCHANT", PaymentState.AUTHORISED),
    "REJECTED": (frozenset({2, 57, 59}), _FAILED, PaymentState.REFUSED),
    "CANCELLED": (frozenset({1, 6, 7, 64, 75}), _FAILED, PaymentState.CANCELLED),
    "REFUNDED": (frozenset({7, 8, 85}), "REFUNDED", PaymentState.REFUNDED),
}
#: Word and codes of what the bank has not decided.
_WAITING = {
    "CREATED": {0},
    "REDIRECTED": {46},
    "PENDING_PAYMENT": {4},
    "AUTHORIZATION_REQUESTED": {50, 51},
    "CAPTURE_REQUESTED": {91, 99},
    "PENDING_APPROVAL": {55},
    "PENDING_COMPLETION": {55},
    "PENDING_FRAUD_APPROVAL": {55},
    "CANCELLED": {61},
}
_WAITING_CATEGORIES = {"CREATED", "PENDING_PAYMENT", "PENDING_CONNECT_OR_3RD_PARTY"}
#: Words of a chargeback.  No event of one is documented, and no amount of it is proved.
DISPUTED = frozenset({"CHARGEBACKED", "CHARGEBACK_NOTIFICATION", "REVERSED"})
CAPTURED_CODE = 9
REFUNDED_CODES = frozenset({7, 8, 85})
#: Operations that the bank has accepted, or whose result it does not know: a cancellation, a refund, a capture.
OPERATING_CODES = frozenset({61, 62, 71, 72, 81, 82, 91, 92})
#: Codes of an operation after the payment: of a refund, or of a deletion.
_AFTER = range(70, 90)
_UNCERTAIN_DIGIT = 2
#: The meaning of the status codes that the bank documents, for an operator or an agent.
MEANINGS = {
    "0": "created: the person has not paid yet",
    "1": "cancelled by the person",
    "2": "refused by the card's issuer or by the acquirer",
    "4": "the payment is pending",
    "5": "authorised, not debited yet",
    "6": "cancelled by the merchant",
    "7": "deleted, or refunded after the debit",
    "8": "refunded",
    "9": "debited",
    "46": "the person is at the authentication of the card",
    "50": "the authorisation waits for an answer",
    "51": "the authorisation waits for an answer",
    "52": "the result of the authorisation is not known: ask the bank",
    "57": "refused: suspicion of fraud",
    "59": "the authorisation was refused",
    "61": "the cancellation waits for an answer",
    "81": "the refund waits for an answer",
    "83": "the refund was refused",
    "91": "the debit waits for an answer",
    "93": "the debit was refused",
    "99": "the debit is being processed",
}
_OUTCOMES = {
    **dict.fromkeys((6, 8, 9, 85, 61, 81, 91), OperationOutcome.DONE),
    **dict.fromkeys((2, 73, 83, 93), OperationOutcome.REFUSED),
}
_MOVED = frozenset({6, 8, 9, 85})


def code_of(thing: Any) -> int | None:  # noqa: ANN401 - any JSON
    """Return the status code of a payment or an operation; ``None`` for a value that is not an integer."""
    code = at(thing, "statusOutput.statusCode")
    return code if type(code) is int else None


def state_of(payment: Any) -> PaymentState:  # noqa: ANN401 - any JSON
    """Return the state that a payment or a refund of the bank reports."""
    word, code = at(payment, "status"), code_of(payment)
    category = at(payment, "statusOutput.statusCategory")
    if not isinstance(word, str) or code is None or not isinstance(category, str | None):
        return PaymentState.UNKNOWN
    codes, wanted, state = _FINAL.get(word, (frozenset[int](), "", PaymentState.UNKNOWN))
    if code in codes:
        return state if category in {wanted, None} else PaymentState.UNKNOWN
    awaited = _WAITING_CATEGORIES | ({"PENDING_MERCHANT"} if word.startswith("PENDING_") else set())
    if word not in _WAITING or category not in awaited | {None}:
        return PaymentState.UNKNOWN
    other = word not in _FINAL and category is not None and code % 10 != _UNCERTAIN_DIGIT
    return PaymentState.PENDING if code in _WAITING[word] or other else PaymentState.UNKNOWN


def needs_details(payment: Any) -> bool:  # noqa: ANN401 - any JSON
    """Return whether the status of a payment is that of a later refund, so that its operations have to be summed."""
    code = code_of(payment)
    return code in REFUNDED_CODES or code in _AFTER


def outcome_of(answer: Any) -> tuple[OperationOutcome, bool]:  # noqa: ANN401 - any JSON
    """Return the outcome of an operation, and whether the money has moved."""
    code = code_of(answer)
    return _OUTCOMES.get(code or 0, OperationOutcome.UNKNOWN), code in _MOVED
