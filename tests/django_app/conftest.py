"""Django, set up with the settings of the example; each test has an empty database."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "payportal.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's driver has an event loop in this thread
sys.path.append(str(Path(__file__).resolve().parents[2] / "examples" / "django"))

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections
from django.test.utils import setup_test_environment, teardown_test_environment

# A file: a connection to memory belongs to one thread, and to one event loop.
FOLDER = tempfile.TemporaryDirectory(prefix="portal-")
settings.DATABASES["default"]["NAME"] = f"{FOLDER.name}/db.sqlite3"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the others take a second
django.setup()

from creance_pay.django import setting
from creance_pay.django.pytest_fixtures import LivePortal, live_portal
from django_visitor import Person

__all__ = ["live_portal"]


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    setup_test_environment(debug=False)
    call_command("migrate", verbosity=0)
    yield
    connections.close_all()
    teardown_test_environment()
    FOLDER.cleanup()


@pytest.fixture(autouse=True)
def database() -> Iterator[None]:
    """Create three persons; forget the service and the rows of the test before."""
    setting.reset()
    for name, staff in (("assure0", False), ("assure1", False), ("agent", True)):
        get_user_model().objects.create_user(name, password="pw", is_staff=staff, is_superuser=staff)
    yield
    setting.reset()
    call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def person(live_portal: LivePortal) -> Iterator[Person]:
    """Return the browser of a signed-in person."""
    with Person(live_portal) as opened:
        opened.sign_in("assure0")
        yield opened
