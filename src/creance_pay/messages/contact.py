"""The telephone line of the sickness insurance.  Its number and its price changed on 1 July 2020 (rule R24)."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from importlib import resources

import attrs

from .._toml import read_toml
from ..errors import MessageError


@attrs.frozen(kw_only=True)
class ContactLine:
    """A telephone number and the price of a call.

    Attributes:
        number: The number, as a person dials it.
        tariff: The price, in the words of the operator.
        tariff_en: The price in English.
        since: The first day of this line.
        source: The id of the source, in ``creance_pay.rules.sources``.
    """

    number: str
    tariff: str
    tariff_en: str
    since: date
    source: str

    def __str__(self) -> str:
        """Return the number with its price, in French."""
        return self.format("fr")

    def format(self, lang: str) -> str:
        """Format the number with its price, in ``fr`` or ``en``.

        >>> contact_line(date(2026, 11, 23)).format("en")
        '36 46 (free service + price of the call)'
        """
        return f"{self.number} ({self.tariff if lang == 'fr' else self.tariff_en})"


@attrs.frozen(kw_only=True)
class _Lines:
    line: tuple[ContactLine, ...]


@cache
def _lines() -> tuple[ContactLine, ...]:
    text = resources.files(__package__).joinpath("contact.toml").read_text(encoding="utf-8")
    return read_toml(text, _Lines, origin="contact.toml").line


def contact_line(on: date) -> ContactLine:
    """Return the national telephone line of a day; every caisse has the same.

    Args:
        on: The day on which the message is sent.

    Raises:
        MessageError: for a day before the first known line, 1 January 2009, and for a value that is not a date.

    >>> contact_line(date(2018, 7, 5)).number
    '+33 811 70 36 46'
    >>> contact_line(date(2026, 11, 23)).tariff
    'service gratuit + prix de l’appel'
    """
    if not isinstance(on, date) or isinstance(on, datetime):
        raise MessageError(f"expected a date, got {type(on).__name__}")
    lines = [line for line in _lines() if line.since <= on]
    if not lines:
        raise MessageError(f"expected a date from {min(line.since for line in _lines())} on, got {on}")
    return max(lines, key=lambda line: line.since)
