"""The two references of a payment: that of the notice, and that of the transaction.

A **notice reference** (*référence de courrier*) is printed on the notice, in groups of four characters.  Its form was
read from the guide's screens (rules R1 and R2); the specification is unpublished::

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

Fifteen digits are a frequent misprint, which the guide itself contains.  The error suggests corrections; the person
chooses one.

>>> try:
...     NoticeReference.parse("631163120000297F")
... except InvalidReferenceError as error:
...     print(error.code, *error.suggestions)
REFERENCE_BAD_LENGTH 6311631200000297F 6311631200002297F 6311631200002977F

A **transaction reference** identifies one attempt to pay at the bank (rule R15).  It consists of ``PCLCB``, the year in
two digits, the day of the year in three, and a sequence number in seven.

>>> TransactionReference.parse("PCLCB172540000004").day
datetime.date(2017, 9, 11)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from string import digits
from typing import Self

import attrs

from ._validators import describe
from .caisses import find_caisse
from .codes import ReferenceCode, TransactionCode
from .errors import InvalidReferenceError

_NOTICE = re.compile(r"[0-9]{16}[A-Z]")
_DIGITS_AND_LETTER = re.compile(r"[0-9]*[A-Z]")
_OTHER_CHARACTER = re.compile(r"[^0-9A-Za-z]")
_TRANSACTION = re.compile(r"PCLCB[0-9]{12}")
_CENTURY = 2000
_LAST_SEQUENCE = 9_999_999
_SOFT_HYPHEN = "\u00ad"
_LENGTH = 17
_DATED = 8  # the characters before the sequence number: caisse, year, day
_LOOKALIKES = str.maketrans("OIL", "011")
_MOST_SUGGESTIONS = 3


def _nth_day(year: str, number: str) -> date:
    """Return the n-th day counted from 1 January.  An impossible number leads into another year."""
    return date(_CENTURY + int(year), 1, 1) + timedelta(days=int(number) - 1)


@lru_cache(maxsize=4096)  # ten years of days
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


def _with_a_digit(text: str) -> tuple[list[str], ...]:
    """List the texts with one more digit: a zero before the sequence, as in the guide; one repeated; any one."""
    places = range(len(text))
    zero = f"{text[:_DATED]}0{text[_DATED:]}"
    repeated = [f"{text[:place]}{text[place]}{text[place:]}" for place in places]
    return [zero], repeated, [f"{text[:place]}{digit}{text[place:]}" for place in places for digit in digits]


def _without_a_double(text: str) -> tuple[list[str], ...]:
    """List the texts without one of two equal neighbours."""
    return ([text[:place] + text[place + 1 :] for place in range(1, len(text)) if text[place] == text[place - 1]],)


def _retyped(text: str) -> tuple[list[str], ...]:
    """List the texts with digits in place of letters that look alike, and those with two neighbours exchanged."""
    return [text[:-1].translate(_LOOKALIKES) + text[-1]], _exchanged(text)


def _exchanged(text: str) -> list[str]:
    """List the texts with two different neighbours exchanged."""
    return [
        f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}"
        for place in range(len(text) - 1)
        if text[place] != text[place + 1]
    ]


#: The corrections of one misprint in groups, the likeliest first, by the number of characters that are too many.
_CORRECTIONS: Mapping[int, Callable[[str], tuple[list[str], ...]]] = {
    -1: _with_a_digit,
    0: _retyped,
    1: _without_a_double,
}


def _plausible(groups: Iterable[Iterable[str]], today: date | None) -> tuple[NoticeReference, ...]:
    """Choose the most plausible references among texts, at most three, the most plausible first.

    The day of issue is a real day, and not later than ``today``.  A known caisse excludes unknown ones.  Within a
    group, a small sequence number comes first: those of the guide have three digits.
    """
    texts = dict.fromkeys(text for group in groups for text in sorted(group, key=_sequence_of))
    found = [NoticeReference(text) for text in texts if _NOTICE.fullmatch(text)]
    dated = [each for each in found if _is_past(each.issued_on, today)]
    known = [*filter(_is_known, dated)]
    return tuple((known or dated)[:_MOST_SUGGESTIONS])


def _sequence_of(text: str) -> str:
    """Return the digits of the sequence number, which have the order of the numbers."""
    return text[_DATED:]


def _is_known(reference: NoticeReference) -> bool:
    """Return whether the table contains the caisse of a reference."""
    return find_caisse(reference.caisse_code) is not None


def _is_past(day: date | None, today: date | None) -> bool:
    """Return whether a day of issue is real, and not later than ``today``."""
    return day is not None and (today is None or day <= today)


def _refusal(bare: str, today: date | None) -> InvalidReferenceError:
    """Build the error for a text that is not a reference, with suggestions where possible (rule R1)."""
    if not bare:
        return InvalidReferenceError(
            "expected a notice reference, got an empty text", code=ReferenceCode.REFERENCE_REQUIRED
        )
    if other := _OTHER_CHARACTER.search(bare):
        without = _canonical_or_none(bare.replace(other[0], ""))
        return InvalidReferenceError(
            "expected digits and one letter only, got another character",
            code=ReferenceCode.REFERENCE_BAD_CHARACTER,
            character=other[0],
            suggestions=(without,) if without else (),
        )
    canonical = bare.upper()
    corrections = _CORRECTIONS.get(len(canonical) - _LENGTH)
    suggestions = tuple(map(str, _plausible(corrections(canonical), today))) if corrections else ()
    if _DIGITS_AND_LETTER.fullmatch(canonical):
        count = len(canonical) - 1
        return InvalidReferenceError(
            f"expected sixteen digits before the letter, got {count}",
            code=ReferenceCode.REFERENCE_BAD_LENGTH,
            digits=count,
            suggestions=suggestions,
        )
    return InvalidReferenceError(
        f"expected sixteen digits, then one letter, got {describe(bare)}",
        code=ReferenceCode.REFERENCE_BAD_FORMAT,
        suggestions=suggestions,
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
    def parse(cls, text: str, *, today: date | None = None) -> Self:
        """Parse the text that a person typed.

        Spaces, dots and hyphens of every kind are removed, and a lower-case letter is converted to upper case.  The
        rest of the text stays as it was typed: the error suggests corrections.

        Args:
            text: The content of the form's field, of any length.
            today: The day of the search.  Suggestions are of this day or earlier.

        Raises:
            InvalidReferenceError: with ``.code``, a :class:`~creance_pay.codes.ReferenceCode`, and where they help
                ``.suggestions``, ``.character`` and ``.digits``.  The error text hides the typed text.

        >>> NoticeReference.parse(" 6311 7054 0000 0344 f ").grouped
        '6311 7054 0000 0344 F'
        """
        if not isinstance(text, str):
            raise InvalidReferenceError(
                f"expected text to be a str, got {type(text).__name__}", code=ReferenceCode.REFERENCE_BAD_FORMAT
            )
        bare = text if _NOTICE.fullmatch(text) else _without_separators(text)
        canonical = _canonical_or_none(bare)
        if canonical is None:
            raise _refusal(bare, today)
        return cls(canonical)

    def suggestions(self, *, today: date | None = None) -> tuple[NoticeReference, ...]:
        """Return the references of which this one is probably a misprint, with two neighbours exchanged.

        A portal offers them when a search is empty.  They depend on the typed reference alone, so that they keep the
        debts private (rule R4).

        Args:
            today: The day of the search.  A reference that is dated after it is a misprint.

        Returns:
            At most three references, the most plausible first; none for a reference of a known caisse and a real day.

        >>> [str(each) for each in NoticeReference("6131705400000344F").suggestions(today=date(2026, 11, 26))]
        ['6311705400000344F']
        """
        if _is_known(self) and _is_past(self.issued_on, today):
            return ()
        return tuple(filter(_is_known, _plausible([_exchanged(self.canonical)], today)))

    @property
    def caisse_code(self) -> str:
        """The three digits of the caisse that issued the notice."""
        return self.canonical[:3]

    @property
    def issued_on(self) -> date | None:
        """The day of issue, or ``None`` where it is impossible (rule R2: only a warning)."""
        return _day_of_year(self.canonical[3:5], self.canonical[5:8])

    @property
    def sequence(self) -> int:
        """The sequence number, 0 to 99 999 999."""
        return int(self.canonical[8:16])

    @property
    def letter(self) -> str:
        """The last character.  The rules ignore it."""
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
    """The reference of one attempt to pay (rule R15).  A merchant issues each reference once.

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
        """Parse machine text, which must be the canonical form.

        >>> TransactionReference.parse("PCLCB172540000004").day
        datetime.date(2017, 9, 11)
        """
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
