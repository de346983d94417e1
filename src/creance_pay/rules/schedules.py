"""The schedule of a plan: a day for each payment, what is due and missed on a day, and what a change leaves (R12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import attrs

from ..caisses import Caisse
from ..codes import Reason, VerdictCode
from ..errors import InvalidValueError
from ..money import Euros
from .dates import is_working_day, months_later, require_date
from .instalments import Plan, PlannedPayment
from .policy import Policy
from .predicates import NO_REASON
from .verdicts import Verdict, policy_warnings

__all__ = ["Instalment", "Schedule", "ScheduleState"]


@attrs.frozen(kw_only=True)
class Instalment:
    """One payment of a schedule.

    Attributes:
        due_on: The last day on which the payment is in time.
        payment: The payment.
    """

    due_on: date
    payment: PlannedPayment


@attrs.frozen(kw_only=True)
class ScheduleState:
    """The state of a schedule at the beginning of a day.

    Attributes:
        due: The amount that has to be paid by the end of the day, the missed amounts included.
        missed: The instalments of earlier days of which a part is still due.
        upcoming: The instalments of later days of which a part is still due.
    """

    due: Euros
    missed: tuple[Instalment, ...]
    upcoming: tuple[Instalment, ...]


@attrs.frozen(kw_only=True)
class Schedule(Verdict):
    """The verdict on a schedule: whether the policy allows as many months, and the instalments.

    Attributes:
        first_day: The day from which the months are counted.
        instalments: The payments with their days; empty where the schedule is refused.
        caisse: The caisse whose working days apply, or ``None``.
    """

    success_code = VerdictCode.SCHEDULE_OK
    depends_on: tuple[str, ...] = attrs.field(default=("schedule_max_months",), repr=False)
    first_day: date
    instalments: tuple[Instalment, ...] = ()
    caisse: Caisse | None = attrs.field(default=None, repr=False)

    def on(self, day: date, *, paid: Euros) -> ScheduleState:
        """Return what is due, missed and upcoming on a day.

        Payments are counted for the instalments in their order, whatever their amounts and days were.

        Args:
            day: The day.
            paid: The sum of the payments that were made before it.

        Raises:
            InvalidValueError: for a value that is not a date; a datetime is none.
        """
        require_date(day, "day")
        owed, due, missed, upcoming = 0, 0, [], []
        for each in self.instalments:
            owed += each.payment.amount.cents
            if owed <= paid.cents:
                continue
            if each.due_on > day:
                upcoming.append(each)
                continue
            due = owed - paid.cents
            if each.due_on < day:
                missed.append(each)
        return ScheduleState(due=Euros(due), missed=tuple(missed), upcoming=tuple(upcoming))

    def replanned(self, plan: Plan, *, day: date) -> Schedule:
        """Return the schedule of what remains after an early, a larger or a missed payment.

        An early payment leaves fewer instalments, on the first of the coming days.  After a missed one, the months go
        on, at most as many as the policy allows from the first day.

        Args:
            plan: The plan of the debts as they are now, by :func:`~creance_pay.rules.plan_debts`.
            day: The day of the change.  Instalments of this day and later days can be used.

        Raises:
            InvalidValueError: for a plan without payments, or a value that is not a date.
        """
        return _schedule(plan, self.first_day, self.policy, self.caisse, require_date(day, "day"))


def schedule(plan: Plan, *, first_day: date, policy: Policy, caisse: Caisse | None = None) -> Schedule:
    """Return the schedule of a plan: a payment on the first day, and on the same day of each later month (R12).

    A weekend or a public holiday of the caisse is moved to the next working day.

    Args:
        plan: The plan, by :func:`~creance_pay.rules.plan_debts`.
        first_day: The day of the first payment.
        policy: The policy to apply, with the largest number of months.
        caisse: The caisse whose public holidays apply; by default, the common ones apply.

    Returns:
        ``SCHEDULE_OK`` with the instalments; or ``SCHEDULE_TOO_LONG`` where the payments need more months than the
        policy allows.

    Raises:
        InvalidValueError: for a plan without payments, or a first day that is not a date; a datetime is none.

    >>> from creance_pay import Debt, DebtKind, NoticeReference
    >>> from creance_pay.rules import plan_debts, policy_named
    >>> policy = policy_named("ameli-2019-11")
    >>> debt = Debt(
    ...     reference=NoticeReference("6311726000000512K"), kind=DebtKind.FRANCHISE, initial=Euros(11000),
    ...     remaining=Euros(11000), issued_on=None, open_online=True,
    ... )
    >>> monthly = schedule(plan_debts([debt], policy=policy), first_day=date(2026, 12, 5), policy=policy)
    >>> [(each.due_on.isoformat(), str(each.payment.amount)) for each in monthly.instalments]
    [('2026-12-07', '50.00'), ('2027-01-05', '44.00'), ('2027-02-05', '16.00')]
    >>> state = monthly.on(date(2027, 1, 6), paid=Euros(5000))
    >>> state.due, len(state.missed), state.upcoming[0].due_on.isoformat()
    (Euros(4400), 1, '2027-02-05')
    """
    return _schedule(plan, require_date(first_day, "first_day"), policy, caisse, first_day)


def _schedule(plan: Plan, first_day: date, policy: Policy, caisse: Caisse | None, start: date) -> Schedule:
    """Build the schedule whose instalments begin on the first day of the month count that is not before ``start``."""
    if not plan.payments:
        raise InvalidValueError("expected a plan with payments, got one without")
    days = [day for day in _days(first_day, policy.schedule_max_months, caisse) if day >= start]
    fits = len(plan.payments) <= len(days)
    return Schedule(
        policy=policy,
        reasons=NO_REASON if fits else Reason.SCHEDULE_TOO_LONG,
        warnings=policy_warnings(policy),
        values={"months": policy.schedule_max_months, "payments": len(plan.payments)},
        first_day=first_day,
        instalments=_instalments(plan.payments, days) if fits else (),
        caisse=caisse,
    )


def _days(first_day: date, months: int, caisse: Caisse | None) -> Iterator[date]:
    """Yield the working day of each month, on or after the day of the month of the first day."""
    for month in range(months):
        day = months_later(first_day, month)
        while not is_working_day(day, caisse=caisse):
            day += timedelta(days=1)
        yield day


def _instalments(payments: Sequence[PlannedPayment], days: Sequence[date]) -> tuple[Instalment, ...]:
    return tuple(Instalment(due_on=day, payment=payment) for payment, day in zip(payments, days, strict=False))
