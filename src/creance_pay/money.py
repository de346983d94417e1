"""Euros: money in whole cents.

There is no float anywhere in this package, no rounding and no tolerance: an amount is a whole number of cents or it is
refused.  Three doors lead in, one for each kind of text:

* :class:`Euros` itself takes whole cents, as databases and banks hold them;
* :meth:`Euros.parse` takes what a person types in a French form (rule R9);
* :meth:`Euros.exact` takes machine text, in the one spelling that cannot be misread.

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

from .codes import VerdictCode
from .errors import InvalidAmountError

# Ten digits of euros at most: with the cents, the twelve that a bank's amount field holds.
_TYPED = re.compile(r"([0-9]{1,10})(?:[.,]([0-9]{1,2}))?")
_EXACT = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2})0{0,10})?")
_CENTS_PER_EURO = 100
_LARGEST = 10**12
_MOST_DIGITS = 28  # of a Decimal: more than any amount has, few enough to stay cheap


def _refuse(expected: str, code: VerdictCode = VerdictCode.AMOUNT_BAD_FORMAT) -> InvalidAmountError:
    return InvalidAmountError(f"expected {expected}", code=code)


def _whole_cents(_: Euros, __: attrs.Attribute[int], cents: object) -> None:
    """Refuse what is not a whole number of cents; ``True`` is an ``int`` to Python, not to us."""
    if type(cents) is not int:
        raise _refuse(f"whole cents as an int, got a {type(cents).__name__}")
    if cents < 0:
        raise _refuse("zero or more cents")


def _from_parts(euros: str, decimals: str | None) -> int:
    return int(euros) * _CENTS_PER_EURO + int((decimals or "").ljust(2, "0"))


def _cents_of_decimal(value: Decimal) -> int:
    """Scale by whole numbers: the decimal context would round in silence."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or sign or len(digits) > _MOST_DIGITS or abs(exponent) > _MOST_DIGITS:
        raise _refuse("a finite decimal above zero, of an ordinary size")
    shift = exponent + 2
    whole = int("".join(map(str, digits)) + "0" * shift)
    cents, rest = divmod(whole, int("1" + "0" * -shift))
    if rest:
        raise _refuse("a decimal without a fraction of a cent")
    return cents


@attrs.frozen(order=True, repr=False)
class Euros:
    """An amount of money: zero or more whole cents.

    Args:
        cents: The amount in cents, a whole number.  A float, a text, a bool or a negative number is refused.

    Raises:
        InvalidAmountError: for anything else, as every operation here that has no answer.
    """

    cents: int = attrs.field(validator=_whole_cents)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a person typed in a French form (rule R9).

        Spaces of every kind and the euro sign are left out; then digits are expected, and perhaps a comma or a point
        with one or two decimals.  No sign, no other separator of thousands, no rounding.

        Args:
            text: The content of the form's field.

        Raises:
            InvalidAmountError: with ``.code`` ``AMOUNT_REQUIRED`` for an empty field, ``AMOUNT_BAD_FORMAT`` otherwise.

        >>> Euros.parse("20"), Euros.parse("20.5"), Euros.parse("20,05 €")
        (Euros(2000), Euros(2050), Euros(2005))
        >>> Euros.parse("20,005")
        Traceback (most recent call last):
        creance_pay.errors.InvalidAmountError: expected digits, and at most two decimals after a comma or a point
        """
        if not isinstance(text, str):
            raise _refuse(f"text, got a {type(text).__name__}")
        bare = "".join(text.split()).removeprefix("€").removesuffix("€")
        if not bare:
            raise _refuse("an amount", VerdictCode.AMOUNT_REQUIRED)
        found = _TYPED.fullmatch(bare)
        if found is None:
            raise _refuse("digits, and at most two decimals after a comma or a point")
        return cls(_from_parts(found[1], found[2]))

    @classmethod
    def exact(cls, value: str | Decimal) -> Self:
        """Read the machine text of a payment: above zero, ASCII digits, a point, no fraction of a cent.

        Trailing zeros are exact and hence accepted (``"16.000"``); a leading zero, a sign, an exponent, a space or
        a bare point is not.  A :class:`~decimal.Decimal` is taken when it is a whole number of cents.

        Args:
            value: Euros, such as ``"16.00"`` or ``Decimal("16")``; twelve digits with the cents at most.

        Raises:
            InvalidAmountError: for anything else.

        >>> from decimal import Decimal
        >>> Euros.exact("0.50"), Euros.exact(Decimal("1E+1"))
        (Euros(50), Euros(1000))
        """
        if isinstance(value, Decimal):
            cents = _cents_of_decimal(value)
        elif isinstance(value, str) and (found := _EXACT.fullmatch(value)):
            cents = _from_parts(found[1], found[2])
        else:
            raise _refuse(f"euros such as 16.00, as text or Decimal, got a {type(value).__name__}")
        if not 0 < cents < _LARGEST:
            raise _refuse("more than zero, and at most twelve digits with the cents")
        return cls(cents)

    def __add__(self, other: Euros) -> Euros:
        """Add two amounts."""
        if not isinstance(other, Euros):
            return NotImplemented
        return Euros(self.cents + other.cents)

    def __radd__(self, other: int) -> Euros:
        """Let :func:`sum` start from its own zero."""
        if type(other) is not int or other:
            return NotImplemented
        return self

    def __sub__(self, other: Euros) -> Euros:
        """Take away; below zero there is no amount, and :class:`InvalidAmountError` says so."""
        if not isinstance(other, Euros):
            return NotImplemented
        return Euros(self.cents - other.cents)

    def saturating_sub(self, other: Euros) -> Euros:
        """Return the difference, or zero where it would be negative.

        >>> Euros(1000).saturating_sub(Euros(400)), Euros(1000).saturating_sub(Euros(1001))
        (Euros(600), Euros(0))
        """
        if not isinstance(other, Euros):
            raise InvalidAmountError(f"expected an amount to subtract, got {type(other).__name__}")
        return Euros(max(self.cents - other.cents, 0))

    def __str__(self) -> str:
        """Give machine text, ``20.00``; what a person reads is made by :mod:`creance_pay.messages`."""
        euros, cents = divmod(self.cents, _CENTS_PER_EURO)
        return f"{euros}.{cents:02d}"

    def __repr__(self) -> str:
        """Give back the call that makes this amount."""
        return f"Euros({self.cents})"
