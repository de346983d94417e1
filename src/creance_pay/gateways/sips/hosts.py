"""The addresses of the payment page, by brand and environment.

Five brands run the same software.  *Simulation* checks requests without keeping anything; *test* has a database and a
false acquirer; *production* moves money.  Hosts are those of the vendors' guides; those never seen are left out.

>>> SipsHost.WORLDLINE_PRODUCTION.paypage
'https://payment-webinit.sips-services.com/paymentInit'
>>> SipsHost.loopback("http://127.0.0.1:8080").plain_http
True
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import ClassVar, Self
from urllib.parse import urlsplit

import attrs

from ...errors import ConfigurationError
from ...fields import of_type

_BASE = re.compile(r"(https?)://([0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


class Environment(StrEnum):
    """What an address is for."""

    #: Everything on this machine: the local bank page.
    LOOPBACK = "LOOPBACK"
    #: The vendor's check of requests, without memory.
    SIMULATION = "SIMULATION"
    #: The vendor's test platform.
    TEST = "TEST"
    #: Real money.
    PRODUCTION = "PRODUCTION"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_public(host: str) -> bool:
    """Tell whether a host name or address may be reached from the bank: no private address, however it is written."""
    try:
        return ip_address(host.strip("[]")).is_global
    except ValueError:
        last = host.removesuffix(".").rpartition(".")[2].lower()
        return last[:1].isalpha() and last != "localhost"


def _address(host: SipsHost, _: attrs.Attribute[str], base: object) -> None:
    """Let ``http`` in on this machine alone, and nothing but this machine there."""
    found = _BASE.fullmatch(base) if isinstance(base, str) else None
    local = host.environment is Environment.LOOPBACK
    if found is None or not (is_loopback(found[2]) if local else found[1] == "https"):
        raise ConfigurationError("expected an https address without path, or one on this machine for the local page")


@attrs.frozen
class SipsHost:
    """Where one brand takes payments in one environment.

    Args:
        brand: The bank's name for the product.
        environment: What the address is for.
        base: The address, without path.

    Raises:
        ConfigurationError: for an environment that is not an :class:`Environment`, or an address that is not https.
    """

    WORLDLINE_SIMULATION: ClassVar[SipsHost]
    WORLDLINE_TEST: ClassVar[SipsHost]
    WORLDLINE_PRODUCTION: ClassVar[SipsHost]

    brand: str
    environment: Environment = attrs.field(validator=of_type(Environment, error=ConfigurationError))
    base: str = attrs.field(validator=_address)

    @classmethod
    def loopback(cls, url: str) -> Self:
        """Give the address of a bank page on this machine, the only one where ``http`` is allowed.

        Raises:
            ConfigurationError: when the host is not this machine.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ConfigurationError("expected an http address on this machine") from None
        return cls("loopback", Environment.LOOPBACK, f"{parts.scheme}://{parts.netloc}")

    @property
    def paypage(self) -> str:
        """The address that the form is posted to."""
        return f"{self.base}/paymentInit"

    @property
    def plain_http(self) -> bool:
        """Whether the merchant's own addresses may be ``http`` and on this machine."""
        return self.environment is Environment.LOOPBACK

    @property
    def production(self) -> bool:
        """Whether real money moves here."""
        return self.environment is Environment.PRODUCTION


def _worldline(environment: Environment, part: str) -> SipsHost:
    return SipsHost("Worldline Sips", environment, f"https://payment-webinit{part}.sips-services.com")


SipsHost.WORLDLINE_SIMULATION = _worldline(Environment.SIMULATION, ".simu")
SipsHost.WORLDLINE_TEST = _worldline(Environment.TEST, ".test")
SipsHost.WORLDLINE_PRODUCTION = _worldline(Environment.PRODUCTION, "")
