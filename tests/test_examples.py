"""The examples of batches, run as programs: their decisions equal those of the rules on one debt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from columns_table import ANSWER, DEBT, Row, answer, as_columns, debts, differing
from frames import ENGINES, polars
from samples import POLICY

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[Row]:
    """Return the boundary table."""
    return debts(POLICY, ENGINES["Polars"])


def run(example: str, *words: str) -> list[str]:
    """Run an example, and return the lines that it prints."""
    command: list[str | Path] = [sys.executable, EXAMPLES / example, *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
    return done.stdout.splitlines()


def counted(frame: pl.DataFrame) -> list[str]:
    """Count the rows of each code."""
    return [f"{code} {count}" for code, count in sorted(frame["code"].value_counts().rows())]


def test_polars(tmp_path: Path, rows: list[Row]) -> None:
    """Several files, found by a pattern, become one file with the decisions."""
    for part, start in enumerate(range(0, len(rows), 1000)):
        polars(as_columns(DEBT, rows[start : start + 1000])).write_parquet(tmp_path / f"debts-{part}.parquet")
    decided = tmp_path / "decided.parquet"

    printed = run("polars/assess_parquet.py", str(tmp_path / "debts-*.parquet"), str(decided))

    found = pl.read_parquet(decided)
    assert [] == differing(rows, [answer(row, POLICY) for row in rows], found.select(ANSWER).rows())
    assert counted(found) == printed


def test_duckdb(tmp_path: Path, rows: list[Row]) -> None:
    """A table becomes another one with the decisions; a second run replaces it."""
    database = str(tmp_path / "caisse.duckdb")
    given = polars(as_columns(DEBT, rows)).to_arrow()
    with duckdb.connect(database) as connection:
        connection.from_arrow(given).to_table("debts")

    printed = [run("duckdb/assess_table.py", database) for _ in range(2)]

    with duckdb.connect(database) as connection:
        found = connection.table("decided").pl()
        tables = [name for (name,) in connection.execute("show tables").fetchall()]
    assert [] == differing(rows, [answer(row, POLICY) for row in rows], found.select(ANSWER).rows())
    assert [counted(found)] * 2 == printed
    assert ["debts", "decided"] == tables
