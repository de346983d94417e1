"""The base class: types of fields, required values, facts."""

from datetime import datetime
from typing import Any

import attrs
import pytest

from creance_pay import Euros
from creance_pay.errors import MessageError
from creance_pay.messages import MESSAGES, Acknowledgement, Money, Retry, Severity, sample
from creance_pay.messages.catalogue import AmountOutOfRange, PaymentAccepted
from creance_pay.messages.formats import FORMATS
from creance_pay.messages.message import field_types


def test_role_follows_severity() -> None:
    """Screen readers announce a warning and an error at once (RGAA 7.5)."""
    roles = {
        Severity.INFO: "status",
        Severity.SUCCESS: "status",
        Severity.WARNING: "alert",
        Severity.ERROR: "alert",
    }

    assert roles == {severity: severity.role for severity in Severity}


def test_facts_have_stable_values() -> None:
    """Programs compare and store them, and the style of a page names the severities."""
    assert (["info", "success", "warning", "error"], ["no", "yes", "unknown"], ["now", "later", "no"]) == (
        [severity.value for severity in Severity],
        [money.value for money in Money],
        [retry.value for retry in Retry],
    )


class TestTypes:
    """The type of a field chooses its format, so that a value has exactly that type."""

    def test_every_field_has_a_format(self) -> None:
        """Each value of a message can be written; ``None`` is the default of an optional field."""
        accepted = {type_ for kind in MESSAGES for types in field_types(kind).values() for type_ in types}

        assert {type(None)} == accepted - set(FORMATS)

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"minimum": 1600, "maximum": Euros(5000)}, "expected minimum to be Euros, got int"),
            ({"minimum": Euros(1600), "maximum": 50.0}, "expected maximum to be Euros, got float"),
            ({"minimum": None, "maximum": Euros(5000)}, "expected minimum to be Euros, got NoneType"),
            ({"minimum": "16 €", "maximum": Euros(5000)}, "expected minimum to be Euros, got str"),
        ],
    )
    def test_another_type_is_refused(self, values: dict[str, Any], text: str) -> None:
        """An amount in cents would be read as euros."""
        with pytest.raises(MessageError, match=f"^amount_out_of_range: {text}$"):
            AmountOutOfRange(**values)

    def test_optional_value_has_one_of_two_types(self) -> None:
        """Both are named; a truth value is not a number of hours."""
        text = r"^payment_accepted: expected display_delay_hours to be int or NoneType, got bool$"
        with pytest.raises(MessageError, match=text):
            PaymentAccepted(display_delay_hours=True)

    def test_moment_is_no_day(self) -> None:
        """The day of a moment depends on the time zone."""
        with pytest.raises(MessageError, match=r"^acknowledgement: expected received_on to be date, got datetime$"):
            attrs.evolve(sample(Acknowledgement), received_on=datetime(2018, 7, 5, 23, 30))  # noqa: DTZ001 - to be refused


class TestOf:
    """A message is built from the values of an answer."""

    def test_other_values_are_ignored(self) -> None:
        """An answer may carry more than the sentences need."""
        values = {"minimum": Euros(1600), "maximum": Euros(5000), "total": Euros(6000)}

        assert AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000)) == AmountOutOfRange.of(values)

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({}, "minimum, maximum; got no values"),
            ({"minimum": Euros(1600)}, "maximum; got minimum"),
            ({"minimum": Euros(1600), "maximum": None, "total": Euros(1)}, "maximum; got minimum, total"),
        ],
    )
    def test_missing_value_is_refused(self, values: dict[str, object], text: str) -> None:
        """The error names the message, the missing fields and the given ones."""
        with pytest.raises(MessageError, match=f"^amount_out_of_range needs {text}$"):
            AmountOutOfRange.of(values)
