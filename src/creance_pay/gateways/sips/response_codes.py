"""The bank's codes, and the state that each reports about the order.

Each list is open: an unknown code is :attr:`PaymentState.UNKNOWN <creance_pay.PaymentState.UNKNOWN>`, which is never a
payment; fetch the status.  A code that reports nothing final about the payment is UNKNOWN as well.

Source: the vendor's data dictionary (DG20) and the current lists of one of its banks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...money import Euros
from ...payment import PaymentState
from ..base import OperationOutcome

#: The bank knew the transaction reference before this request.
ALREADY_PROCESSED = "94"

#: The state by response code; ``00`` is PAID when the money is captured automatically, unless a field contradicts it.
RESPONSES: Mapping[str, PaymentState] = {
    "00": PaymentState.PAID,
    "02": PaymentState.REFUSED,  # the issuer wants a telephone call
    "03": PaymentState.ERROR,  # invalid merchant contract
    "05": PaymentState.REFUSED,  # refused by the issuer
    "11": PaymentState.REFUSED,  # card blocked
    "12": PaymentState.ERROR,  # invalid request
    "14": PaymentState.REFUSED,  # wrong card data
    "17": PaymentState.CANCELLED,  # the payer left
    "24": PaymentState.UNKNOWN,  # operation impossible in this state
    "25": PaymentState.UNKNOWN,  # transaction not found
    "30": PaymentState.ERROR,  # wrong format
    "34": PaymentState.REFUSED,  # suspicion of fraud
    "40": PaymentState.ERROR,  # function not allowed
    "51": PaymentState.REFUSED,  # amount too high
    "54": PaymentState.REFUSED,  # expired card
    "55": PaymentState.REFUSED,  # prepaid card not taken
    "60": PaymentState.PENDING,
    "62": PaymentState.PENDING,  # waiting for a confirmation
    "63": PaymentState.REFUSED,  # security rules
    "75": PaymentState.REFUSED,  # too many attempts
    "90": PaymentState.UNKNOWN,  # service unavailable
    "94": PaymentState.UNKNOWN,  # reference already used: the first attempt may have been paid
    "97": PaymentState.EXPIRED,  # fifteen minutes without action
    "99": PaymentState.UNKNOWN,  # service unavailable
}

#: The meaning of each response code, for an operator or an agent.
MEANINGS: Mapping[str, str] = {
    "00": "accepted",
    "02": "the issuer wants a telephone call before it accepts",
    "03": "the merchant's contract is invalid: call the bank",
    "05": "refused by the card's issuer",
    "11": "the card is blocked: stolen, lost or on the list of blocked numbers",
    "12": "the request was invalid: an error of the portal",
    "14": "the card number, its date or its security code was wrong",
    "17": "the person left the payment page",
    "24": "the operation is impossible in this state of the payment",
    "25": "the bank does not know the transaction",
    "30": "a field of the request had the wrong format: an error of the portal",
    "34": "suspicion of fraud",
    "40": "the merchant may not use this function: call the bank",
    "51": "the amount is above a limit of the card",
    "54": "the card has expired",
    "55": "prepaid cards are not accepted",
    "60": "the bank has not decided yet",
    "62": "the bank waits for a confirmation of the merchant",
    "63": "refused by a security rule of the merchant",
    "75": "too many attempts with wrong card data",
    "90": "the bank's service was unavailable",
    "94": "the transaction reference was used before",
    "97": "the payment page was left open for fifteen minutes",
    "99": "the bank's server had a problem: ask it about the payment",
}

#: The state by capture mode after an acceptance; a payment that the merchant has to validate is not PAID yet.
CAPTURES: Mapping[str, PaymentState] = {
    "AUTHOR_CAPTURE": PaymentState.PAID,
    "IMMEDIATE": PaymentState.PAID,
    "VALIDATION": PaymentState.AUTHORISED,
}


def state_of(get: Callable[[str], str | None]) -> PaymentState:
    """Convert the response code to a state; an acceptance that another field contradicts is UNKNOWN.

    Args:
        get: Returns the only value of a field, or ``None``.
    """
    state = RESPONSES.get(get("responseCode") or "", PaymentState.UNKNOWN)
    if state is not PaymentState.PAID:
        return state
    if get("acquirerResponseCode") not in {None, "00"}:
        return PaymentState.UNKNOWN
    return CAPTURES.get(get("captureMode") or "AUTHOR_CAPTURE", PaymentState.UNKNOWN)


#: The state by the bank's word for a transaction; the remaining amount distinguishes a partial refund.
STATUSES: Mapping[str, PaymentState] = {
    "TO_AUTHORIZE": PaymentState.PENDING,
    "WAITING_AUTHOR": PaymentState.PENDING,
    "TO_CONFIRM_AUTHOR": PaymentState.PENDING,
    "TO_CONFIRM_CAPTURE": PaymentState.PENDING,
    "TO_REPLAY": PaymentState.PENDING,  # validated, the authorisation has to be asked for again
    "REFERRAL": PaymentState.PENDING,  # the issuer wants a telephone call
    "PENDING": PaymentState.PENDING,
    "TO_VALIDATE": PaymentState.AUTHORISED,
    "TO_CHALLENGE": PaymentState.AUTHORISED,  # held on suspicion of fraud until the merchant decides
    "TO_CAPTURE": PaymentState.PAID,  # accepted, transferred the next night
    "CAPTURED": PaymentState.PAID,
    "TO_CREDIT": PaymentState.REFUNDED,
    "TO_CONFIRM_CREDIT": PaymentState.REFUNDED,
    "CREDITED": PaymentState.REFUNDED,
    "CANCELLED": PaymentState.CANCELLED,
    "EXPIRED": PaymentState.EXPIRED,
    "REFUSED": PaymentState.REFUSED,
}


def after_refunds(state: PaymentState, remaining: Euros | None, amount: Euros | None) -> PaymentState:
    """Distinguish a partial refund from a full one by the remaining amount.

    Args:
        state: The bank's state of the transaction.
        remaining: The amount that remains of it; ``None`` where it is not reported.
        amount: The amount of the transaction.
    """
    if remaining is None or state not in {PaymentState.PAID, PaymentState.REFUNDED}:
        return state
    if not remaining.cents:
        return PaymentState.REFUNDED
    return state if state is PaymentState.PAID and remaining == amount else PaymentState.PARTIALLY_REFUNDED


#: The result of an operation by its response code.
OPERATIONS: Mapping[str, OperationOutcome] = {
    "00": OperationOutcome.DONE,
    "02": OperationOutcome.REFUSED,
    "03": OperationOutcome.ERROR,
    "05": OperationOutcome.REFUSED,
    "12": OperationOutcome.ERROR,
    "14": OperationOutcome.REFUSED,
    "24": OperationOutcome.IMPOSSIBLE,
    "25": OperationOutcome.NOT_FOUND,
    "30": OperationOutcome.ERROR,
    "34": OperationOutcome.ERROR,  # here: the bank did not accept the seal
    "40": OperationOutcome.ERROR,
    "51": OperationOutcome.REFUSED,  # amount too high
    "54": OperationOutcome.REFUSED,
    "57": OperationOutcome.REFUSED,  # the payment was charged back
    "63": OperationOutcome.REFUSED,
    "90": OperationOutcome.UNKNOWN,
    "94": OperationOutcome.UNKNOWN,
    "99": OperationOutcome.UNKNOWN,
}

#: The meaning of the answer to a payment started by JSON; only ``00`` starts one.
REDIRECTION_STATUSES: Mapping[str, str] = {
    "00": "continue to the page",
    "03": "invalid merchant contract, or unknown merchant",
    "12": "invalid parameters",
    "30": "wrong format",
    "34": "wrong seal, or another security fault",
    "94": "transaction reference already used: use a new one",
    "99": "service unavailable: try again with a new transaction reference",
}

#: The meaning of the acquirer's code; the state follows from the response code alone.
ACQUIRER_CODES: Mapping[str, str] = {
    "00": "approved",
    "02": "contact the issuer",
    "03": "invalid acceptor",
    "04": "keep the card",
    "05": "do not honour",
    "07": "keep the card, special conditions",
    "08": "approve after identification",
    "12": "invalid transaction",
    "13": "invalid amount",
    "14": "wrong payment data",
    "15": "unknown issuer",
    "17": "stopped by the customer",
    "20": "wrong answer of the server",
    "24": "operation impossible",
    "25": "unknown transaction",
    "30": "wrong format",
    "31": "unknown acquirer",
    "33": "expired",
    "34": "suspicion of fraud",
    "40": "function not supported",
    "41": "lost card",
    "43": "stolen card",
    "51": "insufficient funds",
    "54": "expired card",
    "55": "wrong PIN",
    "56": "card not in the file",
    "57": "not permitted to the holder",
    "58": "not permitted at the terminal",
    "59": "suspicion of fraud",
    "60": "the acceptor must contact the acquirer",
    "61": "over the maximum",
    "62": "waiting for a confirmation",
    "63": "security rules not met",
    "65": "too many operations today",
    "68": "answer missing or late",
    "75": "too many attempts at entering data",
    "87": "unknown terminal",
    "90": "system stopped for a moment",
    "91": "issuer unreachable",
    "92": "not enough data to route the request",
    "94": "duplicate",
    "96": "malfunction of the system",
    "97": "request expired",
    "98": "server unreachable",
    "99": "technical incident",
    "A1": "strong authentication missing: pay again with it",
    "A4": "misuse of an exemption from strong authentication",
    "R1": "the holder has revoked recurring payments to this merchant",
    "R3": "the holder has revoked all recurring payments",
}

#: The result of the fraud checks; an empty code means that none ran.
COMPLEMENTARY_CODES: Mapping[str, str] = {
    "00": "every control passed",
    "02": "card used too often",
    "03": "card on the grey list",
    "04": "postcode on the grey list",
    "05": "unknown range of cards",
    "06": "foreign range of cards",
    "07": "virtual card",
    "08": "range of cards on the grey list",
    "09": "unknown country of the address",
    "10": "forbidden country of the address",
    "11": "card on the list of opposed cards",
    "12": "forbidden pair of countries, card and address",
    "13": "unknown country, card or address",
    "14": "card that always asks for an authorisation",
    "15": "unknown range of cards, in that control",
    "16": "address used too often",
    "20": "customer seen too often",
    "21": "too many customers for the card",
    "22": "too many cards for the customer",
    "99": "a control could not run",
}
