"""French working days, the *jours ouvrés* of CRPA R112-11-2: Monday to Friday without public holidays.

Alsace and Moselle have two more public holidays, and each overseas department has its own.  The package ``holidays``
contains the calendars.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import cache

from ..caisses import Caisse
from ..errors import InvalidValueError

_SATURDAY = 5
_MONTHS = 12


@cache
def _holidays(year: int, region: str | None) -> frozenset[date]:
    """Return the public holidays of a year."""
    from holidays import country_holidays  # noqa: PLC0415 - slow to import, and seldom needed

    return frozenset(country_holidays("FR", subdiv=region, years=year))


def is_working_day(day: date, *, caisse: Caisse | None = None) -> bool:
    """Return whether a day is a working day.

    Args:
        day: The day.
        caisse: The caisse whose public holidays apply; by default, the common ones apply.

    >>> from creance_pay import find_caisse
    >>> second_day = date(2018, 12, 26)  # of Christmas: a public holiday in Moselle
    >>> is_working_day(second_day), is_working_day(second_day, caisse=find_caisse("571"))
    (True, False)
    """
    region = caisse.holiday_region if caisse else None
    return day.weekday() < _SATURDAY and day not in _holidays(day.year, region)


def add_working_days(day: date, count: int, *, caisse: Caisse | None = None) -> date:
    """Return the day that is a number of working days after another one.

    Args:
        day: The day to count from.  It does not count itself.
        count: The number of working days, zero or more.
        caisse: The caisse whose public holidays apply; by default, the common ones apply.

    >>> add_working_days(date(2018, 7, 13), 1)  # a Friday
    datetime.date(2018, 7, 16)
    """
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, caisse=caisse)
    return day


def require_date(day: date, name: str) -> date:
    """Return a date unchanged, or raise.

    A datetime is refused although it is a date to Python: one moment falls on different days in different zones.

    Args:
        day: The date to check.
        name: The name of the argument, for the error text.

    Raises:
        InvalidValueError: for a datetime, or a value of another type.
    """
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidValueError(f"expected {name} to be a date, got {type(day).__name__}")
    return day


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
