"""The check of an amount (rules R9, R10, R11), with every amount near every bound."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.codes import WarningCode
from creance_pay.rules import AmountCheck, Policy, assess, check_amount
from samples import POLICY, a_debt, a_policy

LEAST, MOST = 1600, 5000
Answer = tuple[str, WarningCode | None, int | None, int | None]


def stated(total: int, amount: int) -> Answer:
    """Return the answer of R7, R10 and R11 for a debt of which ``total`` cents remain, from a second statement."""
    if total == 0:
        return "NOTHING_DUE", None, None, None
    if total < LEAST:
        return "BELOW_ONLINE_MINIMUM", None, None, None
    if amount < LEAST:
        return "AMOUNT_BELOW_MINIMUM", None, None, None
    if amount > min(MOST, total):
        return "AMOUNT_ABOVE_REMAINING" if total < MOST else "AMOUNT_ABOVE_MAXIMUM", None, None, None
    rest = total - amount
    if 0 < rest < LEAST:
        proposed = total if total <= MOST else min(MOST, total - LEAST)
        return "AMOUNT_OK", WarningCode.STRANDED_REMAINDER, rest, proposed
    return "AMOUNT_OK", None, None, None


def cents(amount: Euros | None) -> int | None:
    """Return the cents of an amount, if there is one."""
    return None if amount is None else amount.cents


def answered(verdict: AmountCheck) -> Answer:
    """Return a verdict in the form of :func:`stated`."""
    warning = WarningCode(verdict.warning) if verdict.warning else None
    return verdict.code, warning, cents(verdict.stranded), cents(verdict.suggested_max)


def near_the_bounds(total: int) -> list[int]:
    """List the amounts around which an answer can change, a cent either side."""
    bounds = {0, LEAST, MOST, total, total - LEAST, total - MOST}
    return sorted({bound + step for bound in bounds for step in (-1, 0, 1) if bound + step >= 0})


def codes_of(amounts: Iterable[tuple[int, int]], policy: Policy) -> dict[tuple[int, int], str]:
    """Map each total and amount to the code of the check."""
    return {
        (total, amount): check_amount(Euros(amount), total=Euros(total), policy=policy).code
        for total, amount in amounts
    }


class TestBounds:
    """16.00 <= amount <= min(50.00, total); an amount that strands a remainder has a warning and a suggestion."""

    @pytest.mark.parametrize("euros", [0, 60])
    def test_every_total(self, euros: int) -> None:
        """For every total in cents up to 120.00, and every amount near a bound, the verdict is that of the rules."""
        totals = range(euros * 100, euros * 100 + 6001)
        assessments = {total: assess(a_debt(total), policy=POLICY) for total in totals}

        assert [] == [
            (total, amount)
            for total in totals
            for amount in near_the_bounds(total)
            if stated(total, amount) != answered(assessments[total].check(Euros(amount)))
        ]

    def test_total_alone(self) -> None:
        """Above the range, the reason is the remaining amount where that is less than the maximum."""
        codes = {
            (6000, 5001): "AMOUNT_ABOVE_MAXIMUM",
            (5000, 5001): "AMOUNT_ABOVE_MAXIMUM",
            (4999, 5000): "AMOUNT_ABOVE_REMAINING",
            (4999, 9000): "AMOUNT_ABOVE_REMAINING",
            (700, 700): "AMOUNT_BELOW_MINIMUM",
            (700, 1600): "AMOUNT_ABOVE_REMAINING",
            (0, 1600): "AMOUNT_ABOVE_REMAINING",
        }

        assert codes == codes_of(codes, POLICY)

    def test_one_reason_above_the_range(self) -> None:
        """Above the range there is one reason: the maximum, or the remaining amount."""
        amounts = [(4999, 5000), (4999, 5001), (5000, 5001), (5001, 5002)]
        reasons = [check_amount(Euros(amount), total=Euros(total), policy=POLICY).reasons for total, amount in amounts]

        assert [1] * len(amounts) == [len(each) for each in reasons]

    def test_bounds_of_a_policy(self) -> None:
        """Another policy has other bounds, to the cent (hostile amounts F47 and F48)."""
        high = a_policy(online_max_per_payment=Euros(10_000_000))
        codes = {(20_000_000, 10_000_099): "AMOUNT_ABOVE_MAXIMUM", (20_000_000, 10_000_000): "AMOUNT_OK"}

        assert codes == codes_of(codes, high)
        assert {(20_000_000, 50): "AMOUNT_OK"} == codes_of([(20_000_000, 50)], a_policy(online_min=Euros(1)))


class TestText:
    """The text is parsed first: it is required, then its format is checked, then its bounds (R9 before R10)."""

    def test_codes(self) -> None:
        """The first test that fails gives the code."""
        codes = {
            "": "AMOUNT_REQUIRED",
            " € ": "AMOUNT_REQUIRED",
            "abc": "AMOUNT_BAD_FORMAT",
            "-20": "AMOUNT_BAD_FORMAT",
            "16,005": "AMOUNT_BAD_FORMAT",
            "0": "AMOUNT_BELOW_MINIMUM",
            "15,99": "AMOUNT_BELOW_MINIMUM",
            "16,00 €": "AMOUNT_OK",
            "50.00": "AMOUNT_OK",
            "50,01": "AMOUNT_ABOVE_MAXIMUM",
        }

        assert codes == {text: assess(a_debt(), policy=POLICY).check(text).code for text in codes}

    def test_other_types(self) -> None:
        """A number is neither euros nor cents."""
        values: list[Any] = [20, 20.0, None, True]

        assert {"AMOUNT_BAD_FORMAT"} == {assess(a_debt(), policy=POLICY).check(value).code for value in values}


class TestAnswer:
    """A verdict has the values that a message needs, and an amount only if it can be paid."""

    def test_amount(self) -> None:
        """A refusal has no amount."""
        amounts = {"20": Euros(2000), "15,99": None, "abc": None}

        assert amounts == {text: check_amount(text, total=Euros(6000), policy=POLICY).amount for text in amounts}

    def test_values(self) -> None:
        """The total and the bounds are values, and the amount too where the text is one."""
        typed = {"20": Euros(2000), "15,99": Euros(1599), "50,01": Euros(5001)}
        values = {
            text: check_amount(text, total=Euros(6000), policy=POLICY).values
            for text in ("", "abc", "15,99", "50,01", "20", "50")
        }

        assert {(Euros(6000), Euros(1600), Euros(5000))} == {
            (each["total"], each["minimum"], each["maximum"]) for each in values.values()
        }
        assert typed == {text: values[text]["amount"] for text in typed}

    def test_values_of_a_stranded_remainder(self) -> None:
        """The stranded remainder and the suggestion are values (R11)."""
        values = check_amount("50", total=Euros(6000), policy=POLICY).values

        assert [Euros(1000), Euros(4400)] == [values[key] for key in ("stranded", "suggested_max")]

    @given(st.integers(LEAST + 1, 20_000).map(Euros), st.integers(1, LEAST - 1).map(Euros))
    def test_proposal_strands_nothing(self, total: Euros, rest: Euros) -> None:
        """The suggested amount can be paid, and strands no remainder."""
        assume(rest < total)
        proposed = check_amount(total - rest, total=total, policy=POLICY).suggested_max
        assume(proposed is not None)

        assert ("AMOUNT_OK", None, None, None) == answered(
            check_amount(proposed or Euros(0), total=total, policy=POLICY)
        )
