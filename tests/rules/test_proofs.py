"""The theorems about the rules, proved for every policy and every amount; and the prover itself."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import Any

import pytest
import z3

from creance_pay.errors import MissingExtraError
from creance_pay.rules import Policy, predicates, proofs
from creance_pay.rules.policy import CONSISTENCY
from creance_pay.rules.proofs import Proof, Theorem, Unknowns, prove
from creance_pay.rules.theorems import THEOREMS
from samples import POLICY, a_policy

#: Functions that only list or run tests, which every theorem about a verdict does.
TABLES = {"selection_predicates", "due_predicates", "payment_predicates", "amount_predicates", "failed"}


def claimed(claim: Any, *, policy: Policy | None = None) -> Proof:  # noqa: ANN401 - a function of the test
    """Try to prove a claim."""
    return prove(Theorem(name="claim", rule="R0", statement="", functions=(), claim=claim), policy=policy)


#: A theorem that takes ten seconds for every policy; by default it is proved for the shipped policy.
LONG = {"suggestion_for_two_debts_is_the_largest"}


@pytest.mark.parametrize(
    "theorem",
    [
        pytest.param(theorem, id=theorem.name, marks=pytest.mark.slow if theorem.name in LONG else ())
        for theorem in THEOREMS
    ],
)
def test_every_policy(theorem: Theorem) -> None:
    """The theorem holds for every amount and every policy that the validation accepts."""
    assert None is prove(theorem).counterexample


def test_shipped_policy() -> None:
    """Each theorem holds for a policy with known values too."""
    assert [] == [theorem.name for theorem in THEOREMS if not prove(theorem, policy=POLICY).proved]


def test_every_function() -> None:
    """Each function of the predicates is the subject of a theorem, except those that list or run tests."""
    found = inspect.getmembers(predicates, inspect.isfunction)
    functions = {name for name, each in found if name[0] != "_" and each.__module__ == predicates.__name__}

    assert set() == functions - TABLES - {each.__name__ for theorem in THEOREMS for each in theorem.functions}


@pytest.mark.parametrize("message", CONSISTENCY)
def test_every_check_of_a_policy_is_needed(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one check of the validation, a policy exists for which a theorem does not hold."""
    others = {each: check for each, check in CONSISTENCY.items() if each != message}
    monkeypatch.setattr(proofs, "CONSISTENCY", others)

    assert any(not prove(theorem).proved for theorem in THEOREMS if not theorem.branching)


class TestProver:
    """The prover finds counterexamples, and shows them in euros."""

    def test_counterexample(self) -> None:
        """A counterexample has the values of the policy and of the operands, by name, in euros."""

        def claim(policy: Policy, x: Unknowns) -> Any:  # noqa: ANN401 - a formula
            return z3.Or(x.amount != policy.online_min.cents + 1234, policy.band_inclusive)

        found = claimed(claim).counterexample

        assert found is not None
        values = dict(each.split(" = ") for each in found.split(", "))
        assert "False" == values["band_inclusive"]
        assert "12.34" == f"{float(values['amount']) - float(values['online_min']):.2f}"

    def test_known_policy(self) -> None:
        """For a policy with known values, the counterexample has the operands only; a debt of less is negative."""
        found = claimed(lambda policy, x: x.total != policy.online_min.cents, policy=POLICY).counterexample

        assert found is not None
        assert "total = 16.00" in found.split(", ")

    def test_negative(self) -> None:
        """An unknown of the theorem's own may be negative."""
        found = claimed(lambda _, x: z3.Implies(x.total == 0, z3.Int("other") != -5)).counterexample

        assert found is not None
        assert "other = -0.05" in found.split(", ")

    def test_every_choice(self) -> None:
        """Each combination of the choices that a claim reads is tried, and no other."""
        seen: list[tuple[object, ...]] = []

        def claim(policy: Policy, _: Unknowns) -> Any:  # noqa: ANN401 - a formula
            seen.append((policy.stranding.value, policy.several_payments))
            return z3.BoolVal(val=True)

        assert claimed(claim).proved
        assert [("refuse", False), ("refuse", True), ("warn", False), ("warn", True)] == sorted({*seen})

    def test_undecided(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A theorem that is not decided in time is not proved."""
        monkeypatch.setattr(proofs, "_TIMEOUT_MS", 1000)

        def claim(_: Policy, x: Unknowns) -> Any:  # noqa: ANN401 - a formula
            cubes = [each * each * each for each in (x.total + 1, x.due + 1, x.amount + 1)]
            return cubes[0] + cubes[1] != cubes[2]

        assert claimed(claim) == Proof(theorem=claimed(claim).theorem, counterexample="not decided in 1 seconds")

    def test_missing_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without Z3, the error names the extra that installs it."""
        monkeypatch.delitem(sys.modules, "creance_pay.rules.proofs")
        monkeypatch.setitem(sys.modules, "z3", None)

        with pytest.raises(MissingExtraError, match="creance-pay\\[proofs\\]") as missing:
            importlib.import_module("creance_pay.rules.proofs")

        assert "proofs" == missing.value.extra


def test_other_values_of_a_policy() -> None:
    """Every theorem holds for a policy with each other reading."""
    policy = a_policy(
        band_inclusive=False, band_checked_at="access", max_basis="payment", stranding="refuse", several_payments=False
    )

    assert [] == [theorem.name for theorem in THEOREMS if not prove(theorem, policy=policy).proved]
