"""The effects of a payment on a debt, and the deadlines after it (R17 to R20)."""

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
from .eligibility import Assessment
from .operands import AmountInputs, BalanceInputs
from .policy import Policy
from .predicates import due_predicates, failed, remainder

_REGISTRATION_DAYS = 1  # CRPA R112-11-2: at once, or within one working day
_ACKNOWLEDGEMENT_DAYS = 10  # CRPA R112-11-2: within ten working days of receipt
_PARIS = "Europe/Paris"


@attrs.frozen(kw_only=True)
class AfterPayment:
    """The state of a debt after a payment.

    Attributes:
        remaining: The amount that is still due.
        state: ``PARTIAL`` or ``SETTLED``.
        online: The code of the assessment of the remaining amount.
    """

    remaining: Euros
    state: Settlement
    online: Code


def after_payment(remaining: Euros, paid: Euros, *, policy: Policy) -> AfterPayment:
    """Subtract a payment from a debt, and assess whether the rest is payable online (R20, R7).

    Args:
        remaining: The amount that was due.
        paid: The amount of the payment, above zero.
        policy: The policy to apply.

    Raises:
        InvalidAmountError: for a payment of zero, or of more than was due where the policy allows no credit (Q10).

    >>> from creance_pay.rules import policy_named
    >>> after = after_payment(Euros(6000), Euros(2000), policy=policy_named("ameli-2019-11"))
    >>> after.remaining, after.state, after.online
    (Euros(4000), <Settlement.PARTIAL: 'PARTIAL'>, <VerdictCode.PAYABLE: 'PAYABLE'>)
    """
    if not paid.cents or (paid > remaining and policy.max_basis is MaxBasis.TOTAL):
        found = "more" if paid.cents else "zero"
        raise InvalidAmountError(f"expected paid to be above zero and at most the amount due, got {found}")
    rest = Euros(remainder(AmountInputs(total=remaining.cents, amount=paid.cents)))
    inputs = BalanceInputs(due=rest.cents, balance=rest.cents, untouched=False)
    return AfterPayment(
        remaining=rest,
        state=Settlement.PARTIAL if rest.cents else Settlement.SETTLED,
        online=Assessment(policy=policy, reasons=failed(due_predicates(policy), inputs, policy)).code,
    )


def display_by(accepted_at: datetime, *, policy: Policy) -> datetime:
    """Return the latest moment at which the account displays an accepted payment (R17).

    Args:
        accepted_at: The moment of the acceptance, with its time zone.
        policy: The policy to apply.  It counts elapsed hours, or up to the last second of the next day (Q16).

    Returns:
        The moment, in the time zone of ``accepted_at``.

    Raises:
        InvalidValueError: for a moment without a time zone.

    >>> from creance_pay.rules import policy_named
    >>> accepted_at = datetime(2017, 9, 11, 13, 54, tzinfo=UTC)
    >>> display_by(accepted_at, policy=policy_named("ameli-2019-11")).isoformat()
    '2017-09-12T13:54:00+00:00'
    """
    require_aware(accepted_at, "accepted_at")
    if policy.display_counted_in is DisplayCount.NEXT_DAY:
        tomorrow = accepted_at.date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(23, 59, 59), accepted_at.tzinfo)
    shown = accepted_at.astimezone(UTC) + timedelta(hours=policy.display_delay_hours)
    return shown.astimezone(accepted_at.tzinfo)


def delete_on(sent_on: date, *, policy: Policy) -> date:
    """Return the day on which an acknowledgement is deleted from the mailbox (R19).

    Args:
        sent_on: The day on which it was sent, in the time zone of the caisse.
        policy: The policy to apply.  It counts calendar months, at most to the end of the month, or days (Q17).

    Raises:
        InvalidValueError: for a value that is not a date; a datetime is none.

    >>> from creance_pay.rules import policy_named
    >>> delete_on(date(2018, 7, 5), policy=policy_named("ameli-2019-11"))
    datetime.date(2019, 1, 5)
    """
    require_date(sent_on, "sent_on")
    if policy.retention_counted_in is RetentionCount.DAYS:
        return sent_on + timedelta(days=policy.mailbox_retention_days)
    return months_later(sent_on, policy.mailbox_retention_months)


def register_by(received_at: datetime | date, *, caisse: Caisse | None = None) -> date:
    """Return the last day to register a payment whose acknowledgement leaves later (R18; CRPA R112-11-2).

    Args:
        received_at: The moment of receipt, with its time zone; or the day of receipt, in the time zone of the caisse.
        caisse: The caisse whose public holidays and time zone apply; by default, the common holidays and Paris time.

    Returns:
        The next working day of the caisse.

    Raises:
        InvalidValueError: for a moment without a time zone, or a value that is neither a datetime nor a date.

    >>> register_by(date(2018, 7, 13))  # a Friday
    datetime.date(2018, 7, 16)
    """
    zone = ZoneInfo(caisse.time_zone if caisse else _PARIS)
    if isinstance(received_at, datetime):
        day = require_aware(received_at, "received_at").astimezone(zone).date()
    else:
        day = require_date(received_at, "received_at")
    return add_working_days(day, _REGISTRATION_DAYS, caisse=caisse)


def acknowledge_by(received_on: date, *, caisse: Caisse | None = None) -> date:
    """Return the last day to acknowledge a payment: ten working days after its receipt (R18; CRPA R112-11-2).

    Args:
        received_on: The day of receipt, in the time zone of the caisse.  It does not count.
        caisse: The caisse whose public holidays apply; by default, the common ones apply.

    Raises:
        InvalidValueError: for a value that is not a date; a datetime is none.

    >>> acknowledge_by(date(2018, 7, 5))
    datetime.date(2018, 7, 19)
    """
    return add_working_days(require_date(received_on, "received_on"), _ACKNOWLEDGEMENT_DAYS, caisse=caisse)
