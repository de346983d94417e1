"""The JSON that Sips seals: objects whose values, set one after the other, make the text under the seal.

Values are taken in the ASCII order of their names, a container at its own place and its values in the order of their
names again, a list in the order sent, a null not at all; the version of the key, the algorithm and the seal itself stay
out.  Numbers count as they are written.

>>> concatenated(load('{"seal": "x", "b": {"d": 2, "c": ["1", null, true]}, "a": "0"}'))
'01true2'

The seal covers values alone, neither their names nor where one ends: a value is only worth believing once it has the
form that its name asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

#: What can stand in a document; every number is the text of its digits.
Json = str | bool | None | list["Json"] | list[tuple[str, "Json"]]
_MOST_CONTAINERS = 200  # no answer of the bank has so many, and none of them can be too deep to go through
_UNSEALED = {"keyVersion", "sealAlgorithm", "seal"}


class Pairs(list[tuple[str, Json]]):
    """An object with all its pairs, in order: a name that is repeated is not dropped in silence."""


def load(text: str) -> Pairs:
    """Read a text that is one object.

    Raises:
        ValueError: when it is not, or has too many containers.
    """
    if text.count("{") + text.count("[") > _MOST_CONTAINERS:
        raise ValueError("too many containers")
    tree = json.loads(text, object_pairs_hook=Pairs, parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(tree, Pairs):
        raise ValueError("not an object")  # noqa: TRY004 - the one error of every text that is not a document
    return tree


def concatenated(tree: Pairs) -> str:
    """Give the text that a seal covers."""
    return _concatenated(Pairs(pair for pair in tree if pair[0] not in _UNSEALED))


def _concatenated(value: Json) -> str:
    if isinstance(value, Pairs):
        return "".join(_concatenated(inner) for _, inner in sorted(value, key=lambda pair: pair[0]))
    if isinstance(value, list):
        return "".join(_concatenated(item) for item in value)  # type: ignore[arg-type]  # of no pairs, hence of values
    return "" if value is None else _word(value)


def leaves(value: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """List the values under dotted names, as ``Data`` has them: a list of words with commas, a null as that word."""
    if isinstance(value, Pairs):
        for key, inner in value:
            yield from leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(item, list) for item in value):
        for place, item in enumerate(value):
            yield from leaves(item, f"{name}.{place}")  # type: ignore[arg-type]  # of no pairs, hence of values
    elif isinstance(value, list):
        yield name, ",".join(map(_word, value))
    else:
        yield name, _word(value)


def _word(value: object) -> str:
    """Write a value as JSON does: never as Python's ``None`` or ``True``."""
    return {None: "null", True: "true", False: "false"}.get(value, str(value))  # type: ignore[call-overload,no-any-return]
