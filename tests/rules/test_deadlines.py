"""What follows a payment: display (R17, Q16) and deletion (R19, Q17)."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.errors import InvalidAmountError, InvalidValueError
from creance_pay.rules import after_payment, delete_on, display_by
from samples import POLICY, a_policy

PARIS = ZoneInfo("Europe/Paris")


class NoOffset(tzinfo):
    """A zone that does not know its offset, so that its moments are naive."""

    def utcoffset(self, _: datetime | None) -> None:
        """Know nothing."""

    dst = utcoffset

    def tzname(self, _: datetime | None) -> None:
        """Have no name either."""


class TestDisplay:
    """A payment shows within 24 elapsed hours from acceptance, whatever the clocks do."""

    @pytest.mark.parametrize(
        ("accepted", "shown"),
        [
            ("2017-09-11T15:54:00+02:00", "2017-09-12T15:54:00+02:00"),
            ("2018-03-24T12:00:00+01:00", "2018-03-25T13:00:00+02:00"),
            ("2018-03-24T01:59:59+01:00", "2018-03-25T01:59:59+01:00"),
            ("2018-03-24T02:30:00+01:00", "2018-03-25T03:30:00+02:00"),
            ("2017-10-28T12:00:00+02:00", "2017-10-29T11:00:00+01:00"),
            ("2017-10-28T02:30:00+02:00", "2017-10-29T02:30:00+02:00"),
            ("2017-10-28T03:30:00+02:00", "2017-10-29T02:30:00+01:00"),
        ],
    )
    def test_counts_elapsed_hours_in_paris(self, accepted: str, shown: str) -> None:
        """On the day when clocks change, the hour on the clock is another."""
        moment = datetime.fromisoformat(accepted).astimezone(PARIS)

        assert shown == display_by(moment, policy=POLICY).isoformat()

    def test_keeps_the_zone(self) -> None:
        """The answer is given in the zone of the question."""
        assert PARIS is display_by(datetime(2018, 3, 24, 12, tzinfo=PARIS), policy=POLICY).tzinfo

    def test_delay_is_the_policy_s(self) -> None:
        """Another delay moves the moment."""
        accepted = datetime(2017, 9, 11, 12, tzinfo=UTC)

        assert datetime(2017, 9, 13, 12, tzinfo=UTC) == display_by(accepted, policy=a_policy(display_delay_hours=48))

    @given(
        st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - bounds
    )
    def test_elapsed_time_is_the_delay(self, accepted: datetime) -> None:
        """In every zone, at every moment, exactly 24 hours go by."""
        shown = display_by(accepted, policy=POLICY)

        assert timedelta(hours=24) == shown.astimezone(UTC) - accepted.astimezone(UTC)

    @pytest.mark.parametrize(
        "moment",
        [
            datetime(2017, 9, 11, 15, 54),  # noqa: DTZ001 - to be refused
            datetime(2017, 9, 11, 15, 54, tzinfo=NoOffset()),
            date(2017, 9, 11),
            "2017-09-11T15:54:00+02:00",
            None,
        ],
    )
    def test_refuses_a_moment_without_zone(self, moment: datetime) -> None:
        """What cannot be placed in time is refused."""
        with pytest.raises(InvalidValueError):
            display_by(moment, policy=POLICY)


class TestDeletion:
    """The acknowledgement leaves the mailbox six calendar months later, clamped to the end of the month."""

    @pytest.mark.parametrize(
        ("sent", "deleted"),
        [
            (date(2018, 7, 5), date(2019, 1, 5)),
            (date(2018, 1, 31), date(2018, 7, 31)),
            (date(2018, 6, 30), date(2018, 12, 30)),
            (date(2018, 7, 1), date(2019, 1, 1)),
            (date(2018, 8, 28), date(2019, 2, 28)),
            (date(2018, 8, 29), date(2019, 2, 28)),
            (date(2018, 8, 31), date(2019, 2, 28)),
            (date(2019, 8, 29), date(2020, 2, 29)),
            (date(2019, 8, 30), date(2020, 2, 29)),
            (date(2018, 10, 31), date(2019, 4, 30)),
            (date(2018, 12, 31), date(2019, 6, 30)),
            (date(2020, 2, 29), date(2020, 8, 29)),
        ],
    )
    def test_counts_calendar_months(self, sent: date, deleted: date) -> None:
        """The day number stays, unless the month has none such."""
        assert deleted == delete_on(sent, policy=POLICY)

    @pytest.mark.parametrize(
        ("months", "deleted"),
        [(1, date(2018, 2, 28)), (11, date(2018, 12, 31)), (12, date(2019, 1, 31)), (25, date(2020, 2, 29))],
    )
    def test_months_are_the_policy_s(self, months: int, deleted: date) -> None:
        """Another retention moves the day, over years too."""
        assert deleted == delete_on(date(2018, 1, 31), policy=a_policy(mailbox_retention_months=months))

    @given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
    def test_is_in_the_sixth_month_and_no_later_in_it(self, sent: date) -> None:
        """Six months on, the day number is the same or the last of its month."""
        deleted = delete_on(sent, policy=POLICY)

        assert 6 == (deleted.year - sent.year) * 12 + deleted.month - sent.month
        assert deleted.day == sent.day or (deleted.day < sent.day and 1 == (deleted + timedelta(days=1)).day)

    @pytest.mark.parametrize(
        "day", [datetime(2018, 7, 5, tzinfo=UTC), datetime(2018, 7, 5, tzinfo=timezone.max), "2018-07-05", None]
    )
    def test_refuses_what_is_no_day(self, day: date) -> None:
        """A moment is another day elsewhere."""
        with pytest.raises(InvalidValueError):
            delete_on(day, policy=POLICY)


class TestAfterPayment:
    """R20: remaining - paid; zero is SETTLED, anything else PARTIAL."""

    @pytest.mark.parametrize(("paid", "state"), [(2000, "PARTIAL"), (5999, "PARTIAL"), (6000, "SETTLED")])
    def test_state(self, paid: int, state: str) -> None:
        """Nothing left is settled, a cent left is not."""
        after = after_payment(Euros(6000), Euros(paid), policy=POLICY)

        assert (Euros(6000 - paid), state) == (after.remaining, after.state)

    @pytest.mark.parametrize("paid", [0, 6001])
    def test_no_payment_of_this_debt(self, paid: int) -> None:
        """Nothing, or more than what was due, is no payment of it."""
        with pytest.raises(InvalidAmountError):
            after_payment(Euros(6000), Euros(paid), policy=POLICY)
