"""``creance-pay keys``: files of keys made and changed at the command line, no secret ever an argument or shown."""

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from creance_pay.cli import keys_command as commands
from creance_pay.cli import main
from creance_pay.gateways import KeyRing
from sips_shop import SECRET, SECRETS

WORDS = "a passphrase of the tests"
KEY_TEXT = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(32)).decode()


class Terminal(io.StringIO):
    """A standard input at which a person sits."""

    def isatty(self) -> bool:
        """Be a terminal."""
        return True


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a place for a key file, that the environment's key opens."""
    monkeypatch.delenv("CREANCE_PAY_PASSPHRASE", raising=False)
    monkeypatch.setenv("CREANCE_PAY_KEY", KEY_TEXT)
    return tmp_path / "keys.json"


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Give a function that runs an act on the file, with lines on its standard input."""
    return Run(path, monkeypatch)


class Run:
    """The command on one file."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Remember the file."""
        self.path = path
        self.monkeypatch = monkeypatch

    def __call__(self, act: str, *arguments: str, lines: tuple[str, ...] = ()) -> int:
        """Run an act and give its status."""
        self.monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return main(["keys", act, str(self.path), *arguments])

    def rotation(self) -> None:
        """Make a file in the middle of a rotation: key 1, then key 2."""
        self("create", "1", lines=(SECRETS["1"],))
        self("add", "2", lines=(SECRETS["2"],))

    def at_terminal(self, typed: list[str]) -> list[str]:
        """Type answers at the terminal from now on; give the list that the questions will go to."""
        asked: list[str] = []
        answers = iter(typed)

        def answer(question: str) -> str:
            asked.append(question)
            return next(answers)

        self.monkeypatch.setattr(sys, "stdin", Terminal())
        self.monkeypatch.setattr(commands, "getpass", answer)
        return asked


def secrets_of(path: Path, **opens: str) -> dict[str, str]:
    """Gather the secrets of a file by version."""
    return {key.version: key.get_secret_value() for key in KeyRing.from_file(path, **opens)}


class TestCreate:
    """A file begins with one key."""

    def test_file(self, run: Run, path: Path) -> None:
        """The key is in the file, and seals."""
        assert 0 == run("create", "2", lines=(SECRET,))

        assert {"2": SECRET} == secrets_of(path)

    def test_existing(self, run: Run, path: Path) -> None:
        """A file that is there stays as it is."""
        run("create", "2", lines=(SECRET,))
        before = path.read_bytes()

        assert (1, before) == (run("create", "3", lines=("another-secret-01",)), path.read_bytes())

    def test_passphrase_from_input(self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a key in the environment, the first line is the passphrase."""
        monkeypatch.delenv("CREANCE_PAY_KEY")

        assert 0 == run("create", "2", lines=(WORDS, SECRET))
        assert {"2": SECRET} == secrets_of(path, passphrase=WORDS)

    def test_terminal(self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """At a terminal a new passphrase is asked twice, the key once."""
        monkeypatch.delenv("CREANCE_PAY_KEY")
        asked = run.at_terminal([WORDS, WORDS, SECRET])

        assert 0 == main(["keys", "create", str(path), "2"])
        assert ["passphrase of the file: ", "passphrase of the file, again: ", "secret of key 2: "] == asked
        assert {"2": SECRET} == secrets_of(path, passphrase=WORDS)

    def test_mistyped(
        self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Two passphrases that differ make no file."""
        monkeypatch.delenv("CREANCE_PAY_KEY")
        run.at_terminal([WORDS, WORDS.upper()])

        assert (1, False) == (main(["keys", "create", str(path), "2"]), path.exists())
        assert "creance-pay: the two are not the same\n" == capsys.readouterr().err

    @pytest.mark.parametrize("lines", [(), ("",), (f"{SECRET} ",)], ids=["none", "empty", "padded"])
    def test_no_secret(self, run: Run, path: Path, lines: tuple[str, ...]) -> None:
        """Without a sound secret there is no file."""
        assert (1, False) == (run("create", "2", lines=lines), path.exists())

    def test_windows_line(self, run: Run, path: Path) -> None:
        """A line end of either kind belongs to no secret."""
        run("create", "2", lines=(f"{SECRET}\r",))

        assert {"2": SECRET} == secrets_of(path)


class TestAdd:
    """The key that is added seals from now on; the others still prove answers."""

    def test_current(self, run: Run, path: Path) -> None:
        """The added key is the current one, and the first is still there."""
        run.rotation()

        assert "2" == KeyRing.from_file(path).current.version
        assert SECRETS == secrets_of(path)

    def test_same_version(self, run: Run, path: Path) -> None:
        """No key is replaced by another of its version."""
        run.rotation()

        assert 1 == run("add", "1", lines=("another-secret-01",))
        assert SECRETS == secrets_of(path)

    def test_no_file(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that is not there has to be created first."""
        assert 1 == run("add", "2", lines=(SECRET,))

        assert "cannot be read: FileNotFoundError" in capsys.readouterr().err

    def test_passphrase_from_input(self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The passphrase comes before the secret."""
        monkeypatch.delenv("CREANCE_PAY_KEY")
        run("create", "1", lines=(WORDS, SECRETS["1"]))

        assert 0 == run("add", "2", lines=(WORDS, SECRETS["2"]))
        assert SECRETS == secrets_of(path, passphrase=WORDS)


class TestRetire:
    """An older key gets a last moment."""

    def test_last_moment(self, run: Run, path: Path) -> None:
        """The moment is in the file, for this key alone."""
        run.rotation()

        assert 0 == run("retire", "1", "--after", "2026-12-31T23:59:59+01:00")
        moments = {key.version: key.not_after and key.not_after.isoformat() for key in KeyRing.from_file(path)}
        assert {"1": "2026-12-31T23:59:59+01:00", "2": None} == moments

    @pytest.mark.parametrize(
        ("version", "after", "error"),
        [
            ("2", "2026-12-31T23:59:59+01:00", "the current key cannot retire: add the one that follows it first"),
            ("3", "2026-12-31T23:59:59+01:00", "no key of this version in the file"),
            ("1", "2026-12-31T23:59:59", "expected not_after to have a time zone"),
            ("1", "tomorrow", "expected a moment such as 2026-12-31T23:59:59+01:00"),
        ],
    )
    def test_refused(self, run: Run, capsys: pytest.CaptureFixture[str], version: str, after: str, error: str) -> None:
        """The current key, an unknown one, or a moment that is none: the file stays as it was."""
        run.rotation()
        before = run.path.read_bytes()

        assert (1, before) == (run("retire", version, "--after", after), run.path.read_bytes())
        assert f"creance-pay: {error}\n" == capsys.readouterr().err


class TestList:
    """The list tells what matters of each key, and not the key."""

    def test_json(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A program reads one object a line."""
        run.rotation()
        run("retire", "1", "--after", "2026-12-31T23:59:59+01:00")

        assert 0 == run("list", "--json")
        assert [
            {"version": "1", "current": False, "not_after": "2026-12-31T23:59:59+01:00", "weakness": None},
            {"version": "2", "current": True, "not_after": None, "weakness": None},
        ] == [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def test_lines(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A person sees why a key cannot protect real money."""
        run("create", "1", lines=("short",))

        assert 0 == run("list")
        assert "weakness         shorter than 16 characters" in capsys.readouterr().out.splitlines()


class TestRekey:
    """What opens the file changes; what it holds does not."""

    def test_to_passphrase(self, run: Run, path: Path) -> None:
        """A passphrase takes the place of the key."""
        run.rotation()

        assert 0 == run("rekey", lines=(WORDS,))
        assert SECRETS == secrets_of(path, passphrase=WORDS)

    def test_to_key(self, run: Run, path: Path) -> None:
        """Another key takes the place of the key, which opens nothing any more."""
        run.rotation()

        assert 0 == run("rekey", "--key", lines=(OTHER_KEY,))
        assert SECRETS == secrets_of(path, key=OTHER_KEY)
        assert 1 == run("list")

    def test_poor(self, run: Run, path: Path) -> None:
        """A poor passphrase leaves the file as it was."""
        run.rotation()
        before = path.read_bytes()

        assert (1, before) == (run("rekey", lines=("short",)), path.read_bytes())


class TestDiscretion:
    """No secret is an argument, and none is shown."""

    def test_nothing_shown(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A whole life of a file prints no secret, key or passphrase."""
        run.rotation()
        run("list")
        run("list", "--json")
        run("add", "2", lines=(SECRET,))
        run("rekey", lines=(WORDS,))
        run("list")

        shown = "".join(capsys.readouterr())
        assert [] == [text for text in (*SECRETS.values(), WORDS, KEY_TEXT) if text in shown]

    def test_not_an_argument(self, path: Path) -> None:
        """A secret given as one more argument is a usage that is not one."""
        with pytest.raises(SystemExit) as stopped:
            main(["keys", "create", str(path), "2", SECRET])

        assert (2, False) == (stopped.value.code, path.exists())

    def test_in_the_place_of_a_version(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A secret given in the place of a version is refused, and not quoted."""
        assert 1 == run("create", SECRET, lines=(SECRET,))

        assert SECRET not in "".join(capsys.readouterr())

    def test_as_a_program(self, path: Path) -> None:
        """The real program reads the secret from its standard input, and says nothing."""
        command = [sys.executable, "-m", "creance_pay", "keys", "create", str(path), "2"]
        done = subprocess.run(command, input=f"{SECRET}\n", check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - our own

        assert ("", "") == (done.stdout, done.stderr)
        assert {"2": SECRET} == secrets_of(path)
