"""Days and moments: what is one, and the same day of a later month.

>>> months_later(date(2018, 8, 31), 6)
datetime.date(2019, 2, 28)
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

from ..errors import InvalidValueError

_MONTHS = 12


def whole_day(day: date) -> date:
    """Give a day back, and refuse a moment, which is on different days in different places."""
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidValueError("expected a date")
    return day


def zoned(moment: datetime) -> datetime:
    """Give a moment back, and refuse one without time zone."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise InvalidValueError("expected a datetime with a time zone")
    return moment


def months_later(day: date, months: int) -> date:
    """Count calendar months from a day, clamped to the end of the month that is reached."""
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
