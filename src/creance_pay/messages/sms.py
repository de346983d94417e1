"""What a text costs as an SMS: its alphabet, its units, its segments.

>>> SmsText.of("Payé\u202f: 20,00\u00a0€")
SmsText(text='Payé : 20,00 €', alphabet='GSM-7', units=15, segments=1)
>>> SmsText.of("ê").alphabet
'UCS-2'
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import attrs

from .._toml import read_toml


@attrs.frozen
class _Tables:
    basic: str
    extension: str
    segments: dict[str, tuple[int, int]]
    plain: dict[str, str]


@cache
def _tables() -> _Tables:
    text = resources.files(__package__).joinpath("gsm7.toml").read_text(encoding="utf-8")
    return read_toml(text, _Tables, origin="gsm7.toml")


@cache
def _costs() -> dict[str, int]:
    tables = _tables()
    return dict.fromkeys(tables.basic, 1) | dict.fromkeys(tables.extension, 2)


@cache
def _typography() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(_tables().plain, key=len, reverse=True))))


def plain(text: str) -> str:
    """Replace what typography puts in by what an SMS does as well with."""
    return _typography().sub(lambda found: _tables().plain[found[0]], text)


@attrs.frozen(kw_only=True)
class SmsText:
    """A text as it is sent.

    Attributes:
        text: The text, with typographic spaces and quotes made plain.
        alphabet: ``GSM-7``, or ``UCS-2`` where one character needs it.
        units: Septets, or words of sixteen bits.
        segments: How many messages are paid for.
    """

    text: str
    alphabet: str
    units: int
    segments: int

    @classmethod
    def of(cls, text: str) -> SmsText:
        """Make the typography plain, and count."""
        text, costs = plain(text), _costs()
        gsm7 = costs.keys() >= set(text)
        alphabet = "GSM-7" if gsm7 else "UCS-2"
        units = sum(map(costs.__getitem__, text)) if gsm7 else len(text.encode("utf-16-be", "surrogatepass")) // 2
        alone, part = _tables().segments[alphabet]
        return cls(text=text, alphabet=alphabet, units=units, segments=1 if units <= alone else -(-units // part))
