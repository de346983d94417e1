"""The predicates of the rules, and the amounts that follow from them, each written once for every kind of operand.

A predicate is a test of a rule: a function of named operands and a policy, true when the test is passed.  The same
function decides one debt, whose operands are Python integers and booleans, and a column of debts, whose operands are
expressions.  It uses comparisons, arithmetic, ``&`` and ``|``, and the two operations of :class:`Ops`, which Python and
a column engine spell differently.

An expression has no truth value.  Hence ``and``, ``or``, ``not``, ``if`` and chained comparisons are never applied to
an operand.  A choice that depends on the policy alone is ordinary Python.

The tables at the end map each reason for a refusal to its predicate, in the order of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from operator import attrgetter
from typing import Any, Protocol, Self, TypeVar

from ..codes import Reason
from .choices import BandCheck, MaxBasis, Stranding
from .policy import Policy


class Truth(Protocol):
    """The result of a comparison: a boolean, or an expression of booleans."""

    def __and__(self, other: Self, /) -> Self: ...
    def __or__(self, other: Self, /) -> Self: ...


class Cents(Protocol):
    """An operand in cents: an integer, or an expression of integers."""

    def __add__(self, other: Self | int, /) -> Self: ...
    def __sub__(self, other: Self | int, /) -> Self: ...
    def __mul__(self, other: int, /) -> Self: ...
    def __neg__(self) -> Self: ...
    def __lt__(self, other: Self | int, /) -> Truth: ...
    def __le__(self, other: Self | int, /) -> Truth: ...
    def __gt__(self, other: Self | int, /) -> Truth: ...
    def __ge__(self, other: Self | int, /) -> Truth: ...


C = TypeVar("C", bound=Cents)


class Ops(Protocol[C]):
    """The operations that Python, a column engine and a prover spell differently."""

    def minimum(self, one: C, other: C | int, /) -> C:
        """Return the smaller of two amounts."""

    def maximum(self, one: C | int, other: C | int, /) -> C:
        """Return the larger of two amounts."""

    def floor_divide(self, one: C, other: int, /) -> C:
        """Return the quotient of an amount and a positive one, rounded down."""

    def where(self, test: Truth, one: C | int, other: C | int, /) -> C:
        """Return one amount where a test is true, the other one elsewhere."""


class NoticeOperands(Protocol):
    """The operands of the tests of a notice."""

    @property
    def notice_received(self) -> Truth:
        """Whether the person has received a notice."""

    @property
    def balance(self) -> Cents:
        """The whole balance of the person."""


class AccessOperands(Protocol):
    """The operands of the tests of access to a debt."""

    @property
    def open_online(self) -> Truth:
        """Whether the caisse has opened the reference to online payment."""

    @property
    def kind_open(self) -> Truth:
        """Whether the policy opens this kind of debt."""


class SelectionOperands(AccessOperands, Protocol):
    """The operands of the tests of a selection of debts."""

    @property
    def alone(self) -> Truth:
        """Whether one reference is selected."""

    @property
    def distinct(self) -> Truth:
        """Whether no reference is selected twice."""

    @property
    def one_debtor(self) -> Truth:
        """Whether all selected debts have the same debtor."""

    @property
    def one_caisse(self) -> Truth:
        """Whether all selected debts are due to the same caisse."""


class DueOperands(Protocol):
    """The operands of the tests of the amount due."""

    @property
    def due(self) -> Cents:
        """The amount due, by the policy's basis of the minimum."""

    @property
    def balance(self) -> Cents:
        """The whole balance of the person."""

    @property
    def untouched(self) -> Truth:
        """Whether no payment was made yet."""


class TotalOperands(Ops[C], Protocol[C]):
    """The operand of the amounts that follow from a total."""

    @property
    def total(self) -> C:
        """The amount due."""


class AmountOperands(TotalOperands[C], Protocol[C]):
    """The operands of the tests of an amount, and of the remaining amount after it."""

    @property
    def amount(self) -> C:
        """The amount that the person wants to pay."""


class PaymentOperands(SelectionOperands, DueOperands, Protocol):
    """The operands of the tests of a payment of a selection."""


Inputs = TypeVar("Inputs")
Predicate = Callable[[Inputs, Policy], Truth]
Predicates = Mapping[Reason, Predicate[Inputs]]
Table = TypeVar("Table")
NO_REASON = Reason(0)


class ScalarOps:
    """The operations over Python integers."""

    @staticmethod
    def minimum(one: int, other: int, /) -> int:
        """Return the smaller integer."""
        return min(one, other)

    @staticmethod
    def maximum(one: int, other: int, /) -> int:
        """Return the larger integer."""
        return max(one, other)

    @staticmethod
    def floor_divide(one: int, other: int, /) -> int:
        """Return the quotient, rounded down."""
        return one // other

    @staticmethod
    def where(test: object, one: int, other: int, /) -> int:
        """Return one integer if the test is true, else the other one."""
        return one if test else other


def notice_came(inputs: NoticeOperands, _: Policy) -> Truth:
    """Return whether a notice was received (R5)."""
    return inputs.notice_received


def reaches_the_band(inputs: NoticeOperands | DueOperands, policy: Policy) -> Truth:
    """Return whether the balance is not below the band (R6)."""
    return inputs.balance >= band_floor(policy)


def within_the_band(inputs: NoticeOperands | DueOperands, policy: Policy) -> Truth:
    """Return whether the balance is not above the band (R6)."""
    return inputs.balance <= band_ceiling(policy)


def open_to_payment(inputs: AccessOperands, _: Policy) -> Truth:
    """Return whether the caisse has opened the references to online payment (R4)."""
    return inputs.open_online


def of_an_open_kind(inputs: AccessOperands, _: Policy) -> Truth:
    """Return whether debts of these kinds are payable online (R21)."""
    return inputs.kind_open


def selected_alone(inputs: SelectionOperands, _: Policy) -> Truth:
    """Return whether one reference is selected (R8)."""
    return inputs.alone


def selected_once(inputs: SelectionOperands, _: Policy) -> Truth:
    """Return whether no reference is selected twice (R8)."""
    return inputs.distinct


def of_one_debtor(inputs: SelectionOperands, _: Policy) -> Truth:
    """Return whether all selected debts have the same debtor (R8)."""
    return inputs.one_debtor


def of_one_caisse(inputs: SelectionOperands, _: Policy) -> Truth:
    """Return whether all selected debts are due to the same caisse (R8, Q23)."""
    return inputs.one_caisse


def something_due(inputs: DueOperands, _: Policy) -> Truth:
    """Return whether an amount remains due (R7)."""
    return inputs.due > 0


def not_paid_in_part(inputs: DueOperands, _: Policy) -> Truth:
    """Return whether no payment was made yet (R7)."""
    return inputs.untouched


def reaches_the_minimum(inputs: DueOperands, policy: Policy) -> Truth:
    """Return whether the amount due is at least the smallest online payment (R7)."""
    return inputs.due >= policy.online_min.cents


def reaches_the_smallest(inputs: AmountOperands[C], policy: Policy) -> Truth:
    """Return whether the amount is at least the smallest online payment (R10)."""
    return inputs.amount >= policy.online_min.cents


def within_the_largest(inputs: AmountOperands[C], policy: Policy) -> Truth:
    """Return whether the amount is at most the largest online payment (R10).

    Where less than the largest payment remains, :func:`within_what_remains` is the one test that fails.
    """
    most = policy.online_max_per_payment.cents
    if policy.max_basis is MaxBasis.PAYMENT:
        return inputs.amount <= most
    return (inputs.amount <= most) | (inputs.total < most)


def within_what_remains(inputs: AmountOperands[C], policy: Policy) -> Truth:
    """Return whether the amount is at most the remaining amount (R10, Q10).

    Where at least the largest online payment remains, :func:`within_the_largest` is the one test that can fail.
    """
    return (inputs.amount <= inputs.total) | (inputs.total >= policy.online_max_per_payment.cents)


def strands_nothing(inputs: AmountOperands[C], policy: Policy) -> Truth:
    """Return whether the remainder is zero, or at least the smallest online payment (R11)."""
    return (inputs.amount >= inputs.total) | (inputs.total - inputs.amount >= policy.online_min.cents)


def largest_payment(inputs: TotalOperands[C], policy: Policy) -> C | int:
    """Return the largest payment of a total, in cents (R10)."""
    most = policy.online_max_per_payment.cents
    return most if policy.max_basis is MaxBasis.PAYMENT else inputs.minimum(inputs.total, most)


def largest_without_stranding(inputs: TotalOperands[C], policy: Policy) -> C:
    """Return the largest payment that leaves no stranded remainder, in cents (R11)."""
    most = policy.online_max_per_payment.cents
    rest = inputs.minimum(inputs.total - policy.online_min.cents, most)
    return inputs.where(inputs.total <= most, inputs.total, rest)


def remainder(inputs: AmountOperands[C]) -> C:
    """Return the remaining amount after a payment, in cents (R20)."""
    return inputs.maximum(inputs.total - inputs.amount, 0)


def payable_min(inputs: TotalOperands[C], policy: Policy) -> C | int:
    """Return the smallest payment of a payable total, in cents (R10).

    Where the policy refuses to strand a remainder, it is the whole of a total that cannot be paid in two payments.
    """
    least = policy.online_min.cents
    if policy.stranding is Stranding.WARN:
        return least
    return inputs.where(inputs.total >= 2 * least, least, inputs.total)


def payable_max(inputs: TotalOperands[C], policy: Policy) -> C | int:
    """Return the largest payment of a payable total, in cents (R10).

    Where the policy refuses to strand a remainder, it strands none.
    """
    most = largest_payment(inputs, policy)
    if policy.stranding is Stranding.WARN:
        return most
    payable_at_once = inputs.total <= policy.online_max_per_payment.cents
    return inputs.where(payable_at_once, most, largest_without_stranding(inputs, policy))


def payable_bounds(inputs: TotalOperands[C], policy: Policy) -> Sequence[tuple[C | int, C | int]]:
    """Return the ranges of the payable amounts of a payable total, in cents (R10, R11).

    There is one range.  There are two where the policy refuses the amounts that strand a remainder (Q12): below the
    total, and from the total on.  A range whose first amount is above its last one is empty.
    """
    low, high = payable_min(inputs, policy), payable_max(inputs, policy)
    if policy.stranding is Stranding.WARN:
        return ((low, high),)
    below = inputs.minimum(inputs.total - policy.online_min.cents, high)
    return (low, below), (inputs.maximum(inputs.total, low), high)


def number_of_payments(inputs: TotalOperands[C], policy: Policy) -> C:
    """Return the fewest payments that settle a total, as a number (R12)."""
    return -inputs.floor_divide(-inputs.total, policy.online_max_per_payment.cents)


def first_payment(inputs: TotalOperands[C], policy: Policy) -> C:
    """Return the first of the fewest payments that settle a total, in cents (R12).

    It is as large as the payments after it allow.
    """
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    to_follow = number_of_payments(inputs, policy) - 1
    kept = inputs.where(to_follow > 0, (to_follow - 1) * least + smallest_payable(inputs, policy), 0)
    return inputs.minimum(inputs.total - kept, most)


def smallest_payable(inputs: Ops[C], policy: Policy) -> C | int:
    """Return the smallest total that can be paid, in cents (R7).

    Where the policy tests the band at each access (Q3), the total must reach the band too.
    """
    least = policy.online_min.cents
    return inputs.maximum(least, band_floor(policy)) if policy.band_checked_at is BandCheck.ACCESS else least


def can_be_planned(inputs: TotalOperands[C], policy: Policy) -> Truth:
    """Return whether a total is one that a payment can be made of (R12)."""
    reached = inputs.total >= smallest_payable(inputs, policy)
    if policy.band_checked_at is BandCheck.NOTICE:
        return reached
    return reached & (inputs.total <= band_ceiling(policy))


def band_floor(policy: Policy) -> int:
    """Return the smallest balance inside the band, in cents (R6, Q1)."""
    return policy.notice_band_min.cents + (0 if policy.band_inclusive else 1)


def band_ceiling(policy: Policy) -> int:
    """Return the largest balance inside the band, in cents (R6, Q1)."""
    return policy.notice_band_max.cents - (0 if policy.band_inclusive else 1)


BAND: Predicates[NoticeOperands | DueOperands] = {
    Reason.BELOW_BAND: reaches_the_band,
    Reason.ABOVE_BAND: within_the_band,
}
SCOPE: Predicates[NoticeOperands] = {Reason.NO_NOTICE: notice_came, **BAND}
ACCESS: Predicates[AccessOperands] = {
    Reason.REFERENCE_NOT_OPEN: open_to_payment,
    Reason.KIND_NOT_OPEN: of_an_open_kind,
}


def _once_for(*choices: str) -> Callable[[Callable[[Policy], Table]], Callable[[Policy], Table]]:
    """Return a decorator that builds a table once for the values of the choices of a policy that it depends on."""
    values_of = attrgetter(*choices)

    def decorate(build: Callable[[Policy], Table]) -> Callable[[Policy], Table]:
        tables: dict[object, Table] = {}

        @wraps(build)
        def table_of(policy: Policy) -> Table:
            """Return the table of the policy's values, built once."""
            values = values_of(policy)
            if values not in tables:
                tables[values] = build(policy)
            return tables[values]

        return table_of

    return decorate


@_once_for("several_references", "several_caisses")
def selection_predicates(policy: Policy) -> Predicates[SelectionOperands]:
    """Return the tests of a selection, those of access included.

    A policy may allow one reference at a time (Q8), and several caisses in one payment (Q23).
    """
    alone = {} if policy.several_references else {Reason.SELECTION_NOT_ALLOWED: selected_alone}
    one_caisse = {} if policy.several_caisses else {Reason.SELECTION_OTHER_CAISSE: of_one_caisse}
    return {
        **ACCESS,
        **alone,
        Reason.SELECTION_DUPLICATE: selected_once,
        Reason.SELECTION_OTHER_DEBTOR: of_one_debtor,
        **one_caisse,
    }


@_once_for("several_payments", "band_checked_at")
def due_predicates(policy: Policy) -> Predicates[DueOperands]:
    """Return the tests of the amount due.

    A policy may test the band at each access (Q3), and may allow one payment for each notice (Q11).
    """
    first: Predicates[DueOperands] = {} if policy.several_payments else {Reason.PAYMENT_ALREADY_MADE: not_paid_in_part}
    band: Predicates[DueOperands] = BAND if policy.band_checked_at is BandCheck.ACCESS else {}
    return {Reason.NOTHING_DUE: something_due, **first, **band, Reason.BELOW_ONLINE_MINIMUM: reaches_the_minimum}


@_once_for("several_references", "several_caisses", "several_payments", "band_checked_at")
def payment_predicates(policy: Policy) -> Predicates[PaymentOperands]:
    """Return the tests of a payment of a selection: those of the selection, then those of the amount due."""
    return {**selection_predicates(policy), **due_predicates(policy)}


@_once_for("max_basis", "stranding")
def amount_predicates(policy: Policy) -> Predicates[AmountOperands[Any]]:
    """Return the tests of an amount: a policy may allow a credit (Q10), and may refuse to strand a remainder (Q12)."""
    remaining = {} if policy.max_basis is MaxBasis.PAYMENT else {Reason.AMOUNT_ABOVE_REMAINING: within_what_remains}
    stranding = {Reason.AMOUNT_STRANDS_REMAINDER: strands_nothing} if policy.stranding is Stranding.REFUSE else {}
    return {
        Reason.AMOUNT_BELOW_MINIMUM: reaches_the_smallest,
        Reason.AMOUNT_ABOVE_MAXIMUM: within_the_largest,
        **remaining,
        **stranding,
    }


def failed(predicates: Mapping[Reason, Callable[[Inputs, Policy], object]], inputs: Inputs, policy: Policy) -> Reason:
    """Test every predicate on the operands of one debt, and return the reasons of those that fail."""
    flags = 0
    for reason, met in predicates.items():
        if not met(inputs, policy):
            flags += reason
    return Reason(flags) if flags else NO_REASON
