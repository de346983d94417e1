"""dev.py and the settings of the tools."""

import ast
import re
import shutil
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from programs import ROOT, load

IGNORED_WITH_A_REASON = re.compile(r' +"[A-Z]+[0-9]*", +# \S.+')


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return dev.py in an empty repository: three locks, and an environment whose Python is an empty file."""
    module = load("dev.py")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "REQUIREMENTS", tmp_path / "requirements")
    monkeypatch.setattr(module, "VENV", tmp_path / "env")
    monkeypatch.setattr(module, "VENVS", {})
    for name in ("requirements/demo.txt", "requirements/test.txt", "requirements/dev.txt", "pyproject.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="utf-8")
    python: Path = module.python_of(module.VENV)
    python.parent.mkdir(parents=True)
    python.touch()
    return module


@pytest.fixture
def installed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of what dev.py installs from now on; nothing is installed."""
    what: list[str] = []
    monkeypatch.setattr(dev, "usable", Path.exists)
    monkeypatch.setattr(dev, "install", lambda _, __, *words: what.append(words[-1]))
    return what


class TestPython:
    """An old Python prints one sentence instead of a traceback."""

    def test_too_old(self, dev: ModuleType) -> None:
        """The sentence names the version that is needed and the one that was found."""
        sentence = "dev.py: Python 3.11 or newer is needed, this is Python {}; try: python3.11 dev.py"
        for version in ((3, 6, 15), (3, 10, 13), (2, 7, 18)):
            with pytest.raises(SystemExit) as caught:
                dev.check_python(version)
            assert sentence.format(".".join(map(str, version))) == caught.value.code

    def test_new_enough(self, dev: ModuleType) -> None:
        """A newer Python passes."""
        for version in ((3, 11, 0), (3, 14, 2), (4, 0, 0)):
            dev.check_python(version)

    def test_grammar(self) -> None:
        """Python 3.6 can parse the file; otherwise it would print a syntax error instead of the sentence."""
        ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 6))

    def test_oldest_is_the_package_s(self, dev: ModuleType) -> None:
        """dev.py and the package require the same Python."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

        assert project["requires-python"] == ">=" + ".".join(map(str, dev.OLDEST))


class TestPrepare:
    """Each verb installs whatever is missing and nothing else."""

    @pytest.mark.parametrize(
        ("locks", "expected"),
        [
            (["demo"], ["demo", "."]),
            (["demo", "demo"], ["demo", "."]),
            (["dev", "demo"], ["dev", "."]),
            (["test", "demo", "dev", "test"], ["test", ".", "dev", "."]),
        ],
    )
    def test_locks(self, dev: ModuleType, installed: list[str], locks: list[str], expected: list[str]) -> None:
        """A lock is installed once, then the library; a larger lock holds the smaller ones."""
        for lock in locks:
            dev.prepare(lock)

        assert expected == [Path(what).stem or what for what in installed]

    @pytest.mark.parametrize("change", ["lock", "pyproject", "python", "place", "lost"])
    def test_again(self, dev: ModuleType, installed: list[str], monkeypatch: pytest.MonkeyPatch, change: str) -> None:
        """A change of the lock, of pyproject.toml, of Python or of the place, or a lost Python, installs again."""
        dev.prepare("demo")
        if change == "lock":
            (dev.REQUIREMENTS / "demo.txt").write_text("changed", encoding="utf-8")
        if change == "pyproject":
            (dev.ROOT / "pyproject.toml").write_text("changed", encoding="utf-8")
        if change == "python":
            monkeypatch.setattr(dev.platform, "python_version", lambda: "3.99.0")
        if change == "place":
            monkeypatch.setattr(dev, "ROOT", shutil.copytree(dev.ROOT, dev.ROOT / "moved"))
        if change == "lost":
            dev.python_of(dev.VENV).unlink()
        dev.prepare("demo")

        assert ["requirements/demo.txt", "."] * 2 == installed

    def test_tool_environment(self, dev: ModuleType, installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """The library itself goes into the usual environment only."""
        monkeypatch.setattr(dev, "VENVS", {"demo": shutil.copytree(dev.VENV, dev.ROOT / "other")})
        dev.prepare("demo")

        assert ["requirements/demo.txt"] == installed

    def test_failed(self, dev: ModuleType, installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """An installation that failed is done again."""
        monkeypatch.setattr(dev, "install", lambda *_: dev.stop("no network"))
        with pytest.raises(SystemExit):
            dev.prepare("demo")

        assert not dev.holds(dev.VENV, "demo")
        assert [] == installed

    def test_other_python_s_environment(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """An environment is usable by the Python version that made it, and by no other."""
        python = dev.python_of(dev.VENV)
        python.unlink()
        python.symlink_to(sys.executable)

        assert dev.usable(dev.VENV)
        monkeypatch.setattr(dev.platform, "python_version", lambda: "3.99.0")
        assert not dev.usable(dev.VENV)

    def test_no_venv_module(
        self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Debian leaves ensurepip out of Python; the sentence names the package that has it."""
        monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)
        with pytest.raises(SystemExit):
            dev.create(dev.VENV)

        assert "apt install python3-venv" in capsys.readouterr().err


class TestTools:
    """A tool that is silent for long is reported; its failure is dev.py's."""

    def test_failure(self, dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """dev.py prints the tool's line of error, and exits with its code."""
        program = "print('much'); print('ERROR: no such package'); print('hint'); raise SystemExit(3)"
        with pytest.raises(SystemExit) as caught:
            dev.run_quietly("installing packages", sys.executable, "-c", program)

        assert 3 == caught.value.code
        assert "dev.py: installing packages failed: ERROR: no such package\n" == capsys.readouterr().err

    def test_heartbeat(
        self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """While the tool runs, dev.py names the step every few seconds."""
        monkeypatch.setattr(dev, "HEARTBEAT_S", 0.05)
        dev.run_quietly("installing packages", sys.executable, "-c", "import time; time.sleep(0.5)")

        assert capsys.readouterr().out.startswith("dev.py:   still installing packages (0 s)\n")


@pytest.fixture
def ran(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make verbs of dev.py whose commands write their arguments into this file."""
    written = tmp_path / "ran"
    program = f"import sys; print(*sys.argv[1:], file=open({str(written)!r}, 'a')); raise SystemExit(int(sys.argv[1]))"
    (tmp_path / "tool.py").write_text(program, encoding="utf-8")
    several = {str(code): f"tool.py {code}" for code in (0, 4, 5)}
    monkeypatch.setattr(dev, "prepare", lambda _: sys.executable)
    monkeypatch.setitem(dev.VERBS, "several", dev.Verb("", "dev", several))
    monkeypatch.setitem(dev.VERBS, "single", dev.Verb("", "dev", {"0": several["0"]}))
    return written


class TestVerbs:
    """The first word on the command line chooses the commands."""

    def test_listed(self, dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """Without a verb, each is listed with its sentence."""
        assert 0 == dev.main([])

        lines = capsys.readouterr().out.splitlines()[1:]
        assert [
            "setup",
            "demo",
            "portal",
            "test",
            "lint",
            "docs",
            "bench",
            "fuzz",
            "simulate",
            "faults",
            "mutate",
            "package",
            "lock",
        ] == [line.split()[0] for line in lines]
        assert [] == [line for line in lines if not line.endswith(".")]

    def test_unknown(self, dev: ModuleType) -> None:
        """An unknown verb is a usage error."""
        assert 2 == dev.main(["tset"])

    def test_unknown_command(self, dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """A command that a verb does not have is a usage error in one line."""
        with pytest.raises(SystemExit) as caught:
            dev.main(["lint", "src"])

        assert 2 == caught.value.code
        error = "dev.py: lint: expected some of [ruff, format, mypy, words] or nothing, got: src\n"
        assert error == capsys.readouterr().err

    @pytest.mark.parametrize(
        ("words", "code", "expected"),
        [
            (["several"], 4, ["0", "4", "5"]),
            (["several", "5", "0"], 5, ["0", "5"]),
            (["single"], 0, ["0"]),
            (["single", "-k", "a b", "--co"], 0, ["0 -k a b --co"]),
        ],
    )
    def test_commands(self, dev: ModuleType, ran: Path, words: list[str], code: int, expected: list[str]) -> None:
        """All commands run, or those chosen, and the first failure is the exit code; a single one takes arguments."""
        assert code == dev.main(words)
        assert expected == ran.read_text(encoding="utf-8").splitlines()

    @pytest.mark.parametrize(
        ("words", "lock"), [(["test"], "test"), (["test", "-k", "money"], "test"), (["test", "--slow"], "dev")]
    )
    def test_lock(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch, words: list[str], lock: str) -> None:
        """The default level of tests needs a smaller lock than the others."""
        monkeypatch.setattr(dev, "prepare", sys.exit)
        with pytest.raises(SystemExit) as caught:
            dev.main(words)

        assert lock == caught.value.code

    def test_programs(self, dev: ModuleType) -> None:
        """The programs, folders and locks that the verbs name are there."""
        verbs = dev.VERBS.values()
        named = {command.split()[0] for verb in verbs for command in verb.commands.values()} - {"-m"}
        named |= {verb.path for verb in verbs} | {f"requirements/{verb.lock}.txt" for verb in verbs}

        assert [] == [path for path in named if not (ROOT / path).exists()]


class TestSettings:
    """pyproject.toml says why."""

    def test_ignored_rules_have_reasons(self) -> None:
        """Each rule of ruff that is ignored has its reason on its line."""
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        general = re.findall(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
        per_file = text.partition("[tool.ruff.lint.per-file-ignores]\n")[2].partition("\n[")[0]
        lines = [line for line in "".join([*general, per_file]).splitlines() if line.startswith("  ")]

        assert [] == [line for line in lines if not IGNORED_WITH_A_REASON.fullmatch(line)]
        settings = tomllib.loads(text)["tool"]["ruff"]["lint"]
        rules = [settings["ignore"], *settings["per-file-ignores"].values()]
        assert sum(map(len, rules)) == len(lines)

    def test_workers_are_not_a_default(self) -> None:
        """The settings do not contain -n: tools that run pytest themselves fail with it."""
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]

        assert [] == [word for word in settings["addopts"] if word.startswith("-n")]
