"""Checks of fields: our own error, which names the field and the type and never the value."""

from datetime import date, datetime

import attrs
import pytest

from creance_pay._validators import of_type
from creance_pay.errors import ConfigurationError, InvalidValueError


@attrs.frozen
class Letter:
    """A value with a field of each kind that is easily mistaken."""

    day: date = attrs.field(default=date(2019, 11, 1), validator=of_type(date))
    moment: datetime | None = attrs.field(default=None, validator=of_type(datetime, type(None)))
    pages: int = attrs.field(default=1, validator=of_type(int))
    sealed: bool = attrs.field(default=True, validator=of_type(bool, error=ConfigurationError))


MOMENT = datetime(2019, 11, 1, 12, 30)  # noqa: DTZ001 - only its type counts


@pytest.mark.parametrize(
    "values", [{"day": date(2018, 7, 5)}, {"moment": MOMENT}, {"moment": None}, {"pages": 0}, {"sealed": False}]
)
def test_takes_the_kinds_it_names(values: dict[str, object]) -> None:
    """A value of a named kind is kept."""
    assert values.items() <= attrs.asdict(Letter(**values)).items()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"day": MOMENT}, "expected day to be date, got datetime"),
        ({"day": None}, "expected day to be date, got NoneType"),
        ({"moment": date(2018, 7, 5)}, "expected moment to be datetime or None, got date"),
        ({"pages": True}, "expected pages to be int, got bool"),
        ({"pages": "secret"}, "expected pages to be int, got str"),
        ({"pages": 1.0}, "expected pages to be int, got float"),
    ],
)
def test_refuses_any_other(values: dict[str, object], message: str) -> None:
    """The error names field and types, and quotes nothing."""
    with pytest.raises(InvalidValueError) as caught:
        Letter(**values)  # type: ignore[arg-type]

    assert message == str(caught.value)


def test_refuses_with_the_error_it_is_given() -> None:
    """A policy refuses with the error of configurations."""
    with pytest.raises(ConfigurationError, match="expected sealed to be bool, got int"):
        Letter(sealed=1)  # type: ignore[arg-type]
