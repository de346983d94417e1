"""Amounts of money in whole cents.

An amount is an integer number of cents.  Every computation of this package is exact, on integers.  Three constructors
exist, one for each source of an amount:

* :class:`Euros` accepts whole cents, as databases and banks store them;
* :meth:`Euros.parse` parses the text that a person typed into a French form (rule R9);
* :meth:`Euros.exact` parses machine text, in one unambiguous spelling.

>>> Euros(2000) + Euros(1)
Euros(2001)
>>> str(sum([Euros(700), Euros(380)]))
'10.80'
>>> Euros.parse(" 1 234,5 € ")
Euros(123450)
>>> Euros.exact("16.00") == Euros(1600)
True
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Self

import attrs

from ._validators import describe
from .codes import VerdictCode
from .errors import InvalidAmountError

# At most ten digits of euros: with the cents, these are the twelve digits of a bank's amount field.
_MOST_TYPED = 10
_UNIT = "(?:€|euros?|eur)?"
_WHOLE = "[0-9]{1,10}|[1-9][0-9]{0,2}(?: [0-9]{3}){1,3}"
_TYPED = re.compile(rf"{_UNIT} ?(?:({_WHOLE})(?:[.,]([0-9]{{1,2}}))?)? ?{_UNIT}", re.ASCII | re.IGNORECASE)
_EXACT = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2})0{0,10})?")
_CENTS_PER_EURO = 100
_LARGEST = 10**12
_MOST_DIGITS = 28  # of a Decimal: more than an amount has, and few enough to convert quickly


def _refuse(text: str, code: VerdictCode = VerdictCode.AMOUNT_BAD_FORMAT) -> InvalidAmountError:
    return InvalidAmountError(text, code=code)


def _validate_cents(_: Euros, __: attrs.Attribute[int], cents: object) -> None:
    """Raise unless the value is an int, zero or more.  A bool is an int to Python, and no number of cents."""
    if type(cents) is not int:
        raise _refuse(f"expected cents to be an int, got {type(cents).__name__}")
    if cents < 0:
        raise _refuse("expected cents to be zero or more, got a negative int")


def _cents_of_parts(euros: str, decimals: str | None) -> int:
    return int(euros) * _CENTS_PER_EURO + int((decimals or "").ljust(2, "0"))


def _cents_of_decimal(value: Decimal) -> int:
    """Convert euros to cents by integer arithmetic, since the decimal context could round."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or sign or len(digits) > _MOST_DIGITS or abs(exponent) > _MOST_DIGITS:
        found = f"sign {sign}, {len(digits)} digits, exponent {exponent}"
        raise _refuse(f"expected a finite Decimal, zero or more, with at most {_MOST_DIGITS} digits, got {found}")
    shift = exponent + 2
    whole = int("".join(map(str, digits)) + "0" * shift)
    cents, rest = divmod(whole, int("1" + "0" * -shift))
    if rest:
        raise _refuse("expected a Decimal of whole cents, got a fraction of a cent")
    return cents


@attrs.frozen(order=True, repr=False)
class Euros:
    """An amount of money in whole cents, zero or more.

    Args:
        cents: The amount in cents, as an int.

    Raises:
        InvalidAmountError: for a float, a text, a bool, a negative number or any other value.
    """

    cents: int = attrs.field(validator=_validate_cents)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text that a person typed into a French form (rule R9).

        The text consists of one to ten digits, optionally a comma or a point followed by one or two decimals, and
        optionally the unit at either end: ``€``, ``EUR``, ``euro`` or ``euros``.  A space of any kind may separate the
        unit, and groups of three digits.  Any other space is refused, since ``1 6`` may mean 16 or 1.  Signs and other
        separators of thousands are refused too.  Nothing is rounded.

        Args:
            text: The content of the form's field, in euros.

        Raises:
            InvalidAmountError: with ``.code`` ``AMOUNT_REQUIRED`` for an empty field, ``AMOUNT_BAD_FORMAT`` otherwise.

        >>> Euros.parse("20"), Euros.parse("20.5 euros"), Euros.parse("1 020,05 €")
        (Euros(2000), Euros(2050), Euros(102005))
        >>> Euros.parse("20,005")
        Traceback (most recent call last):
        creance_pay.errors.InvalidAmountError: expected digits and at most two decimals, got a text of 6 characters
        """
        if not isinstance(text, str):
            raise _refuse(f"expected text to be a str, got {type(text).__name__}")
        found = _TYPED.fullmatch(" ".join(text.split()))
        if found and not found[1]:
            raise _refuse("expected an amount, got an empty text", VerdictCode.AMOUNT_REQUIRED)
        if found is None or len(whole := found[1].replace(" ", "")) > _MOST_TYPED:
            raise _refuse(f"expected digits and at most two decimals, got {describe(text)}")
        return cls(_cents_of_parts(whole, found[2]))

    @classmethod
    def exact(cls, value: str | Decimal) -> Self:
        """Parse the machine text of a payment: an amount above zero, in ASCII digits with a decimal point.

        Trailing zeros are accepted, since the amount stays the same (``"16.000"``).  A leading zero, a sign, an
        exponent, a space, a bare point and a fraction of a cent are refused.

        Args:
            value: Euros, as a text such as ``"16.00"`` or a :class:`~decimal.Decimal` such as ``Decimal("16")``; at
                most twelve digits, those of the cents included.

        Raises:
            InvalidAmountError: for any other value.

        >>> from decimal import Decimal
        >>> Euros.exact("0.50"), Euros.exact(Decimal("1E+1"))
        (Euros(50), Euros(1000))
        """
        if isinstance(value, Decimal):
            cents = _cents_of_decimal(value)
        elif isinstance(value, str) and (found := _EXACT.fullmatch(value)):
            cents = _cents_of_parts(found[1], found[2])
        else:
            raise _refuse(f"expected euros such as 16.00, as a str or Decimal, got {describe(value)}")
        if not 0 < cents < _LARGEST:
            raise _refuse(f"expected 0.01 to 9999999999.99 euros, got {'more' if cents else 'zero'}")
        return cls(cents)

    def __add__(self, other: Euros) -> Euros:
        """Return the sum of two amounts."""
        if not isinstance(other, Euros):
            return NotImplemented
        return Euros(self.cents + other.cents)

    def __radd__(self, other: int) -> Euros:
        """Accept the int 0, from which :func:`sum` starts."""
        if type(other) is not int or other:
            return NotImplemented
        return self

    def __sub__(self, other: Euros) -> Euros:
        """Return the difference, or raise :class:`InvalidAmountError` where it would be negative."""
        if not isinstance(other, Euros):
            return NotImplemented
        return Euros(self.cents - other.cents)

    def saturating_sub(self, other: Euros) -> Euros:
        """Return the difference, or zero where it would be negative.

        Args:
            other: The amount to subtract.

        Raises:
            InvalidAmountError: when ``other`` is not an amount.

        >>> Euros(1000).saturating_sub(Euros(400)), Euros(1000).saturating_sub(Euros(1001))
        (Euros(600), Euros(0))
        """
        if not isinstance(other, Euros):
            raise _refuse(f"expected other to be Euros, got {type(other).__name__}")
        return Euros(max(self.cents - other.cents, 0))

    def __str__(self) -> str:
        """Return machine text such as ``20.00``; :mod:`creance_pay.messages` formats amounts for people."""
        euros, cents = divmod(self.cents, _CENTS_PER_EURO)
        return f"{euros}.{cents:02d}"

    def __repr__(self) -> str:
        """Return the Python expression of this amount."""
        return f"Euros({self.cents})"
