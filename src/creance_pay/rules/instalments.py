"""Several payments of one debt, and one payment of several debts (R12, R13).

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
from .policy import Policy
from .predicates import band_ceiling, first_payment, smallest_payable


def plan(remaining: Euros, *, policy: Policy) -> tuple[Euros, ...]:
    """Split what is due into online payments, as few and as large as can be, that strand nothing (R12).

    Each part is payable at its turn: not over the largest payment, and leaving enough for those that follow.  Where the
    policy tests the band at each access (Q3), what is left has to stay in the band until the last payment; where it
    takes one payment a notice (Q11), there is one part or none.

    Args:
        remaining: What is due.
        policy: The policy to apply.

    Returns:
        The parts in their order, which sum to ``remaining``; nothing when it cannot be paid in full online.
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
    """Share one payment among debts: those that the person names, in that order, then the oldest (R13).

    A debt of unknown issue date comes last; between equals, the reference decides.  Source: Code civil, art. 1342-10.

    Args:
        amount: What is paid.
        debts: What the payment is for; no reference twice.
        chosen: The references that the person names, in the order of their choice; the others follow.
        pending: What payments that are accepted but not displayed yet give to each reference (R25).

    Returns:
        What each notice receives, in the order of the sharing; those that receive nothing are left out.

    Raises:
        InvalidValueError: when a reference is given twice, or named and not among the debts.
        InvalidAmountError: when the amount is more than what is due.
    """
    by_reference = {debt.reference: debt for debt in debts}
    if len(by_reference) < len(debts) or len(set(chosen)) < len(chosen) or not by_reference.keys() >= set(chosen):
        raise InvalidValueError("expected each reference once, and the chosen ones among the debts")
    named = [by_reference[reference] for reference in chosen]
    oldest = sorted((debt for debt in debts if debt.reference not in set(chosen)), key=_age)
    shares, rest = {}, amount
    for debt in (*named, *oldest):
        due = debt.remaining.saturating_sub((pending or {}).get(debt.reference, Euros(0)))
        share = min(due, rest)
        rest -= share
        shares[debt.reference] = share
    if rest.cents:
        raise InvalidAmountError("expected an amount not over what is due", code=VerdictCode.AMOUNT_ABOVE_REMAINING)
    return {reference: share for reference, share in shares.items() if share.cents}


def _age(debt: Debt) -> tuple[date, NoticeReference]:
    return debt.issued_on or date.max, debt.reference
