"""Pay online what is owed to a French health insurance fund (CPAM).

Three rooms, none of which knows the others:

* :mod:`creance_pay.rules`: may this be paid online, how much, and what follows;
* :mod:`creance_pay.gateways`: a sealed form to the bank's page, a verified answer back;
* :mod:`creance_pay.messages`: what the insured person reads.

The names below are what the rooms have in common: values, words and errors.

>>> from datetime import date
>>> from creance_pay import Debt, DebtKind, Euros, NoticeReference, rules
>>> debt = Debt(
...     reference=NoticeReference.parse("6311 7054 0000 0344 F"),
...     kind=DebtKind.FRANCHISE,
...     initial=Euros(6000),
...     remaining=Euros(6000),
...     issued_on=date(2017, 2, 23),
...     open_online=True,
... )
>>> assessment = rules.assess(debt, policy=rules.policy_named("ameli-2019-11"))
>>> assessment.code, assessment.payable_min, assessment.payable_max
(<VerdictCode.PAYABLE: 'PAYABLE'>, Euros(1600), Euros(5000))
>>> assessment.check("15,99").code
<VerdictCode.AMOUNT_BELOW_MINIMUM: 'AMOUNT_BELOW_MINIMUM'>
"""

from __future__ import annotations

from .caisses import Caisse, find_caisse
from .codes import (
    CaisseStatus,
    CardCode,
    Code,
    Reason,
    ReferenceCode,
    Settlement,
    TransactionCode,
    VerdictCode,
    WarningCode,
)
from .debts import Debt, DebtKind
from .errors import (
    ConfigurationError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
    MessageError,
    MissingExtraError,
    NoPolicyError,
    OrderMismatchError,
    PaymentInProgressError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from .money import Euros
from .payment import Outcome, PaymentOrder, PaymentState, Source
from .references import NoticeReference, TransactionReference

__all__ = [
    "Caisse",
    "CaisseStatus",
    "CardCode",
    "Code",
    "ConfigurationError",
    "CreancePayError",
    "Debt",
    "DebtKind",
    "Euros",
    "GatewayUnavailableError",
    "InvalidAmountError",
    "InvalidReferenceError",
    "InvalidValueError",
    "MalformedResponseError",
    "MessageError",
    "MissingExtraError",
    "NoPolicyError",
    "NoticeReference",
    "OrderMismatchError",
    "Outcome",
    "PaymentInProgressError",
    "PaymentOrder",
    "PaymentState",
    "Reason",
    "ReferenceCode",
    "ResponseRefusedError",
    "SealMismatchError",
    "Settlement",
    "Source",
    "TransactionCode",
    "TransactionReference",
    "UnknownKeyError",
    "UnsupportedError",
    "VerdictCode",
    "WarningCode",
    "find_caisse",
]
