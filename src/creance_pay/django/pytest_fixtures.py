"""Fixtures for the tests of a portal in Django: ``pytest_plugins = ["creance_pay.django.pytest_fixtures"]``.

``live_portal`` serves the portal and a test bank over HTTP on this machine.  With pytest-django, use it together with
``transactional_db``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import override_settings
from django.test.testcases import LiveServerThread

from ..payments import PaymentService
from .setting import SETTING, payment_service


@attrs.frozen(kw_only=True)
class LivePortal:
    """A served portal, and its bank.

    Attributes:
        url: The address of the portal.
        bank: The bank: a :class:`creance_pay.testing.LocalBank`, which is served too.
    """

    url: str
    bank: Any

    @property
    def service(self) -> PaymentService:
        """The payment service of the portal."""
        return payment_service()


def _shared_connections() -> dict[str, Any]:
    """Return the connections to databases in memory, which the server's threads have to share."""
    shared = {}
    for connection in connections.all(initialized_only=True):
        if connection.vendor == "sqlite" and connection.is_in_memory_db():
            connection.inc_thread_sharing()
            shared[connection.alias] = connection
    return shared


def _stop_sharing(shared: Mapping[str, Any]) -> None:
    for connection in shared.values():
        connection.dec_thread_sharing()


@pytest.fixture
def live_portal(bank_page: Any, tmp_path: Path) -> Iterator[LivePortal]:  # noqa: ANN401 - a LocalBank, without its import
    """Serve the portal on a free port, with the gateway of a served test bank and a ledger of its own."""
    shared = _shared_connections()
    with_files = StaticFilesHandler if apps.is_installed("django.contrib.staticfiles") else lambda handler: handler
    server = LiveServerThread("127.0.0.1", with_files, connections_override=shared)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    url = f"http://127.0.0.1:{server.port}"
    changes = {"SITE_URL": url, "GATEWAY": bank_page.gateway, "LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}"}
    setting = {name: value for name, value in getattr(settings, SETTING).items() if name != "SERVICE"}
    try:
        with override_settings(CREANCE_PAY={**setting, **changes}, ALLOWED_HOSTS=["127.0.0.1"]):
            yield LivePortal(url=url, bank=bank_page)
    finally:
        server.terminate()
        _stop_sharing(shared)
