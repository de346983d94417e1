"""May this be paid online: scope, access, assessment (rules R3 to R8, R21, R25; questions Q1, Q3, Q7 to Q9)."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.codes import CaisseStatus, Code, Reason, VerdictCode, WarningCode
from creance_pay.errors import InvalidValueError
from creance_pay.rules import Assessment, Policy, access, assess, notice_scope
from samples import POLICY, a_debt, a_policy, numbered

BAND = [(4999, "BELOW_BAND"), (5000, "IN_SCOPE"), (5001, "IN_SCOPE"), (14999, "IN_SCOPE"), (15000, "IN_SCOPE")]
ABOVE = [(15001, "ABOVE_BAND"), (10**9, "ABOVE_BAND"), (0, "BELOW_BAND")]
AT_ACCESS = a_policy(band_checked_at="access")
OF_SELECTION = a_policy(min_basis="selection")

#: Whole faults of a selection, in the order of the tests: access, kind, selection (R4, R21, R8).
FAULTS = ["REFERENCE_NOT_OPEN", "KIND_NOT_OPEN", "SELECTION_DUPLICATE", "SELECTION_OTHER_DEBTOR"]
DUE = [0, 1, 700, 1599, 1600, 4999, 5000, 15000, 15001]


def names(reasons: Reason) -> list[str]:
    """List reasons by name, in their order."""
    return [str(reason.name) for reason in reasons]


def other(number: int = 2, cents: int = 0, **changes: Any) -> Debt:  # noqa: ANN401 - of the fields' own types
    """Give another debt of the same person, of zero unless it is said."""
    return a_debt(cents, reference=numbered(number), **changes)


def faulty(faults: set[str], cents: int, policy: Policy) -> Assessment:
    """Assess a debt of so many cents, selected with others in such a way that it has these faults."""
    changes = {"open_online": "REFERENCE_NOT_OPEN" not in faults}
    debt = a_debt(cents, kind=DebtKind.IND if "KIND_NOT_OPEN" in faults else DebtKind.PFR, **changes)
    others = [debt] if "SELECTION_DUPLICATE" in faults else []
    if "SELECTION_OTHER_DEBTOR" in faults:
        others.append(other(debtor="person-2"))
    return assess(debt, others=others, policy=policy, balance=Euros(cents))


def sums_that_fail(cents: int, *, band: bool) -> list[str]:
    """State R7, and R6 where it is tested at access, once more: in their order, for one debt that is the balance."""
    found = ["NOTHING_DUE"] if cents == 0 else []
    if band and cents < 5000:
        found.append("BELOW_BAND")
    if band and cents > 15000:
        found.append("ABOVE_BAND")
    return [*found, "BELOW_ONLINE_MINIMUM"] if cents < 1600 else found


class TestNoticeScope:
    """In scope when a notice came and 50.00 <= balance <= 150.00; the notice is tested first (R5, R6, Q1)."""

    @pytest.mark.parametrize(("cents", "code"), BAND + ABOVE)
    def test_band_includes_its_bounds(self, cents: int, code: str) -> None:
        """The exclusions say under 50 and over 150."""
        assert code == notice_scope(Euros(cents), notice_received=True, policy=POLICY).code

    @pytest.mark.parametrize(
        ("cents", "code"), [(5000, "BELOW_BAND"), (5001, "IN_SCOPE"), (14999, "IN_SCOPE"), (15000, "ABOVE_BAND")]
    )
    def test_band_may_exclude_its_bounds(self, cents: int, code: str) -> None:
        """The other reading of Q1 shuts the bounds out."""
        policy = a_policy(band_inclusive=False)

        assert code == notice_scope(Euros(cents), notice_received=True, policy=policy).code

    @pytest.mark.parametrize(
        ("cents", "reasons"),
        [(4999, ["NO_NOTICE", "BELOW_BAND"]), (5000, ["NO_NOTICE"]), (15001, ["NO_NOTICE", "ABOVE_BAND"])],
    )
    def test_notice_comes_first(self, cents: int, reasons: list[str]) -> None:
        """Without notice the code says so, and the reasons hold the band too."""
        verdict = notice_scope(Euros(cents), notice_received=False, policy=POLICY)

        assert ("NO_NOTICE", reasons) == (verdict.code, names(verdict.reasons))

    def test_gives_what_a_message_needs(self) -> None:
        """The balance and the bounds are values."""
        values = notice_scope(Euros(700), notice_received=True, policy=POLICY).values

        assert {"balance": Euros(700), "band_min": Euros(5000), "band_max": Euros(15000)} == values


class TestAccess:
    """Not found, not the person's, or closed: one outcome; only kinds of the policy are open (R4, R21)."""

    @pytest.mark.parametrize("debt", [None, a_debt(open_online=False)], ids=["not found", "closed"])
    def test_has_one_answer(self, debt: Debt | None) -> None:
        """References cannot be probed."""
        verdict = access(debt, policy=POLICY)

        assert ("REFERENCE_NOT_OPEN", Reason.REFERENCE_NOT_OPEN) == (verdict.code, verdict.reasons)

    @pytest.mark.parametrize("kind", DebtKind)
    def test_kinds_of_the_guide_are_open(self, kind: DebtKind) -> None:
        """Participations forfaitaires and franchises, and nothing else."""
        expected = "REFERENCE_FOUND" if kind in {"PFR", "FRR"} else "KIND_NOT_OPEN"

        assert expected == access(a_debt(kind=kind), policy=POLICY).code

    def test_kinds_are_the_policy_s(self) -> None:
        """A caisse that opens another kind says so in its policy."""
        assert "REFERENCE_FOUND" == access(a_debt(kind=DebtKind.IND), policy=a_policy(open_debt_kinds=["IND"])).code

    def test_closed_comes_before_kind(self) -> None:
        """A closed debt of another kind is not open, for both reasons."""
        verdict = access(a_debt(kind=DebtKind.IND, open_online=False), policy=POLICY)

        assert ("REFERENCE_NOT_OPEN", FAULTS[:2]) == (verdict.code, names(verdict.reasons))

    @pytest.mark.parametrize("letter", "AFZ")
    def test_letter_decides_nothing(self, letter: str) -> None:
        """Any letter leads to a debt."""
        reference = NoticeReference(f"6311705490000001{letter}")

        assert access(a_debt(reference=reference), policy=POLICY)


WARNINGS: list[tuple[str, tuple[Code, ...]]] = [
    ("6311705490000001F", ()),
    ("6311736690000001F", (WarningCode.ISSUE_DAY_UNKNOWN,)),
    ("0221705490000001F", (CaisseStatus.CAISSE_ABSORBED,)),
    ("6321705490000001F", (CaisseStatus.CAISSE_UNKNOWN,)),
    ("6321700090000001F", (WarningCode.ISSUE_DAY_UNKNOWN, CaisseStatus.CAISSE_UNKNOWN)),
]


class TestWarnings:
    """What is odd about a reference is pointed out and refuses nothing (R2, R3)."""

    @pytest.mark.parametrize(("reference", "warnings"), WARNINGS)
    def test_access_points_out_what_is_odd(self, reference: str, warnings: tuple[Code, ...]) -> None:
        """The reference is found all the same."""
        verdict = access(a_debt(reference=NoticeReference(reference)), policy=POLICY)

        assert ("REFERENCE_FOUND", warnings) == (verdict.code, verdict.warnings)

    @pytest.mark.parametrize(("reference", "warnings"), WARNINGS)
    def test_assessment_points_out_what_is_odd(self, reference: str, warnings: tuple[Code, ...]) -> None:
        """The debt is payable all the same."""
        verdict = assess(a_debt(reference=NoticeReference(reference)), policy=POLICY)

        assert ("PAYABLE", warnings) == (verdict.code, verdict.warnings)

    @pytest.mark.parametrize(("reference", "warnings"), WARNINGS)
    def test_warnings_go_on_to_the_amount(self, reference: str, warnings: tuple[Code, ...]) -> None:
        """A portal that looks at the last verdict misses nothing."""
        checked = assess(a_debt(reference=NoticeReference(reference)), policy=POLICY).check("50")

        assert (*warnings, WarningCode.STRANDED_REMAINDER) == checked.warnings

    def test_odd_references_of_the_others_are_pointed_out_once(self) -> None:
        """The other debts of a selection are looked at too, and each oddity is named once (R2, R3)."""
        odd = [a_debt(reference=NoticeReference(f"022{day}00000001F")) for day in ("17054", "17055")]

        assert (CaisseStatus.CAISSE_ABSORBED,) == assess(a_debt(), others=odd, policy=POLICY).warnings

    def test_oddity_of_the_searched_reference_is_not_lost(self) -> None:
        """Another debt without oddity takes no warning away."""
        searched = a_debt(reference=NoticeReference("0221705400000001F"))

        assert (CaisseStatus.CAISSE_ABSORBED,) == assess(searched, others=[other()], policy=POLICY).warnings


class TestOrderOfTests:
    """The first failing test gives the code, and the reasons hold them all (order of section 8)."""

    @pytest.mark.parametrize("cents", DUE)
    @pytest.mark.parametrize("band", [False, True], ids=["notice", "access"])
    @pytest.mark.parametrize("chosen", list(product([False, True], repeat=len(FAULTS))))
    def test_combined_faults(self, chosen: tuple[bool, ...], cents: int, *, band: bool) -> None:
        """Whatever is wrong together, all of it is found, and the code is the first."""
        faults = [fault for fault, there in zip(FAULTS, chosen, strict=True) if there]
        expected = [*faults, *sums_that_fail(cents, band=band)]
        verdict = faulty(set(faults), cents, AT_ACCESS if band else POLICY)

        assert ((*expected, "PAYABLE")[0], expected) == (verdict.code, names(verdict.reasons))

    def test_nothing_found_is_the_only_reason(self) -> None:
        """Where there is no debt nothing else can be tested."""
        verdict = assess(None, policy=AT_ACCESS)

        assert (["REFERENCE_NOT_OPEN"], None) == (names(verdict.reasons), verdict.total)


class TestSelection:
    """The total is the debt and those selected with it, each once, of one person (R8, Q8, Q9)."""

    def test_total_has_the_searched_debt(self) -> None:
        """Main and selected are added."""
        assert Euros(6380) == assess(a_debt(), others=[other(cents=380)], policy=POLICY).total

    @pytest.mark.parametrize(
        ("others", "code"),
        [
            ([other(open_online=False)], "REFERENCE_NOT_OPEN"),
            ([other(kind=DebtKind.IND)], "KIND_NOT_OPEN"),
            ([a_debt()], "SELECTION_DUPLICATE"),
            ([other(2), other(2)], "SELECTION_DUPLICATE"),
            ([other(debtor="person-2")], "SELECTION_OTHER_DEBTOR"),
            ([other(debtor=None)], "SELECTION_OTHER_DEBTOR"),
            ([other(2), other(3)], "PAYABLE"),
        ],
        ids=["closed", "kind", "twice the first", "twice another", "other person", "unknown person", "good"],
    )
    def test_others_are_held_to_the_same(self, others: list[Debt], code: str) -> None:
        """What the person ticks is tested as what the person typed."""
        assert code == assess(a_debt(), others=others, policy=POLICY).code

    def test_debts_without_debtor_are_one_person_s(self) -> None:
        """A portal that hands over the person's own debts need not name the person."""
        assert assess(a_debt(debtor=None), others=[other(debtor=None)], policy=POLICY)

    @pytest.mark.parametrize(
        ("main", "ticked", "of_reference", "of_selection"),
        [
            (700, 1200, "BELOW_ONLINE_MINIMUM", "PAYABLE"),
            (700, 899, "BELOW_ONLINE_MINIMUM", "BELOW_ONLINE_MINIMUM"),
            (700, 900, "BELOW_ONLINE_MINIMUM", "PAYABLE"),
            (0, 6000, "NOTHING_DUE", "PAYABLE"),
            (0, 0, "NOTHING_DUE", "NOTHING_DUE"),
            (1600, 0, "PAYABLE", "PAYABLE"),
            (1599, 0, "BELOW_ONLINE_MINIMUM", "BELOW_ONLINE_MINIMUM"),
        ],
    )
    def test_minimum_is_compared_as_the_policy_says(
        self, main: int, ticked: int, of_reference: str, of_selection: str
    ) -> None:
        """By default with the reference, else with the selection (Q7)."""
        found = [
            assess(a_debt(main), others=[other(cents=ticked)], policy=policy).code for policy in (POLICY, OF_SELECTION)
        ]

        assert [of_reference, of_selection] == found


class TestBandAtAccess:
    """Where the policy says so, the band is tested each time, on the balance (R6, Q2, Q3, Q4)."""

    @pytest.mark.parametrize("cents", [1600, 4000, 4999, 15001])
    def test_band_is_a_matter_of_the_notice(self, cents: int) -> None:
        """By default what remains payable stays so, in the band or not."""
        assert "PAYABLE" == assess(a_debt(cents), policy=POLICY, balance=Euros(cents)).code

    @pytest.mark.parametrize(("cents", "code"), [*BAND, (15001, "ABOVE_BAND")])
    def test_balance_is_tested(self, cents: int, code: str) -> None:
        """The balance that is given counts, not the debt."""
        expected = "PAYABLE" if code == "IN_SCOPE" else code

        assert expected == assess(a_debt(2000), policy=AT_ACCESS, balance=Euros(cents)).code

    @pytest.mark.parametrize(
        ("main", "ticked", "code"),
        [(4000, 999, "BELOW_BAND"), (4000, 1000, "PAYABLE"), (8000, 7000, "PAYABLE"), (8000, 7001, "ABOVE_BAND")],
    )
    def test_selection_stands_for_an_unknown_balance(self, main: int, ticked: int, code: str) -> None:
        """Without a balance the total of the selection is tested."""
        assert code == assess(a_debt(main), others=[other(cents=ticked)], policy=AT_ACCESS).code

    @pytest.mark.parametrize(("cents", "code"), [(5000, "BELOW_BAND"), (5001, "PAYABLE"), (15000, "ABOVE_BAND")])
    def test_bounds_may_be_shut_out(self, cents: int, code: str) -> None:
        """The reading of the bounds is the policy's here too (Q1)."""
        policy = a_policy(band_checked_at="access", band_inclusive=False)

        assert code == assess(a_debt(2000), policy=policy, balance=Euros(cents)).code

    def test_gives_the_band_to_the_message(self) -> None:
        """A balance out of the band can be told with its bounds."""
        values = assess(a_debt(2000), policy=AT_ACCESS).values
        band = {"balance": Euros(2000), "band_min": Euros(5000), "band_max": Euros(15000)}

        assert band == {key: values[key] for key in band}

    def test_accounts_for_the_band(self) -> None:
        """The bounds and their sources stand in the explanation."""
        line = f"Policy value: {AT_ACCESS.account_for('notice_band_min')}"

        assert line in assess(a_debt(2000), policy=AT_ACCESS).explain()


class TestRange:
    """A payment is at least the minimum, and at most the maximum or all that remains (R10, Q10)."""

    @pytest.mark.parametrize(
        ("cents", "least", "most"),
        [(1600, 1600, 1600), (1900, 1600, 1900), (5000, 1600, 5000), (6000, 1600, 5000), (15000, 1600, 5000)],
    )
    def test_payable_range(self, cents: int, least: int, most: int) -> None:
        """The range is the policy's, cut at what remains."""
        verdict = assess(a_debt(cents), policy=POLICY)

        assert (Euros(least), Euros(most)) == (verdict.payable_min, verdict.payable_max)

    @pytest.mark.parametrize("debt", [a_debt(0), a_debt(700), a_debt(open_online=False), None])
    def test_no_range_where_nothing_is_payable(self, debt: Debt | None) -> None:
        """A no has no range."""
        verdict = assess(debt, policy=POLICY)

        assert (None, None) == (verdict.payable_min, verdict.payable_max)


class TestPending:
    """What is accepted and not displayed yet is subtracted before anything else (R25, Q22)."""

    @pytest.mark.parametrize(
        ("paid", "total", "code"),
        [
            (0, 6000, "PAYABLE"),
            (2000, 4000, "PAYABLE"),
            (4400, 1600, "PAYABLE"),
            (4401, 1599, "BELOW_ONLINE_MINIMUM"),
            (6000, 0, "NOTHING_DUE"),
            (6001, 0, "NOTHING_DUE"),
        ],
    )
    def test_is_subtracted_down_to_zero(self, paid: int, total: int, code: str) -> None:
        """Nobody is asked twice, and nothing goes below zero."""
        verdict = assess(a_debt(6000), pending={numbered(1): Euros(paid)}, policy=POLICY)

        assert (Euros(total), code) == (verdict.total, verdict.code)

    def test_belongs_to_its_reference(self) -> None:
        """What was paid too much for one debt is not taken from another."""
        pending = {numbered(1): Euros(9000), numbered(2): Euros(100)}

        assert Euros(1900) == assess(a_debt(), others=[other(cents=2000)], pending=pending, policy=OF_SELECTION).total

    def test_of_other_references_changes_no_total(self) -> None:
        """What is not selected is not touched."""
        assert Euros(6000) == assess(a_debt(), pending={numbered(9): Euros(5000)}, policy=POLICY).total

    @pytest.mark.parametrize(("paid", "code"), [(1000, "PAYABLE"), (1001, "BELOW_BAND"), (9000, "BELOW_BAND")])
    def test_is_subtracted_from_the_balance(self, paid: int, code: str) -> None:
        """The band sees the effective balance, whatever the reference that was paid."""
        pending = {numbered(9): Euros(paid)}

        assert code == assess(a_debt(2000), pending=pending, policy=AT_ACCESS, balance=Euros(6000)).code

    def test_amounts_are_checked_against_what_is_left(self) -> None:
        """A second payment of the whole is more than what remains."""
        assessment = assess(a_debt(4000), pending={numbered(1): Euros(2000)}, policy=POLICY)

        assert "AMOUNT_ABOVE_REMAINING" == assessment.check("40").code

    @pytest.mark.parametrize(
        "pending", [{str(numbered(1)): Euros(2000)}, {numbered(1): 2000}, {numbered(1): None}], ids=repr
    )
    def test_refuses_what_would_be_overlooked(self, pending: Any) -> None:  # noqa: ANN401 - of a wrong type
        """A reference as text would match nothing, and the debt be paid twice."""
        with pytest.raises(InvalidValueError):
            assess(a_debt(), pending=pending, policy=POLICY)


class TestCheck:
    """A refused assessment stays refused, with its own code, whatever the amount."""

    @pytest.mark.parametrize("amount", ["", "abc", "20", "0", Euros(0), Euros(1600), Euros(5001)], ids=repr)
    @pytest.mark.parametrize(
        ("debt", "code"),
        [
            (None, "REFERENCE_NOT_OPEN"),
            (a_debt(open_online=False), "REFERENCE_NOT_OPEN"),
            (a_debt(kind=DebtKind.IND), "KIND_NOT_OPEN"),
            (a_debt(0), "NOTHING_DUE"),
            (a_debt(700), "BELOW_ONLINE_MINIMUM"),
        ],
    )
    def test_no_amount_opens_it(self, debt: Debt | None, code: str, amount: str | Euros) -> None:
        """The code is that of the assessment, and there is no amount."""
        checked = assess(debt, policy=POLICY).check(amount)

        assert (code, None, False) == (checked.code, checked.amount, checked.ok)

    def test_accounts_for_the_refusal(self) -> None:
        """The account of a refused check names the values that decided the assessment."""
        refused = assess(a_debt(kind=DebtKind.IND), policy=POLICY)

        assert refused.explain() == refused.check("20,00").explain()

    def test_keeps_the_values_for_the_message(self) -> None:
        """The refusal can be told as well from here."""
        assessment = assess(a_debt(700), policy=POLICY)

        assert (assessment.values, assessment.reasons) == (
            assessment.check("20").values,
            assessment.check("20").reasons,
        )

    @given(st.integers(1600, 20_000), st.integers(0, 20_000))
    def test_accepts_the_range_shown_and_nothing_else(self, total: int, cents: int) -> None:
        """An amount is accepted if and only if it lies between the bounds that the assessment gives."""
        assessment = assess(a_debt(total), policy=POLICY)
        assert assessment.payable_min is not None
        assert assessment.payable_max is not None

        shown = assessment.payable_min.cents <= cents <= assessment.payable_max.cents

        assert shown == assessment.check(Euros(cents)).ok


def test_every_code_of_an_assessment_can_be_told() -> None:
    """A no is public, so that a message has to exist for it."""
    codes = {VerdictCode[name] for name in [*FAULTS, "NOTHING_DUE", "BELOW_BAND", "ABOVE_BAND", "BELOW_ONLINE_MINIMUM"]}

    assert all(code.public for code in codes)
