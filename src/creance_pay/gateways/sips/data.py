"""The grammar of ``Data``, the text that Sips seals: ``name=value`` pairs joined by vertical bars.

The first ``=`` of a pair separates its name from its value.  The grammar has no escapes, so a value cannot contain a
bar.  Commas separate the values of a list, dots the names of nested containers.  The text travels unchanged, in base64
or in base64url, and the seal covers the text *as it travels*.  A merchant that starts its payments by JSON receives
JSON instead of pairs.

>>> Data.parse("amount=1600|complementaryInfo=<CARD A=1/>").get("complementaryInfo")
'<CARD A=1/>'
>>> Data.parse_json('{"amount": 1600, "holderData": {"name": null}}').get("amount")
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
from .canonical_json import leaves, lists, load

_ENCODINGS = {
    "base64": re.compile(r"([0-9A-Za-z+/]*)={0,2}"),
    "base64url": re.compile(r"([0-9A-Za-z_-]*)={0,2}"),
}
_MAX_PAIRS = 1_000  # answers had some 100 names in 2022
_STANDARD_ALPHABET = str.maketrans("-_", "+/")
_NOT_ENCODED = "expected Data in UTF-8 in the encoding that Encode names, got another text"
# Halves of surrogate pairs are no characters and have no UTF-8.
_CONTROLS = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff"
_CONTROL, _BREAKING = re.compile(f"[{_CONTROLS}]"), re.compile(f"[{_CONTROLS}|]")


def flatten(fields: Mapping[str, object], within: str = "") -> dict[str, str]:
    """Convert containers to dotted names, and lists to texts with commas; ``None`` is left out.

    Args:
        fields: The fields by name.
        within: The dotted name of the container, with a dot at its end; empty for the outermost.

    Raises:
        InvalidValueError: for a value that is neither a text nor a list or a container of texts, and for a list item
            with a comma, which would become two items.
    """
    flat: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            flat[within + name] = value
        elif isinstance(value, Mapping):
            flat |= flatten(value, f"{within}{name}.")
        elif value is not None:
            flat[within + name] = _join_items(within + name, value)
    return flat


def _join_items(name: str, items: object) -> str:
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise InvalidValueError(
            f"expected {name} to be a text, or a list or a container of texts, got {type(items).__name__}"
        )
    if any("," in item for item in items):
        raise InvalidValueError(f"expected {name} without comma inside an item, got one")
    return ",".join(items)


def write(fields: Mapping[str, object]) -> str:
    """Join fields into the text to seal.

    Raises:
        InvalidValueError: for a value with a vertical bar, a line break or a control character.
    """
    flat = flatten(fields)
    if _BREAKING.search("".join(flat.values())):
        name = next(name for name, value in flat.items() if _BREAKING.search(value))
        raise InvalidValueError(f"expected {name} without vertical bar, line break or control character, got one")
    return "|".join(map("=".join, flat.items()))


def encode(text: str, encoding: str) -> str:
    """Encode a text by the encoding that the field ``Encode`` names, with padding; an empty name changes nothing."""
    if not encoding:
        return text
    return base64.b64encode(text.encode(), b"-_" if encoding == "base64url" else None).decode()


def decode(text: str, encoding: str | None) -> str:
    """Decode a text by the encoding that the field ``Encode`` names, if any; padding is optional.

    Raises:
        MalformedResponseError: for an unknown encoding, or a text that is not in its encoding.
    """
    if not encoding:
        return text
    if encoding.lower() not in _ENCODINGS:
        raise MalformedResponseError(
            f"expected the encoding base64 or base64url, got another of {len(encoding)} characters"
        )
    found = _ENCODINGS[encoding.lower()].fullmatch(text)
    if found is None:
        raise MalformedResponseError(_NOT_ENCODED)
    letters = found[1].translate(_STANDARD_ALPHABET)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4)).decode()
    except ValueError:  # one letter too many, or no UTF-8 after decoding
        raise MalformedResponseError(_NOT_ENCODED) from None


@attrs.frozen(kw_only=True)
class Data:
    """The fields of a text, each with all its values in order.

    Attributes:
        values: The values by name, in the order of the text.
        repeated: The names that have more than one value.
        well_formed: Whether each part is a pair with a name, without control characters; in JSON also whether each name
            has one value.
        lists: The names whose value is a list of JSON: no field that decides about a payment is one.
    """

    values: Mapping[str, tuple[str, ...]] = attrs.field(repr=lambda values: f"<{len(values)} names>")
    repeated: tuple[str, ...] = attrs.field(repr=False)
    well_formed: bool
    lists: frozenset[str] = attrs.field(default=frozenset(), repr=False)

    @classmethod
    def parse(cls, text: str) -> Data:
        """Parse pairs.  A part that is no pair makes the text ill-formed; the other parts are parsed.

        Raises:
            MalformedResponseError: for more than 1,000 pairs, before any is parsed.
        """
        if text.count("|") >= _MAX_PAIRS:
            raise MalformedResponseError(f"expected at most {_MAX_PAIRS} pairs, got {text.count('|') + 1}")
        names, joints, values = zip(*[part.partition("=") for part in text.split("|")], strict=True)
        if "" in joints:  # a part that is no pair has no name
            names = tuple(name if joint else "" for name, joint in zip(names, joints, strict=True))
        return cls._of(names, values, text)

    @classmethod
    def parse_json(cls, text: str) -> Data:
        """Parse a JSON object.  A text that is no object, or is too large, gives no fields and is ill-formed."""
        try:
            tree = load(text)
        except ValueError:
            return cls(values={}, repeated=(), well_formed=False)
        pairs = list(leaves(tree))
        names, values = zip(*pairs, strict=True) if pairs else ((), ())
        data = cls._of(names, values, "".join(names + values))
        return attrs.evolve(data, well_formed=data.well_formed and not data.repeated, lists=lists(tree))

    @classmethod
    def _of(cls, names: tuple[str, ...], values: tuple[str, ...], text: str) -> Data:
        """Group the pairs of a text by name."""
        clean = text.isprintable() or _CONTROL.search(text) is None
        once = dict(zip(names, zip(values, strict=False), strict=False))
        if len(once) == len(names) and "" not in once:
            return cls(values=once, repeated=(), well_formed=clean)
        gathered: dict[str, list[str]] = {}
        for name, value in zip(names, values, strict=True):
            gathered.setdefault(name, []).append(value)
        nameless = gathered.pop("", None)
        repeated = tuple(name for name, listed in gathered.items() if len(listed) > 1)
        several = {name: tuple(listed) for name, listed in gathered.items()}
        return cls(values=several, repeated=repeated, well_formed=clean and nameless is None)

    def get(self, name: str) -> str | None:
        """Return the only value of a name; ``None`` when it is absent, empty, the word ``null``, or repeated.

        Raises:
            MalformedResponseError: when the value is a list: ``["00"]`` is not the text ``00``.
        """
        if name in self.lists:
            raise MalformedResponseError(f"expected {name} to be a text, got a list")
        values = self.values.get(name, ())
        return values[0] if len(values) == 1 and values[0] not in {"", "null"} else None
