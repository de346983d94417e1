"""The choices of a policy, one for each open question of the guide.

The guide leaves these questions open, each with two readings.  The shipped policy has the recommended reading.  A
caisse that reads the guide otherwise writes the other word into its own policy.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from .._validators import describe
from ..errors import ConfigurationError


class Choice(StrEnum):
    """A choice between two words.  Building a policy with another word raises an error."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        """Raise an error that names the words."""
        raise ConfigurationError(f"expected one of {', '.join(cls)}, got {describe(value)}")


class BandCheck(Choice):
    """The moment at which the band is tested (Q3)."""

    #: When the notice is sent, and not later.
    NOTICE = "notice"
    #: Each time the person wants to pay.
    ACCESS = "access"


class MinBasis(Choice):
    """The amount that is compared with the online minimum (Q7)."""

    #: The remaining amount of the reference that the person typed.
    REFERENCE = "reference"
    #: The remaining amount of all selected references together.
    SELECTION = "selection"


class TotalBasis(Choice):
    """The references that the total to be paid includes (Q9)."""

    #: The reference that the person typed, and those selected with it.
    ALL = "all"
    #: Only those selected with it, if there are any.
    SELECTED = "selected"


class MaxBasis(Choice):
    """The upper bound of a payment (Q10)."""

    #: The policy's largest payment, or the remaining amount where that is less.
    TOTAL = "total"
    #: The policy's largest payment.  A payment above the amount due leaves a credit.
    PAYMENT = "payment"


class Stranding(Choice):
    """The treatment of an amount that strands a remainder (Q12)."""

    #: The amount is accepted, with a warning and a suggestion.
    WARN = "warn"
    #: The amount is refused.
    REFUSE = "refuse"


class DisplayCount(Choice):
    """The unit of the delay until a payment is displayed (Q16)."""

    #: Elapsed hours after the acceptance.
    ELAPSED_HOURS = "elapsed_hours"
    #: The end of the next day.
    NEXT_DAY = "next_day"


class RetentionCount(Choice):
    """The unit of the time in the mailbox (Q17)."""

    #: Calendar months, at most to the end of the month.
    MONTHS = "months"
    #: Days.
    DAYS = "days"
