"""The strict reader of TOML files.

By default, converters turn ``"12"`` into 12, 3.9 into 3 and ``None`` into a text, and ignore a misspelt key.  With
amounts and legal values each of these is a fault.  The reader converts nothing, ignores nothing, and names the place of
each fault.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import Any, TypeVar

import cattrs

from .errors import ConfigurationError

T = TypeVar("T")


def _exactly(kind: type) -> Any:  # noqa: ANN401 - cattrs types its hooks
    def check(value: object, _: object) -> object:
        """Return the value unchanged, or raise an error with its type."""
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return check


def strict_converter() -> cattrs.Converter:
    """Return a converter that accepts a value of the right type alone, and each key of a class alone."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (int, float, str, bool, date, datetime):
        converter.register_structure_hook(kind, _exactly(kind))
    return converter


_CONVERTER = strict_converter()


def read_toml(text: str, kind: type[T], *, origin: str) -> T:
    """Parse a TOML text into an attrs class, or into a container of attrs classes.

    Args:
        text: The content of the file.
        kind: The type to build.
        origin: The name of the file in error texts.

    Returns:
        An instance of ``kind``.

    Raises:
        ConfigurationError: for invalid TOML, an unknown or missing key, or a value of another type.
    """
    return read_toml_value(parse_toml(text, origin=origin), kind, origin=origin)


def parse_toml(text: str, *, origin: str) -> dict[str, Any]:
    """Parse a TOML text; arguments and errors as :func:`read_toml`."""
    try:
        return tomllib.loads(text)
    except ValueError as error:  # a TOMLDecodeError, or Python's error for an integer of more than 4300 digits
        raise ConfigurationError(f"{origin}: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{origin}: expected lists and tables of a few levels, got many more") from None


def read_toml_value(content: object, kind: type[T], *, origin: str) -> T:
    """Convert a part of a parsed TOML text, which is a table; see :func:`read_toml`."""
    if not isinstance(content, dict):
        raise ConfigurationError(f"{origin}: expected a table, got {type(content).__name__}")
    try:
        return _CONVERTER.structure(content, kind)
    except cattrs.BaseValidationError as error:
        faults = cattrs.transform_error(error, format_exception=_described)
        raise ConfigurationError(f"{origin}: " + "; ".join(faults)) from None


def _described(error: BaseException, kind: type | None) -> str:
    """Describe a fault: an error of this package by its own words, and a wrong type by both types."""
    if type(error) in {ConfigurationError, ValueError}:
        return str(error)
    return cattrs.v.format_exception(error, kind)
