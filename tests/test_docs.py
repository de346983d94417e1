"""The pages: each public name is documented once, and the fragments of a page run as they are shown.

The words and links of the built site are checked by ``tools/docs_audit.py``, the last step of ``dev.py docs``.
"""

import doctest
import importlib
import importlib.util
import json
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from creance_pay import PaymentState, cli, errors, messages, rules
from creance_pay.codes import Code
from creance_pay.ledger import IncidentKind
from creance_pay.ledger.sql import tables as sql_tables
from creance_pay.rules import citations, policy_named
from doc_examples import example

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
FRENCH = sorted(f"fr/{path.name}" for path in (DOCS / "fr").glob("*.md"))
DIRECTIVE = re.compile(r"^[ \t]*\.\. auto(class|function|exception|data):: (\S+)[ \t]*$", re.MULTILINE)
PACKAGES = (
    "creance_pay",
    "creance_pay.batch",
    "creance_pay.django",
    "creance_pay.gateways",
    "creance_pay.gateways.direct",
    "creance_pay.gateways.sips",
    "creance_pay.ledger",
    "creance_pay.payments",
    "creance_pay.office",
    "creance_pay.web",
    "creance_pay.messages",
    "creance_pay.testing",
    "creance_pay.testing.simulation",
    "creance_pay.testing.direct",
    "creance_pay.testing.sips",
    "creance_pay.codes",
    "creance_pay.errors",
    "creance_pay.rules",
    "creance_pay.rules.choices",
    "creance_pay.rules.citations",
    "creance_pay.rules.comparison",
    "creance_pay.rules.columns",
    "creance_pay.rules.instalments",
    "creance_pay.rules.recovery",
    "creance_pay.rules.schedules",
)
EXAMPLE = re.compile(r"^```\{doctest\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCK = r"^[ ]*```{}\n(.*?)^[ ]*```"
LONGEST_README = 80


def read(page: str) -> str:
    """Read a page."""
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """List the blocks of a language in a page."""
    return re.findall(BLOCK.format(re.escape(language)), read(page), re.MULTILINE | re.DOTALL)


def load(path: Path) -> ModuleType:
    """Import a module by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[path.stem] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example("my_bank")
TestMyBank = example("test_my_bank").TestMyBank  # collected from here: the gateway of the page passes its own tests


def public() -> list[str]:
    """List the public names by the path that users import them from."""
    modules = map(importlib.import_module, PACKAGES)
    return sorted(f"{module.__name__}.{name}" for module in modules for name in names_of(module))


def names_of(module: ModuleType) -> list[str]:
    """List the public names of a module: its own list without modules, or the classes that it defines."""
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not isinstance(getattr(module, name), ModuleType)]
    return [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]


def documented() -> list[tuple[str, str]]:
    """List the directives of all pages: the kind and the name of each."""
    return [found for page in PAGES for found in DIRECTIVE.findall(read(page))]


def kind_of(path: str) -> str:
    """Name the directive that suits a public name."""
    package, _, name = path.rpartition(".")
    thing = getattr(importlib.import_module(package), name)
    if not isinstance(thing, type):
        return "function" if callable(thing) else "data"
    return "exception" if issubclass(thing, BaseException) else "class"


def test_every_name() -> None:
    """The pages document each public name once, and no other."""
    assert public() == sorted(path for _, path in documented())


def test_kinds() -> None:
    """Each name is documented by the directive of its kind."""
    directives = documented()

    assert [(kind_of(path), path) for _, path in directives] == directives


@pytest.mark.parametrize("page", [page for page in PAGES if EXAMPLE.search(read(page))])
def test_examples(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The examples of a page run in order, without any import that the page does not show."""
    source = "\n".join(EXAMPLE.findall(read(page)))
    examples = doctest.DocTestParser().get_doctest(source, {}, page, page, 0)
    found = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(examples)

    assert (0, True) == (found.failed, found.attempted > 0), capsys.readouterr().out


def test_reading() -> None:
    """A directive is read when it is alone on its line, and not when a text mentions it."""
    text = "```{eval-rst}\n.. autoclass:: a.B\n   :members:\n  .. autofunction:: a.c  \nSee `.. autoclass:: a.D`.\n```"

    assert [("class", "a.B"), ("function", "a.c")] == DIRECTIVE.findall(text)


def commands(page: str) -> list[list[str]]:
    """List the arguments of each ``creance-pay`` command of a page, up to a pipe or a redirection."""
    found = []
    for block in blocks(page, "console"):
        typed = (line.strip() for line in block.replace("\\\n", " ").splitlines())
        for line in (line for line in typed if line.startswith("$ ")):
            words = shlex.split(line[2:])
            for start in (number for number, word in enumerate(words) if word == "creance-pay"):
                ends = [number for number, word in enumerate(words) if number > start and word in {"|", ">", "&&", "&"}]
                found.append(words[start + 1 : min(ends, default=len(words))])
    return found


@pytest.mark.parametrize("page", [page for page in PAGES + FRENCH if commands(page)])
def test_commands(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command of a page has arguments that its parser accepts."""
    for words in commands(page):
        if words != ["--version"]:
            try:
                cli.parser(words).parse_args(words)
            except SystemExit:
                pytest.fail(f"{shlex.join(words)}: {capsys.readouterr().err}")


@pytest.mark.parametrize("page", ["install.md", "command-line.md"])
def test_output(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command that parses a reference prints the lines that the page shows."""
    block = next(block for block in blocks(page, "console") if "$ creance-pay reference" in block)
    shown = block.partition("$ creance-pay reference")[2].splitlines()[1:]
    cli.main(next(words for words in commands(page) if words[0] == "reference"))
    printed = capsys.readouterr().out.splitlines()

    assert [line for line in shown if line != "..."] == printed[: len([line for line in shown if line != "..."])]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(source: str) -> dict[str, Any]:
    """Run a block of Python as a program of its own, and return its names."""
    names: dict[str, Any] = {"__name__": "pasted"}
    exec(compile(source, "pasted", "exec"), names)  # noqa: S102 - a fragment of our own page
    return names


def test_policy_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The policy file of the page is valid, and its program prints the value that the file changes."""
    (folder / "caisse.toml").write_text(blocks("policy-file.md", "toml")[0], encoding="utf-8")
    run(blocks("policy-file.md", "python")[0])

    assert capsys.readouterr().out == "10.00\n"


def test_french_policy_file() -> None:
    """The policy file of the French page is valid."""
    own = rules.load_policies(blocks("fr/valeurs.md", "toml")[0])

    assert [str(policy.notice_band_min) for policy in own] == ["30.00"]


def test_own_sentences(folder: Path) -> None:
    """The sentence of the French page replaces the shipped one."""
    (folder / "fr.toml").write_text(blocks("fr/messages.md", "toml")[0], encoding="utf-8")
    kind = next(kind for kind in messages.MESSAGES if PaymentState.REFUSED in kind.answers)
    rendered = messages.render(messages.sample(kind), overrides=messages.read_overrides(folder))

    assert "accueil" in str(rendered.help)


def test_tutorial_of_a_file(folder: Path) -> None:
    """The tutorial's export, command and program decide the same rows; the broken line is rejected."""
    make, decide = blocks("tutorial-batch.md", "python")
    run(make)
    checked, killed, finished = commands("tutorial-batch.md")
    assert killed == finished
    rejected = 3  # the status that the page prints
    assert (rejected, rejected) == (cli.main(checked), cli.main(finished))
    assert "douze" in (folder / "decided.csv.rejects.csv").read_text(encoding="utf-8")
    names = run(decide)

    assert (299_999, 1) == (names["result"].rows, names["result"].rejected)
    assert (folder / "decided.csv").read_bytes() == (folder / "decided-by-python.csv").read_bytes()


def test_file_of_the_batch_page(folder: Path) -> None:
    """The program of the page decides a file of the columns that the page names."""
    (folder / "export.csv").write_text("reference;kind;remaining;open_online\n6311705400000344F;FRR;60,00;oui\n")
    names = run(blocks("batch.md", "python")[0])

    assert names["result"].codes == {"PAYABLE": 1}


def test_runbook() -> None:
    """Each kind of incident has one section, and each section is about a kind."""
    found = re.findall(r"^### `(\w+)`$", read("runbook.md"), re.MULTILINE)

    assert sorted(kind.value for kind in IncidentKind) == sorted(found)


def test_runbook_acts() -> None:
    """Each section has an act for the operator."""
    sections = read("runbook.md").split("### `")[1:]

    assert [] == [section.partition("`")[0] for section in sections if "\n- " not in section]


def test_errors() -> None:
    """The table of errors has a row for each exception that a portal can receive."""
    internal = {"ConflictError", "ReferenceUsedError"}  # handled by the payment service
    names = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, Exception)}
    rows = re.findall(r"^\| \{py:exc\}`~creance_pay\.errors\.(\w+)`", read("errors.md"), re.MULTILINE)

    assert sorted(names - internal) == sorted(rows)


def test_troubleshooting() -> None:
    """Each text of an error on the page is one of the library's, with its values left out."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    source = re.sub(r'"\s*\n\s*f?"', "", source)
    rows = re.findall(r"^\| `([a-z…][^`]* [^`]*)` \|", read("troubleshooting.md"), re.MULTILINE)
    pieces = [piece.strip(" ?:;,") for row in rows for piece in row.split("…")]

    assert len(rows) > 5
    assert [] == [piece for piece in pieces if piece not in source]


def test_environment() -> None:
    """The page lists the environment variables of the library, and no other."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    pattern = re.compile(r"\bCREANCE_PAY_[A-Z]+(?:_[A-Z]+)*")

    assert set(pattern.findall(source)) == set(pattern.findall(read("environment.md")))


def test_tables() -> None:
    """The page on upgrades lists the tables of the ledger."""
    listed = set(re.findall(r"`(creance_\w+)`", read("upgrade.md")))

    assert set(sql_tables.metadata.tables) - {"creance_version"} == listed


def test_sources() -> None:
    """Each source that a page names exists, and each document of the rules that is public has an address."""
    named = {name for page in PAGES for name in re.findall(r"\{source\}`([^`]+)`", read(page))}
    unlinked = {each.id.partition(".")[0] for each in rules.sources().values() if not (each.link or each.reading_of)}

    assert named
    assert named <= rules.sources().keys()
    assert unlinked == {"guide", "NIR", "PCI", "DDD", "ameli", "project"}


def test_french_words() -> None:
    """The French words are complete: rules, readings, values, units, codes, states, incidents, places."""
    words = tomllib.loads(read("fr/titres.toml"))
    values = policy_named("ameli-2019-11").sources

    assert words["regles"].keys() == citations.rules().keys()
    assert words["lectures"].keys() == citations.readings().keys()
    assert words["valeurs"].keys() == values.keys()
    assert words["unites"].keys() == {each.unit for each in values.values()}
    assert words["codes"].keys() == {member.name for kind in Code.__subclasses__() for member in kind}
    assert words["etats"].keys() == set(PaymentState.__members__)
    assert words["incidents"].keys() == set(IncidentKind.__members__)
    assert words["lieux"].keys() == {each.id for each in rules.sources().values() if not each.reading_of}


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return the import of an extension of Sphinx by its name."""
    pytest.importorskip("sphinx", reason="installed by dev.py docs")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    return importlib.import_module


def test_json(extension: Callable[[str], ModuleType]) -> None:
    """The file for other programs has every rule, code, message, state and incident, and can be read back."""
    exports = extension("exports")
    data = json.loads(json.dumps(exports.data(), default=exports.plain))

    assert data["codes"]["BELOW_ONLINE_MINIMUM"]["rule"] == "R7"
    assert data["policies"]["ameli-2019-11"]["online_min"]["value"] == 1600
    assert data["messages"].keys() == {kind.key for kind in messages.MESSAGES}
    assert data["sources"].keys() == rules.sources().keys()
    with pytest.raises(TypeError, match="expected a day, got a set"):
        exports.plain(set())


def test_diagrams() -> None:
    """The diagrams are current, and each has a title and a description."""
    program = load(ROOT / "tools" / "diagrams.py")
    for name, draw in program.DIAGRAMS.items():
        drawn = draw()
        assert (DOCS / "diagrams" / f"{name}.svg").read_text(encoding="utf-8") == drawn, "run tools/diagrams.py"
        assert "<title" in drawn
        assert "<desc" in drawn


def test_readme() -> None:
    """The README has at most eighty lines, one fragment and one picture."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= LONGEST_README
    assert (1, 1) == (text.count("```python"), text.count("!["))


SITE = {
    "index.html": '<meta name="description" content="A page."><article role="main"><h1 id="a">A</h1>'
    '<p>One two three four. It is not here at all.</p><a href="b.html#gone">b</a><img src="b.html"></article>',
    "b.html": '<article role="main"><h1>B</h1><p>The amount is refused by the bank today.</p></article>',
}


def test_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit counts words and shares, and finds a dead link, a picture without text and an absent description."""
    pytest.importorskip("bs4", reason="installed by dev.py docs")
    program = load(ROOT / "tools" / "docs_audit.py")
    for name, content in SITE.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["docs_audit.py", os.fspath(tmp_path)])
    monkeypatch.setattr(program, "BUDGET", 8)
    found = program.pages(tmp_path)

    shares = [(page.share(program.NEGATION), page.share(program.PASSIVE)) for page in found.values()]
    assert shares == [(0, 100), (50, 0)]
    assert program.main() == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fault")]
    assert lines == [
        "fault: b: 9 words, the budget is 8",
        "fault: b: no description",
        "fault: index: 11 words, the budget is 8",
        "fault: index: a picture without a text alternative: b.html",
        "fault: index: no place b.html#gone",
    ]


def test_completion(extension: Callable[[str], ModuleType]) -> None:
    """The pieces of the theme's HTML get a level, a name and the focus, once."""
    accessible = extension("accessible")
    html = '<p class="caption" role="heading">x</p><aside class="sidebar-drawer"><div class="table-wrapper"><pre>'
    once = twice = html
    for pattern, new in accessible.replacements("fr"):
        once = re.sub(pattern, new, once)
    twice = once
    for pattern, new in accessible.replacements("fr"):
        twice = re.sub(pattern, new, twice)

    assert once == twice
    assert len(re.findall("aria-level|aria-label|tabindex", once)) == 4
