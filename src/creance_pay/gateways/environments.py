"""The environments of a bank, the addresses of a brand in one of them, and the hosts that a bank can reach."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import attrs

from .._validators import describe, of_type
from ..errors import ConfigurationError


class Environment(StrEnum):
    """The environments of a bank."""

    #: The local bank page, on this machine.
    LOOPBACK = "LOOPBACK"
    #: The vendor's simulation: it checks requests and stores nothing.
    SIMULATION = "SIMULATION"
    #: The vendor's test platform.
    TEST = "TEST"
    #: Real payments.
    PRODUCTION = "PRODUCTION"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_public(host: str) -> bool:
    """Return whether the bank may reach a host name or address; a private address is refused in each spelling."""
    try:
        return ip_address(host.strip("[]")).is_global
    except ValueError:
        last = host.removesuffix(".").rpartition(".")[2].lower()
        return last[:1].isalpha() and last != "localhost"


_BASE = re.compile(r"(https?)://([0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


def validate_base(host: BankHost, _: attrs.Attribute[Any], base: object) -> None:
    """Accept ``http`` for LOOPBACK only, and only this machine for LOOPBACK."""
    found = _BASE.fullmatch(base) if isinstance(base, str) else None
    local = host.environment is Environment.LOOPBACK
    if found is None or not (is_loopback(found[2]) if local else found[1] == "https"):
        wanted = "an address on this machine" if local else "an https address"
        raise ConfigurationError(f"expected {wanted}, without path, user or query, got {describe(base)}")


@attrs.frozen
class BankHost:
    """The addresses of one brand of a bank in one environment; the base of each bank's own class.

    Args:
        brand: The bank's name of the product.
        environment: The environment.
        base: The address of the bank's server, without path.

    Raises:
        ConfigurationError: for an environment that is not an :class:`Environment`, an address that is not https, or one
            for LOOPBACK that is not on this machine.
    """

    brand: str = attrs.field(validator=of_type(str, error=ConfigurationError))
    environment: Environment = attrs.field(validator=of_type(Environment, error=ConfigurationError))
    base: str = attrs.field(validator=validate_base)

    @classmethod
    def loopback(cls, url: str) -> Self:
        """Build the host of a local bank; only here is ``http`` allowed.

        Args:
            url: The address, such as ``http://127.0.0.1:8080``.  Its path is ignored.

        Raises:
            ConfigurationError: when the address is not on this machine.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ConfigurationError("expected an address on this machine, got a text that is no address") from None
        return cls("loopback", Environment.LOOPBACK, f"{parts.scheme}://{parts.netloc}")

    @classmethod
    def named(cls, name: str) -> Self:
        """Return a host of the vendor's table by the name of its attribute, or a local bank by its address.

        Raises:
            ConfigurationError: for a name that is not in the table.
        """
        known = {each: host for each, host in vars(cls).items() if isinstance(host, cls)}
        if "://" in name:
            return cls.loopback(name)
        if name not in known:
            near = ", ".join(get_close_matches(name.upper(), known, n=1) or known)
            raise ConfigurationError(f"unknown host; did you mean: {near}?")
        return known[name]

    @property
    def plain_http(self) -> bool:
        """Whether the merchant's own addresses may be ``http`` and on this machine: for LOOPBACK only."""
        return self.environment is Environment.LOOPBACK

    @property
    def production(self) -> bool:
        """Whether payments are real."""
        return self.environment is Environment.PRODUCTION
