"""The grammar of ``Data``, the text that Sips seals: ``name=value`` pairs joined by vertical bars.

Only the first ``=`` of a pair separates; nothing is escaped, so that a bar cannot stand in a value.  The text travels
as it is, or in base64, or in base64url, and the seal covers the text *as it travels*.

>>> Data.parse("amount=1600|complementaryInfo=<CARD A=1/>").one("complementaryInfo")
'<CARD A=1/>'
>>> write({"amount": "1600", "currencyCode": "978"})
'amount=1600|currencyCode=978'
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import attrs

from ...errors import InvalidValueError, MalformedResponseError

_ENCODINGS = {
    "base64": re.compile(r"([0-9A-Za-z+/]*)={0,2}"),
    "base64url": re.compile(r"([0-9A-Za-z_-]*)={0,2}"),
}
_USUAL_LETTERS = str.maketrans("-_", "+/")
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")


def write(fields: Mapping[str, str]) -> str:
    """Join fields into a text to seal.

    Raises:
        InvalidValueError: when a value would become two fields or break the line.
    """
    for name, value in fields.items():
        if "|" in value or _CONTROL.search(value):
            raise InvalidValueError(f"expected {name} without vertical bar, line break or control character")
    return "|".join(f"{name}={value}" for name, value in fields.items())


def decode(text: str, encoding: str) -> str:
    """Undo the encoding that the field ``Encode`` names; base64 is taken with or without its padding.

    Raises:
        MalformedResponseError: for an unknown encoding, or a text that is not in it.
    """
    if not encoding:
        return text
    if encoding.lower() not in _ENCODINGS:
        raise MalformedResponseError("the encoding is not known")
    found = _ENCODINGS[encoding.lower()].fullmatch(text)
    if found is None:
        raise MalformedResponseError("the text is not in the encoding it names")
    letters = found[1].translate(_USUAL_LETTERS)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4)).decode()
    except ValueError:  # a letter too many, or not UTF-8 once decoded
        raise MalformedResponseError("the text is not in the encoding it names") from None


@attrs.frozen(kw_only=True)
class Data:
    """The fields of a text, each with all its values in order: nothing is chosen in silence.

    Attributes:
        values: The values by name, in the order of the text.
        sound: Whether every part was a pair with a name, without control characters.
    """

    values: Mapping[str, tuple[str, ...]] = attrs.field(repr=lambda values: f"<{len(values)} names>")
    sound: bool

    @classmethod
    def parse(cls, text: str) -> Data:
        """Read a text; what is not a pair is remembered as unsound, and loses nothing else."""
        values: dict[str, list[str]] = {}
        sound = _CONTROL.search(text) is None
        for part in text.split("|"):
            name, equals, value = part.partition("=")
            if equals and name:
                values.setdefault(name, []).append(value)
            else:
                sound = False
        return cls(values={name: tuple(several) for name, several in values.items()}, sound=sound)

    def one(self, name: str) -> str | None:
        """Give the only value of a name; ``None`` when it is absent, empty, the word ``null``, or given twice."""
        values = self.values.get(name, ())
        return values[0] if len(values) == 1 and values[0] not in {"", "null"} else None

    def repeated(self) -> tuple[str, ...]:
        """List the names that have more than one value."""
        return tuple(name for name, values in self.values.items() if len(values) > 1)
