"""The one door by which a TOML file enters: nothing is coerced, nothing is ignored.

Left to themselves, converters turn ``"12"`` into 12, 3.9 into 3 and ``None`` into a text, and drop a misspelt key.
For money and law each of these is a fault, so that the converter here refuses them all, with the place.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import Any, TypeVar

import cattrs

from .errors import ConfigurationError

T = TypeVar("T")


def _exactly(kind: type) -> Any:  # noqa: ANN401 - the hook's own types are those of cattrs
    def check(value: object, _: object) -> object:
        """Name the type that was found, and give the value back unchanged."""
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return check


def _strict_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (int, str, bool, date, datetime):
        converter.register_structure_hook(kind, _exactly(kind))
    return converter


_CONVERTER = _strict_converter()


def read_toml(text: str, kind: type[T], *, origin: str) -> T:
    """Read a TOML text into an attrs class or a container of them.

    Args:
        text: The content of the file.
        kind: What it has to be.
        origin: The name to give the file in an error.

    Raises:
        ConfigurationError: for broken TOML, an unknown or missing key, a value of another type; with the place.
    """
    try:
        return _CONVERTER.structure(tomllib.loads(text), kind)
    except ValueError as error:  # TOMLDecodeError is one; so is what Python says of a number of 4301 digits
        message = f"{origin}: {error}"
    except cattrs.BaseValidationError as error:
        message = f"{origin}: " + "; ".join(cattrs.transform_error(error))
    raise ConfigurationError(message)
