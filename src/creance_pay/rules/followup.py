"""What follows a payment: when it shows, when its acknowledgement is due, until when that is kept (R16 to R19).

>>> from datetime import date, datetime, timezone
>>> from creance_pay.rules import policy_named
>>> policy = policy_named("ameli-2019-11")
>>> delete_on(date(2018, 7, 5), policy=policy)
datetime.date(2019, 1, 5)
>>> display_by(datetime(2017, 9, 11, 13, 54, tzinfo=timezone.utc), policy=policy).isoformat()
'2017-09-12T13:54:00+00:00'
>>> acknowledge_by(date(2018, 7, 5))
datetime.date(2018, 7, 19)
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..caisses import Caisse
from ..codes import CardCode
from ..errors import InvalidValueError
from .months import months_later
from .policy import Policy
from .readings import DisplayCount, RetentionCount
from .workdays import add_working_days

_REGISTRATION_DAYS = 1  # CRPA R112-11-2: at once, or within one working day
_ACKNOWLEDGEMENT_DAYS = 10  # CRPA R112-11-2: within ten working days of receipt
_PARIS = "Europe/Paris"
_MASK = re.compile(r"[0-9]{4}#{7,13}[0-9]{2}")
_FULL_NUMBER = re.compile(r"[0-9]{13,19}")


def _demand_day(day: date) -> date:
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidValueError("expected a date")
    return day


def _demand_moment(moment: datetime) -> datetime:
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise InvalidValueError("expected a datetime with a time zone")
    return moment


def display_by(accepted_at: datetime, *, policy: Policy) -> datetime:
    """Say until when an accepted payment shows in the account (R17).

    Args:
        accepted_at: The moment of acceptance, with its time zone.
        policy: The policy to apply: elapsed hours, not hours of the clock; or the last second of the next day (Q16).

    Returns:
        The moment, in the same time zone.

    Raises:
        InvalidValueError: for a moment without time zone.
    """
    if policy.display_counted_in is DisplayCount.NEXT_DAY:
        tomorrow = _demand_moment(accepted_at).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(23, 59, 59), accepted_at.tzinfo)
    shown = _demand_moment(accepted_at).astimezone(UTC) + timedelta(hours=policy.display_delay_hours)
    return shown.astimezone(accepted_at.tzinfo)


def delete_on(sent_on: date, *, policy: Policy) -> date:
    """Say on which day an acknowledgement leaves the mailbox (R19).

    Args:
        sent_on: The day on which it was sent, where the caisse is.
        policy: The policy to apply: calendar months, clamped to the month's end, or days (Q17).

    Raises:
        InvalidValueError: for something else than a day, a moment included.
    """
    if policy.retention_counted_in is RetentionCount.DAYS:
        return _demand_day(sent_on) + timedelta(days=policy.mailbox_retention_days)
    return months_later(_demand_day(sent_on), policy.mailbox_retention_months)


def register_by(received_at: datetime, *, caisse: Caisse | None = None) -> date:
    """Say by which day a payment is to be registered, when it is not acknowledged at once (R18; CRPA R112-11-2).

    Args:
        received_at: The moment of receipt, with its time zone.
        caisse: Whose public holidays and time zone count; by default, those of Paris.

    Returns:
        The next working day where the caisse is.

    Raises:
        InvalidValueError: for a moment without time zone.
    """
    zone = ZoneInfo(caisse.time_zone if caisse else _PARIS)
    return add_working_days(_demand_moment(received_at).astimezone(zone).date(), _REGISTRATION_DAYS, caisse=caisse)


def acknowledge_by(received_on: date, *, caisse: Caisse | None = None) -> date:
    """Say by which day a payment is to be acknowledged: ten working days after its receipt (R18; CRPA R112-11-2).

    Args:
        received_on: The day of receipt, where the caisse is; it does not count.
        caisse: Whose public holidays count; by default, the common ones.

    Raises:
        InvalidValueError: for something else than a day, a moment included.
    """
    return add_working_days(_demand_day(received_on), _ACKNOWLEDGEMENT_DAYS, caisse=caisse)


def check_card_mask(text: str) -> CardCode:
    """Tell a masked card number, four digits and two around number signs, from a full one (R16).

    Args:
        text: What is about to be shown or kept.

    Returns:
        ``CARD_MASK_OK``, or ``CARD_FULL_NUMBER_REFUSED`` for thirteen to nineteen digits, with or without separators.

    Raises:
        InvalidValueError: for anything else; like the refusal, it quotes nothing.

    >>> check_card_mask("5017##########00").ok
    True
    """
    if not isinstance(text, str):
        raise InvalidValueError(f"expected a masked card number as text, got a {type(text).__name__}")
    if _MASK.fullmatch(text):
        return CardCode.CARD_MASK_OK
    if _FULL_NUMBER.search(re.sub(r"[\s.\-]", "", text)):
        return CardCode.CARD_FULL_NUMBER_REFUSED
    raise InvalidValueError("expected four digits, number signs, two digits")
