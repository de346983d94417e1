"""French working days: Monday to Friday without public holidays, as a caisse keeps them.

*Jours ouvrés* of CRPA R112-11-2.  Alsace and Moselle have two more holidays, each department overseas its own; the
calendars are those of the package ``holidays``.

>>> add_working_days(date(2018, 7, 13), 1)
datetime.date(2018, 7, 16)
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from ..caisses import Caisse

_SATURDAY = 5


@cache
def _holidays(year: int, region: str | None) -> frozenset[date]:
    """List the public holidays of a year; the package is loaded on first use."""
    from holidays import country_holidays  # noqa: PLC0415 - importing the rules stays light

    return frozenset(country_holidays("FR", subdiv=region, years=year))


def is_working_day(day: date, *, caisse: Caisse | None = None) -> bool:
    """Tell whether a caisse works on a day."""
    region = caisse.holiday_region if caisse else None
    return day.weekday() < _SATURDAY and day not in _holidays(day.year, region)


def add_working_days(day: date, count: int, *, caisse: Caisse | None = None) -> date:
    """Count working days after a day, which itself does not count."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, caisse=caisse)
    return day
