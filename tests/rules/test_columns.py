"""The rules over columns: on every engine, each row has the answer of the rules on one debt."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns_table import (
    ANSWER,
    DEBT,
    GOOD,
    LARGEST,
    POLICIES,
    SMALLEST,
    Row,
    answer,
    as_columns,
    assessed,
    balances,
    debts,
    differing,
    scope,
    scoped,
)
from creance_pay import NoticeReference
from creance_pay.codes import Reason
from creance_pay.errors import InvalidReferenceError, InvalidValueError, MissingExtraError, UnsupportedError
from creance_pay.rules import Policy, columns
from frames import ENGINES, Columns, Engine, polars
from samples import POLICY, a_policy
from strategies import TRICKY, notice_texts

ONE_ROW: Columns = {"reference": [GOOD], "kind": ["FRR"], "remaining": [6000], "open_online": [True]}
ONE_NOTICE: Columns = {"balance": [5000], "notice_received": [True]}
ENGINE = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)


@st.composite
def references(draw: st.DrawFn) -> str:
    """Draw a reference with a letter of either case and with spaces, where one character may be wrong."""
    text, places = draw(notice_texts), st.integers(0, 17)
    for place in draw(st.lists(places, max_size=4)):
        text = f"{text[:place]} {text[place:]}"
    if draw(st.booleans()):
        place, odd = draw(places), draw(st.sampled_from(TRICKY))
        text = text[:place] + odd + text[place + draw(st.integers(0, 1)) :]
    return draw(st.sampled_from([text, text.lower()]))


#: Rows of any content, most of them nearly payable.
any_rows: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(
        st.none() | references() | st.text(max_size=20),
        st.none() | st.sampled_from(["PFR", "FRR", "IND"]) | st.text(max_size=4),
        st.none() | st.integers(-1, 20_000) | st.integers(SMALLEST, LARGEST),
        st.none() | st.booleans(),
    ),
    max_size=100,
)


def widths() -> Iterator[tuple[str, Any, list[int | None]]]:
    """List frames of balances by the width of their integers, with the balances."""
    for bits, signed in product((8, 16, 32, 64), (True, False)):
        dtype, largest = f"{'' if signed else 'u'}int{bits}", 2 ** (bits - signed) - 1
        balances = [largest, 0, None]
        arrow = pa.table({"balance": pa.array(balances, dtype), "notice_received": [True] * 3})
        nullable = pd.Series(balances, dtype=f"{'' if signed else 'U'}Int{bits}")
        yield "Polars", pl.from_arrow(arrow), balances
        yield "PyArrow", arrow, balances
        yield "DuckDB", duckdb.from_arrow(arrow), balances
        yield "pandas, Arrow", arrow.to_pandas(types_mapper=pd.ArrowDtype), balances
        yield "pandas, objects", pd.DataFrame({"balance": nullable, "notice_received": True}), balances
        yield (
            "pandas, NumPy",
            pd.DataFrame({"balance": np.array([largest, 0], dtype), "notice_received": True}),
            [largest, 0],
        )
    for name, widest in {"HUGEINT": [2**127 - 1, 1 - 2**127], "UHUGEINT": [2**128 - 1, 0]}.items():
        cells = " union all ".join(f"select {cents}::{name} as balance, true as notice_received" for cents in widest)
        yield "DuckDB", duckdb.sql(cells), [*widest]
    for wide, widest in {pl.Int128: [2**127 - 1, -(2**127)], pl.UInt128: [2**128 - 1, 0]}.items():
        yield (
            "Polars",
            pl.DataFrame({"balance": pl.Series(widest, dtype=wide), "notice_received": [True] * 2}),
            [*widest],
        )


def texts() -> Iterator[tuple[str, Any]]:
    """List frames of debts whose kinds are text of another type: one that is open, another one, and a null."""
    kinds = {**{name: [*cells] * 3 for name, cells in ONE_ROW.items()}, "kind": ["FRR", "?", None]}
    arrow, plain = pa.table(kinds), polars(kinds)
    views = arrow.set_column(0, "reference", arrow["reference"].cast(pa.string_view()))
    yield "Polars", plain.cast({"kind": pl.Categorical})
    yield "Polars", plain.cast({"kind": pl.Enum(["?", "FRR"])})
    yield "PyArrow", arrow.set_column(1, "kind", arrow["kind"].dictionary_encode())
    yield "PyArrow", arrow.set_column(1, "kind", arrow["kind"].cast(pa.large_string()))
    yield "PyArrow", views.set_column(1, "kind", views["kind"].cast(pa.string_view()))
    yield "DuckDB", duckdb.from_arrow(arrow).select("* replace (kind::enum('?', 'FRR') as kind)")
    yield "pandas, objects", pd.DataFrame(kinds).astype({"kind": "category"})


class TestEquality:
    """The rules over columns are the rules on one debt."""

    @ENGINE
    def test_boundaries(self, engine: Engine) -> None:
        """Each debt of the boundary table has its answer, under every policy."""
        for name, policy in POLICIES.items():
            rows = debts(policy, engine)
            expected = [answer(row, policy) for row in rows]

            assert (name, []) == (name, differing(rows, expected, assessed(rows, policy, engine)))

    @ENGINE
    def test_bands(self, engine: Engine) -> None:
        """Each balance of the boundary table has its scope, under every policy."""
        for name, policy in POLICIES.items():
            rows = balances(policy, engine)
            expected = [scope(row, policy) for row in rows]

            assert (name, []) == (name, differing(rows, expected, scoped(rows, policy, engine)))

    @pytest.mark.parametrize("names", [["Polars"], pytest.param([*ENGINES], marks=pytest.mark.slow)], ids=len)
    @settings(max_examples=25)  # each decides up to a hundred rows ten times
    @given(rows=any_rows, policy=st.sampled_from([*POLICIES.values()]))
    def test_any_rows(self, rows: list[Row], policy: Policy, names: list[str]) -> None:
        """Rows of any content, or none, have their answers on every engine."""
        for name, engine in ((name, ENGINES[name]) for name in names):
            held = [row for row in rows if engine.holds(row)]
            assert (name, [answer(row, policy) for row in held]) == (name, assessed(held, policy, engine))

    @given(text=st.text("0123456789abyzABYZ ", max_size=20) | references())
    def test_references(self, text: str) -> None:
        """For a text of ASCII letters, digits and spaces, columns and NoticeReference give the same answer."""
        text = "".join(each for each in text if each.isascii() and (each.isalnum() or each == " "))
        try:
            NoticeReference.parse(text)
            code = "PAYABLE"
        except InvalidReferenceError:
            code = "REFERENCE_BAD_FORMAT"

        assert [code] == columns.assess(polars({**ONE_ROW, "reference": [text]}), policy=POLICY)["code"].to_list()

    def test_impossible_day(self) -> None:
        """An impossible day is a warning for one debt (R2), and no reason to refuse a row."""
        texts = ["6311700000000344F", "6311736600000344F", "6311736700000344F"]
        rows = {**{name: [*cells] * 3 for name, cells in ONE_ROW.items()}, "reference": texts}

        assert [None] * 3 == [NoticeReference.parse(text).issued_on for text in texts]
        assert ["PAYABLE"] * 3 == columns.assess(polars(rows), policy=POLICY)["code"].to_list()


@ENGINE
class TestFrames:
    """The result has the type and the columns of the caller's frame."""

    def test_kind_of_frame(self, engine: Engine) -> None:
        """The result has the type of the frame: a lazy frame stays lazy."""
        debts, notices = engine.make(ONE_ROW), engine.make(ONE_NOTICE)

        decided = [columns.assess(debts, policy=POLICY), columns.notice_scope(notices, policy=POLICY)]

        assert [type(debts), type(notices)] == [type(each) for each in decided]

    def test_columns(self, engine: Engine) -> None:
        """The caller's columns are kept as they were, in their order, and the answers follow."""
        given: Columns = {
            "open_online": [True, False],
            "kind": ["FRR", "?"],
            "remaining": [6000, 0],
            "reference": [GOOD, "x"],
        }

        decided = engine.read(columns.assess(engine.make(given), policy=POLICY))

        assert [*given, *ANSWER] == [*decided]
        assert given == {name: decided[name] for name in given}

    def test_types(self, engine: Engine) -> None:
        """The answers have the documented types, with or without a null."""
        payable, refused = ({**ONE_ROW, "remaining": [cents]} for cents in (6000, 0))

        found = [
            nw.from_native(columns.assess(engine.make(given), policy=POLICY)).collect_schema()
            for given in (payable, refused)
        ]

        expected = [nw.String, nw.Int32, nw.Int64, nw.Int64, nw.Int64]
        assert [expected, expected] == [[schema[name] for name in ANSWER] for schema in found]

    def test_no_rows(self, engine: Engine) -> None:
        """A frame without rows has the columns of the answers all the same."""
        decided = engine.read(columns.assess(engine.make(as_columns(DEBT, [])), policy=POLICY))

        assert {name: [] for name in (*DEBT, *ANSWER)} == decided

    def test_other_names(self, engine: Engine) -> None:
        """The caller can name the columns."""
        given: Columns = {
            "remaining": [0],
            "balance": [6000],
            "kind": ["FRR"],
            "reference": [GOOD],
            "open_online": [True],
        }

        decided = columns.assess(engine.make(given), policy=POLICY, remaining="balance")

        assert [4400] == engine.read(decided)["next_payment"]


class TestTypes:
    """Integers of any width are cents, and text of any type is text."""

    def test_widths(self) -> None:
        """Amounts of any width, beyond 64 bits too, have the scopes of the same amounts."""
        differing = []
        for name, frame, cells in widths():
            found = ENGINES[name].read(columns.notice_scope(frame, policy=POLICY))["scope"]
            if [scope((balance, True), POLICY) for balance in cells] != found:
                differing.append((name, cells, found))

        assert [] == differing

    def test_texts(self) -> None:
        """Categories, enumerations and views are read as their text."""
        decided = [(name, ENGINES[name].read(columns.assess(frame, policy=POLICY))["code"]) for name, frame in texts()]

        assert [(name, ["PAYABLE", "KIND_NOT_OPEN", "INPUT_MISSING"]) for name, _ in decided] == decided

    def test_late_objects(self) -> None:
        """A cell that is no text, late in a column of objects that begins with text, is no reference and no kind."""
        count = 1000
        rows = pd.DataFrame({name: [*cells] * count for name, cells in ONE_ROW.items()})
        for place, cell in enumerate([6311705400000344, [GOOD], 1.5, True], start=count - 4):
            rows.at[place, "reference"] = cell  # noqa: PD008 - the one way to put a list into a cell
            rows.at[place, "kind"] = cell  # noqa: PD008 - the same

        decided = columns.assess(rows, policy=POLICY)

        both = Reason.REFERENCE_BAD_FORMAT | Reason.KIND_NOT_OPEN
        assert [0] * (count - 4) + [both] * 4 == decided["reasons"].to_list()

    def test_index(self) -> None:
        """An index of pandas, with repeated labels too, stays the same, and so does the order of the rows."""
        rows = pd.DataFrame({**{name: [*cells] * 3 for name, cells in ONE_ROW.items()}, "remaining": [6000, 0, 1600]})

        decided = columns.assess(rows.set_index(pd.Index([7, 7, 0])), policy=POLICY)

        assert [7, 7, 0] == decided.index.to_list()
        assert [4400, None, 1600] == ENGINES["pandas, NumPy"].read(decided)["next_payment"]


class TestRefusals:
    """An invalid frame is refused before the rules are evaluated, and no error text contains a cell."""

    def test_columns_of_debts(self) -> None:
        """A column of another type, or with the name of an answer, is refused and named."""
        wrong: list[tuple[dict[str, pl.Series], str]] = [
            ({"remaining": pl.Series([60.0])}, "column remaining: expected whole cents.*Float64"),
            ({"remaining": pl.Series(["6000"])}, "column remaining: expected whole cents.*String"),
            ({"remaining": pl.Series([6000], dtype=pl.Decimal(10, 2))}, "column remaining: expected whole.*Decimal"),
            ({"remaining": pl.Series([True])}, "column remaining: expected whole cents.*Boolean"),
            ({"remaining": pl.Series([None])}, "column remaining: expected whole cents"),
            ({"remaining": pl.Series([GOOD], dtype=pl.Enum([GOOD]))}, "column remaining: expected whole cents.*Enum$"),
            ({"open_online": pl.Series([1])}, "column open_online: expected booleans, got Int64"),
            ({"open_online": pl.Series(["oui"])}, "column open_online: expected booleans, got String"),
            ({"reference": pl.Series([6311705400000344])}, "column reference: expected text, got Int64"),
            ({"reference": pl.Series([GOOD.encode()])}, "column reference: expected text, got Binary"),
            ({"kind": pl.Series([1])}, "column kind: expected text, got Int64"),
            ({"Code": pl.Series([1])}, "would be lost: code"),
            ({"reasons": pl.Series([1]), "NEXT_PAYMENT": pl.Series([1])}, "would be lost: next_payment, reasons"),
        ]
        for cells, text in wrong:
            with pytest.raises(InvalidValueError, match=text) as refused:
                columns.assess(polars(ONE_ROW).with_columns(**cells), policy=POLICY)

            assert "6311" not in str(refused.value)

    def test_columns_of_notices(self) -> None:
        """The columns of notices are checked alike."""
        wrong: list[tuple[dict[str, pl.Series], str]] = [
            ({"balance": pl.Series([50.0])}, "column balance: expected whole cents"),
            ({"notice_received": pl.Series([1])}, "column notice_received: expected booleans"),
            ({"Scope": pl.Series([1])}, "would be lost: scope"),
        ]
        for cells, text in wrong:
            with pytest.raises(InvalidValueError, match=text):
                columns.notice_scope(polars(ONE_NOTICE).with_columns(**cells), policy=POLICY)

    def test_missing_columns(self) -> None:
        """A missing column is named."""
        for name in DEBT:
            with pytest.raises(InvalidValueError, match=f"missing columns: {name}$"):
                columns.assess(polars(ONE_ROW).drop(name), policy=POLICY)

    def test_pandas_defaults(self) -> None:
        """The default types of pandas for nulls are neither integers nor booleans, and mixed objects are no text."""
        wrong: list[tuple[str, list[Any]]] = [
            ("remaining", [6000, None]),
            ("open_online", [True, None]),
            ("kind", ["FRR", 1]),
            ("remaining", [None, None]),
        ]
        for name, cells in wrong:
            rows = pd.DataFrame({**{column: [*cell] * 2 for column, cell in ONE_ROW.items()}, name: cells})
            with pytest.raises(InvalidValueError, match=f"column {name}: expected"):
                columns.assess(rows, policy=POLICY)

    def test_same_name_twice(self) -> None:
        """A frame of pandas with two columns of one name is refused."""
        rows = pd.DataFrame([[GOOD, "FRR", "FRR", 6000, True]], columns=["reference", "kind", "kind", *DEBT[2:]])

        with pytest.raises(InvalidValueError, match="each name of a column once"):
            columns.assess(rows, policy=POLICY)

    def test_no_frame(self) -> None:
        """A value that is no frame is refused; the error names the engines and the type."""
        wrong: list[tuple[Any, str]] = [
            (None, "NoneType"),
            (ONE_ROW, "dict"),
            ([ONE_ROW], "list"),
            (pl.Series([1]), "Series"),
            (np.array([1]), "ndarray"),
            ("debts.parquet", "str"),
        ]
        for frame, found in wrong:
            with pytest.raises(
                InvalidValueError,
                match=f"^expected a frame of Polars, pandas, PyArrow, DuckDB or PySpark, got {found}$",
            ):
                columns.assess(frame, policy=POLICY)

    def test_other_engine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A frame of an engine that is not tested is refused."""
        monkeypatch.setattr(columns, "_ENGINES", columns._ENGINES - {nw.Implementation.POLARS})

        with pytest.raises(UnsupportedError, match="polars"):
            columns.notice_scope(polars(ONE_NOTICE), policy=POLICY)

    def test_policies(self) -> None:
        """A policy that depends on more than a row contains is refused, and the value named."""
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"band_checked_at": "access"}, "band_checked_at"),
            ({"several_payments": False}, "several_payments"),
            ({"band_checked_at": "access", "several_payments": False}, "band_checked_at, several_payments"),
        ]
        for changes, named in wrong:
            with pytest.raises(UnsupportedError, match=f"lacks the operands that the policy needs for {named}$"):
                columns.assess(polars(ONE_ROW), policy=a_policy(**changes))

    def test_maximum(self) -> None:
        """The larger of two values, row by row."""
        frame = nw.from_native(pl.DataFrame({"one": [1, 5], "other": [3, 2]}))
        larger = frame.select(larger=columns.ColumnOps.maximum(nw.col("one"), nw.col("other")))

        assert [3, 5] == larger["larger"].to_list()

    def test_policy_of_notices(self) -> None:
        """The band of notices depends on none of these."""
        policy = a_policy(min_basis="selection", band_checked_at="access", several_payments=False)

        assert ["IN_SCOPE"] == columns.notice_scope(polars(ONE_NOTICE), policy=policy)["scope"].to_list()

    @pytest.mark.parametrize("module", ["creance_pay.rules.columns", "creance_pay.rules.cells"])
    def test_missing_extra(self, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
        """Without Narwhals, the error names the extra that installs it."""
        monkeypatch.delitem(sys.modules, module)
        for name in ("narwhals", "narwhals.stable.v2"):
            monkeypatch.setitem(sys.modules, name, None)

        with pytest.raises(MissingExtraError, match="creance-pay\\[batch\\]") as missing:
            importlib.import_module(module)

        assert "batch" == missing.value.extra
