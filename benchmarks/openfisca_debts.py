"""The rules for OpenFisca: variables over vectors, one entity, one month.

Texts have OpenFisca's own type, of a fixed width; the formulas test them with NumPy, because OpenFisca has no test for
them.  Codes are an enumeration from which ``select`` chooses, as in the legislations written for OpenFisca.
"""

from typing import Any

import numpy as np
import polars as pl
from openfisca_core.entities import Entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import MONTH
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from creance_pay.codes import Reason
from creance_pay.rules import policy_named

POLICY = policy_named("ameli-2019-11")
LEAST, MOST = POLICY.online_min.cents, POLICY.online_max_per_payment.cents
KINDS = [kind.value for kind in POLICY.open_debt_kinds]
LONGEST, BARE = 32, 17  # lengths of a reference: with spaces at most, and without
PERIOD = "2026-11"
DEBT = Entity("debt", "debts", "A debt", "")
Word = Enum("Word", {"PAYABLE": "PAYABLE"} | {reason.name: reason.name for reason in Reason})


def variable(name: str, kind: type, formula: Any = None, **more: object) -> type[Variable]:  # noqa: ANN401 - a formula of OpenFisca
    """Declare a variable."""
    body = {"value_type": kind, "entity": DEBT, "definition_period": MONTH, "label": name}
    return type(name, (Variable,), {**body, **more, **({"formula": formula} if formula else {})})


def well_formed(debt: Any, period: Any) -> Any:  # noqa: ANN401 - vectors
    """Return which references have sixteen digits and a letter, with spaces anywhere."""
    bare = np.strings.replace(debt("reference", period), b" ", b"").astype(f"S{BARE + 1}")
    cells = bare.view(np.uint8).reshape(len(bare), -1)
    digits = (cells[:, : BARE - 1] - ord("0") < 10).all(axis=1)  # noqa: PLR2004 - bytes below the digit zero wrap around
    letter = (cells[:, BARE - 1] | 0x20) - ord("a") < 26  # noqa: PLR2004 - the same
    return digits & letter & (cells[:, BARE] == 0)


def kind_open(debt: Any, period: Any) -> Any:  # noqa: ANN401 - vectors
    """Return which kinds are open."""
    return np.isin(debt("kind", period), np.array(KINDS, dtype="S"))


def total(debt: Any, period: Any) -> Any:  # noqa: ANN401 - vectors
    """Add the flags of the tests that fail."""
    due = debt("remaining", period)
    flags = np.where(debt("missing", period), int(Reason.INPUT_MISSING), 0)
    flags += np.where(due < 0, int(Reason.INPUT_INVALID), 0)
    flags += np.where(debt("well_formed", period), 0, int(Reason.REFERENCE_BAD_FORMAT))
    flags += np.where(debt("open_online", period), 0, int(Reason.REFERENCE_NOT_OPEN))
    flags += np.where(debt("kind_open", period), 0, int(Reason.KIND_NOT_OPEN))
    flags += np.where(due == 0, int(Reason.NOTHING_DUE), 0)
    return flags + np.where((due >= 0) & (due < LEAST), int(Reason.BELOW_ONLINE_MINIMUM), 0)


def word(debt: Any, period: Any) -> Any:  # noqa: ANN401 - vectors
    """Return the code of the first test that fails."""
    flags = debt("reasons", period)
    failed = [flags // int(reason) % 2 == 1 for reason in Reason]
    return np.select(failed, [Word[reason.name] for reason in Reason], Word.PAYABLE)


def largest(debt: Any, period: Any) -> Any:  # noqa: ANN401 - vectors
    """Return the largest payment."""
    return np.minimum(debt("remaining", period), MOST)


def first(debt: Any, period: Any) -> Any:  # noqa: ANN401 - vectors
    """Return the first payment of the plan."""
    due = debt("remaining", period)
    kept = np.where(due > MOST, LEAST + ((due + MOST - 1) // MOST - 2) * LEAST, 0)
    return np.minimum(due - kept, MOST)


SYSTEM = TaxBenefitSystem([DEBT])
for each in (
    variable("missing", bool), variable("reference", str, max_length=LONGEST), variable("open_online", bool),
    variable("kind", str, max_length=3), variable("remaining", int),
    variable("well_formed", bool, well_formed), variable("kind_open", bool, kind_open),
    variable("reasons", int, total), variable("payable_max", int, largest), variable("next_payment", int, first),
    variable("code", Enum, word, possible_values=Word, default_value=Word.PAYABLE),
):  # fmt: skip
    SYSTEM.add_variable(each)


def decide(chunk: pl.DataFrame) -> pl.DataFrame:
    """Decide a chunk.  Polars builds the vectors, with a valid value for a null, and sets the nulls of the result."""
    inputs = chunk.select(
        missing=pl.any_horizontal(pl.col("reference", "kind", "remaining", "open_online").is_null()),
        reference=pl.col("reference").fill_null("0" * 16 + "A"),
        open_online=pl.col("open_online").fill_null(value=True),
        kind=pl.col("kind").fill_null(KINDS[0]),
        remaining=pl.col("remaining").fill_null(MOST),
    )
    simulation = SimulationBuilder().build_default_simulation(SYSTEM, len(chunk))
    for name in inputs.columns:
        simulation.set_input(name, PERIOD, inputs[name].to_numpy())
    found = {name: simulation.calculate(name, PERIOD) for name in ("reasons", "payable_max", "next_payment")}
    payable = pl.col("reasons") == 0
    code = simulation.calculate("code", PERIOD).decode_to_str()
    return (
        chunk.with_columns(pl.Series(name, values) for name, values in found.items())
        .with_columns(code=pl.Series(code, dtype=pl.String), payable_min=pl.when(payable).then(pl.lit(LEAST, pl.Int64)))
        .with_columns(pl.when(payable).then(pl.col("payable_max", "next_payment").cast(pl.Int64)))
    )
