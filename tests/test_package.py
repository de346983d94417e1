"""The checks of ``dev.py package``; CI runs the verb itself."""

import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from programs import ROOT, load

FILES = [
    "src/creance_pay/__init__.py",
    "src/creance_pay/rules/policy.toml",
    "tests/test_x.py",
    "README.md",
    ".gitignore",
]


@pytest.fixture
def package() -> ModuleType:
    """Load the tool."""
    return load("tools/package.py")


def test_wheel(package: ModuleType) -> None:
    """A wheel has every file of the library and nothing else; its metadata do not count."""
    names = ["creance_pay/__init__.py", "creance_pay/rules/policy.toml", "creance_pay-1.dist-info/METADATA"]

    assert [] == package.missing_in_wheel(names, FILES)
    assert ["missing: creance_pay/rules/policy.toml", "extra: creance_pay/secret.pem"] == package.missing_in_wheel(
        [names[0], "creance_pay/secret.pem"], FILES
    )


def test_sdist(package: ModuleType) -> None:
    """An sdist has the tests and the files at the top too; it may have more, such as its metadata."""
    assert [] == package.missing_in_sdist([*FILES, "PKG-INFO"], FILES)
    assert ["README.md", "tests/test_x.py"] == package.missing_in_sdist([FILES[0], FILES[1], ".gitignore"], FILES)


def test_extras(package: ModuleType, tmp_path: Path) -> None:
    """Each extra of the project has a program that uses it; a wheel's extras are read from its metadata."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wheel = tmp_path / "w.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        opened.writestr("w-1.dist-info/METADATA", "Name: w\nProvides-Extra: pdf\nProvides-Extra: spark\n")

    assert [] == [extra for extra in project["optional-dependencies"] if extra not in package.EXTRAS]
    assert ["pdf", "spark"] == package.extras_of(wheel)


def test_interpreter(package: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python of pyenv is found; one that does not run is none."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    for version, script in (("3.12.1", "#!/bin/sh\nexit 0\n"), ("3.13.0", "#!/bin/sh\nexit 127\n")):
        python = tmp_path / "versions" / version / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(script, encoding="utf-8")
        python.chmod(0o755)

    assert [True, False, False] == [package.interpreter(version) is not None for version in ("3.12", "3.13", "3.14")]
