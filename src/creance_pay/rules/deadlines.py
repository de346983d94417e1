"""What follows a payment: what is left, when it shows, when its acknowledgement is due and deleted (R16 to R20).

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

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from .._clock import require_aware
from ..caisses import Caisse
from ..codes import Code, Settlement
from ..errors import InvalidAmountError
from ..money import Euros
from .choices import DisplayCount, MaxBasis, RetentionCount
from .dates import add_working_days, months_later, require_date
from .eligibility import Assessment, BalanceInputs
from .policy import Policy
from .predicates import due_predicates, failed

_REGISTRATION_DAYS = 1  # CRPA R112-11-2: at once, or within one working day
_ACKNOWLEDGEMENT_DAYS = 10  # CRPA R112-11-2: within ten working days of receipt
_PARIS = "Europe/Paris"


@attrs.frozen(kw_only=True)
class AfterPayment:
    """A debt after a payment.

    Attributes:
        remaining: What is still due.
        state: ``PARTIAL`` or ``SETTLED``.
        online: The code of the assessment of the rest.
    """

    remaining: Euros
    state: Settlement
    online: Code


def after_payment(remaining: Euros, paid: Euros, *, policy: Policy) -> AfterPayment:
    """Say what a debt is once a payment is deducted, and whether the rest can be paid online (R20, R7 again).

    Args:
        remaining: What was due.
        paid: What was paid, above zero.
        policy: The policy to apply.

    Raises:
        InvalidAmountError: for nothing paid, or for more than what was due where the policy allows no credit (Q10).

    >>> from creance_pay.rules import policy_named
    >>> after = after_payment(Euros(6000), Euros(2000), policy=policy_named("ameli-2019-11"))
    >>> after.remaining, after.state, after.online
    (Euros(4000), <Settlement.PARTIAL: 'PARTIAL'>, <VerdictCode.PAYABLE: 'PAYABLE'>)
    """
    if not paid.cents or (paid > remaining and policy.max_basis is MaxBasis.TOTAL):
        raise InvalidAmountError("expected a payment above zero and not over what was due")
    rest = remaining.saturating_sub(paid)
    inputs = BalanceInputs(due=rest.cents, balance=rest.cents, untouched=False)
    return AfterPayment(
        remaining=rest,
        state=Settlement.PARTIAL if rest.cents else Settlement.SETTLED,
        online=Assessment(policy=policy, reasons=failed(due_predicates(policy), inputs, policy)).code,
    )


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
    require_aware(accepted_at, "accepted_at")
    if policy.display_counted_in is DisplayCount.NEXT_DAY:
        tomorrow = accepted_at.date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(23, 59, 59), accepted_at.tzinfo)
    shown = accepted_at.astimezone(UTC) + timedelta(hours=policy.display_delay_hours)
    return shown.astimezone(accepted_at.tzinfo)


def delete_on(sent_on: date, *, policy: Policy) -> date:
    """Say on which day an acknowledgement leaves the mailbox (R19).

    Args:
        sent_on: The day on which it was sent, where the caisse is.
        policy: The policy to apply: calendar months, clamped to the month's end, or days (Q17).

    Raises:
        InvalidValueError: for something else than a day, a moment included.
    """
    require_date(sent_on, "sent_on")
    if policy.retention_counted_in is RetentionCount.DAYS:
        return sent_on + timedelta(days=policy.mailbox_retention_days)
    return months_later(sent_on, policy.mailbox_retention_months)


def register_by(received_at: datetime | date, *, caisse: Caisse | None = None) -> date:
    """Say by which day a payment is to be registered, when it is not acknowledged at once (R18; CRPA R112-11-2).

    Args:
        received_at: The moment of receipt, with its time zone; or the day of it, where the caisse is.
        caisse: Whose public holidays and time zone count; by default, those of Paris.

    Returns:
        The next working day where the caisse is.

    Raises:
        InvalidValueError: for a moment without time zone.
    """
    zone = ZoneInfo(caisse.time_zone if caisse else _PARIS)
    if isinstance(received_at, datetime):
        day = require_aware(received_at, "received_at").astimezone(zone).date()
    else:
        day = require_date(received_at, "received_at")
    return add_working_days(day, _REGISTRATION_DAYS, caisse=caisse)


def acknowledge_by(received_on: date, *, caisse: Caisse | None = None) -> date:
    """Say by which day a payment is to be acknowledged: ten working days after its receipt (R18; CRPA R112-11-2).

    Args:
        received_on: The day of receipt, where the caisse is; it does not count.
        caisse: Whose public holidays count; by default, the common ones.

    Raises:
        InvalidValueError: for something else than a day, a moment included.
    """
    return add_working_days(require_date(received_on, "received_on"), _ACKNOWLEDGEMENT_DAYS, caisse=caisse)
