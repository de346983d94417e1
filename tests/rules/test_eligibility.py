"""Scope, access and assessment (rules R3 to R8, R21, R25; questions Q1, Q3, Q7 to Q9)."""

from collections.abc import Iterable
from datetime import date
from itertools import product
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.codes import CaisseStatus, Code, Reason, VerdictCode, WarningCode
from creance_pay.errors import InvalidValueError
from creance_pay.rules import Assessment, NoticeChannel, Policy, access, assess, notice_channel, notice_scope
from samples import POLICY, a_debt, a_policy, numbered

BAND = {4999: "BELOW_BAND", 5000: "IN_SCOPE", 5001: "IN_SCOPE", 14999: "IN_SCOPE", 15000: "IN_SCOPE"}
OUTSIDE = {15001: "ABOVE_BAND", 10**9: "ABOVE_BAND", 0: "BELOW_BAND"}
AT_ACCESS = a_policy(band_checked_at="access")
OF_SELECTION = a_policy(min_basis="selection")

#: The faults of a selection, in the order of the tests: access, kind, selection (R4, R21, R8).
FAULTS = ["REFERENCE_NOT_OPEN", "KIND_NOT_OPEN", "SELECTION_DUPLICATE", "SELECTION_OTHER_DEBTOR"]
DUE = [0, 1, 700, 1599, 1600, 4999, 5000, 15000, 15001]


def names(reasons: Reason) -> list[str]:
    """List reasons by name, in their order."""
    return [str(reason.name) for reason in reasons]


def other(number: int = 2, cents: int = 0, **changes: Any) -> Debt:  # noqa: ANN401 - of the fields' own types
    """Return another debt of the same person, by default of zero."""
    return a_debt(cents, reference=numbered(number), **changes)


def faulty(faults: set[str], cents: int, policy: Policy) -> Assessment:
    """Assess a debt of so many cents, selected with others such that the selection has these faults."""
    changes = {"open_online": "REFERENCE_NOT_OPEN" not in faults}
    debt = a_debt(cents, kind=DebtKind.IND if "KIND_NOT_OPEN" in faults else DebtKind.PFR, **changes)
    others = [debt] if "SELECTION_DUPLICATE" in faults else []
    if "SELECTION_OTHER_DEBTOR" in faults:
        others.append(other(debtor="person-2"))
    return assess(debt, others=others, policy=policy, balance=Euros(cents))


def sums_that_fail(cents: int, *, band: bool) -> list[str]:
    """List the reasons of R7, and of R6 where it is tested at access, for one debt that is the whole balance."""
    found = ["NOTHING_DUE"] if cents == 0 else []
    if band and cents < 5000:
        found.append("BELOW_BAND")
    if band and cents > 15000:
        found.append("ABOVE_BAND")
    return [*found, "BELOW_ONLINE_MINIMUM"] if cents < 1600 else found


def scopes(cents: Iterable[int], policy: Policy) -> dict[int, str]:
    """Map each balance to the code of its scope, a notice being received."""
    return {each: notice_scope(Euros(each), notice_received=True, policy=policy).code for each in cents}


class TestNoticeScope:
    """In scope when a notice was received and 50.00 <= balance <= 150.00; the notice is tested first (R5, R6, Q1)."""

    def test_band(self) -> None:
        """The band includes its bounds: the exclusions name less than 50 and more than 150."""
        assert BAND | OUTSIDE == scopes(BAND | OUTSIDE, POLICY)

    def test_band_without_its_bounds(self) -> None:
        """The other reading of Q1 excludes the bounds."""
        band = {5000: "BELOW_BAND", 5001: "IN_SCOPE", 14999: "IN_SCOPE", 15000: "ABOVE_BAND"}

        assert band == scopes(band, a_policy(band_inclusive=False))

    def test_notice_is_tested_first(self) -> None:
        """Without a notice this is the code, and the reasons include the band."""
        reasons = {4999: ["NO_NOTICE", "BELOW_BAND"], 5000: ["NO_NOTICE"], 15001: ["NO_NOTICE", "ABOVE_BAND"]}
        verdicts = {cents: notice_scope(Euros(cents), notice_received=False, policy=POLICY) for cents in reasons}

        assert {"NO_NOTICE"} == {verdict.code for verdict in verdicts.values()}
        assert reasons == {cents: names(verdict.reasons) for cents, verdict in verdicts.items()}

    def test_values(self) -> None:
        """The balance and the bounds are values for a message."""
        values = notice_scope(Euros(700), notice_received=True, policy=POLICY).values

        assert {"balance": Euros(700), "band_min": Euros(5000), "band_max": Euros(15000)} == values


class TestNoticeChannel:
    """The account on the web where the person has one, a letter elsewhere (guide, use cases)."""

    def test_channel(self) -> None:
        """The account decides."""
        assert [NoticeChannel.ELECTRONIC, NoticeChannel.PAPER] == [notice_channel(has) for has in (True, False)]


class TestAccess:
    """Not found, another person's or closed: one answer; only kinds of the policy are open (R4, R21)."""

    def test_one_answer(self) -> None:
        """A reference that is not found and a closed one get the same answer, so that nobody can probe references."""
        verdicts = [access(debt, policy=POLICY) for debt in (None, a_debt(open_online=False))]

        assert [("REFERENCE_NOT_OPEN", Reason.REFERENCE_NOT_OPEN)] * 2 == [
            (verdict.code, verdict.reasons) for verdict in verdicts
        ]

    def test_kinds(self) -> None:
        """Participations forfaitaires and franchises are open, and no other kind."""
        codes = {kind: access(a_debt(kind=kind), policy=POLICY).code for kind in DebtKind}

        assert {"PFR", "FRR"} == {kind for kind, code in codes.items() if code == "REFERENCE_FOUND"}
        assert {"REFERENCE_FOUND", "KIND_NOT_OPEN"} == {*codes.values()}

    def test_kinds_of_a_policy(self) -> None:
        """The policy of a caisse may open another kind."""
        assert "REFERENCE_FOUND" == access(a_debt(kind=DebtKind.IND), policy=a_policy(open_debt_kinds=["IND"])).code

    def test_closed_comes_before_kind(self) -> None:
        """A closed debt of another kind has both reasons, in this order."""
        verdict = access(a_debt(kind=DebtKind.IND, open_online=False), policy=POLICY)

        assert ("REFERENCE_NOT_OPEN", FAULTS[:2]) == (verdict.code, names(verdict.reasons))

    def test_letter(self) -> None:
        """No answer depends on the letter."""
        debts = [a_debt(reference=NoticeReference(f"6311705490000001{letter}")) for letter in "AFZ"]

        assert [] == [debt for debt in debts if not access(debt, policy=POLICY)]


#: References, and the warnings about each.
WARNINGS: dict[str, tuple[Code, ...]] = {
    "6311705490000001F": (),
    "6311736690000001F": (WarningCode.ISSUE_DAY_UNKNOWN,),
    "0221705490000001F": (CaisseStatus.CAISSE_ABSORBED,),
    "6321705490000001F": (CaisseStatus.CAISSE_UNKNOWN,),
    "6321700090000001F": (WarningCode.ISSUE_DAY_UNKNOWN, CaisseStatus.CAISSE_UNKNOWN),
}


class TestWarnings:
    """A warning about a reference refuses nothing (R2, R3)."""

    DEBTS: ClassVar = {text: a_debt(reference=NoticeReference(text)) for text in WARNINGS}

    def test_of_access(self) -> None:
        """The reference is found, with its warnings."""
        verdicts = {text: access(debt, policy=POLICY) for text, debt in self.DEBTS.items()}

        assert WARNINGS == {text: verdict.warnings for text, verdict in verdicts.items()}
        assert {"REFERENCE_FOUND"} == {verdict.code for verdict in verdicts.values()}

    def test_of_an_assessment(self) -> None:
        """The debt is payable, with the warnings, and the check of an amount has them too."""
        verdicts = {text: assess(debt, policy=POLICY) for text, debt in self.DEBTS.items()}
        stranded = {text: (*warnings, WarningCode.STRANDED_REMAINDER) for text, warnings in WARNINGS.items()}

        assert WARNINGS == {text: verdict.warnings for text, verdict in verdicts.items()}
        assert {"PAYABLE"} == {verdict.code for verdict in verdicts.values()}
        assert stranded == {text: verdict.check("50").warnings for text, verdict in verdicts.items()}

    def test_of_the_others(self) -> None:
        """The other debts of a selection cause warnings too, each once."""
        others = [a_debt(reference=NoticeReference(f"022{day}00000001F")) for day in ("17054", "17055")]

        assert (CaisseStatus.CAISSE_ABSORBED,) == assess(a_debt(), others=others, policy=POLICY).warnings

    def test_of_a_day_that_has_not_come(self) -> None:
        """A reference dated after the day of the search causes a warning; without that day none."""
        future = WarningCode.ISSUE_DAY_FUTURE  # the reference is of 23 February 2017
        expected: dict[date | None, tuple[Code, ...]] = {
            date(2017, 2, 22): (future,),
            date(2017, 2, 23): (),
            None: (),
        }
        debt = a_debt(reference=NoticeReference("6311705490000001F"))

        assert expected == {day: access(debt, policy=POLICY, today=day).warnings for day in expected}
        assert expected == {day: assess(debt, policy=POLICY, today=day).warnings for day in expected}

    def test_of_the_typed_reference(self) -> None:
        """Another debt without a warning removes none."""
        searched = a_debt(reference=NoticeReference("0221705400000001F"))

        assert (CaisseStatus.CAISSE_ABSORBED,) == assess(searched, others=[other()], policy=POLICY).warnings


class TestOrderOfTests:
    """The first failing test gives the code, and the reasons hold them all (order of section 8)."""

    def test_combined_faults(self) -> None:
        """For every combination of faults the reasons are all of them, and the code is the first."""
        differing = []
        for band, cents, chosen in product([False, True], DUE, product([False, True], repeat=len(FAULTS))):
            faults = [fault for fault, there in zip(FAULTS, chosen, strict=True) if there]
            expected = [*faults, *sums_that_fail(cents, band=band)]
            verdict = faulty({*faults}, cents, AT_ACCESS if band else POLICY)
            if ((*expected, "PAYABLE")[0], expected) != (verdict.code, names(verdict.reasons)):
                differing.append((band, cents, expected, names(verdict.reasons)))

        assert [] == differing

    def test_nothing_found_is_the_only_reason(self) -> None:
        """Without a debt no other test is possible."""
        verdict = assess(None, policy=AT_ACCESS)

        assert (["REFERENCE_NOT_OPEN"], None) == (names(verdict.reasons), verdict.total)


class TestSelection:
    """The total is the debt and those selected with it, each once, of one person (R8, Q8, Q9)."""

    def test_total_has_the_searched_debt(self) -> None:
        """Main and selected are added."""
        assert Euros(6380) == assess(a_debt(), others=[other(cents=380)], policy=POLICY).total

    def test_others(self) -> None:
        """The debts that the person selects are tested like the one that the person typed."""
        selections = [
            ([other(open_online=False)], "REFERENCE_NOT_OPEN"),
            ([other(kind=DebtKind.IND)], "KIND_NOT_OPEN"),
            ([a_debt()], "SELECTION_DUPLICATE"),
            ([other(2), other(2)], "SELECTION_DUPLICATE"),
            ([other(debtor="person-2")], "SELECTION_OTHER_DEBTOR"),
            ([other(debtor=None)], "SELECTION_OTHER_DEBTOR"),
            ([other(2), other(3)], "PAYABLE"),
        ]

        assert [code for _, code in selections] == [
            assess(a_debt(), others=others, policy=POLICY).code for others, _ in selections
        ]

    def test_debts_without_debtor_are_one_person_s(self) -> None:
        """A portal that passes only the person's own debts can leave the debtor out."""
        assert assess(a_debt(debtor=None), others=[other(debtor=None)], policy=POLICY)

    def test_basis_of_the_minimum(self) -> None:
        """The minimum is compared with the reference, or with the selection (Q7)."""
        expected = {
            (700, 1200): ["BELOW_ONLINE_MINIMUM", "PAYABLE"],
            (700, 899): ["BELOW_ONLINE_MINIMUM", "BELOW_ONLINE_MINIMUM"],
            (700, 900): ["BELOW_ONLINE_MINIMUM", "PAYABLE"],
            (0, 6000): ["NOTHING_DUE", "PAYABLE"],
            (0, 0): ["NOTHING_DUE", "NOTHING_DUE"],
            (1600, 0): ["PAYABLE", "PAYABLE"],
            (1599, 0): ["BELOW_ONLINE_MINIMUM", "BELOW_ONLINE_MINIMUM"],
        }

        assert expected == {
            (main, more): [
                assess(a_debt(main), others=[other(cents=more)], policy=policy).code
                for policy in (POLICY, OF_SELECTION)
            ]
            for main, more in expected
        }

    def test_values(self) -> None:
        """The reference and the amounts are values for a message, without the band."""
        values = assess(a_debt(), others=[other(cents=380)], policy=POLICY).values

        assert {
            "reference": numbered(1),
            "remaining": Euros(6000),
            "total": Euros(6380),
            "minimum": Euros(1600),
            "maximum": Euros(5000),
        } == values


class TestBandAtAccess:
    """Where the policy says so, the band is tested each time, on the balance (R6, Q2, Q3, Q4)."""

    def test_band_at_the_notice_only(self) -> None:
        """By default a debt is payable whether the balance is in the band or not."""
        cents = [1600, 4000, 4999, 15001]

        assert {"PAYABLE"} == {assess(a_debt(each), policy=POLICY, balance=Euros(each)).code for each in cents}

    def test_balance(self) -> None:
        """The given balance is tested, not the debt."""
        scope = {**BAND, 15001: "ABOVE_BAND"}
        codes = {cents: "PAYABLE" if code == "IN_SCOPE" else code for cents, code in scope.items()}

        assert codes == {cents: assess(a_debt(2000), policy=AT_ACCESS, balance=Euros(cents)).code for cents in codes}

    def test_unknown_balance(self) -> None:
        """Without a balance the total of the selection is tested."""
        codes = {
            (4000, 999): "BELOW_BAND",
            (4000, 1000): "PAYABLE",
            (8000, 7000): "PAYABLE",
            (8000, 7001): "ABOVE_BAND",
        }

        assert codes == {
            (main, more): assess(a_debt(main), others=[other(cents=more)], policy=AT_ACCESS).code
            for main, more in codes
        }

    def test_bounds_excluded(self) -> None:
        """The reading of the bounds is the policy's at access too (Q1)."""
        policy = a_policy(band_checked_at="access", band_inclusive=False)
        codes = {5000: "BELOW_BAND", 5001: "PAYABLE", 15000: "ABOVE_BAND"}

        assert codes == {cents: assess(a_debt(2000), policy=policy, balance=Euros(cents)).code for cents in codes}

    def test_values(self) -> None:
        """The balance and the bounds are values for a message."""
        values = assess(a_debt(2000), policy=AT_ACCESS).values
        band = {"balance": Euros(2000), "band_min": Euros(5000), "band_max": Euros(15000)}

        assert band == {key: values[key] for key in band}

    def test_explanation(self) -> None:
        """The explanation contains the bounds and their sources."""
        line = f"Policy value: {AT_ACCESS.account_for('notice_band_min')}"

        assert line in assess(a_debt(2000), policy=AT_ACCESS).explain()


class TestRange:
    """A payment is at least the minimum, and at most the maximum or all that remains (R10, Q10)."""

    def test_payable_range(self) -> None:
        """The range is the policy's, limited by the remaining amount."""
        ranges = {
            1600: (1600, 1600),
            1900: (1600, 1900),
            5000: (1600, 5000),
            6000: (1600, 5000),
            15000: (1600, 5000),
        }
        verdicts = {cents: assess(a_debt(cents), policy=POLICY) for cents in ranges}

        assert {cents: (Euros(least), Euros(most)) for cents, (least, most) in ranges.items()} == {
            cents: (verdict.payable_min, verdict.payable_max) for cents, verdict in verdicts.items()
        }

    def test_no_range(self) -> None:
        """A refusal has no range."""
        debts = [a_debt(0), a_debt(700), a_debt(open_online=False), None]
        verdicts = [assess(debt, policy=POLICY) for debt in debts]

        assert [(None, None)] * len(debts) == [(verdict.payable_min, verdict.payable_max) for verdict in verdicts]


class TestPending:
    """Accepted payments that are not displayed yet are subtracted before the tests (R25, Q22)."""

    def test_subtraction(self) -> None:
        """The pending amount is subtracted, down to zero."""
        expected = {
            0: (6000, "PAYABLE"),
            2000: (4000, "PAYABLE"),
            4400: (1600, "PAYABLE"),
            4401: (1599, "BELOW_ONLINE_MINIMUM"),
            6000: (0, "NOTHING_DUE"),
            6001: (0, "NOTHING_DUE"),
        }
        verdicts = {paid: assess(a_debt(), pending={numbered(1): Euros(paid)}, policy=POLICY) for paid in expected}

        assert {paid: (Euros(total), code) for paid, (total, code) in expected.items()} == {
            paid: (verdict.total, verdict.code) for paid, verdict in verdicts.items()
        }

    def test_belongs_to_its_reference(self) -> None:
        """An excess paid for one debt is not subtracted from another."""
        pending = {numbered(1): Euros(9000), numbered(2): Euros(100)}

        assert Euros(1900) == assess(a_debt(), others=[other(cents=2000)], pending=pending, policy=OF_SELECTION).total

    def test_of_other_references_changes_no_total(self) -> None:
        """A pending payment of a reference that is not selected changes no total."""
        assert Euros(6000) == assess(a_debt(), pending={numbered(9): Euros(5000)}, policy=POLICY).total

    def test_is_subtracted_from_the_balance(self) -> None:
        """Pending payments of every reference are subtracted from the balance before the test of the band."""
        codes = {1000: "PAYABLE", 1001: "BELOW_BAND", 9000: "BELOW_BAND"}

        assert codes == {
            paid: assess(a_debt(2000), pending={numbered(9): Euros(paid)}, policy=AT_ACCESS, balance=Euros(6000)).code
            for paid in codes
        }

    def test_amounts_are_checked_against_what_is_left(self) -> None:
        """A second payment of the whole is above the remaining amount."""
        assessment = assess(a_debt(4000), pending={numbered(1): Euros(2000)}, policy=POLICY)

        assert "AMOUNT_ABOVE_REMAINING" == assessment.check("40").code

    def test_other_types(self) -> None:
        """A reference as text would match no debt, which would be paid twice: the error names the types."""
        wrong: list[tuple[Any, str]] = [
            ({str(numbered(1)): Euros(2000)}, "str to Euros"),
            ({numbered(1): 2000}, "NoticeReference to int"),
            ({numbered(2): Euros(1), numbered(1): None}, "NoticeReference to NoneType"),
        ]
        for pending, found in wrong:
            with pytest.raises(
                InvalidValueError, match=f"^expected pending to map NoticeReference to Euros, got {found}$"
            ):
                assess(a_debt(), pending=pending, policy=POLICY)


class TestCheck:
    """A refused assessment refuses every amount, with its own code."""

    def test_refused_assessment(self) -> None:
        """The code is that of the assessment, and there is no amount."""
        debts: list[tuple[Debt | None, str]] = [
            (None, "REFERENCE_NOT_OPEN"),
            (a_debt(open_online=False), "REFERENCE_NOT_OPEN"),
            (a_debt(kind=DebtKind.IND), "KIND_NOT_OPEN"),
            (a_debt(0), "NOTHING_DUE"),
            (a_debt(700), "BELOW_ONLINE_MINIMUM"),
        ]
        amounts: list[str | Euros] = ["", "abc", "20", "0", Euros(0), Euros(1600), Euros(5001)]
        for debt, code in debts:
            checks = [assess(debt, policy=POLICY).check(amount) for amount in amounts]

            assert [(code, None, False)] * len(amounts) == [(each.code, each.amount, each.ok) for each in checks]

    def test_accounts_for_the_refusal(self) -> None:
        """The explanation of a refused check is that of the assessment."""
        refused = assess(a_debt(kind=DebtKind.IND), policy=POLICY)

        assert refused.explain() == refused.check("20,00").explain()

    def test_keeps_the_values_for_the_message(self) -> None:
        """A refused check has the values and the reasons of the assessment."""
        assessment = assess(a_debt(700), policy=POLICY)

        assert (assessment.values, assessment.reasons) == (
            assessment.check("20").values,
            assessment.check("20").reasons,
        )

    @given(st.integers(1600, 20_000), st.integers(0, 20_000))
    def test_accepts_the_range_shown_and_nothing_else(self, total: int, cents: int) -> None:
        """An amount is accepted if and only if it is between the bounds of the assessment."""
        assessment = assess(a_debt(total), policy=POLICY)
        assert assessment.payable_min is not None
        assert assessment.payable_max is not None

        shown = assessment.payable_min.cents <= cents <= assessment.payable_max.cents

        assert shown == assessment.check(Euros(cents)).ok


def test_every_code_of_an_assessment_is_public() -> None:
    """The code of a refusal is public, so that a message exists for it."""
    codes = {VerdictCode[name] for name in [*FAULTS, "NOTHING_DUE", "BELOW_BAND", "ABOVE_BAND", "BELOW_ONLINE_MINIMUM"]}

    assert all(code.public for code in codes)
