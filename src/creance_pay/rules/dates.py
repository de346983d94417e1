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
_MOST_WORKING_DAYS = 10_000  # forty years: any other number is a fault, and a negative one would never be reached


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

    Raises:
        InvalidValueError: for a datetime, or a value of another type.

    >>> from creance_pay import find_caisse
    >>> second_day = date(2018, 12, 26)  # of Christmas: a public holiday in Moselle
    >>> is_working_day(second_day), is_working_day(second_day, caisse=find_caisse("571"))
    (True, False)
    """
    region = caisse.holiday_region if caisse else None
    require_date(day, "day")  # a datetime is equal to no holiday
    return day.weekday() < _SATURDAY and day not in _holidays(day.year, region)


def add_working_days(day: date, count: int, *, caisse: Caisse | None = None) -> date:
    """Return the day that is a number of working days after another one.

    Args:
        day: The day to count from.  It does not count itself.
        count: The number of working days, 0 to 10,000.
        caisse: The caisse whose public holidays apply; by default, the common ones apply.

    Raises:
        InvalidValueError: for a day that is no date, or another number.

    >>> add_working_days(date(2018, 7, 13), 1)  # a Friday
    datetime.date(2018, 7, 16)
    """
    require_date(day, "day")
    if type(count) is not int or not 0 <= count <= _MOST_WORKING_DAYS:
        found = "another number" if isinstance(count, int | float) else type(count).__name__
        raise InvalidValueError(f"expected count to be an int from 0 to {_MOST_WORKING_DAYS}, got {found}")
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
