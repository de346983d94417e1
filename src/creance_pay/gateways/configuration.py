"""Configuration: a gateway from a name and settings, or from a file in TOML.

The file names the bank in use, and has a table of settings for each bank::

    gateway = "direct"
    production = false

    [direct]
    merchant_id = "CPAM-MADE-UP"
    host = "CAWL_TEST"
    keys = "api-keys.json"
    webhook_keys = "webhook-keys.json"

The settings of a table are the arguments of the gateway's class.  Their types decide how a value of the file is
converted; no other value is accepted.  Secrets are in a key file or in the environment.

>>> load("mybank")  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
creance_pay.errors.ConfigurationError: expected the name of a gateway among direct, sips, sips-json, got 'mybank'
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from enum import Enum, StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from .._secret import as_secret
from .._toml import parse_toml, read_toml_value, strict_converter
from .._validators import describe
from ..errors import ConfigurationError, InvalidValueError
from .base import Gateway
from .environments import BankHost, Environment
from .keys import KeyRing, SecretKey
from .registry import find_gateway

#: The types of values in a file.  A value of another type is an object of the program, and is not converted.
_WRITTEN = (str, int, float, bool, list, dict, date, datetime, time, PathLike)
_PERIOD = re.compile(r"([0-9]{1,5}) (second|minute|hour|day)s?")
_SECRET_NAME = re.compile(r"secret|passphrase|password|passwd|token|private", re.IGNORECASE)
_REMEDY = (
    "a secret does not belong here: name a key file, which `creance-pay keys create` makes, or an environment variable"
)


@attrs.frozen(kw_only=True)
class ConfiguredGateway:
    """A gateway with the settings that built it.

    Attributes:
        name: Its declared name.
        settings: The settings, converted.
        gateway: The gateway.
    """

    name: str
    settings: Mapping[str, object] = attrs.field(repr=False)
    gateway: Gateway


@attrs.frozen(kw_only=True)
class GatewayFile:
    """A configuration file, parsed; its tables are converted when a gateway is built.

    Attributes:
        path: The file.
        gateway: The name of the gateway in use.
        production: Whether payments are real.
        tables: The settings of each gateway by its name.
    """

    path: Path
    gateway: str
    production: bool
    tables: Mapping[str, Mapping[str, object]] = attrs.field(repr=False)

    def configure(self, name: str | None = None, **settings: object) -> ConfiguredGateway:
        """Build the gateway of a table, by default the one in use; errors and ``settings`` as :func:`from_file`."""
        chosen = name or self.gateway
        try:
            given = {**self._table(chosen), **settings}
            return _configure(chosen, given, production=self.production, folder=self.path.parent)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.path}: [{chosen}]: {error}") from error

    def _table(self, name: str) -> Mapping[str, object]:
        """Return the table of a gateway, in which no option has the name of a secret."""
        if name not in self.tables:
            raise ConfigurationError(f"expected this table, got {', '.join(self.tables) or 'no table'}")
        for option in _secret_names(self.tables[name]):
            raise ConfigurationError(f"{option}: {_REMEDY}")
        return self.tables[name]


@attrs.frozen(kw_only=True)
class _Head:
    """The options of a file above its tables."""

    gateway: str
    production: bool


@attrs.frozen(kw_only=True)
class _Variable:
    """A key whose secret is in an environment variable."""

    version: str
    variable: str
    not_after: datetime | None = None


def load(name: str, /, *, production: bool | None = None, **settings: object) -> Gateway:
    """Build a gateway by its declared name.

    Args:
        name: ``sips``, ``sips-json``, ``direct``, or a name that another package declares.
        production: Whether payments are real, compared with the gateway's environment; ``None`` for no comparison.
        settings: The arguments of the gateway's class, by name: objects, or values as a file has them.

    Raises:
        ConfigurationError: for a name that no package or two packages declare, a package whose import fails, a setting
            that is unknown, missing or refused, or an environment that contradicts ``production``.

    >>> keys = KeyRing([SecretKey(version="1", secret="002001000000001_KEY1")], current="1")
    >>> load("sips", merchant_id="002001000000001", keys=keys, host="WORLDLINE_SIMULATION").environment
    <Environment.SIMULATION: 'SIMULATION'>
    """
    return _configure(name, settings, production=production, folder=Path()).gateway


def from_file(path: str | PathLike[str], *, gateway: str | None = None, **settings: object) -> Gateway:
    """Build the gateway that a configuration file names.

    Args:
        path: The file, in TOML.  The paths of key files in it are relative to its folder.
        gateway: The name of another table of the file, such as the bank before a change; by default the bank in use.
        settings: Further arguments of the gateway's class, which a file cannot have, such as ``clock`` or
            ``transport``.

    Raises:
        ConfigurationError: for a file that cannot be read or is no TOML, a gateway as for :func:`load`, an option that
            is unknown, missing or of another type, a secret in the file, or an environment that contradicts
            ``production``.  The error names the file, the table and the option, and hides the value.

    The gateway in use, and that of the bank before a change::

        gateway = from_file("/etc/portal/gateway.toml")
        before = from_file("/etc/portal/gateway.toml", gateway="sips")
    """
    return read_file(path).configure(gateway, **settings).gateway


def read_file(path: str | PathLike[str]) -> GatewayFile:
    """Parse a configuration file; errors as :func:`from_file`."""
    place = Path(path)
    try:
        content = parse_toml(place.read_text(encoding="utf-8"), origin=str(place))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{place} cannot be read: {type(error).__name__}") from None
    tables = {name: each for name, each in content.items() if isinstance(each, dict)}
    head = {name: each for name, each in content.items() if name not in tables}
    try:
        _check_names(head, [field.name for field in attrs.fields(_Head)])
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from None
    parsed = read_toml_value(head, _Head, origin=str(place))
    return GatewayFile(path=place, gateway=parsed.gateway, production=parsed.production, tables=tables)


def _configure(
    name: str, settings: Mapping[str, object], *, production: bool | None, folder: Path
) -> ConfiguredGateway:
    """Check the names of settings, convert their values, and build the gateway."""
    build = find_gateway(name)
    arguments = {
        each.name: each for each in inspect.signature(build).parameters.values() if each.kind is not each.VAR_KEYWORD
    }
    if production is not None and "production" in arguments:
        settings = {**settings, "production": production}
    needed = [each.name for each in arguments.values() if each.default is each.empty]
    _check_names(settings, arguments, needed=needed)
    converted = dict(_convert(settings, _types_of(build) if settings else {}, folder))
    gateway = _build(build, name, converted)
    if production is not None:
        _check_environment(gateway, production=production)
    return ConfiguredGateway(name=name, settings=converted, gateway=gateway)


def _check_names(settings: Iterable[str], known: Iterable[str], *, needed: Iterable[str] | None = None) -> None:
    """Refuse an unknown setting, and a missing one that has no default, by its name."""
    given, known = set(settings), list(known)
    for name in sorted(given.difference(known)):
        near = get_close_matches(name, known, n=1)
        raise ConfigurationError(f"unknown setting {name}; did you mean: {', '.join(near or known)}?")
    missing = [name for name in (known if needed is None else needed) if name not in given]
    if missing:
        raise ConfigurationError(f"missing setting: {', '.join(missing)}")


def _build(build: Callable[..., Gateway], name: str, settings: Mapping[str, object]) -> Gateway:
    """Call the class; an error of another family is wrapped without its text, which may show a value."""
    try:
        return build(**settings)
    except ConfigurationError:
        raise
    except InvalidValueError as error:
        raise ConfigurationError(str(error)) from error
    except Exception as error:
        raise ConfigurationError(f"the gateway {name} refuses its settings: {type(error).__name__}") from error


def _check_environment(gateway: Gateway, *, production: bool) -> None:
    """Refuse a test platform for real payments, and the reverse."""
    environment = getattr(gateway, "environment", None)
    if environment is None:
        raise ConfigurationError("expected a gateway that names its environment, to compare with production, got none")
    if production is not (environment is Environment.PRODUCTION):
        word = "true" if production else "false"
        raise ConfigurationError(f"production is {word}, and the host is that of the environment {environment}")


def _secret_names(table: object, path: str = "") -> Iterator[str]:
    """Yield the options, at any depth, whose name is that of a secret."""
    for name, value in table.items() if isinstance(table, dict) else ():
        place = f"{path}.{name}" if path else name
        if _SECRET_NAME.search(name):
            yield place
        for each in value if isinstance(value, list) else [value]:
            yield from _secret_names(each, place)


# ---- conversion


def _types_of(build: Callable[..., Gateway]) -> dict[str, Any]:
    """Return the types of the arguments of a class or a function by name."""
    function: Any = build
    function = function.__init__ if isinstance(build, type) else function
    try:
        return get_type_hints(function, vars(sys.modules[function.__module__]))
    except NameError as error:
        raise ConfigurationError(f"the types of its settings cannot be read: {error}") from error


def _convert(settings: Mapping[str, object], types: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, object]]:
    """Yield each setting with its value, converted to the type of its argument."""
    converter = _converter(folder)
    for name, value in settings.items():
        kind = types.get(name, Any)
        try:
            made = converter.structure(value, kind) if isinstance(value, _WRITTEN) else value
        except cattrs.StructureHandlerNotFoundError:
            raise ConfigurationError(f"{name}: expected an object of the program, got {describe(value)}") from None
        except cattrs.BaseValidationError as error:
            raise ConfigurationError("; ".join(cattrs.transform_error(error, name, _reason))) from None
        except Exception as error:  # a conversion of a type that this package does not use
            ours = isinstance(error, ConfigurationError | ValueError)
            reason = str(error) if ours else f"expected {kind}, got {describe(value)}"
            raise ConfigurationError(f"{name}: {reason}") from error
        yield name, made


def _reason(error: BaseException, _: type | None) -> str:
    """Return the reason of a fault inside a table or a list."""
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"unknown {', '.join(sorted(error.extra_fields))}"
    return f"missing {error}" if isinstance(error, KeyError) else str(error)


def _converter(folder: Path) -> cattrs.Converter:
    """Build the strict converter of settings.

    Args:
        folder: The folder that paths are relative to.
    """
    converter = strict_converter()

    def read_ring(value: object, _: object) -> KeyRing:
        """Read the keys of a file beside the configuration."""
        return _read_ring(value, folder, converter)

    def read_list(value: object, kind: Any) -> object:  # noqa: ANN401 - a generic type
        """Read a list of the file."""
        if not isinstance(value, list):  # a text would be a list of its letters
            raise ConfigurationError(f"expected a list, got {describe(value)}")
        inner = kind.__args__[0]
        return get_origin(kind)(converter.structure(each, inner) for each in value)

    def read_host(value: Any, kind: type[BankHost]) -> BankHost:  # noqa: ANN401 - of a file
        """Read the name of a host, or its table."""
        if isinstance(value, str):
            return kind.named(value)
        made: BankHost = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)(value, kind)
        return made

    converter.register_structure_hook(KeyRing, read_ring)
    converter.register_structure_hook(SecretKey, lambda value, _: read_ring(value, None).current)
    converter.register_structure_hook(timedelta, _read_period)
    converter.register_structure_hook(Path, lambda value, _: folder / value)
    converter.register_structure_hook_func(lambda kind: _origin_of(kind) in {tuple, list}, read_list)
    converter.register_structure_hook(BankHost, read_host)
    for words in (Enum, StrEnum):  # the base alone would be converted as a text is
        converter.register_structure_hook(words, _read_word)
    return converter


def _origin_of(kind: Any) -> object:  # noqa: ANN401 - any type
    return get_origin(kind)


def _read_period(value: object, _: object) -> timedelta:
    """Read a period, such as ``20 minutes``."""
    found = _PERIOD.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected a period such as 20 minutes, got {describe(value)}")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _read_word(value: object, kind: Any) -> object:  # noqa: ANN401 - any enumeration
    """Read a member of an enumeration by its value."""
    words = [member.value for member in kind]
    if value not in words:
        raise ValueError(f"expected one of {', '.join(map(str, words))}, got {describe(value)}")
    return kind(value)


def _read_ring(value: object, folder: Path, converter: cattrs.Converter) -> KeyRing:
    """Read a key ring from a key file, or from environment variables; the first variable's key is the current one.

    The received value is not shown: it may be a secret in the wrong place.
    """
    if isinstance(value, str | PathLike):
        if not _is_file(path := folder / value):
            raise ConfigurationError(
                f"expected the path of a key file, got {describe(value)} that names no file; {_REMEDY}"
            )
        return KeyRing.from_file(path)
    if not isinstance(value, list) or not value:
        raise ConfigurationError(f"expected a key file, or a list of keys, got {describe(value)}; {_REMEDY}")
    keys: list[SecretKey] = []
    for each in converter.structure(value, list[_Variable]):
        if not os.environ.get(each.variable):
            raise ConfigurationError(
                f"expected the environment variable of key {len(keys) + 1} to be set, got one that is not; {_REMEDY}"
            )
        secret = as_secret(os.environ[each.variable])
        keys.append(SecretKey(version=each.version, secret=secret, not_after=each.not_after))
    return KeyRing(keys, current=keys[0].version)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that cannot be a path
        return False
