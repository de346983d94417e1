"""The two references of a payment: that of the notice, and that of the transaction.

A **notice reference** (*référence de courrier*) is printed on the notice, in groups of four characters.  No published
specification defines its form; the guide's screens show it (rules R1 and R2)::

    631  17  054  00000344  F
    |    |   |    |         a letter from A to Z; its meaning is unknown, and nothing depends on it
    |    |   |    sequence, eight digits
    |    |   day of the year, 001 to 366
    |    year, two digits, after 2000
    caisse that issued the notice

>>> reference = NoticeReference.parse(" 6311 7054 0000 0344 f ")
>>> str(reference), reference.grouped, reference.caisse_code
('6311705400000344F', '6311 7054 0000 0344 F', '631')
>>> reference.issued_on
datetime.date(2017, 2, 23)

Fifteen digits are a frequent misprint, which the guide itself contains.  The error suggests a correction, and does not
apply it.

>>> try:
...     NoticeReference.parse("631163120000297F")
... except InvalidReferenceError as error:
...     print(error.code, error.suggestion)
REFERENCE_BAD_LENGTH 6311631200000297F

A **transaction reference** identifies one attempt to pay at the bank (rule R15).  It consists of ``PCLCB``, the year in
two digits, the day of the year in three, and a sequence number in seven.

>>> TransactionReference.parse("PCLCB172540000004").day
datetime.date(2017, 9, 11)
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Self

import attrs

from ._validators import describe
from .codes import ReferenceCode, TransactionCode
from .errors import InvalidReferenceError

_NOTICE = re.compile(r"[0-9]{16}[A-Z]")
_DIGITS_AND_LETTER = re.compile(r"[0-9]*[A-Z]")
_OTHER_CHARACTER = re.compile(r"[^0-9A-Za-z]")
_TRANSACTION = re.compile(r"PCLCB[0-9]{12}")
_CENTURY = 2000
_LAST_SEQUENCE = 9_999_999
_SOFT_HYPHEN = "\u00ad"


def _nth_day(year: str, number: str) -> date:
    """Return the n-th day counted from 1 January.  An impossible number leads into another year."""
    return date(_CENTURY + int(year), 1, 1) + timedelta(days=int(number) - 1)


def _day_of_year(year: str, number: str) -> date | None:
    """Decode two digits of the year and three of the day.  Return ``None`` for an impossible day."""
    day = _nth_day(year, number)
    return day if day.year == _CENTURY + int(year) else None


def _is_separator(character: str) -> bool:
    """Return whether people or word processors write the character between groups: a space, a dot, or a hyphen."""
    return character.isspace() or character in {".", _SOFT_HYPHEN} or unicodedata.category(character) == "Pd"


def _without_separators(text: str) -> str:
    """Remove the separators.  Each distinct character is classified once, which keeps long texts cheap."""
    return text.translate({ord(character): None for character in set(text) if _is_separator(character)})


def _canonical_or_none(bare: str) -> str | None:
    """Return the canonical form of a text without separators, or ``None``.

    ``upper()`` would turn some other letters, such as a dotless i, into ASCII letters.  It is called on ASCII only.
    """
    canonical = bare.upper() if bare.isascii() else bare
    return canonical if _NOTICE.fullmatch(canonical) else None


def _with_a_zero(canonical: str) -> str | None:
    """Insert the zero that a misprint dropped from the sequence.  Return ``None`` if the day is then impossible."""
    candidate = _canonical_or_none(f"{canonical[:8]}0{canonical[8:]}")
    return candidate if candidate and NoticeReference(candidate).issued_on else None


def _refusal(bare: str) -> InvalidReferenceError:
    """Build the error for a text that is not a reference, with a suggestion where possible (rule R1)."""
    if not bare:
        return InvalidReferenceError(
            "expected a notice reference, got an empty text", code=ReferenceCode.REFERENCE_REQUIRED
        )
    if other := _OTHER_CHARACTER.search(bare):
        return InvalidReferenceError(
            "expected digits and one letter only, got another character",
            code=ReferenceCode.REFERENCE_BAD_CHARACTER,
            character=other[0],
            suggestion=_canonical_or_none(bare.replace(other[0], "")),
        )
    canonical = bare.upper()
    if _DIGITS_AND_LETTER.fullmatch(canonical):
        digits = len(canonical) - 1
        return InvalidReferenceError(
            f"expected sixteen digits before the letter, got {digits}",
            code=ReferenceCode.REFERENCE_BAD_LENGTH,
            digits=digits,
            suggestion=_with_a_zero(canonical),
        )
    return InvalidReferenceError(
        f"expected sixteen digits, then one letter, got {describe(bare)}", code=ReferenceCode.REFERENCE_BAD_FORMAT
    )


def _validate_notice(_: NoticeReference, __: attrs.Attribute[str], text: object) -> None:
    if not isinstance(text, str) or _NOTICE.fullmatch(text) is None:
        raise InvalidReferenceError(
            f"expected sixteen digits and a capital letter, got {describe(text)}",
            code=ReferenceCode.REFERENCE_BAD_FORMAT,
        )


@attrs.frozen(order=True, repr=False)
class NoticeReference:
    """The reference of a payment notice (rules R1 and R2).  An instance is always valid.

    Args:
        canonical: Sixteen ASCII digits and a capital ASCII letter.  For a text that a person typed, use :meth:`parse`.

    Raises:
        InvalidReferenceError: for any other value.
    """

    canonical: str = attrs.field(validator=_validate_notice)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text that a person typed.

        Spaces, dots and hyphens of every kind are removed, and a lower-case letter is converted to upper case.

        Args:
            text: The content of the form's field, of any length.

        Raises:
            InvalidReferenceError: with ``.code``, a :class:`~creance_pay.codes.ReferenceCode`, and where they help
                ``.suggestion``, ``.character`` and ``.digits``.  The error text does not contain the typed text.
        """
        if not isinstance(text, str):
            raise InvalidReferenceError(
                f"expected text to be a str, got {type(text).__name__}", code=ReferenceCode.REFERENCE_BAD_FORMAT
            )
        bare = _without_separators(text)
        canonical = _canonical_or_none(bare)
        if canonical is None:
            raise _refusal(bare)
        return cls(canonical)

    @property
    def caisse_code(self) -> str:
        """The three digits of the caisse that issued the notice."""
        return self.canonical[:3]

    @property
    def issued_on(self) -> date | None:
        """The day of issue, or ``None`` where it is impossible (rule R2: a warning and no error)."""
        return _day_of_year(self.canonical[3:5], self.canonical[5:8])

    @property
    def sequence(self) -> int:
        """The sequence number, 0 to 99 999 999."""
        return int(self.canonical[8:16])

    @property
    def letter(self) -> str:
        """The last character.  Nothing depends on it."""
        return self.canonical[16]

    @property
    def grouped(self) -> str:
        """The reference as notices print it: ``6311 7054 0000 0344 F``."""
        text = self.canonical
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    @property
    def masked(self) -> str:
        """The first three and last four characters, for logs (rule R22)."""
        return f"{self.canonical[:3]}…{self.canonical[-4:]}"

    def __str__(self) -> str:
        """Return the canonical form."""
        return self.canonical

    def __repr__(self) -> str:
        """Return a representation for logs, with the reference masked (rule R22)."""
        return f"<NoticeReference {self.masked}>"


def _refuse_transaction(text: str) -> InvalidReferenceError:
    return InvalidReferenceError(text, code=TransactionCode.TRANSACTION_BAD)


def _validate_transaction(_: TransactionReference, __: attrs.Attribute[str], text: object) -> None:
    if not (isinstance(text, str) and _TRANSACTION.fullmatch(text) and _day_of_year(text[5:7], text[7:10])):
        raise _refuse_transaction(
            f"expected PCLCB, two digits of the year, a day of that year, seven digits, got {describe(text)}"
        )


@attrs.frozen(order=True)
class TransactionReference:
    """The reference of one attempt to pay (rule R15).  A merchant never issues the same reference twice.

    A reference can be guessed.  Use it for a look-up only within the session of the person, or for a message whose seal
    is authenticated.

    Args:
        canonical: ``PCLCB``, two digits of the year, three of the day of the year, seven of the sequence number.

    Raises:
        InvalidReferenceError: with ``.code`` ``TRANSACTION_BAD``, for any other value.
    """

    canonical: str = attrs.field(validator=_validate_transaction)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse machine text, which must be the canonical form."""
        return cls(text)

    @classmethod
    def make(cls, day: date, sequence: int) -> Self:
        """Build the reference of an attempt from its day and its sequence number.

        Args:
            day: The day of the attempt, in the years 2000 to 2099.
            sequence: The sequence number, 0 to 9 999 999.  The ledger counts it.

        Raises:
            InvalidReferenceError: with ``.code`` ``TRANSACTION_BAD``, for any other day or number.

        >>> str(TransactionReference.make(date(2017, 9, 11), 4))
        'PCLCB172540000004'
        """
        if not isinstance(day, date) or isinstance(day, datetime) or type(sequence) is not int:
            found = f"{type(day).__name__} and {type(sequence).__name__}"
            raise _refuse_transaction(f"expected day to be a date and sequence to be an int, got {found}")
        if day.year // 100 * 100 != _CENTURY:
            raise _refuse_transaction(f"expected day to be in the years 2000 to 2099, got {day.year}")
        if not 0 <= sequence <= _LAST_SEQUENCE:
            raise _refuse_transaction("expected sequence to be 0 to 9999999, got a number outside this range")
        return cls(f"PCLCB{day:%y%j}{sequence:07d}")

    @property
    def day(self) -> date:
        """The day of the attempt."""
        return _nth_day(self.canonical[5:7], self.canonical[7:10])

    @property
    def sequence(self) -> int:
        """The sequence number of the attempt on that day."""
        return int(self.canonical[10:])

    def __str__(self) -> str:
        """Return the canonical form."""
        return self.canonical
