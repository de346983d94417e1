"""``creance-pay gateway``: check a configuration file, and optionally ask each bank whether it accepts the settings.

The command prints no secret: of a key, it prints the version.

Exit status: 0 when every gateway of the file can be built, 3 when the file or a table is wrong, 4 when a bank does not
answer, 5 when a bank refuses the key, the merchant or the clock.  Of several, the highest.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from .._text import printable
from ..errors import ConfigurationError, GatewayUnavailableError
from ..gateways import Capability, Environment, KeyRing, RequestsTransport, SecretKey
from ..gateways.configuration import ConfiguredGateway, GatewayFile, read_file
from ..gateways.environments import BankHost
from .arguments import add_acts, add_json, seconds
from .output import print_values

_WRONG, _NO_ANSWER, _REFUSED = 3, 4, 5
_DEFAULT_SECONDS = "10"


def declare(command: ArgumentParser) -> None:
    """Declare the acts and their arguments."""
    acts = add_acts(command, {"check": (check, "check a configuration file, and list what it configures")})
    acts["check"].add_argument("file", type=Path, help="the configuration file, in TOML")
    acts["check"].add_argument("--gateway", metavar="NAME", help="check this table alone")
    acts["check"].add_argument(
        "--connect", action="store_true", help="also ask the bank whether it accepts merchant number and key"
    )
    acts["check"].add_argument(
        "--timeout",
        type=seconds,
        default=seconds(_DEFAULT_SECONDS),
        metavar="SECONDS",
        help=f"the seconds to wait for the bank (default: {_DEFAULT_SECONDS})",
    )
    add_json(acts["check"])


def check(options: Namespace) -> int:
    """Build each gateway of a file, the one in use first, and print what is configured."""
    try:
        file = read_file(options.file)
    except ConfigurationError as error:
        print(f"creance-pay: {printable(str(error))}", file=sys.stderr)
        return _WRONG
    # Without a table for the gateway in use, its error is printed like that of a wrong table.
    names = [options.gateway] if options.gateway else [file.gateway, *(set(file.tables) - {file.gateway})]
    status = 0
    for number, name in enumerate(sorted(names, key=lambda name: (name != file.gateway, name))):
        print(end="\n" if number and not options.json else "")
        status = max(status, _check(options, file, name))
    return status


def _check(options: Namespace, file: GatewayFile, name: str) -> int:
    """Check one table, print its values, and return its status."""
    values: dict[str, object] = {"gateway": name, "in_use": name == file.gateway}
    try:
        configured = file.configure(name)
    except ConfigurationError as error:
        print_values(options, {**values, "error": str(error)})
        return _WRONG
    values |= _described(configured, production=file.production)
    status = 0
    if options.connect:
        status, values["connection"] = _connect(options, configured)
    print_values(options, values)
    return status


def _described(configured: ConfiguredGateway, *, production: bool) -> Mapping[str, object]:
    """Return what is configured, without a secret."""
    gateway = configured.gateway
    settings = {name: _shown(value) for name, value in configured.settings.items()}
    return {
        "class": type(gateway).__name__,
        "production": production,
        "environment": gateway.environment,
        **settings,
        "page_life": None if gateway.page_life is None else str(gateway.page_life),
        "capabilities": sorted(gateway.capabilities),
    }


def _shown(value: object) -> object:
    """Return a setting as text: of keys the versions, the current one first."""
    if isinstance(value, KeyRing):
        current = value.current.version
        return [current, *(version for version in value.versions if version != current)]
    if isinstance(value, SecretKey):
        return value.version
    return f"{value.brand} {value.environment} {value.base}" if isinstance(value, BankHost) else value


def _connect(options: Namespace, configured: ConfiguredGateway) -> tuple[int, str]:
    """Ask the bank; return the status and its meaning."""
    gateway = configured.gateway
    if Capability.CONNECTION not in gateway.capabilities:
        return 0, "the bank has no call for it"
    local = gateway.environment is Environment.LOOPBACK
    try:
        gateway.check_connection(RequestsTransport(timeout=options.timeout.total_seconds(), direct=local))
    except GatewayUnavailableError as error:
        return _NO_ANSWER, str(error)
    except ConfigurationError as error:
        return _REFUSED, str(error)
    return 0, "accepted"
