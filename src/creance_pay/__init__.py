"""Online payment of a debt to a French health insurance fund (CPAM).

Four packages that never import one another:

* :mod:`creance_pay.rules`: whether a debt is payable online, how much of it, and the deadlines after a payment;
* :mod:`creance_pay.gateways`: the sealed request to the bank, and its authenticated answer;
* :mod:`creance_pay.ledger`: the record of each payment, written once;
* :mod:`creance_pay.messages`: the sentences that the insured person reads.

:mod:`creance_pay.payments` joins a gateway and a ledger.  The names below are the values, codes and errors that the
packages share.

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

from typing import TYPE_CHECKING

from . import codes, errors
from .caisses import Caisse, find_caisse
from .debts import Debt, DebtKind
from .http import HttpMessage
from .money import Euros
from .payment import (
    Movement,
    MovementKind,
    PaymentOrder,
    PaymentProgress,
    PaymentState,
    Source,
    VerifiedPayment,
)
from .references import NoticeReference, TransactionReference

__all__ = [
    "Caisse",
    "Debt",
    "DebtKind",
    "Euros",
    "HttpMessage",
    "Movement",
    "MovementKind",
    "NoticeReference",
    "PaymentOrder",
    "PaymentProgress",
    "PaymentState",
    "Source",
    "TransactionReference",
    "VerifiedPayment",
    "codes",
    "errors",
    "find_caisse",
]

#: The version of the installed distribution, such as ``26.11.0``.
__version__: str

# Type checkers must not see this ``__getattr__``, which would hide misspelt names from them.
if not TYPE_CHECKING:  # pragma: no branch

    def __getattr__(name: str) -> str:
        """Return ``__version__``.  The metadata are read on first use, which keeps this import light."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version  # noqa: PLC0415 - takes longer to load than this package's values

        return version("creance-pay")
