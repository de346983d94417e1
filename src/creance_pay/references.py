"""The two references of a payment, which must never be confused.

A **notice reference** (*référence de courrier*) is printed on the letter that asks for money, in groups of four.
Its form is read from the guide's screens, not from a published specification (rules R1 and R2)::

    631  17  054  00000344  F
    |    |   |    |         a letter, whose meaning is unknown: any of A to Z, and nothing depends on it
    |    |   |    sequence, eight digits
    |    |   day of the year, 001 to 366
    |    year, two digits, after 2000
    caisse that issued the notice

>>> reference = NoticeReference.parse(" 6311 7054 0000 0344 f ")
>>> str(reference), reference.grouped, reference.caisse_code
('6311705400000344F', '6311 7054 0000 0344 F', '631')
>>> reference.issued_on
datetime.date(2017, 2, 23)

Fifteen digits are a frequent misprint (the guide itself has one): a correction is offered, and never applied.

>>> try:
...     NoticeReference.parse("631163120000297F")
... except InvalidReferenceError as error:
...     print(error.code, error.suggestion)
REFERENCE_BAD_LENGTH 6311631200000297F

A **transaction reference** names one attempt to pay, at the bank (rule R15): ``PCLCB``, the day in the same two parts,
a sequence of seven digits.

>>> TransactionReference.parse("PCLCB172540000004").day
datetime.date(2017, 9, 11)
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Self

import attrs

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
    """Count days from the first of the year; an impossible number leads into another year."""
    return date(_CENTURY + int(year), 1, 1) + timedelta(days=int(number) - 1)


def _day_of_year(year: str, number: str) -> date | None:
    """Decode two digits of year and three of day; an impossible day is no day."""
    day = _nth_day(year, number)
    return day if day.year == _CENTURY + int(year) else None


def _is_separator(character: str) -> bool:
    """Tell what people and word processors put between the groups: spaces, dots, hyphens of every kind."""
    return character.isspace() or character in {".", _SOFT_HYPHEN} or unicodedata.category(character) == "Pd"


def _bare(text: str) -> str:
    """Leave out the separators, each distinct character being looked up once."""
    return text.translate({ord(character): None for character in set(text) if _is_separator(character)})


def _canonical_or_none(bare: str) -> str | None:
    """Give the canonical form of a text without separators, or ``None``.

    Only ASCII letters reach ``upper()``: it would turn a dotless i or a long s into one of them.
    """
    canonical = bare.upper() if bare.isascii() else bare
    return canonical if _NOTICE.fullmatch(canonical) else None


def _with_a_zero(canonical: str) -> str | None:
    """Restore the zero that a misprint dropped from the sequence, if the date then decodes."""
    candidate = _canonical_or_none(f"{canonical[:8]}0{canonical[8:]}")
    return candidate if candidate and NoticeReference(candidate).issued_on else None


def _refusal(bare: str) -> InvalidReferenceError:
    """Say what is wrong with a text that is not a reference, and what may have been meant (rule R1)."""
    if not bare:
        return InvalidReferenceError("expected a notice reference", code=ReferenceCode.REFERENCE_REQUIRED)
    if other := _OTHER_CHARACTER.search(bare):
        return InvalidReferenceError(
            "expected digits and one letter only",
            code=ReferenceCode.REFERENCE_BAD_CHARACTER,
            character=other[0],
            suggestion=_canonical_or_none(bare.replace(other[0], "")),
        )
    canonical = bare.upper()
    if _DIGITS_AND_LETTER.fullmatch(canonical):
        return InvalidReferenceError(
            "expected sixteen digits before the letter",
            code=ReferenceCode.REFERENCE_BAD_LENGTH,
            digits=len(canonical) - 1,
            suggestion=_with_a_zero(canonical),
        )
    return InvalidReferenceError("expected sixteen digits, then a letter", code=ReferenceCode.REFERENCE_BAD_FORMAT)


def _canonical(_: NoticeReference, __: attrs.Attribute[str], text: object) -> None:
    if not isinstance(text, str) or _NOTICE.fullmatch(text) is None:
        raise InvalidReferenceError(
            "expected the canonical form, sixteen digits and a capital letter", code=ReferenceCode.REFERENCE_BAD_FORMAT
        )


@attrs.frozen(order=True, repr=False)
class NoticeReference:
    """The reference of a payment notice, valid because it exists (rules R1 and R2).

    Args:
        canonical: Sixteen ASCII digits and a capital ASCII letter; use :meth:`parse` for what a person typed.

    Raises:
        InvalidReferenceError: for anything else.
    """

    canonical: str = attrs.field(validator=_canonical)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a person typed: spaces, dots and hyphens of every kind are left out, a small letter is raised.

        Args:
            text: The content of the form's field, of any length.

        Raises:
            InvalidReferenceError: with ``.code`` (a :class:`~creance_pay.codes.ReferenceCode`), and where it helps
                ``.suggestion``, ``.character`` and ``.digits``.  The text itself is not quoted.
        """
        if not isinstance(text, str):
            raise InvalidReferenceError(
                f"expected text, got a {type(text).__name__}", code=ReferenceCode.REFERENCE_BAD_FORMAT
            )
        bare = _bare(text)
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
        """The day of issue, or ``None`` when the reference holds an impossible one (rule R2: a warning, no error)."""
        return _day_of_year(self.canonical[3:5], self.canonical[5:8])

    @property
    def sequence(self) -> int:
        """The sequence number, 0 to 99 999 999."""
        return int(self.canonical[8:16])

    @property
    def letter(self) -> str:
        """The last letter; nothing depends on it."""
        return self.canonical[16]

    @property
    def grouped(self) -> str:
        """The reference as letters print it: ``6311 7054 0000 0344 F``."""
        text = self.canonical
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    @property
    def masked(self) -> str:
        """The first three and last four characters, for logs (rule R22)."""
        return f"{self.canonical[:3]}…{self.canonical[-4:]}"

    def __str__(self) -> str:
        """Give the canonical form."""
        return self.canonical

    def __repr__(self) -> str:
        """Stay readable in a log without giving the reference away (rule R22)."""
        return f"<NoticeReference {self.masked}>"


def _transaction(_: TransactionReference, __: attrs.Attribute[str], text: object) -> None:
    known = isinstance(text, str) and _TRANSACTION.fullmatch(text) and _day_of_year(text[5:7], text[7:10])
    if not known:
        raise InvalidReferenceError(
            "expected PCLCB, two digits of year, a day of that year, seven digits", code=TransactionCode.TRANSACTION_BAD
        )


@attrs.frozen(order=True)
class TransactionReference:
    """The reference of one attempt to pay, unique for ever at the merchant (rule R15).

    It is guessable by nature: never look anything up by it without the person's own session or the bank's seal.

    Args:
        canonical: ``PCLCB``, two digits of year, three of day, seven of sequence.

    Raises:
        InvalidReferenceError: with ``.code`` ``TRANSACTION_BAD``, for anything else.
    """

    canonical: str = attrs.field(validator=_transaction)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a transaction reference from machine text, where nothing is forgiven."""
        return cls(text)

    @classmethod
    def make(cls, day: date, sequence: int) -> Self:
        """Build the reference of the ``sequence``-th attempt of a day.

        Args:
            day: The day of the attempt, in the years 2000 to 2099.
            sequence: 0 to 9 999 999; who counts is the ledger's business.

        >>> str(TransactionReference.make(date(2017, 9, 11), 4))
        'PCLCB172540000004'
        """
        possible = isinstance(day, date) and not isinstance(day, datetime) and day.year // 100 * 100 == _CENTURY
        if not possible or type(sequence) is not int or not 0 <= sequence <= _LAST_SEQUENCE:
            raise InvalidReferenceError(
                "expected a day of the years 2000 to 2099 and a sequence of 0 to 9 999 999",
                code=TransactionCode.TRANSACTION_BAD,
            )
        return cls(f"PCLCB{day:%y%j}{sequence:07d}")

    @property
    def day(self) -> date:
        """The day of the attempt."""
        return _nth_day(self.canonical[5:7], self.canonical[7:10])

    @property
    def sequence(self) -> int:
        """The number of the attempt on that day."""
        return int(self.canonical[10:])

    def __str__(self) -> str:
        """Give the canonical form."""
        return self.canonical
