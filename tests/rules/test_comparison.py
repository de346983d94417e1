"""The comparison of two policies: every difference is in exactly one region, and no region has another answer."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creance_pay import DebtKind, Euros
from creance_pay.rules import Policy, assess, notice_scope
from creance_pay.rules.comparison import Bound, Range, Region, compare, differing_values
from samples import POLICY, a_debt, a_policy

#: A policy of the issue: minimum 10, band 30 to 200, and a second kind.
OTHER = a_policy(
    online_min=Euros(1000),
    notice_band_min=Euros(3000),
    notice_band_max=Euros(20_000),
    open_debt_kinds=["PFR", "FRR", "IND"],
)
#: Balances, totals and amounts around every breakpoint of the policies that are drawn.
CASES = list(product(range(17), range(26), range(26)))
BOTH = "AMOUNT_OK with STRANDED_REMAINDER"


@st.composite
def small_policies(draw: st.DrawFn) -> Policy:
    """Draw a policy whose breakpoints are below a few cents, so that a test can try every case."""
    least, low, inclusive = draw(st.integers(1, 4)), draw(st.integers(0, 9)), draw(st.booleans())
    return a_policy(
        online_min=Euros(least),
        online_max_per_payment=Euros(draw(st.integers(2 * least - 1, 2 * least + 6))),
        notice_band_min=Euros(low),
        notice_band_max=Euros(draw(st.integers(low + (0 if inclusive else 2), 14))),
        band_inclusive=inclusive,
        band_checked_at=draw(st.sampled_from(["notice", "access"])),
        max_basis=draw(st.sampled_from(["total", "payment"])),
        stranding=draw(st.sampled_from(["warn", "refuse"])),
        several_payments=draw(st.booleans()),
        open_debt_kinds=draw(st.sampled_from([["FRR"], []])),
    )


def decisions(policy: Policy, balance: int, total: int, amount: int, *, paid_before: bool) -> dict[str, str]:
    """Decide one case by the public functions; the amount only for a debt that is payable."""
    scope = notice_scope(Euros(balance), notice_received=True, policy=policy)
    debt = attrs.evolve(a_debt(total, kind=DebtKind.FRR), initial=Euros(total + 5 * paid_before))
    found = {"notice": str(scope.code), "debt": str(assess(debt, policy=policy, balance=Euros(balance)).code)}
    if assessment := assess(debt, policy=policy):
        check = assessment.check(Euros(amount))
        found["amount"] = f"{check.code} with {check.warning}" if check.warning else str(check.code)
    return found


def is_empty(region: Region) -> bool:
    """Return whether a region has no case at its first total."""
    total = region.ranges["total"].first.cents if "total" in region.ranges else 0
    return any(each.last and each.last.at(total) < each.first.at(total) for each in region.ranges.values())


def holds(region: Region, values: dict[str, int]) -> bool:
    """Return whether a case is in a region."""
    total = values["total"]
    return all(
        each.first.at(total) <= values[name] and (each.last is None or values[name] <= each.last.at(total))
        for name, each in region.ranges.items()
    )


@settings(max_examples=60)
@given(before=small_policies(), after=small_policies(), paid_before=st.booleans(), chance=st.randoms())
def test_complete(before: Policy, after: Policy, paid_before: bool, chance: Random) -> None:  # noqa: FBT001 - drawn
    """A decision differs in a case iff the case is in one region of that decision, which has both answers.

    An amount is decided for a debt that is payable under both policies, of a person without other debts.
    """
    regions = compare(before, after, kind=DebtKind.FRR, paid_before=paid_before)
    assert [] == [each for each in regions if is_empty(each)]
    for balance, total, amount in chance.sample(CASES, 200):
        values = {"balance": balance, "total": total, "amount": amount}
        both = [decisions(policy, *values.values(), paid_before=paid_before) for policy in (before, after)]
        for decision in both[0].keys() & both[1].keys():
            old, new = (each[decision] for each in both)
            expected = [(old, new)] if old != new else []
            found = [(each.before, each.after) for each in regions if each.decision == decision and holds(each, values)]
            assert expected == found, (decision, values)


def test_regions_of_the_example() -> None:
    """The regions of a lower minimum and a wider band, in euros, derived by hand from R6, R7, R10 and R11."""
    assert [
        "notice, balance 30.00 to 49.99: BELOW_BAND -> IN_SCOPE",
        "notice, balance 150.01 to 200.00: ABOVE_BAND -> IN_SCOPE",
        "debt, total 10.00 to 15.99: BELOW_ONLINE_MINIMUM -> PAYABLE",
        f"amount, total 16.00 to 19.99, amount 10.00 to 15.99: AMOUNT_BELOW_MINIMUM -> {BOTH}",
        "amount, total 20.00 to 25.98, amount 10.00 to total - 10.00: AMOUNT_BELOW_MINIMUM -> AMOUNT_OK",
        f"amount, total 20.00 to 25.98, amount total - 9.99 to 15.99: AMOUNT_BELOW_MINIMUM -> {BOTH}",
        "amount, total from 25.99 on, amount 10.00 to 15.99: AMOUNT_BELOW_MINIMUM -> AMOUNT_OK",
        "amount, total 26.00 to 31.99, amount 16.00 to total - 10.00: AMOUNT_OK with STRANDED_REMAINDER -> AMOUNT_OK",
        (
            "amount, total 32.00 to 59.99, amount total - 15.99 to total - 10.00: "
            "AMOUNT_OK with STRANDED_REMAINDER -> AMOUNT_OK"
        ),
        "amount, total 60.00 to 65.99, amount total - 15.99 to 50.00: AMOUNT_OK with STRANDED_REMAINDER -> AMOUNT_OK",
    ] == [str(region) for region in compare(POLICY, OTHER, kind=DebtKind.FRR)]


def test_second_kind() -> None:
    """A kind that only the second policy opens is refused before, for every total."""
    regions = [region for region in compare(POLICY, OTHER, kind=DebtKind.IND) if region.decision != "notice"]

    assert [
        "debt, total 0.00: KIND_NOT_OPEN -> NOTHING_DUE",
        "debt, total 0.01 to 9.99: KIND_NOT_OPEN -> BELOW_ONLINE_MINIMUM",
        "debt, total from 10.00 on: KIND_NOT_OPEN -> PAYABLE",
    ] == [str(region) for region in regions]


def test_equal() -> None:
    """A policy does not differ from itself."""
    assert () == compare(POLICY, POLICY, kind=DebtKind.FRR)
    assert {} == differing_values(POLICY, POLICY)


def test_values() -> None:
    """The values that differ are listed as a person reads them."""
    assert {
        "notice_band_min": ("50.00 EUR", "30.00 EUR"),
        "notice_band_max": ("150.00 EUR", "200.00 EUR"),
        "online_min": ("16.00 EUR", "10.00 EUR"),
        "open_debt_kinds": ("PFR, FRR", "PFR, FRR, IND"),
    } == differing_values(POLICY, OTHER)


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (Bound(1600), "16.00"),
        (Bound(0, to_total=True), "total"),
        (Bound(1, to_total=True), "total + 0.01"),
        (Bound(-1600, to_total=True), "total - 16.00"),
        (Range(Bound(5), Bound(5)), "0.05"),
        (Range(Bound(5), None), "from 0.05 on"),
    ],
)
def test_text(bound: Any, text: str) -> None:  # noqa: ANN401 - a bound or a range
    """A bound is an amount in euros, or a distance from the total."""
    assert text == str(bound)
