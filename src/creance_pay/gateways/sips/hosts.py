"""The addresses of the bank, by brand and environment.

Five brands run the same software.  The *simulation* only checks requests; the *test* platform has a database and a
false acquirer; *production* moves money.  The addresses are those of the vendors' guides.  The table has the addresses
that a guide prints; for another one, build a :class:`SipsHost` with the addresses that the bank has given you.

>>> SipsHost.WORLDLINE_PRODUCTION.paypage
'https://payment-webinit.sips-services.com/paymentInit'
>>> SipsHost.loopback("http://127.0.0.1:8080").plain_http
True
"""

from __future__ import annotations

from typing import ClassVar, Self

import attrs

from ..._validators import of_type
from ...errors import ConfigurationError
from ..environments import BankHost, Environment, validate_base


@attrs.frozen
class SipsHost(BankHost):
    """The addresses of one brand in one environment.

    Args:
        brand: The bank's name of the product.
        environment: The environment.
        base: The address of the payment page, without path.
        office: The address of Sips Office, without path; ``None`` when the environment has none, or none is known.
        pages: The further addresses, without path, to which a payment started by JSON may send the browser.

    Raises:
        ConfigurationError: for an environment that is not an :class:`Environment`, an address that is not https, or one
            for LOOPBACK that is not on this machine.
    """

    WORLDLINE_SIMULATION: ClassVar[SipsHost]
    WORLDLINE_TEST: ClassVar[SipsHost]
    WORLDLINE_PRODUCTION: ClassVar[SipsHost]
    MERCANET_SIMULATION: ClassVar[SipsHost]
    MERCANET_TEST: ClassVar[SipsHost]
    MERCANET_PRODUCTION: ClassVar[SipsHost]
    SOGENACTIF_SIMULATION: ClassVar[SipsHost]
    SOGENACTIF_PRODUCTION: ClassVar[SipsHost]
    SHERLOCKS_SIMULATION: ClassVar[SipsHost]
    SHERLOCKS_PRODUCTION: ClassVar[SipsHost]
    SCELLIUS_SIMULATION: ClassVar[SipsHost]
    SCELLIUS_PRODUCTION: ClassVar[SipsHost]

    office: str | None = attrs.field(default=None, validator=attrs.validators.optional(validate_base))
    pages: tuple[str, ...] = attrs.field(
        default=(),
        validator=[
            of_type(tuple, error=ConfigurationError),
            attrs.validators.deep_iterable(validate_base),
        ],
    )

    @classmethod
    def loopback(cls, url: str) -> Self:
        """Build the host of a local bank page; only here is ``http`` allowed.

        Args:
            url: The address of the page, such as ``http://127.0.0.1:8080``.  Its path is ignored.

        Raises:
            ConfigurationError: when the address is not on this machine.

        >>> SipsHost.loopback("http://127.0.0.1:8080").paypage
        'http://127.0.0.1:8080/paymentInit'
        """
        host = super().loopback(url)
        return attrs.evolve(host, office=host.base)

    @property
    def paypage(self) -> str:
        """The address to which the browser posts the form."""
        return f"{self.base}/paymentInit"

    @property
    def paypage_json(self) -> str:
        """The address to which the merchant posts a payment in JSON."""
        return f"{self.base}/rs-services/v2/paymentInit"


_SIMULATION, _TEST, _PRODUCTION = Environment.SIMULATION, Environment.TEST, Environment.PRODUCTION
# Brand, environment, payment page, Office.  A simulation has no Office.  No guide prints the test pages of Sogenactif
# and Sherlock's, nor the Office of Sogenactif and Scellius.
_ROWS = (
    ("Worldline", _SIMULATION, "payment-webinit.simu.sips-services.com", None),
    ("Worldline", _TEST, "payment-webinit.test.sips-services.com", "office-server.test.sips-services.com"),
    ("Worldline", _PRODUCTION, "payment-webinit.sips-services.com", "office-server.sips-services.com"),
    ("Mercanet", _SIMULATION, "payment-webinit.simu.mercanet.com", None),
    ("Mercanet", _TEST, "payment-webinit-mercanet.test.sips-services.com",
     "office-server-mercanet.test.sips-services.com"),
    ("Mercanet", _PRODUCTION, "payment-webinit.mercanet.com", "office-server.mercanet.com"),
    ("Sogenactif", _SIMULATION, "payment-webinit.simu.sogenactif.com", None),
    ("Sogenactif", _PRODUCTION, "payment-webinit.sogenactif.com", None),
    ("Sherlocks", _SIMULATION, "sherlocks-payment-webinit-simu.secure.lcl.fr", None),
    ("Sherlocks", _PRODUCTION, "sherlocks-payment-webinit.secure.lcl.fr", "sherlocks-office-server.secure.lcl.fr"),
    ("Scellius", _SIMULATION, "payment-webinit-simu.scellius.labanquepostale.fr", None),
    ("Scellius", _PRODUCTION, "payment-webinit.scellius.labanquepostale.fr", None),
)  # fmt: skip
# The page to which the bank redirects, when it has another host than the payment page.
_PAGES = {
    "payment-webinit.simu.sips-services.com": "payment-web.simu.sips-services.com",
    "payment-webinit.sips-services.com": "payment-web.sips-services.com",
    "sherlocks-payment-webinit.secure.lcl.fr": "sherlocks-paiement.secure.lcl.fr",
}


def _known() -> dict[str, SipsHost]:
    """Return the hosts of the table, by the name of their attribute."""
    return {
        f"{brand.upper()}_{environment}": SipsHost(
            brand,
            environment,
            f"https://{page}",
            office=f"https://{office}" if office else None,
            pages=(f"https://{_PAGES[page]}",) if page in _PAGES else (),
        )
        for brand, environment, page, office in _ROWS
    }


#: Every host that the library knows, by the name of its attribute.
KNOWN = _known()
for _name, _host in KNOWN.items():
    setattr(SipsHost, _name, _host)
