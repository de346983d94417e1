"""The clock, and the check of a time zone."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import pytest

from creance_pay._clock import require_aware, utc_now
from creance_pay.errors import ConfigurationError, InvalidValueError


class NoOffset(tzinfo):
    """A zone without an offset, so that its moments are naive."""

    def utcoffset(self, _: datetime | None) -> None:
        """Return no offset."""

    dst = utcoffset

    def tzname(self, _: datetime | None) -> None:
        """Return no name."""


def test_now_is_in_utc() -> None:
    """The current time has the zone UTC, and is the machine's."""
    before = datetime.now(UTC)

    now = utc_now()

    assert UTC is now.tzinfo
    assert before <= now <= before + timedelta(minutes=1)


def test_aware_moment_is_returned() -> None:
    """A moment with a zone comes back unchanged."""
    moment = datetime(2017, 9, 11, 13, 54, tzinfo=UTC)

    assert moment is require_aware(moment, "moment")


def test_other_values() -> None:
    """The error names the argument and the type, and has the class that the caller chose."""
    wrong: list[tuple[Any, str]] = [
        (datetime(2017, 9, 11, 15, 54), "a datetime without one"),  # noqa: DTZ001 - the fault under test
        (datetime(2017, 9, 11, 15, 54, tzinfo=NoOffset()), "a datetime without one"),
        (date(2017, 9, 11), "date"),
        ("2017-09-11T15:54:00+02:00", "str"),
        (None, "NoneType"),
    ]
    for moment, found in wrong:
        with pytest.raises(
            InvalidValueError, match=f"^expected accepted_at to be a datetime with a time zone, got {found}$"
        ):
            require_aware(moment, "accepted_at")
        with pytest.raises(ConfigurationError):
            require_aware(moment, "accepted_at", error=ConfigurationError)
