"""Every requirement of the service, once: plain functions of named operands and a policy, true when met.

They use nothing but comparisons, arithmetic, ``&`` and ``|``, and the two helpers that the facts bring, so that the
same function decides one debt (whole numbers) and a column of debts (expressions).
Hence no ``and``, no ``not``, no chained comparison on an operand; what depends on the policy alone is ordinary Python.

The tables below join each requirement to the reason that its failure gives; their order is that of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..codes import Reason
from .choices import BandCheck, MaxBasis, Stranding
from .policy import Policy

# Facts give named operands: whole numbers and truth values here, expressions over columns in the other form; and
# lesser(a, b) and pick(test, a, b), which Python and a column engine spell differently.
Facts = Any
Operand = Any
Requirement = Callable[[Facts, Policy], Operand]
Requirements = Mapping[Reason, Requirement]


class Whole:
    """What the facts of one debt bring: the two helpers, over whole numbers."""

    @staticmethod
    def lesser(one: int, other: int) -> int:
        """Give the smaller number."""
        return min(one, other)

    @staticmethod
    def pick(test: bool, one: int, other: int) -> int:  # noqa: FBT001 - a test is what it picks by
        """Give one number or the other."""
        return one if test else other


def notice_came(facts: Facts, _: Policy) -> Operand:
    """R5: a notice was received."""
    return facts.notice_received


def reaches_the_band(facts: Facts, policy: Policy) -> Operand:
    """R6: the balance is not under the band."""
    return facts.balance >= band_floor(policy)


def within_the_band(facts: Facts, policy: Policy) -> Operand:
    """R6: the balance is not over the band."""
    return facts.balance <= band_ceiling(policy)


def open_to_payment(facts: Facts, _: Policy) -> Operand:
    """R4: the caisse has opened the references to online payment."""
    return facts.open_online


def of_an_open_kind(facts: Facts, _: Policy) -> Operand:
    """R21: debts of these kinds are payable online."""
    return facts.kind_open


def selected_alone(facts: Facts, _: Policy) -> Operand:
    """R8: one reference at a time."""
    return facts.alone


def selected_once(facts: Facts, _: Policy) -> Operand:
    """R8: no reference is selected twice."""
    return facts.distinct


def of_one_debtor(facts: Facts, _: Policy) -> Operand:
    """R8: all selected debts are the same person's."""
    return facts.one_debtor


def something_due(facts: Facts, _: Policy) -> Operand:
    """R7: something remains to be paid."""
    return facts.due > 0


def not_paid_in_part(facts: Facts, _: Policy) -> Operand:
    """R7: no payment was made yet."""
    return facts.untouched


def reaches_the_minimum(facts: Facts, policy: Policy) -> Operand:
    """R7: what remains is not under the smallest online payment."""
    return facts.due >= policy.online_min.cents


def reaches_the_smallest(facts: Facts, policy: Policy) -> Operand:
    """R10: the amount is not under the smallest online payment."""
    return facts.amount >= policy.online_min.cents


def within_the_largest(facts: Facts, policy: Policy) -> Operand:
    """R10: the amount is not over the largest online payment; where less remains, the next rule speaks."""
    most = policy.online_max_per_payment.cents
    if policy.max_basis is MaxBasis.PAYMENT:
        return facts.amount <= most
    return (facts.amount <= most) | (facts.total < most)


def within_what_remains(facts: Facts, policy: Policy) -> Operand:
    """R10: the amount is not over what remains, where that is less than the largest online payment (Q10)."""
    return (facts.amount <= facts.total) | (facts.total >= policy.online_max_per_payment.cents)


def strands_nothing(facts: Facts, policy: Policy) -> Operand:
    """R11: nothing remains, or enough to be paid online."""
    return (facts.amount >= facts.total) | (facts.total - facts.amount >= policy.online_min.cents)


def largest_payment(facts: Facts, policy: Policy) -> Operand:
    """R10: the largest payment of a total, in cents."""
    most = policy.online_max_per_payment.cents
    return most if policy.max_basis is MaxBasis.PAYMENT else facts.lesser(facts.total, most)


def largest_without_stranding(facts: Facts, policy: Policy) -> Operand:
    """R11: the largest payment after which nothing remains, or enough to be paid online, in cents."""
    most = policy.online_max_per_payment.cents
    rest = facts.lesser(facts.total - policy.online_min.cents, most)
    return facts.pick(facts.total <= most, facts.total, rest)


def payable_min(facts: Facts, policy: Policy) -> Operand:
    """R10: the smallest amount that can be paid of a payable total, in cents; all of it, where less would strand."""
    least = policy.online_min.cents
    if policy.stranding is Stranding.WARN:
        return least
    return facts.pick(facts.total >= 2 * least, least, facts.total)


def payable_max(facts: Facts, policy: Policy) -> Operand:
    """R10: the largest amount that can be paid of a payable total, in cents; what strands is left out if refused."""
    most = largest_payment(facts, policy)
    if policy.stranding is Stranding.WARN:
        return most
    whole = facts.total <= policy.online_max_per_payment.cents
    return facts.pick(whole, most, largest_without_stranding(facts, policy))


def first_payment(facts: Facts, policy: Policy) -> Operand:
    """R12: of the fewest payments that settle a total, the first, as large as those after it allow, in cents."""
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    to_follow = -(-facts.total // most) - 1
    kept = facts.pick(to_follow > 0, smallest_payable(policy) + (to_follow - 1) * least, 0)
    return facts.lesser(facts.total - kept, most)


def smallest_payable(policy: Policy) -> int:
    """R7: the smallest total that can be paid, in cents; in the band, where that is tested at each access (Q3)."""
    least = policy.online_min.cents
    return max(least, band_floor(policy)) if policy.band_checked_at is BandCheck.ACCESS else least


def band_floor(policy: Policy) -> int:
    """R6: the smallest balance in the band, in cents (Q1)."""
    return policy.notice_band_min.cents + (0 if policy.band_inclusive else 1)


def band_ceiling(policy: Policy) -> int:
    """R6: the largest balance in the band, in cents (Q1)."""
    return policy.notice_band_max.cents - (0 if policy.band_inclusive else 1)


BAND: Requirements = {Reason.BELOW_BAND: reaches_the_band, Reason.ABOVE_BAND: within_the_band}
SCOPE: Requirements = {Reason.NO_NOTICE: notice_came, **BAND}
ACCESS: Requirements = {Reason.REFERENCE_NOT_OPEN: open_to_payment, Reason.KIND_NOT_OPEN: of_an_open_kind}


def selection_requirements(policy: Policy) -> Requirements:
    """List what is required of a selection: to be of one reference, where the policy takes one at a time (Q8)."""
    alone = {} if policy.several_references else {Reason.SELECTION_NOT_ALLOWED: selected_alone}
    return {**alone, Reason.SELECTION_DUPLICATE: selected_once, Reason.SELECTION_OTHER_DEBTOR: of_one_debtor}


def due_requirements(policy: Policy) -> Requirements:
    """List what is required of the sums.

    The band too, where the policy tests it at each access (Q3); no earlier payment, where it takes one a notice (Q11).
    """
    first = {} if policy.several_payments else {Reason.PAYMENT_ALREADY_MADE: not_paid_in_part}
    band = BAND if policy.band_checked_at is BandCheck.ACCESS else {}
    return {Reason.NOTHING_DUE: something_due, **first, **band, Reason.BELOW_ONLINE_MINIMUM: reaches_the_minimum}


def amount_requirements(policy: Policy) -> Requirements:
    """List what is required of an amount: not to exceed what remains (Q10), not to strand a remainder (Q12)."""
    remaining = {} if policy.max_basis is MaxBasis.PAYMENT else {Reason.AMOUNT_ABOVE_REMAINING: within_what_remains}
    stranding = {Reason.AMOUNT_STRANDS_REMAINDER: strands_nothing} if policy.stranding is Stranding.REFUSE else {}
    return {
        Reason.AMOUNT_BELOW_MINIMUM: reaches_the_smallest,
        Reason.AMOUNT_ABOVE_MAXIMUM: within_the_largest,
        **remaining,
        **stranding,
    }


def failed(requirements: Requirements, facts: Facts, policy: Policy) -> Reason:
    """Test everything and gather the reasons to refuse."""
    return Reason(sum(reason for reason, met in requirements.items() if not met(facts, policy)))
