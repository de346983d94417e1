"""The system clock, and the check of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Tell the time; the default of every ``clock`` argument in this room."""
    return datetime.now(UTC)
