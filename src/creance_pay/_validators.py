"""Validators of attrs fields that raise an error of this package, and the description of a refused value.

The validators of attrs itself raise ``TypeError``.  The callers of this package catch one family of errors.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import attrs

from .errors import CreancePayError, InvalidValueError


def of_type(
    *kinds: type, error: type[CreancePayError] = InvalidValueError
) -> Callable[[Any, attrs.Attribute[Any], object], None]:
    """Return a validator that accepts instances of ``kinds`` only.

    A :class:`~datetime.datetime` does not count as a :class:`~datetime.date`, nor a bool as an int.  Both pass
    ``isinstance``, and mean something else.

    Args:
        kinds: The accepted types.
        error: The class of the error to raise.
    """
    names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """Raise an error with the name of the field and the type of the value, without the value."""
        if type(value) in kinds:
            return
        mistaken = isinstance(value, datetime) and datetime not in kinds and date in kinds
        if not isinstance(value, kinds) or mistaken or (isinstance(value, bool) and bool not in kinds):
            found = type(value).__name__
            raise error(f"expected {attribute.name} to be {names}, got {found}")

    return check


def describe(value: object) -> str:
    """Return the description of a refused value for an error text: its type, or the length of a text."""
    return f"a text of {len(value)} characters" if isinstance(value, str) else type(value).__name__
