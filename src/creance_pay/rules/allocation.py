"""The allocation of one payment to several debts (R13).

Source: Code civil, art. 1342-10: the debtor names the debt that the payment is for; else the oldest debt comes first.

Where the policy compares the reference with the minimum (Q7), a debt under the minimum is payable only together with a
larger one.  It therefore comes first, and is paid together with a larger one: after a payment that leaves zero, or at
least the minimum, one reference has at least the minimum (R11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from ..codes import VerdictCode
from ..debts import Debt
from ..errors import InvalidAmountError, InvalidValueError
from ..money import Euros
from ..references import NoticeReference
from .choices import MaxBasis, MinBasis
from .policy import Policy

NOTHING = Euros(0)
#: A debt, and its remaining amount after the pending payments.
Due = tuple[Debt, Euros]


def allocate(
    amount: Euros,
    debts: Sequence[Debt],
    *,
    policy: Policy,
    chosen_in_order: Sequence[NoticeReference] = (),
    pending: Mapping[NoticeReference, Euros] | None = None,
) -> Mapping[NoticeReference, Euros]:
    """Allocate one payment to the debts that the person selected (R13).

    Under a policy with ``min_basis=reference``, debts under the minimum come first.  Then come the debts of
    ``chosen_in_order``, in this order, and then the oldest.  A debt of unknown issue date comes last, and debts of the
    same day are ordered by their references.  The result is the same for any order of ``debts``.

    The ``notices`` of an :class:`~creance_pay.rules.AmountCheck` are the allocation of an amount that was checked.

    Args:
        amount: The amount of the payment.
        debts: The debts that the payment is for, each reference once.
        policy: The policy to apply.
        chosen_in_order: The references that the person wants to pay first, in the order of the choice.
        pending: The amount of accepted payments that wait for their posting, for each reference (R25).

    Returns:
        The amount for each notice, in the order of the allocation.  Notices with a share of zero are left out.  Where
        the policy allows a credit (Q10), the last notice receives it.

    Raises:
        InvalidValueError: when a reference occurs twice, or is chosen and not among the debts; or when ``pending`` does
            not map references to amounts.
        InvalidAmountError: when the amount is above the sum that is due, and the policy allows no credit.

    >>> from creance_pay import DebtKind
    >>> from creance_pay.rules import policy_named
    >>> sixty, fifteen = (
    ...     Debt(reference=NoticeReference(text), kind=DebtKind.FRANCHISE, initial=Euros(cents), remaining=Euros(cents),
    ...          issued_on=None, open_online=True)
    ...     for text, cents in [("6311726000000512K", 6000), ("6311632600000408F", 1500)]
    ... )
    >>> parts = allocate(Euros(5000), [sixty, fifteen], policy=policy_named("ameli-2019-11"))
    >>> {str(notice): str(part) for notice, part in parts.items()}
    {'6311632600000408F': '15.00', '6311726000000512K': '35.00'}
    """
    references, chosen = {debt.reference for debt in debts}, set(chosen_in_order)
    if len(references) < len(debts) or len(chosen) < len(chosen_in_order) or not references >= chosen:
        raise InvalidValueError("expected each reference once and the chosen ones among the debts, got others")
    dues = amounts_due(debts, checked_pending(pending), policy)
    return split(amount, in_order(dues, policy, chosen_in_order), policy)


def amounts_due(debts: Sequence[Debt], pending: Mapping[NoticeReference, Euros], policy: Policy) -> list[Due]:
    """Subtract the pending payments from the remaining amounts, unless the policy ignores them (R25, Q22)."""
    if not pending or not policy.pending_subtracted:
        return [(debt, debt.remaining) for debt in debts]
    return [(debt, debt.remaining.saturating_sub(pending.get(debt.reference, NOTHING))) for debt in debts]


def in_order(dues: Sequence[Due], policy: Policy, first: Sequence[NoticeReference]) -> Sequence[Due]:
    """Sort debts by the order of the allocation: debts under the minimum, then those of ``first``, then the oldest."""
    if len(dues) == 1:
        return dues
    alone_refused = policy.online_min if policy.min_basis is MinBasis.REFERENCE else NOTHING
    rank = {reference: number for number, reference in enumerate(first)}

    def place(due: Due) -> tuple[bool, int, date, NoticeReference]:
        """Return the sort key of a debt."""
        debt, left = due
        reference = debt.reference
        return left >= alone_refused, rank.get(reference, len(rank)), debt.issued_on or date.max, reference

    return sorted(dues, key=place)


def shares_of(amount: int, lefts: Iterable[int]) -> list[int]:
    """Split an amount among remaining amounts, one after the other, in cents."""
    shares = []
    for left in lefts:
        share = min(left, amount)
        amount -= share
        shares.append(share)
    return shares


def split(amount: Euros, ordered: Sequence[Due], policy: Policy) -> Mapping[NoticeReference, Euros]:
    """Split an amount among debts in their order.

    Args:
        amount: The amount of the payment.
        ordered: The debts with their remaining amounts, each reference once, in the order of the allocation.
        policy: The policy to apply.

    Raises:
        InvalidAmountError: when the amount is above the sum that is due, and the policy allows no credit.
    """
    shares = shares_of(amount.cents, (left.cents for _, left in ordered))
    if rest := amount.cents - sum(shares):
        if policy.max_basis is MaxBasis.TOTAL or not shares:
            raise InvalidAmountError(
                "expected amount to be at most the amount due, got more", code=VerdictCode.AMOUNT_ABOVE_REMAINING
            )
        shares[-1] += rest
    return {debt.reference: Euros(share) for (debt, _), share in zip(ordered, shares, strict=True) if share}


def checked_pending(pending: Mapping[NoticeReference, Euros] | None) -> Mapping[NoticeReference, Euros]:
    """Check the types of a mapping.  A key of another type would match no debt, which would then be paid twice."""
    if not pending:
        return {}
    wrong = [
        f"{type(key).__name__} to {type(part).__name__}"
        for key, part in pending.items()
        if not (isinstance(key, NoticeReference) and isinstance(part, Euros))
    ]
    if wrong:
        raise InvalidValueError(f"expected pending to map NoticeReference to Euros, got {wrong[0]}")
    return pending
