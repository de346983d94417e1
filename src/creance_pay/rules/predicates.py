"""Every predicate of the service, once: plain functions of named operands and a policy, true when met.

They use nothing but comparisons, arithmetic, ``&`` and ``|``, and the two helpers that the inputs bring, so that the
same function decides one debt (whole numbers) and a column of debts (expressions).
Hence no ``and``, no ``not``, no chained comparison on an operand; what depends on the policy alone is ordinary Python.

The tables below join each predicate to the reason that its failure gives; their order is that of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..codes import Reason
from .choices import BandCheck, MaxBasis, Stranding
from .policy import Policy

# Inputs give named operands: whole numbers and truth values here, expressions over columns in the other form; and
# minimum(a, b) and pick(test, a, b), which Python and a column engine spell differently.
Inputs = Any
Operand = Any
Predicate = Callable[[Inputs, Policy], Operand]
Predicates = Mapping[Reason, Predicate]


class ScalarOps:
    """What the inputs of one debt bring: the two helpers, over whole numbers."""

    @staticmethod
    def minimum(one: int, other: int) -> int:
        """Give the smaller number."""
        return min(one, other)

    @staticmethod
    def where(test: bool, one: int, other: int) -> int:  # noqa: FBT001 - a test is what it picks by
        """Give one number or the other."""
        return one if test else other


def notice_came(inputs: Inputs, _: Policy) -> Operand:
    """R5: a notice was received."""
    return inputs.notice_received


def reaches_the_band(inputs: Inputs, policy: Policy) -> Operand:
    """R6: the balance is not under the band."""
    return inputs.balance >= band_floor(policy)


def within_the_band(inputs: Inputs, policy: Policy) -> Operand:
    """R6: the balance is not over the band."""
    return inputs.balance <= band_ceiling(policy)


def open_to_payment(inputs: Inputs, _: Policy) -> Operand:
    """R4: the caisse has opened the references to online payment."""
    return inputs.open_online


def of_an_open_kind(inputs: Inputs, _: Policy) -> Operand:
    """R21: debts of these kinds are payable online."""
    return inputs.kind_open


def selected_alone(inputs: Inputs, _: Policy) -> Operand:
    """R8: one reference at a time."""
    return inputs.alone


def selected_once(inputs: Inputs, _: Policy) -> Operand:
    """R8: no reference is selected twice."""
    return inputs.distinct


def of_one_debtor(inputs: Inputs, _: Policy) -> Operand:
    """R8: all selected debts are the same person's."""
    return inputs.one_debtor


def something_due(inputs: Inputs, _: Policy) -> Operand:
    """R7: something remains to be paid."""
    return inputs.due > 0


def not_paid_in_part(inputs: Inputs, _: Policy) -> Operand:
    """R7: no payment was made yet."""
    return inputs.untouched


def reaches_the_minimum(inputs: Inputs, policy: Policy) -> Operand:
    """R7: what remains is not under the smallest online payment."""
    return inputs.due >= policy.online_min.cents


def reaches_the_smallest(inputs: Inputs, policy: Policy) -> Operand:
    """R10: the amount is not under the smallest online payment."""
    return inputs.amount >= policy.online_min.cents


def within_the_largest(inputs: Inputs, policy: Policy) -> Operand:
    """R10: the amount is not over the largest online payment; where less remains, the next rule speaks."""
    most = policy.online_max_per_payment.cents
    if policy.max_basis is MaxBasis.PAYMENT:
        return inputs.amount <= most
    return (inputs.amount <= most) | (inputs.total < most)


def within_what_remains(inputs: Inputs, policy: Policy) -> Operand:
    """R10: the amount is not over what remains, where that is less than the largest online payment (Q10)."""
    return (inputs.amount <= inputs.total) | (inputs.total >= policy.online_max_per_payment.cents)


def strands_nothing(inputs: Inputs, policy: Policy) -> Operand:
    """R11: nothing remains, or enough to be paid online."""
    return (inputs.amount >= inputs.total) | (inputs.total - inputs.amount >= policy.online_min.cents)


def largest_payment(inputs: Inputs, policy: Policy) -> Operand:
    """R10: the largest payment of a total, in cents."""
    most = policy.online_max_per_payment.cents
    return most if policy.max_basis is MaxBasis.PAYMENT else inputs.minimum(inputs.total, most)


def largest_without_stranding(inputs: Inputs, policy: Policy) -> Operand:
    """R11: the largest payment after which nothing remains, or enough to be paid online, in cents."""
    most = policy.online_max_per_payment.cents
    rest = inputs.minimum(inputs.total - policy.online_min.cents, most)
    return inputs.where(inputs.total <= most, inputs.total, rest)


def payable_min(inputs: Inputs, policy: Policy) -> Operand:
    """R10: the smallest amount that can be paid of a payable total, in cents; all of it, where less would strand."""
    least = policy.online_min.cents
    if policy.stranding is Stranding.WARN:
        return least
    return inputs.where(inputs.total >= 2 * least, least, inputs.total)


def payable_max(inputs: Inputs, policy: Policy) -> Operand:
    """R10: the largest amount that can be paid of a payable total, in cents; what strands is left out if refused."""
    most = largest_payment(inputs, policy)
    if policy.stranding is Stranding.WARN:
        return most
    whole = inputs.total <= policy.online_max_per_payment.cents
    return inputs.where(whole, most, largest_without_stranding(inputs, policy))


def first_payment(inputs: Inputs, policy: Policy) -> Operand:
    """R12: of the fewest payments that settle a total, the first, as large as those after it allow, in cents."""
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    to_follow = -(-inputs.total // most) - 1
    kept = inputs.where(to_follow > 0, smallest_payable(policy) + (to_follow - 1) * least, 0)
    return inputs.minimum(inputs.total - kept, most)


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


BAND: Predicates = {Reason.BELOW_BAND: reaches_the_band, Reason.ABOVE_BAND: within_the_band}
SCOPE: Predicates = {Reason.NO_NOTICE: notice_came, **BAND}
ACCESS: Predicates = {Reason.REFERENCE_NOT_OPEN: open_to_payment, Reason.KIND_NOT_OPEN: of_an_open_kind}


def selection_predicates(policy: Policy) -> Predicates:
    """List what is required of a selection: to be of one reference, where the policy takes one at a time (Q8)."""
    alone = {} if policy.several_references else {Reason.SELECTION_NOT_ALLOWED: selected_alone}
    return {**alone, Reason.SELECTION_DUPLICATE: selected_once, Reason.SELECTION_OTHER_DEBTOR: of_one_debtor}


def due_predicates(policy: Policy) -> Predicates:
    """List what is required of the sums.

    The band too, where the policy tests it at each access (Q3); no earlier payment, where it takes one a notice (Q11).
    """
    first = {} if policy.several_payments else {Reason.PAYMENT_ALREADY_MADE: not_paid_in_part}
    band = BAND if policy.band_checked_at is BandCheck.ACCESS else {}
    return {Reason.NOTHING_DUE: something_due, **first, **band, Reason.BELOW_ONLINE_MINIMUM: reaches_the_minimum}


def amount_predicates(policy: Policy) -> Predicates:
    """List what is required of an amount: not to exceed what remains (Q10), not to strand a remainder (Q12)."""
    remaining = {} if policy.max_basis is MaxBasis.PAYMENT else {Reason.AMOUNT_ABOVE_REMAINING: within_what_remains}
    stranding = {Reason.AMOUNT_STRANDS_REMAINDER: strands_nothing} if policy.stranding is Stranding.REFUSE else {}
    return {
        Reason.AMOUNT_BELOW_MINIMUM: reaches_the_smallest,
        Reason.AMOUNT_ABOVE_MAXIMUM: within_the_largest,
        **remaining,
        **stranding,
    }


def failed(predicates: Predicates, inputs: Inputs, policy: Policy) -> Reason:
    """Test everything and gather the reasons to refuse."""
    return Reason(sum(reason for reason, met in predicates.items() if not met(inputs, policy)))
