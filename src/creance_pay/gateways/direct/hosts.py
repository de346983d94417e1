"""The addresses of Worldline Direct, by brand and environment.

CAWL is the same interface under another host.  The hosts of a brand in preproduction and in production are a closed
list: a wrong host would receive requests that are signed with a real key.

>>> DirectHost.CAWL_PRODUCTION.api
'https://payment.cawl-solutions.fr/v2'
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import attrs

from ..._validators import describe, of_type
from ...errors import ConfigurationError
from ..environments import BankHost, Environment

_TABLE = {
    ("Worldline", Environment.TEST): "https://payment.preprod.direct.worldline-solutions.com",
    ("Worldline", Environment.PRODUCTION): "https://payment.direct.worldline-solutions.com",
    ("CAWL", Environment.TEST): "https://payment.preprod.cawl-solutions.fr",
    ("CAWL", Environment.PRODUCTION): "https://payment.cawl-solutions.fr",
}
_PAGE = re.compile(r"https://[0-9a-z-]+(?:\.[0-9a-z-]+)+")
_PATH = re.compile(r"/hostedcheckout/(?!.*\.\.)[0-9A-Za-z/_.~%?=&-]{1,500}")


def _validate_pages(_: DirectHost, __: attrs.Attribute[Any], pages: tuple[object, ...]) -> None:
    for page in pages:
        if not isinstance(page, str) or _PAGE.fullmatch(page) is None:
            raise ConfigurationError(f"expected an https address without path, user or port, got {describe(page)}")


@attrs.frozen
class DirectHost(BankHost):
    """The addresses of one brand in one environment.

    Args:
        brand: The brand: ``Worldline`` or ``CAWL``.
        environment: TEST for the bank's preproduction, PRODUCTION, or LOOPBACK.
        base: The address of the interface, without path.
        pages: The further addresses, without path, of payment pages: a contract can name a subdomain.

    Raises:
        ConfigurationError: for a host that is not the brand's in this environment, or a page that is not https.
    """

    WORLDLINE_TEST: ClassVar[DirectHost]
    WORLDLINE_PRODUCTION: ClassVar[DirectHost]
    CAWL_TEST: ClassVar[DirectHost]
    CAWL_PRODUCTION: ClassVar[DirectHost]

    pages: tuple[str, ...] = attrs.field(
        default=(), validator=[of_type(tuple, error=ConfigurationError), _validate_pages]
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a host that is not in the table."""
        if not self.plain_http and self.base != _TABLE.get((self.brand, self.environment)):
            raise ConfigurationError(f"expected the host of {self.brand} for {self.environment}, got another")

    @property
    def api(self) -> str:
        """The address below which the calls are."""
        return f"{self.base}/v2"

    def is_page(self, url: object) -> bool:
        """Return whether an address is a payment page of the bank: host equal, path below ``/hostedcheckout/``.

        >>> DirectHost.CAWL_TEST.is_page("https://payment.preprod.cawl-solutions.fr/hostedcheckout/PaymentMethods/Selection/1")
        True
        >>> DirectHost.CAWL_TEST.is_page("https://payment.cawl-solutions.fr/hostedcheckout/PaymentMethods/Selection/1")
        False
        """
        return isinstance(url, str) and any(
            url.startswith(f"{base}/") and _PATH.fullmatch(url.removeprefix(base)) for base in (self.base, *self.pages)
        )


#: Every host that the library knows, by the name of its attribute.
KNOWN = {
    f"{brand.upper()}_{environment}": DirectHost(brand, environment, base)
    for (brand, environment), base in _TABLE.items()
}
for _name, _host in KNOWN.items():
    setattr(DirectHost, _name, _host)
