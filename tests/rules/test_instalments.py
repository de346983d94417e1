"""The allocation of one payment to several debts (R13), and examples of plans (R12)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.errors import InvalidAmountError, InvalidValueError
from creance_pay.rules import allocate, plan
from samples import POLICY


def reference(number: int) -> NoticeReference:
    """Return the reference of a synthetic notice."""
    return NoticeReference(f"63116312{number:08d}F")


def debt(number: int, cents: int, issued_on: date | None = None) -> Debt:
    """Build a debt."""
    return Debt(
        reference=reference(number),
        kind=DebtKind.FRANCHISE,
        initial=Euros(cents),
        remaining=Euros(cents),
        issued_on=issued_on,
        open_online=True,
    )


NOVEMBER, DECEMBER = date(2016, 11, 7), date(2016, 12, 7)
debts_of = st.lists(
    st.builds(
        debt,
        st.integers(0, 99_999_999),
        st.integers(0, 20_000),
        st.none() | st.dates(date(2016, 1, 1), date(2016, 12, 31)),
    ),
    max_size=6,
    unique_by=lambda each: each.reference,
)


class TestPlan:
    """R12: n = ceil(remaining / 50); each part = min(50, rest - 16 x parts left)."""

    def test_payments(self) -> None:
        """The payments are those of the formula, computed by hand."""
        plans = {
            15000: [5000, 5000, 5000],
            6000: [4400, 1600],
            5001: [3401, 1600],
            11000: [5000, 4400, 1600],
            1600: [1600],
            1599: [],
            0: [],
        }

        assert plans == {due: [part.cents for part in plan(Euros(due), policy=POLICY)] for due in plans}


class TestAllocate:
    """R13: chosen debts first, in their order, then the oldest; unknown days last."""

    def test_chosen_before_oldest(self) -> None:
        """A chosen debt comes before an older one."""
        debts = [debt(1, 1000, NOVEMBER), debt(2, 1000, DECEMBER)]

        shares = allocate(Euros(1500), debts, chosen_in_order=[reference(2)], policy=POLICY)

        assert [(reference(2), Euros(1000)), (reference(1), Euros(500))] == list(shares.items())

    def test_chosen_in_their_order(self) -> None:
        """Chosen debts are paid in the order of the choice."""
        debts = [debt(1, 1000, NOVEMBER), debt(2, 1000, DECEMBER)]

        shares = allocate(Euros(2000), debts, chosen_in_order=[reference(2), reference(1)], policy=POLICY)

        assert [reference(2), reference(1)] == list(shares)

    def test_oldest_then_unknown(self) -> None:
        """Without a choice the oldest comes first, and a debt of unknown day last."""
        debts = [debt(1, 1000), debt(2, 1000, DECEMBER), debt(3, 1000, NOVEMBER)]

        shares = allocate(Euros(3000), debts, policy=POLICY)

        assert [reference(3), reference(2), reference(1)] == list(shares)

    def test_equal_days_by_reference(self) -> None:
        """Debts of one day are ordered by their references, not by their order in the list."""
        debts = [debt(2, 1000, NOVEMBER), debt(1, 1000, NOVEMBER)]

        assert {reference(1): Euros(900)} == allocate(Euros(900), debts, policy=POLICY)

    def test_pending_is_deducted(self) -> None:
        """R25: the amount of a pending payment is not allocated again."""
        debts = [debt(1, 1000, NOVEMBER), debt(2, 1000, DECEMBER)]

        shares = allocate(Euros(1000), debts, pending={reference(1): Euros(400)}, policy=POLICY)

        assert {reference(1): Euros(600), reference(2): Euros(400)} == shares

    def test_more_than_due(self) -> None:
        """An amount above the sum due is refused, with its code."""
        with pytest.raises(InvalidAmountError) as refused:
            allocate(Euros(1001), [debt(1, 1000)], policy=POLICY)

        assert refused.value.code == "AMOUNT_ABOVE_REMAINING"

    def test_unclear_selection(self) -> None:
        """A reference that occurs twice, or is chosen and not among the debts, is refused."""
        selections: list[tuple[list[Debt], list[NoticeReference]]] = [
            ([debt(1, 1000), debt(1, 1000)], []),
            ([debt(1, 1000)], [reference(2)]),
            ([debt(1, 1000)], [reference(1), reference(1)]),
        ]
        for debts, chosen in selections:
            with pytest.raises(InvalidValueError):
                allocate(Euros(1), debts, chosen_in_order=chosen, policy=POLICY)

    def test_pending_of_other_types(self) -> None:
        """A reference as text would match no debt, which would be paid twice: the error names the types."""
        with pytest.raises(InvalidValueError, match=r"got str to Euros$"):
            allocate(Euros(1), [debt(1, 1000)], pending={str(reference(1)): Euros(1)}, policy=POLICY)  # type: ignore[dict-item]

    @given(debts_of, st.integers(0, 20_000), st.data())
    def test_sums_and_never_exceeds(self, debts: list[Debt], wanted: int, data: st.DataObject) -> None:
        """An allocation sums to the payment and gives no debt more than its remaining amount."""
        due = {each.reference: each.remaining for each in debts}
        total = sum(due.values(), Euros(0))
        amount = min(Euros(wanted), total)
        chosen = data.draw(st.lists(st.sampled_from(sorted(due)), unique=True)) if due else []

        shares = allocate(amount, debts, chosen_in_order=chosen, policy=POLICY)

        assert amount == sum(shares.values(), Euros(0))
        assert all(Euros(0) < share <= due[each] for each, share in shares.items())

    @given(debts_of, st.integers(0, 120_000))
    def test_order_given_does_not_matter(self, debts: list[Debt], wanted: int) -> None:
        """The same debts in another order have the same allocation."""
        amount = min(Euros(wanted), sum((each.remaining for each in debts), Euros(0)))

        assert allocate(amount, debts, policy=POLICY) == allocate(amount, debts[::-1], policy=POLICY)
