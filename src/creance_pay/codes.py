"""The codes that rules, errors and messages share.

Each code is a member of a :class:`enum.StrEnum`, equal to its own text (``VerdictCode.PAYABLE == "PAYABLE"``).  It has
four attributes: the number of its rule (``rule``), its meaning (``meaning``), the id of its source (``source``), and
whether the insured person has to be informed (``public``).

The codes connect two packages that do not import each other: :mod:`creance_pay.rules` returns a code, and
:mod:`creance_pay.messages` has the sentence for it.

Rule numbers R1 to R26 are those of the documentation's page on rules.  A source is an id of
:func:`creance_pay.rules.sources`: a place in a document, such as ``guide.minimum``; a reading of the guide, such as
``Q8``; or ``project.proposed``, for a case that no source covers.

>>> VerdictCode("BELOW_ONLINE_MINIMUM").rule
'R7'
>>> VerdictCode.PAYABLE.public
False
"""

from __future__ import annotations

from enum import IntFlag, StrEnum, auto
from typing import Self

__all__ = [
    "CaisseStatus",
    "CardCode",
    "Code",
    "Reason",
    "ReferenceCode",
    "Settlement",
    "TransactionCode",
    "VerdictCode",
    "WarningCode",
]

_TABLE = "CNAM.caisses"
_SCREEN_1 = "guide.closed"
_SCREEN_2 = "guide.minimum"
_CASES = "guide.cases"
_PROPOSED = "project.proposed"


def _code(rule: str, meaning: str, source: str, *, public: bool = False) -> tuple[auto, str, str, str, bool]:
    """Build the value of a member: its own name (``auto()``) and its four attributes."""
    return auto(), rule, meaning, source, public


class Code(StrEnum):
    """A code that a program can branch on, and the rule that it belongs to."""

    rule: str
    meaning: str
    source: str
    public: bool

    # Type checkers read a look-up such as ``Settlement("PARTIAL")`` as a call of this method, hence the defaults.
    def __new__(
        cls,
        word: str,
        rule: str = "",
        meaning: str = "",
        source: str = "",
        public: bool = False,  # noqa: FBT001, FBT002 - from _code
    ) -> Self:
        """Create a member whose value is ``word``, with the other arguments as attributes."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.rule, member.meaning, member.source, member.public = rule, meaning, source, public
        member.__doc__ = meaning
        return member

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        """Return the member's own name as the value of ``auto()``."""
        del start, count, last_values
        return name


class ReferenceCode(Code):
    """The result of parsing a notice reference (rule R1)."""

    REFERENCE_OK = _code("R1", "Sixteen digits and a letter.", _SCREEN_1)
    REFERENCE_REQUIRED = _code("R1", "Nothing was typed.", _SCREEN_1, public=True)
    REFERENCE_BAD_CHARACTER = _code("R1", "A character is not an ASCII digit or letter.", _SCREEN_1, public=True)
    REFERENCE_BAD_LENGTH = _code("R1", "Digits and one letter, but not sixteen digits.", _SCREEN_2, public=True)
    REFERENCE_BAD_FORMAT = _code("R1", "The letter is missing, misplaced, or not alone.", _SCREEN_1, public=True)


class TransactionCode(Code):
    """The result of parsing a transaction reference (rule R15)."""

    TRANSACTION_OK = _code("R15", "PCLCB, a day, a sequence.", "guide.step-3")
    TRANSACTION_BAD = _code("R15", "Another text than PCLCB, a possible day, seven digits.", "guide.step-3")


class CaisseStatus(Code):
    """The status of a caisse code (rule R3).  It is never a reason to refuse."""

    CAISSE_OK = _code("R3", "The caisse was active in December 2020.", _TABLE)
    CAISSE_ABSORBED = _code("R3", "Another caisse has absorbed it.", _TABLE)
    CAISSE_UNKNOWN = _code("R3", "The table does not contain the code.", _TABLE)


class VerdictCode(Code):
    """The answer of a rule about a notice, a debt, a selection of debts, or an amount."""

    IN_SCOPE = _code("R6", "A notice was received, and the balance is in the band.", _CASES)
    NO_NOTICE = _code("R5", "No notice has been received.", _CASES, public=True)
    BELOW_BAND = _code("R6", "The balance is below the band.", _CASES, public=True)
    ABOVE_BAND = _code("R6", "The balance is above the band.", _CASES, public=True)

    REFERENCE_FOUND = _code("R4", "The reference leads to a debt that is open online.", "guide.step-1")
    REFERENCE_NOT_OPEN = _code("R4", "Not found, another person's, or closed: one answer.", _SCREEN_1, public=True)
    KIND_NOT_OPEN = _code("R21", "Debts of this kind are not payable online.", _CASES, public=True)

    SELECTION_NOT_ALLOWED = _code("R8", "The policy allows one reference at a time.", "Q8", public=True)
    SELECTION_DUPLICATE = _code("R8", "A reference is selected twice.", _PROPOSED, public=True)
    SELECTION_OTHER_DEBTOR = _code("R8", "The selected debts have different debtors.", _SCREEN_2, public=True)
    SELECTION_OTHER_CAISSE = _code("R8", "The selected debts are due to different caisses.", "Q23", public=True)

    PAYABLE = _code("R7", "The debt can be paid online, within the range shown.", _SCREEN_2)
    NOTHING_DUE = _code("R7", "Nothing remains due.", _PROPOSED, public=True)
    PAYMENT_ALREADY_MADE = _code("R7", "The policy allows one payment for each notice.", "Q11", public=True)
    BELOW_ONLINE_MINIMUM = _code(
        "R7", "The remaining amount is below the smallest online payment.", _SCREEN_2, public=True
    )

    AMOUNT_OK = _code("R10", "The amount can be paid.", _SCREEN_2)
    AMOUNT_REQUIRED = _code("R9", "No amount was typed.", _SCREEN_2, public=True)
    AMOUNT_BAD_FORMAT = _code("R9", "The text is not an amount in euros and cents.", "Q13", public=True)
    AMOUNT_BELOW_MINIMUM = _code("R10", "The amount is below the smallest online payment.", _SCREEN_2, public=True)
    AMOUNT_ABOVE_MAXIMUM = _code("R10", "The amount is above the largest online payment.", _SCREEN_2, public=True)
    AMOUNT_ABOVE_REMAINING = _code("R10", "The amount is above the remaining amount.", "Q10", public=True)
    AMOUNT_STRANDS_REMAINDER = _code("R11", "The remainder could not be paid online.", "Q12", public=True)

    SCHEDULE_OK = _code("R12", "The payments fit into the months that the policy allows.", _PROPOSED)
    SCHEDULE_TOO_LONG = _code("R12", "The payments need more months than allowed.", "CSS.D133-2-3", public=True)

    INPUT_MISSING = _code("R1", "A required cell is null (columns only).", _PROPOSED)
    INPUT_INVALID = _code("R1", "A cell holds a negative amount (columns only).", _PROPOSED)


class Reason(IntFlag):
    """The tests that failed, as flags in the order of the tests.  The lowest flag gives the verdict's code.

    Each member has the name of a :class:`VerdictCode`, or, for the form of a reference, of a :class:`ReferenceCode`.
    The numbers are stable, since files contain them.
    """

    INPUT_MISSING = 1 << 0
    INPUT_INVALID = 1 << 1
    REFERENCE_BAD_FORMAT = 1 << 2
    REFERENCE_NOT_OPEN = 1 << 3
    KIND_NOT_OPEN = 1 << 4
    SELECTION_NOT_ALLOWED = 1 << 5
    SELECTION_DUPLICATE = 1 << 6
    SELECTION_OTHER_DEBTOR = 1 << 7
    SELECTION_OTHER_CAISSE = 1 << 8
    NOTHING_DUE = 1 << 9
    PAYMENT_ALREADY_MADE = 1 << 10
    NO_NOTICE = 1 << 11
    BELOW_BAND = 1 << 12
    ABOVE_BAND = 1 << 13
    BELOW_ONLINE_MINIMUM = 1 << 14
    AMOUNT_REQUIRED = 1 << 15
    AMOUNT_BAD_FORMAT = 1 << 16
    AMOUNT_BELOW_MINIMUM = 1 << 17
    AMOUNT_ABOVE_MAXIMUM = 1 << 18
    AMOUNT_ABOVE_REMAINING = 1 << 19
    AMOUNT_STRANDS_REMAINDER = 1 << 20
    SCHEDULE_TOO_LONG = 1 << 21


class WarningCode(Code):
    """A warning of a verdict, which does not change the answer.  Further warnings are in :class:`CaisseStatus`."""

    STRANDED_REMAINDER = _code("R11", "The remainder is too small to be paid online.", _PROPOSED, public=True)
    ISSUE_DAY_UNKNOWN = _code("R2", "The reference holds an impossible day.", _SCREEN_2)
    BALANCE_BELOW_BAND = _code("R6", "The balance is below the band of the notice.", _CASES)
    BALANCE_ABOVE_BAND = _code("R6", "The balance is above the band of the notice.", _CASES)
    ISSUE_DAY_FUTURE = _code("R2", "The reference is dated after the day of the search.", _PROPOSED)
    POLICY_UNDOCUMENTED = _code("R6", "The policy is not known to apply on the day asked.", _PROPOSED)


class CardCode(Code):
    """The result of the check of a masked card number (rule R16)."""

    CARD_MASK_OK = _code("R16", "At most six first and four last digits are shown.", "guide.state")
    CARD_FULL_NUMBER_REFUSED = _code("R16", "The number is not masked; it is never stored or quoted.", "PCI.masking")

    @property
    def code(self) -> CardCode:
        """The code itself, so that the result has the attributes ``code`` and ``ok`` of a verdict."""
        return self

    @property
    def ok(self) -> bool:
        """Whether the number is masked."""
        return self is CardCode.CARD_MASK_OK


class Settlement(Code):
    """The state of a debt after a payment is subtracted (rule R20)."""

    PARTIAL = _code("R20", "An amount remains due.", _PROPOSED)
    SETTLED = _code("R20", "Nothing remains due.", _PROPOSED)
