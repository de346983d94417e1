"""The choices that a policy makes where the guide can be read in two ways, by the number of the question.

The recommended reading of each is the shipped policy's; a caisse that reads otherwise writes the other word.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from ..errors import ConfigurationError


class Choice(StrEnum):
    """A choice between words; another word is refused when the policy is built."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        """Name the words that exist."""
        del value
        raise ConfigurationError(f"expected one of {', '.join(cls)}")


class BandCheck(Choice):
    """When the band is tested (Q3)."""

    #: When the notice is sent, and never again.
    NOTICE = "notice"
    #: Each time the person comes to pay.
    ACCESS = "access"


class MinBasis(Choice):
    """What the online minimum is compared with (Q7)."""

    #: What remains of the reference that the person typed.
    REFERENCE = "reference"
    #: What remains of all selected references together.
    SELECTION = "selection"


class TotalBasis(Choice):
    """What the total to be paid includes (Q9)."""

    #: The reference that the person typed, and those selected with it.
    ALL = "all"
    #: Those selected alone, once one is.
    SELECTED = "selected"


class MaxBasis(Choice):
    """What a payment may not exceed (Q10)."""

    #: The largest payment, nor what remains due.
    TOTAL = "total"
    #: The largest payment alone: more than what is due leaves a credit.
    PAYMENT = "payment"


class Stranding(Choice):
    """What becomes of an amount that leaves too little to be paid online (Q12)."""

    #: It is accepted, with a warning and a proposal.
    WARN = "warn"
    #: It is refused.
    REFUSE = "refuse"


class DisplayCount(Choice):
    """How the delay of display is counted (Q16)."""

    #: Elapsed hours from the acceptance.
    ELAPSED_HOURS = "elapsed_hours"
    #: To the end of the next day.
    NEXT_DAY = "next_day"


class RetentionCount(Choice):
    """How the time in the mailbox is counted (Q17)."""

    #: Calendar months, clamped to the month's end.
    MONTHS = "months"
    #: Days.
    DAYS = "days"
