"""``creance-pay keys``: key files created and changed; no secret is an argument or printed."""

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
from sips_merchant import SECRET, SECRETS

WORDS = "a passphrase of the tests"
KEY_TEXT = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(32)).decode()


class Terminal(io.StringIO):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        """Return that this is a terminal."""
        return True


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a key file that the environment's key decrypts."""
    monkeypatch.delenv("CREANCE_PAY_PASSPHRASE", raising=False)
    monkeypatch.setenv("CREANCE_PAY_KEY", KEY_TEXT)
    return tmp_path / "keys.json"


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Return a function that runs an act on the file, with lines on its standard input."""
    return Run(path, monkeypatch)


class Run:
    """The command on one file."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Store the path."""
        self.path = path
        self.monkeypatch = monkeypatch

    def __call__(self, act: str, *arguments: str, lines: tuple[str, ...] = ()) -> int:
        """Run an act, and return its status."""
        self.monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return main(["keys", act, str(self.path), *arguments])

    def rotation(self) -> None:
        """Create a file in the middle of a rotation: key 1, then key 2."""
        self("create", "1", lines=(SECRETS["1"],))
        self("add", "2", lines=(SECRETS["2"],))

    def at_terminal(self, typed: list[str]) -> list[str]:
        """Answer at the terminal from now on; return the list of the questions."""
        asked: list[str] = []
        answers = iter(typed)

        def answer(question: str) -> str:
            asked.append(question)
            return next(answers)

        self.monkeypatch.setattr(sys, "stdin", Terminal())
        self.monkeypatch.setattr(commands, "getpass", answer)
        return asked


def secrets_of(path: Path, **opens: str) -> dict[str, str]:
    """Return the secrets of a file by version."""
    return {key.version: key.get_secret_value() for key in KeyRing.from_file(path, **opens)}


class TestCreate:
    """``create``: a file with one key."""

    def test_file(self, run: Run, path: Path) -> None:
        """The file holds the key."""
        assert 0 == run("create", "2", lines=(SECRET,))

        assert {"2": SECRET} == secrets_of(path)

    def test_existing(self, run: Run, path: Path) -> None:
        """An existing file is unchanged."""
        run("create", "2", lines=(SECRET,))
        before = path.read_bytes()

        assert (1, before) == (run("create", "3", lines=("another-secret-01",)), path.read_bytes())

    def test_passphrase_from_input(self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a key in the environment, the first line of input is the passphrase."""
        monkeypatch.delenv("CREANCE_PAY_KEY")

        assert 0 == run("create", "2", lines=(WORDS, SECRET))
        assert {"2": SECRET} == secrets_of(path, passphrase=WORDS)

    def test_terminal(self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A terminal is asked for a new passphrase twice, for the secret once."""
        monkeypatch.delenv("CREANCE_PAY_KEY")
        asked = run.at_terminal([WORDS, WORDS, SECRET])

        assert 0 == main(["keys", "create", str(path), "2"])
        assert ["passphrase of the file: ", "passphrase of the file, again: ", "secret of key 2: "] == asked
        assert {"2": SECRET} == secrets_of(path, passphrase=WORDS)

    def test_mistyped(
        self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Two different passphrases create no file."""
        monkeypatch.delenv("CREANCE_PAY_KEY")
        run.at_terminal([WORDS, WORDS.upper()])

        assert (1, False) == (main(["keys", "create", str(path), "2"]), path.exists())
        assert (
            "creance-pay: expected the passphrase of the file twice, got two different answers\n"
            == capsys.readouterr().err
        )

    def test_no_secret(self, run: Run, path: Path) -> None:
        """A missing, empty or padded secret creates no file."""
        for lines in ((), ("",), (f"{SECRET} ",)):
            assert (1, False) == (run("create", "2", lines=lines), path.exists()), lines

    def test_windows_line(self, run: Run, path: Path) -> None:
        """A line end, of Windows too, is no part of the secret."""
        run("create", "2", lines=(f"{SECRET}\r",))

        assert {"2": SECRET} == secrets_of(path)


class TestAdd:
    """``add``: the added key seals from now on; the others still authenticate answers."""

    def test_current(self, run: Run, path: Path) -> None:
        """The added key is the current one; the first key stays."""
        run.rotation()

        assert "2" == KeyRing.from_file(path).current.version
        assert SECRETS == secrets_of(path)

    def test_same_version(self, run: Run, path: Path) -> None:
        """A version that the file has is refused."""
        run.rotation()

        assert 1 == run("add", "1", lines=("another-secret-01",))
        assert SECRETS == secrets_of(path)

    def test_no_file(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that does not exist is refused."""
        assert 1 == run("add", "2", lines=(SECRET,))

        assert "cannot be read: FileNotFoundError" in capsys.readouterr().err

    def test_passphrase_from_input(self, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The passphrase is read before the secret."""
        monkeypatch.delenv("CREANCE_PAY_KEY")
        run("create", "1", lines=(WORDS, SECRETS["1"]))

        assert 0 == run("add", "2", lines=(WORDS, SECRETS["2"]))
        assert SECRETS == secrets_of(path, passphrase=WORDS)


class TestRetire:
    """``retire``: the last moment of an older key."""

    def test_last_moment(self, run: Run, path: Path) -> None:
        """The file has the moment for this key alone."""
        run.rotation()

        assert 0 == run("retire", "1", "--after", "2026-12-31T23:59:59+01:00")
        moments = {key.version: key.not_after and key.not_after.isoformat() for key in KeyRing.from_file(path)}
        assert {"1": "2026-12-31T23:59:59+01:00", "2": None} == moments

    def test_refused(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """The current key and an unknown one are refused; the file is unchanged."""
        run.rotation()
        before, after = run.path.read_bytes(), "2026-12-31T23:59:59+01:00"

        assert [1, 1] == [run("retire", version, "--after", after) for version in ("2", "3")]
        assert [
            "creance-pay: the current key cannot retire: add its successor first",
            "creance-pay: expected the version of a key of the file: 1, 2",
        ] == capsys.readouterr().err.splitlines()
        assert before == run.path.read_bytes()

    @pytest.mark.parametrize("after", ["2026-12-31T23:59:59", "tomorrow"])
    def test_no_moment(self, run: Run, capsys: pytest.CaptureFixture[str], after: str) -> None:
        """A time without zone, or another text, is a usage error; the file is unchanged."""
        run.rotation()
        before = run.path.read_bytes()

        with pytest.raises(SystemExit) as stopped:
            run("retire", "1", "--after", after)

        assert (2, before) == (stopped.value.code, run.path.read_bytes())
        assert f"--after: expected a time with its zone, such as 2026-12-31T23:59:59+01:00, got {after!r}" in (
            capsys.readouterr().err
        )


class TestList:
    """``list``: the keys without their secrets."""

    def test_json(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """JSON has one object a line."""
        run.rotation()
        run("retire", "1", "--after", "2026-12-31T23:59:59+01:00")

        assert 0 == run("list", "--json")
        assert [
            {"version": "1", "current": False, "not_after": "2026-12-31T23:59:59+01:00", "weakness": None},
            {"version": "2", "current": True, "not_after": None, "weakness": None},
        ] == [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def test_lines(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """The weakness of a key is printed."""
        run("create", "1", lines=("short",))

        assert 0 == run("list")
        assert "weakness         shorter than 16 characters" in capsys.readouterr().out.splitlines()


class TestRekey:
    """``rekey``: another passphrase or key decrypts the same content."""

    def test_to_passphrase(self, run: Run, path: Path) -> None:
        """A passphrase replaces the key."""
        run.rotation()

        assert 0 == run("rekey", lines=(WORDS,))
        assert SECRETS == secrets_of(path, passphrase=WORDS)

    def test_to_key(self, run: Run, path: Path) -> None:
        """Another key replaces the key; the old key no longer decrypts the file."""
        run.rotation()

        assert 0 == run("rekey", "--key", lines=(OTHER_KEY,))
        assert SECRETS == secrets_of(path, key=OTHER_KEY)
        assert 1 == run("list")

    def test_poor(self, run: Run, path: Path) -> None:
        """A passphrase that is too short leaves the file unchanged."""
        run.rotation()
        before = path.read_bytes()

        assert (1, before) == (run("rekey", lines=("short",)), path.read_bytes())


class TestDiscretion:
    """No secret is an argument, and none is printed."""

    def test_nothing_shown(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """No act prints a secret, key or passphrase."""
        run.rotation()
        run("list")
        run("list", "--json")
        run("add", "2", lines=(SECRET,))
        run("rekey", lines=(WORDS,))
        run("list")

        shown = "".join(capsys.readouterr())
        assert [] == [text for text in (*SECRETS.values(), WORDS, KEY_TEXT) if text in shown]

    def test_not_an_argument(self, path: Path) -> None:
        """A secret as an argument is a usage error."""
        with pytest.raises(SystemExit) as stopped:
            main(["keys", "create", str(path), "2", SECRET])

        assert (2, False) == (stopped.value.code, path.exists())

    def test_in_the_place_of_a_version(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """A secret in the place of the version is refused, and not printed."""
        assert 1 == run("create", SECRET, lines=(SECRET,))

        assert SECRET not in "".join(capsys.readouterr())

    def test_as_a_program(self, path: Path) -> None:
        """The program reads the secret from its standard input, and prints nothing."""
        command = [sys.executable, "-m", "creance_pay", "keys", "create", str(path), "2"]
        done = subprocess.run(command, input=f"{SECRET}\n", check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - our own

        assert ("", "") == (done.stdout, done.stderr)
        assert {"2": SECRET} == secrets_of(path)


def at_once(path: Path, *acts: tuple[str, str]) -> list[int]:
    """Run acts in programs that run at the same time, each with a version and its secret, and return their statuses."""
    programs = []
    for act, version in acts:
        command = [sys.executable, "-m", "creance_pay", "keys", act, str(path), version]
        programs.append(subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))  # noqa: S603 - our own
    for program in programs:
        assert program.stdin is not None
        print(SECRET, file=program.stdin, flush=True)
        program.stdin.close()
    return [program.wait(60) for program in programs]


@pytest.mark.skipif(sys.platform == "win32", reason="a lock of POSIX")
def test_at_once(path: Path) -> None:
    """Of programs that create a file at the same time, one succeeds; of those that add a key, each does."""
    created = at_once(path, *[("create", "1")] * 3)
    added = at_once(path, *[("add", str(version)) for version in range(2, 6)])

    assert ([0, 1, 1], [0] * 4) == (sorted(created), added)
    assert {str(version) for version in range(1, 6)} == set(secrets_of(path))
