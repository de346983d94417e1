"""The operands of one decision: Python integers of cents, and booleans.

The predicates read them by name.  They are built once for each decision, hence they are neither frozen nor compared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Self

import attrs

from ..caisses import managing_caisse
from ..debts import Debt
from ..references import NoticeReference
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
        cls,
        debts: Sequence[Debt],
        policy: Policy,
        *,
        due: int = 0,
        balance: int = 0,
        accepted: Collection[NoticeReference] = (),
    ) -> Self:
        """Build the operands of a selection.  A debt that fails a test fails it for the selection.

        Args:
            debts: The debts of the selection.
            policy: The policy to apply.
            due: The amount that is compared with the minimum, in cents.
            balance: The amount that is compared with the band, in cents.
            accepted: The references of the payments that are accepted and not displayed yet.
        """
        open_online = kind_open = untouched = True
        kinds, alone = policy.open_debt_kinds, len(debts) == 1
        for debt in debts:
            open_online = open_online and debt.open_online
            kind_open = kind_open and debt.kind in kinds
            paid_in_part = debt.remaining.cents < debt.initial.cents
            untouched = untouched and not paid_in_part and not (accepted and debt.reference in accepted)
        return cls(
            open_online=open_online,
            kind_open=kind_open,
            alone=alone,
            distinct=alone or len({debt.reference for debt in debts}) == len(debts),
            one_debtor=alone or len({debt.debtor for debt in debts}) == 1,
            one_caisse=alone or len({managing_caisse(debt.reference.caisse_code) for debt in debts}) == 1,
            due=due,
            balance=balance,
            untouched=untouched,
        )
