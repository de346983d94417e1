"""How much may be paid: the amount that a person typed, against what is due (R9 to R11).

>>> from creance_pay.rules import policy_named
>>> verdict = check_amount("50 €", total=Euros(6000), policy=policy_named("ameli-2019-11"))
>>> verdict.code, verdict.warning, verdict.stranded, verdict.suggested_max
(<VerdictCode.AMOUNT_OK: 'AMOUNT_OK'>, <WarningCode.STRANDED_REMAINDER: 'STRANDED_REMAINDER'>, Euros(1000), Euros(4400))
"""

from __future__ import annotations

import attrs

from ..codes import Code, Reason, VerdictCode, WarningCode
from ..errors import InvalidAmountError
from ..money import Euros
from .policy import Policy
from .requirements import AMOUNT, failed
from .verdicts import Verdict, less, policy_warnings


@attrs.frozen(kw_only=True)
class AmountCheck(Verdict):
    """Whether an amount can be paid.

    Attributes:
        amount: The amount, or ``None`` when it is refused.
        stranded: What would remain and be too little to be paid online, else ``None`` (R11).
        suggested_max: The largest amount that strands nothing, when this one strands something, else ``None``.
    """

    granted = VerdictCode.AMOUNT_OK
    depends_on = ("online_min", "online_max_per_payment")

    amount: Euros | None = None
    stranded: Euros | None = None
    suggested_max: Euros | None = None

    @property
    def warning(self) -> Code | None:
        """``STRANDED_REMAINDER``, or ``None``."""
        return WarningCode.STRANDED_REMAINDER if self.stranded else None


@attrs.frozen(kw_only=True)
class _Payment:
    """The operands of the rules on amounts, in cents."""

    amount: int
    total: int


def largest_without_stranding(total: Euros, policy: Policy) -> Euros:
    """Propose the largest payment after which the rest, if any, is still payable online (R11)."""
    if total <= policy.online_max_per_payment:
        return total
    return min(policy.online_max_per_payment, total - policy.online_min)


def check_amount(
    amount: str | Euros, *, total: Euros, policy: Policy, warnings: tuple[Code, ...] | None = None
) -> AmountCheck:
    """Judge an amount against a total that is due (R9, R10, R11).

    This is the low-level half of :meth:`Assessment.check <creance_pay.rules.Assessment.check>`: it knows nothing of the
    debts behind the total, and accepts an amount for a total that no assessment has found payable.

    Args:
        amount: What the person typed, in a French form, or an amount already read.
        total: What is due.
        policy: The policy to apply.
        warnings: Those of the assessment; by default the policy's own.

    Returns:
        ``AMOUNT_OK``, perhaps with a warning, or the first test that failed.
    """
    warnings = policy_warnings(policy) if warnings is None else warnings
    values = {"total": total, "minimum": policy.online_min, "maximum": policy.online_max_per_payment}
    try:
        asked = amount if isinstance(amount, Euros) else Euros.parse(amount)
    except InvalidAmountError as error:
        return AmountCheck(policy=policy, reasons=Reason[str(error.code)], warnings=warnings, values=values)
    values["amount"] = asked
    if reasons := failed(AMOUNT, _Payment(amount=asked.cents, total=total.cents), policy):
        return AmountCheck(policy=policy, reasons=reasons, warnings=warnings, values=values)
    rest = less(total, asked)
    if not Euros(0) < rest < policy.online_min:
        return AmountCheck(policy=policy, warnings=warnings, values=values, amount=asked)
    suggested = largest_without_stranding(total, policy)
    return AmountCheck(
        policy=policy,
        warnings=(*warnings, WarningCode.STRANDED_REMAINDER),
        values={**values, "stranded": rest, "suggested_max": suggested},
        amount=asked,
        stranded=rest,
        suggested_max=suggested,
    )
