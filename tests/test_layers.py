"""The layers of the package: which module may import which, which module may reach outside, and how large a room is.

The values import nothing above them.  The four rooms import values, and never one another.  ``payments`` and ``batch``
combine rooms; ``web`` and ``office`` are what a portal and its office see of them.  ``testing`` stands above them;
``cli`` and ``django`` stand above all and are imported by nobody.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGE = "creance_pay"
ROOMS = {"rules", "gateways", "ledger", "messages"}
# Each part of the package imports its own modules, and parts of a lower level.
LEVELS = {
    "_validators": 0, "_clock": 0, "_log": 0, "_secret": 0, "_signals": 0, "_text": 0, "_toml": 0, "codes": 0,
    "errors": 0, "http": 0, "money": 0, "references": 0, "caisses": 0, "debts": 0, "payment": 0,
    **dict.fromkeys(ROOMS, 1),
    "payments": 2, "batch": 2, "office": 2,
    "testing": 3, "web": 3,
    "cli": 4, "__main__": 5, "django": 5, "": 5,
}  # fmt: skip
# The values among themselves: each module imports from a lower rank only.
RANKS = {
    "errors": 0, "_signals": 0, "codes": 1, "_validators": 1, "_clock": 1, "_secret": 1, "_text": 1, "_log": 2,
    "_toml": 1, "http": 2, "money": 2, "caisses": 2, "references": 3, "debts": 4, "payment": 4,
}  # fmt: skip
# The values that the package itself exports; it loads no room.
FACE = {"caisses", "codes", "debts", "errors", "http", "money", "payment", "references"}
# Nothing imports these, except the programs that serve the bank's pages and that start the command line: Django has
# a command of its own that does so.
TOP = {"", "testing", "cli", "django", "__main__"}
TOP_IMPORTS = {("cli", "testing"), ("__main__", "cli"), ("django", "cli")}
# A bank's own package: what all banks share does not import it.
BANKS = {"gateways": {"direct", "sips"}, "testing": {"direct", "sips"}}
# The fixtures for portals bring a bank.
BANK_FIXTURES = {f"{PACKAGE}.testing.{name}" for name in ("fixtures", "pytest_plugin")}
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "ssl", "urllib.request", "urllib3"}
# The modules that the rules may import from elsewhere: no clock, no chance, no file.
PURE = {
    "__future__", "attrs", "calendar", "collections", "contextlib", "datetime", "decimal", "enum", "functools",
    "holidays", "itertools", "operator", "re", "types", "typing", "zoneinfo",
}  # fmt: skip
# An argument may be called ``today``: only the method of the clock is impure.
ARGUMENTS = {"today"}
IMPURE_NAMES = {
    "environ", "eval", "exec", "fromtimestamp", "getenv", "input", "now", "open", "print", "today", "utcnow",
    "read_bytes", "read_text",
}  # fmt: skip
# The rules read two files, their policy and their sources.  Two modules apply them to columns, two prove them.
READERS = {f"{PACKAGE}.rules.{name}" for name in ("policy", "citations", "recovery")}
COLUMNS = {f"{PACKAGE}.rules.columns", f"{PACKAGE}.rules.cells"}
PROOFS = {f"{PACKAGE}.rules.proofs", f"{PACKAGE}.rules.theorems"}
# The command line imports the module of the command in use; its own table lists them all.
DISPATCH = f"{PACKAGE}.cli."
LARGEST_ROOM = 0.25


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
    """Name the part of the package that a module belongs to: ``creance_pay.rules.policy`` to ``rules``."""
    steps = module.rstrip(".").split(".")
    return steps[depth] if len(steps) > depth else ""


def resolve(target: str) -> str:
    """Find the module that an imported name is, or is in."""
    while target.startswith(f"{PACKAGE}.") and not {target, f"{target}."} & sources().keys():
        target = target.rpartition(".")[0]
    return target


def why_not(module: str, target: str) -> str | None:
    """Return the reason why a module may not import another one of the library, or ``None``."""
    here, there = part(module), part(target)
    if not {here, there} <= LEVELS.keys():
        return "has no layer"
    if here == there:
        return why_not_inside(module, target)
    faults = {
        "the package loads no room": here == "" and there not in FACE,
        f"nothing imports {there or 'the package itself'}": there in TOP and (here, there) not in TOP_IMPORTS,
        "room to room": {here, there} <= ROOMS,
        "upwards among the values": {here, there} <= RANKS.keys() and RANKS[there] >= RANKS[here],
        "upwards": LEVELS[there] > LEVELS[here] or (LEVELS[there] == LEVELS[here] > 0),
    }
    return next((reason for reason, found in faults.items() if found), None)


def why_not_inside(module: str, target: str) -> str | None:
    """Return the reason why a module may not import another one of its own part, or ``None``."""
    here, there = part(module, 2), part(target, 2)
    foreign = there in BANKS.get(part(module), set()) - {here}
    return "a bank's own module" if foreign and module not in BANK_FIXTURES else None


def impurities(module: str, tree: ast.AST) -> Iterator[str]:
    """List what a rule may not use."""
    roots = {target.partition(".")[0] for target in imported(module, tree)} - PURE - {PACKAGE}
    arguments = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & ARGUMENTS
    reached = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    mentioned = names(tree) & IMPURE_NAMES - (arguments - reached)
    if module in READERS:
        roots, mentioned = roots - {"importlib"}, mentioned - {"read_text"}
    if module in COLUMNS:
        roots -= {"narwhals"}
    if module in PROOFS:
        roots -= {"z3"}
    yield from sorted(roots | mentioned)


def reaches(target: str, modules: set[str]) -> bool:
    """Return whether an import is of one of these modules, or of something in it."""
    return any(f"{target}.".startswith(f"{module}.") for module in modules)


def violations(modules: Mapping[str, str]) -> list[str]:
    """List every rule of the layers that these sources break."""
    broken = []
    for module, source in modules.items():
        tree = ast.parse(source)
        targets = list(imported(module, tree))
        for target in targets:
            if reaches(target, {PACKAGE}) and (reason := why_not(module, resolve(target))):
                broken.append(f"{module} imports {target}: {reason}")
            transport = module == f"{PACKAGE}.gateways.transport" and reaches(target, {"requests"})
            if reaches(target, NETWORK) and not transport:
                broken.append(f"{module} imports {target}: only gateways/transport.py calls the network")
        if {"import_module", "__import__"} & names(tree) and module != DISPATCH:
            broken.append(f"{module} imports by a text that nobody can check")
        if "compare_digest" in names(tree) and module != f"{PACKAGE}.gateways.seals":
            broken.append(f"{module} compares seals: only gateways/seals.py does")
        if part(module) == "rules":
            broken += [f"{module} uses {name}: a rule is a pure function" for name in impurities(module, tree)]
    return broken


def import_graph() -> dict[str, set[str]]:
    """Build the graph of imports between the library's modules."""
    graph: dict[str, set[str]] = {}
    for module, source in sources().items():
        targets = {resolve(target) for target in imported(module, ast.parse(source)) if reaches(target, {PACKAGE})}
        known = {target if target in sources() else f"{target}." for target in targets}
        graph[module] = known - {module}
    return graph


def exported(source: str) -> set[str]:
    """List the public functions that a module defines."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.parse(source).body if isinstance(node, functions) and node.name[0] != "_"}


def test_layers() -> None:
    """The library keeps the rules of its layers."""
    assert [] == violations(sources())


def test_every_module_has_a_layer() -> None:
    """Each part of the package has a level, and each level names a part that exists."""
    assert LEVELS.keys() == {part(module) for module in sources()}


def test_ranks_cover_the_values() -> None:
    """Each module below the rooms has a rank."""
    assert RANKS.keys() == {name for name, level in LEVELS.items() if level == 0}


def test_no_cycle() -> None:
    """No module imports itself through others, imports inside functions included."""
    TopologicalSorter(import_graph()).prepare()


def test_no_large_room() -> None:
    """No part of the package holds more than a quarter of its lines."""
    lines = Counter[str]()
    for module, source in sources().items():
        lines[part(module)] += len(source.splitlines())

    assert [] == [name for name, count in lines.items() if count > LARGEST_ROOM * lines.total()]


def test_no_module_named_as_its_function() -> None:
    """No module bears the name of a function that it exports: an import could mean either."""
    assert [] == [module for module, source in sources().items() if module.rpartition(".")[2] in exported(source)]


def test_module_names_are_unique() -> None:
    """Two modules share a name only where a bank mirrors another bank."""
    places = defaultdict(list)
    for module in sources():
        package, _, name = module.rpartition(".")
        banks = BANKS.get(part(module), set())
        if name and not (part(module, 2) in banks and part(module, 2) != name):
            places[name].append(package)

    assert {} == {name: found for name, found in places.items() if len(found) > 1}


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("rules.amounts", "from ..gateways import seal", "room to room"),
        ("ledger.ledger", "from ..gateways import Gateway", "room to room"),
        ("gateways.base", "from ..ledger import Ledger", "room to room"),
        ("messages.rendering", "from ..ledger.records import Payment", "room to room"),
        ("rules.amounts", "from ..gateways.seals import seal", "room to room"),
        ("rules.amounts", "from creance_pay.messages import render", "room to room"),
        ("rules.amounts", "import creance_pay.messages.rendering", "room to room"),
        ("rules.amounts", "from .. import gateways", "room to room"),
        ("rules.", "from ..messages import render", "room to room"),
        ("gateways.sips.paypage", "from ...rules import assess", "room to room"),
        ("gateways.sips.", "from ...rules import assess", "room to room"),
        ("messages.rendering", "def f():\n    from ..rules import assess", "room to room"),
        ("messages.rendering", "if TYPE_CHECKING:\n    from ..rules import Verdict", "room to room"),
        ("payment", "from .gateways import seal", "upwards"),
        ("debts", "from . import rules", "upwards"),
        ("errors", "from creance_pay.messages import render", "upwards"),
        ("errors", "from .codes import Code", "upwards among the values"),
        ("codes", "from .money import Euros", "upwards among the values"),
        ("codes", "from ._validators import of_type", "upwards among the values"),
        ("money", "from .references import NoticeReference", "upwards among the values"),
        ("debts", "from .payment import PaymentOrder", "upwards among the values"),
        ("money", "from . import Euros", "nothing imports the package itself"),
        ("rules.amounts", "from creance_pay import Euros", "nothing imports the package itself"),
        ("rules.amounts", "from .. import Euros", "nothing imports the package itself"),
        ("rules.amounts", "import creance_pay", "nothing imports the package itself"),
        ("novelty", "import re\nfrom .errors import CreancePayError", "has no layer"),
        ("gateways.base", "from .sips import SipsPaypage", "a bank's own module"),
        ("gateways.keys", "from ..testing.sips import SipsBank", "nothing imports testing"),
        ("payments.service", "from ..testing import Subject", "nothing imports testing"),
        ("testing.conformance", "from .sips import SipsBank", "a bank's own module"),
        ("testing.conformance", "from ..cli import main", "nothing imports cli"),
        ("rules.amounts", "from ..batch import job", "upwards"),
        ("ledger.ledger", "from ..payments import PaymentService", "upwards"),
        ("payments.service", "from ..batch import job", "upwards"),
        ("", "from . import rules", "loads no room"),
        ("gateways.sips.paypage", "from ...testing.sips import SipsBank", "nothing imports testing"),
        ("gateways.sips.paypage", "import requests", "calls the network"),
        ("gateways.sips.paypage", "from requests.adapters import HTTPAdapter", "calls the network"),
        ("gateways.transport", "import socket", "calls the network"),
        ("gateways.transport", "from urllib.request import urlopen", "calls the network"),
        ("caisses", "from urllib import request", "calls the network"),
        ("messages.rendering", "import http.client", "calls the network"),
        ("cli", "import requests", "calls the network"),
        ("gateways.base", "import importlib\nimportlib.import_module('x')", "nobody can check"),
        ("gateways.base", "__import__('x')", "nobody can check"),
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
        ("rules.amounts", "import z3", "uses z3"),
        ("rules.proofs", "import time", "uses time"),
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
        ("", "from . import codes\nfrom .money import Euros"),
        ("cli", "from . import rules, messages, gateways"),
        ("__main__", "from .cli import main"),
        ("payment", "from .references import NoticeReference\nfrom .errors import InvalidValueError"),
        ("rules.amounts", "from ..money import Euros\nfrom .policy import Policy"),
        ("rules.policy", "from importlib import resources\nresources.files('x').read_text()"),
        ("rules.columns", "import narwhals.stable.v2 as nw"),
        ("rules.proofs", "import z3"),
        ("rules.amounts", "def is_past(day, today):\n    return day <= today"),
        ("rules.amounts", '"""Neither today, nor open, nor compare_digest."""'),
        ("gateways.transport", "import requests"),
        ("gateways.seals", "from hmac import compare_digest"),
        ("testing.sips.bank", "from ...gateways.sips.response_codes import OUTCOMES\nfrom ...money import Euros"),
        ("gateways.sips.paypage", "from urllib.parse import parse_qsl"),
    ],
)
def test_allowed(module: str, source: str) -> None:
    """An import that the layers allow is not reported."""
    assert [] == violations({f"{PACKAGE}.{module}": source})
