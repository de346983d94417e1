"""The properties of the rules under any valid policy."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import resources
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.codes import Settlement
from creance_pay.rules import Policy, after_payment, assess, check_amount, load_policies, plan, policy_on
from creance_pay.rules.choices import MaxBasis
from rules_naive import Values, amount, plannable, refusal
from samples import POLICY, a_debt, a_policy


@st.composite
def both(draw: st.DrawFn) -> tuple[Policy, Values]:
    """Draw a policy, and the same values for the second statement of the rules."""
    least = draw(st.integers(1, 3000))
    most = draw(st.integers(2 * least - 1, 3 * least + 5000))
    low, inclusive = draw(st.integers(0, 10_000)), draw(st.booleans())
    values: dict[str, Any] = {
        "least": least,
        "most": most,
        "band": (low, draw(st.integers(low if inclusive else low + 2, 20_000))),
        "inclusive": inclusive,
        "band_at": draw(st.sampled_from(["notice", "access"])),
        "credit": draw(st.booleans()),
        "refuse_stranding": draw(st.booleans()),
        "several_payments": draw(st.booleans()),
    }
    policy = a_policy(
        online_min=Euros(least),
        online_max_per_payment=Euros(most),
        notice_band_min=Euros(values["band"][0]),
        notice_band_max=Euros(values["band"][1]),
        band_inclusive=values["inclusive"],
        band_checked_at=values["band_at"],
        max_basis="payment" if values["credit"] else "total",
        stranding="refuse" if values["refuse_stranding"] else "warn",
        several_payments=values["several_payments"],
    )
    return policy, values


@st.composite
def both_and_sums(draw: st.DrawFn) -> tuple[Policy, Values, int, int]:
    """Draw a policy with a total and an amount, which are often near its bounds."""
    policy, values = draw(both())
    points = [0, values["least"], values["most"], *values["band"], values["least"] + values["most"]]
    near = st.builds(lambda point, step: max(point + step, 0), st.sampled_from(points), st.integers(-2, 2))
    total = draw(near | st.integers(0, 25_000))
    around = st.sampled_from([total, total - values["least"], total - values["most"]])
    asked = draw(near | st.builds(lambda point, step: max(point + step, 0), around, st.integers(-2, 2)))
    return policy, values, total, asked


class TestAnyPolicy:
    """The rules hold for all values of a policy."""

    @given(both_and_sums())
    def test_assessment(self, drawn: tuple[Policy, Values, int, int]) -> None:
        """The assessment of a debt is that of the second statement."""
        policy, values, total, _ = drawn

        assert refusal(total, values) == assess(a_debt(total), policy=policy).code

    @given(both_and_sums())
    def test_amount(self, drawn: tuple[Policy, Values, int, int]) -> None:
        """The check of an amount is that of the second statement."""
        policy, values, total, asked = drawn
        verdict = check_amount(Euros(asked), total=Euros(total), policy=policy)
        code, rest, proposal = amount(asked, total, values)

        assert (code, rest and Euros(rest), proposal and Euros(proposal)) == (
            verdict.code,
            verdict.stranded,
            verdict.suggested_max,
        )

    @given(both_and_sums())
    def test_shown_is_accepted_and_nothing_else(self, drawn: tuple[Policy, Values, int, int]) -> None:
        """A payable range is not empty and within the policy, and an amount is accepted if it is in a range."""
        policy, _, total, asked = drawn
        assessment = assess(a_debt(total), policy=policy)
        ranges = assessment.payable_ranges

        assert assessment.ok == bool(ranges)
        assert all(policy.online_min <= low <= high <= policy.online_max_per_payment for low, high in ranges)
        assert any(low <= Euros(asked) <= high for low, high in ranges) == assessment.check(Euros(asked)).ok

    @given(both_and_sums())
    def test_plan(self, drawn: tuple[Policy, Values, int, int]) -> None:
        """A plan exists where possible and sums to the debt; each payment is payable in turn and strands nothing."""
        policy, values, total, _ = drawn
        parts = plan(Euros(total), policy=policy)

        assert plannable(total, values) == bool(parts)
        assert Euros(total if parts else 0) == sum(parts, Euros(0))
        left = total
        for part in parts:
            turn = (refusal(left, values, paid_before=left < total), amount(part.cents, left, values))
            assert ("PAYABLE", ("AMOUNT_OK", None, None)) == turn
            left -= part.cents

    @given(both(), st.integers(2, 20_000), st.data())
    def test_twice_in_part_is_once(self, drawn: tuple[Policy, Values], total: int, data: st.DataObject) -> None:
        """Two payments leave the debt in the same state as one payment of their sum."""
        policy, _ = drawn
        first = data.draw(st.integers(1, total - 1))
        second = data.draw(st.integers(1, total - first))
        between = after_payment(Euros(total), Euros(first), policy=policy)

        assert Settlement.PARTIAL is between.state
        assert after_payment(Euros(total), Euros(first + second), policy=policy) == after_payment(
            between.remaining, Euros(second), policy=policy
        )

    @given(both())
    def test_evolve_is_checked(self, drawn: tuple[Policy, Values]) -> None:
        """A variant of a variant equals the original policy."""
        policy, _ = drawn

        assert policy == attrs.evolve(attrs.evolve(policy, max_basis=MaxBasis.TOTAL), max_basis=policy.max_basis)


class TestDays:
    """Every day of a covered period has exactly one policy."""

    @given(st.lists(st.integers(1, 400), min_size=1, max_size=4), st.integers(0, 1600))
    def test_one_policy_a_day(self, lengths: list[int], offset: int) -> None:
        """Successive policies cover each day once, and no day before the first or after the last."""
        start = date(2026, 1, 1)
        shipped = resources.files("creance_pay.rules").joinpath("policy.toml").read_text(encoding="utf-8")
        texts: list[str] = []
        days: dict[date, str] = {}
        first = start
        for number, length in enumerate(lengths):
            last = first + timedelta(days=length - 1)
            head = f"documented_on = {first}\nvalid_from = {first}\nvalid_to = {last}\nlongest"
            text = shipped.replace("documented_on = 2019-11-01\nlongest", head)
            texts.append(text.replace(POLICY.name, f"p{number}"))
            days |= {first + timedelta(days=step): f"p{number}" for step in range(length)}
            first = last + timedelta(days=1)
        policies = load_policies("\n".join(texts))
        day = start + timedelta(days=offset - 10)

        applying = [policy.name for policy in policies if policy.applies_on(day)]

        assert ([days[day]] if day in days else []) == applying
        assert not applying or applying == [policy_on(day, policies=policies).name]
