"""The operands of one decision: Python integers of cents, and booleans.

The predicates read them by name.  They are built once for each decision, hence they are neither frozen nor compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs

from ..caisses import managing_caisse
from ..debts import Debt
from .policy import Policy
from .predicates import ScalarOps


@attrs.define(kw_only=True, eq=False)
class AmountInputs(ScalarOps):
    """The operands of the rules on an amount."""

    total: int
    amount: int = 0


@attrs.define(kw_only=True, eq=False)
class BalanceInputs(ScalarOps):
    """The operands of the rules on a balance and on the amount due."""

    balance: int
    due: int = 0
    notice_received: bool = True
    untouched: bool = True


@attrs.define(kw_only=True, eq=False)
class SelectionInputs(BalanceInputs):
    """The operands of the rules on access and selection, on the balance and on the amount due."""

    open_online: bool
    kind_open: bool
    alone: bool
    distinct: bool
    one_debtor: bool
    one_caisse: bool

    @classmethod
    def of(
        cls, debts: Sequence[Debt], policy: Policy, *, due: int = 0, balance: int = 0, untouched: bool = True
    ) -> Self:
        """Build the operands of a selection.  A debt that fails a test fails it for the selection."""
        kinds, alone = policy.open_debt_kinds, len(debts) == 1
        return cls(
            open_online=all(debt.open_online for debt in debts),
            kind_open=all(debt.kind in kinds for debt in debts),
            alone=alone,
            distinct=alone or len({debt.reference for debt in debts}) == len(debts),
            one_debtor=alone or len({debt.debtor for debt in debts}) == 1,
            one_caisse=alone or len({managing_caisse(debt.reference.caisse_code) for debt in debts}) == 1,
            due=due,
            balance=balance,
            untouched=untouched,
        )
