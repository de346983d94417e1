"""dev.py, the locks, and the one place of every tool's settings."""

import ast
import importlib.util
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
IGNORED_WITH_A_REASON = re.compile(r' +"[A-Z]+[0-9]*", +# \S.+')


def load_dev() -> ModuleType:
    """Import dev.py by its path: it belongs to no package."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give dev.py at work in an empty repository: two locks, and an environment whose Python is a file."""
    module = load_dev()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "REQUIREMENTS", tmp_path / "requirements")
    monkeypatch.setattr(module, "REPORT", tmp_path / "tests.xml")
    for name in ("requirements/demo.txt", "requirements/dev.txt", "pyproject.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="utf-8")
    python: Path = module.python_of(tmp_path / "env")
    python.parent.mkdir(parents=True)
    python.touch()
    return module


@pytest.fixture
def stamp(dev: ModuleType) -> Callable[..., set[str]]:
    """Give a function that stamps the environment with fingerprints and tells which locks it then holds."""

    def write(*fingerprints: str) -> set[str]:
        (dev.ROOT / "env" / "stamp").write_text("\n".join(fingerprints), encoding="utf-8")
        found: set[str] = dev.held(dev.ROOT / "env")
        return found

    return write


class TestPython:
    """An old Python gets a sentence, not a traceback."""

    @pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13), (2, 7, 18)])
    def test_too_old(self, dev: ModuleType, version: tuple[int, ...]) -> None:
        """The sentence names the version that is needed and the one that was found."""
        with pytest.raises(SystemExit) as caught:
            dev.check_python(version)

        found = ".".join(map(str, version))
        assert (
            f"dev.py: Python 3.11 or newer is needed, this is Python {found}; try: python3.11 dev.py"
            == caught.value.code
        )

    @pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 2), (4, 0, 0)])
    def test_new_enough(self, dev: ModuleType, version: tuple[int, ...]) -> None:
        """Nothing happens on a Python that will do."""
        dev.check_python(version)

    def test_grammar(self) -> None:
        """The file parses by the grammar of Python 3.6, else no sentence could be said there."""
        ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 6))

    def test_oldest_is_the_package_s(self, dev: ModuleType) -> None:
        """dev.py and the package ask for the same Python."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

        assert project["requires-python"] == ">=" + ".".join(map(str, dev.OLDEST))


class TestStamp:
    """Set-up is done again exactly when something it depends on has changed."""

    def test_nothing_is_held_without_a_stamp(self, dev: ModuleType) -> None:
        """An environment without a stamp was not finished."""
        assert set() == dev.held(dev.ROOT / "env")

    def test_stamped_lock_is_held(self, dev: ModuleType, stamp: Callable[..., set[str]]) -> None:
        """What was stamped is held."""
        assert {"demo"} == stamp(dev.fingerprint("demo"))

    def test_two_locks(self, dev: ModuleType, stamp: Callable[..., set[str]]) -> None:
        """An environment can hold several locks."""
        assert {"demo", "dev"} == stamp(dev.fingerprint("demo"), dev.fingerprint("dev"))

    @pytest.mark.parametrize("name", ["requirements/demo.txt", "pyproject.toml"])
    def test_changed_file(self, dev: ModuleType, stamp: Callable[..., set[str]], name: str) -> None:
        """A changed lock or pyproject.toml is no longer what was stamped."""
        before = dev.fingerprint("demo")
        (dev.ROOT / name).write_text("changed", encoding="utf-8")

        assert set() == stamp(before)

    def test_other_python(
        self, dev: ModuleType, stamp: Callable[..., set[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An environment of another Python version holds nothing for this one."""
        before = dev.fingerprint("demo")
        monkeypatch.setattr(dev.platform, "python_version", lambda: "3.99.0")

        assert set() == stamp(before)

    def test_moved_repository(
        self, dev: ModuleType, stamp: Callable[..., set[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An editable install knows its folder by name, so a stamp from elsewhere does not count."""
        before = dev.fingerprint("demo")
        monkeypatch.setattr(dev, "ROOT", shutil.copytree(dev.ROOT, dev.ROOT / "moved"))

        assert set() == stamp(before)

    def test_lost_python(self, dev: ModuleType, stamp: Callable[..., set[str]]) -> None:
        """An environment whose Python has gone holds nothing."""
        dev.python_of(dev.ROOT / "env").unlink()

        assert set() == stamp(dev.fingerprint("demo"))


@pytest.fixture
def installed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the list of what dev.py installs from now on, and let it install nothing."""
    what: list[str] = []
    monkeypatch.setattr(dev, "VENV", dev.ROOT / "env")
    monkeypatch.setattr(dev, "usable", Path.exists)
    monkeypatch.setattr(dev, "install", lambda _, *words: what.append(words[-1]))
    return what


class TestPrepare:
    """Each verb installs what is missing and nothing else."""

    def test_first_time(self, dev: ModuleType, installed: list[str]) -> None:
        """The lock comes first, then the library."""
        dev.prepare("demo", dev.VENV)

        assert ["requirements/demo.txt", "."] == installed

    def test_second_time(self, dev: ModuleType, installed: list[str]) -> None:
        """What was installed once is not installed again."""
        dev.prepare("demo", dev.VENV)
        dev.prepare("demo", dev.VENV)

        assert ["requirements/demo.txt", "."] == installed

    def test_bigger_lock_will_do(self, dev: ModuleType, installed: list[str]) -> None:
        """The development lock holds the demo's."""
        dev.prepare("dev", dev.VENV)
        dev.prepare("demo", dev.VENV)

        assert ["requirements/dev.txt", "."] == installed

    def test_smaller_lock_will_not_do(self, dev: ModuleType, installed: list[str]) -> None:
        """The demo's lock is not enough for the tests; both are held in the end."""
        dev.prepare("demo", dev.VENV)
        dev.prepare("dev", dev.VENV)

        assert ["requirements/demo.txt", ".", "requirements/dev.txt", "."] == installed
        assert {"demo", "dev"} == dev.held(dev.VENV)

    def test_tool_environment(self, dev: ModuleType, installed: list[str]) -> None:
        """The library itself goes into the usual environment only."""
        shutil.copytree(dev.VENV, dev.ROOT / "tools")
        dev.prepare("demo", dev.ROOT / "tools")

        assert ["requirements/demo.txt"] == installed

    def test_other_python_s_environment(self, dev: ModuleType) -> None:
        """An environment made by another Python version is not usable."""
        settings = dev.ROOT / "env" / "pyvenv.cfg"
        settings.write_text("version = 3.99.0\n", encoding="utf-8")
        python = dev.python_of(dev.ROOT / "env")
        python.unlink()
        python.symlink_to(sys.executable)

        assert not dev.usable(dev.ROOT / "env")

    def test_no_venv_module(
        self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Debian leaves ensurepip out of Python; the sentence names the package that has it."""
        monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)

        with pytest.raises(SystemExit):
            dev.create(dev.ROOT / "env")

        assert "apt install python3-venv" in capsys.readouterr().err


class TestTools:
    """A tool's failure is dev.py's."""

    def test_quiet_tool_fails(self, dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """The tool's last line of error is told, and its exit code kept."""
        program = "print('much'); print('ERROR: no such package'); print('hint'); raise SystemExit(3)"
        with pytest.raises(SystemExit) as caught:
            dev.run_quietly("pip", sys.executable, "-c", program)

        assert 3 == caught.value.code
        assert "dev.py: pip failed: ERROR: no such package\n" == capsys.readouterr().err

    def test_first_failure_counts(self, dev: ModuleType) -> None:
        """All tools run; the first exit code that is not zero is the verb's."""
        codes = (0, 4, 5)

        assert 4 == dev.in_turn(*((sys.executable, "-c", f"raise SystemExit({code})") for code in codes))

    def test_no_failure(self, dev: ModuleType) -> None:
        """Tools that all pass make zero."""
        assert 0 == dev.in_turn((sys.executable, "-c", ""))


class TestGate:
    """Every branch is demanded only of a whole run."""

    @pytest.mark.parametrize(
        ("inner", "arguments", "reason"),
        [
            ("", (), ""),
            ("", ("--long",), ""),
            ("<skipped type='pytest.xfail'/>", (), ""),
            ("<skipped type='pytest.skip'/>", (), "tests were skipped (1)"),
            ("", ("--long", "-k", "a b"), "pytest was given -k 'a b'"),
        ],
    )
    def test_reason(self, dev: ModuleType, inner: str, arguments: tuple[str, ...], reason: str) -> None:
        """A skip or a selection is the reason to do without."""
        report = f"<testsuites><testsuite><testcase>{inner}</testcase></testsuite></testsuites>"
        dev.REPORT.write_text(report, encoding="utf-8")

        assert reason == dev.why_no_gate(arguments)

    @pytest.mark.parametrize(("arguments", "code"), [((), 2), (("tests",), 0)])
    def test_low_coverage(
        self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
    ) -> None:
        """Coverage that is too low fails a whole run, and not a selection."""
        monkeypatch.setattr(dev, "prepare", lambda _: "python")
        monkeypatch.setattr(dev, "run", lambda *command: 2 if "report" in command else 0)
        dev.REPORT.write_text("<testsuites/>", encoding="utf-8")

        assert code == dev.test(*arguments)

    def test_failed_tests(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """When tests fail, pytest's exit code is the verb's."""
        monkeypatch.setattr(dev, "prepare", lambda _: "python")
        monkeypatch.setattr(dev, "run", lambda *command: 1 if "pytest" in command else 0)

        assert 1 == dev.test()


class TestVerbs:
    """The table of verbs is what a person sees."""

    def test_listed(self, dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """Without a verb, each is listed with its sentence."""
        assert 0 == dev.main([])

        lines = capsys.readouterr().out.splitlines()[1:]
        assert ["setup", "demo", "portal", "test", "lint", "docs", "bench", "fuzz", "mutate", "lock"] == [
            line.split()[0] for line in lines
        ]
        assert all(line.endswith(".") for line in lines)

    def test_unknown(self, dev: ModuleType) -> None:
        """A verb that does not exist is a usage error."""
        assert 2 == dev.main(["tset"])

    @pytest.mark.parametrize("words", [["lint", "src"], ["setup", "all"]])
    def test_unknown_argument(self, dev: ModuleType, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """An argument that a verb does not know is a usage error in one line."""
        with pytest.raises(SystemExit) as caught:
            dev.main(words)

        assert 2 == caught.value.code
        assert 1 == capsys.readouterr().err.count("\n")

    def test_exit_code(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """A verb's exit code is the program's."""
        monkeypatch.setitem(dev.VERBS, "lint", lambda: 7)

        assert 7 == dev.main(["lint"])


class TestLocks:
    """A lock names versions and hashes, and no place."""

    def test_table(self) -> None:
        """There is one file for each lock of the table."""
        assert sorted(load_dev().LOCKS) == [path.stem for path in LOCKS]

    @pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
    def test_no_address(self, path: Path) -> None:
        """No line tells where packages come from, or where the lock was made."""
        text = path.read_text(encoding="utf-8")

        assert [] == re.findall(r".*(?:://|--index|--extra-index|--find|file:|\s/|@).*", text)

    @pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
    def test_hashes(self, path: Path) -> None:
        """Every version has its hashes."""
        entries = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8"))[1:]

        assert [] == [entry for entry in entries if not re.search(r"==.*\\\n +--hash=sha256:[0-9a-f]{64}", entry)]
        assert entries

    @pytest.mark.parametrize("name", ["demo", "bench", "fuzz"])
    def test_versions_agree(self, name: str) -> None:
        """What a lock has in common with the developers' one has the same versions in both."""
        here, there = (
            set(PINNED.findall((ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")))
            for lock in (name, "dev")
        )
        common = {package for package, _ in here} & {package for package, _ in there}

        assert common
        assert {pin for pin in here if pin[0] in common} == {pin for pin in there if pin[0] in common}


class TestFuzz:
    """Each target is fuzzed for as long as was said, and its executions are told."""

    @pytest.mark.parametrize("minutes", ["", "ten", "-1", "1.2.3"])
    def test_minutes(self, dev: ModuleType, minutes: str) -> None:
        """What is no number of minutes is a usage error."""
        with pytest.raises(SystemExit) as caught:
            dev.fuzz(minutes)

        assert 2 == caught.value.code

    def test_each_target(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every target with a corpus is run for the time given, whatever became of the one before."""
        ran = []

        def one(_: str, target: str, seconds: int) -> int:
            ran.append((target, seconds))
            return 77

        monkeypatch.setattr(dev, "prepare", lambda _: "python")
        monkeypatch.setattr(dev.sys, "platform", "linux")
        monkeypatch.setattr(dev, "fuzz_one", one)

        assert 77 == dev.fuzz("1.5")
        assert [(name, 90) for name in ("answer", "data", "key_file", "reports", "verify")] == ran

    def test_named_targets(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """Targets that are named are run, and no other."""
        ran = []
        monkeypatch.setattr(dev, "prepare", lambda _: "python")
        monkeypatch.setattr(dev.sys, "platform", "linux")
        monkeypatch.setattr(dev, "fuzz_one", lambda *words: ran.append(words))

        assert 0 == dev.fuzz("2", "data", "verify")
        assert [("python", "data", 120), ("python", "verify", 120)] == ran

    def test_other_systems(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """The fuzzer has no packages for other systems, and one sentence says so."""
        monkeypatch.setattr(dev.sys, "platform", "darwin")

        with pytest.raises(SystemExit):
            dev.fuzz("1")

    @pytest.mark.parametrize(
        "ending",
        [("print('stat::number_of_executed_units: 123')", 0, "123"), ("raise SystemExit(77)", 77, "?")],
    )
    def test_one(
        self,
        dev: ModuleType,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        ending: tuple[str, int, str],
    ) -> None:
        """The fuzzer's own count is told, and its exit code kept."""
        program, code, executions = ending
        (dev.ROOT / "run.py").write_text(program, encoding="utf-8")
        monkeypatch.setattr(dev, "FUZZ", dev.ROOT)
        monkeypatch.setattr(dev, "BUILD", dev.ROOT / "build")

        assert code == dev.fuzz_one(Path(sys.executable), "data", 1)
        assert f"dev.py: data: {executions} executions in 1 s\n" in capsys.readouterr().out


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
        """Tools that run pytest on their own cannot bear -n in the settings."""
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]

        assert [] == [word for word in settings["addopts"] if word.startswith("-n")]
