"""The comparison of two policies: the regions of debts and amounts in which their decisions differ.

An answer changes only where a balance, a total, an amount, or a total less an amount reaches a breakpoint: an amount of
the policy.  Between the breakpoints of both policies, one decision of each represents all.  The comparison therefore
makes one decision in each cell of this grid, and its regions are complete.  The theorem
``answers_change_at_breakpoints_only`` proves it, for every policy and every amount.

>>> import attrs
>>> from creance_pay import DebtKind, Euros
>>> from creance_pay.rules import policy_named
>>> before = policy_named("ameli-2019-11")
>>> for region in compare(before, attrs.evolve(before, notice_band_min=Euros(3000)), kind=DebtKind.FRANCHISE):
...     print(region)
notice, balance 30.00 to 49.99: BELOW_BAND -> IN_SCOPE
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import attrs

from ..debts import Debt, DebtKind
from ..money import Euros
from ..references import NoticeReference
from .choices import BandCheck
from .eligibility import assess, notice_scope
from .policy import Policy
from .predicates import band_ceiling, band_floor

__all__ = ["Bound", "Range", "Region", "compare", "differing_values"]

#: The decisions that are compared: about a balance, about a debt, about an amount for a payable debt.
NOTICE, DEBT, AMOUNT = "notice", "debt", "amount"
_SYNTHETIC = NoticeReference("0000000000000000A")


def breakpoints(policy: Policy) -> Mapping[str, Sequence[int]]:
    """Return the breakpoints of a policy, in cents.

    The answer for a value may differ from the answer for one cent less where the value is a breakpoint, and nowhere
    else.  ``rest`` is the total less the amount.  A policy that tests the band at access tests the total and the rest,
    for a person without other debts.
    """
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    band = (band_floor(policy), band_ceiling(policy) + 1)
    at_access = band if policy.band_checked_at is BandCheck.ACCESS else ()
    return {
        "balance": band,
        "total": (1, least, most, *at_access),
        "amount": (least, most + 1),
        "rest": (0, 1, least, *at_access),
    }


@attrs.frozen
class Bound:
    """An end of a range: a number of cents, or the total with a number of cents added.

    Attributes:
        cents: The number of cents, possibly negative where it is added.
        to_total: Whether it is added to the total.
    """

    cents: int
    to_total: bool = False

    def at(self, total: int) -> int:
        """Return the end for a total."""
        return self.cents + total if self.to_total else self.cents

    def __str__(self) -> str:
        """Return the end in euros."""
        if not self.to_total:
            return str(Euros(self.cents))
        sign = "-" if self.cents < 0 else "+"
        return f"total {sign} {Euros(abs(self.cents))}" if self.cents else "total"


@attrs.frozen
class Range:
    """Amounts from a first to a last one, both included; without a last one where there is no upper end."""

    first: Bound
    last: Bound | None

    def __str__(self) -> str:
        """Return the range in euros."""
        if self.last is None:
            return f"from {self.first} on"
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@attrs.frozen(kw_only=True)
class Region:
    """A region in which two policies decide differently, each with one answer for all of it.

    Attributes:
        decision: ``notice``, ``debt`` or ``amount``.
        ranges: The range of each operand by its name: ``balance``, ``total``, ``amount``.
        before: The code of the first policy, with its warning if there is one.
        after: The code of the second policy.
    """

    decision: str
    ranges: Mapping[str, Range]
    before: str
    after: str

    def __str__(self) -> str:
        """Return the region on one line."""
        where = "".join(f", {name} {each}" for name, each in self.ranges.items())
        return f"{self.decision}{where}: {self.before} -> {self.after}"


def differing_values(before: Policy, after: Policy) -> Mapping[str, tuple[str, str]]:
    """Return the values that differ, by name, each as both policies state it."""
    names = [field.name for field in attrs.fields(Policy) if "unit" in field.metadata]
    return {
        name: (before.shown(name), after.shown(name)) for name in names if getattr(before, name) != getattr(after, name)
    }


def compare(before: Policy, after: Policy, *, kind: DebtKind, paid_before: bool = False) -> tuple[Region, ...]:
    """Return all regions in which two policies decide differently about one debt that is paid alone.

    The decisions are: the scope of a balance after a notice, the assessment of a debt that is open online, and the
    check of an amount for a debt that is payable under both policies and is the whole balance of the person.

    Args:
        before: The first policy.
        after: The second policy.
        kind: The kind of the debt.
        paid_before: Whether a part of the debt was paid before.
    """
    both = _Pair(policies=(before, after), kind=kind, paid_before=paid_before)
    return (*_merged(both.notices()), *_merged(both.debts()), *_merged(both.amounts()))


@attrs.frozen(kw_only=True)
class _Pair:
    """Two policies and a kind of debt."""

    policies: tuple[Policy, Policy]
    kind: DebtKind
    paid_before: bool

    def notices(self) -> Iterator[Region]:
        """Yield a region for each cell of balances with different scopes."""
        for balance in self._ranges("balance"):
            codes = [
                str(notice_scope(Euros(balance.first.cents), notice_received=True, policy=policy).code)
                for policy in self.policies
            ]
            yield from _region(NOTICE, {"balance": balance}, codes)

    def debts(self) -> Iterator[Region]:
        """Yield a region for each cell of totals, and of balances where a policy tests the band at access."""
        at_access = any(policy.band_checked_at is BandCheck.ACCESS for policy in self.policies)
        balances = self._ranges("balance") if at_access else [None]
        for balance, total in product(balances, self._ranges("total")):
            codes = [str(code) for code, _ in self._answers(total.first.cents, balance, None)]
            yield from _region(DEBT, {**({"balance": balance} if balance else {}), "total": total}, codes)

    def amounts(self) -> Iterator[Region]:
        """Yield a region for each cell of totals and amounts, for debts that are payable under both policies."""
        for total in self._ranges("total", crossings=True):
            for amount in self._amount_ranges(total):
                answers = self._answers(total.first.cents, None, amount.first.at(total.first.cents))
                if all(payable for _, payable in answers):
                    yield from _region(AMOUNT, {"total": total, "amount": amount}, [code for code, _ in answers])

    def _answers(self, total: int, balance: Range | None, amount: int | None) -> list[tuple[str, bool]]:
        """Return the code of each policy, and whether the debt is payable.  Without an amount, assess the debt only."""
        found = []
        for policy in self.policies:
            debt = Debt(
                reference=_SYNTHETIC,
                kind=self.kind,
                initial=Euros(total + self.paid_before),
                remaining=Euros(total),
                issued_on=None,
                open_online=True,
            )
            assessment = assess(debt, policy=policy, balance=Euros(balance.first.cents) if balance else None)
            if amount is None:
                found.append((str(assessment.code), assessment.ok))
                continue
            check = assessment.check(Euros(amount))
            found.append((f"{check.code} with {check.warning}" if check.warning else str(check.code), assessment.ok))
        return found

    def _breaks(self, axis: str) -> set[int]:
        return {cents for policy in self.policies for cents in breakpoints(policy)[axis]}

    def _ranges(self, axis: str, *, crossings: bool = False) -> list[Range]:
        """Return the ranges between the breakpoints of an axis.

        Args:
            axis: The name of the operand.
            crossings: Whether to break totals also where the order of the breakpoints of the amount changes.
        """
        breaks = self._breaks(axis)
        if crossings:
            lines = product({0, *self._breaks("amount")}, self._breaks("rest"))
            # The amount reaches one breakpoint, and the rest falls below another one, at the same amount.
            breaks |= {amount + rest + cent for amount, rest in lines for cent in (-1, 0)}
        firsts = sorted({0, *(cents for cents in breaks if cents > 0)})
        lasts = [*(Bound(cents - 1) for cents in firsts[1:]), None]
        return [Range(Bound(first), last) for first, last in zip(firsts, lasts, strict=True)]

    def _amount_ranges(self, total: Range) -> Iterator[Range]:
        """Yield the ranges between the breakpoints of the amount and of the rest, in a range of totals."""
        at = total.first.cents
        bounds = {Bound(0), *map(Bound, self._breaks("amount"))}
        # The rest falls below a breakpoint from the amount on that is one cent above the total less that breakpoint.
        bounds |= {Bound(1 - rest, to_total=True) for rest in self._breaks("rest")}
        # Two bounds may be equal here; the empty range between them has the answers of the next one, and joins it.
        firsts = sorted((bound for bound in bounds if bound.at(at) >= 0), key=lambda each: (each.at(at), each.to_total))
        for first, following in zip(firsts, [*firsts[1:], None], strict=True):
            yield Range(first, following and attrs.evolve(following, cents=following.cents - 1))


def _region(decision: str, ranges: Mapping[str, Range], codes: Sequence[str]) -> Iterator[Region]:
    """Yield a region where the codes differ."""
    before, after = codes
    if before != after:
        yield Region(decision=decision, ranges=ranges, before=before, after=after)


def _merged(regions: Iterator[Region]) -> list[Region]:
    """Join regions that touch along one operand and are equal in all else."""
    found = list(regions)
    for name in ("amount", "total", "balance"):
        found = _joined(found, name)
    return found


def _joined(regions: Sequence[Region], name: str) -> list[Region]:
    """Join regions that touch along one operand."""
    done: list[Region] = []
    open_: dict[object, int] = {}
    for region in regions:
        own = region.ranges.get(name)
        others = tuple((key, each) for key, each in region.ranges.items() if key != name)
        key = (others, region.before, region.after)
        place = open_.get(key)
        before = done[place].ranges[name] if own and place is not None else None
        if own and place is not None and before and before.last and _touch(before.last, own.first):
            joined = {**done[place].ranges, name: Range(before.first, own.last)}
            done[place] = attrs.evolve(done[place], ranges=joined)
        else:
            open_[key] = len(done)
            done.append(region)
    return done


def _touch(last: Bound, first: Bound) -> bool:
    """Return whether a range that ends at one bound touches a range that begins at another."""
    return last.to_total == first.to_total and last.cents + 1 == first.cents
