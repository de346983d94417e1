"""The command line: what each command prints, and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import creance_pay
from creance_pay.cli import main


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Read what a command printed with --json."""
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """A reference typed with spaces is read, and its parts are given."""
    assert 0 == main(["reference", " 6311 7054 0000 0344 f ", "--json"])

    assert {
        "code": "REFERENCE_OK",
        "reference": "6311 7054 0000 0344 F",
        "caisse": "631",
        "issued_on": "2017-02-23",
        "sequence": 344,
        "letter": "F",
    } == printed(capsys)


def test_misprint(capsys: pytest.CaptureFixture[str]) -> None:
    """The guide's misprint is a no, with its code and its suggestion."""
    assert 1 == main(["reference", "631163120000297F", "--json"])

    found = printed(capsys)
    assert ("REFERENCE_BAD_LENGTH", "6311631200000297F") == (found["code"], found["suggestion"])


def test_caisse(capsys: pytest.CaptureFixture[str]) -> None:
    """A caisse is found by its code, and shown line by line."""
    assert 0 == main(["caisse", "631"])

    assert "name             CPAM du Puy-de-Dôme" in capsys.readouterr().out.splitlines()


def test_unknown_caisse(capsys: pytest.CaptureFixture[str]) -> None:
    """A code that the table does not know is a no."""
    assert 1 == main(["caisse", "632", "--json"])

    assert {"code": "632", "status": "CAISSE_UNKNOWN"} == printed(capsys)


def test_policy(capsys: pytest.CaptureFixture[str]) -> None:
    """Every value of the policy is shown with its source."""
    assert 0 == main(["policy"])

    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("online_min = 16.00 (cents), documented on 2019-11-01: guide, annex") for line in lines)


def test_policy_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads the values by name."""
    assert 0 == main(["policy", "--json"])

    assert 24 == printed(capsys)["display_delay_hours"]


def test_unknown_policy(capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the package is one line on the standard error, and a no."""
    assert 1 == main(["policy", "ameli-1999"])

    assert "creance-pay: no policy of that name; known: ameli-2019-11\n" == capsys.readouterr().err


def test_no_command() -> None:
    """No command is a usage that is not one."""
    with pytest.raises(SystemExit) as stopped:
        main([])

    assert 2 == stopped.value.code


def test_as_a_module() -> None:
    """``python -m creance_pay`` is the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "creance_pay", "caisse", "481"], check=True, capture_output=True, encoding="utf-8"
    )

    assert "kind             CCSS" in done.stdout.splitlines()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The attribute and the option show the version that the project file declares."""
    path = Path(__file__).resolve().parents[2] / "pyproject.toml"
    declared = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"]

    with pytest.raises(SystemExit) as stopped:
        main(["--version"])

    assert (0, f"creance-pay {declared}\n") == (stopped.value.code, capsys.readouterr().out)
    assert declared == creance_pay.__version__


def test_misspelt_attribute() -> None:
    """The package has no attribute but its own."""
    with pytest.raises(AttributeError, match="module 'creance_pay' has no attribute '__versions__'"):
        _ = creance_pay.__versions__  # type: ignore[attr-defined]
