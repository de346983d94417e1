"""Build the wheel and the sdist, and check them: run by ``python3 dev.py package [--extras]``.

The wheel is installed in foreign virtual environments, away from the repository: one for each Python from 3.11 to 3.14
that this machine has.  With ``--extras``, each extra is installed alone, and used.  The results are in ``build/dist``,
with a bill of materials in CycloneDX.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "build" / "dist"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# The folders of the sdist: whatever a reader needs to build, test and document the library.
SDIST = ("src/", "tests/", "docs/", "examples/", "benchmarks/", "tools/", "requirements/", ".ci/")
# Programs that use an installed wheel without any extra.
BASE = """
import creance_pay, subprocess, sys
from importlib.metadata import version
assert creance_pay.__version__ == version("creance-pay")
assert "site-packages" in creance_pay.__file__, creance_pay.__file__
from creance_pay.messages import ServiceUnavailable, render
from creance_pay.rules import policy_named
from creance_pay.testing.sips import SipsTrialMerchant
assert render(ServiceUnavailable()).title and policy_named("ameli-2019-11") and SipsTrialMerchant().gateway()
command = [sys.executable, "-m", "creance_pay", "reference", "6311 7054 0000 0344 F"]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
"""
# One line for each extra, which uses it; without the extra it raises an error that names it.
EXTRAS: Mapping[str, str] = {
    "batch": "from creance_pay.batch import assess_file; import polars, narwhals",
    "demo": "from creance_pay.testing.server import bank_pages; from creance_pay.testing.sips import SipsBank;"
    " assert bank_pages(SipsBank({})).test_client().get('/').status_code == 200",
    "django": "from creance_pay.django import payment_service; import django;"
    " from django.conf import settings; settings.configure(INSTALLED_APPS=['creance_pay.django',"
    " 'django.contrib.auth', 'django.contrib.contenttypes'], CREANCE_PAY={'SITE_URL': 'http://127.0.0.1',"
    " 'GATEWAY': 'creance_pay.testing.sips.SipsTrialMerchant'}); django.setup();"
    " from django.core.management import get_commands; assert 'creance_worker' in get_commands()",
    "ledger": "from creance_pay.ledger import SqlLedger;"
    " assert SqlLedger('sqlite:///l.db', merchant_id='M').tasks() == ()",
    "pdf": "from creance_pay.messages import Registration, letter_pdf, sample;"
    " assert letter_pdf(sample(Registration))[:4] == b'%PDF'",
    "postgresql": "from creance_pay.errors import GatewayUnavailableError; from creance_pay.ledger import SqlLedger\n"
    "try: SqlLedger('postgresql://127.0.0.1:9/none', merchant_id='M')\n"
    "except GatewayUnavailableError: pass",
    "proofs": "from creance_pay.rules import policy_named, proofs; import z3",
    "spark": "from creance_pay.rules import columns; import pyspark, pandas, pyarrow, narwhals",
    "telemetry": "import opentelemetry.trace, opentelemetry.metrics",
}


def say(sentence: str) -> None:
    """Print a line of the report."""
    print(f"package: {sentence}", flush=True)


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a program, and raise when it fails."""
    subprocess.run([str(word) for word in command], cwd=cwd, env=env, check=True)


def build(folder: Path) -> tuple[Path, Path]:
    """Build both files into an emptied folder, and return the paths of wheel and sdist."""
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "build", "--quiet", "--outdir", folder, ROOT)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def tracked() -> list[str]:
    """List the files of the repository, by git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - git of the path
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def missing_in_wheel(names: Iterable[str], files: Iterable[str]) -> list[str]:
    """List the files of ``src`` that a wheel lacks, and those that it has beyond them.

    Args:
        names: The names in the wheel.
        files: The files of the repository.
    """
    expected = {name.removeprefix("src/") for name in files if name.startswith("src/")}
    found = {name for name in names if ".dist-info/" not in name and not name.endswith("/")}
    return sorted(f"missing: {name}" for name in expected - found) + sorted(
        f"extra: {name}" for name in found - expected
    )


def missing_in_sdist(names: Iterable[str], files: Iterable[str]) -> list[str]:
    """List the files of the repository that an sdist lacks.

    Args:
        names: The names in the sdist, below its one folder.
        files: The files of the repository.
    """
    return sorted({name for name in files if name.startswith(SDIST) or "/" not in name} - set(names))


def check_contents(wheel: Path, sdist: Path) -> None:
    """Compare the contents with the repository, and the metadata with the rules of the index."""
    files = tracked()
    with zipfile.ZipFile(wheel) as opened:
        faults = missing_in_wheel(opened.namelist(), files)
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    faults += [f"sdist lacks {name}" for name in missing_in_sdist(names, files)]
    if faults:
        sys.exit("package: " + "\n".join(faults))
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    say(f"contents as in the repository: {wheel.name}, {sdist.name}")


def extras_of(wheel: Path) -> list[str]:
    """List the extras of a wheel, by its metadata."""
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(opened.read(name).decode()).get_all("Provides-Extra") or []


def interpreter(version: str) -> str | None:
    """Find a Python of a version on the path or among those of pyenv; ``None`` without one that runs."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *map(str, sorted(versions.glob(f"{version}.*/bin/python")))]
    for python in filter(None, candidates):
        if subprocess.run([python, "-c", "import venv"], check=False, capture_output=True).returncode == 0:
            return python
    return None


def install(python: str | None, folder: Path, what: str) -> Path:
    """Create an environment, by an interpreter or by this one, and install into it; return its Python."""
    if python is None:
        venv.create(folder, with_pip=True)
    else:
        run(python, "-m", "venv", folder)
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(inside, "-m", "pip", "--disable-pip-version-check", "install", "-qq", what)
    return inside


def use(python: Path, program: str, folder: Path) -> None:
    """Run a program with an installed wheel, away from the repository and without its variables."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run(python, "-c", program, cwd=folder, env=env)


def check_pythons(wheel: Path, folder: Path) -> None:
    """Install and use the wheel with each Python of this machine."""
    for version in PYTHONS:
        python = interpreter(version)
        if python is None:
            say(f"Python {version} is not on this machine: not tried")
            continue
        inside = install(python, folder / version, str(wheel))
        use(inside, BASE, folder)
        say(f"Python {version}: installed and used")


def check_extras(wheel: Path, folder: Path) -> None:
    """Install each extra alone, and use it."""
    for extra in extras_of(wheel):
        inside = install(None, folder / extra, f"{wheel}[{extra}]")
        run(inside, "-m", "pip", "check", "--quiet")
        use(inside, EXTRAS[extra], folder)
        shutil.rmtree(folder / extra)
        say(f"extra {extra}: installed alone and used")


def list_materials(wheel: Path, folder: Path) -> None:
    """Write the bill of materials: every package that the wheel with its ledger and Django installs."""
    inside = install(None, folder / "materials", f"{wheel}[django,postgresql,pdf]")
    output = DIST / f"{wheel.name.partition('-py3')[0]}.cdx.json"
    options = ("--output-reproducible", "--spec-version", "1.6", "--output-file", output)
    run(sys.executable, "-m", "cyclonedx_py", "environment", *options, inside)
    say(f"bill of materials: {output.relative_to(ROOT)}")


def main(words: list[str]) -> int:
    """Build and check; return 0, or raise at the first fault."""
    wheel, sdist = build(DIST)
    check_contents(wheel, sdist)
    with tempfile.TemporaryDirectory(prefix="creance-pay-") as name:
        folder = Path(name)
        check_pythons(wheel, folder)
        list_materials(wheel, folder)
        if "--extras" in words:
            check_extras(wheel, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
