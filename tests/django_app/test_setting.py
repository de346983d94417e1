"""The setting ``CREANCE_PAY``: the service that it builds, and the checks of Django."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import override_settings

from creance_pay import DebtKind
from creance_pay.django import bank_endpoints, payment_service
from creance_pay.django.setting import Configuration, database_url, reset
from creance_pay.errors import ConfigurationError, GatewayUnavailableError
from creance_pay.gateways import RequestsTransport
from creance_pay.ledger import Effect, Incident, IncidentKind, MemoryLedger
from creance_pay.payments import PaymentService, Worker
from creance_pay.testing.sips import SipsTrialMerchant

GATEWAY = SipsTrialMerchant().gateway("http://127.0.0.1:9")
LEDGER = MemoryLedger()
#: A delay of 48 hours, and a policy for each of two kinds of debt.
OWN = """
[sources.note]
document = "Note"
publisher = "a caisse"
seen_on = 2026-11-01
places.values = "values"

[own]
title = "Own values"
based_on = "ameli-2019-11"
documented_on = 2026-11-01
valid_from = 2026-11-01
values.display_delay_hours = { value = 48, unit = "hours", source = "note.values", since = 2026-11-01 }

[own-indus]
title = "Own values for indus"
based_on = "own"
documented_on = 2026-11-01
valid_from = 2026-11-01
values.open_debt_kinds = { value = ["IND"], unit = "codes of IR_NDT_V", source = "note.values", since = 2026-11-01 }
"""
SERVICE = PaymentService(GATEWAY, MemoryLedger())


def build_gateway() -> object:
    """Return the gateway; a setting names this function."""
    return GATEWAY


def record(payment: object, key: str) -> None:
    """Run as an effect; a setting names this function."""


def setting(**changes: Any) -> Any:  # noqa: ANN401 - a context of Django
    """Change the setting during a block; ``None`` removes a name."""
    usual = {"SITE_URL": "http://127.0.0.1:8000", "GATEWAY": GATEWAY, "LEDGER": LEDGER, "EFFECTS": [record]}
    given = {name: value for name, value in {**usual, **changes}.items() if value is not None}
    return override_settings(CREANCE_PAY=given)


class TestService:
    """The service is built at its first use."""

    def test_objects(self) -> None:
        """Gateway, ledger and effects may be objects; the transport to a bank on this machine uses no proxy."""
        with setting():
            service = payment_service()

            assert (GATEWAY, LEDGER) == (service.gateway, service.ledger)
            assert service is payment_service()
            assert Configuration.read().build_transport(GATEWAY) == RequestsTransport(direct=True)

    def test_paths(self) -> None:
        """They may be dotted paths of objects and of functions."""
        here = __name__
        sys.modules.setdefault(here, sys.modules[__name__])
        with setting(GATEWAY=f"{here}.build_gateway", LEDGER=f"{here}.LEDGER", EFFECTS=[f"{here}.record"]):
            service = payment_service()

            assert (GATEWAY, LEDGER) == (service.gateway, service.ledger)

    def test_factory(self) -> None:
        """A function may build the whole service."""
        with setting(SERVICE=lambda: SERVICE, GATEWAY=None):
            assert SERVICE is payment_service()

    def test_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The gateway may come from a configuration file."""
        monkeypatch.setenv("SIPS_KEY", "a-key-made-up-for-this-test")
        file = tmp_path / "gateway.toml"
        file.write_text(
            'gateway = "sips"\nproduction = false\n[sips]\nmerchant_id = "201000005940002"\n'
            'host = "http://127.0.0.1:9"\nkeys = [{ version = "1", variable = "SIPS_KEY" }]\n',
            encoding="utf-8",
        )
        with setting(GATEWAY=str(file)):
            gateway = Configuration.read().build_gateway()

            assert "201000005940002" == gateway.merchant.merchant_id  # type: ignore[attr-defined]

    def test_effects(self) -> None:
        """A function becomes an effect of its own name; an effect stays as it is."""
        effect = Effect(name="letter", run=record)
        with setting(EFFECTS=[record, effect]):
            assert ["record", "letter"] == [each.name for each in Configuration.read().build_effects()]

    def test_transport(self) -> None:
        """A transport of one's own is used."""
        transport = RequestsTransport(timeout=1)
        with setting(TRANSPORT=transport):
            assert transport is Configuration.read().build_transport(GATEWAY)

    def test_policy(self, tmp_path: Path) -> None:
        """A caisse's file decides by kind, is read once, and states the delay of the service."""
        file = tmp_path / "caisse.toml"
        file.write_text(OWN, encoding="utf-8")
        with setting(POLICY=str(file)):
            configuration = Configuration.read()

            names = [configuration.policy_of(kind).name for kind in (DebtKind.FRANCHISE, DebtKind.IND, None)]
            assert ["own", "own-indus", "own"] == names
            assert configuration.policies is Configuration.read().policies
            assert timedelta(hours=48) == payment_service()._inbox.display_delay

    def test_change(self) -> None:
        """A changed setting builds another service; a change of another setting does not."""
        with setting():
            first = payment_service()
            with override_settings(DEBUG=False):
                assert first is payment_service()
            with setting(EFFECTS=[]):
                assert first is not payment_service()

    def test_endpoints(self) -> None:
        """The bank's addresses are those of the URLs, below the configured site."""
        with setting(SITE_URL="http://127.0.0.1:8000/", RESULT="/done"):
            endpoints = bank_endpoints()

            assert ("http://127.0.0.1:8000/bank/return", "/done") == (endpoints.return_url, endpoints.next_url)

    def test_unavailable(self, tmp_path: Path) -> None:
        """A database that does not answer is an error of one call: the next call tries again."""
        with setting(LEDGER=f"sqlite:///{tmp_path / 'missing' / 'ledger.db'}"):
            with pytest.raises(GatewayUnavailableError):
                payment_service()
            (tmp_path / "missing").mkdir()

            assert "201000005940002" == payment_service().ledger._merchant_id  # type: ignore[attr-defined]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
    def test_fork(self) -> None:
        """A child of a process whose thread held the lock during the fork can build the service."""
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            from creance_pay.django.setting import _BUILT  # noqa: PLC0415 - the lock itself

            with _BUILT.lock:
                held.set()
                done.wait(60)

        with setting():
            reset()
            thread = threading.Thread(target=hold)
            thread.start()
            held.wait(60)
            child = os.fork()
            if child == 0:
                payment_service()
                os._exit(0)
            _, status = os.waitpid(child, 0)
            done.set()
            thread.join()

            assert 0 == status


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"GATEWAY": None}, "needs SITE_URL, and GATEWAY or SERVICE"),
        ({"SITE_URL": ""}, "needs SITE_URL"),
        ({"GATEWEY": 1}, "unknown name GATEWEY; the names are CAISSE_ADDRESS"),
        ({"GATEWAY": 5}, "expected GATEWAY to be a Gateway, got int"),
        ({"LEDGER": 5}, "expected LEDGER to be a Ledger, got int"),
        ({"SERVICE": 5}, "expected SERVICE to be a PaymentService, got int"),
    ],
)
def test_wrong_setting(changes: dict[str, Any], words: str) -> None:
    """A wrong setting is refused with its name and the expected value."""
    with setting(**changes), pytest.raises(ConfigurationError, match=words):
        payment_service()


def test_missing_setting() -> None:
    """Without the setting, the error names it."""
    with override_settings(CREANCE_PAY=None), pytest.raises(ConfigurationError, match="CREANCE_PAY to be a dict"):
        payment_service()


class TestDatabaseUrl:
    """The ledger of a database of ``DATABASES``."""

    @pytest.mark.parametrize(
        ("database", "url"),
        [
            ({"NAME": "/srv/db.sqlite3"}, "sqlite:////srv/db.ledger.sqlite3"),
            ({"NAME": Path("/srv/portal")}, "sqlite:////srv/portal.ledger"),
            ({"ENGINE": "postgresql", "NAME": "p"}, "postgresql:///p"),
            (
                {"ENGINE": "postgresql", "NAME": "p/q", "USER": "u@x", "PASSWORD": "s:/?", "HOST": "db", "PORT": 5433},
                "postgresql://u%40x:s%3A%2F%3F@db:5433/p%2Fq",
            ),
            (
                {"ENGINE": "postgresql", "NAME": "p", "USER": "u", "HOST": "/run/postgresql"},
                "postgresql://u@/p?host=%2Frun%2Fpostgresql",
            ),
        ],
    )
    def test_url(self, database: Mapping[str, Any], url: str) -> None:
        """SQLite has a file beside Django's; PostgreSQL has the same database, its values escaped."""
        with databases(**{"ENGINE": "sqlite3", **database}):
            assert url == database_url("default")

    @pytest.mark.parametrize(
        "database", [{"ENGINE": "mysql", "NAME": "p"}, {"NAME": ":memory:"}, {"NAME": "file:m?mode=memory"}, {}]
    )
    def test_refused(self, database: Mapping[str, Any]) -> None:
        """Another engine, and a database in memory, cannot contain a ledger."""
        with databases(**{"ENGINE": "sqlite3", **database}), pytest.raises(ConfigurationError, match="PostgreSQL"):
            database_url("default")


def databases(*, ENGINE: str, **values: Any) -> Any:  # noqa: ANN401, N803 - a setting of Django
    """Change the database in the settings, without a connection."""
    return _Databases({"ENGINE": f"django.db.backends.{ENGINE}", **values})


class _Databases:
    """A change of ``DATABASES`` during a block: Django warns of ``override_settings`` there."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        self._database = database

    def __enter__(self) -> None:
        """Change."""
        self._before = settings.DATABASES
        settings.DATABASES = {"default": self._database}

    def __exit__(self, *_: object) -> None:
        """Restore."""
        settings.DATABASES = self._before


class TestChecks:
    """``manage.py check``."""

    def found(self, **options: object) -> list[str]:
        """Return the identifiers of the findings of this application."""
        return [each.id for each in run_checks(**options) if str(each.id).startswith("creance_pay.")]

    def test_none(self) -> None:
        """Right settings have no finding."""
        with setting():
            assert [] == self.found()

    def test_settings(self) -> None:
        """Wrong settings, and a portal without an effect, are found."""
        wrong: list[dict[str, Any]] = [
            {"GATEWAY": 5}, {"GATEWAY": "no.such.module"}, {"EFFECTS": ["creance_pay.django.nothing"]},
            {"POLICY": "ameli"}, {"POLICY": "no-such-file.toml"}, {"EFFECTS": []},
        ]  # fmt: skip
        identifiers = []
        for changes in wrong:
            with setting(**changes):
                identifiers += self.found()

        assert ["creance_pay.E001"] * 5 + ["creance_pay.W002"] == identifiers

    def test_key_file(self, tmp_path: Path) -> None:
        """A key file that others can read is found before a payment needs it."""
        file = tmp_path / "keys.json"
        file.write_text("{}", encoding="utf-8")
        file.chmod(0o644)

        def build() -> object:
            from creance_pay.gateways import KeyRing  # noqa: PLC0415 - as in a portal's function

            return SipsTrialMerchant(keys=KeyRing.from_file(file, passphrase="a passphrase of tests")).gateway()

        with setting(GATEWAY=build):
            (finding,) = [each for each in run_checks() if each.id == "creance_pay.E001"]

            assert re.search("keys.json", finding.msg)

    def test_service(self) -> None:
        """A service of one's own is not built by the check: it may open a database."""

        def fail() -> PaymentService:
            raise AssertionError

        with setting(SERVICE=fail, GATEWAY=None):
            assert [] == self.found()

    def test_deployment(self) -> None:
        """In production, the site is https, the proxy reports https, and the session cookie is Lax."""
        options = {"include_deployment_checks": True}
        right = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "SESSION_COOKIE_SAMESITE": "Lax"}
        with setting(SITE_URL="https://portal.example"), override_settings(**right):
            good = self.found(**options)
        with setting(), override_settings(SESSION_COOKIE_SAMESITE="Strict"):
            bad = self.found(**options)

        assert ([], ["creance_pay.E003", "creance_pay.W004", "creance_pay.W005"]) == (good, bad)
        with setting(GATEWAY=None):
            assert ["creance_pay.E001"] == self.found(**options)

    def test_operation(self, tmp_path: Path) -> None:
        """With a database: work for a person, a worker that does not run, and a ledger that does not answer."""
        ledger = MemoryLedger()
        with setting(LEDGER=ledger):
            good = self.found(databases=["default"])
            now = payment_service()._clock()
            ledger.raise_incident(Incident(kind=IncidentKind.CHARGED_BACK, transaction_reference="P", at=now))
            payment_service().beat("effects")
            ledger.beat("effects", now=now - timedelta(hours=1))
            work = self.found(databases=["default"])
        silent = MemoryLedger()
        with setting(LEDGER=silent):
            silent.beat("reconcile", now=now - timedelta(days=1))
            stopped = self.found(databases=["default"])
        with setting(LEDGER=f"sqlite:///{tmp_path / 'missing' / 'ledger.db'}"):
            unavailable = self.found(databases=["default"])
        shown = [identifier for identifier in work if identifier == "creance_pay.W007"]

        assert (["creance_pay.W007"], ["creance_pay.E006"]) == (shown[-1:], unavailable)
        assert "creance_pay.E008" in stopped
        assert "creance_pay.E008" not in good


class TestCommands:
    """``manage.py creance_ledger`` and ``creance_worker``."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Iterator[Path]:
        """Use a ledger in a file."""
        file = tmp_path / "ledger.db"
        with setting(LEDGER=f"sqlite:///{file}"):
            payment_service()
            yield file

    @pytest.mark.usefixtures("file")
    def test_ledger(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """The commands of ``creance-pay ledger`` run on the portal's ledger, and return its status."""
        from creance_pay.django.management.commands.creance_ledger import Command  # noqa: PLC0415 - needs Django

        monkeypatch.delenv("CREANCE_PAY_LEDGER", raising=False)
        call_command("creance_ledger", "incidents")
        payment_service().ledger.raise_incident(
            Incident(
                kind=IncidentKind.CHARGED_BACK, transaction_reference="P1", at=payment_service()._clock(), detail=""
            )
        )
        with pytest.raises(SystemExit) as stopped:
            Command().run_from_argv(["manage.py", "creance_ledger", "incidents", "--json"])

        assert (1, True) == (stopped.value.code, '"CHARGED_BACK"' in capsys.readouterr().out)

    @pytest.mark.usefixtures("file")
    @pytest.mark.parametrize("act", ["find", "refund"])
    def test_help(self, act: str, capsys: pytest.CaptureFixture[str]) -> None:
        """The help has the name of this command, and none of the arguments that the setting replaces."""
        from creance_pay.django.management.commands.creance_ledger import Command  # noqa: PLC0415 - needs Django

        with pytest.raises(SystemExit, match=r"^0$"):
            Command().run_from_argv(["manage.py", "creance_ledger", act, "--help"])

        shown = capsys.readouterr().out
        assert shown.startswith(f"usage: manage.py creance_ledger {act} ")
        assert [] == [word for word in ("--file", "--merchant", "MODULE:NAME", "service") if word in shown]

    @pytest.mark.usefixtures("file")
    def test_health(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The health includes the values of the policy of the setting."""
        with pytest.raises(SystemExit, match=r"^1$"):
            call_command("creance_ledger", "health")

        assert "POLICY_OVERDUE" in capsys.readouterr().out

    def test_no_database(self) -> None:
        """A ledger that is an object has no commands."""
        with setting(), pytest.raises(CommandError, match="no database"):
            call_command("creance_ledger", "incidents")

    def test_act_of_the_service(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An act of the service needs no database, and knows the effects of the setting."""
        with setting():
            call_command("creance_ledger", "reconcile")

        assert "recorded" in capsys.readouterr().out

    def test_worker(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The worker prints what is wrong after one run, and runs until SIGTERM otherwise."""
        with setting(LEDGER=MemoryLedger()):
            now = payment_service()._clock()
            incident = Incident(kind=IncidentKind.CHARGED_BACK, transaction_reference="P", at=now)
            payment_service().ledger.raise_incident(incident)
            call_command("creance_worker", "--once")
            timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM))
            timer.start()
            before = signal.getsignal(signal.SIGTERM)
            call_command("creance_worker", "--every", "60")

        assert "INCIDENT_OPEN" in capsys.readouterr().out
        assert before is signal.getsignal(signal.SIGTERM)

    def test_worker_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker that has to be started again ends with status 1."""
        monkeypatch.setattr(Worker, "run", lambda _: False)
        with setting(), pytest.raises(SystemExit) as stopped:
            call_command("creance_worker")

        assert 1 == stopped.value.code
