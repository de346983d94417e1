"""The other reading of each open question of the guide, as a value of a policy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import attrs

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.rules import (
    Policy,
    assess,
    check_amount,
    delete_on,
    display_by,
    policy_named,
)

MAIN, OTHER = NoticeReference("6311632600000408F"), NoticeReference("6311631200000297F")


def reading(**changes: Any) -> Policy:  # noqa: ANN401 - values of the policy's own types
    """Return the shipped policy with another reading."""
    return attrs.evolve(policy_named("ameli-2019-11"), **changes)


def debt(reference: NoticeReference, remaining: int, initial: int | None = None) -> Debt:
    """Build a debt, which is partly paid when ``initial`` is given."""
    return Debt(
        reference=reference,
        kind=DebtKind.FRANCHISE,
        initial=Euros(initial or remaining),
        remaining=Euros(remaining),
        issued_on=None,
        open_online=True,
    )


class TestQuestions:
    """Each open question of the guide has a value of the policy, and the other reading changes the answer."""

    def test_q8_several_references(self) -> None:
        """Q8: where the policy allows one reference at a time, a second one is refused."""
        policy = reading(several_references=False)

        codes = [assess(debt(MAIN, 2000), others=others, policy=policy).code for others in ([], [debt(OTHER, 2000)])]

        assert ["PAYABLE", "SELECTION_NOT_ALLOWED"] == codes

    def test_q9_total(self) -> None:
        """Q9: where the total includes the selected references only, it leaves the typed one out."""
        others, policy = [debt(OTHER, 3000)], reading(total_basis="selected")

        totals = [assess(debt(MAIN, 2000), others=several, policy=policy).total for several in ([], others)]

        assert [Euros(2000), Euros(3000)] == totals

    def test_q9_small_total(self) -> None:
        """Q9 and Q7 together: a total under the minimum is not payable, though the typed reference is over it."""
        policy = reading(total_basis="selected")

        assert "BELOW_ONLINE_MINIMUM" == assess(debt(MAIN, 2000), others=[debt(OTHER, 380)], policy=policy).code

    def test_q10_credit(self) -> None:
        """Q10: where a credit is allowed, more than the amount due can be paid, up to the largest payment."""
        assessment = assess(debt(MAIN, 2000), policy=reading(max_basis="payment"))

        assert (Euros(5000), "AMOUNT_OK") == (assessment.payable_max, assessment.check("50").code)

    def test_q11_one_payment(self) -> None:
        """Q11: where a notice takes one payment, a partly paid one and one with a pending payment take none."""
        policy, whole = reading(several_payments=False), debt(MAIN, 6000)

        assert ["PAYABLE", "PAYMENT_ALREADY_MADE", "PAYMENT_ALREADY_MADE"] == [
            assess(whole, policy=policy).code,
            assess(debt(MAIN, 6000, 8000), policy=policy).code,
            assess(whole, pending={MAIN: Euros(1)}, policy=policy).code,
        ]

    def test_q12_stranding_refused(self) -> None:
        """Q12: where a stranded remainder is refused, the payable ranges leave such amounts out."""
        ranges = {
            6000: [(1600, 4400)],
            5000: [(1600, 3400), (5000, 5000)],
            3199: [(3199, 3199)],
            3200: [(1600, 1600), (3200, 3200)],
            6600: [(1600, 5000)],
        }
        policy = reading(stranding="refuse")
        found = {total: assess(debt(MAIN, total), policy=policy).payable_ranges for total in ranges}

        assert ranges == {total: [(low.cents, high.cents) for low, high in each] for total, each in found.items()}

    def test_q12_code(self) -> None:
        """Q12: the refusal has its own code, the remainder and a suggestion, and no warning."""
        verdict = check_amount("50", total=Euros(6000), policy=reading(stranding="refuse"))

        assert ("AMOUNT_STRANDS_REMAINDER", None, Euros(1000), Euros(4400), None, ()) == (
            verdict.code,
            verdict.amount,
            verdict.stranded,
            verdict.suggested_max,
            verdict.warning,
            verdict.warnings,
        )

    def test_q13_no_cents(self) -> None:
        """Q13: where the form accepts no cents, a comma or a point is refused."""
        policy = reading(cents_typed=False)
        codes = {"20": "AMOUNT_OK", "20,00": "AMOUNT_BAD_FORMAT", "20.5": "AMOUNT_BAD_FORMAT"}

        assert codes == {text: check_amount(text, total=Euros(6000), policy=policy).code for text in codes}

    def test_q16_next_day(self) -> None:
        """Q16: the other count ends with the next day."""
        accepted = datetime.fromisoformat("2017-09-11T15:54:00+02:00")

        shown = display_by(accepted, policy=reading(display_counted_in="next_day"))

        assert "2017-09-12T23:59:59+02:00" == shown.isoformat()

    def test_q17_days(self) -> None:
        """Q17: 184 days from 05/07/2018 also end on 05/01/2019, but not from another day."""
        policy = reading(retention_counted_in="days")

        assert [date(2019, 1, 5), date(2019, 7, 4)] == [
            delete_on(day, policy=policy) for day in (date(2018, 7, 5), date(2019, 1, 1))
        ]

    def test_q22_pending_ignored(self) -> None:
        """Q22: where payments that are not displayed yet are ignored, the whole debt is offered again."""
        policy, pending = reading(pending_subtracted=False), {MAIN: Euros(6000)}

        assert Euros(6000) == assess(debt(MAIN, 6000), pending=pending, policy=policy).total
