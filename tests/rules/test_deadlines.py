"""The display (R17, Q16), the deletion (R19, Q17), and the debt after a payment (R20)."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.errors import InvalidAmountError, InvalidValueError
from creance_pay.rules import after_payment, delete_on, display_by
from samples import POLICY, a_policy

PARIS = ZoneInfo("Europe/Paris")


class TestDisplay:
    """A payment is displayed within 24 elapsed hours after its acceptance, across changes of the clock too."""

    def test_elapsed_hours_in_paris(self) -> None:
        """Where the clock changes, the hour on the clock differs."""
        moments = {
            "2017-09-11T15:54:00+02:00": "2017-09-12T15:54:00+02:00",
            "2018-03-24T12:00:00+01:00": "2018-03-25T13:00:00+02:00",
            "2018-03-24T01:59:59+01:00": "2018-03-25T01:59:59+01:00",
            "2018-03-24T02:30:00+01:00": "2018-03-25T03:30:00+02:00",
            "2017-10-28T12:00:00+02:00": "2017-10-29T11:00:00+01:00",
            "2017-10-28T02:30:00+02:00": "2017-10-29T02:30:00+02:00",
            "2017-10-28T03:30:00+02:00": "2017-10-29T02:30:00+01:00",
        }

        assert moments == {
            text: display_by(datetime.fromisoformat(text).astimezone(PARIS), policy=POLICY).isoformat()
            for text in moments
        }

    def test_keeps_the_zone(self) -> None:
        """The result has the time zone of the argument."""
        assert PARIS is display_by(datetime(2018, 3, 24, 12, tzinfo=PARIS), policy=POLICY).tzinfo

    def test_delay_is_the_policy_s(self) -> None:
        """The policy gives the delay."""
        accepted = datetime(2017, 9, 11, 12, tzinfo=UTC)

        assert datetime(2017, 9, 13, 12, tzinfo=UTC) == display_by(accepted, policy=a_policy(display_delay_hours=48))

    @given(
        st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - bounds
    )
    def test_elapsed_time_is_the_delay(self, accepted: datetime) -> None:
        """In every zone, at every moment, exactly 24 hours elapse."""
        shown = display_by(accepted, policy=POLICY)

        assert timedelta(hours=24) == shown.astimezone(UTC) - accepted.astimezone(UTC)

    def test_other_values(self) -> None:
        """A datetime without a time zone, and a value of another type, are refused under both readings."""
        wrong: list[Any] = [datetime(2017, 9, 11, 15, 54), date(2017, 9, 11), "2017-09-11", None]  # noqa: DTZ001 - refused
        for policy in (POLICY, a_policy(display_counted_in="next_day")):
            for moment in wrong:
                with pytest.raises(InvalidValueError, match=r"^expected accepted_at to be a datetime with a time zone"):
                    display_by(moment, policy=policy)


class TestDeletion:
    """The acknowledgement is deleted six calendar months later, at most at the end of the month."""

    def test_calendar_months(self) -> None:
        """The day of the month stays the same, or is the last one of a shorter month."""
        days = {
            date(2018, 7, 5): date(2019, 1, 5),
            date(2018, 1, 31): date(2018, 7, 31),
            date(2018, 6, 30): date(2018, 12, 30),
            date(2018, 7, 1): date(2019, 1, 1),
            date(2018, 8, 28): date(2019, 2, 28),
            date(2018, 8, 29): date(2019, 2, 28),
            date(2018, 8, 31): date(2019, 2, 28),
            date(2019, 8, 29): date(2020, 2, 29),
            date(2019, 8, 30): date(2020, 2, 29),
            date(2018, 10, 31): date(2019, 4, 30),
            date(2018, 12, 31): date(2019, 6, 30),
            date(2020, 2, 29): date(2020, 8, 29),
        }

        assert days == {day: delete_on(day, policy=POLICY) for day in days}

    def test_months_of_a_policy(self) -> None:
        """The policy gives the number of months, over years too."""
        days = {1: date(2018, 2, 28), 11: date(2018, 12, 31), 12: date(2019, 1, 31), 25: date(2020, 2, 29)}

        assert days == {
            months: delete_on(date(2018, 1, 31), policy=a_policy(mailbox_retention_months=months)) for months in days
        }

    @given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
    def test_is_in_the_sixth_month_and_no_later_in_it(self, sent: date) -> None:
        """Six months on, the day number is the same or the last of its month."""
        deleted = delete_on(sent, policy=POLICY)

        assert 6 == (deleted.year - sent.year) * 12 + deleted.month - sent.month
        assert deleted.day == sent.day or (deleted.day < sent.day and 1 == (deleted + timedelta(days=1)).day)

    def test_other_values(self) -> None:
        """A datetime, a text or None is no day, under both readings."""
        wrong: list[Any] = [
            datetime(2018, 7, 5, tzinfo=UTC),
            datetime(2018, 7, 5, tzinfo=timezone.max),
            "2018-07-05",
            None,
        ]
        for policy in (POLICY, a_policy(retention_counted_in="days")):
            for day in wrong:
                with pytest.raises(InvalidValueError, match=r"^expected sent_on to be a date, got "):
                    delete_on(day, policy=policy)


class TestAfterPayment:
    """R20: remaining - paid; zero is SETTLED, anything else PARTIAL."""

    def test_state(self) -> None:
        """A debt of which nothing remains is settled; a remaining cent leaves it partly paid."""
        states = {2000: "PARTIAL", 5999: "PARTIAL", 6000: "SETTLED"}
        after = {paid: after_payment(Euros(6000), Euros(paid), policy=POLICY) for paid in states}

        assert states == {paid: each.state for paid, each in after.items()}
        assert {paid: Euros(6000 - paid) for paid in states} == {paid: each.remaining for paid, each in after.items()}

    def test_other_amounts(self) -> None:
        """A payment of zero, or of more than the amount due, is refused."""
        for paid, found in ((0, "zero"), (6001, "more")):
            with pytest.raises(
                InvalidAmountError, match=f"^expected paid to be above zero and at most the amount due, got {found}$"
            ):
                after_payment(Euros(6000), Euros(paid), policy=POLICY)
