"""The telephone line of the sickness insurance, which has changed its number and its price (rule R24).

>>> contact_line(date(2018, 7, 5)).number
'+33 811 70 36 46'
>>> contact_line(date(2026, 11, 23)).tariff
'service gratuit + prix de l’appel'
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources

import attrs

from .._toml import read_toml
from ..caisses import Caisse
from ..errors import MessageError


@attrs.frozen(kw_only=True)
class ContactLine:
    """A telephone number and what the call costs.

    Attributes:
        number: As it is to be dialled.
        tariff: The price, in the words of the number's operator.
        tariff_en: The same in English.
        since: The first day of this line.
        source: Where it was read.
    """

    number: str
    tariff: str
    tariff_en: str
    since: date
    source: str

    def __str__(self) -> str:
        """Give the number with its price, in French."""
        return f"{self.number} ({self.tariff})"

    def written(self, lang: str) -> str:
        """Give the number with its price, in a language that the messages have."""
        return str(self) if lang == "fr" else f"{self.number} ({self.tariff_en})"


@attrs.frozen(kw_only=True)
class _Lines:
    line: tuple[ContactLine, ...]


@cache
def _lines() -> tuple[ContactLine, ...]:
    text = resources.files(__package__).joinpath("contact.toml").read_text(encoding="utf-8")
    return read_toml(text, _Lines, origin="contact.toml").line


def contact_line(on: date, *, caisse: Caisse | None = None) -> ContactLine:
    """Give the line to print on a day.

    Args:
        on: The day on which the message is sent.
        caisse: The caisse that sends it; all have the national line.

    Raises:
        MessageError: for a day before the first known line.
    """
    del caisse  # one number for all of them: the argument is there for the day when that changes
    known = [line for line in _lines() if line.since <= on]
    if not known:
        raise MessageError("no telephone line is known on this day")
    return max(known, key=lambda line: line.since)
