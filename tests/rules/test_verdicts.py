"""What every verdict can do: code, reasons, truth, and the account of itself (rules R4 to R11, R21, R22)."""

from collections.abc import Callable

import pytest

from creance_pay import DebtKind, Euros, NoticeReference
from creance_pay.codes import Reason, VerdictCode, WarningCode
from creance_pay.rules import Policy, Verdict, access, assess, check_amount, notice_scope
from creance_pay.rules.verdicts import code_of
from samples import COPIES, POLICY, a_debt, a_policy, numbered

#: One verdict of each class, all of them a yes under the policy they are given.
YES: dict[str, Callable[[Policy], Verdict]] = {
    "scope": lambda policy: notice_scope(Euros(6000), notice_received=True, policy=policy),
    "access": lambda policy: access(a_debt(), policy=policy),
    "assessment": lambda policy: assess(a_debt(), policy=policy),
    "amount": lambda policy: check_amount(Euros(2000), total=Euros(6000), policy=policy),
    "assessed amount": lambda policy: assess(a_debt(), policy=policy).check("20"),
}
#: And a no of each.
NO: dict[str, Callable[[Policy], Verdict]] = {
    "scope": lambda policy: notice_scope(Euros(700), notice_received=False, policy=policy),
    "access": lambda policy: access(a_debt(open_online=False), policy=policy),
    "nothing found": lambda policy: access(None, policy=policy),
    "assessment": lambda policy: assess(a_debt(700), policy=policy),
    "nothing to assess": lambda policy: assess(None, policy=policy),
    "amount": lambda policy: check_amount("", total=Euros(6000), policy=policy),
    "assessed amount": lambda policy: assess(a_debt(700), policy=policy).check("20"),
}
POLICY_VALUES = {
    "scope": {"notice_band_min", "notice_band_max", "band_inclusive"},
    "access": {"open_debt_kinds"},
    "assessment": {"open_debt_kinds", "band_checked_at", "min_basis", "online_min", "online_max_per_payment"},
    "amount": {"online_min", "online_max_per_payment"},
}

every_yes = pytest.mark.parametrize("make", YES.values(), ids=YES)
every_no = pytest.mark.parametrize("make", NO.values(), ids=NO)
every_verdict = pytest.mark.parametrize("make", [*YES.values(), *NO.values()], ids=[*YES, *(f"no {key}" for key in NO)])


class TestTruth:
    """A verdict is true when the answer is yes."""

    @every_yes
    def test_yes_is_true(self, make: Callable[[Policy], Verdict]) -> None:
        """A yes can be used as a condition."""
        assert make(POLICY)

    @every_no
    def test_no_is_false(self, make: Callable[[Policy], Verdict]) -> None:
        """A no can be, too."""
        assert not make(POLICY)

    @every_verdict
    def test_is_ok_when_nothing_failed(self, make: Callable[[Policy], Verdict]) -> None:
        """Truth, ok and the lack of reasons are one thing."""
        verdict = make(POLICY)

        assert bool(verdict) == verdict.ok == (not verdict.reasons)


class TestCode:
    """The code is the word of the first test that failed."""

    @pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
    def test_word_is_the_name_of_the_flag(self, reason: Reason) -> None:
        """Every flag leads to the word of its name."""
        assert reason.name == code_of(reason).value

    @every_no
    def test_code_is_the_lowest_reason(self, make: Callable[[Policy], Verdict]) -> None:
        """Flags stand in the order of the tests."""
        verdict = make(POLICY)

        assert min(verdict.reasons).name == verdict.code.value


class TestPolicyFlag:
    """A policy that is not known to apply is visible in every verdict, and changes none."""

    @every_verdict
    def test_documented_policy_raises_no_warning(self, make: Callable[[Policy], Verdict]) -> None:
        """A policy that was asked for by name is documented."""
        verdict = make(POLICY)

        assert (True, False) == (verdict.policy_documented, WarningCode.POLICY_UNDOCUMENTED in verdict.warnings)

    @every_verdict
    def test_undocumented_policy_raises_one(self, make: Callable[[Policy], Verdict]) -> None:
        """The flag and the warning say so, once."""
        verdict = make(a_policy(documented=False))

        assert (False, 1) == (verdict.policy_documented, verdict.warnings.count(WarningCode.POLICY_UNDOCUMENTED))

    @every_verdict
    def test_answer_is_the_same(self, make: Callable[[Policy], Verdict]) -> None:
        """Warnings never change the code."""
        assert make(POLICY).code == make(a_policy(documented=False)).code


class TestExplain:
    """The lines answer a dispute from the verdict alone, and can be logged."""

    @every_verdict
    def test_first_line_has_the_rule_and_its_source(self, make: Callable[[Policy], Verdict]) -> None:
        """The code is explained with its rule, its meaning and its source."""
        verdict = make(POLICY)
        code = verdict.code

        assert f"{code.rule} {code}: {code.meaning} Source: {code.source}." == verdict.explain()[0]

    @pytest.mark.parametrize("name", POLICY_VALUES)
    def test_lists_the_values_of_the_policy(self, name: str) -> None:
        """Every value that the rule depends on stands there with its source."""
        lines = {f"Policy value: {POLICY.account_for(value)}" for value in POLICY_VALUES[name]}

        assert lines <= set(YES[name](POLICY).explain())

    def test_gives_every_reason(self) -> None:
        """Not only the first test that failed is accounted for."""
        verdict = access(a_debt(open_online=False, kind=DebtKind.IND), policy=POLICY)

        assert [
            "R4 REFERENCE_NOT_OPEN",
            "R21 KIND_NOT_OPEN",
        ] == [line.split(":")[0] for line in verdict.explain() if line.startswith("R")]

    def test_gives_every_warning(self) -> None:
        """Warnings have their rule too."""
        odd = a_debt(reference=NoticeReference("0221736790000001F"))
        verdict = assess(odd, policy=a_policy(documented=False)).check("50")

        assert [
            "R10 AMOUNT_OK",
            "R2 ISSUE_DAY_UNKNOWN (warning)",
            "R3 CAISSE_ABSORBED (warning)",
            "R6 POLICY_UNDOCUMENTED (warning)",
            "R11 STRANDED_REMAINDER (warning)",
        ] == [line.split(":")[0] for line in verdict.explain() if line.startswith("R")]

    def test_gives_the_values(self) -> None:
        """The sums behind the answer are there."""
        lines = assess(a_debt(700), policy=POLICY).explain()

        assert {"Value: remaining = 7.00", "Value: total = 7.00", "Value: minimum = 16.00"} <= set(lines)

    @pytest.mark.parametrize(
        ("documented", "line"),
        [
            (True, "Policy ameli-2019-11, documented on 2019-11-01."),
            (False, "Policy ameli-2019-11, documented on 2019-11-01, not known to apply on this day."),
        ],
    )
    def test_names_the_policy(self, line: str, *, documented: bool) -> None:
        """The policy and the day of its document are named, and whether it is known to apply."""
        assert line in YES["access"](a_policy(documented=documented)).explain()

    @every_verdict
    def test_masks_references(self, make: Callable[[Policy], Verdict]) -> None:
        """No line has a whole reference (R22)."""
        assert not [line for line in make(POLICY).explain() if str(numbered(1)) in line]

    @every_verdict
    def test_representation_masks_references(self, make: Callable[[Policy], Verdict]) -> None:
        """The representation has none either (R22)."""
        assert str(numbered(1)) not in repr(make(POLICY))

    def test_shows_seven_characters(self) -> None:
        """A reference can still be recognised (R22)."""
        assert "Value: reference = 631…001F" in access(a_debt(), policy=POLICY).explain()


@every_verdict
@pytest.mark.parametrize("travel", COPIES)
def test_survives_travel(make: Callable[[Policy], Verdict], travel: Callable[[Verdict], Verdict]) -> None:
    """A copy and a pickle are the same verdict."""
    assert make(POLICY) == travel(make(POLICY))


def test_every_public_no_can_be_given() -> None:
    """A word that nobody has to be told is a yes, or belongs to columns."""
    silent = {code for code in VerdictCode if not code.public}

    assert {"IN_SCOPE", "REFERENCE_FOUND", "PAYABLE", "AMOUNT_OK", "INPUT_MISSING", "INPUT_INVALID"} == silent
