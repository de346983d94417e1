"""Working days, and the deadlines of CRPA R112-11-2, with the public holidays of each region."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from creance_pay import Caisse, find_caisse
from creance_pay.errors import InvalidValueError
from creance_pay.rules import acknowledge_by, add_working_days, is_working_day, register_by


def caisse(code: str) -> Caisse:
    """Return a caisse of the directory."""
    found = find_caisse(code)
    assert found is not None
    return found


class TestHolidays:
    """Public holidays of the Code du travail, art. L3133-1, of Alsace-Moselle (L3134-13) and overseas (L3422-2)."""

    def test_common(self) -> None:
        """No weekday holiday of 2026 is a working day."""
        days = [(1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (11, 11), (12, 25)]

        assert [] == [day for day in days if is_working_day(date(2026, *day))]

    def test_regional(self) -> None:
        """A regional holiday is a working day in another region."""
        holidays = [
            ("571", date(2026, 4, 3)),  # Good Friday, Moselle
            ("673", date(2026, 4, 3)),  # Good Friday, Bas-Rhin
            ("682", date(2025, 12, 26)),  # the second day of Christmas, Haut-Rhin
            ("971", date(2026, 5, 27)),  # abolition of slavery, Guadeloupe
            ("972", date(2026, 5, 22)),  # Martinique
            ("973", date(2026, 6, 10)),  # Guyane
            ("974", date(2027, 12, 20)),  # La Réunion
            ("976", date(2026, 4, 27)),  # Mayotte
        ]

        assert [(False, True)] * len(holidays) == [
            (is_working_day(day, caisse=caisse(code)), is_working_day(day, caisse=caisse("631")))
            for code, day in holidays
        ]

    def test_week_end(self) -> None:
        """Saturday and Sunday are no working days; the Friday and the Monday around them are."""
        days = [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23)]

        assert [True, False, False, True] == [is_working_day(day) for day in days]


class TestDelays:
    """R18: the acknowledgement within ten working days, the registration within one."""

    def test_guide(self) -> None:
        """Ten working days after Thursday 5 July 2018 end on Thursday 19 July; the 14th was a Saturday."""
        assert date(2018, 7, 19) == acknowledge_by(date(2018, 7, 5))

    def test_regional(self) -> None:
        """Good Friday extends the deadline by a day in Moselle."""
        received = date(2026, 4, 1)

        assert (date(2026, 4, 16), date(2026, 4, 17)) == (
            acknowledge_by(received),
            acknowledge_by(received, caisse=caisse("571")),
        )

    def test_over_the_year(self) -> None:
        """The first of January of the next year does not count."""
        assert date(2027, 1, 4) == add_working_days(date(2026, 12, 31), 1)

    def test_registration_on_a_friday(self) -> None:
        """A payment received on a Friday is registered by Monday."""
        assert date(2026, 11, 23) == register_by(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))

    def test_registration_of_a_day(self) -> None:
        """The receipt may be given as a day."""
        assert date(2026, 11, 23) == register_by(date(2026, 11, 20))

    def test_registration_in_the_zone_of_the_caisse(self) -> None:
        """At 22:30 UTC on Thursday it is Thursday in Martinique, Friday in Paris and in La Réunion."""
        moment = datetime(2026, 7, 16, 22, 30, tzinfo=UTC)

        days = [register_by(moment), *(register_by(moment, caisse=caisse(code)) for code in ("972", "974"))]

        assert [date(2026, 7, 20), date(2026, 7, 17), date(2026, 7, 20)] == days

    def test_registration_on_a_holiday_of_the_caisse(self) -> None:
        """A payment on the day before Good Friday is registered after Easter in Moselle, the next day elsewhere."""
        moment = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)

        assert (date(2026, 4, 3), date(2026, 4, 7)) == (register_by(moment), register_by(moment, caisse=caisse("571")))

    def test_none(self) -> None:
        """Zero working days after a day is that day."""
        assert date(2026, 11, 21) == add_working_days(date(2026, 11, 21), 0)

    def test_other_types(self) -> None:
        """A datetime, a text or None is no day of receipt, and the error names the type."""
        wrong: list[tuple[Any, str]] = [
            (datetime(2026, 11, 20, tzinfo=UTC), "datetime"),
            ("2026-11-20", "str"),
            (None, "NoneType"),
        ]
        for day, found in wrong:
            with pytest.raises(InvalidValueError, match=f"^expected received_on to be a date, got {found}$"):
                acknowledge_by(day)

    @pytest.mark.parametrize("count", [-1, 1.5, float("nan"), float("inf"), 10**30, True, "1", None])
    def test_other_numbers(self, count: Any) -> None:  # noqa: ANN401 - of any type
        """A number that no count of days reaches is refused at once."""
        with pytest.raises(InvalidValueError, match=r"^expected count to be an int from 0 to 10000, got"):
            add_working_days(date(2026, 11, 20), count)

    @pytest.mark.parametrize("day", [datetime(2026, 12, 25, tzinfo=UTC), "2026-12-25", None])
    def test_no_date(self, day: Any) -> None:  # noqa: ANN401 - of any type
        """A datetime at Christmas is no date: it was a working day, since no holiday is equal to it."""
        for count in (lambda: is_working_day(day), lambda: add_working_days(day, 1)):
            with pytest.raises(InvalidValueError, match=r"^expected day to be a date, got"):
                count()

    def test_registration_of_other_types(self) -> None:
        """A datetime without a time zone and a text are no moment of receipt."""
        with pytest.raises(InvalidValueError, match=r"^expected received_at to be a datetime with a time zone"):
            register_by(datetime(2026, 11, 20))  # noqa: DTZ001 - the fault under test
        with pytest.raises(InvalidValueError, match=r"^expected received_at to be a date, got str$"):
            register_by("2026-11-20")  # type: ignore[arg-type]
