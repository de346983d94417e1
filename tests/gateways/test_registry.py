"""Gateways by name: only declared names, never the name of a module."""

import re
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

from creance_pay import HttpMessage
from creance_pay.errors import ConfigurationError, OrderMismatchError, ResponseRefusedError
from creance_pay.gateways import load, registry
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from sips_merchant import GENUINE, MERCHANT, SECRET, body, error_of, order, settings, text_of

SETTINGS: dict[str, Any] = settings()
OURS = "creance_pay.gateways.sips:SipsPaypage"


@attrs.frozen(kw_only=True)
class Dummy:
    """A gateway of another package, in production or not (H14)."""

    merchant: str
    production: bool = False


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that declares entry points beside ours, as other packages do."""
    plugin = ModuleType("plugin_of_the_tests")
    plugin.Dummy = Dummy  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "plugin_of_the_tests", plugin)

    def write(*declared: tuple[str, str]) -> None:
        points = [EntryPoint(name, value, registry.GROUP) for name, value in (("sips", OURS), *declared)]
        monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints(points).select(group=group))

    return write


class TestNames:
    """A name is one that a package has declared."""

    def test_ours(self) -> None:
        """The installed package declares Sips."""
        gateway = load("sips", **SETTINGS)

        assert isinstance(gateway, SipsPaypage)
        assert MERCHANT == gateway.merchant.merchant_id

    def test_unknown(self) -> None:
        """Another name is refused with the list of the known ones; it is never taken for a module (H11)."""
        names = ["../x", "nope", "cb", "keys", "testing", "", "creance_pay.gateways.sips", OURS, "os:system"]

        assert [f"expected the name of a gateway among direct, sips, sips-json, got {name!r}" for name in names] == [
            str(error_of(load, name, **SETTINGS)) for name in names
        ]

    def test_near(self) -> None:
        """A name that resembles a known one is refused with it, whatever its case."""
        near = {"sipz": "sips", "SIPS": "sips", "sips ": "sips", "sipsjson": "sips-json", "Dirct": "direct"}

        assert [f"got {name!r}; did you mean: {each}?" for name, each in near.items()] == [
            str(error_of(load, name)).partition("json, ")[2] for name in near
        ]

    @pytest.mark.parametrize(("name", "shown"), [("x" * 61, repr("x" * 60)), ("\x1b[2J", r"'\x1b[2J'"), (17, "'17'")])
    def test_shown(self, name: Any, shown: str) -> None:  # noqa: ANN401 - of a program without types
        """An error shows at most 60 characters of a wrong name, and no control character."""
        with pytest.raises(ConfigurationError, match=rf"sips-json, got {re.escape(shown)}$"):
            load(name)

    def test_plugin(self, declare: Callable[..., None]) -> None:
        """A gateway that another package declares is built by its name."""
        declare(("dummy", "plugin_of_the_tests:Dummy"))

        assert Dummy(merchant="a") == load("dummy", merchant="a")  # type: ignore[comparison-overlap]

    def test_all_are_listed(self, declare: Callable[..., None]) -> None:
        """The list has the gateways of all packages."""
        declare(("dummy", "plugin_of_the_tests:Dummy"))

        with pytest.raises(ConfigurationError, match=r"among dummy, sips, got 'dumy'; did you mean: dummy\?$"):
            load("dumy")


class TestFaultyPlugins:
    """A faulty package does not stop the others."""

    def test_two_of_one_name(self, declare: Callable[..., None]) -> None:
        """Two packages of one name are both named, and neither is chosen (H12)."""
        declare(("sips", "plugin_of_the_tests:Dummy"))

        with pytest.raises(ConfigurationError, match=f"two gateways are named sips: {OURS} and plugin_of_the_tests"):
            load("sips", **SETTINGS)

    def test_declared_twice_the_same(self, declare: Callable[..., None]) -> None:
        """The same declaration found twice, as by two installations of one package, is one."""
        declare(("sips", OURS))

        assert isinstance(load("sips", **SETTINGS), SipsPaypage)

    @pytest.mark.parametrize(
        ("value", "cause"),
        [
            ("no_such_module:Bank", "ModuleNotFoundError: No module named"),
            ("plugin_of_the_tests:Nobody", "AttributeError: "),
            ("failing_plugin:Bank", "RuntimeError: no licence"),
        ],
    )
    def test_import(
        self,
        declare: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        value: str,
        cause: str,
    ) -> None:
        """A package that fails at import is named with the cause, and the others still work (H12)."""
        (tmp_path / "failing_plugin.py").write_text("raise RuntimeError('no licence')", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        declare(("broken", value))

        with pytest.raises(ConfigurationError, match=f"the gateway broken \\({value}\\) cannot be imported: {cause}"):
            load("broken")
        assert isinstance(load("sips", **SETTINGS), SipsPaypage)


class TestSettings:
    """The names of the settings are checked before a gateway is built."""

    def test_typing_error(self) -> None:
        """A mistyped setting is named with the one that it resembles (H8)."""
        near = {"merchand_id": "merchant_id", "kyes": "keys", "algoritm": "algorithm", "legacy_seals": "legacy_seal"}

        assert [f"unknown setting {setting}; did you mean: {each}?" for setting, each in near.items()] == [
            str(error_of(load, "sips", **SETTINGS, **{setting: SECRET})) for setting in near
        ]

    def test_near_none(self) -> None:
        """A setting that resembles none is refused with all of them."""
        with pytest.raises(ConfigurationError, match="did you mean: merchant_id, keys, host"):
            load("sips", **SETTINGS, zzz=1)

    def test_missing(self) -> None:
        """A missing setting is named."""
        with pytest.raises(ConfigurationError, match=r"^missing setting: keys$"):
            load("sips", merchant_id=MERCHANT, host=SipsHost.WORLDLINE_TEST)

    def test_value_not_shown(self) -> None:
        """No refusal of a setting shows its value (H7)."""
        with pytest.raises(ConfigurationError) as caught:
            load("sips", secret_kye=SECRET)

        assert SECRET not in f"{caught.value!r}"

    def test_refused(self) -> None:
        """A setting of another kind, or a public merchant in production, is refused (H9, H10)."""
        changes: list[dict[str, Any]] = [
            {"host": "prdo"}, {"algorithm": "SHA-257"}, {"algorithm": "SHA-256"}, {"keys": SECRET}, {"merchant_id": 1},
            {"legacy_seal": "yes"}, {"merchant_id": "002001000000001"},
        ]  # fmt: skip
        errors = [(change, error_of(load, "sips", **{**SETTINGS, **change})) for change in changes]

        assert [] == [change for change, error in errors if not isinstance(error, ConfigurationError)]


class TestProduction:
    """The platform of the host agrees with the flag."""

    @pytest.mark.parametrize(
        ("host", "production"),
        [("WORLDLINE_TEST", True), ("WORLDLINE_PRODUCTION", False), ("SHERLOCKS_SIMULATION", True)],
    )
    def test_contradiction(self, host: str, production: bool) -> None:  # noqa: FBT001 - a case
        """A test platform for real payments is refused, and the reverse (H10, H14)."""
        with pytest.raises(ConfigurationError, match=r"production is (true|false), and the host is that of"):
            load("sips", **{**SETTINGS, "host": host}, production=production)

    def test_agreement(self) -> None:
        """A platform that agrees is accepted."""
        load("sips", **SETTINGS, production=True)
        load("sips", **{**SETTINGS, "host": "WORLDLINE_TEST"}, production=False)

    def test_no_environment(self, declare: Callable[..., None]) -> None:
        """A gateway that names no environment cannot be compared, whatever it does with the flag itself (H14)."""
        declare(("dummy", "plugin_of_the_tests:Dummy"), ("api", "api_bank:ApiBank"))
        for name, settings_ in (("dummy", {"merchant": "a"}), ("api", {"keys": {}, "transport": None})):
            with pytest.raises(ConfigurationError, match="expected a gateway that names its environment"):
                load(name, production=True, **settings_)


class TestRoute:
    """The route chooses the gateway of a message; the message cannot (H13)."""

    def test_named_in_the_message(self) -> None:
        """A message that names another gateway, outside or inside the sealed text, changes nothing."""
        gateway = load("sips", **SETTINGS)
        for field in ("gateway", "bank", "provider", "backend"):
            message = HttpMessage(body(text_of({**GENUINE, field: "dummy"}), **{field: "dummy"}))
            assert gateway.verify(message, expected=order())

    def test_of_another(self) -> None:
        """A forged message is refused with any name of a gateway."""
        with pytest.raises((ResponseRefusedError, OrderMismatchError)):
            load("sips", **SETTINGS).verify(
                HttpMessage(body(text_of(GENUINE), "0" * 64, gateway="dummy")), expected=order()
            )
