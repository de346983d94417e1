"""The environments of a bank, and the hosts that a bank can reach."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address


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
