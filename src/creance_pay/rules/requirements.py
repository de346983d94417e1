"""Every requirement of the service, once: plain functions of named operands and a policy, true when met.

They use nothing but comparisons, arithmetic, ``&`` and ``|``, so that the same function decides one debt (whole
numbers) and a column of debts (expressions).  Hence no ``and``, no ``not``, no chained comparison on an operand; what
depends on the policy alone is ordinary Python.

The tables below join each requirement to the reason that its failure gives; their order is that of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..codes import Reason
from .policy import BandCheck, Policy

# Facts give named operands: whole numbers and truth values here, expressions over columns in the other form.
Facts = Any
Operand = Any
Requirement = Callable[[Facts, Policy], Operand]


def notice_came(facts: Facts, _: Policy) -> Operand:
    """R5: a notice was received."""
    return facts.notice_received


def reaches_the_band(facts: Facts, policy: Policy) -> Operand:
    """R6: the balance is not under the band."""
    least = policy.notice_band_min.cents
    return facts.balance >= least if policy.band_inclusive else facts.balance > least


def within_the_band(facts: Facts, policy: Policy) -> Operand:
    """R6: the balance is not over the band."""
    most = policy.notice_band_max.cents
    return facts.balance <= most if policy.band_inclusive else facts.balance < most


def open_to_payment(facts: Facts, _: Policy) -> Operand:
    """R4: the caisse has opened the references to online payment."""
    return facts.open_online


def of_an_open_kind(facts: Facts, _: Policy) -> Operand:
    """R21: debts of these kinds are payable online."""
    return facts.kind_open


def selected_once(facts: Facts, _: Policy) -> Operand:
    """R8: no reference is selected twice."""
    return facts.distinct


def of_one_debtor(facts: Facts, _: Policy) -> Operand:
    """R8: all selected debts are the same person's."""
    return facts.one_debtor


def something_due(facts: Facts, _: Policy) -> Operand:
    """R7: something remains to be paid."""
    return facts.due > 0


def reaches_the_minimum(facts: Facts, policy: Policy) -> Operand:
    """R7: what remains is not under the smallest online payment."""
    return facts.due >= policy.online_min.cents


def reaches_the_smallest(facts: Facts, policy: Policy) -> Operand:
    """R10: the amount is not under the smallest online payment."""
    return facts.amount >= policy.online_min.cents


def within_the_largest(facts: Facts, policy: Policy) -> Operand:
    """R10: the amount is not over the largest online payment; where less remains, the next rule speaks."""
    most = policy.online_max_per_payment.cents
    return (facts.amount <= most) | (facts.total < most)


def within_what_remains(facts: Facts, policy: Policy) -> Operand:
    """R10: the amount is not over what remains, where that is less than the largest online payment."""
    return (facts.amount <= facts.total) | (facts.total >= policy.online_max_per_payment.cents)


BAND: Mapping[Reason, Requirement] = {Reason.BELOW_BAND: reaches_the_band, Reason.ABOVE_BAND: within_the_band}
SCOPE: Mapping[Reason, Requirement] = {Reason.NO_NOTICE: notice_came, **BAND}
ACCESS: Mapping[Reason, Requirement] = {
    Reason.REFERENCE_NOT_OPEN: open_to_payment,
    Reason.KIND_NOT_OPEN: of_an_open_kind,
}
SELECTION: Mapping[Reason, Requirement] = {
    Reason.SELECTION_DUPLICATE: selected_once,
    Reason.SELECTION_OTHER_DEBTOR: of_one_debtor,
}
AMOUNT: Mapping[Reason, Requirement] = {
    Reason.AMOUNT_BELOW_MINIMUM: reaches_the_smallest,
    Reason.AMOUNT_ABOVE_MAXIMUM: within_the_largest,
    Reason.AMOUNT_ABOVE_REMAINING: within_what_remains,
}


def due_requirements(policy: Policy) -> Mapping[Reason, Requirement]:
    """List what is required of the sums: the band too, where the policy tests it at each access (Q3)."""
    band = BAND if policy.band_checked_at is BandCheck.ACCESS else {}
    return {Reason.NOTHING_DUE: something_due, **band, Reason.BELOW_ONLINE_MINIMUM: reaches_the_minimum}


def failed(requirements: Mapping[Reason, Requirement], facts: Facts, policy: Policy) -> Reason:
    """Test everything and gather the reasons to refuse."""
    return Reason(sum(reason for reason, met in requirements.items() if not met(facts, policy)))
