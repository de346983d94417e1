"""The doors of the house: who imports whom, who may reach outside, and who may compare seals.

Rooms never import one another; the hall below them imports only what lies below; the porch above imports anything.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGE = "creance_pay"
PORCH = {"", "__main__", "cli"}
ROOMS = {"rules", "gateways", "messages"}
# Floor and hall: each module imports only from the ranks below its own.
RANKS = {
    "errors": 0,
    "codes": 1,
    "fields": 1,
    "money": 2,
    "references": 3,
    "caisses": 4,
    "debts": 4,
    "edges": 4,
    "payment": 4,
}
# Inside the gateways: what every bank shares knows no bank, and only tests know the bank's side.
BANKS = {"sips": 1, "testing": 2}
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "ssl", "urllib.request", "urllib3"}
# All that the rules import from elsewhere: nothing here tells the time, draws lots or opens anything.
PURE = {
    "__future__", "attrs", "calendar", "collections", "datetime", "decimal", "enum", "functools", "holidays",
    "itertools", "operator", "re", "typing", "zoneinfo",
}  # fmt: skip
IMPURE_NAMES = {
    "environ", "eval", "exec", "fromtimestamp", "getenv", "input", "now", "open", "print", "today", "utcnow",
    "read_bytes", "read_text",
}  # fmt: skip
# The one file that the rules read is their own, and one module of theirs puts them into the words of dataframes.
POLICY = f"{PACKAGE}.rules.policy"
COLUMNS = f"{PACKAGE}.rules.columns"


@cache
def sources() -> Mapping[str, str]:
    """Read the library: the source of each module by its dotted name, packages ending with a dot."""
    found = {}
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        found[name.removesuffix("__init__")] = path.read_text(encoding="utf-8")
    return found


def imported(module: str, tree: ast.AST) -> Iterator[str]:
    """List what a module imports, by absolute dotted names that end with the imported name."""
    package = module.rpartition(".")[0]  # of a package's own file, whose name ends with a dot, the package itself
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            prefix = ".".join(filter(None, (base, node.module)))
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def names(tree: ast.AST) -> set[str]:
    """Gather every name that a module mentions in its code."""
    return (
        {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        | {node.name.rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.alias)}
    )


def part(module: str, depth: int = 1) -> str:
    """Name the part of the house that a module belongs to: ``creance_pay.rules.policy`` to ``rules``."""
    steps = module.rstrip(".").split(".")
    return steps[depth] if len(steps) > depth else ""


def resolve(target: str) -> str:
    """Find the module that an imported name is, or is in."""
    while target.startswith(f"{PACKAGE}.") and not {target, f"{target}."} & sources().keys():
        target = target.rpartition(".")[0]
    return target


def why_not(module: str, target: str) -> str | None:
    """Give the reason why a module may not import another one of the library."""
    here, there = part(module), part(target)
    if not {here, there} <= PORCH | ROOMS | RANKS.keys():
        return "has no place in the house"
    if here in PORCH:
        return None
    if there in PORCH:
        return "reaches for the porch"
    if here in ROOMS:
        return "room to room" if there in ROOMS - {here} else why_not_inside(module, target)
    if there in ROOMS:
        return "hall to room"
    return None if RANKS[there] < RANKS[here] else "not downwards"


def why_not_inside(module: str, target: str) -> str | None:
    """Give the reason why a module of the gateways may not import another one of them."""
    if part(module) != part(target) != "gateways":
        return None
    here, there = (BANKS.get(part(name, 2), 0) for name in (module, target))
    return "a bank's, or for tests" if there > here else None


def impurities(module: str, tree: ast.AST) -> Iterator[str]:
    """List what a rule may not use."""
    roots = {target.partition(".")[0] for target in imported(module, tree)} - PURE - {PACKAGE}
    mentioned = names(tree) & IMPURE_NAMES
    if module == POLICY:
        roots, mentioned = roots - {"importlib"}, mentioned - {"read_text"}
    if module == COLUMNS:
        roots -= {"narwhals"}
    yield from sorted(roots | mentioned)


def reaches(target: str, modules: set[str]) -> bool:
    """Tell whether an import is of one of these modules, or of something in it."""
    return any(f"{target}.".startswith(f"{module}.") for module in modules)


def violations(modules: Mapping[str, str]) -> list[str]:
    """List every rule of the house that these sources break."""
    broken = []
    for module, source in modules.items():
        tree = ast.parse(source)
        targets = list(imported(module, tree))
        for target in targets:
            if reaches(target, {PACKAGE}) and (reason := why_not(module, resolve(target))):
                broken.append(f"{module} imports {target}: {reason}")
            transport = module == f"{PACKAGE}.gateways.transport" and reaches(target, {"requests"})
            if reaches(target, NETWORK) and not transport:
                broken.append(f"{module} imports {target}: the one way out is gateways/transport.py")
        if {"import_module", "__import__"} & names(tree):
            broken.append(f"{module} imports by a text that nobody can check")
        if "compare_digest" in names(tree) and module != f"{PACKAGE}.gateways.seals":
            broken.append(f"{module} compares seals: that is the business of gateways/seals.py")
        if part(module) == "rules":
            broken += [f"{module} uses {name}: a rule is a pure function" for name in impurities(module, tree)]
    return broken


def test_house() -> None:
    """The library keeps the rules of the house."""
    assert [] == violations(sources())


def test_every_module_has_a_place() -> None:
    """Each part of the library is floor, hall, room or porch."""
    assert PORCH | ROOMS | RANKS.keys() >= {part(module) for module in sources()}


def test_no_ghosts() -> None:
    """Each module that has a rank exists."""
    assert {part(module) for module in sources()} >= ROOMS | RANKS.keys()


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("rules.amounts", "from ..gateways import seal", "room to room"),
        ("rules.amounts", "from ..gateways.seals import seal", "room to room"),
        ("rules.amounts", "from creance_pay.messages import render", "room to room"),
        ("rules.amounts", "import creance_pay.messages.rendering", "room to room"),
        ("rules.amounts", "from .. import gateways", "room to room"),
        ("rules.", "from ..messages import render", "room to room"),
        ("gateways.sips.paypage", "from ...rules import assess", "room to room"),
        ("gateways.sips.", "from ...rules import assess", "room to room"),
        ("messages.rendering", "def f():\n    from ..rules import assess", "room to room"),
        ("messages.rendering", "if TYPE_CHECKING:\n    from ..rules import Verdict", "room to room"),
        ("payment", "from .gateways import seal", "hall to room"),
        ("debts", "from . import rules", "hall to room"),
        ("errors", "from creance_pay.messages import render", "hall to room"),
        ("errors", "from .codes import Code", "not downwards"),
        ("codes", "from .money import Euros", "not downwards"),
        ("codes", "from .fields import of_type", "not downwards"),
        ("money", "from .references import NoticeReference", "not downwards"),
        ("debts", "from .payment import PaymentOrder", "not downwards"),
        ("money", "from . import Euros", "reaches for the porch"),
        ("rules.amounts", "from creance_pay import Euros", "reaches for the porch"),
        ("rules.amounts", "from .. import Euros", "reaches for the porch"),
        ("rules.amounts", "import creance_pay", "reaches for the porch"),
        ("novelty", "import re\nfrom .errors import CreancePayError", "no place in the house"),
        ("gateways.gateway", "from .sips import SipsPaypage", "a bank's, or for tests"),
        ("gateways.keys", "from .testing.bank import SipsBank", "a bank's, or for tests"),
        ("gateways.sips.paypage", "from ..testing import SipsBank", "a bank's, or for tests"),
        ("gateways.sips.paypage", "import requests", "the one way out"),
        ("gateways.sips.paypage", "from requests.adapters import HTTPAdapter", "the one way out"),
        ("gateways.transport", "import socket", "the one way out"),
        ("gateways.transport", "from urllib.request import urlopen", "the one way out"),
        ("caisses", "from urllib import request", "the one way out"),
        ("messages.rendering", "import http.client", "the one way out"),
        ("cli", "import requests", "the one way out"),
        ("gateways.gateway", "import importlib\nimportlib.import_module('x')", "nobody can check"),
        ("gateways.gateway", "__import__('x')", "nobody can check"),
        ("gateways.sips.paypage", "import hmac\nhmac.compare_digest(a, b)", "compares seals"),
        ("gateways.keys", "from hmac import compare_digest as same", "compares seals"),
        ("messages.rendering", "from secrets import compare_digest", "compares seals"),
        ("rules.amounts", "import time", "uses time"),
        ("rules.amounts", "from random import choice", "uses random"),
        ("rules.amounts", "import os", "uses os"),
        ("rules.amounts", "from pathlib import Path", "uses pathlib"),
        ("rules.amounts", "from importlib import resources", "uses importlib"),
        ("rules.amounts", "from datetime import date\ndate.today()", "uses today"),
        ("rules.amounts", "from datetime import datetime\nclock = datetime.now", "uses now"),
        ("rules.amounts", "open('policy.toml')", "uses open"),
        ("rules.amounts", "print('verdict')", "uses print"),
        ("rules.amounts", "import narwhals", "uses narwhals"),
        ("rules.columns", "import polars", "uses polars"),
        ("rules.policy", "import os", "uses os"),
        ("rules.policy", "open('policy.toml')", "uses open"),
    ],
)  # fmt: skip
def test_planted(module: str, source: str, reason: str) -> None:
    """A planted violation is found, for its own reason, and it alone."""
    assert [True] == [reason in broken for broken in violations({f"{PACKAGE}.{module}": source})]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("", "from .rules import assess\nfrom .money import Euros"),
        ("cli", "from . import rules, messages, gateways"),
        ("__main__", "from .cli import main"),
        ("payment", "from .references import NoticeReference\nfrom .errors import InvalidValueError"),
        ("rules.amounts", "from ..money import Euros\nfrom .policy import Policy"),
        ("rules.policy", "from importlib import resources\nresources.files('x').read_text()"),
        ("rules.columns", "import narwhals.stable.v2 as nw"),
        ("rules.amounts", '"""Neither today, nor open, nor compare_digest."""'),
        ("gateways.transport", "import requests"),
        ("gateways.seals", "from hmac import compare_digest"),
        ("gateways.testing.bank", "from ..sips.codes import OUTCOMES\nfrom ...money import Euros"),
        ("gateways.sips.paypage", "from urllib.parse import parse_qsl"),
    ],
)
def test_allowed(module: str, source: str) -> None:
    """What the house allows is not reported."""
    assert [] == violations({f"{PACKAGE}.{module}": source})
