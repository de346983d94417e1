"""The check of an amount that a person typed (R9 to R11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import attrs

from ..codes import Code, Reason, VerdictCode, WarningCode
from ..errors import InvalidAmountError
from ..money import Euros
from ..references import NoticeReference
from .allocation import Due, shares_of, split
from .choices import MinBasis, TotalBasis
from .operands import AmountInputs, BalanceInputs
from .policy import Policy
from .predicates import (
    amount_predicates,
    band_floor,
    due_predicates,
    failed,
    largest_without_stranding,
    payable_bounds,
)
from .verdicts import Verdict, policy_warnings

# The values of the policy that the verdict depends on.
_FOR_AN_AMOUNT = (
    "online_min",
    "online_max_per_payment",
    "max_basis",
    "min_basis",
    "several_payments",
    "band_checked_at",
    "stranding",
    "cents_typed",
)


@attrs.frozen(kw_only=True)
class AmountCheck(Verdict):
    """The verdict on an amount.

    Attributes:
        amount: The amount, or ``None`` when it is refused.
        notices: The amount for each notice, in the order of the allocation (R13): of the selection that was assessed.
            Empty for a refused amount, and for :func:`check_amount`, which gets no notices.
        stranded: The stranded remainder, which is too small for a payment online; ``None`` if there is none (R11).
        suggested_max: Where this amount strands a remainder, the largest amount that strands none, if there is one;
            else ``None``.
    """

    success_code = VerdictCode.AMOUNT_OK
    depends_on: tuple[str, ...] = attrs.field(default=_FOR_AN_AMOUNT, repr=False)
    amount: Euros | None = None
    notices: Mapping[NoticeReference, Euros] = attrs.field(factory=dict)
    stranded: Euros | None = None
    suggested_max: Euros | None = None

    @property
    def warning(self) -> Code | None:
        """``STRANDED_REMAINDER``, or ``None``."""
        return WarningCode.STRANDED_REMAINDER if self.ok and self.stranded else None


def payable_ranges(total: Euros, policy: Policy) -> tuple[tuple[Euros, Euros], ...]:
    """Return the payable amounts of a payable total, as ranges whose two ends are payable (R10, R11).

    There is usually one range.  There are two where the policy refuses the amounts that strand a remainder, and the
    whole total is payable (Q12).
    """
    bounds = payable_bounds(AmountInputs(total=total.cents), policy)
    return tuple((Euros(first), Euros(last)) for first, last in bounds if first <= last)


def _parse(amount: str | Euros, policy: Policy) -> Euros:
    """Parse a typed amount.  A policy may refuse cents (Q13)."""
    if isinstance(amount, Euros):
        return amount
    parsed = Euros.parse(amount)
    if not policy.cents_typed and ("," in amount or "." in amount):
        raise InvalidAmountError("expected euros without cents, got decimals", code=VerdictCode.AMOUNT_BAD_FORMAT)
    return parsed


def check_amount(amount: str | Euros, *, total: Euros, policy: Policy) -> AmountCheck:
    """Check an amount against a total that is due (R9, R10, R11).

    The function takes the total as payable: :func:`assess` decides whether it is.  A portal calls
    :meth:`Assessment.check <creance_pay.rules.Assessment.check>`, which does.

    Args:
        amount: The text that the person typed in a French form, or an amount.
        total: The amount that is due.
        policy: The policy to apply.

    Returns:
        ``AMOUNT_OK``, with a warning where the amount strands a remainder; or the first test that failed.

    >>> from creance_pay.rules import policy_named
    >>> verdict = check_amount("50 €", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    >>> verdict.code, verdict.warning
    (<VerdictCode.AMOUNT_OK: 'AMOUNT_OK'>, <WarningCode.STRANDED_REMAINDER: 'STRANDED_REMAINDER'>)
    >>> verdict.stranded, verdict.suggested_max
    (Euros(1000), Euros(4400))
    """
    selection = Selected(total=total, lefts=(total.cents,), balance=total.cents)
    return check_selected(amount, selection, policy, policy_warnings(policy))


@attrs.frozen(kw_only=True)
class Selected:
    """A selection of debts that is payable.

    Attributes:
        total: The amount that is due.
        lefts: The remaining amount of each debt, in the order of the allocation, in cents; their sum is the total.
        balance: The whole balance of the person, in cents.
        ordered: The debts in the same order, unless only their total is known.
    """

    total: Euros
    lefts: Sequence[int]
    balance: int
    ordered: Sequence[Due] = ()


def check_selected(amount: str | Euros, selected: Selected, policy: Policy, warnings: tuple[Code, ...]) -> AmountCheck:
    """Check an amount against a selection, and allocate it (R9 to R11, R13).

    Args:
        amount: The text that the person typed in a French form, or an amount.
        selected: The selection.
        policy: The policy to apply.
        warnings: The warnings of the assessment.
    """
    values: dict[str, object] = {
        "total": selected.total,
        "minimum": policy.online_min,
        "maximum": policy.online_max_per_payment,
    }
    try:
        asked = _parse(amount, policy)
    except InvalidAmountError as error:
        return AmountCheck(policy=policy, reasons=Reason[str(error.code)], warnings=warnings, values=values)
    inputs = AmountInputs(amount=asked.cents, total=selected.total.cents)
    reasons, values["amount"] = failed(amount_predicates(policy), inputs, policy), asked
    stranded = suggested = None
    if not reasons & ~Reason.AMOUNT_STRANDS_REMAINDER and (cents := stranded_remainder(asked.cents, selected, policy)):
        found = suggested_amount(selected, policy)
        stranded, suggested = Euros(cents), None if found is None else Euros(found)
        values |= {"stranded": stranded, "suggested_max": suggested}
    return AmountCheck(
        policy=policy,
        reasons=reasons,
        warnings=(*warnings, WarningCode.STRANDED_REMAINDER) if stranded and not reasons else warnings,
        values=values,
        amount=None if reasons else asked,
        notices={} if reasons or not selected.ordered else split(asked, selected.ordered, policy),
        stranded=stranded,
        suggested_max=suggested,
    )


def stranded_remainder(amount: int, selected: Selected, policy: Policy) -> int:
    """Return the part of the remainder that would be too small for a payment online, in cents (R11).

    The remaining amounts are tested as at the next access.  Where the policy compares the reference with the minimum
    (Q7), the largest of them is compared, since the others can be selected with it.  Where the policy allows one
    payment for each notice (Q11), a notice that is paid in part is not payable any more.  Where the total leaves out
    the searched debt (Q9), a later selection of that debt is not counted.
    """
    shares = shares_of(amount, selected.lefts)
    rests = [(left, left - share) for left, share in zip(selected.lefts, shares, strict=True) if left > share]
    if not rests:
        return 0
    remaining = sum(rest for _, rest in rests)
    payable = [rest for left, rest in rests if policy.several_payments or rest == left]
    together = policy.min_basis is MinBasis.SELECTION or policy.total_basis is TotalBasis.SELECTED
    due = sum(payable) if together else max(payable, default=0)
    inputs = BalanceInputs(due=due, balance=selected.balance - amount)
    return remaining if failed(due_predicates(policy), inputs, policy) else remaining - sum(payable)


def suggested_amount(selected: Selected, policy: Policy) -> int | None:
    """Return the largest amount that strands no remainder, in cents, if there is one.

    It is the total, or leaves the smallest remainder that is payable, or pays some notices in full.
    """
    inputs = AmountInputs(total=selected.total.cents)
    candidates = {
        *accumulate(selected.lefts),
        largest_without_stranding(inputs, policy),
        selected.balance - band_floor(policy),
    }
    least, most = policy.online_min.cents, min(policy.online_max_per_payment.cents, inputs.total)
    usable = [each for each in candidates if least <= each <= most and not stranded_remainder(each, selected, policy)]
    return max(usable, default=None)
