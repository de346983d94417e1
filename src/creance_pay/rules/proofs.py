"""The prover: decide by Z3 whether a theorem about the rules holds for every amount and every policy.

A rule function decides one debt over Python integers, and a column over expressions.  Here the same function runs over
the integers of `Z3 <https://github.com/Z3Prover/z3>`_ and yields a formula.  A theorem of
:mod:`~creance_pay.rules.theorems` compares that formula with the text of the rule.  Amounts have no upper bound.  The
policy is one that a caisse wrote, or any policy that :class:`~creance_pay.rules.Policy` accepts: its amounts are then
unknowns, and each of its choices is tried.

A function that compares, sorts and loops runs over :class:`Branching` integers.  A comparison of such an integer is
answered in each way that is possible, and each answer is a case of its own.  The number of debts is then a fixed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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
        branching: Whether the amounts of the policy are :class:`Branching` integers; ``branching`` of the unknowns
            builds further ones by their names.
    """

    name: str
    rule: str
    statement: str
    functions: tuple[Callable[..., Any], ...] = attrs.field(repr=False)
    claim: Callable[[Policy, Unknowns], Formula] = attrs.field(repr=False)
    branching: bool = False


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
    untried: list[Sequence[Any]] = [()]
    while untried:
        case = _Case(untried.pop(), untried)
        claim = case.claim(theorem, policy)
        case.solver.add(z3.Not(claim))
        found = case.solver.check()
        if found == z3.sat:
            return Proof(theorem=theorem, counterexample=_shown(case.solver.model(), case.choices))
        if found == z3.unknown:
            return Proof(theorem=theorem, counterexample=f"not decided in {_TIMEOUT_MS // 1000} seconds")
    return Proof(theorem=theorem, counterexample=None)


class Branching:
    """An unknown integer in cents, for functions that compare, sort and loop.

    Attributes:
        case: The case that decides the comparisons.
        formula: The integer, as a formula.
    """

    def __init__(self, case: _Case, formula: Formula) -> None:
        """Create the integer."""
        self.case, self.formula = case, formula

    def _of(self, formula: Formula) -> Branching:
        return Branching(self.case, formula)

    def __add__(self, other: Any) -> Branching:  # noqa: ANN401 - an integer of either kind
        """Add an integer."""
        return self._of(self.formula + _formula(other))

    def __sub__(self, other: Any) -> Branching:  # noqa: ANN401 - an integer of either kind
        """Subtract an integer."""
        return self._of(self.formula - _formula(other))

    def __rsub__(self, other: int) -> Branching:
        """Subtract this integer from a known one."""
        return self._of(other - self.formula)

    __radd__ = __add__

    def __lt__(self, other: Any) -> bool:  # noqa: ANN401 - an integer of either kind
        """Decide whether this integer is smaller."""
        return self.case.decide(self.formula < _formula(other))

    def __le__(self, other: Any) -> bool:  # noqa: ANN401 - an integer of either kind
        """Decide whether this integer is not larger."""
        return self.case.decide(self.formula <= _formula(other))

    def __gt__(self, other: Any) -> bool:  # noqa: ANN401 - an integer of either kind
        """Decide whether this integer is larger."""
        return self.case.decide(self.formula > _formula(other))

    def __ge__(self, other: Any) -> bool:  # noqa: ANN401 - an integer of either kind
        """Decide whether this integer is not smaller."""
        return self.case.decide(self.formula >= _formula(other))

    def __eq__(self, other: object) -> bool:
        """Decide whether both integers are equal."""
        return self.case.decide(self.formula == _formula(other))

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        """Decide whether this integer is not zero."""
        return self.case.decide(self.formula != 0)


def _formula(value: Any) -> Formula:  # noqa: ANN401 - an integer of either kind
    return value.formula if isinstance(value, Branching) else value


class _Case:
    """One case of a theorem: the answers to its choices and comparisons, in the order in which they are asked.

    The answers of ``path`` are repeated.  Each further question gets its first possible answer, and the paths with the
    other ones are added to ``untried``.
    """

    def __init__(self, path: Sequence[Any], untried: list[Sequence[Any]]) -> None:
        """Begin a case."""
        self.path, self.untried = path, untried
        self.taken: list[Any] = []
        self.choices: dict[str, Any] = {}
        self.solver = z3.Solver()
        self.solver.set("timeout", _TIMEOUT_MS)

    def claim(self, theorem: Theorem, policy: Policy | None) -> Formula:
        """Build the claim, and assume that the amounts are not negative and that the policy is valid."""
        unknowns = Unknowns(branching=self.integer)
        self.solver.add(*(unknowns.operands[name] >= 0 for name in Unknowns.AMOUNTS))
        if policy is not None:
            return theorem.claim(policy, unknowns)
        self._assume_valid()
        claim = theorem.claim(cast("Policy", _AnyPolicy(self, self.integer if theorem.branching else z3.Int)), unknowns)
        self._assume_valid()
        return claim

    def _assume_valid(self) -> None:
        """Assume every check of a policy, except those of a choice that the claim has not read: it holds for both."""
        amounts = [field.name for field in attrs.fields(Policy) if field.metadata.get("unit") == "cents"]
        self.solver.add(*(z3.Int(name) >= 0 for name in amounts))
        read = SimpleNamespace(**{name: SimpleNamespace(cents=z3.Int(name)) for name in amounts}, **self.choices)
        for consistent in CONSISTENCY.values():
            with suppress(AttributeError):
                self.solver.add(consistent(cast("Policy", read)))

    def integer(self, name: str) -> Branching:
        """Return an unknown integer, zero or more, whose comparisons are cases."""
        self.solver.add(z3.Int(name) >= 0)
        return Branching(self, z3.Int(name))

    def choose(self, name: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - of the field's own type
        """Return a value of a choice, the same each time."""
        if name not in self.choices:
            self.choices[name] = self._take(values)
        return self.choices[name]

    def decide(self, condition: Formula) -> bool:
        """Answer a comparison, and assume the answer."""
        sides = {True: condition, False: z3.Not(condition)}
        repeated = len(self.taken) < len(self.path)
        possible = [True, False] if repeated else [side for side in sides if self.solver.check(sides[side]) != z3.unsat]
        answer = bool(self._take(possible or [True]))  # a case that Z3 took for possible, and is not, proves nothing
        self.solver.add(sides[answer])
        return answer

    def _take(self, answers: Sequence[Any]) -> Any:  # noqa: ANN401 - an answer
        place = len(self.taken)
        if place < len(self.path):
            answer = self.path[place]
        else:
            answer = answers[0]
            self.untried += [(*self.taken, other) for other in answers[1:]]
        self.taken.append(answer)
        return answer


class _AnyPolicy:
    """A policy with unknown amounts, and with the choices of a case."""

    def __init__(self, case: _Case, integer: Callable[[str], Any]) -> None:
        """Begin a policy; ``integer`` builds an unknown amount."""
        self.case, self.integer = case, integer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the field's own type
        """Return an unknown amount, or the value of a choice."""
        field = attrs.fields_dict(Policy)[name]
        if field.metadata["unit"] == "cents":
            return SimpleNamespace(cents=self.integer(name))
        return self.case.choose(name, (*field.converter,) if isinstance(field.converter, type) else (True, False))


def _shown(model: Any, choices: Mapping[str, Any]) -> str:  # noqa: ANN401 - Z3 has no types
    """Write the values of a counterexample: amounts in euros, other values as they are."""
    values = {str(each): model[each] for each in model.decls() if each.arity() == 0}
    found = {name: _in_euros(value) if z3.is_int_value(value) else value for name, value in values.items()}
    shown = {**found, **{name: str(value) if isinstance(value, Enum) else value for name, value in choices.items()}}
    return ", ".join(f"{name} = {value}" for name, value in sorted(shown.items()))


def _in_euros(value: Any) -> str:  # noqa: ANN401 - Z3 has no types
    cents = value.as_long()
    return f"-{Euros(-cents)}" if cents < 0 else str(Euros(cents))
