"""What an import loads: nothing heavy, nothing that listens or calls, until it is asked for."""

import subprocess
import sys

import pytest

HEAVY = ("babel", "cryptography", "flask", "holidays", "jinja2", "narwhals", "requests", "sqlalchemy")
ROOM = ("alembic", "babel", "flask", "jinja2", "psycopg", "requests", "sqlalchemy")


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
        "creance_pay.gateways.testing",
        "creance_pay.gateways.testing.plugin",  # which every run of pytest loads
    ],
)
def test_rooms(module: str) -> None:
    """Deciding and verifying need neither network nor templates."""
    assert [] == loaded_by(module, ROOM)


@pytest.mark.parametrize(
    ("module", "needed"), [("creance_pay.messages", "jinja2"), ("creance_pay.gateways.testing.pages", "flask")]
)
def test_noticed(module: str, needed: str) -> None:
    """What a module does need is seen loading: the tests above can fail."""
    assert [needed] == loaded_by(module, (needed,))
