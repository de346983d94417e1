"""What a field of a value may hold: checks for attrs that refuse with our own error.

Validators that come with attrs raise ``TypeError``; a caller of this package needs one family to catch.
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
    """Make a validator that accepts instances of ``kinds`` alone, and refuses with ``error``.

    A :class:`~datetime.datetime` is not taken for a :class:`~datetime.date`, nor a bool for a number: both would pass
    ``isinstance`` and mean something else.
    """
    names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """Name the field and the type, never the value."""
        mistaken = isinstance(value, datetime) and datetime not in kinds and date in kinds
        if not isinstance(value, kinds) or mistaken or (isinstance(value, bool) and bool not in kinds):
            found = type(value).__name__
            raise error(f"expected {attribute.name} to be {names}, got {found}")

    return check
