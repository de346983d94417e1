r"""How values are written in each language: the type of a value chooses its format, never the template.

Amounts and dates are those of the Unicode CLDR, by Babel, with its no-break spaces; French usage corrects one of them,
the first of a month.  English days are always in full: 05/07 is another day to some of its readers.

>>> ascii(euros(Euros(123450)))
"'1\\u202f234,50\\xa0\\u20ac'"
>>> long_date(date(2018, 8, 1))
'1er août 2018'
>>> euros(Euros(123450), "en"), written(date(2018, 7, 5), "en")
('€1,234.50', '5 July 2018')
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency
from markupsafe import Markup

from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference
from .contact import ContactLine

#: The locale behind each language that has sentences.
LOCALES = {"fr": Locale("fr", "FR"), "en": Locale("en", "GB")}

# Online payments have fewer than 5,000 amounts, and sendings few days: what Babel wrote once is kept.
_kept = lru_cache(maxsize=8192)


@_kept
def euros(amount: Euros, lang: str = "fr") -> str:
    """Write an amount with its cents: ``20,00 €``."""
    return format_currency(Decimal(amount.cents).scaleb(-2), "EUR", locale=LOCALES[lang])


@_kept
def bound(amount: Euros, lang: str = "fr") -> str:
    """Write a bound, without cents when it has none, as the service does: ``16 €``."""
    text = euros(amount, lang)
    return text.replace(",00" if lang == "fr" else ".00", "") if amount.cents % 100 == 0 else text


def short_date(day: date) -> str:
    """Write a day as in a French letter's text: ``05/07/2018``."""
    return format_date(day, "dd/MM/yyyy", locale=LOCALES["fr"])


@_kept
def long_date(day: date, lang: str = "fr") -> str:
    """Write a day in full: ``5 juillet 2018``, but ``1er août 2018``."""
    text = format_date(day, "long", locale=LOCALES[lang])
    return text.replace("1 ", "1er ", 1) if day.day == 1 and lang == "fr" else text


def is_one(number: int, lang: str = "fr") -> bool:
    """Say whether a number takes the singular: 0 and 1 in French, 1 in English."""
    return LOCALES[lang].plural_form(number) == "one"


def _day(day: date, lang: str) -> str:
    return short_date(day) if lang == "fr" else long_date(day, lang)


def _list(values: tuple[object, ...], lang: str) -> str:
    return ", ".join(str(written(value, lang)) for value in values)


#: How each type is written; a message whose field has another type is refused.
FORMATS: dict[type, Callable[..., object]] = {
    str: lambda text, _: text,
    Markup: lambda text, _: text,
    int: lambda number, _: number,
    Euros: euros,
    date: _day,
    NoticeReference: lambda reference, _: reference.grouped,
    tuple: _list,
    ContactLine: ContactLine.written,
}


def written(value: object, lang: str = "fr") -> object:
    """Write a value by its type; text and numbers stay as they are.

    Raises:
        MessageError: for nothing at all, which would be written as ``None``, and for a type that has no format, such
            as a float, or a moment, whose day depends on the place.
    """
    if value is None:
        raise MessageError("a value of the message is missing")
    if (write := FORMATS.get(type(value))) is None:
        raise MessageError(f"no format for a value of type {type(value).__name__}")
    return write(value, lang)


#: What a sentence may ask for beside the type's own format.
FILTERS: dict[str, Callable[..., str]] = {"bound": bound, "long": long_date}


def filters(lang: str) -> dict[str, Callable[..., str]]:
    """Give the filters in a language."""
    return {name: partial(write, lang=lang) for name, write in FILTERS.items()}
