"""Converters of arguments: the values that they accept, and the errors of the others."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from creance_pay.cli.arguments import aware_time, day, day_or_time, seconds, whole_number


def errors_of(convert: Callable[[str], object], *texts: str) -> dict[str, str]:
    """Return the error of each text; a text that is accepted has none."""
    found = {}
    for text in texts:
        try:
            convert(text)
        except ArgumentTypeError as error:
            found[text] = str(error)
    return found


def test_aware_time() -> None:
    """A time has its zone."""
    expected = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    assert [expected] * 2 == [aware_time("2026-12-31T23:59:59+01:00"), aware_time("2026-12-31T22:59:59Z")]


def test_day_or_time() -> None:
    """A day alone begins at midnight in Paris: one hour before UTC in winter, two in summer."""
    assert {
        "2026-12-31": datetime(2026, 12, 30, 23, tzinfo=UTC),
        "2026-07-01": datetime(2026, 6, 30, 22, tzinfo=UTC),
        "2026-12-31T00:00+00:00": datetime(2026, 12, 31, tzinfo=UTC),
    } == {text: day_or_time(text) for text in ("2026-12-31", "2026-07-01", "2026-12-31T00:00+00:00")}


@pytest.mark.parametrize(
    ("convert", "expected"),
    [
        (aware_time, "expected a time with its zone, such as 2026-12-31T23:59:59+01:00"),
        (day_or_time, "expected a day or a time with its zone, such as 2026-12-31 or 2026-12-31T00:00+01:00"),
    ],
)
def test_no_time(convert: Callable[[str], object], expected: str) -> None:
    """A time without zone is refused, as is another text."""
    ends = ("0001-01-01T00:00+00:00", "9999-12-31T23:59:59+00:00")  # no hour can be added or subtracted
    texts = ("yesterday", "2026-11-23T14:00:00", "2026-02-30", "", *ends)
    assert {text: f"{expected}, got {text!r}" for text in texts} == errors_of(convert, *texts)


def test_no_day() -> None:
    """A day at an end of the calendar is refused, as is another text: a search needs the hours around it."""
    texts = ("yesterday", "2026-02-30", "2026-02-29", "", "0001-01-01", "9999-12-31")
    assert {text: f"expected a day such as 2026-12-31, got {text!r}" for text in texts} == errors_of(day, *texts)
    assert [*errors_of(day_or_time, "0001-01-01", "9999-12-31")] == ["0001-01-01", "9999-12-31"]


def test_day_is_no_time() -> None:
    """A day alone is refused where the first and the last moment of the day would differ."""
    assert ["2026-12-31"] == [*errors_of(aware_time, "2026-12-31")]


def test_whole_number() -> None:
    """The bounds are accepted; beyond them, and in any other form, a number is refused with both bounds."""
    convert, texts = whole_number(1, 99), ("0", "100", "-1", "1.5", "1_0", "٣", "many", "", "9" * 5000)
    assert [1, 99] == [convert("1"), convert("99")]
    assert {text: f"expected a whole number from 1 to 99, got {text!r}" for text in texts} == errors_of(convert, *texts)


def test_seconds() -> None:
    """Seconds may have decimals, and last at most a day."""
    texts = ("86401", "86400.1", "-1", "inf", "nan", "1e3", "many", "")
    assert [timedelta(seconds=0.5), timedelta(days=1)] == [seconds("0.5"), seconds("86400")]
    assert {text: f"expected a number of seconds from 0 to 86400, got {text!r}" for text in texts} == errors_of(
        seconds, *texts
    )
