"""How much may be paid (rules R9, R10, R11), every amount near every bound included."""

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
    """State R7, R10 and R11 once more, in cents, for a debt of which ``total`` remains."""
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
    """Give the cents of an amount, if there is one."""
    return None if amount is None else amount.cents


def answered(verdict: AmountCheck) -> Answer:
    """Give all that a verdict says, in the form of :func:`stated`."""
    warning = WarningCode(verdict.warning) if verdict.warning else None
    return verdict.code, warning, cents(verdict.stranded), cents(verdict.suggested_max)


def near_the_bounds(total: int) -> list[int]:
    """List the amounts where an answer may change, with a cent either side."""
    bounds = {0, LEAST, MOST, total, total - LEAST, total - MOST}
    return sorted({bound + step for bound in bounds for step in (-1, 0, 1) if bound + step >= 0})


class TestBounds:
    """16.00 <= amount <= min(50.00, total); a remainder under 16.00 is pointed out, with the amount to propose."""

    @pytest.mark.parametrize("euros", range(0, 120, 10))
    def test_every_total_agrees_with_the_rules(self, euros: int) -> None:
        """For every total by cents, and every amount near a bound, the verdict is what the rules say."""
        totals = range(euros * 100, euros * 100 + 1001)
        asked = [(total, amount) for total in totals for amount in near_the_bounds(total)]
        assessments = {total: assess(a_debt(total), policy=POLICY) for total in totals}
        wrong = [
            (total, amount)
            for total, amount in asked
            if stated(total, amount) != answered(assessments[total].check(Euros(amount)))
        ]

        assert [] == wrong

    @pytest.mark.parametrize(
        ("total", "amount", "code"),
        [
            (6000, 5001, "AMOUNT_ABOVE_MAXIMUM"),
            (5000, 5001, "AMOUNT_ABOVE_MAXIMUM"),
            (4999, 5000, "AMOUNT_ABOVE_REMAINING"),
            (4999, 9000, "AMOUNT_ABOVE_REMAINING"),
            (700, 700, "AMOUNT_BELOW_MINIMUM"),
            (700, 1600, "AMOUNT_ABOVE_REMAINING"),
            (0, 1600, "AMOUNT_ABOVE_REMAINING"),
        ],
    )
    def test_low_level_half_knows_the_total_alone(self, total: int, amount: int, code: str) -> None:
        """Above the range, the remainder speaks where it is less than the maximum."""
        assert code == check_amount(Euros(amount), total=Euros(total), policy=POLICY).code

    @pytest.mark.parametrize(("total", "amount"), [(4999, 5000), (4999, 5001), (5000, 5001), (5001, 5002)])
    def test_above_the_range_has_one_reason(self, total: int, amount: int) -> None:
        """Either the maximum speaks or the remainder, never both."""
        assert 1 == len(check_amount(Euros(amount), total=Euros(total), policy=POLICY).reasons)

    @pytest.mark.parametrize(
        ("policy", "amount", "code"),
        [
            (a_policy(online_min=Euros(1)), 50, "AMOUNT_OK"),
            (a_policy(online_max_per_payment=Euros(10_000_000)), 10_000_099, "AMOUNT_ABOVE_MAXIMUM"),
            (a_policy(online_max_per_payment=Euros(10_000_000)), 10_000_000, "AMOUNT_OK"),
        ],
    )
    def test_bounds_are_the_policy_s_to_the_cent(self, policy: Policy, amount: int, code: str) -> None:
        """Another policy has other bounds (hostile amounts F47 and F48)."""
        assert code == check_amount(Euros(amount), total=Euros(20_000_000), policy=policy).code


class TestText:
    """A text is read first: required, then its format, then the bounds (R9 before R10)."""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "AMOUNT_REQUIRED"),
            (" € ", "AMOUNT_REQUIRED"),
            ("abc", "AMOUNT_BAD_FORMAT"),
            ("-20", "AMOUNT_BAD_FORMAT"),
            ("16,005", "AMOUNT_BAD_FORMAT"),
            ("0", "AMOUNT_BELOW_MINIMUM"),
            ("15,99", "AMOUNT_BELOW_MINIMUM"),
            ("16,00 €", "AMOUNT_OK"),
            ("50.00", "AMOUNT_OK"),
            ("50,01", "AMOUNT_ABOVE_MAXIMUM"),
        ],
    )
    def test_code(self, text: str, code: str) -> None:
        """The first failing test gives the code."""
        assert code == assess(a_debt(), policy=POLICY).check(text).code

    @pytest.mark.parametrize("value", [20, 20.0, None, True])
    def test_a_number_is_not_an_amount(self, value: object) -> None:
        """Neither euros nor cents are guessed."""
        assert "AMOUNT_BAD_FORMAT" == assess(a_debt(), policy=POLICY).check(value).code  # type: ignore[arg-type]


class TestAnswer:
    """A verdict has what a message needs, and an amount only if it can be paid."""

    @pytest.mark.parametrize(("text", "amount"), [("20", Euros(2000)), ("15,99", None), ("abc", None)])
    def test_amount_is_there_when_it_can_be_paid(self, text: str, amount: Euros | None) -> None:
        """Nothing can be taken from a no by mistake."""
        assert amount == check_amount(text, total=Euros(6000), policy=POLICY).amount

    @pytest.mark.parametrize("text", ["", "abc", "15,99", "50,01", "20", "50"])
    def test_bounds_and_total_are_values(self, text: str) -> None:
        """Every sentence on amounts can be made."""
        values = check_amount(text, total=Euros(6000), policy=POLICY).values

        assert [Euros(6000), Euros(1600), Euros(5000)] == [values[key] for key in ("total", "minimum", "maximum")]

    @pytest.mark.parametrize(("text", "amount"), [("20", Euros(2000)), ("15,99", Euros(1599)), ("50,01", Euros(5001))])
    def test_amount_that_was_read_is_a_value(self, text: str, amount: Euros) -> None:
        """A refusal too tells which amount it judged."""
        assert amount == check_amount(text, total=Euros(6000), policy=POLICY).values["amount"]

    def test_stranded_remainder_is_a_value(self) -> None:
        """What would remain and what to propose are given (R11)."""
        values = check_amount("50", total=Euros(6000), policy=POLICY).values

        assert [Euros(1000), Euros(4400)] == [values[key] for key in ("stranded", "suggested_max")]

    @given(st.integers(LEAST + 1, 20_000).map(Euros), st.integers(1, LEAST - 1).map(Euros))
    def test_proposal_strands_nothing(self, total: Euros, rest: Euros) -> None:
        """What is proposed can be paid, and leaves nothing or enough."""
        assume(rest < total)
        proposed = check_amount(total - rest, total=total, policy=POLICY).suggested_max
        assume(proposed is not None)

        assert ("AMOUNT_OK", None, None, None) == answered(
            check_amount(proposed or Euros(0), total=total, policy=POLICY)
        )
