r"""Format values in each language.  The type of a value chooses its format; a template chooses none.

Amounts and dates follow the Unicode CLDR, by Babel, no-break spaces included.  French usage corrects one of them, the
first day of a month.  English dates are always long, because readers disagree on the day that 05/07 means.

>>> format_euros(Euros(123450)) == "1\u202f234,50\u00a0€"
True
>>> format_long_date(date(2018, 8, 1), "fr")
'1er août 2018'
>>> format_euros(Euros(123450), lang="en"), format_value(date(2018, 7, 5), "en")
('€1,234.50', '5 July 2018')
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
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
from .letters import CareYear, DueAmount

#: The locale of each language that has sentences.
LOCALES = {"fr": Locale("fr", "FR"), "en": Locale("en", "GB")}

#: The characters between a label and its value.
SEPARATORS = {"fr": "\u00a0: ", "en": ": "}

# Online payments have fewer than 5,000 amounts, and a run few dates: a cache spares most calls of Babel.
_cached = lru_cache(maxsize=8192)


def check_language(lang: object) -> None:
    """Raise an error unless the language has sentences.

    Raises:
        MessageError: for any other value.
    """
    if not isinstance(lang, str) or lang not in LOCALES:
        raise MessageError(f"expected lang to be one of {', '.join(LOCALES)}, got {str(lang)[:40]!r}")


def format_euros(amount: Euros, *, lang: str = "fr") -> str:
    r"""Format an amount as the messages do, with its cents and the no-break spaces of the language.

    >>> format_euros(Euros(2000)) == "20,00\u00a0€"
    True
    >>> format_euros(Euros(2000), lang="en")
    '€20.00'

    Args:
        amount: The amount.
        lang: The language, ``fr`` or ``en``.

    Raises:
        MessageError: when the amount is not a :class:`~creance_pay.Euros`, or the language is another one.
    """
    check_language(lang)
    if not isinstance(amount, Euros):
        raise MessageError(f"expected amount to be Euros, got {type(amount).__name__}")
    return _amount(amount, lang)


@_cached
def _amount(amount: Euros, lang: str) -> str:
    return format_currency(Decimal(amount.cents).scaleb(-2), "EUR", locale=LOCALES[lang])


@_cached
def format_bound(amount: Euros, lang: str) -> str:
    """Format a bound as the service does, without zero cents: ``16 €``."""
    text = _amount(amount, lang)
    return text.replace(",00" if lang == "fr" else ".00", "") if amount.cents % 100 == 0 else text


def format_short_date(day: date) -> str:
    """Format a date as French letters do: ``05/07/2018``."""
    return format_date(day, "dd/MM/yyyy", locale=LOCALES["fr"])


@_cached
def format_long_date(day: date, lang: str) -> str:
    """Format a date with the name of its month: ``5 juillet 2018``, but ``1er août 2018``."""
    text = format_date(day, "long", locale=LOCALES[lang])
    return text.replace("1 ", "1er ", 1) if day.day == 1 and lang == "fr" else text


def is_singular(number: int, lang: str) -> bool:
    """Return whether a number takes the singular: 0 and 1 in French, 1 in English."""
    return LOCALES[lang].plural_form(number) == "one"


def _date(day: date, lang: str) -> str:
    return format_short_date(day) if lang == "fr" else format_long_date(day, lang)


def _list(values: tuple[object, ...], lang: str) -> str:
    return ", ".join(str(format_value(value, lang)) for value in values)


def format_lines(values: tuple[object, ...], lang: str) -> str:
    """Format values on a line each."""
    return "\n".join(str(format_value(value, lang)) for value in values)


def _care_year(part: CareYear, lang: str) -> str:
    return f"{part.year}{SEPARATORS[lang]}{_amount(part.amount, lang)}"


def _due_amount(part: DueAmount, lang: str) -> str:
    return f"{_date(part.due_on, lang)}{SEPARATORS[lang]}{_amount(part.amount, lang)}"


def format_either(values: tuple[object, ...], lang: str) -> str:
    """Format a choice of values: ``A, B ou C``."""
    *first, last = (str(format_value(value, lang)) for value in values)
    word = "ou" if lang == "fr" else "or"
    return f"{', '.join(first)} {word} {last}" if first else last


#: The format of each type.  A message whose field has another type is refused.
FORMATS: dict[type, Callable[..., object]] = {
    str: lambda text, _: text,
    Markup: lambda text, _: text,
    int: lambda number, _: number,
    Euros: _amount,
    date: _date,
    time: lambda moment, _: f"{moment:%H:%M}",
    CareYear: _care_year,
    DueAmount: _due_amount,
    NoticeReference: lambda reference, _: reference.grouped,
    tuple: _list,
    ContactLine: ContactLine.format,
}


def format_value(value: object, lang: str) -> object:
    """Format a value by its type.  Texts and whole numbers stay unchanged.

    Raises:
        MessageError: for ``None``, and for a type without a format, such as a float, or a datetime, whose day depends
            on the time zone.
    """
    if (write := FORMATS.get(type(value))) is None:
        raise MessageError(f"no format for a value of type {type(value).__name__}")
    return write(value, lang)


#: The formats that a sentence may choose in place of the type's own.
FILTERS: dict[str, Callable[..., str]] = {
    "bound": format_bound,
    "either": format_either,
    "lines": format_lines,
    "long": format_long_date,
}


def filters(lang: str) -> dict[str, Callable[..., str]]:
    """Return the filters of the templates in a language."""
    return {name: partial(write, lang=lang) for name, write in FILTERS.items()}
