"""The addresses of the bank: the known ones, and those that are refused."""

from typing import Any

import pytest

from creance_pay.errors import ConfigurationError
from creance_pay.gateways import Environment
from creance_pay.gateways.environments import is_loopback, is_public
from creance_pay.gateways.sips import SipsHost
from creance_pay.gateways.sips.hosts import KNOWN
from sips_merchant import error_of

# Section 1.6 of the vendors' guides, those marked as guesses left out: payment page, Office, environment.
TABLE = {
    "WORLDLINE_SIMULATION": ("payment-webinit.simu.sips-services.com", None),
    "WORLDLINE_TEST": ("payment-webinit.test.sips-services.com", "office-server.test.sips-services.com"),
    "WORLDLINE_PRODUCTION": ("payment-webinit.sips-services.com", "office-server.sips-services.com"),
    "MERCANET_SIMULATION": ("payment-webinit.simu.mercanet.com", None),
    "MERCANET_TEST": (
        "payment-webinit-mercanet.test.sips-services.com", "office-server-mercanet.test.sips-services.com",
    ),
    "MERCANET_PRODUCTION": ("payment-webinit.mercanet.com", "office-server.mercanet.com"),
    "SOGENACTIF_SIMULATION": ("payment-webinit.simu.sogenactif.com", None),
    "SOGENACTIF_PRODUCTION": ("payment-webinit.sogenactif.com", None),
    "SHERLOCKS_SIMULATION": ("sherlocks-payment-webinit-simu.secure.lcl.fr", None),
    "SHERLOCKS_PRODUCTION": ("sherlocks-payment-webinit.secure.lcl.fr", "sherlocks-office-server.secure.lcl.fr"),
    "SCELLIUS_SIMULATION": ("payment-webinit-simu.scellius.labanquepostale.fr", None),
    "SCELLIUS_PRODUCTION": ("payment-webinit.scellius.labanquepostale.fr", None),
}  # fmt: skip


def refused(environment: Any, base: Any, **settings: Any) -> bool:  # noqa: ANN401 - any setting
    """Return whether a host with these addresses is refused."""
    return isinstance(error_of(SipsHost, "A bank", environment, base, **settings), ConfigurationError)


def test_brands() -> None:
    """Each brand has the addresses of the guides, and there are no others; a name is the brand and the environment."""
    assert {name: (f"https://{page}", office and f"https://{office}") for name, (page, office) in TABLE.items()} == {
        name: (host.base, host.office) for name, host in KNOWN.items()
    }
    assert [] == [name for name, host in KNOWN.items() if name != f"{host.brand.upper()}_{host.environment}"]
    assert [] == [name for name, host in KNOWN.items() if host is not getattr(SipsHost, name)]


def test_json() -> None:
    """The services in JSON have a path of their own."""
    host = SipsHost.loopback("http://127.0.0.1:8080")

    assert ("http://127.0.0.1:8080/rs-services/v2/paymentInit", "http://127.0.0.1:8080") == (
        host.paypage_json,
        host.office,
    )


def test_other_addresses() -> None:
    """Office and pages are validated like the payment page; pages are a tuple, not the letters of one address."""
    addresses: list[Any] = ["http://bank.example", "https://bank.example/path", "bank.example", 5]
    settings: list[dict[str, Any]] = [{"office": address} for address in addresses]
    settings += [{"pages": (address,)} for address in addresses]
    settings += [{"pages": pages} for pages in ("https://bank.example", ["https://bank.example"], None)]

    assert [] == [each for each in settings if not refused(Environment.PRODUCTION, "https://bank.example", **each)]


@pytest.mark.parametrize("environment", Environment)
def test_production(environment: Environment) -> None:
    """Payments are real in production alone."""
    base = "http://127.0.0.1" if environment is Environment.LOOPBACK else "https://bank.example"

    assert (environment is Environment.PRODUCTION) is SipsHost("A bank", environment, base).production


class TestLoopback:
    """The local page is on this machine."""

    def test_accepted(self) -> None:
        """An address of this machine becomes the address of the page there."""
        addresses = {
            "http://127.0.0.1": "http://127.0.0.1/paymentInit",
            "http://127.0.0.1:8080": "http://127.0.0.1:8080/paymentInit",
            "http://127.0.0.1:8080/": "http://127.0.0.1:8080/paymentInit",
            "http://127.1.2.3": "http://127.1.2.3/paymentInit",
            "http://localhost:5000": "http://localhost:5000/paymentInit",
            "http://[::1]:8080": "http://[::1]:8080/paymentInit",
            "https://localhost": "https://localhost/paymentInit",
        }

        assert addresses == {url: SipsHost.loopback(url).paypage for url in addresses}

    def test_refused(self) -> None:
        """Any other address is refused, since http is allowed here."""
        urls = [
            "", "127.0.0.1", "http://", "http://bank.example", "https://bank.example", "http://192.168.1.1",
            "http://127.0.0.1.example", "http://localhost.example", "http://127.0.0.1@bank.example", "http://[::1",
            "http://user:password@127.0.0.1", "ftp://127.0.0.1", "javascript:alert(1)", "file:///etc/passwd",
            'http://127.0.0.1"><script>', "http://127.0.0.1:port", "http://[::2]", "http://bank.example#127.0.0.1",
            "//127.0.0.1",
        ]  # fmt: skip

        assert [] == [url for url in urls if not isinstance(error_of(SipsHost.loopback, url), ConfigurationError)]

    def test_brand(self) -> None:
        """It is of no bank."""
        assert "loopback" == SipsHost.loopback("http://127.0.0.1").brand

    def test_plain_http(self) -> None:
        """The merchant's own addresses may be http there, and only there."""
        assert SipsHost.loopback("http://127.0.0.1").plain_http
        assert [] == [name for name, host in KNOWN.items() if host.plain_http]


class TestOwnHost:
    """A host that the library does not list is validated in the same way."""

    def test_another_brand(self) -> None:
        """A bank's own https address is accepted."""
        host = SipsHost("A bank", Environment.PRODUCTION, "https://pay.bank.example:8443")

        assert "https://pay.bank.example:8443/paymentInit" == host.paypage

    def test_environment(self) -> None:
        """The environment is no plain word: that would not be PRODUCTION, and would skip its checks (H9, H14)."""
        words = ["PRODUCTION", "LOOPBACK", None, "prdo"]

        assert [] == [word for word in words if not refused(word, "https://bank.example")]

    def test_base(self) -> None:
        """Beyond this machine an address is https, and a host alone."""
        environments = [Environment.SIMULATION, Environment.TEST, Environment.PRODUCTION]
        bases = [
            "http://bank.example", "http://127.0.0.1", "https://", "https://bank.example/path", "bank.example",
            "https://user@bank.example", "https://bank.example\n", "javascript:alert(1)", "", None,
        ]  # fmt: skip

        assert [] == [(where, base) for where in environments for base in bases if not refused(where, base)]

    def test_loopback_elsewhere(self) -> None:
        """The environment of this machine is on this machine."""
        with pytest.raises(ConfigurationError):
            SipsHost("A bank", Environment.LOOPBACK, "https://bank.example")


def test_is_loopback() -> None:
    """This machine has several names; another one has none of them."""
    ours = ["127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "::1", "[::1]"]
    others = ["", "bank.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "X127.0.0.1", "[::2]"]

    assert (ours, []) == (list(filter(is_loopback, ours)), list(filter(is_loopback, others)))


def test_is_public() -> None:
    """The bank reaches a name or an address of the Internet, but neither this machine nor a private network."""
    public = [
        "portal.example",
        "portal.example.",
        "portal",
        "8.8.8.8",
        "[2001:4860:4860::8888]",
        "xn--e1afmkfd.example",
    ]
    private = [
        "127.0.0.1", "[::1]", "localhost", "LocalHost", "localhost.", "portal.localhost", "10.0.0.1", "192.168.1.1",
        "172.16.0.1", "169.254.1.1", "0.0.0.1", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:7f00:1]", "127.1",
        "2130706433", "0x7f000001", "0177.0.0.1", "X8.8.8.8", "", ".", "-",
    ]  # fmt: skip

    assert (public, []) == (list(filter(is_public, public)), list(filter(is_public, private)))
