"""The schedule of a plan (R12): days, missed instalments, early payments; and the clocks of an indu (CSS R133-9-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import DebtKind, Euros, find_caisse
from creance_pay.errors import InvalidValueError
from creance_pay.rules import is_working_day, plan_debts, schedule, sources
from creance_pay.rules.instalments import Plan
from creance_pay.rules.recovery import recovery_clock
from creance_pay.rules.schedules import Schedule
from samples import POLICY, a_debt, a_policy

DECEMBER_5 = date(2026, 12, 5)  # a Saturday


def planned(cents: int) -> Plan:
    """Plan the payments of one debt."""
    return plan_debts([a_debt(cents)], policy=POLICY)


def monthly(cents: int, first_day: date = DECEMBER_5, **changes: Any) -> Schedule:  # noqa: ANN401 - of the fields' types
    """Return the schedule of one debt."""
    return schedule(planned(cents), first_day=first_day, policy=a_policy(**changes))


def parts(found: Schedule) -> list[tuple[str, int]]:
    """List the days and the amounts of a schedule."""
    return [(each.due_on.isoformat(), each.payment.amount.cents) for each in found.instalments]


class TestDays:
    """The same day of each month, or the next working day of the caisse."""

    def test_days(self) -> None:
        """5 December 2026 is a Saturday, so the first day is Monday the 7th; the months count from the 5th."""
        assert [("2026-12-07", 5000), ("2027-01-05", 4400), ("2027-02-05", 1600)] == parts(monthly(11_000))

    def test_end_of_the_month(self) -> None:
        """The day of a shorter month is its last one, and later months have the day of the first again."""
        found = monthly(11_000, date(2027, 1, 29))

        assert ["2027-01-29", "2027-03-01", "2027-03-30"] == [day for day, _ in parts(found)]

    def test_holidays_of_the_caisse(self) -> None:
        """26 December is a public holiday in Moselle only."""
        first_day = date(2028, 12, 26)
        days = [
            schedule(planned(5000), first_day=first_day, policy=POLICY, caisse=find_caisse(code)).instalments[0].due_on
            for code in ("631", "571")
        ]

        assert [date(2028, 12, 26), date(2028, 12, 27)] == days

    @given(st.integers(1600, 60_000), st.dates(date(2026, 1, 1), date(2030, 12, 31)))
    def test_every_schedule(self, cents: int, first_day: date) -> None:
        """The payments are those of the plan, on successive working days, one a month, at most twelve."""
        plan = planned(cents)
        found = schedule(plan, first_day=first_day, policy=POLICY)
        days = [each.due_on for each in found.instalments]

        assert bool(found) == (len(plan.payments) <= 12)
        assert not found or plan.payments == tuple(each.payment for each in found.instalments)
        assert days == sorted(set(days))
        assert all(is_working_day(day) and day >= first_day for day in days)


class TestMonths:
    """At most the months that the policy allows (CSS D133-2-3: twelve)."""

    def test_too_long(self) -> None:
        """Thirteen payments need thirteen months; the refusal has no instalments, and the explanation its source."""
        found = {cents: monthly(cents) for cents in (60_000, 60_001)}
        explained = found[60_001].explain()

        assert [("SCHEDULE_OK", 12), ("SCHEDULE_TOO_LONG", 0)] == [
            (each.code, len(each.instalments)) for each in found.values()
        ]
        assert any("schedule_max_months = 12, documented on" in line for line in explained)

    def test_another_policy(self) -> None:
        """Another policy may allow fewer months."""
        assert ["SCHEDULE_OK", "SCHEDULE_TOO_LONG"] == [
            monthly(11_000, schedule_max_months=months).code for months in (3, 2)
        ]


class TestState:
    """What is due and missed on a day, after the payments that were made."""

    def test_due_and_missed(self) -> None:
        """An instalment is missed after its day, not on it; payments count for the instalments in their order."""
        found = monthly(11_000)
        expected = {
            (date(2026, 12, 6), 0): (0, 0, 3),
            (date(2026, 12, 7), 0): (5000, 0, 2),
            (date(2026, 12, 8), 0): (5000, 1, 2),
            (date(2026, 12, 8), 4999): (1, 1, 2),
            (date(2026, 12, 8), 5000): (0, 0, 2),
            (date(2027, 1, 5), 5000): (4400, 0, 1),
            (date(2027, 1, 6), 4000): (5400, 2, 1),
            (date(2027, 1, 6), 9400): (0, 0, 1),
            (date(2027, 3, 1), 9400): (1600, 1, 0),
            (date(2027, 3, 1), 11_000): (0, 0, 0),
            (date(2026, 12, 6), 20_000): (0, 0, 0),
        }
        states = {(day, paid): found.on(day, paid=Euros(paid)) for day, paid in expected}

        assert expected == {
            key: (state.due.cents, len(state.missed), len(state.upcoming)) for key, state in states.items()
        }


class TestReplanned:
    """A payment that is early, larger or missed changes what remains."""

    def test_early_payment(self) -> None:
        """A second payment of 50 in December leaves 10 less a payment: one instalment fewer, on the next day."""
        found = monthly(15_000).replanned(planned(5000), day=date(2026, 12, 8))

        assert [("2027-01-05", 5000)] == parts(found)

    def test_day_of_an_instalment(self) -> None:
        """The day of the change can be used."""
        assert [("2026-12-07", 5000)] == parts(monthly(15_000).replanned(planned(5000), day=date(2026, 12, 7)))

    def test_missed_payment(self) -> None:
        """After a missed instalment the months go on, up to the largest number counted from the first day."""
        plan = planned(11_000)
        found = [
            monthly(11_000, schedule_max_months=months).replanned(plan, day=date(2026, 12, 8)) for months in (4, 3)
        ]

        assert ["2027-01-05", "2027-02-05", "2027-03-05"] == [day for day, _ in parts(found[0])]
        assert "SCHEDULE_TOO_LONG" == found[1].code

    def test_working_days_stay_those_of_the_caisse(self) -> None:
        """The new schedule has the working days of the same caisse."""
        first = schedule(planned(5000), first_day=date(2028, 11, 26), policy=POLICY, caisse=find_caisse("571"))

        assert [("2028-12-27", 5000)] == parts(first.replanned(planned(5000), day=date(2028, 12, 1)))


class TestInput:
    """Other values are refused."""

    def test_plan_without_payments(self) -> None:
        """A plan without payments has no schedule."""
        with pytest.raises(InvalidValueError, match=r"^expected a plan with payments, got one without$"):
            monthly(1500)

    def test_datetime(self) -> None:
        """A datetime is no date."""
        now: Any = datetime(2026, 12, 5, 12)  # noqa: DTZ001 - the type is what matters
        calls: list[Callable[[], object]] = [
            lambda: monthly(5000, now),
            lambda: monthly(5000).on(now, paid=Euros(0)),
            lambda: monthly(5000).replanned(planned(5000), day=now),
            lambda: recovery_clock(DebtKind.IND, now),
        ]
        for call in calls:
            with pytest.raises(InvalidValueError, match=r"to be a date, got datetime$"):
                call()


class TestRecovery:
    """The clocks of R133-9-2, by the version of the text in force on the day of the notification."""

    def test_versions(self) -> None:
        """Two months to pay up to 24 March 2021; then 20 days to contest, and a schedule of at most twelve months."""
        before, after = (recovery_clock(DebtKind.IND, day) for day in (date(2021, 3, 24), date(2021, 3, 25)))
        assert before is not None
        assert after is not None

        assert (date(2021, 5, 24), None, None, None) == (
            before.pay_by,
            before.contest_by,
            before.agree_within_months,
            before.schedule_max_months,
        )
        assert (None, date(2021, 4, 14), 1, 12) == (
            after.pay_by,
            after.contest_by,
            after.agree_within_months,
            after.schedule_max_months,
        )
        assert ["CSS, article R133-9-2"] * 2 == [str(sources()[each.source]) for each in (before, after)]

    def test_kinds(self) -> None:
        """The clocks concern indus, none of which the shipped policy opens."""
        kinds = {kind for kind in DebtKind if recovery_clock(kind, date(2026, 11, 2))}

        assert {"IND", "ERR", "ISI", "ISR"} == kinds
        assert not kinds & {*POLICY.open_debt_kinds}
