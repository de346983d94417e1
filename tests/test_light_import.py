"""What an import loads: nothing heavy, nothing that listens or calls, until it is asked for."""

import subprocess
import sys

import pytest

FRAMEWORKS = ("django", "fastapi", "flask")
HEAVY = ("babel", "cryptography", "holidays", "jinja2", "narwhals", "requests", "sqlalchemy", *FRAMEWORKS)
ROOM = ("alembic", "babel", "jinja2", "narwhals", "psycopg", "requests", "sqlalchemy", *FRAMEWORKS)


def loaded_by(module: str, watched: tuple[str, ...]) -> list[str]:
    """Import a module in a Python of its own, and list those of the watched that this has loaded."""
    program = f"import sys, {module}; print(*sorted(set({watched}) & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - our own text


def test_package() -> None:
    """The package alone loads none of them (H15)."""
    assert [] == loaded_by("creance_pay", HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "creance_pay.rules",
        "creance_pay.gateways",
        "creance_pay.gateways.sips",
        "creance_pay.ledger",
        "creance_pay.payments",
        "creance_pay.testing",
        "creance_pay.testing.pytest_plugin",  # which every run of pytest loads
    ],
)
def test_rooms(module: str) -> None:
    """Deciding and verifying need neither network nor templates."""
    assert [] == loaded_by(module, ROOM)


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("creance_pay.messages", "jinja2"),
        ("creance_pay.testing.server", "flask"),
        ("creance_pay.rules.columns", "narwhals"),
        ("creance_pay.batch", "polars"),
        ("creance_pay.django", "django"),
    ],
)
def test_noticed(module: str, needed: str) -> None:
    """A module that needs a package loads it: the tests above can fail."""
    assert [needed] == loaded_by(module, (needed,))
