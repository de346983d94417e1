"""The command line: the dispatch to commands, exit statuses, errors; and the commands without a test file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import creance_pay
from creance_pay.cli import COMMANDS, caisse_command, main

COMMAND = [sys.executable, "-m", "creance_pay"]
HEAVY = ("cryptography", "flask", "jinja2", "polars", "requests", "sqlalchemy")


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Read the output of a command with --json."""
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """A reference typed with spaces is parsed."""
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
    """The misprint of the guide is refused with a code and suggestions, the right one first."""
    assert 1 == main(["reference", "631163120000297F", "--json"])

    found = printed(capsys)
    assert isinstance(found["suggestions"], list)
    first = found["suggestions"][0]
    assert ("REFERENCE_BAD_LENGTH", "6311631200000297F") == (found["code"], first)


def test_caisse(capsys: pytest.CaptureFixture[str]) -> None:
    """A caisse is printed line by line."""
    assert 0 == main(["caisse", "631"])

    assert "name             CPAM du Puy-de-Dôme" in capsys.readouterr().out.splitlines()


def test_unknown_caisse(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown code has status 1."""
    assert 1 == main(["caisse", "632", "--json"])

    assert {"code": "632", "status": "CAISSE_UNKNOWN"} == printed(capsys)


def test_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the package is one line on the standard error, with status 1."""
    assert 1 == main(["policy", "show", "ameli-1999"])

    assert (
        "creance-pay: no policy of that name; known: ameli-2019-11, ameli-2019-11-selection\n"
        == capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FileNotFoundError(2, "No such file or directory", "in.csv"), "in.csv: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("no errno"), "no errno"),
    ],
)
def test_system_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: OSError, line: str
) -> None:
    """An error of the system is one line, with the file if it has one."""

    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(caisse_command, "find_caisse", fail)

    assert (1, f"creance-pay: {line}\n") == (main(["caisse", "631"]), capsys.readouterr().err)


@pytest.mark.skipif(os.name != "posix", reason="Windows reports a closed pipe in another way")
def test_broken_pipe() -> None:
    """A reader that stops early, such as head, ends the command without a message."""
    with subprocess.Popen([*COMMAND, "policy"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert (b"", 141) == (process.stderr.read(), process.wait())


@pytest.mark.parametrize("words", [[], ["pay"], ["caisse"], ["caisse", "631", "--nothing"]])
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or unknown command, argument or option is a usage error."""
    with pytest.raises(SystemExit) as stopped:
        main(words)

    assert (2, True) == (stopped.value.code, "usage: creance-pay" in capsys.readouterr().err)


def test_usage_of_the_act(capsys: pytest.CaptureFixture[str]) -> None:
    """The usage beside an unknown word is that of the act, which shows the words that it knows."""
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["ledger", "find", "PCLCB263270000017"])

    error = capsys.readouterr().err
    assert error.startswith("usage: creance-pay ledger find ")
    assert error.endswith("creance-pay ledger find: error: unrecognized arguments: PCLCB263270000017\n")


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists every command, and each command has its own."""

    def help_of(*words: str) -> str:
        with pytest.raises(SystemExit, match=r"^0$"):
            main([*words, "--help"])
        return capsys.readouterr().out

    acts = {
        "keys": ("create", "add", "retire", "list", "rekey"),
        "ledger": ("list", "show", "incidents", "erase", "reconcile"),
        "messages": ("list", "render", "check"),
    }
    every = [(name, *act) for name in COMMANDS for act in [(), *[(each,) for each in acts.get(name, ())]]]
    assert {*COMMANDS} <= {*help_of().split()}
    assert [] == [words for words in every if not help_of(*words).startswith(f"usage: creance-pay {' '.join(words)} ")]


def test_light() -> None:
    """A command does not load the packages that only other commands need."""
    program = "import sys; from creance_pay.cli import main; main(['caisse', '631']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 - our own text

    assert [] == [name for name in HEAVY if name in done.stdout.split()]


def test_module() -> None:
    """``python -m creance_pay`` is the same program."""
    done = subprocess.run([*COMMAND, "caisse", "481"], check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - our own program

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
