"""The system clock, and the check that a moment has a time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from .errors import ConfigurationError, CreancePayError, InvalidValueError


def utc_now() -> datetime:
    """Return the current time in UTC: the default of every ``clock`` argument."""
    return datetime.now(UTC)


def require_aware(moment: datetime, name: str, *, error: type[CreancePayError] = InvalidValueError) -> datetime:
    """Return a moment unchanged, or raise when it has no time zone.

    A datetime whose ``tzinfo`` knows no offset counts as having none.

    Args:
        moment: The moment to check.
        name: The name of the argument, for the error text.
        error: The class of the error to raise.
    """
    if isinstance(moment, datetime) and moment.utcoffset() is not None:
        return moment
    found = "a datetime without one" if isinstance(moment, datetime) else type(moment).__name__
    raise error(f"expected {name} to be a datetime with a time zone, got {found}")


def in_utc_range(moment: datetime) -> datetime | None:
    """Return a moment unchanged; ``None`` for one that UTC cannot express, at either end of the calendar."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment


def require_clock(clock: Callable[[], datetime]) -> None:
    """Raise :class:`ConfigurationError` unless a setting is a function that returns a time with its zone."""
    require_aware(clock() if callable(clock) else clock, "the time of clock", error=ConfigurationError)
