"""The bank's response codes, and what each means for the order.

The list is open: a code that is not here is never paid and never lost, it is :attr:`Outcome.UNKNOWN
<creance_pay.Outcome.UNKNOWN>`, and the bank has to be asked.  So is one that says nothing final about this payment.

Meanings after the vendor's data dictionary (DG20) and the current list of one of its banks.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...payment import Outcome

#: What a response code says; ``00`` says PAID when the money is captured by itself, which the message must not deny.
OUTCOMES: Mapping[str, Outcome] = {
    "00": Outcome.PAID,
    "02": Outcome.REFUSED,  # the issuer wants a telephone call
    "03": Outcome.ERROR,  # invalid merchant contract
    "05": Outcome.REFUSED,  # refused by the issuer
    "11": Outcome.REFUSED,  # card blocked
    "12": Outcome.ERROR,  # invalid request
    "14": Outcome.REFUSED,  # wrong card data
    "17": Outcome.CANCELLED,  # the payer left
    "24": Outcome.UNKNOWN,  # operation impossible in this state
    "25": Outcome.UNKNOWN,  # transaction not found
    "30": Outcome.ERROR,  # wrong format
    "34": Outcome.REFUSED,  # suspicion of fraud
    "40": Outcome.ERROR,  # function not allowed
    "51": Outcome.REFUSED,  # amount too high
    "54": Outcome.REFUSED,  # expired card
    "55": Outcome.REFUSED,  # prepaid card not taken
    "60": Outcome.PENDING,
    "62": Outcome.PENDING,  # waiting for a confirmation
    "63": Outcome.REFUSED,  # security rules
    "75": Outcome.REFUSED,  # too many attempts
    "90": Outcome.UNKNOWN,  # service unavailable
    "94": Outcome.UNKNOWN,  # reference already used: the first attempt may have been paid
    "97": Outcome.EXPIRED,  # fifteen minutes without action
    "99": Outcome.UNKNOWN,  # service unavailable
}

#: How the money moves after an acceptance; a validation that the merchant still has to give is not a payment.
CAPTURES: Mapping[str, Outcome] = {
    "AUTHOR_CAPTURE": Outcome.PAID,
    "IMMEDIATE": Outcome.PAID,
    "VALIDATION": Outcome.AUTHORISED,
}
