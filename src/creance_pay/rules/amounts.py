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
from .choices import Stranding
from .policy import Policy
from .predicates import (
    ScalarOps,
    amount_predicates,
    failed,
    largest_without_stranding,
    payable_max,
    payable_min,
    strands_nothing,
)
from .verdicts import Verdict, policy_warnings


@attrs.frozen(kw_only=True)
class AmountCheck(Verdict):
    """Whether an amount can be paid.

    Attributes:
        amount: The amount, or ``None`` when it is refused.
        stranded: What would remain and be too little to be paid online, else ``None`` (R11).
        suggested_max: The largest amount that strands nothing, when this one strands something, else ``None``.
    """

    success_code = VerdictCode.AMOUNT_OK
    depends_on: tuple[str, ...] = attrs.field(
        default=("online_min", "online_max_per_payment", "max_basis", "stranding", "cents_typed"), repr=False
    )
    amount: Euros | None = None
    stranded: Euros | None = None
    suggested_max: Euros | None = None

    @property
    def warning(self) -> Code | None:
        """``STRANDED_REMAINDER``, or ``None``."""
        return WarningCode.STRANDED_REMAINDER if self.ok and self.stranded else None


@attrs.frozen(kw_only=True)
class AmountInputs(ScalarOps):
    """The operands of the rules on amounts, in cents."""

    total: int
    amount: int = 0


def payable_ranges(total: Euros, policy: Policy) -> tuple[tuple[Euros, Euros], ...]:
    """List the amounts that can be paid of a payable total, as ranges of which both ends can be paid (R10, R11).

    One range; two where the policy refuses the amounts that strand a remainder and the whole total can be paid (Q12).
    """
    inputs = AmountInputs(total=total.cents)
    low, high = Euros(payable_min(inputs, policy)), Euros(payable_max(inputs, policy))
    if policy.stranding is Stranding.WARN:
        return ((low, high),)
    below = (low, min(high, total.saturating_sub(policy.online_min)))
    whole = (max(low, total), high)
    return tuple((first, last) for first, last in (below, whole) if first <= last)


def _read(amount: str | Euros, policy: Policy) -> Euros:
    """Read what was typed; cents are not, where the form takes none (Q13)."""
    if isinstance(amount, Euros):
        return amount
    read = Euros.parse(amount)
    if not policy.cents_typed and ("," in amount or "." in amount):
        raise InvalidAmountError("expected euros without cents", code=VerdictCode.AMOUNT_BAD_FORMAT)
    return read


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
    values: dict[str, object] = {
        "total": total,
        "minimum": policy.online_min,
        "maximum": policy.online_max_per_payment,
    }
    try:
        asked = _read(amount, policy)
    except InvalidAmountError as error:
        return AmountCheck(policy=policy, reasons=Reason[str(error.code)], warnings=warnings, values=values)
    inputs = AmountInputs(amount=asked.cents, total=total.cents)
    reasons, values["amount"] = failed(amount_predicates(policy), inputs, policy), asked
    if reasons & ~Reason.AMOUNT_STRANDS_REMAINDER or bool(strands_nothing(inputs, policy)):
        paid = None if reasons else asked
        return AmountCheck(policy=policy, reasons=reasons, warnings=warnings, values=values, amount=paid)
    stranded, suggested = total.saturating_sub(asked), Euros(largest_without_stranding(inputs, policy))
    return AmountCheck(
        policy=policy,
        reasons=reasons,
        warnings=warnings if reasons else (*warnings, WarningCode.STRANDED_REMAINDER),
        values={**values, "stranded": stranded, "suggested_max": suggested},
        amount=None if reasons else asked,
        stranded=stranded,
        suggested_max=suggested,
    )
