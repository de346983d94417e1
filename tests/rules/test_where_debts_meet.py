"""Several debts in one payment: no remainder is stranded silently, and a plan settles all that can be settled.

A remainder is stranded where no search leads to a payable selection any more (R7, R8, R11).  The tests ask the rules
themselves: they search each reference in turn, with all others selected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations, permutations, product

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.codes import WarningCode
from creance_pay.errors import InvalidAmountError, InvalidValueError
from creance_pay.messages import messages_for, render
from creance_pay.rules import AmountCheck, Policy, allocate, assess, check_amount, plan_debts
from samples import POLICY, a_debt, a_policy, numbered, plain

OF_SELECTION = a_policy(min_basis="selection")
SMALL, LARGE = numbered(2), numbered(1)


def owing(*cents: int) -> list[Debt]:
    """Return a debt for each amount; the first is the oldest."""
    return [
        a_debt(each, reference=numbered(place), issued_on=date(2026, 1, place)) for place, each in enumerate(cents, 1)
    ]


def paid(debts: Sequence[Debt], notices: Mapping[NoticeReference, Euros]) -> list[Debt]:
    """Subtract the amount of each notice."""
    return [
        attrs.evolve(debt, remaining=debt.remaining.saturating_sub(notices.get(debt.reference, Euros(0))))
        for debt in debts
    ]


def some_search_is_payable(debts: Sequence[Debt], policy: Policy) -> bool:
    """Return whether a person can pay more online: by searching one reference, with all or none of the others."""
    owed = [debt for debt in debts if debt.remaining.cents]
    return any(
        bool(assess(debt, others=others, policy=policy))
        for debt in owed
        for others in ([each for each in owed if each is not debt], [])
    )


def silent_strands(check: AmountCheck, debts: Sequence[Debt], policy: Policy) -> bool:
    """Return whether an accepted amount strands a remainder without a warning."""
    rest = paid(debts, check.notices)
    left = any(debt.remaining.cents for debt in rest)
    return left and check.warning is None and not some_search_is_payable(rest, policy)


class TestGrid:
    """Two debts of 16 to 60 and of 1 to 30 euros, and each whole amount that can be paid: 40,715 decisions."""

    @pytest.mark.parametrize("step", [500, pytest.param(100, marks=pytest.mark.slow)])
    def test_no_silent_strand(self, step: int) -> None:
        """No accepted amount strands a remainder of the two without a warning; a warning has its remainder."""
        decisions, silent, wrong = 0, [], []
        for large, small in product(range(1600, 6001, step), range(100, 3001, step)):
            debts = owing(large, small)
            assessment = assess(debts[0], others=debts[1:], policy=POLICY)
            for cents in range(1600, min(5000, large + small) + 1, 100):
                check = assessment.check(Euros(cents))
                decisions += 1
                if silent_strands(check, debts, POLICY):
                    silent.append((large, small, cents))
                if check.warning and some_search_is_payable(paid(debts, check.notices), POLICY):
                    wrong.append((large, small, cents))

        assert ([], []) == (silent, wrong)
        assert step != 100 or decisions == 40_715

    def test_45_of_75(self) -> None:
        """The case of the review: of 60 + 15, 45 settle the 15 and leave 30, which can be paid online."""
        large, small = owing(6000, 1500)

        check = assess(large, others=[small], policy=POLICY).check("45")

        assert ({SMALL: Euros(1500), LARGE: Euros(3000)}, None) == (check.notices, check.warning)


cents_of_debts = st.lists(st.integers(1, 1599) | st.integers(1600, 12_000), min_size=1, max_size=6)
policies = st.builds(
    lambda basis, least, most, several: a_policy(
        min_basis=basis,
        online_min=Euros(least),
        online_max_per_payment=Euros(2 * least - 1 + most),
        several_references=several,
    ),
    st.sampled_from(["reference", "selection"]),
    st.integers(1, 3000),
    st.integers(0, 6000),
    st.booleans(),
)


readings = st.builds(
    lambda policy, at, several, total, most, strands: attrs.evolve(
        policy,
        band_checked_at=at,
        notice_band_min=Euros(3000),
        several_payments=several,
        total_basis=total,
        max_basis=most,
        stranding=strands,
    ),
    policies,
    st.sampled_from(["notice", "access"]),
    st.booleans(),
    st.sampled_from(["all", "selected"]),
    st.sampled_from(["total", "payment"]),
    st.sampled_from(["warn", "refuse"]),
)


def unpayable(debts: Sequence[Debt], policy: Policy) -> dict[NoticeReference, Euros]:
    """Return the remaining amounts that no search of any selection can pay."""
    owed = [debt for debt in debts if debt.remaining.cents]
    balance, reached = sum((debt.remaining for debt in owed), Euros(0)), set()
    selections = [selection for count in range(len(owed)) for selection in combinations(owed, count + 1)]
    for selection, searched in ((each, searched) for each in selections for searched in each):
        others = [debt for debt in selection if debt is not searched]
        if assess(searched, others=others, policy=policy, balance=balance):
            paying = others if others and policy.total_basis == "selected" else selection
            reached |= {debt.reference for debt in paying}
    return {debt.reference: debt.remaining for debt in owed if debt.reference not in reached}


class TestAnySelection:
    """For any debts, any amount and both readings of every question."""

    @given(st.lists(st.integers(1, 4000), min_size=1, max_size=4), readings, st.data())
    def test_stranded_is_what_cannot_be_paid(self, cents: list[int], policy: Policy, data: st.DataObject) -> None:
        """The stranded remainder is the sum of what no later search of any selection can pay, on any reference.

        Under the reading that leaves the searched debt out of the total, it is left out here too.  Together with a
        minimum that is compared with the selection, the sum may be higher: a later search can select the debt.
        """
        debts = owing(*cents)
        searched = data.draw(st.sampled_from(debts))
        others = [debt for debt in debts if debt is not searched]
        balance = sum((debt.remaining for debt in debts), Euros(0))
        assessment = assess(searched, others=others, policy=policy, balance=balance)
        assume(assessment and assessment.total)
        check = assessment.check(Euros(data.draw(st.integers(policy.online_min.cents, 16_000))))
        assume(check)
        left = unpayable(paid(debts, check.notices), policy)
        if others and policy.total_basis == "selected":
            left.pop(searched.reference, None)

        found, stranded = sum(left.values(), Euros(0)), check.stranded or Euros(0)
        if others and (policy.total_basis, policy.min_basis) == ("selected", "selection"):
            assert found <= stranded
        else:
            assert (found, not left) == (stranded, check.warning is None)

    @given(st.lists(st.integers(1, 4000), min_size=1, max_size=4), readings, st.data())
    def test_suggestion(self, cents: list[int], policy: Policy, data: st.DataObject) -> None:
        """The suggestion is accepted and strands nothing, and no larger amount does; without one, none does."""
        debts = owing(*cents)
        assessment = assess(debts[0], others=debts[1:], policy=policy)
        assume(assessment and assessment.total)
        check = assessment.check(Euros(data.draw(st.integers(policy.online_min.cents, 16_000))))
        assume(check.stranded)
        first = check.suggested_max.cents if check.suggested_max else policy.online_min.cents - 1
        total = assessment.total or Euros(0)
        larger = range(first + 1, min(total.cents, policy.online_max_per_payment.cents) + 1, 1 + total.cents // 100)

        assert check.suggested_max is None or assessment.check(check.suggested_max).stranded is None
        assert [] == [asked for asked in larger if assessment.check(Euros(asked)).stranded is None]

    @given(cents_of_debts, policies, st.data())
    def test_no_silent_strand(self, cents: list[int], policy: Policy, data: st.DataObject) -> None:
        """An accepted amount strands nothing, or has a warning, which is true."""
        debts = owing(*cents)
        searched = data.draw(st.sampled_from(debts))
        others = [debt for debt in debts if debt is not searched]
        check = assess(searched, others=others, policy=policy).check(Euros(data.draw(st.integers(1, 20_000))))
        if not check or check.amount is None:
            return
        rest = paid(debts, check.notices)

        assert check.amount == sum(check.notices.values(), Euros(0))
        assert not silent_strands(check, debts, policy)
        assert check.warning is None or not some_search_is_payable(rest, policy)

    @given(cents_of_debts, policies, st.data())
    def test_order_changes_nothing(self, cents: list[int], policy: Policy, data: st.DataObject) -> None:
        """The others in another order have the same assessment, and the same check in the same order of notices."""
        first, *others = owing(*cents)
        asked, shuffled = Euros(data.draw(st.integers(0, 20_000))), data.draw(st.permutations(others))
        checks = [assess(first, others=each, policy=policy).check(asked) for each in (others, shuffled)]

        assert checks[0] == checks[1]
        assert list(checks[0].notices) == list(checks[1].notices)
        assert plan_debts([first, *others], policy=policy) == plan_debts([*shuffled, first], policy=policy)


class TestPlanDebts:
    """A plan of several debts, simulated to the end under the rules themselves (R12)."""

    @given(cents_of_debts, policies)
    def test_simulated_to_the_end(self, cents: list[int], policy: Policy) -> None:
        """Each payment is accepted in turn without a warning; what is left is what no search could ever pay."""
        debts = owing(*cents)
        plan = plan_debts(debts, policy=policy)
        rest = debts
        for payment in plan.payments:
            taking_part = [debt for debt in rest if debt.remaining.cents and debt.reference not in plan.not_payable]
            if not policy.several_references:
                taking_part = [debt for debt in taking_part if debt.reference == payment.searched]
            searched = next(debt for debt in taking_part if debt.reference == payment.searched)
            others = [debt for debt in taking_part if debt is not searched]
            check = assess(searched, others=others, policy=policy).check(payment.amount)
            assert ("AMOUNT_OK", None, payment.notices) == (check.code, check.warning, check.notices)
            rest = paid(rest, check.notices)

        assert plan.not_payable == {debt.reference: debt.remaining for debt in rest if debt.remaining.cents}
        assert not some_search_is_payable(rest, policy)
        assert not plan.not_payable or not policy.several_references or not plan.payments

    @given(cents_of_debts, policies)
    def test_fewest_payments(self, cents: list[int], policy: Policy) -> None:
        """Debts that are paid together need as many payments as the largest payment allows, and no more."""
        plan = plan_debts(owing(*cents), policy=policy)
        together = sum((payment.amount.cents for payment in plan.payments), 0)
        fewest = -(-together // policy.online_max_per_payment.cents)

        assert not policy.several_references or len(plan.payments) == fewest

    def test_caisses_apart(self) -> None:
        """Debts of two caisses are paid apart; a small one needs another debt of its own caisse (Q23)."""
        debts = owing(2000, 700)
        abroad = a_debt(700, reference=NoticeReference("0211705490000001F"), issued_on=date(2025, 1, 1))
        apart = plan_debts([*debts, abroad], policy=POLICY)
        together = plan_debts([*debts, abroad], policy=a_policy(several_caisses=True))

        assert ([2700], {abroad.reference: Euros(700)}) == (
            [payment.amount.cents for payment in apart.payments],
            apart.not_payable,
        )
        assert ([3400], {}) == ([payment.amount.cents for payment in together.payments], together.not_payable)

    def test_closed_debts(self) -> None:
        """A closed debt, or one of another kind, is not payable, and keeps no other debt from being paid."""
        closed = a_debt(2000, reference=numbered(8), open_online=False)
        indu = a_debt(2000, reference=numbered(9), kind=DebtKind.IND)
        plan = plan_debts([closed, a_debt(2000), indu], policy=POLICY)

        assert ([numbered(1)], [numbered(8), numbered(9)]) == (
            [payment.searched for payment in plan.payments],
            sorted(plan.not_payable),
        )

    def test_pending_and_settled(self) -> None:
        """Pending payments are subtracted (R25), and a settled debt is neither paid nor listed."""
        debts = owing(6000, 0)
        plans = [plan_debts(debts, policy=POLICY, pending={LARGE: Euros(cents)}) for cents in (2000, 5000, 6000)]

        assert [([4000], {}), ([], {LARGE: Euros(1000)}), ([], {})] == [
            ([payment.amount.cents for payment in plan.payments], plan.not_payable) for plan in plans
        ]

    def test_pending_of_a_later_payment(self) -> None:
        """A pending payment is subtracted in every payment of the plan, and not once more after the first."""
        plan = plan_debts(owing(12_000), policy=POLICY, pending={LARGE: Euros(1000)})

        assert [5000, 4400, 1600] == [payment.amount.cents for payment in plan.payments]

    def test_one_payment_for_each_notice(self) -> None:
        """Where a notice takes one payment, a debt is settled by it or is not payable (Q11)."""
        touched = attrs.evolve(a_debt(2000, reference=numbered(5)), initial=Euros(3000))
        plan = plan_debts([*owing(6000, 5000), touched], policy=a_policy(several_payments=False))

        assert ([5000], [LARGE, numbered(5)]) == (
            [payment.amount.cents for payment in plan.payments],
            sorted(plan.not_payable),
        )

    @pytest.mark.parametrize("changes", [{"band_checked_at": "access"}, {"total_basis": "selected"}])
    def test_each_debt_alone(self, changes: dict[str, str]) -> None:
        """Under a band at access or a total without the searched debt, each debt is planned alone (Q3, Q9)."""
        policy = a_policy(**changes, notice_band_min=Euros(1600))
        plan = plan_debts(owing(6000, 2000), policy=policy)

        assert [(LARGE, 4400), (LARGE, 1600), (SMALL, 2000)] == [
            (payment.searched, payment.amount.cents) for payment in plan.payments
        ]


class TestAllocate:
    """Debts under the minimum come first where the reference is compared with the minimum (R13, Q7)."""

    def test_small_debts_first(self) -> None:
        """A debt under the minimum comes before a chosen and before an older one; elsewhere the rule decides."""
        debts = owing(6000, 1599)
        found = {
            policy.min_basis.value: allocate(Euros(5000), debts, policy=policy, chosen_in_order=[LARGE])
            for policy in (POLICY, OF_SELECTION)
        }

        assert {SMALL: Euros(1599), LARGE: Euros(3401)} == found["reference"]
        assert {LARGE: Euros(5000)} == found["selection"]

    def test_small_is_under_the_minimum(self) -> None:
        """A debt of exactly the minimum is payable alone, and has no precedence."""
        assert {LARGE: Euros(5000)} == allocate(Euros(5000), owing(6000, 1600), policy=POLICY)

    def test_every_order(self) -> None:
        """The order in which debts are written changes nothing."""
        debts = owing(700, 2000, 1599, 3000)
        found = {tuple(allocate(Euros(4000), each, policy=POLICY).items()) for each in permutations(debts)}

        assert 1 == len(found)

    def test_searched_before_older(self) -> None:
        """A check allocates to the searched debt before the older ones."""
        older, searched = owing(2000, 2000)

        assert {SMALL: Euros(1600)} == assess(searched, others=[older], policy=POLICY).check("16").notices

    def test_credit(self) -> None:
        """Where the policy allows a credit, the last notice receives it; without a notice nobody does (Q10)."""
        policy = a_policy(max_basis="payment")

        assert {LARGE: Euros(1600), SMALL: Euros(3400)} == allocate(Euros(5000), owing(1600, 1700), policy=policy)
        with pytest.raises(InvalidAmountError):
            allocate(Euros(5000), [], policy=policy)

    def test_pending_that_the_policy_ignores(self) -> None:
        """Where pending payments are not subtracted, the allocation ignores them too (Q22)."""
        policy = a_policy(pending_subtracted=False)

        assert {LARGE: Euros(2000)} == allocate(Euros(2000), owing(2000), policy=policy, pending={LARGE: Euros(2000)})

    def test_refused_amounts_and_totals_have_no_notices(self) -> None:
        """A refused amount is allocated to nobody, and a total alone has no notices."""
        refused = assess(a_debt(), policy=POLICY).check("15,99")

        assert [{}, {}] == [refused.notices, check_amount("20", total=Euros(6000), policy=POLICY).notices]


class TestCaisses:
    """One payment is for one caisse, unless the policy allows several (R8, Q23)."""

    def test_other_caisse(self) -> None:
        """Notices of two caisses are refused together; an absorbed caisse is its successor."""
        expected = {"021": "SELECTION_OTHER_CAISSE", "631": "PAYABLE", "632": "SELECTION_OTHER_CAISSE"}
        selected = {code: a_debt(reference=NoticeReference(f"{code}1705490000009F")) for code in expected}
        absorbed, successor = (a_debt(reference=NoticeReference(f"{code}1705490000009F")) for code in ("022", "021"))

        assert expected == {
            code: assess(a_debt(), others=[each], policy=POLICY).code for code, each in selected.items()
        }
        assert "PAYABLE" == assess(absorbed, others=[successor], policy=POLICY).code

    def test_several_caisses(self) -> None:
        """A policy can allow several caisses."""
        other = a_debt(reference=NoticeReference("0211705490000009F"))

        assert "PAYABLE" == assess(a_debt(), others=[other], policy=a_policy(several_caisses=True)).code


class TestBalance:
    """A balance that is given is never ignored (R6, Q3)."""

    def test_warning(self) -> None:
        """Under a band at the notice, a balance outside the band is a warning, by the policy's reading."""
        below, above = WarningCode.BALANCE_BELOW_BAND, WarningCode.BALANCE_ABOVE_BAND
        inside = {4999: (below,), 5000: (), 15_000: (), 15_001: (above,)}
        outside = {5000: (below,), 5001: (), 14_999: (), 15_000: (above,)}
        found = [
            {cents: assess(a_debt(), policy=policy, balance=Euros(cents)).warnings for cents in expected}
            for policy, expected in ((POLICY, inside), (a_policy(band_inclusive=False), outside))
        ]

        assert [inside, outside] == found

    def test_pending(self) -> None:
        """Pending payments of every reference are subtracted from the balance, unless the policy ignores them."""
        pending = {numbered(9): Euros(1001)}
        found = [
            assess(a_debt(), policy=policy, balance=Euros(6000), pending=pending).warnings
            for policy in (POLICY, a_policy(pending_subtracted=False))
        ]

        assert [(WarningCode.BALANCE_BELOW_BAND,), ()] == found

    def test_without_a_balance(self) -> None:
        """Without a balance there is no warning: the selection is not the whole balance."""
        assert () == assess(a_debt(700_000), policy=POLICY).warnings

    def test_refusal_is_no_warning(self) -> None:
        """A policy that tests the band at access refuses the balance, and adds no warning."""
        verdict = assess(a_debt(), policy=a_policy(band_checked_at="access"), balance=Euros(15_001))

        assert ("ABOVE_BAND", ()) == (verdict.code, verdict.warnings)

    def test_values(self) -> None:
        """A given balance and the bounds are values of the verdict."""
        values = assess(a_debt(), policy=POLICY, balance=Euros(7000)).values

        assert [Euros(7000), Euros(5000), Euros(15_000)] == [values[key] for key in ("balance", "band_min", "band_max")]


def test_allocation_of_unknown_references() -> None:
    """A reference that is chosen and not owed is refused, whatever the policy."""
    with pytest.raises(InvalidValueError):
        allocate(Euros(100), owing(2000), policy=OF_SELECTION, chosen_in_order=[numbered(7)])


class TestOtherReadings:
    """A remainder is stranded for whatever reason it cannot be paid online: the band, or an earlier payment (R11)."""

    def test_band_at_access(self) -> None:
        """Where the band is tested at access, a remainder below it is stranded; no amount of 90 leaves 50 or more."""
        policy = a_policy(band_checked_at="access", notice_band_min=Euros(8000))
        checks = [assess(a_debt(cents), policy=policy).check("20") for cents in (9000, 9700)]

        assert [(Euros(7000), None), (Euros(7700), Euros(1700))] == [
            (check.stranded, check.suggested_max) for check in checks
        ]
        assert [(WarningCode.STRANDED_REMAINDER,)] * 2 == [check.warnings for check in checks]

    def test_balance(self) -> None:
        """The whole balance decides, where it is given: it may stay in the band after the payment."""
        policy = a_policy(band_checked_at="access")

        assert [Euros(4000), None] == [
            assess(a_debt(6000), policy=policy, balance=Euros(balance)).check("20").stranded for balance in (6000, 7000)
        ]

    def test_one_payment_for_each_notice(self) -> None:
        """Where a notice takes one payment, a part of it strands the rest; the suggestion pays notices in full."""
        large, small = owing(3000, 4000)
        check = assess(large, others=[small], policy=a_policy(several_payments=False)).check("40")

        assert (Euros(3000), Euros(3000)) == (check.stranded, check.suggested_max)

    def test_sentences(self) -> None:
        """The sentences are complete with and without a suggestion."""
        checks = [
            assess(a_debt(6000), policy=policy).check("50")
            for policy in (POLICY, a_policy(several_payments=False, online_max_per_payment=Euros(5500)))
        ]
        actions = [plain(render(messages_for(check)[0]).action) for check in checks]

        assert ["Confirmez votre montant, ou saisissez plutôt 44,00 €.", "Confirmez votre montant."] == actions
