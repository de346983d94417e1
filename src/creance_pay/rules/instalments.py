"""The plan of several payments for one debt, and the allocation of one payment to several debts (R12, R13).

>>> from creance_pay.rules import policy_named
>>> plan(Euros(6000), policy=policy_named("ameli-2019-11"))
(Euros(4400), Euros(1600))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ..codes import VerdictCode
from ..debts import Debt
from ..errors import InvalidAmountError, InvalidValueError
from ..money import Euros
from ..references import NoticeReference
from .amounts import AmountInputs
from .choices import BandCheck
from .eligibility import checked_pending
from .policy import Policy
from .predicates import band_ceiling, first_payment, smallest_payable


def plan(remaining: Euros, *, policy: Policy) -> tuple[Euros, ...]:
    """Split an amount into the fewest online payments that strand no remainder (R12).

    Each payment is payable when its turn comes: it is at most the largest payment, and leaves enough for the next one.
    Where the policy tests the band at each access (Q3), the rest stays in the band until the last payment.  Where the
    policy allows one payment for each notice (Q11), the plan has one payment or none.

    Args:
        remaining: The amount that is due.
        policy: The policy to apply.

    Returns:
        The payments in their order, each as large as possible, with the sum ``remaining``; empty where the amount
        cannot be paid in full online.
    """
    least, rest = policy.online_min.cents, remaining.cents
    outside = policy.band_checked_at is BandCheck.ACCESS and rest > band_ceiling(policy)
    if rest < smallest_payable(policy) or outside:
        return ()
    parts: list[int] = []
    while rest and (part := first_payment(AmountInputs(total=rest), policy)) >= least:
        parts.append(part)
        rest -= part
    payable = rest == 0 and (len(parts) == 1 or policy.several_payments)
    return tuple(map(Euros, parts)) if payable else ()


def allocate(
    amount: Euros,
    debts: Sequence[Debt],
    *,
    chosen: Sequence[NoticeReference] = (),
    pending: Mapping[NoticeReference, Euros] | None = None,
) -> Mapping[NoticeReference, Euros]:
    """Allocate one payment to several debts: to those that the person chose, in that order, then to the oldest (R13).

    A debt of unknown issue date comes last.  Debts of the same day are ordered by their references.
    Source: Code civil, art. 1342-10.

    Args:
        amount: The amount of the payment.
        debts: The debts that the payment is for, each reference once.
        chosen: The references that the person chose, in the order of the choice.
        pending: The amount of accepted payments that are not displayed yet, for each reference (R25).

    Returns:
        The amount for each notice, in the order of the allocation.  Notices that receive nothing are left out.

    Raises:
        InvalidValueError: when a reference occurs twice, or is chosen and not among the debts; or when ``pending`` does
            not map references to amounts.
        InvalidAmountError: when the amount is above the sum that is due.
    """
    by_reference = {debt.reference: debt for debt in debts}
    if len(by_reference) < len(debts) or len(set(chosen)) < len(chosen) or not by_reference.keys() >= set(chosen):
        raise InvalidValueError("expected each reference once and the chosen ones among the debts, got others")
    named = [by_reference[reference] for reference in chosen]
    oldest = sorted((debt for debt in debts if debt.reference not in set(chosen)), key=_age)
    deducted = checked_pending(pending or {})
    shares, rest = {}, amount
    for debt in (*named, *oldest):
        due = debt.remaining.saturating_sub(deducted.get(debt.reference, Euros(0)))
        share = min(due, rest)
        rest -= share
        shares[debt.reference] = share
    if rest.cents:
        raise InvalidAmountError(
            "expected amount to be at most the amount due, got more", code=VerdictCode.AMOUNT_ABOVE_REMAINING
        )
    return {reference: share for reference, share in shares.items() if share.cents}


def _age(debt: Debt) -> tuple[date, NoticeReference]:
    return debt.issued_on or date.max, debt.reference
