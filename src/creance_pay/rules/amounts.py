"""The check of an amount that a person typed (R9 to R11).

>>> from creance_pay.rules import policy_named
>>> verdict = check_amount("50 €", total=Euros(6000), policy=policy_named("ameli-2019-11"))
>>> verdict.code, verdict.warning, verdict.stranded, verdict.suggested_max
(<VerdictCode.AMOUNT_OK: 'AMOUNT_OK'>, <WarningCode.STRANDED_REMAINDER: 'STRANDED_REMAINDER'>, Euros(1000), Euros(4400))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ..codes import Code, Reason, VerdictCode, WarningCode
from ..errors import InvalidAmountError
from ..money import Euros
from ..references import NoticeReference
from .allocation import Due, split
from .policy import Policy
from .predicates import (
    ScalarOps,
    amount_predicates,
    failed,
    largest_without_stranding,
    payable_bounds,
    remainder,
    strands_nothing,
)
from .verdicts import Verdict, policy_warnings


@attrs.frozen(kw_only=True)
class AmountCheck(Verdict):
    """The verdict on an amount.

    Attributes:
        amount: The amount, or ``None`` when it is refused.
        notices: The amount for each notice, in the order of the allocation (R13): of the selection that was assessed.
            Empty for a refused amount, and for :func:`check_amount`, which knows no notices.
        stranded: The stranded remainder, which would be too small to be paid online; ``None`` if there is none (R11).
        suggested_max: Where this amount strands a remainder, the largest amount that strands none; else ``None``.
    """

    success_code = VerdictCode.AMOUNT_OK
    depends_on: tuple[str, ...] = attrs.field(
        default=("online_min", "online_max_per_payment", "max_basis", "stranding", "cents_typed"), repr=False
    )
    amount: Euros | None = None
    notices: Mapping[NoticeReference, Euros] = attrs.field(factory=dict)
    stranded: Euros | None = None
    suggested_max: Euros | None = None

    @property
    def warning(self) -> Code | None:
        """``STRANDED_REMAINDER``, or ``None``."""
        return WarningCode.STRANDED_REMAINDER if self.ok and self.stranded else None


@attrs.frozen(kw_only=True)
class AmountInputs(ScalarOps):
    """The operands of the rules on an amount, in cents."""

    total: int
    amount: int = 0


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

    This function does not check whether the total is payable.  A portal calls :meth:`Assessment.check
    <creance_pay.rules.Assessment.check>`, which does.

    Args:
        amount: The text that the person typed in a French form, or an amount.
        total: The amount that is due.
        policy: The policy to apply.

    Returns:
        ``AMOUNT_OK``, with a warning where the amount strands a remainder; or the first test that failed.
    """
    return check_selected(amount, total=total, policy=policy, warnings=policy_warnings(policy), dues=())


def check_selected(
    amount: str | Euros, *, total: Euros, policy: Policy, warnings: tuple[Code, ...], dues: Sequence[Due]
) -> AmountCheck:
    """Check an amount against the total of a selection, and allocate it (R9 to R11, R13).

    Args:
        amount: The text that the person typed in a French form, or an amount.
        total: The amount that is due.
        policy: The policy to apply.
        warnings: The warnings of the assessment.
        dues: The debts that the total includes; the first one comes before the oldest in the allocation.
    """
    values: dict[str, object] = {
        "total": total,
        "minimum": policy.online_min,
        "maximum": policy.online_max_per_payment,
    }
    try:
        asked = _parse(amount, policy)
    except InvalidAmountError as error:
        return AmountCheck(policy=policy, reasons=Reason[str(error.code)], warnings=warnings, values=values)
    inputs = AmountInputs(amount=asked.cents, total=total.cents)
    reasons, values["amount"] = failed(amount_predicates(policy), inputs, policy), asked
    paid = None if reasons else asked
    notices = split(paid, dues, policy, first=[dues[0][0].reference]) if paid and dues else {}
    if reasons & ~Reason.AMOUNT_STRANDS_REMAINDER or bool(strands_nothing(inputs, policy)):
        return AmountCheck(
            policy=policy, reasons=reasons, warnings=warnings, values=values, amount=paid, notices=notices
        )
    stranded, suggested = Euros(remainder(inputs)), Euros(largest_without_stranding(inputs, policy))
    return AmountCheck(
        policy=policy,
        reasons=reasons,
        warnings=warnings if reasons else (*warnings, WarningCode.STRANDED_REMAINDER),
        values={**values, "stranded": stranded, "suggested_max": suggested},
        amount=paid,
        notices=notices,
        stranded=stranded,
        suggested_max=suggested,
    )
