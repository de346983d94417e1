"""The rules over columns: one decision for each row of a frame of Polars, pandas, PyArrow, DuckDB or PySpark.

The functions of :mod:`~creance_pay.rules.predicates` that decide one debt run here over expressions of `Narwhals
<https://narwhals-dev.github.io/narwhals/>`_.  Each engine executes them natively.  The result has the type of the
caller's frame, and is lazy where that frame is.

>>> import polars as pl
>>> from creance_pay.rules import columns, policy_named
>>> debts = pl.DataFrame({
...     "reference": ["6311 7054 0000 0344 F", "6311632600000408F"],
...     "kind": ["FRR", "FRR"],
...     "remaining": [6000, 700],
...     "open_online": [True, True],
... })
>>> decided = columns.assess(debts, policy=policy_named("ameli-2019-11"))
>>> for row in decided.select("code", "payable_min", "payable_max", "next_payment").rows():
...     print(row)
('PAYABLE', 1600, 5000, 4400)
('BELOW_ONLINE_MINIMUM', None, None, None)

Every row gets a decision.  A null is ``INPUT_MISSING``, a negative amount ``INPUT_INVALID``, and a text that is not a
reference ``REFERENCE_BAD_FORMAT``.  The other cells of such a row are tested too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from operator import add, and_, or_
from typing import Any, cast

import attrs

from ..caisses import successors
from ..codes import Reason, VerdictCode
from ..errors import InvalidValueError, MissingExtraError, UnsupportedError
from .cells import Cell, Cells, Unit, where
from .choices import BandCheck, MinBasis, TotalBasis
from .policy import Policy
from .predicates import (
    ACCESS,
    SCOPE,
    Inputs,
    Predicates,
    due_predicates,
    first_payment,
    number_of_payments,
    payable_max,
    payable_min,
)
from .verdicts import code_of

try:
    import narwhals.stable.v2 as nw
    from narwhals.exceptions import DuplicateError
    from narwhals.stable.v2.typing import IntoFrameT
except ImportError as error:
    raise MissingExtraError("columns need an extra: pip install 'creance-pay[batch]'", extra="batch") from error

__all__ = ["BOOLEANS", "NULLS", "assess", "compare", "notice_scope", "plan_debts"]

#: The usual spellings of true and false, in Excel, PostgreSQL, Oracle, pandas and French forms.  Case does not matter.
BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "t", "1", "1.0", "yes", "y", "vrai", "v", "oui", "o"), True),
    **dict.fromkeys(("false", "f", "0", "0.0", "no", "n", "faux", "non"), False),
}
#: The usual spellings of a null, in PostgreSQL, MySQL, Hive, pandas, R and Excel.
NULLS = ("", r"\N", "NULL", "null", "None", "NaN", "nan", "<NA>", "NA", "N/A", "#N/A")

_ENGINES = {
    nw.Implementation.POLARS,
    nw.Implementation.PANDAS,
    nw.Implementation.PYARROW,
    nw.Implementation.DUCKDB,
    nw.Implementation.PYSPARK,
}
# No anchor of the end works in every engine: in Python and Java, $ matches before a final line end, and Python's re,
# which pandas uses, lacks \z before 3.14.  For pandas the length is checked too; elsewhere the pattern is enough.
_SPACED = rf"\A *{'[0-9] *' * 16}[A-Za-z] *\z"
_BARE, _BARE_LENGTH = "^[0-9]{16}[A-Za-z]$", 17
_A_REFERENCE = "0" * 16 + "A"
# The check of a column.
_Kind = Callable[[Cells, str], None]
_TEXT, _CENTS, _BOOLEANS, _DAYS = Cells.require_text, Cells.require_amount, Cells.require_boolean, Cells.require_day


class ColumnOps:
    """The operations over expressions."""

    where = staticmethod(where)

    @staticmethod
    def minimum(one: nw.Expr, other: nw.Expr | int, /) -> nw.Expr:
        """Return the smaller value, row by row."""
        return where(one <= other, one, other)

    @staticmethod
    def maximum(one: nw.Expr | int, other: nw.Expr | int, /) -> nw.Expr:
        """Return the larger value, row by row."""
        return where(one >= other, one, other)

    @staticmethod
    def floor_divide(one: nw.Expr, other: int, /) -> nw.Expr:
        """Return the quotient, rounded down, row by row."""
        return one // other


@attrs.frozen(kw_only=True)
class _Row(ColumnOps):
    """The operands of a row, as expressions."""

    present: nw.Expr
    valid: nw.Expr


@attrs.frozen(kw_only=True)
class _Debt(_Row):
    """The operands of a debt."""

    well_formed: nw.Expr
    open_online: nw.Expr
    kind_open: nw.Expr
    due: nw.Expr

    @property
    def total(self) -> nw.Expr:
        """The amount due for a debt that is paid alone."""
        return self.due


@attrs.frozen(kw_only=True)
class _Group(ColumnOps):
    """The operands of the debts of one person that are paid together."""

    total: nw.Expr
    due: nw.Expr


@attrs.frozen(kw_only=True)
class _Notice(_Row):
    """The operands of a notice."""

    notice_received: nw.Expr
    balance: nw.Expr


_READABLE: Predicates[_Row] = {
    Reason.INPUT_MISSING: lambda inputs, _: inputs.present,
    Reason.INPUT_INVALID: lambda inputs, _: inputs.valid,
}
_WELL_FORMED: Predicates[_Debt] = {Reason.REFERENCE_BAD_FORMAT: lambda inputs, _: inputs.well_formed}
_AMOUNTS: Mapping[str, Callable[[_Debt, Policy], nw.Expr | int]] = {
    "payable_min": payable_min,
    "payable_max": payable_max,
    "next_payment": first_payment,
}


@attrs.frozen(kw_only=True)
class _Table:
    """A frame with the required columns.

    The methods build an expression from a column.  A null is replaced by a value that passes every other test, so that
    ``INPUT_MISSING`` is its only reason.
    """

    cells: Cells

    @property
    def frame(self) -> Any:  # noqa: ANN401 - a frame of Narwhals
        """The frame, with the columns of the steps that read the cells."""
        return self.cells.frame

    @property
    def types(self) -> Mapping[str, nw.dtypes.DType]:
        """The type of each column of the caller's frame."""
        return self.cells.types

    @property
    def on_pandas(self) -> bool:
        """Whether the frame is of pandas."""
        return self.cells.on_pandas

    @classmethod
    def of(
        cls,
        native: Any,  # noqa: ANN401 - a frame
        columns: Sequence[tuple[str, _Kind]],
        *,
        added: tuple[str, ...],
        **spelling: Any,  # noqa: ANN401 - of several types
    ) -> _Table:
        """Wrap a frame, after a check of its columns.

        Args:
            native: The caller's frame.
            columns: The required columns, with the kind of each.
            added: The columns that the frame must not have, since the rule adds them.
            spelling: The spelling of the cells: see :class:`~creance_pay.rules.cells.Cells`.
        """
        try:
            frame = nw.from_native(native)
            types = frame.collect_schema()
        except TypeError:
            found = type(native).__name__
            raise InvalidValueError(
                f"expected a frame of Polars, pandas, PyArrow, DuckDB or PySpark, got {found}"
            ) from None
        except DuplicateError:
            raise InvalidValueError("expected each name of a column once, got one twice") from None
        if frame.implementation not in _ENGINES:
            raise UnsupportedError(
                f"expected a frame of Polars, pandas, PyArrow, DuckDB or PySpark, got one of {frame.implementation}"
            )
        if missing := [name for name, _ in columns if name not in types]:
            raise InvalidValueError(f"missing columns: {', '.join(missing)}")
        if taken := sorted({str(name).lower() for name in types} & {name.lower() for name in added}):
            raise InvalidValueError(f"columns of these names, in any case, would be lost: {', '.join(taken)}")
        on_pandas = frame.implementation is nw.Implementation.PANDAS
        cells = Cells(frame=frame, types=types, on_pandas=on_pandas, **spelling)
        for name, require in columns:
            require(cells, name)
        return cls(cells=cells)

    def present(self, *names: str) -> nw.Expr:
        """Test that no cell of a row is null."""
        return reduce(and_, map(self.cells.present, names))

    def text(self, name: str, passing: str) -> nw.Expr:
        """Read a text; a null as ``passing``."""
        return self.cells.text(name, passing).value

    def well_formed(self, name: str) -> nw.Expr:
        """Test the form of a notice reference (R1); a null passes."""
        text = self.text(name, _A_REFERENCE)
        if not self.on_pandas:
            return text.str.contains(_SPACED)
        bare = text.str.replace_all(" ", "", literal=True)
        return bare.str.contains(_BARE) & (bare.str.len_chars() == _BARE_LENGTH)

    def caisse(self, name: str) -> nw.Expr:
        """Read the code of the caisse that manages a notice (R3, Q23); any text for a cell that is no reference."""
        code = self.text(name, _A_REFERENCE).str.replace_all(" ", "", literal=True).str.slice(0, 3)
        managing: Any = nw
        for absorbed, successor in successors().items():
            managing = managing.when(code == absorbed).then(nw.lit(successor))
        expression: nw.Expr = managing.otherwise(code)
        return expression

    def native(
        self,
        decided: Any,  # noqa: ANN401 - a frame
        amounts: Mapping[str, Any],
        order: Sequence[str],
        *,
        reasons: str = "reasons",
    ) -> Any:  # noqa: ANN401 - the caller's own type
        """Add the amounts, null where nothing is payable, and return a frame of the caller's type."""
        payable = nw.col(reasons) == 0
        if not self.on_pandas:
            given = {name: nw.when(payable).then(cents).cast(nw.Int64) for name, cents in amounts.items()}
            return decided.with_columns(**given).select(*order).to_native()
        # NumPy integers have no null, and would become floats; the type Int64 of pandas has one.
        whole = {name: where(payable, cents, 0).cast(nw.Int64) for name, cents in amounts.items()}
        frame = decided.with_columns(**whole).select(*order).to_native()
        return frame.assign(**{name: frame[name].astype("Int64").where(frame[reasons] == 0) for name in amounts})


def _evaluate(predicates: Predicates[Inputs], inputs: Inputs, policy: Policy) -> Mapping[Reason, nw.Expr]:
    """Build the expression of each test."""
    # Comparisons of expressions are expressions.
    return {reason: cast("nw.Expr", met(inputs, policy)) for reason, met in predicates.items()}


def _expression(value: nw.Expr | int) -> nw.Expr:
    """Return an amount of a policy as an expression."""
    return nw.lit(value) if isinstance(value, int) else value


@attrs.frozen
class _PolicyOfRow:
    """The policy of each row: the first one whose condition holds.

    Attributes:
        choices: Each policy with its condition; one policy without a condition for all rows.
    """

    choices: Sequence[tuple[nw.Expr | None, Policy]]

    @property
    def policies(self) -> Sequence[Policy]:
        """The policies, each once."""
        return [*dict.fromkeys(policy for _, policy in self.choices)]

    def pick(self, build: Callable[[Policy], nw.Expr | int], *, otherwise: nw.Expr | int) -> nw.Expr:
        """Return the value that the policy of each row gives."""
        condition, policy = self.choices[0]
        if condition is None:
            return _expression(build(policy))
        values = {each: _expression(build(each)) for each in self.policies}
        value: Any = nw
        for condition, policy in self.choices:
            value = value.when(condition).then(values[policy])
        expression: nw.Expr = value.otherwise(otherwise)
        return expression

    def evaluate(self, predicates: Callable[[Policy], Predicates[Inputs]], inputs: Inputs) -> Mapping[Reason, nw.Expr]:
        """Build the expression of each test; a test that the policy of a row lacks is passed."""
        lists = {policy: predicates(policy) for policy in self.policies}
        passed = nw.lit(True)  # noqa: FBT003 - a cell

        reasons = sorted({reason for tests in lists.values() for reason in tests})
        tests = {policy: _evaluate(each, inputs, policy) for policy, each in lists.items()}
        return {
            reason: self.pick(lambda policy, reason=reason: tests[policy].get(reason, passed), otherwise=passed)  # type: ignore[misc]
            for reason in reasons
        }


def _first_failure(tests: Mapping[Reason, nw.Expr], success_code: VerdictCode, *, enum: bool = False) -> nw.Expr:
    """Build the code of the first test that fails, or the code of success."""
    codes = {reason: code_of(reason).value for reason in tests}
    dtype = nw.Enum([*codes.values(), success_code.value]) if enum else nw.String()
    code: Any = nw
    for reason, met in tests.items():
        code = code.when(~met).then(nw.lit(codes[reason], dtype))
    expression: nw.Expr = code.otherwise(nw.lit(success_code.value, dtype))
    return expression


def _reasons(tests: Mapping[Reason, nw.Expr]) -> nw.Expr:
    """Add the flags of the tests that fail: engines disagree on ``|`` between numbers."""
    flags = (where(met, 0, int(reason)) for reason, met in tests.items())
    return reduce(add, flags).cast(nw.Int32)


def _require_policy_of_rows(policy: Policy) -> None:
    """Refuse a policy that depends on more than one row contains."""
    lacking = {
        "band_checked_at": policy.band_checked_at is BandCheck.ACCESS,
        "several_payments": not policy.several_payments,
    }
    if names := [name for name, lacks in lacking.items() if lacks]:
        raise UnsupportedError(f"a row lacks the operands that the policy needs for {', '.join(names)}")


@attrs.frozen(kw_only=True)
class _Debts:
    """A frame of debts, with the names of its columns.

    Attributes:
        table: The frame.
        reference: The column of notice references.
        kind: The column of kinds.
        remaining: The column of remaining amounts.
        open_online: The column of booleans.
        day: The column of days by which a policy is chosen, or ``None``.
        passing: An amount that passes every test of every policy.
    """

    table: _Table
    reference: str
    kind: str
    remaining: str
    open_online: str
    day: str | None
    passing: int

    @classmethod
    def of(
        cls,
        frame: Any,  # noqa: ANN401 - a frame
        policies: Sequence[Policy],
        *,
        added: tuple[str, ...],
        day: str | None,
        spelling: Mapping[str, Any],
        **columns: str,
    ) -> _Debts:
        """Check the policies, and the columns of the frame."""
        if not policies:
            raise InvalidValueError("expected at least one policy, got none")
        for policy in policies:
            _require_policy_of_rows(policy)
        kinds = {"reference": _TEXT, "kind": _TEXT, "remaining": _CENTS, "open_online": _BOOLEANS}
        read = [(columns[name], suits) for name, suits in kinds.items()]
        table = _Table.of(frame, [*read, *([(day, _DAYS)] if day else [])], added=added, **spelling)
        return cls(
            table=table,
            day=day,
            passing=max(policy.online_max_per_payment.cents for policy in policies),
            **columns,
        )

    def policy_of_row(self, policies: Sequence[Policy]) -> _PolicyOfRow:
        """Choose the policy of each row as :func:`~creance_pay.rules.policy_on` does."""
        if len(policies) == 1 and self.day is None:
            return _PolicyOfRow([(None, policies[0])])
        applying = [(self._applies(policy), policy) for policy in policies]
        opening = [(applies & self._opened(policy), policy) for applies, policy in applying]
        return _PolicyOfRow([*opening, *applying])

    def _applies(self, policy: Policy) -> nw.Expr:
        """Test that a policy applies on the day of a row; a null passes, and so does a row without a day."""
        if self.day is None:
            return nw.lit(True)  # noqa: FBT003 - a cell
        day = nw.col(self.day)
        if policy.valid_from is None:
            return day.is_null()
        within = day >= policy.valid_from
        within = within if policy.valid_to is None else within & (day <= policy.valid_to)
        return within.fill_null(True)  # noqa: FBT003 - the value of a cell

    def _opened(self, policy: Policy) -> nw.Expr:
        """Test that a policy opens the kind of a row; a null passes where the policy opens any kind."""
        kind = self.table.text(self.kind, next((each.value for each in policy.open_debt_kinds), ""))
        none = kind.is_null()  # false, since no null is left
        return reduce(or_, (kind == each.value for each in policy.open_debt_kinds), none)

    def operands(self, rows: _PolicyOfRow) -> _Debt:
        """Build the operands of a row under its policy."""
        amount = self.table.cells.amount(self.remaining, self.passing)
        is_open = self.table.cells.boolean(self.open_online)
        due, valid = amount.value, amount.value >= 0
        chosen = rows.pick(lambda _: nw.lit(True), otherwise=nw.lit(False))  # noqa: FBT003 - cells
        present = (self.reference, self.kind, self.remaining, self.open_online, *([self.day] if self.day else []))
        return _Debt(
            present=self.table.present(*present),
            valid=_readable(valid & chosen if self.day else valid, amount, is_open),
            well_formed=self.table.well_formed(self.reference),
            open_online=is_open.value,
            kind_open=rows.pick(self._opened, otherwise=nw.lit(True)),  # noqa: FBT003 - a cell
            due=where(valid, due, self.passing),
        )

    def decide(self, policies: Sequence[Policy]) -> tuple[Mapping[Reason, nw.Expr], Mapping[str, nw.Expr], nw.Expr]:
        """Build the tests, the amounts and the name of the policy of each row."""
        rows = self.policy_of_row(policies)
        debt = self.operands(rows)
        tests = {
            **_evaluate({**_READABLE, **_WELL_FORMED, **ACCESS}, debt, policies[0]),
            # After _require_policy_of_rows, the tests of the amount due use only operands of a row.
            **rows.evaluate(lambda policy: cast("Predicates[_Debt]", due_predicates(policy)), debt),
        }
        amounts = {
            name: rows.pick(lambda policy, rule=rule: rule(debt, policy), otherwise=0)  # type: ignore[misc]
            for name, rule in _AMOUNTS.items()
        }
        return tests, amounts, rows.pick(lambda policy: nw.lit(policy.name), otherwise=nw.lit(""))


def _require_polars(table: _Table) -> None:
    """Refuse an enumeration on an engine where its text would be read otherwise."""
    if table.cells.frame.implementation is not nw.Implementation.POLARS:
        raise UnsupportedError(f"expected a frame of Polars for an enumeration, got {table.cells.frame.implementation}")


def _readable(valid: nw.Expr, *cells: Cell) -> nw.Expr:
    """Add the tests of the cells that a spelling can make unreadable."""
    return reduce(and_, (cell.readable for cell in cells if cell.readable is not None), valid)


def _several(policy: Policy | Sequence[Policy]) -> Sequence[Policy]:
    return (policy,) if isinstance(policy, Policy) else tuple(policy)


def assess(
    frame: IntoFrameT,
    *,
    policy: Policy | Sequence[Policy],
    reference: str = "reference",
    kind: str = "kind",
    remaining: str = "remaining",
    open_online: str = "open_online",
    day: str | None = None,
    unit: Unit | None = None,
    booleans: Mapping[str, bool] | None = None,
    nulls: Collection[str] = (),
    prefix: str = "",
    enum: bool = False,
) -> IntoFrameT:
    """Decide for each row whether its debt, paid alone, is payable online, and how much (R1, R4, R7, R10, R12, R21).

    The results equal those of :func:`creance_pay.rules.assess` for one debt without pending payments, and of
    :func:`creance_pay.rules.plan`.

    Args:
        frame: A frame of Polars (eager or lazy), pandas, PyArrow, DuckDB or PySpark.  It may have further columns.
        policy: The policy to apply, or several of which each row has its own, as :func:`creance_pay.rules.policy_on`
            chooses it: the first one that applies on the day of the row and opens its kind, or else the first one that
            applies on that day.
        reference: The column of notice references, as text: sixteen ASCII digits and an ASCII letter of either case,
            with any number of ASCII spaces.  For a text that a person typed, use :meth:`NoticeReference.parse
            <creance_pay.NoticeReference.parse>`, which accepts more forms and explains a refusal.
        kind: The column of kinds, as text: codes of :class:`~creance_pay.DebtKind`.  Any other text is
            ``KIND_NOT_OPEN``.
        remaining: The column of remaining amounts: cents as integers of any width, or amounts in ``unit``.
        open_online: The column of booleans: whether the caisse has opened the reference to online payment.
        day: The column of dates on which a policy has to apply.  Without it, each policy applies to every row.
        unit: ``"cents"`` or ``"euros"``: the unit of the amounts, which may then be integers, decimals of any scale,
            text (``60,00``, ``1 234,56 €``, ``60.00``) or floats whose shortest decimal form is a whole number of
            cents.  Nothing is rounded: any other cell is ``INPUT_INVALID``.
        booleans: The spellings of true and false in a column of text or numbers, such as :data:`BOOLEANS`.  Case and
            spaces are ignored.  Any other text is ``INPUT_INVALID``.
        nulls: The texts that mean a null, such as :data:`NULLS`.
        prefix: A text before the name of each added column.
        enum: Whether ``code`` is an enumeration, which Polars reads and writes faster than text; of Polars alone.

    Returns:
        A frame of the caller's type, with its columns, followed by

        * ``code``: the code of the first test that failed, or ``PAYABLE``;
        * ``reasons``: the tests that failed, as a sum of :class:`~creance_pay.codes.Reason`, as Int32; 0 for a yes.
          A missing or invalid cell fails its own test only; a day outside all policies is invalid;
        * ``payable_min``, ``payable_max``, ``next_payment``: the smallest and the largest payment, and the first
          payment of the plan, in cents, as Int64; null where ``reasons`` is not 0;
        * ``policy``, where several policies are given: the name of the policy of the row; empty where none applies.

    Raises:
        InvalidValueError: when a column is missing or has another type, when the frame has a column with the name of
            a column to add, in any case, or when no policy is given.  Floats, decimals and text need ``unit``.
        UnsupportedError: for a frame of another engine, and for a policy that depends on more than a row contains: the
            balance (``band_checked_at``), earlier payments (``several_payments``).

    >>> import polars as pl
    >>> from creance_pay.rules import policy_named
    >>> debts = pl.DataFrame({
    ...     "reference": ["6311705400000344F"] * 3, "kind": ["FRR"] * 3,
    ...     "remaining": ["60,00", "1 234,56 €", "19.999"], "open_online": ["VRAI", "oui", "1"],
    ... })
    >>> decided = assess(debts, policy=policy_named("ameli-2019-11"), unit="euros", booleans=BOOLEANS)
    >>> decided.select("code", "payable_max", "next_payment").rows()
    [('PAYABLE', 5000, 4400), ('PAYABLE', 5000, 5000), ('INPUT_INVALID', None, None)]
    """
    policies, one = _several(policy), isinstance(policy, Policy)
    added = tuple(f"{prefix}{name}" for name in ("code", "reasons", *_AMOUNTS, *(() if one else ("policy",))))
    spelling = {"unit": unit, "booleans": booleans, "nulls": nulls}
    debts = _Debts.of(
        frame, policies, added=added, day=day, spelling=spelling, reference=reference, kind=kind, remaining=remaining,
        open_online=open_online,
    )  # fmt: skip
    tests, amounts, name = debts.decide(policies)
    if enum:
        _require_polars(debts.table)
    code, reasons = added[:2]
    named = {} if one else {f"{prefix}policy": name}
    first = _first_failure(tests, VerdictCode.PAYABLE, enum=enum)
    decided = debts.table.frame.with_columns(**{code: first, reasons: _reasons(tests)}, **named)
    order = [*debts.table.types, *added]
    payable = {f"{prefix}{name}": cents for name, cents in amounts.items()}
    whole: IntoFrameT = debts.table.native(decided, payable, order, reasons=reasons)
    return whole


def compare(
    frame: IntoFrameT,
    *,
    before: Policy | Sequence[Policy],
    after: Policy | Sequence[Policy],
    reference: str = "reference",
    kind: str = "kind",
    remaining: str = "remaining",
    open_online: str = "open_online",
    day: str | None = None,
) -> IntoFrameT:
    """Decide each row under two policies, and compare the decisions.

    Args:
        frame: A frame, as for :func:`assess`.
        before: The policy or the policies of today.
        after: The policy or the policies to compare with.
        reference: The column of notice references.
        kind: The column of kinds.
        remaining: The column of remaining amounts, in cents.
        open_online: The column of booleans.
        day: The column of dates on which a policy has to apply.

    Returns:
        A frame of the caller's type, with its columns, followed by ``before`` and ``after``, the codes of
        :func:`assess` under each, and ``differs``: whether the codes or, for a debt that is payable under both, the
        payable amounts or the first payment of the plan differ.

    Raises:
        InvalidValueError: as for :func:`assess`.
        UnsupportedError: as for :func:`assess`.
    """
    both = [_several(before), _several(after)]
    debts = _Debts.of(
        frame, [*both[0], *both[1]], added=("before", "after", "differs"), day=day, spelling={},
        reference=reference, kind=kind, remaining=remaining, open_online=open_online,
    )  # fmt: skip
    (old, old_amounts, _), (new, new_amounts, _) = map(debts.decide, both)
    codes = _first_failure(old, VerdictCode.PAYABLE), _first_failure(new, VerdictCode.PAYABLE)
    amounts = nw.any_horizontal(*(old_amounts[name] != new_amounts[name] for name in _AMOUNTS), ignore_nulls=True)
    decided = debts.table.frame.with_columns(
        before=codes[0],
        after=codes[1],
        differs=(codes[0] != codes[1]) | ((codes[0] == VerdictCode.PAYABLE.value) & amounts),
    )
    whole: IntoFrameT = decided.to_native()
    return whole


def plan_debts(
    frame: IntoFrameT,
    *,
    policy: Policy,
    debtor: str = "debtor",
    reference: str = "reference",
    kind: str = "kind",
    remaining: str = "remaining",
    open_online: str = "open_online",
) -> IntoFrameT:
    """Plan the payments that settle the debts of each person, and list the debts below the minimum (R8, R12, Q23).

    The results equal those of :func:`creance_pay.rules.plan_debts` without pending payments.

    Args:
        frame: A frame, as for :func:`assess`, with a row for each debt.  A row that :func:`assess` would refuse for
            another reason than the minimum is left out, and so is a row without a debtor.
        policy: The policy to apply.
        debtor: The column that identifies the person, as text.
        reference: The column of notice references.
        kind: The column of kinds.
        remaining: The column of remaining amounts, in cents.
        open_online: The column of booleans.

    Returns:
        A frame of the caller's type, with one row for the debts of a person that are paid together: those of one
        caisse, or all of them under a policy with ``several_caisses``.  Its columns are

        * the debtor;
        * ``caisse``: the code of the caisse, the successor of an absorbed one; empty under ``several_caisses``;
        * ``debts``, ``total``: the number of debts, and the sum of their remaining amounts in cents, as Int64;
        * ``code``, ``reasons``: ``PAYABLE`` and 0, or ``BELOW_ONLINE_MINIMUM`` and its number, where none of the debts
          can be paid online;
        * ``payments``, ``next_payment``: the number of payments that settle the debts, and the amount of the first one
          in cents, as Int64; null where ``reasons`` is not 0.

    Raises:
        InvalidValueError: as for :func:`assess`.
        UnsupportedError: for a frame of another engine, and for a policy under which each debt is planned alone.
    """
    _require_debts_together(policy)
    added = ("caisse", "debts", "total", "code", "reasons", "payments", "next_payment")
    debts = _Debts.of(
        frame, [policy], added=(), day=None, spelling={}, reference=reference, kind=kind, remaining=remaining,
        open_online=open_online,
    )  # fmt: skip
    keyed = _Table.of(frame, [(debtor, _TEXT)], added=() if debtor not in added else (debtor,))
    debt = debts.operands(debts.policy_of_row([policy]))
    tests = _evaluate({**_READABLE, **_WELL_FORMED, **ACCESS}, debt, policy)
    counted = reduce(and_, tests.values()) & keyed.present(debtor) & (debt.due > 0)
    caisse = nw.lit("") if policy.several_caisses else debts.table.caisse(reference)
    rows = keyed.frame.select(nw.col(debtor), caisse=caisse, cents=debt.due, counted=counted).filter(nw.col("counted"))
    groups = rows.group_by(debtor, "caisse").agg(
        debts=nw.col("cents").count(), total=nw.col("cents").sum(), largest=nw.col("cents").max()
    )
    total = nw.col("total").cast(nw.Int64)
    of_reference = policy.min_basis is MinBasis.REFERENCE
    group = _Group(total=total, due=nw.col("largest") if of_reference else total)
    due_tests = _evaluate(cast("Predicates[_Group]", due_predicates(policy)), group, policy)
    decided = groups.with_columns(
        debts=nw.col("debts").cast(nw.Int64),
        total=total,
        code=_first_failure(due_tests, VerdictCode.PAYABLE),
        reasons=_reasons(due_tests),
    )
    amounts = {"payments": number_of_payments(group, policy), "next_payment": first_payment(group, policy)}
    whole: IntoFrameT = keyed.native(decided, amounts, [debtor, *added])
    return whole


def _require_debts_together(policy: Policy) -> None:
    """Refuse a policy under which each debt is planned alone."""
    apart = {
        "several_references": not policy.several_references,
        "several_payments": not policy.several_payments,
        "total_basis": policy.total_basis is TotalBasis.SELECTED,
        "band_checked_at": policy.band_checked_at is BandCheck.ACCESS,
    }
    if names := [name for name, alone in apart.items() if alone]:
        raise UnsupportedError(f"each debt is planned alone under the policy's {', '.join(names)}: see assess")


def notice_scope(
    frame: IntoFrameT,
    *,
    policy: Policy,
    balance: str = "balance",
    notice_received: str = "notice_received",
    unit: Unit | None = None,
    booleans: Mapping[str, bool] | None = None,
    nulls: Collection[str] = (),
    prefix: str = "",
    enum: bool = False,
) -> IntoFrameT:
    """Decide for each row whether a balance and a notice are in the scope of the service (R5, R6).

    The results equal those of :func:`creance_pay.rules.notice_scope`.

    Args:
        frame: A frame of Polars (eager or lazy), pandas, PyArrow, DuckDB or PySpark.  It may have further columns.
        policy: The policy to apply.
        balance: The column of the whole balance of each person: cents as integers of any width, or amounts in ``unit``.
        notice_received: The column of booleans: whether the person has received a notice.
        unit: The unit of the balances, as for :func:`assess`.
        booleans: The spellings of true and false, as for :func:`assess`.
        nulls: The texts that mean a null.
        prefix: A text before the name of the added column.
        enum: Whether ``scope`` is an enumeration, of Polars alone.

    Returns:
        A frame of the caller's type, with its columns, followed by ``scope``: ``IN_SCOPE``, or the code of the first
        test that failed among ``INPUT_MISSING``, ``INPUT_INVALID``, ``NO_NOTICE``, ``BELOW_BAND`` and ``ABOVE_BAND``.

    Raises:
        InvalidValueError: when a column is missing or has another type, or when the frame has a column ``scope``, in
            any case.
        UnsupportedError: for a frame of another engine.
    """
    read, added = [(balance, _CENTS), (notice_received, _BOOLEANS)], f"{prefix}scope"
    table = _Table.of(frame, read, added=(added,), unit=unit, booleans=booleans, nulls=nulls)
    if enum:
        _require_polars(table)
    cents, received = table.cells.amount(balance, 0), table.cells.boolean(notice_received)
    notice = _Notice(
        present=table.present(balance, notice_received),
        valid=_readable(cents.value >= 0, cents, received),
        notice_received=received.value,
        balance=cents.value,
    )
    tests = _evaluate({**_READABLE, **SCOPE}, notice, policy)
    scope = _first_failure(tests, VerdictCode.IN_SCOPE, enum=enum)
    whole: IntoFrameT = table.frame.with_columns(**{added: scope}).select(*table.types, added).to_native()
    return whole
