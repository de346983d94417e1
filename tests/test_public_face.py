"""The public face: the names that users type are listed by hand, sorted, importable, and complete."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
# The command line, the tables of a database, and the folders in which Django looks for its parts: no user imports names
# from them.
DJANGO = {f"creance_pay.django.{name}" for name in ("management", "management.commands", "migrations", "templatetags")}
PROGRAMS = {"creance_pay.cli", "creance_pay.ledger.sql", *DJANGO}
# The package offers two of its modules by name.
MODULES = {"codes", "errors"}
MOST_NAMES = 30
FOUND = {".".join(path.parent.relative_to(SOURCE).parts) for path in (SOURCE / "creance_pay").rglob("__init__.py")}
PACKAGES = sorted(FOUND - PROGRAMS)


def listed(package: str) -> list[str]:
    """Read a package's own list of its names."""
    names: list[str] = importlib.import_module(package).__all__
    return names


def imported_names(package: str) -> list[str]:
    """Read the public names that a package's own file imports from its modules."""
    path = SOURCE.joinpath(*package.split("."), "__init__.py")
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    aliases = [alias for node in nodes if isinstance(node, ast.ImportFrom) and node.level for alias in node.names]
    return [alias.asname or alias.name for alias in aliases]


def test_packages() -> None:
    """The packages are those that users import from."""
    assert {
        "creance_pay",
        "creance_pay.batch",
        "creance_pay.django",
        "creance_pay.gateways",
        "creance_pay.gateways.direct",
        "creance_pay.gateways.sips",
        "creance_pay.ledger",
        "creance_pay.messages",
        "creance_pay.office",
        "creance_pay.payments",
        "creance_pay.rules",
        "creance_pay.testing",
        "creance_pay.testing.direct",
        "creance_pay.testing.simulation",
        "creance_pay.testing.sips",
        "creance_pay.web",
    } == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
class TestPackage:
    """Each package lists what it offers."""

    def test_sorted(self, package: str) -> None:
        """The list is sorted, and names nothing twice."""
        assert sorted(set(listed(package))) == listed(package)

    def test_complete(self, package: str) -> None:
        """The list has what the package imports from its own modules, and nothing else."""
        assert sorted(imported_names(package)) == listed(package)

    def test_public(self, package: str) -> None:
        """No listed name is a private one."""
        assert [] == [name for name in listed(package) if name.startswith("_")]

    def test_importable(self, package: str) -> None:
        """Each listed name is there."""
        module = importlib.import_module(package)

        assert [] == [name for name in listed(package) if not hasattr(module, name)]

    def test_no_modules(self, package: str) -> None:
        """No listed name is a module that could hide a function."""
        module = importlib.import_module(package)

        assert [] == [
            name for name in listed(package) if inspect.ismodule(getattr(module, name)) and name not in MODULES
        ]

    def test_few(self, package: str) -> None:
        """The list is short enough to be read."""
        assert len(listed(package)) <= MOST_NAMES

    def test_typed(self, package: str) -> None:
        """The file that checks types from outside uses each listed name."""
        tree = ast.parse((SOURCE.parent / "tests" / "typing" / "api.py").read_text(encoding="utf-8"))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | MODULES

        assert [] == [name for name in listed(package) if name not in used]

    def test_documented(self, package: str) -> None:
        """Each listed class and function has a docstring."""
        things = {name: getattr(importlib.import_module(package), name) for name in listed(package)}

        assert [] == [name for name, thing in things.items() if not inspect.getdoc(thing)]


def test_one_home() -> None:
    """No name is offered by two packages."""
    names = [name for package in PACKAGES for name in listed(package)]

    assert sorted(set(names)) == sorted(names)
