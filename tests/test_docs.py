"""The pages: each public name is documented once, and the examples of a page run as they are shown."""

import doctest
import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

from doc_examples import example

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = (
    "values.md", "rules.md", "batch.md", "gateways.md", "ledger.md", "payments.md", "messages.md", "testing.md",
    "simulation.md",
)  # fmt: skip
DIRECTIVE = re.compile(r"^[ \t]*\.\. auto(class|function|exception|data):: (\S+)[ \t]*$", re.MULTILINE)
PACKAGES = (
    "creance_pay",
    "creance_pay.batch",
    "creance_pay.gateways",
    "creance_pay.gateways.direct",
    "creance_pay.gateways.sips",
    "creance_pay.ledger",
    "creance_pay.payments",
    "creance_pay.messages",
    "creance_pay.testing",
    "creance_pay.testing.simulation",
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
# Pages whose examples import what they use, so that a reader can paste them in order.
SELF_CONTAINED = ("batch.md", "index.md", "tutorial.md", "gateways.md", "ledger.md", "payments.md")
EXAMPLE = re.compile(r"^```\{doctest\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Modules that users import by name, documented on another page than their package.
MODULES = {"creance_pay.rules.columns": "batch.md", "creance_pay.testing.simulation": "simulation.md"}


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


def documented(*pages: str) -> list[tuple[str, str]]:
    """List the directives of pages: the kind and the name of each."""
    return [found for page in pages for found in DIRECTIVE.findall((DOCS / page).read_text(encoding="utf-8"))]


def kind_of(path: str) -> str:
    """Name the directive that suits a public name."""
    package, _, name = path.rpartition(".")
    thing = getattr(importlib.import_module(package), name)
    if not isinstance(thing, type):
        return "function" if callable(thing) else "data"
    return "exception" if issubclass(thing, BaseException) else "class"


def page_of(path: str) -> str:
    """Name the page where a public name belongs."""
    page = MODULES.get(path.rpartition(".")[0], f"{path.split('.')[1]}.md")
    return page if page in PAGES else PAGES[0]


def test_every_name() -> None:
    """The pages document each public name once, and no other."""
    assert public() == sorted(path for _, path in documented(*PAGES))


def test_kinds() -> None:
    """Each name is documented by the directive of its kind."""
    directives = documented(*PAGES)

    assert [(kind_of(path), path) for _, path in directives] == directives


@pytest.mark.parametrize("page", PAGES)
def test_page(page: str) -> None:
    """A page documents the names of its own package."""
    assert [] == [path for _, path in documented(page) if page != page_of(path)]


@pytest.mark.parametrize("page", SELF_CONTAINED)
def test_examples(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The examples of a page run in order, without any import that the page does not show."""
    source = "\n".join(EXAMPLE.findall((DOCS / page).read_text(encoding="utf-8")))
    examples = doctest.DocTestParser().get_doctest(source, {}, page, page, 0)
    found = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(examples)

    assert (0, True) == (found.failed, found.attempted > 0), capsys.readouterr().out


def test_reading() -> None:
    """A directive is read when it is alone on its line, and not when a text mentions it."""
    text = "```{eval-rst}\n.. autoclass:: a.B\n   :members:\n  .. autofunction:: a.c  \nSee `.. autoclass:: a.D`.\n```"

    assert [("class", "a.B"), ("function", "a.c")] == DIRECTIVE.findall(text)
