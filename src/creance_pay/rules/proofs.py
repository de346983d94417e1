"""The prover: decide by Z3 whether a theorem about the rules holds for every amount and every policy.

A rule function decides one debt over Python integers, and a column over expressions.  Here the same function runs over
the integers of `Z3 <https://github.com/Z3Prover/z3>`_ and yields a formula.  A theorem of
:mod:`~creance_pay.rules.theorems` compares that formula with the text of the rule.  Amounts have no upper bound.  The
policy is one that a caisse wrote, or any policy that :class:`~creance_pay.rules.Policy` accepts: its amounts are then
unknowns, and each of its choices is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import SimpleNamespace
from typing import Any, cast

import attrs

from ..errors import MissingExtraError
from ..money import Euros
from .policy import CONSISTENCY, Policy

try:
    import z3
except ImportError as error:
    raise MissingExtraError("proofs need an extra: pip install 'creance-pay[proofs]'", extra="proofs") from error

# A theorem that takes longer counts as not decided.
_TIMEOUT_MS = 60_000
#: A formula of Z3, which has no types.
Formula = Any


class Unknowns:
    """The operands of every rule, as unknowns of Z3, and the operations over them."""

    AMOUNTS = ("balance", "due", "total", "amount")
    FACTS = (
        "notice_received",
        "open_online",
        "kind_open",
        "alone",
        "distinct",
        "one_debtor",
        "one_caisse",
        "untouched",
    )

    def __init__(self, **operands: Formula) -> None:
        """Create the unknowns; an operand that is given is used in their place."""
        unknown = {**{name: z3.Int(name) for name in self.AMOUNTS}, **{name: z3.Bool(name) for name in self.FACTS}}
        self.operands: Mapping[str, Formula] = {**unknown, **operands}

    def __getattr__(self, name: str) -> Formula:
        """Return an operand."""
        return self.operands[name]

    def at(self, **operands: Formula) -> Unknowns:
        """Replace operands by other formulas, or by amounts in cents."""
        given = {name: z3.IntVal(each) if isinstance(each, int) else each for name, each in operands.items()}
        return Unknowns(**{**self.operands, **given})

    @staticmethod
    def where(test: Formula, one: Formula, other: Formula, /) -> Formula:
        """Return one amount where a test is true, the other one elsewhere."""
        return z3.If(test, one, other)

    @staticmethod
    def minimum(one: Formula, other: Formula, /) -> Formula:
        """Return the smaller of two amounts."""
        return z3.If(one <= other, one, other)

    @staticmethod
    def maximum(one: Formula, other: Formula, /) -> Formula:
        """Return the larger of two amounts."""
        return z3.If(one >= other, one, other)

    @staticmethod
    def floor_divide(one: Formula, other: Formula, /) -> Formula:
        """Return the quotient of an amount and a positive one: Z3 rounds it down."""
        return one / other


@attrs.frozen(kw_only=True)
class Theorem:
    """A statement about functions of the rules.

    Attributes:
        name: A short name.
        rule: The number of the rule.
        statement: The statement, in English.
        functions: The functions of the rules that it is about.
        claim: Builds the formula that has to hold for a policy and for all values of the unknowns.
    """

    name: str
    rule: str
    statement: str
    functions: tuple[Callable[..., Any], ...] = attrs.field(repr=False)
    claim: Callable[[Policy, Unknowns], Formula] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Proof:
    """The result of an attempt to prove a theorem.

    Attributes:
        theorem: The theorem.
        counterexample: Values for which it does not hold, amounts in euros; a text without values where Z3 did not
            decide in time; ``None`` where it holds.
    """

    theorem: Theorem
    counterexample: str | None

    @property
    def proved(self) -> bool:
        """Whether the theorem holds."""
        return self.counterexample is None


def prove(theorem: Theorem, *, policy: Policy | None = None) -> Proof:
    """Prove a theorem, or find a counterexample.

    Args:
        theorem: The theorem.
        policy: The policy that it has to hold for; by default, every policy that passes the validation.
    """
    for choices, assumed, claim in _cases(theorem, policy):
        solver = z3.Solver()
        solver.set("timeout", _TIMEOUT_MS)
        solver.add(*assumed, z3.Not(claim))
        found = solver.check()
        if found == z3.sat:
            return Proof(theorem=theorem, counterexample=_shown(solver.model(), choices))
        if found == z3.unknown:
            return Proof(theorem=theorem, counterexample=f"not decided in {_TIMEOUT_MS // 1000} seconds")
    return Proof(theorem=theorem, counterexample=None)


class _AnyPolicy:
    """A policy with unknown amounts, and with the choices that are fixed.

    A choice that is read and not fixed gets its first value.  The other ones are to be tried after this one: they are
    added to ``untried``.
    """

    def __init__(self, choices: Mapping[str, Any], untried: list[Mapping[str, Any]]) -> None:
        """Fix some choices."""
        self.choices, self.untried = dict(choices), untried

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the field's own type
        """Return an unknown amount, or the value of a choice."""
        field = attrs.fields_dict(Policy)[name]
        if field.metadata["unit"] == "cents":
            return SimpleNamespace(cents=z3.Int(name))
        if name not in self.choices:
            values = (*field.converter,) if isinstance(field.converter, type) else (True, False)
            self.untried += [{**self.choices, name: other} for other in values[1:]]
            self.choices[name] = values[0]
        return self.choices[name]


def _cases(theorem: Theorem, policy: Policy | None) -> Iterator[tuple[Mapping[str, Any], list[Formula], Formula]]:
    """Yield, for each combination of the choices that a theorem reads, the choices, the assumptions and the claim."""
    unknowns = Unknowns()
    assumed = [unknowns.operands[name] >= 0 for name in Unknowns.AMOUNTS]
    if policy is not None:
        yield {}, assumed, theorem.claim(policy, unknowns)
        return
    amounts = [field.name for field in attrs.fields(Policy) if field.metadata.get("unit") == "cents"]
    untried: list[Mapping[str, Any]] = [{}]
    while untried:
        guess = _AnyPolicy(untried.pop(), untried)
        accepted = cast("Policy", guess)
        claim = theorem.claim(accepted, unknowns)
        valid = [z3.Int(name) >= 0 for name in amounts] + [each(accepted) for each in CONSISTENCY.values()]
        yield guess.choices, [*assumed, *valid], claim


def _shown(model: Any, choices: Mapping[str, Any]) -> str:  # noqa: ANN401 - Z3 has no types
    """Write the values of a counterexample: amounts in euros, other values as they are."""
    values = {str(each): model[each] for each in model.decls() if each.arity() == 0}
    found = {name: _in_euros(value) if z3.is_int_value(value) else value for name, value in values.items()}
    shown = {**found, **{name: str(value) if isinstance(value, Enum) else value for name, value in choices.items()}}
    return ", ".join(f"{name} = {value}" for name, value in sorted(shown.items()))


def _in_euros(value: Any) -> str:  # noqa: ANN401 - Z3 has no types
    cents = value.as_long()
    return f"-{Euros(-cents)}" if cents < 0 else str(Euros(cents))
