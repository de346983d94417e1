"""What a text costs as an SMS: its alphabet, its units, its segments.

>>> SmsText.of("Payé\u202f: 20,00\u00a0€")
SmsText(text='Payé : 20,00 €', alphabet='GSM-7', units=15, segments=1)
>>> SmsText.of("ê").alphabet
'UCS-2'
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import attrs

from ..edges import read_toml


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
        tables = _tables()
        for typographic, plain in tables.plain.items():
            text = text.replace(typographic, plain)
        costs = {character: 1 for character in tables.basic} | {character: 2 for character in tables.extension}
        gsm7 = costs.keys() >= set(text)
        alphabet = "GSM-7" if gsm7 else "UCS-2"
        units = sum(costs[each] for each in text) if gsm7 else len(text.encode("utf-16-be", "surrogatepass")) // 2
        alone, part = tables.segments[alphabet]
        return cls(text=text, alphabet=alphabet, units=units, segments=1 if units <= alone else -(-units // part))
