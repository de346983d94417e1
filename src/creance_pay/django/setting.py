"""The payment service of a portal, built from the setting ``CREANCE_PAY`` when it is first used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import attrs

from ..debts import DebtKind
from ..errors import ConfigurationError, MissingExtraError
from ..gateways import Environment, Gateway, RequestsTransport, Transport, from_file
from ..ledger import Effect, Ledger, SqlLedger
from ..messages import Message
from ..payments import PaymentService, Posting
from ..rules import Policy, load_policies, policy_named, policy_on
from ..web import BankEndpoints

try:
    from django.conf import settings
    from django.shortcuts import resolve_url
    from django.template.loader import render_to_string
    from django.urls import reverse
    from django.utils.module_loading import import_string
except ModuleNotFoundError as error:
    sentence = "the application needs Django: pip install 'creance-pay[django]'"
    raise MissingExtraError(sentence, extra="django") from error

SETTING = "CREANCE_PAY"
_PARIS = ZoneInfo("Europe/Paris")
_VENDORS = {"django.db.backends.sqlite3": "sqlite", "django.db.backends.postgresql": "postgresql"}


def today() -> date:
    """Return the current day in Paris."""
    return datetime.now(UTC).astimezone(_PARIS).date()


def _resolved(value: Any) -> Any:  # noqa: ANN401 - a setting
    """Return a setting; import the object that a text ``package.module.name`` names."""
    return import_string(value) if isinstance(value, str) else value


def _called(value: Any) -> Any:  # noqa: ANN401 - a setting
    """Return a setting as :func:`_resolved`; call it when it is a function."""
    found = _resolved(value)
    return found() if callable(found) else found


@attrs.frozen(kw_only=True)
class Configuration:
    """The values of the setting ``CREANCE_PAY``, by their names in lower case.

    Attributes:
        site_url: The public address of the portal, such as ``https://portal.example``.
        gateway: The bank's gateway, a function that returns it, the dotted path of either, or the path of a
            configuration file: a text that ends with ``.toml``.
        ledger: The name of a database of ``DATABASES``, the URL of a database, or a ledger, or a function for one.
        merchant_id: The merchant of the ledger; by default the gateway's.
        effects: The effects, as :class:`~creance_pay.ledger.Effect`, as functions, or as dotted paths of either.
        transport: The transport to the bank; by default :class:`~creance_pay.gateways.RequestsTransport`.
        posting: How the ledger learns that the caisse has posted a payment.
        service: A payment service, or a function for one, in the place of the settings above.
        result: The portal's page about a payment, as an address or the name of a URL.
        caisse_address: The address of the caisse in the acknowledgement, or a function of the caisse.
        policy: The name of a policy of this package, or the path of the caisse's file: a text that ends with ``.toml``.
    """

    site_url: str
    gateway: Any = None
    ledger: Any = "default"
    merchant_id: str = ""
    effects: Iterable[Any] = ()
    transport: Any = None
    posting: Posting = Posting.REPORTED
    service: Any = None
    result: str = "creance_pay:result"
    caisse_address: Any = ""
    policy: str = "ameli-2019-11"

    @classmethod
    def read(cls) -> Configuration:
        """Read the setting.

        Raises:
            ConfigurationError: when it is missing, is no mapping, or has an unknown or a missing name.
        """
        given = getattr(settings, SETTING, None)
        if not isinstance(given, Mapping):
            raise ConfigurationError(f"expected the setting {SETTING} to be a dict, got {type(given).__name__}")
        known = {field.name.upper() for field in attrs.fields(cls)}
        if unknown := sorted(str(name) for name in given if name not in known):
            wanted = ", ".join(sorted(known))
            raise ConfigurationError(f"{SETTING}: unknown name {', '.join(unknown)}; the names are {wanted}")
        if not given.get("SITE_URL") or not (given.get("GATEWAY") or given.get("SERVICE")):
            raise ConfigurationError(f"{SETTING} needs SITE_URL, and GATEWAY or SERVICE")
        return cls(**{name.lower(): value for name, value in given.items()})

    def build_gateway(self) -> Gateway:
        """Build the gateway; opens no connection."""
        gateway = from_file(self.gateway) if str(self.gateway).endswith(".toml") else _called(self.gateway)
        if not isinstance(gateway, Gateway):
            raise ConfigurationError(f"{SETTING}: expected GATEWAY to be a Gateway, got {type(gateway).__name__}")
        return gateway

    @property
    def policies(self) -> Sequence[Policy]:
        """The policies of the setting; a file is read once in a process.

        Raises:
            ConfigurationError: when the file cannot be read, or is wrong.
            NoPolicyError: for an unknown name.
        """
        policies: Sequence[Policy] = _BUILT.get(_build_policies)
        return policies

    def build_policies(self) -> Sequence[Policy]:
        """Read the policies."""
        if not self.policy.endswith(".toml"):
            return [policy_named(self.policy)]
        try:
            text = Path(self.policy).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{SETTING}: POLICY: {self.policy}: {error.strerror}") from error
        return load_policies(text, origin=self.policy)

    def policy_of(self, kind: DebtKind | None = None) -> Policy:
        """Return the policy that decides today about a kind of debt; without a kind, about the first open one."""
        policies = self.policies
        if not self.policy.endswith(".toml"):
            return policies[0]
        first = next((each for policy in policies for each in policy.open_debt_kinds), None)
        return policy_on(today(), kind=kind or first, undocumented="latest", policies=policies)

    def build_effects(self) -> list[Effect]:
        """Build the effects; a function becomes an effect of its own name for the state PAID."""
        found = map(_resolved, self.effects)
        return [each if isinstance(each, Effect) else Effect(name=each.__name__, run=each) for each in found]

    def build_ledger(self, gateway: Gateway) -> Ledger:
        """Open the ledger."""
        if isinstance(self.ledger, str) and (url := self.ledger_url):
            return SqlLedger(url, merchant_id=self._merchant_of(gateway))
        ledger = _called(self.ledger)
        if not isinstance(ledger, Ledger):
            raise ConfigurationError(f"{SETTING}: expected LEDGER to be a Ledger, got {type(ledger).__name__}")
        return ledger

    def build_merchant(self) -> str:
        """Return the merchant of the ledger."""
        return self._merchant_of(self.build_gateway())

    def _merchant_of(self, gateway: Gateway) -> str:
        return self.merchant_id or getattr(getattr(gateway, "merchant", None), "merchant_id", "")

    @property
    def ledger_url(self) -> str:
        """The URL of the ledger's database; an empty text when ``ledger`` names an object."""
        if not isinstance(self.ledger, str):
            return ""
        return database_url(self.ledger) if self.ledger in settings.DATABASES else self.ledger * ("://" in self.ledger)

    def build_service(self) -> PaymentService:
        """Build the payment service."""
        if self.service is not None:
            service = _called(self.service)
            if not isinstance(service, PaymentService):
                raise ConfigurationError(
                    f"{SETTING}: expected SERVICE to be a PaymentService, got {type(service).__name__}"
                )
            return service
        gateway = self.build_gateway()
        return PaymentService(
            gateway,
            self.build_ledger(gateway),
            transport=self.build_transport(gateway),
            effects=self.build_effects(),
            posting=Posting(self.posting),
            display_delay=timedelta(hours=self.policy_of().display_delay_hours),
        )

    def build_transport(self, gateway: Gateway) -> Transport:
        """Build the transport; a bank on this machine is called without the proxy of the environment."""
        if self.transport is not None:
            transport: Transport = _called(self.transport)
            return transport
        return RequestsTransport(direct=getattr(gateway, "environment", None) is Environment.LOOPBACK)


def database_url(alias: str) -> str:
    """Return the URL of the ledger that belongs to a database of ``DATABASES``.

    In PostgreSQL, the ledger's tables are in that database.  In SQLite, the ledger has a file of its own beside it:
    ``db.sqlite3`` has ``db.ledger.sqlite3``, which its owner alone can read.

    Args:
        alias: The name of the database.

    Raises:
        ConfigurationError: for another kind of database, or one of SQLite in memory.
    """
    database: Mapping[str, Any] = settings.DATABASES[alias]
    vendor, name = _VENDORS.get(database["ENGINE"]), str(database.get("NAME") or "")
    if vendor == "sqlite" and name and ":memory:" not in name and "mode=memory" not in name:
        file = Path(name).absolute()
        return f"sqlite:///{file.with_name(f'{file.stem}.ledger{file.suffix}')}"
    if vendor != "postgresql" or not name:
        raise ConfigurationError(
            f"{SETTING}: expected LEDGER to name a database in PostgreSQL, or in a file of SQLite, got {alias!r};"
            " write the URL of a database otherwise"
        )
    user, password, host, port = (quote(str(database.get(key) or ""), safe="") for key in _CONNECTION)
    access = f"{user}:{password}@" if password else f"{user}@" * bool(user)
    # A path of a socket is no host of a URL: the driver reads it from the query.
    options = {"host": database["HOST"]} if host.startswith("%2F") else {}
    where = "" if options else host + f":{port}" * bool(port)
    return f"postgresql://{access}{where}/{quote(name, safe='')}{'?' * bool(options)}{urlencode(options)}"


_CONNECTION = ("USER", "PASSWORD", "HOST", "PORT")


class _Built:
    """The objects of this process, each built at its first use."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.objects: dict[Callable[[], Any], Any] = {}

    def get(self, build: Callable[[], Any]) -> Any:  # noqa: ANN401 - each builder's own
        """Return the object of a builder; an error is raised and not kept."""
        with self.lock:
            if build not in self.objects:
                self.objects[build] = build()
            return self.objects[build]

    def renew_lock(self) -> None:  # pragma: no cover - in the child of a fork, whose coverage ends with os._exit
        """Replace the lock, which a thread of the parent process may have held during the fork."""
        self.lock = RLock()


_BUILT = _Built()
if hasattr(os, "register_at_fork"):  # pragma: no branch - absent on Windows
    os.register_at_fork(after_in_child=_BUILT.renew_lock)


def payment_service() -> PaymentService:
    """Return the payment service of the portal, built at the first call in this process.

    A ledger in a database shares no connection across a fork, so that a server may load the portal before it forks.

    Raises:
        ConfigurationError: when the setting ``CREANCE_PAY`` is wrong.
        GatewayUnavailableError: when the ledger's database does not answer.
    """
    service: PaymentService = _BUILT.get(_build_service)
    return service


def _build_service() -> PaymentService:
    return Configuration.read().build_service()


def _build_policies() -> Sequence[Policy]:
    return Configuration.read().build_policies()


def bank_endpoints() -> BankEndpoints:
    """Return the bank's two addresses; they are those of the URLs of this application below ``SITE_URL``."""
    endpoints: BankEndpoints = _BUILT.get(_build_endpoints)
    return endpoints


def _build_endpoints() -> BankEndpoints:
    configuration = Configuration.read()
    below = reverse("creance_pay:notification").removesuffix("/notification")
    return BankEndpoints(
        service=payment_service,
        url=configuration.site_url.rstrip("/") + below,
        next_url=resolve_url(configuration.result),
        page=_page,
    )


def _page(message: Message) -> str:
    return render_to_string("creance_pay/result.html", {"message": message})


def reset(*, setting: str = SETTING, **_: object) -> None:
    """Forget what was built, after a change of a setting; close the ledger."""
    if setting in {SETTING, "DATABASES", "ROOT_URLCONF"}:
        service = _BUILT.objects.get(_build_service)
        _BUILT.objects.clear()
        if service is not None and isinstance(service.ledger, SqlLedger):
            service.ledger.close()
