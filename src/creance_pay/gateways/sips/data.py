"""The grammar of ``Data``, the text that Sips seals: ``name=value`` pairs joined by vertical bars.

Only the first ``=`` of a pair separates; nothing is escaped, so that a bar cannot stand in a value.  A list has commas
between its values, a container dots in its names.  The text travels as it is, or in base64, or in base64url, and the
seal covers the text *as it travels*.  A shop that starts its payments by JSON gets a JSON text instead of pairs.

>>> Data.parse("amount=1600|complementaryInfo=<CARD A=1/>").one("complementaryInfo")
'<CARD A=1/>'
>>> Data.parse('{"amount": 1600, "holderData": {"name": null}}').one("amount")
'1600'
>>> write({"amount": "1600", "customerContact": {"email": "a@b.example"}, "paymentMeanBrandList": ["CB", "VISA"]})
'amount=1600|customerContact.email=a@b.example|paymentMeanBrandList=CB,VISA'
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import attrs

from ...errors import InvalidValueError, MalformedResponseError
from .canonical_json import leaves, load

_ENCODINGS = {
    "base64": re.compile(r"([0-9A-Za-z+/]*)={0,2}"),
    "base64url": re.compile(r"([0-9A-Za-z_-]*)={0,2}"),
}
_USUAL_LETTERS = str.maketrans("-_", "+/")
# Halves of surrogate pairs are no characters, and cannot travel.
_CONTROLS = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff"
_CONTROL, _BREAKING = re.compile(f"[{_CONTROLS}]"), re.compile(f"[{_CONTROLS}|]")


def flatten(fields: Mapping[str, object], within: str = "") -> dict[str, str]:
    """Bring containers to dotted names and lists to commas; what is ``None`` is left out.

    Raises:
        InvalidValueError: for what is neither text nor a list or a container of it, and for an item of a list that has
            a comma, and would become two.
    """
    flat: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            flat[within + name] = value
        elif isinstance(value, Mapping):
            flat |= flatten(value, f"{within}{name}.")
        elif value is not None:
            flat[within + name] = _listed(within + name, value)
    return flat


def _listed(name: str, items: object) -> str:
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise InvalidValueError(f"expected {name} to be a text, or a list or a container of texts")
    if any("," in item for item in items):
        raise InvalidValueError(f"expected {name} without comma inside an item")
    return ",".join(items)


def write(fields: Mapping[str, object]) -> str:
    """Join fields into a text to seal.

    Raises:
        InvalidValueError: when a value would become two fields or break the line.
    """
    flat = flatten(fields)
    if _BREAKING.search("".join(flat.values())):
        name = next(name for name, value in flat.items() if _BREAKING.search(value))
        raise InvalidValueError(f"expected {name} without vertical bar, line break or control character")
    return "|".join(map("=".join, flat.items()))


def encode(text: str, encoding: str) -> str:
    """Put a text into the encoding that the field ``Encode`` names, padded; without a name it stays as it is."""
    if not encoding:
        return text
    return base64.b64encode(text.encode(), b"-_" if encoding == "base64url" else None).decode()


def decode(text: str, encoding: str | None) -> str:
    """Undo the encoding that the field ``Encode`` names, if any; base64 is taken with or without its padding.

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
        repeated: The names that have more than one value.
        sound: Whether every part was a pair with a name, without control characters; in JSON also with one value.
    """

    values: Mapping[str, tuple[str, ...]] = attrs.field(repr=lambda values: f"<{len(values)} names>")
    repeated: tuple[str, ...] = attrs.field(repr=False)
    sound: bool

    @classmethod
    def parse(cls, text: str) -> Data:
        """Read a text; what is not a pair is remembered as unsound, and loses nothing else."""
        if not text.startswith("{"):
            names, joints, values = zip(*[part.partition("=") for part in text.split("|")], strict=True)
            if "" in joints:  # a part that is no pair has no name
                names = tuple(name if joint else "" for name, joint in zip(names, joints, strict=True))
            return cls._of(names, values, text)
        try:
            pairs = list(leaves(load(text)))
        except ValueError:  # not JSON
            return cls(values={}, repeated=(), sound=False)
        names, values = zip(*pairs, strict=True) if pairs else ((), ())
        data = cls._of(names, values, "".join(names + values))
        return attrs.evolve(data, sound=data.sound and not data.repeated)

    @classmethod
    def _of(cls, names: tuple[str, ...], values: tuple[str, ...], text: str) -> Data:
        """Gather the pairs that came of a text, or make it."""
        sound = text.isprintable() or _CONTROL.search(text) is None
        once = dict(zip(names, zip(values, strict=False), strict=False))
        if len(once) == len(names) and "" not in once:
            return cls(values=once, repeated=(), sound=sound)
        gathered: dict[str, list[str]] = {}  # lists: one name thousands of times must not take seconds
        for name, value in zip(names, values, strict=True):
            gathered.setdefault(name, []).append(value)
        nameless = gathered.pop("", None)
        repeated = tuple(name for name, listed in gathered.items() if len(listed) > 1)
        several = {name: tuple(listed) for name, listed in gathered.items()}
        return cls(values=several, repeated=repeated, sound=sound and nameless is None)

    def one(self, name: str) -> str | None:
        """Give the only value of a name; ``None`` when it is absent, empty, the word ``null``, or given twice."""
        values = self.values.get(name, ())
        return values[0] if len(values) == 1 and values[0] not in {"", "null"} else None

    def several(self, name: str) -> tuple[str, ...]:
        """Give the items of the only value of a name, a list; none when there is no value."""
        value = self.one(name)
        return tuple(value.split(",")) if value is not None else ()
