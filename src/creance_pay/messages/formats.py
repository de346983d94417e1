r"""How values are written in French: the type of a value chooses its format, never the template.

Amounts and dates are those of the Unicode CLDR, by Babel, with its no-break spaces; French usage corrects one of them,
the first of a month.

>>> ascii(euros(Euros(123450)))
"'1\\u202f234,50\\xa0\\u20ac'"
>>> long_date(date(2018, 8, 1))
'1er août 2018'
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency

from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference

_LOCALE = "fr_FR"


def euros(amount: Euros) -> str:
    """Write an amount with its cents: ``20,00 €``."""
    return format_currency(Decimal(amount.cents).scaleb(-2), "EUR", locale=_LOCALE)


def bound(amount: Euros) -> str:
    """Write a bound, without cents when it has none, as the service does: ``16 €``."""
    text = euros(amount)
    return text.replace(",00", "") if amount.cents % 100 == 0 else text


def short_date(day: date) -> str:
    """Write a day as in a letter's text: ``05/07/2018``."""
    return format_date(day, "dd/MM/yyyy", locale=_LOCALE)


def long_date(day: date) -> str:
    """Write a day in full: ``5 juillet 2018``, but ``1er août 2018``."""
    text = format_date(day, "long", locale=_LOCALE)
    return text.replace("1 ", "1er ", 1) if day.day == 1 else text


def written(value: object) -> object:
    """Write a value by its type; text and numbers stay as they are.

    Raises:
        MessageError: for nothing at all, which would be written as ``None``.
    """
    if value is None:
        raise MessageError("a value of the message is missing")
    if isinstance(value, Euros):
        return euros(value)
    if isinstance(value, date):
        return short_date(value)
    if isinstance(value, NoticeReference):
        return value.grouped
    if isinstance(value, tuple):
        return ", ".join(str(written(each)) for each in value)
    return value
