"""The verdicts: code, reasons, truth and explanation (rules R4 to R11, R21, R22)."""

import importlib
import pkgutil
from collections.abc import Callable

import attrs

from creance_pay import DebtKind, Euros, NoticeReference, rules
from creance_pay.codes import Reason, VerdictCode, WarningCode
from creance_pay.rules import Policy, Verdict, access, assess, check_amount, notice_scope, sources
from creance_pay.rules.verdicts import code_of
from samples import COPIES, POLICY, a_debt, a_policy, numbered

#: A yes of each class of verdicts, by the policy.
YES: dict[str, Callable[[Policy], Verdict]] = {
    "scope": lambda policy: notice_scope(Euros(6000), notice_received=True, policy=policy),
    "access": lambda policy: access(a_debt(), policy=policy),
    "assessment": lambda policy: assess(a_debt(), policy=policy),
    "amount": lambda policy: check_amount(Euros(2000), total=Euros(6000), policy=policy),
    "assessed amount": lambda policy: assess(a_debt(), policy=policy).check("20"),
}
#: A no of each class.
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

UNDOCUMENTED = a_policy(documented=False)
VERDICTS: dict[str, Callable[[Policy], Verdict]] = {**YES, **{f"no {name}": make for name, make in NO.items()}}


def verdicts(policy: Policy) -> dict[str, Verdict]:
    """Build every verdict under a policy."""
    return {name: make(policy) for name, make in VERDICTS.items()}


def rules_named(verdict: Verdict) -> list[str]:
    """List the rules and codes that an explanation starts its lines with."""
    return [line.split(":")[0] for line in verdict.explain() if line.startswith("R")]


class TestTruth:
    """A verdict is true when the answer is yes."""

    def test_condition(self) -> None:
        """A yes is true as a condition, and a no is false."""
        assert {name: name in YES for name in VERDICTS} == {
            name: bool(verdict) for name, verdict in verdicts(POLICY).items()
        }

    def test_ok(self) -> None:
        """The verdict is ok if there are no reasons."""
        assert {name: name in YES for name in VERDICTS} == {
            name: verdict.ok for name, verdict in verdicts(POLICY).items()
        }
        assert {name: name in YES for name in VERDICTS} == {
            name: not verdict.reasons for name, verdict in verdicts(POLICY).items()
        }


class TestCode:
    """The code is that of the first test that failed."""

    def test_code_of_a_flag(self) -> None:
        """Each flag has the code of the same name."""
        assert [reason.name for reason in Reason] == [code_of(reason).value for reason in Reason]

    def test_code_is_the_lowest_reason(self) -> None:
        """The flags are in the order of the tests."""
        refusals = {name: verdict for name, verdict in verdicts(POLICY).items() if name not in YES}

        assert {name: min(verdict.reasons).name for name, verdict in refusals.items()} == {
            name: verdict.code.value for name, verdict in refusals.items()
        }


class TestPolicyWarning:
    """A policy that is not known to apply adds a warning to every verdict, and changes no code."""

    def test_documented(self) -> None:
        """A policy that was requested by name adds no warning."""
        assert {True} == {verdict.policy_documented for verdict in verdicts(POLICY).values()}
        assert [] == [
            name for name, each in verdicts(POLICY).items() if WarningCode.POLICY_UNDOCUMENTED in each.warnings
        ]

    def test_undocumented(self) -> None:
        """Another policy adds one warning, and the codes stay the same."""
        warnings = {each.warnings.count(WarningCode.POLICY_UNDOCUMENTED) for each in verdicts(UNDOCUMENTED).values()}

        assert ({False}, {1}) == ({verdict.policy_documented for verdict in verdicts(UNDOCUMENTED).values()}, warnings)
        assert {name: verdict.code for name, verdict in verdicts(POLICY).items()} == {
            name: verdict.code for name, verdict in verdicts(UNDOCUMENTED).items()
        }


class TestRepr:
    """The repr of a verdict can be logged."""

    def test_no_person(self) -> None:
        """It has neither the person nor the whole reference of a debt."""
        shown = repr(assess(a_debt(debtor="person-7"), policy=POLICY))

        assert [] == [text for text in ("person-7", "6311705490000001F") if text in shown]


class TestExplain:
    """The lines explain the verdict for a dispute, and can be logged."""

    def test_first_line(self) -> None:
        """The first line has the rule, the code, its meaning and its source."""
        codes = {name: verdict.code for name, verdict in verdicts(POLICY).items()}

        assert {
            name: f"{code.rule} {code}: {code.meaning} Source: {sources()[code.source]}."
            for name, code in codes.items()
        } == {name: verdict.explain()[0] for name, verdict in verdicts(POLICY).items()}

    def test_policy_values(self) -> None:
        """Every value that the rule depends on is in the lines, with its source."""
        missing = [
            (name, value)
            for name, values in POLICY_VALUES.items()
            for value in values
            if f"Policy value: {POLICY.account_for(value)}" not in verdicts(POLICY)[name].explain()
        ]

        assert [] == missing

    def test_reasons(self) -> None:
        """Every test that failed is in the lines."""
        verdict = access(a_debt(open_online=False, kind=DebtKind.IND), policy=POLICY)

        assert ["R4 REFERENCE_NOT_OPEN", "R21 KIND_NOT_OPEN"] == rules_named(verdict)

    def test_warnings(self) -> None:
        """Every warning is in the lines, with its rule."""
        debt = a_debt(reference=NoticeReference("0221736790000001F"))
        verdict = assess(debt, policy=a_policy(documented=False)).check("50")

        assert [
            "R10 AMOUNT_OK",
            "R2 ISSUE_DAY_UNKNOWN (warning)",
            "R3 CAISSE_ABSORBED (warning)",
            "R6 POLICY_UNDOCUMENTED (warning)",
            "R11 STRANDED_REMAINDER (warning)",
        ] == rules_named(verdict)

    def test_values(self) -> None:
        """The amounts are in the lines."""
        lines = assess(a_debt(700), policy=POLICY).explain()

        assert {"Value: remaining = 7.00", "Value: total = 7.00", "Value: minimum = 16.00"} <= set(lines)

    def test_policy(self) -> None:
        """The policy and the day of its document are in the lines, and whether it is known to apply."""
        line = "Policy ameli-2019-11, documented on 2019-11-01"

        assert f"{line}." in verdicts(POLICY)["access"].explain()
        assert f"{line}, not known to apply on this day." in verdicts(UNDOCUMENTED)["access"].explain()

    def test_references_are_masked(self) -> None:
        """Neither the lines nor the representation contain a whole reference (R22)."""
        shown = {name: [*verdict.explain(), repr(verdict)] for name, verdict in verdicts(POLICY).items()}

        assert [] == [(name, line) for name, lines in shown.items() for line in lines if str(numbered(1)) in line]
        assert "Value: reference = 631…001F" in verdicts(POLICY)["access"].explain()


def test_copies() -> None:
    """A copy and an unpickled pickle equal the verdict."""
    assert [] == [
        (name, travel) for name, each in verdicts(POLICY).items() for travel in COPIES if each != travel(each)
    ]


def test_codes_that_are_not_public() -> None:
    """A code that the person is not informed of is a yes, or belongs to columns."""
    silent = {code for code in VerdictCode if not code.public}

    yes = {"IN_SCOPE", "REFERENCE_FOUND", "PAYABLE", "AMOUNT_OK", "SCHEDULE_OK"}

    assert {*yes, "INPUT_MISSING", "INPUT_INVALID"} == silent


#: Values of one or two parts, whose order is obvious.
BY_POSITION = {"Bound", "Cell", "Range", "_PolicyOfRow"}


def test_keywords() -> None:
    """The values of the rules are built by names: two amounts in the wrong order would be accepted."""
    modules = [
        importlib.import_module(f"{rules.__name__}.{each.name}") for each in pkgutil.iter_modules(rules.__path__)
    ]
    classes = {each for module in modules for each in vars(module).values() if isinstance(each, type)}
    own = [each for each in classes if attrs.has(each) and each.__module__.startswith(rules.__name__)]

    by_position = {
        each.__name__ for each in own if any(field.init and not field.kw_only for field in attrs.fields(each))
    }
    assert BY_POSITION == by_position
