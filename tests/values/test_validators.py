"""The validators of fields: an error of the package, with the field and the type and without the value."""

from datetime import date, datetime
from typing import Any

import attrs
import pytest

from creance_pay._validators import describe, of_type
from creance_pay.codes import Reason
from creance_pay.errors import ConfigurationError, InvalidValueError


@attrs.frozen
class Letter:
    """A value with fields whose types are easily confused."""

    day: date = attrs.field(default=date(2019, 11, 1), validator=of_type(date))
    moment: datetime | None = attrs.field(default=None, validator=of_type(datetime, type(None)))
    pages: int = attrs.field(default=1, validator=of_type(int))
    sealed: bool = attrs.field(default=True, validator=of_type(bool, error=ConfigurationError))


MOMENT = datetime(2019, 11, 1, 12, 30)  # noqa: DTZ001 - only its type counts


def test_accepted_types() -> None:
    """A value of a named type is kept."""
    accepted: list[dict[str, Any]] = [
        {"day": date(2018, 7, 5)},
        {"moment": MOMENT},
        {"moment": None},
        {"pages": 0},
        {"pages": Reason.NOTHING_DUE},  # of a subclass
        {"sealed": False},
    ]

    assert [] == [values for values in accepted if not values.items() <= attrs.asdict(Letter(**values)).items()]


def test_other_types() -> None:
    """The error names the field, the types and the type of the value, and does not contain the value."""
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"day": MOMENT}, "expected day to be date, got datetime"),
        ({"day": None}, "expected day to be date, got NoneType"),
        ({"moment": date(2018, 7, 5)}, "expected moment to be datetime or None, got date"),
        ({"pages": True}, "expected pages to be int, got bool"),
        ({"pages": "secret"}, "expected pages to be int, got str"),
        ({"pages": 1.0}, "expected pages to be int, got float"),
    ]
    for values, text in wrong:
        with pytest.raises(InvalidValueError, match=f"^{text}$"):
            Letter(**values)


def test_other_error() -> None:
    """The validator raises the class of error that it was built with."""
    with pytest.raises(ConfigurationError, match="expected sealed to be bool, got int"):
        Letter(sealed=1)  # type: ignore[arg-type]


def test_description() -> None:
    """The description of a value is its type, or the length of a text."""
    values = ["", "secret", None, 16, b"secret"]

    assert ["a text of 0 characters", "a text of 6 characters", "NoneType", "int", "bytes"] == list(
        map(describe, values)
    )
