"""The theorems notice each small change of the predicates that changes an answer."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from z3 import Z3Exception

from creance_pay.rules import Policy, predicates, theorems
from creance_pay.rules.proofs import Formula, Theorem, Unknowns, prove

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
}
OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


def mutants() -> Iterator[tuple[str, ast.Module]]:
    """Yield each changed copy of the predicates, with the name of the function and the change."""
    tree = ast.parse(Path(str(predicates.__file__)).read_text(encoding="utf-8"))
    for function in tree.body:
        # A function that lists or runs tests calls no operation on an operand.
        if isinstance(function, ast.FunctionDef) and function.name != "failed":
            nodes = [node for statement in function.body for node in ast.walk(statement)]
            yield from ((f"{function.name}: {change}", tree) for node in nodes for change in changes(node))


def changes(node: ast.AST) -> Iterator[str]:
    """Change a node in place in each way, and restore it; yield a description of each."""
    if isinstance(node, ast.Compare):
        for comparison in COMPARISONS.get(type(node.ops[0]), ()):
            yield from changed(node, "ops", [comparison()])
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        yield from changed(node, "op", OPERATIONS[type(node.op)]())
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield from changed(node, "value", node.value + 1)


def changed(node: ast.AST, name: str, value: object) -> Iterator[str]:
    """Change an attribute of a node while the caller uses the tree."""
    before, old = ast.unparse(node), getattr(node, name)
    setattr(node, name, value)
    yield f"{before} -> {ast.unparse(node)}"
    setattr(node, name, old)


def executed(name: str, tree: ast.Module) -> ModuleType:
    """Execute the code of a module of the rules in a module that is not imported."""
    module = ModuleType(f"creance_pay.rules.{name}")
    module.__package__ = "creance_pay.rules"
    # Coverage takes no file of a name in angle brackets for a source.
    exec(compile(ast.fix_missing_locations(tree), f"<{name}>", "exec"), module.__dict__)  # noqa: S102 - our own code
    return module


def noticed(mutant: ModuleType) -> bool:
    """Return whether a theorem fails for a changed copy of the predicates, or cannot be stated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, mutant.__name__, mutant)
        copy = executed("theorems", ast.parse(Path(str(theorems.__file__)).read_text(encoding="utf-8")))
    try:
        return any(not prove(theorem).proved for theorem in copy.THEOREMS)
    except (TypeError, Z3Exception):
        return True


def equivalent(mutant: ModuleType, name: str) -> bool:
    """Return whether a function has the same value in a changed copy, for every amount and every policy."""
    both = [getattr(module, name) for module in (predicates, mutant)]

    def claim(policy: Policy, x: Unknowns) -> Formula:
        """Claim that both values are equal."""
        one, other = (function(x, policy) for function in both)
        return one == other

    return prove(Theorem(name=name, rule="", statement="", functions=(), claim=claim)).proved


@pytest.mark.slow
def test_mutants(record_property: Callable[[str, object], None]) -> None:
    """A theorem notices each change of a comparison, an operation or a number, or the change is proved to be none."""
    found: dict[str, str] = {}
    for name, tree in mutants():
        mutant = executed("predicates", tree)
        found[name] = "noticed" if noticed(mutant) else "equal" if equivalent(mutant, name.partition(":")[0]) else "not"

    record_property("figure", str(Counter(found.values())))
    assert [] == [name for name, result in found.items() if result == "not"]
    assert Counter(found.values())["noticed"] > 60
