"""System checks: the settings, the deployment behind a proxy, and the operation of the worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from ..errors import CreancePayError
from ..gateways.environments import is_loopback
from ..payments import ProblemKind
from .setting import SETTING, Configuration, payment_service

_OBJECT = SETTING
_HINTS = {
    ProblemKind.POLICY_OVERDUE: "Confirm the values in a policy file of your caisse, and give its path as POLICY.",
    ProblemKind.INCIDENT_OPEN: "`manage.py creance_ledger incidents` lists them; the admin shows and closes them.",
}


def check_settings(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 - the arguments of Django's checks
    """Check the setting ``CREANCE_PAY``, the key file and the effects; opens no database."""
    try:
        configuration = Configuration.read()
        configuration.build_policies()
        if configuration.service is not None:
            return []
        configuration.build_gateway()
        effects = configuration.build_effects()
    except (CreancePayError, ImportError, AttributeError) as error:
        return [Error(f"{type(error).__name__}: {error}", obj=_OBJECT, id="creance_pay.E001")]
    if effects:
        return []
    hint = "Add creance_pay.django.mailbox.acknowledge to EFFECTS: a payment has to be acknowledged (CRPA L112-11)."
    return [CheckWarning("No effect runs after a payment.", hint=hint, obj=_OBJECT, id="creance_pay.W002")]


def check_deployment(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 - the same
    """Check the addresses and cookies of a portal in production; runs with ``check --deploy``."""
    try:
        site = urlsplit(Configuration.read().site_url)
    except CreancePayError:
        return []  # an error of check_settings
    return list(_deployment(site.scheme, site.hostname or ""))


def _deployment(scheme: str, host: str) -> Iterator[CheckMessage]:
    if scheme != "https" or is_loopback(host):
        yield Error("SITE_URL is not a public https address: the bank refuses it.", obj=_OBJECT, id="creance_pay.E003")
    if not settings.SECURE_PROXY_SSL_HEADER:
        yield CheckWarning(
            "SECURE_PROXY_SSL_HEADER is not set: behind a proxy, Django takes every request for http.",
            hint="Set it to the header by which your proxy reports https; ignore this without a proxy.",
            obj=_OBJECT,
            id="creance_pay.W004",
        )
    if settings.SESSION_COOKIE_SAMESITE != "Lax":
        yield CheckWarning(
            "SESSION_COOKIE_SAMESITE is not Lax: with Strict, a person who returns from the bank is signed out.",
            obj=_OBJECT,
            id="creance_pay.W005",
        )


def check_operation(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ANN401 - the same
    """Check the health of the service: a worker that does not run, an effect that is overdue, an open incident.

    Runs with ``check --database default``.
    """
    if not databases:
        return []
    try:
        configuration = Configuration.read()
        problems = payment_service().health(policies=configuration.policies)
    except CreancePayError as error:
        return [Error(f"{type(error).__name__}: {error}", obj=_OBJECT, id="creance_pay.E006")]
    return [
        Error(str(each), obj=_OBJECT, id="creance_pay.E008")
        if each.critical
        else CheckWarning(str(each), hint=_HINTS.get(each.kind), obj=_OBJECT, id="creance_pay.W007")
        for each in problems
    ]
