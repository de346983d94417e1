"""The engines that the rules over columns are tested on: the conversion of columns to a frame and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

_SURROGATE = re.compile("[\\ud800-\\udfff]")
Columns = Mapping[str, Sequence[Any]]

#: The type of each column of the tests, in Polars.
TYPES: Mapping[str, Any] = {
    "debtor": pl.String,
    "reference": pl.String,
    "kind": pl.String,
    "remaining": pl.Int64,
    "open_online": pl.Boolean,
    "balance": pl.Int64,
    "notice_received": pl.Boolean,
    "day": pl.Date,
}


@attrs.frozen
class Engine:
    """One kind of frame.

    Attributes:
        make: Converts columns to a frame.
        read: Converts a frame to columns, with ``None`` for a null.
        nulls: Whether every column can contain nulls.
        surrogates: Whether text can contain a lone surrogate, as a Python text can.
    """

    make: Callable[[Columns], Any]
    read: Callable[[Any], dict[str, list[Any]]]
    nulls: bool = True
    surrogates: bool = False

    def holds(self, row: Sequence[Any]) -> bool:
        """Return whether the frame can contain a row."""
        texts = "".join(cell for cell in row if isinstance(cell, str))
        return (self.nulls or None not in row) and (self.surrogates or not _SURROGATE.search(texts))


def polars(columns: Columns) -> pl.DataFrame:
    """Build the frame that most others are built from."""
    return pl.DataFrame(columns, schema={name: TYPES[name] for name in columns})


def _from_pandas(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {name: [None if each is pd.NA else each for each in frame[name].astype(object)] for name in frame}


def _pandas(text: Any, whole: Any = "Int64", yes: Any = "boolean", **limits: bool) -> Engine:  # noqa: ANN401 - a dtype
    """Return the engine for pandas frames of these types."""
    of = {pl.String: text, pl.Int64: whole, pl.Boolean: yes}

    def make(columns: Columns) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series([*cells], dtype=of[TYPES[name]]) for name, cells in columns.items()})

    return Engine(make, _from_pandas, **limits)


def _from_duckdb(relation: duckdb.DuckDBPyRelation) -> dict[str, list[Any]]:
    rows = relation.fetchall()
    return {name: [row[place] for row in rows] for place, name in enumerate(relation.columns)}


ENGINES: Mapping[str, Engine] = {
    "Polars": Engine(polars, lambda frame: frame.to_dict(as_series=False)),
    "Polars, lazy": Engine(
        lambda columns: polars(columns).lazy(), lambda frame: frame.collect(engine="streaming").to_dict(as_series=False)
    ),
    "PyArrow": Engine(lambda columns: polars(columns).to_arrow(), pa.Table.to_pydict),
    "DuckDB": Engine(lambda columns: duckdb.from_arrow(polars(columns).to_arrow()), _from_duckdb),
    "pandas, NumPy": _pandas(object, "int64", "bool", nulls=False, surrogates=True),
    "pandas, objects": _pandas(object, surrogates=True),
    "pandas, string[python]": _pandas("string[python]"),
    # The default type of text in pandas 3.
    "pandas, str": _pandas(pd.StringDtype("pyarrow", na_value=np.nan)),
    "pandas, str without PyArrow": _pandas(pd.StringDtype("python", na_value=np.nan)),
    "pandas, Arrow": _pandas(pd.ArrowDtype(pa.string()), pd.ArrowDtype(pa.int64()), pd.ArrowDtype(pa.bool_())),
}
