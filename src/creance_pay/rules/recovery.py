"""The clocks of the recovery of an *indu*, as information for letters (CSS R133-9-2).

The shipped policies close these kinds of debt to online payment.  This module reads the file ``recovery.toml``, which
has the periods, each with its source.

>>> from creance_pay.rules import sources
>>> clock = recovery_clock(DebtKind.IND, date(2026, 11, 2))
>>> clock.contest_by, clock.schedule_max_months, str(sources()[clock.source])
(datetime.date(2026, 11, 22), 12, 'CSS, article R133-9-2')
>>> recovery_clock(DebtKind.FRANCHISE, date(2026, 11, 2)) is None
True
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from importlib import resources

import attrs

from .._toml import read_toml
from ..debts import DebtKind
from .dates import months_later, require_date

__all__ = ["RecoveryClock", "recovery_clock"]


@attrs.frozen(kw_only=True)
class RecoveryClock:
    """The clocks that begin with the notification of an indu.

    Attributes:
        kind: The kind of the debt.
        notified_on: The day on which the person received the notification.
        source: The id of the source: a key of :func:`~creance_pay.rules.sources`.
        pay_by: The last day to pay, or ``None`` where the text gives none.
        contest_by: The last day to ask for a rectification, or ``None``.
        agree_within_months: The number of months within which a schedule has to be concluded, or ``None``.
        schedule_max_months: The largest number of months of a schedule, or ``None``.
    """

    kind: DebtKind
    notified_on: date
    source: str
    pay_by: date | None
    contest_by: date | None
    agree_within_months: int | None
    schedule_max_months: int | None


@attrs.frozen(kw_only=True)
class _Period:
    """A version of the text, in the file."""

    source: str
    note: str
    since: date | None = None
    until: date | None = None
    pay_within_months: int | None = None
    contest_within_days: int | None = None
    agree_within_months: int | None = None
    schedule_max_months: int | None = None

    def covers(self, day: date) -> bool:
        """Return whether the version was in force on a day."""
        return (self.since or date.min) <= day <= (self.until or date.max)


@attrs.frozen(kw_only=True)
class _File:
    """The content of the file."""

    kinds: tuple[str, ...]
    periods: tuple[_Period, ...]


@cache
def _file() -> _File:
    text = resources.files(__package__).joinpath("recovery.toml").read_text(encoding="utf-8")
    return read_toml(text, _File, origin="recovery.toml")


def recovery_clock(kind: DebtKind, notified_on: date) -> RecoveryClock | None:
    """Return the clocks of the recovery of an indu, by the text in force on the day of the notification.

    Args:
        kind: The kind of the debt.
        notified_on: The day on which the person received the notification.  It does not count.

    Returns:
        The clocks, or ``None`` for a kind that the procedure does not concern.

    Raises:
        InvalidValueError: for a value that is not a date; a datetime is none.
    """
    require_date(notified_on, "notified_on")
    if kind not in _file().kinds:
        return None
    period = next(period for period in _file().periods if period.covers(notified_on))
    months, days = period.pay_within_months, period.contest_within_days
    return RecoveryClock(
        kind=kind,
        notified_on=notified_on,
        source=period.source,
        pay_by=None if months is None else months_later(notified_on, months),
        contest_by=None if days is None else notified_on + timedelta(days=days),
        agree_within_months=period.agree_within_months,
        schedule_max_months=period.schedule_max_months,
    )
