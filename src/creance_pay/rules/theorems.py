"""The theorems about the rules, each for every amount and every policy.

A theorem repeats the text of a rule as a formula, in the words of the guide and without a function of the rules, and
claims that the functions agree with it.  :func:`~creance_pay.rules.proofs.prove` decides it.

>>> from creance_pay.rules.proofs import prove
>>> print(THEOREMS[0].statement)
a balance is in scope iff a notice was received and the balance is in the band
>>> prove(THEOREMS[0]).proved
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import z3

from ..codes import Reason
from .allocation import shares_of
from .amounts import Selected, stranded_remainder, suggested_amount
from .choices import BandCheck, MaxBasis, MinBasis, Stranding, TotalBasis
from .comparison import breakpoints
from .operands import AmountInputs
from .policy import Policy
from .predicates import (
    ACCESS,
    SCOPE,
    amount_predicates,
    band_ceiling,
    band_floor,
    can_be_planned,
    due_predicates,
    first_payment,
    largest_payment,
    largest_without_stranding,
    not_paid_in_part,
    notice_came,
    number_of_payments,
    of_an_open_kind,
    of_one_caisse,
    of_one_debtor,
    open_to_payment,
    payable_bounds,
    payable_max,
    payable_min,
    reaches_the_band,
    reaches_the_minimum,
    reaches_the_smallest,
    remainder,
    selected_alone,
    selected_once,
    selection_predicates,
    smallest_payable,
    something_due,
    strands_nothing,
    within_the_band,
    within_the_largest,
    within_what_remains,
)
from .proofs import Formula, Theorem, Unknowns

Claim = Callable[[Policy, Unknowns], Formula]
_THEOREMS: list[Theorem] = []


def theorem(rule: str, *functions: Callable[..., Any], branching: bool = False) -> Callable[[Claim], Claim]:
    """Register a claim as a theorem about functions of a rule; its docstring is the statement."""

    def register(claim: Claim) -> Claim:
        statement = " ".join(str(claim.__doc__).split()).removeprefix("Claim that ").removesuffix(".")
        _THEOREMS.append(
            Theorem(
                name=claim.__name__,
                rule=rule,
                statement=statement,
                functions=functions,
                claim=claim,
                branching=branching,
            )
        )
        return claim

    return register


# The text of the rules, as formulas.


def passed(predicates: Mapping[Reason, Callable[..., Any]], policy: Policy, x: Unknowns) -> Formula:
    """Build the formula that every test is passed."""
    return z3.And(*(met(x, policy) for met in predicates.values()))


def in_the_band(policy: Policy, balance: Formula) -> Formula:
    """Build the formula of R6 and Q1: a balance between two bounds, both inside unless the policy excludes them."""
    low, high = policy.notice_band_min.cents, policy.notice_band_max.cents
    if policy.band_inclusive:
        return z3.And(low <= balance, balance <= high)
    return z3.And(low < balance, balance < high)


def payable(policy: Policy, x: Unknowns) -> Formula:
    """Build the formula of R7: the amount due, which is part of the total, passes every test."""
    return z3.And(passed(due_predicates(policy), policy, x), x.due <= x.total)


def largest(policy: Policy, x: Unknowns) -> Formula:
    """Build the largest payment of R10 and Q10: the policy's, or the remaining amount where that is less."""
    most = policy.online_max_per_payment.cents
    return most if policy.max_basis is MaxBasis.PAYMENT else z3.If(x.total < most, x.total, most)


def strands(policy: Policy, x: Unknowns) -> Formula:
    """Build the formula of R11: a remainder above zero and below the smallest payment."""
    return z3.And(x.total - x.amount > 0, x.total - x.amount < policy.online_min.cents)


def accepted(policy: Policy, x: Unknowns) -> Formula:
    """Build the formula of R10 and R11: the amount passes every test of an amount."""
    return passed(amount_predicates(policy), policy, x)


def accepted_or_stranding(policy: Policy, x: Unknowns) -> Formula:
    """Build the formula that an amount passes every test, except that it may strand a remainder."""
    tests = {**amount_predicates(policy)}
    tests.pop(Reason.AMOUNT_STRANDS_REMAINDER, None)
    return passed(tests, policy, x)


def payments_needed(total: Formula, policy: Policy) -> Formula:
    """Build the fewest payments of a total that the largest payment allows (R12)."""
    return -((-total) / policy.online_max_per_payment.cents)


def settled(policy: Policy, x: Unknowns, count: Formula) -> Formula:
    """Build the formula that so many payments settle a total, each payable when its turn comes (R12).

    Each is within the bounds, and the last one is made of a total that is payable.
    """
    least, most, last = policy.online_min.cents, policy.online_max_per_payment.cents, last_total(policy)
    return z3.And(count >= 1, (count - 1) * least + last <= x.total, x.total <= count * most, last <= most)


def last_total(policy: Policy) -> Formula:
    """Build the smallest total that is payable when the turn of the last payment comes (R12)."""
    least = policy.online_min.cents
    if policy.band_checked_at is BandCheck.NOTICE:
        return least
    low = policy.notice_band_min.cents + (0 if policy.band_inclusive else 1)
    return z3.If(low >= least, low, least)


# R5, R6: the scope.


@theorem("R5", notice_came, reaches_the_band, within_the_band, band_floor, band_ceiling)
def scope_is_notice_and_band(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a balance is in scope iff a notice was received and the balance is in the band."""
    return passed(SCOPE, policy, x) == z3.And(x.notice_received, in_the_band(policy, x.balance))


@theorem("R6", reaches_the_band, within_the_band)
def band_fails_on_one_side(policy: Policy, x: Unknowns) -> Formula:
    """Claim that no balance is both below and above the band, and a bound is refused on its own side only."""
    low, high = policy.notice_band_min.cents, policy.notice_band_max.cents
    below, above = z3.Not(reaches_the_band(x, policy)), z3.Not(within_the_band(x, policy))
    sides = z3.And(z3.Implies(x.balance <= low, z3.Not(above)), z3.Implies(x.balance >= high, z3.Not(below)))
    return z3.And(z3.Not(z3.And(below, above)), sides)


# R4, R21, R8: access and selection.


@theorem("R4", open_to_payment, of_an_open_kind)
def access_is_open_and_of_an_open_kind(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a debt is accessible iff its reference is open online and its kind is open."""
    return passed(ACCESS, policy, x) == z3.And(x.open_online, x.kind_open)


@theorem("R8", selected_alone, selected_once, of_one_debtor, of_one_caisse)
def selection_is_accessible_distinct_and_of_one_debtor(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a selection is accepted iff accessible, distinct, of one debtor, and of one reference or caisse."""
    allowed = True if policy.several_references else x.alone
    caisse = True if policy.several_caisses else x.one_caisse
    return passed(selection_predicates(policy), policy, x) == z3.And(
        x.open_online, x.kind_open, x.distinct, x.one_debtor, allowed, caisse
    )


# R7: the amount due.


@theorem("R7", something_due, reaches_the_minimum)
def nothing_due_is_zero_and_too_little_is_below_the_minimum(policy: Policy, x: Unknowns) -> Formula:
    """Claim that nothing is due iff the amount due is zero, and too little iff it is below the minimum."""
    return z3.And(
        z3.Not(something_due(x, policy)) == (x.due == 0),
        z3.Not(reaches_the_minimum(x, policy)) == (x.due < policy.online_min.cents),
    )


@theorem("R7", something_due, reaches_the_minimum, not_paid_in_part)
def due_is_payable_from_the_minimum_on(policy: Policy, x: Unknowns) -> Formula:
    """Claim that an amount is payable from the minimum on, if an earlier payment and the balance allow it."""
    first = True if policy.several_payments else x.untouched
    band = in_the_band(policy, x.balance) if policy.band_checked_at is BandCheck.ACCESS else True
    least = policy.online_min.cents
    return passed(due_predicates(policy), policy, x) == z3.And(x.due > 0, x.due >= least, first, band)


# R10: the bounds of an amount.


@theorem("R10", reaches_the_smallest, within_the_largest, within_what_remains)
def amount_is_accepted_between_the_bounds(policy: Policy, x: Unknowns) -> Formula:
    """Claim that an amount is accepted iff it is within its bounds, and strands nothing where that is refused."""
    inside = z3.And(policy.online_min.cents <= x.amount, x.amount <= largest(policy, x))
    if policy.stranding is Stranding.REFUSE:
        inside = z3.And(inside, z3.Not(strands(policy, x)))
    return accepted(policy, x) == inside


@theorem("R10", within_the_largest, within_what_remains)
def upper_bound_fails_for_one_reason(policy: Policy, x: Unknowns) -> Formula:
    """Claim that too large an amount is above what remains where that is the lower bound, else above the largest."""
    most = policy.online_max_per_payment.cents
    above_most = z3.Not(within_the_largest(x, policy))
    if policy.max_basis is MaxBasis.PAYMENT:
        return above_most == (x.amount > most)
    above_total = z3.Not(within_what_remains(x, policy))
    return z3.And(
        above_most == z3.And(x.total >= most, x.amount > most),
        above_total == z3.And(x.total < most, x.amount > x.total),
    )


@theorem("R10", payable_min, payable_max, largest_payment)
def payable_debt_has_a_range(policy: Policy, x: Unknowns) -> Formula:
    """Claim that the smallest and largest payments of a payable debt are accepted, and no amount outside them is."""
    low, high = payable_min(x, policy), payable_max(x, policy)
    ends = z3.And(accepted(policy, x.at(amount=low)), accepted(policy, x.at(amount=high)))
    return z3.Implies(
        payable(policy, x),
        z3.And(ends, z3.Implies(accepted(policy, x), z3.And(low <= x.amount, x.amount <= high))),
    )


@theorem("R10", payable_bounds)
def ranges_are_exactly_the_accepted_amounts(policy: Policy, x: Unknowns) -> Formula:
    """Claim that the ranges of a payable debt contain every accepted amount and no other, and do not overlap."""
    ranges = [z3.And(first <= x.amount, x.amount <= last) for first, last in payable_bounds(x, policy)]
    once = z3.PbLe([(each, 1) for each in ranges], 1)
    return z3.Implies(payable(policy, x), z3.And(accepted(policy, x) == z3.Or(*ranges), once))


# R11: the stranded remainder.


@theorem("R11", strands_nothing)
def stranded_remainder_is_below_the_minimum(policy: Policy, x: Unknowns) -> Formula:
    """Claim that an amount strands a remainder iff it leaves more than zero and less than the minimum."""
    return strands_nothing(x, policy) == z3.Not(strands(policy, x))


@theorem("R11", strands_nothing, remainder)
def stranded_remainder_cannot_be_paid(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a stranded remainder is due and below the online minimum."""
    rest = x.at(due=remainder(x))
    return z3.Implies(
        z3.Not(strands_nothing(x, policy)), z3.And(rest.due > 0, z3.Not(reaches_the_minimum(rest, policy)))
    )


@theorem("R11", largest_without_stranding)
def suggestion_is_the_largest_that_strands_nothing(policy: Policy, x: Unknowns) -> Formula:
    """Claim that the suggestion is accepted, strands nothing, and is the largest such amount up to the total."""
    suggested = largest_without_stranding(x, policy)
    other = z3.Int("other amount")
    better = x.at(amount=other)
    usable = z3.And(accepted_or_stranding(policy, better), z3.Not(strands(policy, better)), other <= x.total)
    return z3.Implies(
        z3.And(payable(policy, x), accepted_or_stranding(policy, x), z3.Not(strands_nothing(x, policy))),
        z3.And(
            accepted(policy, x.at(amount=suggested)),
            strands_nothing(x.at(amount=suggested), policy),
            z3.Implies(usable, other <= suggested),
        ),
    )


# R12: the plan.


@theorem("R12", can_be_planned, smallest_payable, band_ceiling)
def plan_is_for_a_payable_total(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a total can be planned iff it is at least the minimum, and in a band that is tested at access."""
    band = in_the_band(policy, x.total) if policy.band_checked_at is BandCheck.ACCESS else True
    return can_be_planned(x, policy) == z3.And(x.total >= policy.online_min.cents, band)


def _planned(policy: Policy, x: Unknowns) -> Formula:
    """Build the formula that a total can be planned and the plan has a first payment."""
    return z3.And(can_be_planned(x, policy), first_payment(x, policy) >= policy.online_min.cents)


@theorem("R12", number_of_payments)
def fewest_payments_reach_the_total(policy: Policy, x: Unknowns) -> Formula:
    """Claim that so many of the largest payments reach a total above zero, and one fewer does not."""
    count, most = number_of_payments(x, policy), policy.online_max_per_payment.cents
    return z3.Implies(x.total > 0, z3.And(count * most >= x.total, (count - 1) * most < x.total))


@theorem("R12", first_payment)
def planned_payment_is_payable_and_so_is_the_rest(policy: Policy, x: Unknowns) -> Formula:
    """Claim that each payment of a plan is accepted, and the rest is zero or can be planned."""
    first = first_payment(x, policy)
    rest = x.at(total=x.total - first)
    return z3.Implies(
        _planned(policy, x),
        z3.And(accepted(policy, x.at(amount=first)), z3.Or(rest.total == 0, can_be_planned(rest, policy))),
    )


@theorem("R12", first_payment)
def plan_settles_in_the_fewest_payments(policy: Policy, x: Unknowns) -> Formula:
    """Claim that if payments can settle a total, its plan does, in the fewest payments that the largest allows."""
    count, first, fewest = z3.Int("payments"), first_payment(x, policy), payments_needed(x.total, policy)
    rest = x.at(total=x.total - first)
    followed = z3.And(settled(policy, rest, fewest - 1), payments_needed(rest.total, policy) == fewest - 1)
    return z3.Implies(
        z3.And(can_be_planned(x, policy), settled(policy, x, count)),
        z3.And(count >= fewest, first >= policy.online_min.cents, z3.If(fewest == 1, first == x.total, followed)),
    )


@theorem("R12", first_payment)
def planned_payment_is_as_large_as_possible(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a larger accepted amount would leave a rest that the same number of payments cannot settle."""
    first, rest = first_payment(x, policy), x.total - x.amount
    followers = payments_needed(x.total, policy) - 1
    needed = last_total(policy) + (followers - 1) * policy.online_min.cents
    larger = z3.And(x.amount > first, x.amount <= x.total, x.amount <= policy.online_max_per_payment.cents)
    return z3.Implies(z3.And(_planned(policy, x), larger), z3.And(rest != 0, rest < needed))


# R11, R13: where debts meet.


def _selected(x: Unknowns, count: int) -> Selected:
    """Build a selection of some debts of any amounts, of a person whose balance is at least their sum."""
    lefts = [x.branching(f"remaining {number}") for number in range(1, count + 1)]
    total = sum(lefts[1:], lefts[0])
    balance = total + x.branching("other debts")
    return Selected(total=SimpleNamespace(cents=total), lefts=lefts, balance=balance)  # type: ignore[arg-type]


@theorem("R13", shares_of, branching=True)
def shares_follow_the_order(policy: Policy, x: Unknowns) -> Formula:
    """Claim that a payment of three debts pays each in full before the next one, and leaves the rest over."""
    del policy
    lefts, amount = _selected(x, 3).lefts, x.branching("paid")
    shares = shares_of(amount, lefts)
    full = [share == left for share, left in zip(shares, lefts, strict=True)]
    within = all(0 <= share <= left for share, left in zip(shares, lefts, strict=True))
    in_order = all(full[place] or share == 0 for place, share in enumerate(shares[1:]))
    return within and in_order and (sum(shares) == amount or (all(full) and amount > sum(shares)))


@theorem("R11", stranded_remainder, branching=True)
def stranded_remainder_is_refused_at_the_next_access(policy: Policy, x: Unknowns) -> Formula:
    """Claim that the remainder of two debts is stranded iff no search of one of them is payable with the other."""
    selected, amount = _selected(x, 2), x.branching("paid")
    rests = [
        (left, left - share) for left, share in zip(selected.lefts, shares_of(amount, selected.lefts), strict=True)
    ]
    rests = [(left, rest) for left, rest in rests if rest > 0]
    usable = [rest for left, rest in rests if policy.several_payments or rest == left]
    compared = [sum(usable)] if _compared_together(policy) else usable
    balance, low, high = selected.balance - amount, band_floor(policy), band_ceiling(policy)
    in_band = policy.band_checked_at is BandCheck.NOTICE or low <= balance <= high
    payable_next = in_band and any(each > 0 and each >= policy.online_min.cents for each in compared)
    stranded = sum(rest for _, rest in rests) - (sum(usable) if payable_next else 0)
    return stranded_remainder(amount, selected, policy) == stranded


def _in_order(selected: Selected, policy: Policy) -> bool:
    """Return whether debts under the minimum come first, where the policy compares the reference with the minimum."""
    least = policy.online_min.cents
    return policy.min_basis is MinBasis.SELECTION or all(
        later >= least or earlier < least for earlier, later in pairwise(selected.lefts)
    )


def _compared_together(policy: Policy) -> bool:
    """Return whether the sum of the selection is compared with the minimum (Q7, Q9)."""
    return policy.min_basis is MinBasis.SELECTION or policy.total_basis is TotalBasis.SELECTED


@theorem("R11", stranded_remainder, branching=True)
def small_debts_first_strand_nothing(policy: Policy, x: Unknowns) -> Formula:
    """Claim that three debts, those under the minimum first, keep a payable one if the rest reaches the minimum."""
    selected, amount, least = _selected(x, 3), x.branching("paid"), policy.online_min.cents
    total = selected.total.cents
    if policy.band_checked_at is BandCheck.ACCESS or not policy.several_payments:
        return True
    payable_now = _in_order(selected, policy) and selected.lefts[-1] >= least
    if not payable_now or not bool(strands_nothing(AmountInputs(total=total, amount=amount), policy)):
        return True
    return stranded_remainder(amount, selected, policy) == 0


@theorem("R11", suggested_amount, branching=True)
def suggestion_for_two_debts_is_the_largest(policy: Policy, x: Unknowns) -> Formula:
    """Claim that the suggestion for two debts is within the bounds, strands nothing, and is the largest such amount."""
    selected, other = _selected(x, 2), x.branching("other amount")
    if not _in_order(selected, policy):
        return True
    suggested = suggested_amount(selected, policy)

    def usable(amount: Any) -> bool:  # noqa: ANN401 - an unknown integer
        """Return whether an amount is within the bounds and strands nothing."""
        within = policy.online_min.cents <= amount <= policy.online_max_per_payment.cents
        return within and amount <= selected.total.cents and stranded_remainder(amount, selected, policy) == 0

    if suggested is None:
        return not usable(other)
    return usable(suggested) and (other <= suggested or not usable(other))


# R20: after a payment.


@theorem("R20", remainder)
def remainder_is_what_was_not_paid(policy: Policy, x: Unknowns) -> Formula:
    """Claim that the remaining amount after a payment is the total without it, and zero after a payment of more."""
    del policy
    rest = remainder(x)
    return z3.And(rest >= 0, z3.If(x.amount > x.total, rest == 0, rest + x.amount == x.total))


# The comparison of two policies.


@theorem("R10", breakpoints)
def answers_change_at_breakpoints_only(policy: Policy, x: Unknowns) -> Formula:
    """Claim that two cases on the same side of every breakpoint get the same answer from every test, now and after."""
    y = x.at(**{name: z3.Int(f"other {name}") for name in Unknowns.AMOUNTS})
    axes = {name: (x.operands[name], y.operands[name]) for name in ("balance", "total", "amount")}
    axes["rest"] = (x.total - x.amount, y.total - y.amount)
    sides = [
        (one >= cents) == (two >= cents) for axis, cents_of in breakpoints(policy).items() for cents in cents_of
        for one, two in [axes[axis]]
    ]  # fmt: skip
    due, amounts = due_predicates(policy).values(), [*amount_predicates(policy).values(), strands_nothing]
    first, then = ([each.at(due=left, balance=left) for each, left in zip((x, y), axis, strict=True)]
                  for axis in (axes["total"], axes["rest"]))  # fmt: skip
    cases: list[tuple[Iterable[Callable[..., Any]], Sequence[Unknowns]]] = [
        (SCOPE.values(), (x, y)),
        (due, (x.at(due=x.total), y.at(due=y.total))),
        (due, first),
        (amounts, (x, y)),
        (due, then),
    ]
    same = [test(one, policy) == test(two, policy) for tests, (one, two) in cases for test in tests]
    return z3.Implies(z3.And(y.total >= 0, *sides), z3.And(*same))


THEOREMS: tuple[Theorem, ...] = tuple(_THEOREMS)
