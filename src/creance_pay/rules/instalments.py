"""The plan of several payments, for one debt and for several (R12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import attrs

from ..caisses import managing_caisse
from ..debts import Debt
from ..money import Euros
from ..references import NoticeReference
from .allocation import NOTHING, amounts_due, checked_pending
from .choices import BandCheck, TotalBasis
from .eligibility import access, assess
from .operands import AmountInputs
from .policy import Policy
from .predicates import can_be_planned, first_payment

__all__ = ["Plan", "PlannedPayment"]


def plan(remaining: Euros, *, policy: Policy) -> tuple[Euros, ...]:
    """Split an amount into the fewest online payments, each of which leaves zero or a payable remainder (R12).

    Each payment is payable when its turn comes: it is at most the largest payment, and leaves enough for the next one.
    Where the policy tests the band at each access (Q3), the rest stays in the band until the last payment.  Where the
    policy allows one payment for each notice (Q11), the plan has one payment or none.

    Args:
        remaining: The amount that is due.
        policy: The policy to apply.

    Returns:
        The payments in their order, each as large as possible, with the sum ``remaining``; empty where online payments
        cannot settle the amount.

    >>> from creance_pay.rules import policy_named
    >>> plan(Euros(6000), policy=policy_named("ameli-2019-11"))
    (Euros(4400), Euros(1600))
    """
    least, rest = policy.online_min.cents, remaining.cents
    if not bool(can_be_planned(AmountInputs(total=rest), policy)):
        return ()
    parts: list[int] = []
    while rest and (part := first_payment(AmountInputs(total=rest), policy)) >= least:
        parts.append(part)
        rest -= part
    payable = rest == 0 and (len(parts) == 1 or policy.several_payments)
    return tuple(map(Euros, parts)) if payable else ()


@attrs.frozen(kw_only=True)
class PlannedPayment:
    """One payment of a plan.

    Attributes:
        searched: The reference that the person types; the others are selected with it.
        amount: The amount.
        notices: The amount for each notice, in the order of the allocation (R13).
    """

    searched: NoticeReference
    amount: Euros
    notices: Mapping[NoticeReference, Euros]


@attrs.frozen(kw_only=True)
class Plan:
    """The payments of several debts.

    Attributes:
        payments: The payments, in their order.
        not_payable: The amount of each debt outside the plan, which needs another means of payment.
    """

    payments: tuple[PlannedPayment, ...]
    not_payable: Mapping[NoticeReference, Euros]


def plan_debts(
    debts: Sequence[Debt], *, policy: Policy, pending: Mapping[NoticeReference, Euros] | None = None
) -> Plan:
    """Plan the fewest online payments that settle several debts of a person (R12, R13).

    Each payment is payable when its turn comes, and leaves zero or a payable remainder on each reference.  The debts of
    each caisse are paid together, or those of all caisses where the policy allows this (Q23).  Under a policy with one
    reference for each payment (Q8), one payment for each notice (Q11), a total without the searched debt (Q9) or a band
    that is tested at access (Q3), each debt is planned alone.  The result is the same for any order of ``debts``.

    Args:
        debts: The debts, each reference once.
        policy: The policy to apply.
        pending: The amount of accepted payments that wait for their posting, for each reference (R25).

    Returns:
        The payments, and the debts that need another means of payment: closed ones, and those under the minimum that
        lack a larger debt of the same caisse.

    >>> from creance_pay import DebtKind
    >>> from creance_pay.rules import policy_named
    >>> sixty, fifteen = (
    ...     Debt(reference=NoticeReference(text), kind=DebtKind.FRANCHISE, initial=Euros(cents), remaining=Euros(cents),
    ...          issued_on=None, open_online=True)
    ...     for text, cents in [("6311726000000512K", 6000), ("6311632600000408F", 1500)]
    ... )
    >>> for payment in plan_debts([sixty, fifteen], policy=policy_named("ameli-2019-11")).payments:
    ...     print(payment.amount, {str(notice): str(part) for notice, part in payment.notices.items()})
    50.00 {'6311632600000408F': '15.00', '6311726000000512K': '35.00'}
    25.00 {'6311726000000512K': '25.00'}
    """
    payments: list[PlannedPayment] = []
    not_payable: dict[NoticeReference, Euros] = {}
    for group in _groups(debts, policy):
        owed = [debt for debt, left in amounts_due(group, checked_pending(pending), policy) if left.cents]
        found = _planned(owed, policy, pending)
        payments += found
        if not found:
            not_payable |= {debt.reference: left for debt, left in amounts_due(owed, pending or {}, policy)}
    return Plan(payments=tuple(payments), not_payable=not_payable)


def _groups(debts: Sequence[Debt], policy: Policy) -> Iterable[list[Debt]]:
    """Group the debts that one payment can be for, the oldest first."""
    together = (
        policy.several_references
        and policy.several_payments
        and policy.total_basis is TotalBasis.ALL
        and policy.band_checked_at is BandCheck.NOTICE
    )
    groups: dict[object, list[Debt]] = {}
    for debt in sorted(debts, key=lambda debt: (debt.issued_on or date.max, debt.reference)):
        code = debt.reference.caisse_code
        caisse = "" if policy.several_caisses else managing_caisse(code)
        shared = together and access(debt, policy=policy).ok
        groups.setdefault((debt.debtor, caisse) if shared else debt.reference, []).append(debt)
    return groups.values()


def _planned(
    owed: Sequence[Debt], policy: Policy, pending: Mapping[NoticeReference, Euros] | None
) -> list[PlannedPayment]:
    """Plan the payments of debts that are selected together: simulate them by the rules, one after the other."""
    total = sum((left for _, left in amounts_due(owed, pending or {}, policy)), NOTHING)
    payments: list[PlannedPayment] = []
    for part in plan(total, policy=policy):
        for searched in owed:
            others = [debt for debt in owed if debt is not searched]
            if check := assess(searched, others=others, pending=pending, policy=policy).check(part):
                break
        else:
            return []
        payments.append(PlannedPayment(searched=searched.reference, amount=part, notices=check.notices))
        paid = [
            attrs.evolve(debt, remaining=debt.remaining.saturating_sub(check.notices.get(debt.reference, NOTHING)))
            for debt in owed
        ]
        owed = [debt for debt, left in amounts_due(paid, pending or {}, policy) if left.cents]
    return payments
