"""The portal on PostgreSQL under gunicorn: two processes, forked after the service was built."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import SimpleNamespace

import attrs
import pytest
import requests

from creance_pay import PaymentState
from creance_pay.gateways import HttpAnswer, Transport
from creance_pay.ledger import SqlLedger
from creance_pay.testing import LocalBank
from creance_pay.testing.sips import SipsTrialMerchant
from django_visitor import TIMEOUT_S, Person
from ledgers import postgres

__all__ = ["postgres"]
ROOT = Path(__file__).resolve().parents[2]
THREADS, PAYMENTS = 8, 400  # five requests each
SETTINGS = """
from urllib.parse import parse_qs, urlsplit
from payportal.settings import *
import os
DEBUG = False
_url = urlsplit(os.environ["DATABASE"])
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "portal", "USER": _url.username,
                         "HOST": parse_qs(_url.query).get("host", [_url.hostname])[0], "PORT": _url.port or ""}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""
APPLICATION = """
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from payportal.urls import OWNERS
OWNERS.update({f"631170540000{number:04d}F": "assure0" for number in range(10_000)})
from creance_pay.django import payment_service
payment_service().ledger.payments()  # before the fork, with a connection
"""
USERS = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_user("assure0", password="pw")
"""


class ToPortal(Transport):
    """The bank's server, whose posts are counted."""

    def __init__(self, counted: Counter[int]) -> None:
        """Store the counter."""
        self._counted = counted

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Send, and count the status."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, url, headers=headers, data=body, timeout=TIMEOUT_S)
        self._counted[answer.status_code] += 1
        return HttpAnswer(answer.status_code, answer.content)


@attrs.frozen(kw_only=True)
class Served:
    """The served portal, and its ledger."""

    url: str
    database: str


@pytest.fixture
def served(postgres: str, tmp_path: Path) -> Iterator[Served]:
    """Serve the example by gunicorn on an empty database."""
    import psycopg  # noqa: PLC0415 - with the database

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS portal")
        connection.execute("CREATE DATABASE portal")
    (tmp_path / "preload_settings.py").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "preload_wsgi.py").write_text(APPLICATION, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    paths = os.pathsep.join([str(tmp_path), str(ROOT / "examples" / "django"), os.environ.get("PYTHONPATH", "")])
    env = {
        **os.environ, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "preload_settings", "SITE_URL": url,
        "DATABASE": postgres,
    }  # fmt: skip
    for words in (["migrate", "--verbosity=0"], ["shell", "--verbosity=0", "--command", USERS]):
        subprocess.run([sys.executable, "-m", "django", *words], env=env, check=True)  # noqa: S603 - our own programs
    gunicorn = ["gunicorn", "--preload", "--workers=2", "--threads=4", f"--bind=127.0.0.1:{port}", "preload_wsgi"]
    with subprocess.Popen([sys.executable, "-m", *gunicorn], env=env) as process:  # noqa: S603 - the same
        _wait_for(port)
        yield Served(url=url, database=postgres.replace("/postgres?", "/portal?"))
        process.terminate()
    assert 0 == process.returncode


def _wait_for(port: int) -> None:
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)


@pytest.mark.slow
def test_preload(served: Served) -> None:
    """2,000 requests to two processes: no error, and each of 400 payments is recorded as paid once."""
    statuses, pages = Counter[int](), Counter[int]()
    bank, lock = LocalBank(SipsTrialMerchant(), transport=ToPortal(statuses)), Lock()

    def pay(thread: int) -> None:
        with Person(SimpleNamespace(url=served.url)) as person:
            person.session.hooks["response"] = [lambda answer, **_: statuses.update([answer.status_code])]
            person.sign_in("assure0")
            for number in range(thread, PAYMENTS, THREADS):
                form = person.start(f"631170540000{number:04d}F")
                with lock:  # the bank of these tests has one thread
                    message = bank.pay(form)
                pages.update([person.come_back(message.body, dict(message.headers)).status_code])

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(pay, range(THREADS)))
    ledger = SqlLedger(served.database, merchant_id=bank.merchant.merchant_id)
    states = Counter(payment.state for payment in ledger.payments())
    ledger.close()

    assert {PaymentState.PAID: PAYMENTS} == states
    assert {200: PAYMENTS} == pages
    assert {200, 302} == set(statuses)
