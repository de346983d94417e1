"""The rules over columns on Spark, on two local threads: each row has the answer of the rules on one debt.

One quick test runs by default; the others are slow.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
import pytest
from pyspark.sql import DataFrame, SparkSession

from cells_table import CENTS, COLUMNS
from cells_table import debts as debts_of
from columns_people import CHANGES, people, planned_by_columns, planned_one_by_one
from columns_table import (
    ANSWER,
    BY_DAY,
    DEBT,
    GOOD,
    POLICIES,
    answer,
    answer_by_policy,
    as_columns,
    assessed,
    balances,
    debts,
    differing,
    rows_by_policy,
    scope,
    scoped,
    with_days,
)
from creance_pay.batch import assess_file
from creance_pay.errors import InvalidValueError
from creance_pay.rules import columns
from frames import ENGINES, Columns, Engine, polars
from samples import POLICY, a_policy
from system_parts import missing

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "spark" / "assess_parquet.py"
#: The settings that keep a session local and quiet.
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def demand_java() -> None:
    """Report a missing Java runtime."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        missing("a Java runtime", "apt install openjdk-17-jre-headless")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Start a session of Spark."""
    demand_java()
    builder = SparkSession.builder.master("local[2]")
    for name, value in {**SETTINGS, "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def engine(session: SparkSession, tmp_path: Path) -> Engine:
    """Build frames that Spark reads from files, so that it evaluates the rules when it executes, not when it plans."""

    def make(columns: Columns) -> DataFrame:
        path = tmp_path / "rows.parquet"
        polars(columns).write_parquet(path)
        return session.read.parquet(str(path))

    return Engine(make, lambda frame: frame.toArrow().to_pydict())


@pytest.mark.slow
def test_boundaries(engine: Engine) -> None:
    """Each debt of the boundary table has its answer, under every policy."""
    for name, policy in POLICIES.items():
        rows = debts(policy, engine)
        expected = [answer(row, policy) for row in rows]

        assert (name, []) == (name, differing(rows, expected, assessed(rows, policy, engine)))


@pytest.mark.slow
def test_bands(engine: Engine) -> None:
    """Each balance of the boundary table has its scope, under every policy."""
    for name, policy in POLICIES.items():
        rows = balances(policy, engine)
        expected = [scope(row, policy) for row in rows]

        assert (name, []) == (name, differing(rows, expected, scoped(rows, policy, engine)))


@pytest.mark.slow
def test_plans_of_people(engine: Engine) -> None:
    """The plan of each person's debts is that of the rule on debts."""
    for name, changes in CHANGES.items():
        policy = a_policy(**changes)
        rows = people(engine, policy)
        found = planned_by_columns(rows, policy, engine)

        assert (name, planned_one_by_one(rows, policy)) == (name, set(found))
        assert len(found) == len(set(found))


def test_frame(engine: Engine) -> None:
    """The result is a frame of Spark with the caller's columns and the answers, and decides when it is read."""
    rows = engine.make(as_columns(DEBT, [(GOOD, "FRR", 6000, True)]))

    decided = columns.assess(rows.withColumnRenamed("remaining", "Reste dû"), policy=POLICY, remaining="Reste dû")

    answers = [*zip(ANSWER, ["string", "int", "bigint", "bigint", "bigint"], strict=True)]
    kept = [("reference", "string"), ("kind", "string"), ("Reste dû", "bigint"), ("open_online", "boolean")]
    assert [*kept, *answers] == decided.dtypes
    assert {"code": ["PAYABLE"], "next_payment": [4400]} == {
        name: cells for name, cells in engine.read(decided).items() if name in {"code", "next_payment"}
    }


@pytest.mark.slow
def test_policy_of_row(engine: Engine) -> None:
    """Each row has the answer of the policy of its day and kind, and the comparison of two policies has both codes."""
    day, rows = date(2027, 1, 1), rows_by_policy(engine)

    decided = engine.read(columns.assess(with_days(engine, rows, day), policy=BY_DAY, day="day"))
    found = [*zip(*(decided[name] for name in (*ANSWER, "policy")), strict=True)]
    compared = engine.read(columns.compare(with_days(engine, rows, day), before=BY_DAY[0], after=BY_DAY[1:]))

    assert [] == differing(rows, [answer_by_policy(row, day) for row in rows], found)
    assert [answer(row, BY_DAY[0])[0] for row in rows] == compared["before"]
    assert decided["code"] == compared["after"]


@pytest.mark.slow
def test_no_rows(engine: Engine) -> None:
    """A frame without rows has the columns of the answers all the same."""
    decided = columns.assess(engine.make(as_columns(DEBT, [])), policy=POLICY)

    assert {name: [] for name in (*DEBT, *ANSWER)} == engine.read(decided)


@pytest.mark.slow
def test_types(engine: Engine) -> None:
    """A column of another type is refused and named."""
    rows = engine.make(as_columns(DEBT, [(GOOD, "FRR", 6000, True)]))
    wrong = [
        ("remaining", "double", "column remaining: expected whole cents"),
        ("remaining", "decimal(10, 0)", "column remaining: expected whole cents"),
        ("open_online", "string", "column open_online: expected booleans"),
    ]
    for name, dtype, found in wrong:
        with pytest.raises(InvalidValueError, match=found):
            columns.assess(rows.withColumn(name, rows[name].cast(dtype)), policy=POLICY)


@pytest.mark.slow
def test_widths(engine: Engine) -> None:
    """Amounts of fewer bits have the answers of the same amounts."""
    codes = {}
    for dtype, cents in (("tinyint", 100), ("smallint", 6000), ("int", 6000)):
        rows = engine.make(as_columns(DEBT, [(GOOD, "FRR", cents, True)]))
        decided = columns.assess(rows.withColumn("remaining", rows["remaining"].cast(dtype)), policy=POLICY)
        codes[dtype] = engine.read(decided)["code"]

    assert {"tinyint": ["BELOW_ONLINE_MINIMUM"], "smallint": ["PAYABLE"], "int": ["PAYABLE"]} == codes


@pytest.mark.slow
def test_euros(session: SparkSession, tmp_path: Path) -> None:
    """Every amount from 0.00 to 200.00 euros has the answer of its cents, in every spelling and type."""
    expected = columns.assess(pl.DataFrame(pl.from_arrow(debts_of(pa.array(CENTS)))), policy=POLICY)
    answers = expected.select("code", "payable_max", "next_payment").rows()

    for number, (name, column) in enumerate(COLUMNS.items()):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(debts_of(column).append_column("cents", pa.array(CENTS)), path)
        decided = columns.assess(session.read.parquet(str(path)), policy=POLICY, unit="euros").toArrow()
        found = decided.sort_by("cents").select(["code", "payable_max", "next_payment"]).to_pydict()
        rows = zip(*found.values(), strict=True)
        assert (name, []) == (name, [each for each in zip(CENTS, answers, rows, strict=True) if each[1] != each[2]][:3])


@pytest.mark.slow
def test_spellings(session: SparkSession, tmp_path: Path) -> None:
    """Booleans, nulls, decimals with a fraction of a cent, and floats have the answers of the other engines."""
    rows: list[tuple[str, str, Decimal | None, float | None, str]] = [
        ("60,00", "VRAI", Decimal("60.00000000"), 60.0, "PAYABLE"),
        ("-5,00", "oui", Decimal("-0.00000001"), 0.1 + 0.2, "INPUT_INVALID"),
        ("1.234", "t", Decimal("60.00000001"), 1e15, "INPUT_INVALID"),
        (r"\N", "1", None, float("nan"), "INPUT_MISSING"),
        ("0", "FAUX", Decimal(0), 0.0, "REFERENCE_NOT_OPEN"),
    ]
    texts, words, exact, floats, codes = map(list, zip(*rows, strict=True))
    for number, column in enumerate([pa.array(texts), pa.array(exact, pa.decimal128(38, 8)), pa.array(floats)]):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(debts_of(column, pa.array(words)).append_column("n", pa.array(range(5))), path)
        given = session.read.parquet(str(path))

        decided = columns.assess(given, policy=POLICY, unit="euros", booleans=columns.BOOLEANS, nulls=columns.NULLS)

        assert codes == decided.toArrow().sort_by("n")["code"].to_pylist()


@pytest.mark.slow
def test_written_by_the_command(session: SparkSession, tmp_path: Path) -> None:
    """Spark, DuckDB and pandas read the enumeration of the command as its text."""
    rows = debts(POLICY, ENGINES["Polars"])
    polars(as_columns(DEBT, rows)).write_parquet(tmp_path / "in.parquet")
    assess_file(tmp_path / "in.parquet", tmp_path / "out", policy=POLICY)
    expected = [answer(row, POLICY)[0] for row in rows]

    path = tmp_path / "out" / "part-00000.parquet"
    assert expected == session.read.parquet(str(path)).toArrow()["code"].to_pylist()
    assert expected == [code for (code,) in duckdb.read_parquet(str(path)).select("code").fetchall()]
    assert expected == pd.read_parquet(path)["code"].to_list()


@pytest.mark.slow
@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1024]"])
def test_example(tmp_path: Path, master: str) -> None:
    """The example for clusters gives the same answers on threads and on a cluster of two workers, each a JVM."""
    demand_java()
    rows = debts(POLICY, ENGINES["Polars"])
    given, decided = tmp_path / "debts.parquet", tmp_path / "decided"
    polars(as_columns(DEBT, rows)).write_parquet(given)
    submit = Path(sys.executable).with_name("spark-submit")
    settings = [word for name, value in SETTINGS.items() for word in ("--conf", f"{name}={value}")]
    command: list[str | Path] = [submit, "--master", master, *settings, EXAMPLE, given, decided]
    places = {"SPARK_HOME": str(Path(pyspark.__file__).parent), "SPARK_WORKER_DIR": str(tmp_path / "work")}
    env = {**os.environ, **places, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}

    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)  # noqa: S603 - our own words

    found = pq.read_table(decided).to_pydict()
    answers = [*zip(*(found[name] for name in ANSWER), strict=True)]
    assert [] == differing(rows, [answer(row, POLICY) for row in rows], answers)
    assert [f"{code} {found['code'].count(code)}" for code in sorted({*found["code"]})] == done.stdout.splitlines()
