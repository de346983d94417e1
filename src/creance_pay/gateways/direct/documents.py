"""The JSON documents of the bank: strict parsing, and access by dotted names.

A document with a repeated name has two meanings, and is refused.  A number with a fraction stays the text of its
digits: amounts are integers of cents, and nothing else is accepted as one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from ...errors import MalformedResponseError

_MAX_CONTAINERS = 400


def load(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Parse a document.

    Raises:
        ValueError: for bytes that are not UTF-8 or not JSON, a repeated name, a number that is none, or too many
            containers.
    """
    text = body.decode()
    if text.count("{") + text.count("[") > _MAX_CONTAINERS:
        raise ValueError(f"expected at most {_MAX_CONTAINERS} containers")
    return json.loads(text, object_pairs_hook=_unique, parse_float=str, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("expected each name once")
    return found


def _refuse(_: str) -> NoReturn:
    raise ValueError("expected a number")


def at(document: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value at a dotted path; ``None`` where there is none."""
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def text_at(document: Any, path: str) -> str | None:  # noqa: ANN401 - any JSON
    """Return the text at a dotted path; ``None`` for another value.

    A text with a control character or half a surrogate pair, which JSON can express, is no value of the bank: not
    every database stores it.
    """
    value = at(document, path)
    return value if isinstance(value, str) and value.isprintable() else None


def cents_at(document: Any, path: str) -> int | None:  # noqa: ANN401 - any JSON
    """Return the cents at a dotted path; ``None`` where there is none.

    Raises:
        MalformedResponseError: for a value that is not an integer of zero or more.
    """
    value = at(document, path)
    if value is not None and (type(value) is not int or value < 0):
        raise MalformedResponseError("expected an amount in whole cents, got another value")
    return value


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:  # noqa: ANN401 - any JSON
    """Yield the values of a document by dotted name, as text."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, (value if isinstance(value, str) else json.dumps(value),)
