"""The programs of ``tools/``, and the locks that one of them writes."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from programs import ROOT, load

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


class TestTest:
    """Coverage is measured and required in a whole run of a higher level only."""

    @pytest.fixture
    def program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        """Return tools/test.py, whose tools pass, except that coverage is too low."""
        module = load("tools/test.py")
        monkeypatch.setattr(module, "REPORT", tmp_path / "tests.xml")
        monkeypatch.setattr(module, "python", lambda *words: 2 if words[1:] == ("coverage", "report") else 0)
        return module

    @pytest.mark.parametrize(
        ("arguments", "inner", "code"),
        [
            (["--slow"], "", 2),
            (["--slow", "--long"], "<skipped type='pytest.xfail'/>", 2),
            (["--slow"], "<skipped type='pytest.skip'/>", 0),
            (["--slow", "-k", "money"], "", 0),
            (["tests/values"], "", 0),
            ([], "", 0),
        ],
    )
    def test_gate(self, program: ModuleType, arguments: list[str], inner: str, code: int) -> None:
        """Low coverage fails a whole run; a selection, the default level and a skipped test lift the gate."""
        report = f"<testsuites><testsuite><testcase>{inner}</testcase></testsuite></testsuites>"
        program.REPORT.write_text(report, encoding="utf-8")

        assert code == program.main(arguments)

    @pytest.mark.parametrize("arguments", [[], ["--slow"]])
    def test_failed_tests(self, program: ModuleType, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
        """When tests fail, pytest's exit code is the program's."""
        monkeypatch.setattr(program, "python", lambda *words: 1 if "pytest" in words else 0)

        assert 1 == program.main(arguments)

    def test_arguments(self, program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """The arguments go to pytest as they were typed."""
        seen: list[tuple[str, ...]] = []
        monkeypatch.setattr(program, "python", lambda *words: seen.append(words))
        program.main(["-k", "a b"])

        assert [(*program.PYTEST, "-k", "a b")] == seen


class TestFuzz:
    """Each target is fuzzed for the time given."""

    @pytest.fixture
    def program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        """Return tools/fuzz.py on Linux, with a folder of its own for findings."""
        module = load("tools/fuzz.py")
        monkeypatch.setattr(module, "FOUND", tmp_path)
        monkeypatch.setattr(module.sys, "platform", "linux")
        return module

    @pytest.mark.parametrize("words", [["ten"], ["-1"], ["0"], ["nan"], ["inf"], ["1", "unknown"]])
    def test_usage(self, program: ModuleType, words: list[str]) -> None:
        """A number that is no duration, and an unknown target, are usage errors."""
        with pytest.raises(SystemExit) as caught:
            program.main(words)

        assert 2 == caught.value.code

    def test_other_systems(self, program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """The fuzzer has no packages for other systems: a usage error."""
        monkeypatch.setattr(program.sys, "platform", "darwin")
        with pytest.raises(SystemExit) as caught:
            program.main([])

        assert 2 == caught.value.code

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["1.5"], [(name, 90) for name in ("answer", "data", "key_file", "reports", "verify")]),
            (["2", "verify", "data"], [("verify", 120), ("data", 120)]),
        ],
    )
    def test_targets(
        self, program: ModuleType, monkeypatch: pytest.MonkeyPatch, words: list[str], expected: list[tuple[str, int]]
    ) -> None:
        """Every target with a corpus runs, or those named, even when the one before failed."""
        ran: list[tuple[str, int]] = []

        def fail(target: str, seconds: int) -> int:
            ran.append((target, seconds))
            return 77

        monkeypatch.setattr(program, "fuzz", fail)

        assert 77 == program.main(words)
        assert expected == ran

    def test_one(self, program: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A target's fuzzer gets its time, its corpus and a folder for findings; its exit code is returned."""
        (tmp_path / "run.py").write_text("import sys; sys.exit(len(sys.argv))", encoding="utf-8")
        monkeypatch.setattr(program, "FUZZ", tmp_path)

        assert 8 == program.fuzz("data", 1)
        assert (program.FOUND / "data").is_dir()


class TestFaults:
    """Each seeded fault is applied to a copy, and worlds search it."""

    @pytest.fixture
    def program(self) -> ModuleType:
        """Return tools/faults.py."""
        return load("tools/faults.py")

    def test_list(self, program: ModuleType) -> None:
        """Each fault of the list changes one place of a file, under its own name; 95 or more are found."""
        faults = program.read()

        assert [] == list(program.problems(faults))
        assert 100 <= len(faults)
        assert 95 <= sum(not fault.survives for fault in faults)

    def test_problems(self, program: ModuleType) -> None:
        """A fault whose text is absent, or repeated, or whose name is used, is named."""
        first = program.read()[0]
        faults = [first, first._replace(old="no such text"), first._replace(name="other", old="self")]

        assert [first.name, first.name, "other"] == [each.partition(":")[0] for each in program.problems(faults)]

    @pytest.mark.parametrize(
        ("sentence", "expected"),
        [
            (
                "PCLCB261700000169 of portal 0 is paid at the bank and CREATED here",
                "… is paid at the bank and CREATED here",
            ),
            (
                "people have paid 12.50 for a debt of 8.00, without an incident",
                "people have paid … for a debt of … without an incident",
            ),
        ],
    )
    def test_kind(self, program: ModuleType, sentence: str, expected: str) -> None:
        """The kind of a violated oracle names no world's references and amounts."""
        assert expected == program.kind_of(sentence)

    def test_usage(self, program: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """An unknown name is a usage error."""
        assert 2 == program.main(["no-such-fault"])
        assert "no-such-fault" in capsys.readouterr().out

    def test_table(self, program: ModuleType) -> None:
        """The page counts the faults that are found, and lists the others with their reasons."""
        one, other = (fault._replace(survives="a reason") for fault in program.read()[:2])
        page = program.table([(one, program.Found(2, 1, "a | b 12")), (other, program.Found(400))])

        assert "1 of 2 faults are found." in page
        assert f"| {one.mistake} | a / b … | 1 |" in page
        assert f"| {other.mistake} | a reason | 400 |" in page

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["code-94-paid", "movement-recorded-twice", "sql-sums-forgotten"])
    def test_found(self, program: ModuleType, name: str) -> None:
        """Worlds find a fault of each kind: of the gateway, of the ledger, of its database."""
        fault = next(each for each in program.read() if each.name == name)

        assert program.search(fault).seed is not None

    @pytest.mark.slow
    def test_not_found(self, program: ModuleType) -> None:
        """A change that changes nothing is not found; a module that cannot be imported is."""
        fault = next(each for each in program.read() if each.name == "code-94-paid")

        assert program.Found(2) == program.search(fault._replace(new=fault.old), worlds=2)
        assert program.search(fault._replace(new="("), worlds=2).oracle.startswith("the world raised SyntaxError")


class TestLocks:
    """A lock holds versions and hashes, and no address."""

    def test_table(self) -> None:
        """There is one file for each lock of the table."""
        assert sorted(load("tools/lock.py").LOCKS) == [path.stem for path in LOCKS]

    def test_no_address(self) -> None:
        """No line holds an address or a path: where packages come from, or where the lock was made."""
        address = re.compile(r".*(?:://|--index|--extra-index|--find|file:|\s/|@).*")

        assert [] == [line for path in LOCKS for line in address.findall(path.read_text(encoding="utf-8"))]

    def test_hashes(self) -> None:
        """Every version has its hashes."""
        entries = [
            (path.stem, entry)
            for path in LOCKS
            for entry in re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8"))[1:]
        ]

        assert {path.stem for path in LOCKS} == {lock for lock, _ in entries}
        assert [] == [entry for entry in entries if not re.search(r"==.*\\\n +--hash=sha256:[0-9a-f]{64}", entry[1])]

    @pytest.mark.parametrize("name", ["demo", "bench", "fuzz"])
    def test_versions_agree(self, name: str) -> None:
        """The packages that a lock shares with the developers' lock have the same versions in both."""
        here, there = (
            set(PINNED.findall((ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")))
            for lock in (name, "dev")
        )
        common = {package for package, _ in here} & {package for package, _ in there}

        assert common
        assert {pin for pin in here if pin[0] in common} == {pin for pin in there if pin[0] in common}


class TestWords:
    """Each check of the words finds its word, and leaves quotations and questions alone."""

    @pytest.fixture
    def program(self) -> ModuleType:
        """Return tools/words.py."""
        return load("tools/words.py")

    def test_first_words(self, program: ModuleType) -> None:
        """A docstring of a function or method is found by its first word, on its own line; a class is not checked."""
        source = (
            'class Any:\n    """Who reads."""\n    def find(self):\n        """Find out a day."""\n'
            'def good():\n    """Return it."""\nasync def bad():\n    """Give it."""\ndef one():\n    """Givens."""\n'
        )

        assert [(4, "Find out"), (8, "Give")] == sorted(each[:2] for each in program.docstring_findings(source))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("One.\nThe books of the shop.\n", [(2, "books"), (2, "shop")]),
            ("shop_id of a workshop, `shop` and https://shop.example/shop\n", []),
            ("## What it does\n\n# What a comment has\n", [(3, "What")]),
            ("It runs.  What it has,\nis kept.\n# Who calls pays.\n", [(1, "What"), (3, "Who")]),
            ("What is a debt?\n\nA person who\npays.  Whose is it.\n", []),
        ],
    )
    def test_text(self, program: ModuleType, text: str, expected: list[tuple[int, str]]) -> None:
        """Metaphors and clauses used as subjects are found on their lines."""
        assert expected == [finding[:2] for finding in program.text_findings(text)]

    def test_main(
        self,
        program: ModuleType,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A finding is printed with its place and a better word, and fails the check."""
        monkeypatch.setattr(program, "ROOT", tmp_path)
        monkeypatch.setattr(program, "DOCSTRINGS", ("src", "dev.py"))
        monkeypatch.setattr(program, "TEXTS", ("README.md",))
        (tmp_path / "src").mkdir()
        (tmp_path / "src" / "a.py").write_text('def find():\n    """Give it."""\n', encoding="utf-8")
        (tmp_path / "dev.py").write_text("shop = 1\n", encoding="utf-8")
        (tmp_path / "README.md").write_text("It is a shop.\n", encoding="utf-8")

        assert 1 == program.main()
        lines = ["README.md:1: shop: merchant", "src/a.py:2: Give: Return or Yield", "2 findings"]
        assert lines == capsys.readouterr().out.splitlines()
