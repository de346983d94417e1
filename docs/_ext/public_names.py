"""Resolve cross-references to the public path of a name.

The library defines a name in one module and exports it from another: an annotation contains
``creance_pay.money.Euros``, the pages describe ``creance_pay.Euros``.  A docstring names an error without its path.
This extension resolves both to the public path.  Any other missing name stays a broken reference and fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment

#: The modules that users import from, in the order of the search.
PUBLIC_MODULES = (
    "creance_pay",
    "creance_pay.rules",
    "creance_pay.rules.choices",
    "creance_pay.rules.citations",
    "creance_pay.rules.comparison",
    "creance_pay.rules.instalments",
    "creance_pay.rules.recovery",
    "creance_pay.rules.schedules",
    "creance_pay.gateways",
    "creance_pay.gateways.sips",
    "creance_pay.ledger",
    "creance_pay.payments",
    "creance_pay.messages",
    "creance_pay.messages.letters",
    "creance_pay.testing",
    "creance_pay.testing.direct",
    "creance_pay.testing.sips",
    "creance_pay.codes",
    "creance_pay.errors",
)


#: Python names that an annotation contains without their module, where Sphinx cannot evaluate it.
PYTHON_NAMES = {"date": "datetime.date", "datetime": "datetime.datetime"}

_FUNCTION = re.compile(r"=<function (\w+)[^>]*>")


def names_of(module: ModuleType) -> list[str]:
    """List the public names of a module: its ``__all__``, or the classes that it defines."""
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not isinstance(getattr(module, name), ModuleType)]
    return [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]


@cache
def public_names() -> Mapping[str, str]:
    """Map the path of definition and the bare name of each public object to its public path."""
    found: dict[str, str] = {}
    for module in map(import_module, PUBLIC_MODULES):
        for name in names_of(module):
            public = f"{module.__name__}.{name}"
            defined_in = getattr(getattr(module, name), "__module__", module.__name__)  # a constant has no module
            found.setdefault(f"{defined_in}.{name}", public)
            found.setdefault(name, public)
    return found


def public_path(target: str) -> str | None:
    """Return the public path of a target, or of a method or attribute through its class."""
    known = public_names()
    if target in known:
        return known[target]
    owner, dot, member = target.rpartition(".")
    return f"{known[owner]}.{member}" if dot and owner in known else None


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement) -> nodes.Node | None:
    """Resolve a missing name by its public path; show a private name without a link."""
    target, python = node.get("reftarget", ""), env.domains["py"]
    if node.get("refdomain") != "py" or not isinstance(python, PythonDomain):
        return None
    if target.rpartition(".")[2].startswith("_"):
        return content
    node["reftarget"] = PYTHON_NAMES.get(target, target)  # for intersphinx, which comes after
    public = public_path(target)
    found = python.resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, content) if public else None
    return found if isinstance(found, nodes.reference) else None


def readable_signature(
    _app: Sphinx, _what: str, _name: str, value: object, _options: object, arguments: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Remove the signature of enumerations and protocols, and name default values that have no readable text."""
    if isinstance(value, type) and (issubclass(value, Enum) or getattr(value, "_is_protocol", False)):
        return "", None
    if arguments is None:
        return None
    return _FUNCTION.sub(r"=\1", arguments.replace("=NOTHING", "=...")), returned


def spare_sentence(_app: Sphinx, what: str, _name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Protect a colon in a sentence: napoleon takes the text before it for a type.

    An empty comment fills the place of the type, at the start of an attribute and of a returned value.
    """
    if what in {"attribute", "property"}:
        lines[:0] = ["..", ""]
    for number in reversed(range(len(lines))):
        if lines[number] == "Returns:":
            lines[number + 1 : number + 1] = ["    ..", ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the handlers."""
    app.connect("missing-reference", resolve, priority=400)  # before intersphinx
    app.connect("autodoc-process-signature", readable_signature)
    app.connect("autodoc-process-docstring", spare_sentence, priority=400)  # before napoleon
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
