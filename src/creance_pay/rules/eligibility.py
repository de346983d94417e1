"""The eligibility for online payment: scope of a notice, access to a debt, assessment of debts (R3 to R8, R25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

import attrs

from ..caisses import find_caisse
from ..codes import CaisseStatus, Code, Reason, VerdictCode, WarningCode
from ..debts import Debt
from ..money import Euros
from ..references import NoticeReference
from .allocation import NOTHING, Due, amounts_due, checked_pending, in_order
from .amounts import AmountCheck, Selected, check_selected, payable_ranges
from .choices import BandCheck, MinBasis, TotalBasis
from .operands import BalanceInputs, SelectionInputs
from .policy import Policy
from .predicates import (
    ACCESS,
    BAND,
    SCOPE,
    failed,
    payment_predicates,
)
from .verdicts import Verdict, policy_warnings

# The values of the policy that each verdict depends on.
_FOR_THE_BAND = ("notice_band_min", "notice_band_max", "band_inclusive")
_FOR_ACCESS = ("open_debt_kinds",)
_FOR_PAYING = (
    *_FOR_ACCESS,
    "several_references",
    "several_caisses",
    "several_payments",
    "pending_subtracted",
    "total_basis",
    "min_basis",
    "band_checked_at",
    *_FOR_THE_BAND,
    "online_min",
    "online_max_per_payment",
    "max_basis",
    "stranding",
)

# The warning for each reason to be outside the band, where the policy does not test the band (Q3).
_OUTSIDE_THE_BAND = {
    Reason.BELOW_BAND: WarningCode.BALANCE_BELOW_BAND,
    Reason.ABOVE_BAND: WarningCode.BALANCE_ABOVE_BAND,
}


@attrs.frozen(kw_only=True)
class NoticeScope(Verdict):
    """The verdict on a balance and a notice: whether they are in the scope of the service."""

    success_code = VerdictCode.IN_SCOPE
    depends_on: tuple[str, ...] = attrs.field(default=_FOR_THE_BAND, repr=False)


@attrs.frozen(kw_only=True)
class Access(Verdict):
    """The verdict on a reference: whether it leads to a debt that is open online."""

    success_code = VerdictCode.REFERENCE_FOUND
    depends_on: tuple[str, ...] = attrs.field(default=_FOR_ACCESS, repr=False)


@attrs.frozen(kw_only=True)
class Assessment(Verdict):
    """The verdict on a selection of debts: whether it is payable online, and the payable amounts.

    Attributes:
        total: The remaining amount of the selected debts, less the payments that wait for their posting; ``None`` where
            the portal finds no debt.
        payable_ranges: The payable amounts, as ranges whose two ends are payable; usually one range.
        payable_min: The smallest payment, or ``None`` where nothing is payable.
        payable_max: The largest payment, or ``None`` where nothing is payable.
    """

    success_code = VerdictCode.PAYABLE
    depends_on: tuple[str, ...] = attrs.field(default=_FOR_PAYING, repr=False)
    total: Euros | None = None
    _dues: Sequence[Due] = attrs.field(default=(), repr=False)
    _balance: Euros | None = attrs.field(default=None, repr=False)

    @property
    def payable_ranges(self) -> tuple[tuple[Euros, Euros], ...]:
        """The payable amounts, as ranges (R10, R11)."""
        return () if self.total is None or not self.ok else payable_ranges(self.total, self.policy)

    @property
    def payable_min(self) -> Euros | None:
        """The smallest payment (R10)."""
        ranges = self.payable_ranges
        return ranges[0][0] if ranges else None

    @property
    def payable_max(self) -> Euros | None:
        """The largest payment: the policy's, or the remaining amount where that is less (R10, Q10)."""
        ranges = self.payable_ranges
        return ranges[-1][1] if ranges else None

    def check(self, amount: str | Euros) -> AmountCheck:
        """Check an amount against this assessment.

        Args:
            amount: The text that the person typed in a French form, or an amount.

        Returns:
            The verdict on the amount, with the allocation of the amount to the notices.  Where the assessment is a
            refusal, the verdict is that refusal.

        >>> from creance_pay import DebtKind
        >>> from creance_pay.rules import policy_named
        >>> sixty = Debt(
        ...     reference=NoticeReference("6311705400000344F"), kind=DebtKind.FRANCHISE, initial=Euros(6000),
        ...     remaining=Euros(6000), issued_on=None, open_online=True,
        ... )
        >>> assess(sixty, policy=policy_named("ameli-2019-11")).check("50,01").code
        <VerdictCode.AMOUNT_ABOVE_MAXIMUM: 'AMOUNT_ABOVE_MAXIMUM'>
        """
        if self.total is None or not self.ok:
            return AmountCheck(
                policy=self.policy,
                reasons=self.reasons,
                warnings=self.warnings,
                values=self.values,
                depends_on=self.depends_on,
            )
        return check_selected(amount, self._selected(self.total), self.policy, self.warnings)

    def _selected(self, total: Euros) -> Selected:
        """Return the selection, sorted for the allocation: the searched debt before the older ones."""
        ordered = in_order(self._dues, self.policy, [self._dues[0][0].reference])
        return Selected(
            total=total,
            lefts=[left.cents for _, left in ordered],
            balance=(total if self._balance is None else self._balance).cents,
            ordered=ordered,
        )


class NoticeChannel(StrEnum):
    """The channel of a notice."""

    #: The person's account on the web.
    ELECTRONIC = "ELECTRONIC"
    #: A letter.
    PAPER = "PAPER"


def notice_channel(has_account: bool) -> NoticeChannel:  # noqa: FBT001 - the only argument
    """Return the channel of a notice (guide, use cases).

    Args:
        has_account: Whether the person has an account on the day of issue.

    >>> notice_channel(has_account=False)
    <NoticeChannel.PAPER: 'PAPER'>
    """
    return NoticeChannel.ELECTRONIC if has_account else NoticeChannel.PAPER


def notice_scope(balance: Euros, *, notice_received: bool, policy: Policy) -> NoticeScope:
    """Decide whether a balance and a notice are in the scope of the service (R5, R6).

    Args:
        balance: The person's whole balance of participations forfaitaires and franchises, over all references.
        notice_received: Whether the person has received a notice.  This is tested first.
        policy: The policy to apply.

    Returns:
        ``IN_SCOPE``, ``NO_NOTICE``, ``BELOW_BAND`` or ``ABOVE_BAND``.

    >>> from creance_pay.rules import policy_named
    >>> policy = policy_named("ameli-2019-11")
    >>> notice_scope(Euros(5000), notice_received=True, policy=policy).code
    <VerdictCode.IN_SCOPE: 'IN_SCOPE'>
    >>> notice_scope(Euros(4999), notice_received=True, policy=policy).code
    <VerdictCode.BELOW_BAND: 'BELOW_BAND'>
    """
    inputs = BalanceInputs(balance=balance.cents, notice_received=notice_received)
    return NoticeScope(
        policy=policy,
        reasons=failed(SCOPE, inputs, policy),
        warnings=policy_warnings(policy),
        values=_band_values(balance, policy),
    )


def _band_values(balance: Euros, policy: Policy) -> Mapping[str, object]:
    """Return the values for the sentences on the band."""
    return {"balance": balance, "band_min": policy.notice_band_min, "band_max": policy.notice_band_max}


def access(debt: Debt | None, *, policy: Policy, today: date | None = None) -> Access:
    """Decide whether a reference leads to a debt that is open online (R4, R21).

    A reference that is unknown, belongs to another person or is closed gets the same answer, which prevents the probing
    of references.

    Args:
        debt: The person's own debt of that reference, or ``None`` where the portal finds none.
        policy: The policy to apply.
        today: The day of the search.  A reference that is dated after it causes a warning.

    Returns:
        ``REFERENCE_FOUND``, ``REFERENCE_NOT_OPEN`` or ``KIND_NOT_OPEN``.

    >>> from creance_pay.rules import policy_named
    >>> access(None, policy=policy_named("ameli-2019-11")).code
    <VerdictCode.REFERENCE_NOT_OPEN: 'REFERENCE_NOT_OPEN'>
    """
    if debt is None:
        return Access(policy=policy, reasons=Reason.REFERENCE_NOT_OPEN, warnings=policy_warnings(policy))
    return Access(
        policy=policy,
        reasons=failed(ACCESS, SelectionInputs.of([debt], policy), policy),
        warnings=_warnings([debt], policy, today),
        values={"reference": debt.reference},
    )


def assess(
    searched: Debt | None,
    *,
    others: Sequence[Debt] = (),
    pending: Mapping[NoticeReference, Euros] | None = None,
    policy: Policy,
    balance: Euros | None = None,
    today: date | None = None,
) -> Assessment:
    """Decide whether a debt, and those selected with it, are payable online, and how much (R4, R6 to R8, R21, R25).

    The result is the same for any order of ``others``.  The searched debt has a role of its own: under a policy with
    ``min_basis=reference``, only this debt is compared with the minimum.

    Args:
        searched: The debt of the reference that the person typed, or ``None`` where the portal finds none.
        others: The other debts that the person selected.
        pending: The amount of accepted payments that wait for their posting, for each reference.  It is subtracted
            before the tests.
        policy: The policy to apply.
        balance: The person's whole balance.  A policy that tests the band at access refuses a balance outside it; any
            other policy adds a warning.  By default, the total of the selection is the balance, and the warning about
            the band is left out.
        today: The day of the search.  A reference that is dated after it causes a warning.

    Returns:
        ``PAYABLE``, or the first test that failed, in the order access, kind, selection, nothing due, band, minimum.

    Raises:
        InvalidValueError: when ``pending`` does not map references to amounts.

    >>> from creance_pay import DebtKind, NoticeReference
    >>> from creance_pay.rules import policy_named
    >>> seven = Debt(
    ...     reference=NoticeReference("6311632600000408F"), kind=DebtKind.FRANCHISE, initial=Euros(700),
    ...     remaining=Euros(700), issued_on=None, open_online=True,
    ... )
    >>> assess(seven, policy=policy_named("ameli-2019-11")).code
    <VerdictCode.BELOW_ONLINE_MINIMUM: 'BELOW_ONLINE_MINIMUM'>
    """
    if searched is None:
        found = access(None, policy=policy)
        return Assessment(policy=policy, reasons=found.reasons, warnings=found.warnings)
    selection, accepted = [searched, *others], checked_pending(pending)
    dues = amounts_due(selection, accepted, policy)
    remaining = dues[0][1]
    counted = dues[1:] if others and policy.total_basis is TotalBasis.SELECTED else dues
    total = counted[0][1] if len(counted) == 1 else sum((left for _, left in counted), NOTHING)
    owed = total if balance is None else _less_pending(balance, accepted, policy)
    of_reference = others and policy.min_basis is MinBasis.REFERENCE
    inputs = SelectionInputs.of(
        selection,
        policy,
        due=min(remaining.cents, total.cents) if of_reference else total.cents,
        balance=owed.cents,
        accepted=accepted,
    )
    values = {
        "reference": searched.reference,
        "remaining": remaining,
        "total": total,
        "minimum": policy.online_min,
        "maximum": policy.online_max_per_payment,
    }
    warnings = _warnings(selection, policy, today)
    if policy.band_checked_at is BandCheck.ACCESS:
        values |= _band_values(owed, policy)
    elif balance is not None:
        values |= _band_values(owed, policy)
        warnings += tuple(_OUTSIDE_THE_BAND[reason] for reason in failed(BAND, inputs, policy))
    return Assessment(
        policy=policy,
        reasons=failed(payment_predicates(policy), inputs, policy),
        warnings=warnings,
        values=values,
        total=total,
        dues=counted,
        balance=owed,
    )


def _less_pending(balance: Euros, accepted: Mapping[NoticeReference, Euros], policy: Policy) -> Euros:
    """Subtract the pending payments of every reference from a balance, unless the policy ignores them (Q22)."""
    return balance.saturating_sub(sum(accepted.values(), NOTHING)) if policy.pending_subtracted else balance


def _warnings(debts: Sequence[Debt], policy: Policy, today: date | None) -> tuple[Code, ...]:
    """Return the warnings about the references (R2, R3), each once, and about the policy."""
    found: list[Code] = []
    for debt in debts:
        reference = debt.reference
        caisse, issued_on = find_caisse(reference.caisse_code), reference.issued_on
        if issued_on is None:
            found.append(WarningCode.ISSUE_DAY_UNKNOWN)
        elif today is not None and issued_on > today:
            found.append(WarningCode.ISSUE_DAY_FUTURE)
        status = caisse.status if caisse else CaisseStatus.CAISSE_UNKNOWN
        if status is not CaisseStatus.CAISSE_OK:
            found.append(status)
    return (*dict.fromkeys(found), *policy_warnings(policy)) if found else policy_warnings(policy)
