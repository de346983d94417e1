"""Five policies against a second statement of the rules, near every bound: how verdicts join the rule functions.

The proofs (``test_proofs.py``) cover each rule function for every policy and every amount.  These tests cover what uses
them: the code of a verdict, its values, the loop of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import attrs
import pytest

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.errors import InvalidAmountError
from creance_pay.rules import Policy, after_payment, assess, check_amount, plan, policy_named
from rules_naive import SHIPPED, Values, amount, plannable, refusal

HIGHEST = 20_000
# The totals around which a rule can change its answer.
BOUNDS = (0, 1600, 3200, 5000, 6600, 8200, 10_000, 15_000, HIGHEST)
TOTALS = [bound + cent for bound in BOUNDS for cent in (-1, 0, 1) if 0 <= bound + cent <= HIGHEST]

# Together, the five policies have both readings of every question that these rules depend on.
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "shipped": ({}, {}),
    "selection, band at access": (
        {"min_basis": "selection", "band_checked_at": "access", "total_basis": "selected"},
        {"band_at": "access"},
    ),
    "band at access without its bounds, one payment, one reference": (
        {"band_checked_at": "access", "band_inclusive": False, "several_payments": False, "several_references": False},
        {"band_at": "access", "inclusive": False, "several_payments": False},
    ),
    "a credit allowed, no cents, nothing pending": (
        {"max_basis": "payment", "cents_typed": False, "pending_subtracted": False},
        {"credit": True},
    ),
    "stranding refused": ({"stranding": "refuse"}, {"refuse_stranding": True}),
}


Case = tuple[Policy, Values]


@pytest.fixture(params=VARIANTS, name="case")
def _case(request: pytest.FixtureRequest) -> Case:
    """Return a policy, and the same values for the second statement."""
    changes, values = VARIANTS[request.param]
    return attrs.evolve(policy_named("ameli-2019-11"), **changes), {**SHIPPED, **values}


def debt(due: int) -> Debt:
    """Build a debt without payments."""
    return Debt(
        reference=NoticeReference("6311632600000408F"),
        kind=DebtKind.FRANCHISE,
        initial=Euros(due),
        remaining=Euros(due),
        issued_on=date(2016, 11, 21),
        open_online=True,
    )


def around(total: int, values: Values) -> Iterator[int]:
    """List the amounts around which a rule can change its answer, a cent either side."""
    least, most = values["least"], values["most"]
    for point in {0, least, most, total, total - least, total - most}:
        yield from (cents for cents in (point - 1, point, point + 1) if cents >= 0)


def test_assess_agrees(case: Case) -> None:
    """For each total, the assessment has the code of the second statement."""
    policy, values = case

    codes = [assess(debt(total), policy=policy).code for total in TOTALS]

    assert [refusal(total, values) for total in TOTALS] == codes


def test_check_agrees_and_accepts_what_was_shown(case: Case) -> None:
    """A payable debt accepts exactly the amounts in its ranges; each answer is that of the second statement."""
    policy, values = case
    differing: list[tuple[int, ...]] = []
    for total in TOTALS:
        assessment = assess(debt(total), policy=policy)
        shown = assessment.payable_ranges
        ends = (shown[0][0], shown[-1][1]) if shown else (None, None)
        if (ends, assessment.ok) != ((assessment.payable_min, assessment.payable_max), bool(shown)):
            differing.append((total,))
        for asked in around(total, values):
            verdict = assessment.check(Euros(asked))
            accepted = verdict.ok
            if not assessment.ok:
                verdict = check_amount(Euros(asked), total=Euros(total), policy=policy)
            code, rest, proposal = amount(asked, total, values)
            answer = (verdict.code, verdict.stranded, verdict.suggested_max)
            inside = any(low.cents <= asked <= high.cents for low, high in shown)
            if ((code, rest and Euros(rest), proposal and Euros(proposal)), inside) != (answer, accepted):
                differing.append((total, asked))

    assert [] == differing


def test_plan_settles_and_never_strands(case: Case) -> None:
    """A plan exists where possible and sums to the debt; each payment is payable in turn and strands nothing."""
    policy, values = case
    for total in TOTALS:
        parts = plan(Euros(total), policy=policy)
        assert plannable(total, values) == bool(parts), total
        rest = total
        for part in parts:
            assert refusal(rest, values, paid_before=rest < total) == "PAYABLE", (total, parts)
            assert amount(part.cents, rest, values) == ("AMOUNT_OK", None, None), (total, parts)
            rest -= part.cents
        assert not parts or rest == 0, (total, parts)


def test_plan_is_short(case: Case) -> None:
    """A plan has the fewest payments that the largest payment allows."""
    policy, values = case

    lengths = {total: len(plan(Euros(total), policy=policy)) for total in TOTALS}

    assert {} == {total: found for total, found in lengths.items() if found not in {0, -(-total // values["most"])}}


def test_after_payment_agrees(case: Case) -> None:
    """After any payment up to the debt, the rest, its state and its code are those of the second statement."""
    policy, values = case
    differing = []
    for total in TOTALS:
        for paid in {cents for cents in around(total, values) if 0 < cents <= total}:
            after = after_payment(Euros(total), Euros(paid), policy=policy)
            rest = total - paid
            expected = (rest, "PARTIAL" if rest else "SETTLED", refusal(rest, values, paid_before=True))
            if expected != (after.remaining.cents, after.state, after.online):
                differing.append((total, paid))

    assert [] == differing


def test_more_than_due_is_a_credit_or_an_error() -> None:
    """A payment above the debt settles it where a credit is allowed, and is refused elsewhere."""
    for changes, values in VARIANTS.values():
        policy = attrs.evolve(policy_named("ameli-2019-11"), **changes)
        if values.get("credit"):
            assert Euros(0) == after_payment(Euros(2000), Euros(2001), policy=policy).remaining
        else:
            with pytest.raises(InvalidAmountError):
                after_payment(Euros(2000), Euros(2001), policy=policy)
