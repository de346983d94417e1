"""Calendar months: the same day of a later month, or its last day.

>>> months_later(date(2018, 8, 31), 6)
datetime.date(2019, 2, 28)
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

_MONTHS = 12


def months_later(day: date, months: int) -> date:
    """Count calendar months from a day, clamped to the end of the month that is reached."""
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
