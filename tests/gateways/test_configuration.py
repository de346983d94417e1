"""A gateway from a configuration file: one line chooses the bank, and no secret is in the file."""

import base64
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest

from creance_pay import HttpMessage, PaymentOrder, Source
from creance_pay.errors import ConfigurationError, InvalidValueError
from creance_pay.gateways import (
    Environment,
    Gateway,
    KeyRing,
    Redirect,
    SealedMessage,
    SecretKey,
    from_file,
    load,
    registry,
)
from creance_pay.gateways.direct import DirectCheckout, DirectHost
from creance_pay.gateways.keyfile import FileKey
from creance_pay.gateways.sips import SipsPaypage, SipsPaypageJson
from doc_examples import EXAMPLES

SECRET = "invented/secret+of=the-api-0123456789abcdef"
SIPS = """
merchant_id = "201000005940002"
host = "MERCANET_TEST"
keys = "sips-keys.json"
"""
DIRECT = """
merchant_id = "CPAM-MADE-UP"
host = "CAWL_TEST"
keys = "api-keys.json"
webhook_keys = "webhook-keys.json"
"""
PLUGIN = """
merchant = "m-1"
key = "sips-keys.json"
"""


class Colour(StrEnum):
    """An enumeration of another package."""

    RED = "red"


class Plain(Gateway):
    """A gateway without an argument, which no test uses to pay."""

    def initiate(self, order: PaymentOrder, *, options: Any = None) -> Redirect:  # noqa: ANN401 - as the base
        """Open no page."""
        raise NotImplementedError(order, options)

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> SealedMessage:
        """Accept no message."""
        raise NotImplementedError(message, source)

    @property
    def environment(self) -> Environment:
        """The bank's environment."""
        return Environment.TEST


class Bank(Plain):
    """A gateway of another package, with an argument of each type."""

    def __init__(  # type: ignore[no-untyped-def]
        self,
        merchant: str,
        key: SecretKey,
        *,
        colour: Colour = Colour.RED,
        certificate: Path | None = None,
        brands: tuple[str, ...] = (),
        mode: Literal["on", "off"] = "off",
        clock: Callable[[], Any] | None = None,
        anything=None,  # noqa: ANN001 - a package without types
        **_: object,
    ) -> None:
        """Store the settings."""
        if merchant == SECRET:
            raise RuntimeError(merchant)
        if not merchant:
            raise InvalidValueError("expected a merchant")
        self.found = (merchant, key.version, colour, certificate, brands, mode, clock, anything)


def unreadable(merchant: "NoSuchType") -> Bank:  # type: ignore[name-defined] # noqa: F821 - a package with a fault
    """Build a gateway from an argument whose type cannot be read."""
    raise AssertionError(merchant)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write three key files, open them by the environment, and declare the gateways of another package."""
    monkeypatch.delenv("CREANCE_PAY_PASSPHRASE", raising=False)
    monkeypatch.setenv("CREANCE_PAY_KEY", base64.b64encode(bytes(range(32))).decode())
    opening = FileKey.from_environment()
    assert opening is not None
    for name, version in (("sips", "2"), ("api", "API1"), ("webhook", "WHK1")):
        ring = KeyRing([SecretKey(version=version, secret=f"{SECRET}-{name}")], current=version)
        ring.to_file(tmp_path / f"{name}-keys.json", opening)
    plugin = ModuleType("plugin_of_the_tests")
    for thing in (Bank, Plain, unreadable):
        setattr(plugin, thing.__name__, thing)
    monkeypatch.setitem(sys.modules, "plugin_of_the_tests", plugin)
    declared = entry_points(group=registry.GROUP)
    more = [EntryPoint(name, f"plugin_of_the_tests:{name}", registry.GROUP) for name in ("Bank", "Plain", "unreadable")]
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([*declared, *more]).select(group=group))


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Gateway]:
    """Return a function that writes a configuration file and builds its gateway."""

    def write(text: str, **settings: Any) -> Gateway:  # noqa: ANN401 - any argument
        path = tmp_path / "gateway.toml"
        path.write_text(text, encoding="utf-8")
        return from_file(path, **settings)

    return write


def both(gateway: str, /, **changes: str) -> str:
    """Return a file with tables for two banks, after changes of lines by the text that they replace."""
    text = f'gateway = "{gateway}"\nproduction = false\n[sips]{SIPS}[direct]{DIRECT}'
    for line, other in changes.items():
        text = text.replace(f"{line} = ", f"{other}\n# ", 1)
    return text


class TestOneLine:
    """The line ``gateway`` chooses the bank."""

    def test_each(self, read: Callable[..., Gateway]) -> None:
        """The same file is a gateway of one bank or of the other."""
        found = [type(read(both(name))) for name in ("sips", "direct")]

        assert [SipsPaypage, DirectCheckout] == found

    def test_other(self, read: Callable[..., Gateway]) -> None:
        """The gateway of the bank before a change is built from its own table."""
        assert isinstance(read(both("direct"), gateway="sips"), SipsPaypage)

    def test_json(self, read: Callable[..., Gateway]) -> None:
        """Paypage JSON has a name of its own, and the same settings."""
        text = f'gateway = "sips-json"\nproduction = false\n[sips-json]{SIPS}algorithm = "HMAC-SHA-512"'

        assert isinstance(read(text), SipsPaypageJson)

    def test_settings(self, read: Callable[..., Gateway]) -> None:
        """The settings are those of the file: host, keys by version, page life."""
        text = both("direct") + 'page_life = "15 minutes"'
        gateway = read(text, clock=lambda: datetime.now(UTC))

        assert isinstance(gateway, DirectCheckout)
        assert (DirectHost.CAWL_TEST, ("API1",), ("WHK1",), timedelta(minutes=15), Environment.TEST) == (
            gateway.merchant.host,
            gateway.merchant.keys.versions,
            gateway.merchant.webhook_keys.versions,
            gateway.page_life,
            gateway.environment,
        )

    @pytest.mark.parametrize(
        "host",
        [
            '"http://127.0.0.1:8081"',
            """{brand = "CAWL", environment = "TEST", base = "https://payment.preprod.cawl-solutions.fr",
                pages = ["https://pay.caisse.example"]}""".replace("\n", ""),
        ],
    )
    def test_hosts(self, read: Callable[..., Gateway], host: str) -> None:
        """A host is a name of the table, a local address, or a table of its own."""
        gateway = read(both("direct").replace('"CAWL_TEST"', host))

        assert isinstance(gateway, DirectCheckout)
        assert gateway.merchant.host in {
            DirectHost.loopback("http://127.0.0.1:8081"),
            DirectHost(
                "CAWL",
                Environment.TEST,
                "https://payment.preprod.cawl-solutions.fr",
                pages=("https://pay.caisse.example",),
            ),
        }

    def test_environment(self, read: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch) -> None:
        """Keys come from the environment as well; the first one seals, and an old one has a last moment."""
        monkeypatch.setenv("NEW_KEY", SECRET)
        monkeypatch.setenv("OLD_KEY", f"{SECRET}-old")
        keys = (
            '[{version = "API2", variable = "NEW_KEY"},'
            ' {version = "API1", variable = "OLD_KEY", not_after = 2126-12-31T00:00:00Z}]'
        )
        gateway = read(both("direct").replace('"api-keys.json"', keys))

        assert isinstance(gateway, DirectCheckout)
        assert ("API2", ("API2", "API1")) == (gateway.merchant.keys.current.version, gateway.merchant.keys.versions)
        assert SECRET == gateway.merchant.keys.current.get_secret_value()


@pytest.mark.parametrize("gateway", ["direct", "sips"])
def test_page(gateway: str, read: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the page about gateways shows builds both gateways."""
    monkeypatch.setenv("SIPS_KEY_2", SECRET)
    monkeypatch.setenv("SIPS_KEY_1", f"{SECRET}-old")
    page = (EXAMPLES.parent / "gateways.md").read_text(encoding="utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]

    assert {"direct": DirectCheckout, "sips": SipsPaypage}[gateway] is type(read(text, gateway=gateway))


#: A change of the file for Direct, and the error.
REFUSED = [
    ({"webhook_keys": "# "}, r"\[direct\]: missing setting: webhook_keys"),
    ({"gateway": 'gatewy = "direct"'}, r"unknown setting gatewy; did you mean: gateway\?"),
    ({"production": "# "}, "missing setting: production"),
    ({"production": 'production = "false"'}, r"expected bool, got str @ \$.production"),
    ({"production": "production = true"}, "production is true, and the host is that of the environment TEST"),
    ({"gateway": 'gateway = "sipz"'}, r"\[sipz\]: expected this table, got sips, direct"),
]
DIRECT_REFUSED = [
    ('merchand_id = "C"', r"unknown setting merchand_id; did you mean: merchant_id\?"),
    ("merchant_id = 17", "merchant_id: expected str, got int"),
    ('host = "CAWL_TESD"', r"host: unknown host; did you mean: CAWL_TEST\?"),
    ("host = 17", "host"),
    ('host = {brand = "CAWL", environment = "TESD", base = "https://a.example"}', "expected one of LOOPBACK, "),
    ('host = {brand = "CAWL", environment = "TEST"}', "missing 'base' @ host.base"),
    ('host = {brand = "CAWL", environment = "TEST", base = "https://a.example", x = 1}', "unknown x @ host"),
    ('host = "CAWL_PRODUCTION"', "production is false, and the host is that of the environment PRODUCTION"),
    ("page_life = 20", "page_life: expected a period such as 20 minutes, got int"),
    ('page_life = "20 moons"', "page_life: expected a period such as 20 minutes, got a text of 8 characters"),
    ('page_life = "90 seconds"', "expected page_life to be whole minutes"),
    ("clock = 3", "clock: expected an object of the program, got int"),
    ('keys = "no-such-file.json"', "keys: expected the path of a key file, got a text of 17 characters that names no"),
    (f'keys = "{SECRET}"', "keys: expected the path of a key file, .*; a secret does not belong here"),
    (f'keys = "{SECRET * 99}"', "keys: expected the path of a key file, .*; a secret does not belong here"),
    (f'keys = {{API1 = "{SECRET}"}}', "keys: expected a key file, .*; a secret does not belong here"),
    ("keys = []", "keys: expected a key file, or a list of keys"),
    (f'keys = [{{version = "1", secret = "{SECRET}"}}]', "keys.secret: a secret does not belong here"),
    (f'keys = [{{version = "1", variable = "{SECRET}"}}]', "variable of key 1 to be set, .* a secret does"),
    ('keys = [{version = "1", vairable = "A"}]', "missing 'variable' @ keys.variable; unknown vairable @ keys"),
    (f'webhook_secret = "{SECRET}"', "webhook_secret: a secret does not belong here"),
]  # fmt: skip


class TestRefused:
    """A wrong file is refused: the error names file, table and option, and shows no value."""

    @pytest.mark.parametrize(("changes", "reason"), REFUSED)
    def test_head(self, read: Callable[..., Gateway], changes: dict[str, str], reason: str) -> None:
        """An option is unknown or missing, or of another type, or contradicts the host (H8, H10)."""
        with pytest.raises(ConfigurationError, match=f"gateway.toml: .*{reason}"):
            read(both("direct", **changes))

    @pytest.mark.parametrize(("line", "reason"), DIRECT_REFUSED)
    def test_option(self, read: Callable[..., Gateway], line: str, reason: str) -> None:
        """An option of the table is refused, without its value (H7, H9)."""
        name = line.partition(" = ")[0]
        lines = [each for each in DIRECT.splitlines() if not each.startswith(f"{name} = ")]
        text = "\n".join(['gateway = "direct"', "production = false", "[direct]", *lines, line])
        with pytest.raises(ConfigurationError, match=rf"gateway.toml: \[direct\]: .*{reason}") as caught:
            read(text)

        assert SECRET not in str(caught.value)

    def test_not_toml(self, read: Callable[..., Gateway]) -> None:
        """A file that is no TOML is refused with the line."""
        with pytest.raises(ConfigurationError, match=r"gateway.toml: .*line 1"):
            read("gateway = direct")

    def test_unreadable(self, tmp_path: Path) -> None:
        """A file that is absent, or no text, is refused with the cause."""
        (tmp_path / "latin.toml").write_bytes(b"# \xe9")
        for name, cause in (("absent.toml", "FileNotFoundError"), ("latin.toml", "UnicodeDecodeError")):
            with pytest.raises(ConfigurationError, match=f"{name} cannot be read: {cause}"):
                from_file(tmp_path / name)

    def test_no_table(self, read: Callable[..., Gateway]) -> None:
        """A file without a table is refused."""
        with pytest.raises(ConfigurationError, match="expected this table, got no table"):
            read('gateway = "direct"\nproduction = false')


class TestPlugin:
    """A gateway of another package is configured by the types of its arguments."""

    @staticmethod
    def text(*lines: str, table: str = PLUGIN) -> str:
        """Return a file for it."""
        return "\n".join(['gateway = "Bank"', "production = false", "[Bank]", table, *lines])

    def test_types(self, read: Callable[..., Gateway], tmp_path: Path) -> None:
        """Each value has the type of its argument; an argument without a type has the value of the file."""
        gateway = read(
            self.text('colour = "red"', 'certificate = "a.pem"', 'brands = ["CB"]', 'mode = "on"', "anything = [1]"),
        )

        assert isinstance(gateway, Bank)
        assert ("m-1", "2", Colour.RED, tmp_path / "a.pem", ("CB",), "on", None, [1]) == gateway.found

    def test_load(self, tmp_path: Path) -> None:
        """A program configures it by the same values, or by objects."""
        values: dict[str, Any] = {"merchant": "m-1", "key": tmp_path / "sips-keys.json", "clock": print}
        gateway = load("Bank", **values)
        objects = load("Bank", **{**values, "key": SecretKey(version="2", secret=SECRET)}, colour=Colour.RED)

        assert isinstance(gateway, Bank)
        assert isinstance(objects, Bank)
        assert gateway.found == objects.found

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('colour = "blue"', "colour: expected one of red, got a text of 4 characters"),
            ('brands = "CB"', "brands: expected a list, got a text of 2 characters"),
            ("brands = [1]", "brands"),
            ('mode = "much"', r"mode: expected typing.Literal\['on', 'off'\], got a text of 4 characters"),
        ],
    )
    def test_refused(self, read: Callable[..., Gateway], line: str, reason: str) -> None:
        """A value of another type is refused."""
        with pytest.raises(ConfigurationError, match=reason):
            read(self.text(line))

    def test_foreign_error(self, read: Callable[..., Gateway]) -> None:
        """An error of another family is wrapped by its type: its text may show a value."""
        with pytest.raises(ConfigurationError, match=r"the gateway Bank refuses its settings: RuntimeError$") as caught:
            read(self.text(table=PLUGIN.replace("m-1", SECRET)))

        assert isinstance(caught.value.__cause__, ConfigurationError)
        assert isinstance(caught.value.__cause__.__cause__, RuntimeError)

    def test_invalid(self, read: Callable[..., Gateway]) -> None:
        """A value that the class refuses as invalid is a wrong setting."""
        with pytest.raises(ConfigurationError, match=r"\[Bank\]: expected a merchant"):
            read(self.text(table=PLUGIN.replace("m-1", "")))

    def test_types_unreadable(self) -> None:
        """A class whose types cannot be read is refused, with the type that is missing."""
        with pytest.raises(ConfigurationError, match="cannot be read: name 'NoSuchType' is not defined"):
            load("unreadable", merchant="m-1")

    def test_no_argument(self) -> None:
        """A class without arguments needs no settings."""
        assert isinstance(load("Plain"), Plain)
