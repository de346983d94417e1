"""The addresses of the payment page: which there are, and which cannot be made."""

import pytest

from creance_pay.errors import ConfigurationError
from creance_pay.gateways.sips import Environment, SipsHost
from creance_pay.gateways.sips.hosts import KNOWN, is_loopback, is_public


@pytest.mark.parametrize(
    ("host", "address"),
    [
        (SipsHost.WORLDLINE_SIMULATION, "https://payment-webinit.simu.sips-services.com/paymentInit"),
        (SipsHost.WORLDLINE_TEST, "https://payment-webinit.test.sips-services.com/paymentInit"),
        (SipsHost.WORLDLINE_PRODUCTION, "https://payment-webinit.sips-services.com/paymentInit"),
    ],
)
def test_worldline(host: SipsHost, address: str) -> None:
    """Each environment of Worldline has the address of the vendor's guides."""
    assert address == host.paypage


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


@pytest.mark.parametrize("name", TABLE)
def test_brands(name: str) -> None:
    """Each brand has the hosts of the guides in the environment that its name tells."""
    host: SipsHost = getattr(SipsHost, name)
    page, office = TABLE[name]

    assert (f"https://{page}", office and f"https://{office}", name.partition("_")[2]) == (
        host.base,
        host.office,
        host.environment,
    )


def test_every_host() -> None:
    """There are no other hosts."""
    assert TABLE.keys() == KNOWN.keys()


@pytest.mark.parametrize("name", KNOWN)
def test_names(name: str) -> None:
    """The name of a host tells its brand and its environment."""
    assert name == f"{KNOWN[name].brand.upper()}_{KNOWN[name].environment}"


def test_json() -> None:
    """The services have a path of their own."""
    host = SipsHost.loopback("http://127.0.0.1:8080")

    assert ("http://127.0.0.1:8080/rs-services/v2/paymentInit", "http://127.0.0.1:8080") == (
        host.paypage_json,
        host.office,
    )


@pytest.mark.parametrize("address", ["http://bank.example", "https://bank.example/path", "bank.example", 5])
@pytest.mark.parametrize("field", ["office", "pages"])
def test_other_addresses(field: str, address: str) -> None:
    """Office and pages are held to what the payment page is."""
    value = (address,) if field == "pages" else address
    with pytest.raises(ConfigurationError):
        SipsHost("A bank", Environment.PRODUCTION, "https://bank.example", **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("pages", ["https://bank.example", ["https://bank.example"], None])
def test_pages(pages: tuple[str, ...]) -> None:
    """Pages are a tuple: the letters of an address are no addresses."""
    with pytest.raises(ConfigurationError):
        SipsHost("A bank", Environment.PRODUCTION, "https://bank.example", pages=pages)


@pytest.mark.parametrize("environment", Environment)
def test_production(environment: Environment) -> None:
    """Real money moves in production alone."""
    base = "http://127.0.0.1" if environment is Environment.LOOPBACK else "https://bank.example"

    assert (environment is Environment.PRODUCTION) is SipsHost("A bank", environment, base).production


class TestLoopback:
    """The local page is on this machine, and nowhere else."""

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("http://127.0.0.1", "http://127.0.0.1/paymentInit"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/paymentInit"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/paymentInit"),
            ("http://127.1.2.3", "http://127.1.2.3/paymentInit"),
            ("http://localhost:5000", "http://localhost:5000/paymentInit"),
            ("http://[::1]:8080", "http://[::1]:8080/paymentInit"),
            ("https://localhost", "https://localhost/paymentInit"),
        ],
    )
    def test_accepted(self, url: str, address: str) -> None:
        """An address of this machine gives the address of the page there."""
        assert address == SipsHost.loopback(url).paypage

    @pytest.mark.parametrize(
        "url",
        ["", "127.0.0.1", "http://", "http://bank.example", "https://bank.example", "http://192.168.1.1",
         "http://127.0.0.1.example", "http://localhost.example", "http://127.0.0.1@bank.example", "http://[::1",
         "http://user:password@127.0.0.1", "ftp://127.0.0.1", "javascript:alert(1)", "file:///etc/passwd",
         'http://127.0.0.1"><script>', "http://127.0.0.1:port", "http://[::2]", "http://bank.example#127.0.0.1",
         "//127.0.0.1"],
    )  # fmt: skip
    def test_refused(self, url: str) -> None:
        """Any other address is refused, for http is allowed there."""
        with pytest.raises(ConfigurationError):
            SipsHost.loopback(url)

    def test_brand(self) -> None:
        """It is of no bank."""
        assert "loopback" == SipsHost.loopback("http://127.0.0.1").brand

    def test_plain_http(self) -> None:
        """The merchant's own addresses may be http there."""
        assert SipsHost.loopback("http://127.0.0.1").plain_http

    @pytest.mark.parametrize(
        "host", [SipsHost.WORLDLINE_SIMULATION, SipsHost.WORLDLINE_TEST, SipsHost.WORLDLINE_PRODUCTION]
    )
    def test_no_plain_http(self, host: SipsHost) -> None:
        """The merchant's own addresses may be http nowhere else."""
        assert not host.plain_http


class TestOwnHost:
    """A host that the library does not list is held to the same rules."""

    def test_another_brand(self) -> None:
        """A bank's own https address is accepted."""
        host = SipsHost("A bank", Environment.PRODUCTION, "https://pay.bank.example:8443")

        assert "https://pay.bank.example:8443/paymentInit" == host.paypage

    @pytest.mark.parametrize("environment", ["PRODUCTION", "LOOPBACK", None, "prdo"])
    def test_environment(self, environment: Environment) -> None:
        """The environment is no plain word: that would be no production, and skip its checks (H9, H14)."""
        with pytest.raises(ConfigurationError):
            SipsHost("A bank", environment, "https://bank.example")

    @pytest.mark.parametrize("environment", [Environment.SIMULATION, Environment.TEST, Environment.PRODUCTION])
    @pytest.mark.parametrize(
        "base", ["http://bank.example", "http://127.0.0.1", "https://", "https://bank.example/path", "bank.example",
                 "https://user@bank.example", "https://bank.example\n", "javascript:alert(1)", "", None]
    )  # fmt: skip
    def test_base(self, environment: Environment, base: str) -> None:
        """Beyond this machine an address is https, and a host alone."""
        with pytest.raises(ConfigurationError):
            SipsHost("A bank", environment, base)

    def test_loopback_elsewhere(self) -> None:
        """The environment of this machine is on this machine."""
        with pytest.raises(ConfigurationError):
            SipsHost("A bank", Environment.LOOPBACK, "https://bank.example")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_is_loopback(host: str) -> None:
    """This machine has several names."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "bank.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "X127.0.0.1", "[::2]"]
)
def test_is_not_loopback(host: str) -> None:
    """Another machine is none of them."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host", ["portal.example", "portal.example.", "portal", "8.8.8.8", "[2001:4860:4860::8888]", "xn--e1afmkfd.example"]
)
def test_is_public(host: str) -> None:
    """A name, or an address of the Internet, may be reached from the bank."""
    assert is_public(host)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "localhost", "LocalHost", "localhost.", "portal.localhost", "10.0.0.1", "192.168.1.1",
     "172.16.0.1", "169.254.1.1", "0.0.0.1", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:7f00:1]", "127.1",
     "2130706433", "0x7f000001", "0177.0.0.1", "X8.8.8.8", "", ".", "-"],
)  # fmt: skip
def test_is_not_public(host: str) -> None:
    """This machine and private networks are not reached from the bank, however they are written."""
    assert not is_public(host)
