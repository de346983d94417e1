"""What follows a payment: until when it shows, until when its acknowledgement is kept (R17, R19).

>>> from datetime import date, datetime, timezone
>>> from creance_pay.rules import policy_named
>>> policy = policy_named("ameli-2019-11")
>>> delete_on(date(2018, 8, 31), policy=policy)
datetime.date(2019, 2, 28)
>>> display_by(datetime(2017, 9, 11, 13, 54, tzinfo=timezone.utc), policy=policy).isoformat()
'2017-09-12T13:54:00+00:00'
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

from ..errors import InvalidValueError
from .policy import Policy

_MONTHS = 12


def display_by(accepted_at: datetime, *, policy: Policy) -> datetime:
    """Say until when an accepted payment shows in the account (R17): elapsed hours, not hours of the clock (Q16).

    Args:
        accepted_at: The moment of acceptance, with its time zone.
        policy: The policy to apply.

    Returns:
        The moment, in the same time zone.

    Raises:
        InvalidValueError: for a moment without time zone.
    """
    if not isinstance(accepted_at, datetime) or accepted_at.utcoffset() is None:
        raise InvalidValueError("expected a datetime with a time zone")
    shown = accepted_at.astimezone(UTC) + timedelta(hours=policy.display_delay_hours)
    return shown.astimezone(accepted_at.tzinfo)


def delete_on(sent_on: date, *, policy: Policy) -> date:
    """Say on which day an acknowledgement leaves the mailbox (R19): calendar months, clamped to the month's end (Q17).

    Args:
        sent_on: The day on which it was sent, where the caisse is.
        policy: The policy to apply.

    Raises:
        InvalidValueError: for something else than a day, a moment included.
    """
    if not isinstance(sent_on, date) or isinstance(sent_on, datetime):
        raise InvalidValueError("expected a date")
    years, month = divmod(sent_on.month - 1 + policy.mailbox_retention_months, _MONTHS)
    year, month = sent_on.year + years, month + 1
    return date(year, month, min(sent_on.day, monthrange(year, month)[1]))
