"""The JSON that Sips seals: the text under the seal is the concatenation of an object's values in a fixed order.

The order of values is the ASCII order of their names.  A container has the place of its own name, and its values are in
the order of their names again.  A list keeps its order.  A null, ``keyVersion``, ``sealAlgorithm`` and ``seal`` are
left out.  A number is the text of its digits.

>>> text_to_seal(load('{"seal": "x", "b": {"d": 2, "c": ["1", null, true]}, "a": "0"}'))
'01true2'

The seal covers the values, but neither their names nor their boundaries: validate the form of each value for its name
before using it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

#: A value of a document; every number is the text of its digits.
Json = str | bool | None | list["Json"] | list[tuple[str, "Json"]]
_UNSEALED = {"keyVersion", "sealAlgorithm", "seal"}
# A browser can post a document that nobody sealed: it is bounded before it is parsed.  The largest answer that the
# vendor's guides print has 60 names in 3 levels.
_MAX_CONTAINERS = 100
_MAX_DEPTH = 8
_MAX_VALUES = 1_000
_MAX_NAME_CHARACTERS = 64


class Pairs(list[tuple[str, Json]]):
    """An object with all its pairs, in order, a repeated name included."""


def load(text: str) -> Pairs:
    """Parse a text that is one object.

    Raises:
        ValueError: for another text, too many containers, levels or values, or a name that is too long.
    """
    # Counted before parsing: a comma precedes each value but the first of a container.
    if text.count("{") + text.count("[") > _MAX_CONTAINERS or text.count(",") >= _MAX_VALUES:
        raise ValueError(f"expected at most {_MAX_CONTAINERS} containers and {_MAX_VALUES} values")
    tree = json.loads(text, object_pairs_hook=_pairs, parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(tree, Pairs):
        raise ValueError("expected an object")  # noqa: TRY004 - every text that is no document raises the same error
    _check_depth(tree, _MAX_DEPTH)
    return tree


def _pairs(pairs: list[tuple[str, Json]]) -> Pairs:
    if any(len(name) > _MAX_NAME_CHARACTERS for name, _ in pairs):
        raise ValueError(f"expected names of at most {_MAX_NAME_CHARACTERS} characters")
    return Pairs(pairs)


def _check_depth(value: Json, levels: int) -> None:
    if not isinstance(value, list):
        return
    if not levels:
        raise ValueError(f"expected at most {_MAX_DEPTH} levels")
    for each in value:
        _check_depth(each[1] if isinstance(value, Pairs) else each, levels - 1)  # type: ignore[index, arg-type]


def text_to_seal(tree: Pairs) -> str:
    """Return the text that a seal covers."""
    return _concatenated(Pairs(pair for pair in tree if pair[0] not in _UNSEALED))


def _concatenated(value: Json) -> str:
    if isinstance(value, Pairs):
        return "".join(_concatenated(inner) for _, inner in sorted(value, key=lambda pair: pair[0]))
    if isinstance(value, list):
        return "".join(_concatenated(item) for item in value)  # type: ignore[arg-type]  # a list of values, not pairs
    return "" if value is None else _word(value)


def lists(tree: Pairs) -> frozenset[str]:
    """Return the names of the object whose value is a list."""
    return frozenset(name for name, value in tree if isinstance(value, list) and not isinstance(value, Pairs))


def leaves(value: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values by dotted name in the form of ``Data``: a list is joined by commas, a null is that word."""
    if isinstance(value, Pairs):
        for key, inner in value:
            yield from leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(item, list) for item in value):
        for place, item in enumerate(value):
            yield from leaves(item, f"{name}.{place}")  # type: ignore[arg-type]  # a list of values, not pairs
    elif isinstance(value, list):
        yield name, ",".join(map(_word, value))
    else:
        yield name, _word(value)


def _word(value: object) -> str:
    """Return the JSON spelling of a value: ``null`` and ``true``, not ``None`` and ``True``."""
    return {None: "null", True: "true", False: "false"}.get(value, str(value))  # type: ignore[call-overload,no-any-return]
