"""Measure the decision of millions of debts, Parquet to Parquet: part of ``python3 dev.py bench``.

The bound reads every cell and writes the same number of cells as the rules, without rules.  Each contender runs in a
process of its own, in turns.  The result is the best round of CPU time of all threads, from the first read to the last
write, without imports.  The outputs are compared first: the count of each code, and the sum of each number.
"""

import argparse
import json
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from rounds import demand, machine, publish, table

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.batch import assess_file
from creance_pay.codes import Reason
from creance_pay.errors import InvalidReferenceError
from creance_pay.rules import assess, columns, plan, policy_named

POLICY = policy_named("ameli-2019-11")
LEAST, MOST = POLICY.online_min.cents, POLICY.online_max_per_payment.cents
KINDS = tuple(kind.value for kind in POLICY.open_debt_kinds)
NAMES = {name: name for name in ("reference", "kind", "remaining", "open_online")}
NUMBERS = ("reasons", "payable_min", "payable_max", "next_payment")
# The tests in their order, each with the SQL condition of its failure.
FAILS = {
    Reason.INPUT_MISSING: "reference is null or kind is null or remaining is null or open_online is null",
    Reason.INPUT_INVALID: "coalesce(remaining, 0) < 0",
    Reason.REFERENCE_BAD_FORMAT: r"not regexp_matches(coalesce(reference, '0000000000000000A'),"
    rf" '\A *{'[0-9] *' * 16}[A-Za-z] *\z')",
    Reason.REFERENCE_NOT_OPEN: "not coalesce(open_online, true)",
    Reason.KIND_NOT_OPEN: f"coalesce(kind, 'FRR') not in {KINDS}",
    Reason.NOTHING_DUE: f"coalesce(remaining, {MOST}) = 0",
    Reason.BELOW_ONLINE_MINIMUM: f"coalesce(remaining, {MOST}) between 0 and {LEAST - 1}",
}
CHUNK = 500_000
CSV_SCHEMA = {
    "id": pl.Int64(), "reference": pl.String(), "kind": pl.String(), "remaining": pl.Int64(),
    "open_online": pl.Boolean(),
}  # fmt: skip


def make(path: Path, rows: int) -> None:
    """Write synthetic debts: about 40 % payable, the others with every fault of a row."""
    chance = np.random.default_rng(20_261_123)

    def part(start: int) -> pl.DataFrame:
        count = min(2_000_000, rows - start)
        text = [chance.integers(low, high, count) for low, high in ((11, 975), (1, 367), (0, 10**8))]
        return pl.DataFrame({
            "id": np.arange(start, start + count),
            "caisse": text[0],
            "day": text[1],
            "number": text[2],
            "odd": chance.integers(0, 20, count),
            "kind": np.array(["FRR", "FRR", "PFR", "PFR", "PFR", "IND"])[chance.integers(0, 6, count)],
            "remaining": chance.integers(0, 12_000, count),
            "open_online": chance.integers(0, 10, count) > 0,
        }).select(
            "id",
            reference=pl.concat_str(
                pl.col("caisse").cast(pl.String).str.zfill(3),
                pl.lit("17"),
                pl.col("day").cast(pl.String).str.zfill(3),
                pl.when(pl.col("odd") < 2).then(pl.lit(" ")).otherwise(pl.lit("")),  # noqa: PLR2004 - a tenth
                pl.col("number").cast(pl.String).str.zfill(8),
                pl.when(pl.col("odd") == 2).then(pl.lit("f")).when(pl.col("odd") == 3)  # noqa: PLR2004 - a twentieth
                .then(pl.lit("")).otherwise(pl.lit("F")),
            ),
            kind=pl.when(pl.col("number") % 50 > 0).then(pl.col("kind")),
            remaining=pl.when(pl.col("number") % 70 > 0).then(pl.col("remaining")),
            open_online="open_online",
        )  # fmt: skip

    pl.concat([part(start) for start in range(0, rows, 2_000_000)]).write_parquet(path)


def copied(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Read every cell, and add the same number of cells as the rules, without rules."""
    due = pl.col("remaining").fill_null(0)
    return rows.with_columns(
        code=pl.lit("PAYABLE"),
        reasons=pl.col("reference").str.len_bytes().fill_null(0).cast(pl.Int32),
        payable_min=pl.lit(LEAST, pl.Int64),
        payable_max=due,
        next_payment=due + pl.col("open_online"),
    )


def bound(source: Path, target: Path) -> None:
    """Copy without rules, by Polars' default compression."""
    copied(pl.scan_parquet(source)).sink_parquet(target)


def bound_1(source: Path, target: Path) -> None:
    """Copy without rules, by the compression of the command."""
    copied(pl.scan_parquet(source)).sink_parquet(target, compression_level=1)


def bound_cells(source: Path, target: Path) -> None:
    """Copy rows that are decided already: the same cells are written, and more are read."""
    pl.scan_parquet(decided(source)).sink_parquet(target, compression_level=1)


def decided(source: Path) -> Path:
    """Return the file of the decided rows of a source."""
    return source.with_suffix(".decided")


def job(source: Path, target: Path) -> None:
    """Decide as the command does, in parts."""
    assess_file(source, target, policy=POLICY)


def one_sink(source: Path, target: Path) -> None:
    """Decide by the columns, in one query."""
    columns.assess(pl.scan_parquet(source), policy=POLICY).sink_parquet(target)


def enum_sink(source: Path, target: Path) -> None:
    """Decide by the columns, in one query, with the code as an enumeration."""
    columns.assess(pl.scan_parquet(source), policy=POLICY, enum=True).sink_parquet(target)


def enum_sink_1(source: Path, target: Path) -> None:
    """Decide by the columns, with the code as an enumeration, by the compression of the command."""
    columns.assess(pl.scan_parquet(source), policy=POLICY, enum=True).sink_parquet(target, compression_level=1)


def csv_job(source: Path, target: Path) -> None:
    """Decide CSV to CSV as the command does, with rejects."""
    assess_file(source.with_suffix(".csv"), target.with_suffix(".csv"), policy=POLICY)


def csv_by_hand(source: Path, target: Path) -> None:
    """Decide CSV to CSV by the columns on Polars, without rejects."""
    rows = pl.scan_csv(source.with_suffix(".csv"), schema=CSV_SCHEMA)
    columns.assess(rows, policy=POLICY).sink_csv(target.with_suffix(".csv"))


def by_hand(source: Path, target: Path) -> None:
    """Decide in Polars written by hand for this policy and this engine."""
    text, kind, open_online = pl.col("reference"), pl.col("kind"), pl.col("open_online").fill_null(value=True)
    due = pl.col("remaining").fill_null(MOST)
    fails = {
        Reason.INPUT_MISSING: pl.any_horizontal(pl.col(*NAMES).is_null()),
        Reason.INPUT_INVALID: due < 0,
        Reason.REFERENCE_BAD_FORMAT: ~text.fill_null("0" * 16 + "A").str.contains(rf"\A *{'[0-9] *' * 16}[A-Za-z] *\z"),
        Reason.REFERENCE_NOT_OPEN: ~open_online,
        Reason.KIND_NOT_OPEN: ~kind.fill_null(KINDS[0]).is_in(KINDS),
        Reason.NOTHING_DUE: due == 0,
        Reason.BELOW_ONLINE_MINIMUM: (due >= 0) & (due < LEAST),
    }
    word = pl.lit("PAYABLE")
    for reason, failed in reversed(fails.items()):
        word = pl.when(failed).then(pl.lit(reason.name)).otherwise(word)
    flags = pl.sum_horizontal(failed.cast(pl.Int32) * int(reason) for reason, failed in fails.items())
    kept = pl.when(due > MOST).then(LEAST + ((due + MOST - 1) // MOST - 2) * LEAST).otherwise(0)
    payable = pl.col("reasons") == 0
    pl.scan_parquet(source).with_columns(code=word, reasons=flags).with_columns(
        payable_min=pl.when(payable).then(pl.lit(LEAST, pl.Int64)),
        payable_max=pl.when(payable).then(pl.min_horizontal(due, MOST)),
        next_payment=pl.when(payable).then(pl.min_horizontal(due - kept, MOST)),
    ).sink_parquet(target)


def by_sql(source: Path, target: Path) -> None:
    """Decide in DuckDB, in SQL written by hand."""
    word = " ".join(f"when {test} then '{reason.name}'" for reason, test in FAILS.items())
    flags = " + ".join(f"case when {test} then {int(reason)} else 0 end" for reason, test in FAILS.items())
    kept = f"case when remaining > {MOST} then {LEAST} + ((remaining + {MOST - 1}) // {MOST} - 2) * {LEAST} else 0 end"
    answers = f"select *, case {word} else 'PAYABLE' end as code, ({flags})::integer as reasons from '{source}'"  # noqa: S608 - our own paths
    whole = f"""copy (select *, case when reasons = 0 then {LEAST}::bigint end as payable_min,
        case when reasons = 0 then least(remaining, {MOST}) end as payable_max,
        case when reasons = 0 then least(remaining - {kept}, {MOST}) end as next_payment from ({answers}))
        to '{target}' (format parquet, compression zstd)"""  # noqa: S608 - our own paths
    duckdb.sql(whole)


def on_duckdb(source: Path, target: Path) -> None:
    """Decide by the columns, in DuckDB."""
    decided = columns.assess(duckdb.read_parquet(str(source)), policy=POLICY)
    decided.write_parquet(str(target), compression="zstd")


def by_openfisca(source: Path, target: Path) -> None:
    """Decide by OpenFisca's vectors, in chunks, and write the codes of its numbers."""
    from openfisca_debts import decide  # noqa: PLC0415 - takes a second to load; only this contender needs it

    size, parts = pl.scan_parquet(source).select(pl.len()).collect().item(), []
    target.mkdir()
    for number, start in enumerate(range(0, size, CHUNK)):
        chunk = pl.scan_parquet(source).slice(start, CHUNK).collect()
        parts.append(target / f"{number:05}.parquet")
        decide(chunk).write_parquet(parts[-1])


def in_a_loop(source: Path, target: Path) -> None:
    """Decide row by row, by the rules on one debt."""
    rows = pl.read_parquet(source)
    answers = [answer(*row) for row in rows.select(*NAMES).iter_rows()]
    names = ("code", *NUMBERS)
    types = (pl.String, pl.Int32, pl.Int64, pl.Int64, pl.Int64)
    made = zip(names, zip(*answers, strict=True), types, strict=True)
    rows.with_columns(pl.Series(name, values, dtype) for name, values, dtype in made).write_parquet(target)


def answer(text: str | None, kind: str | None, remaining: int | None, open_online: bool | None) -> tuple[object, ...]:  # noqa: FBT001 - cells
    """Decide one row; the faults of its cells come first."""
    faults = Reason(0)
    if text is None or kind is None or remaining is None or open_online is None:
        faults |= Reason.INPUT_MISSING
    try:
        reference = NoticeReference.parse(text or "0000000000000000A")
    except InvalidReferenceError:
        faults |= Reason.REFERENCE_BAD_FORMAT
        reference = NoticeReference.parse("0000000000000000A")
    cents = Euros(MOST if remaining is None else remaining)
    debt = Debt(
        reference=reference,
        kind=DebtKind(kind or "FRR"),
        initial=cents,
        remaining=cents,
        issued_on=reference.issued_on,
        open_online=open_online is not False,
    )
    verdict = assess(debt, policy=POLICY)
    reasons = verdict.reasons | faults
    if verdict.payable_min is None or verdict.payable_max is None or faults:
        return next(iter(reasons)).name, int(reasons), None, None, None
    return (
        str(verdict.code),
        0,
        verdict.payable_min.cents,
        verdict.payable_max.cents,
        plan(cents, policy=POLICY)[0].cents,
    )


try:
    OPENFISCA = f"OpenFisca-Core {version('openfisca-core')}, in chunks"
except PackageNotFoundError:  # the lock of the benchmarks has it
    OPENFISCA = "OpenFisca-Core, in chunks"

Contender = Callable[[Path, Path], None]
CONTENDERS: dict[str, Contender] = {
    "copy without rules, Polars": bound,
    "copy without rules, zstd 1": bound_1,
    "copy of the decided rows, zstd 1": bound_cells,
    "`creance-pay assess`, in parts, zstd 1": job,
    "`columns.assess` on Polars, one sink": one_sink,
    "`columns.assess(enum=True)` on Polars": enum_sink,
    "`columns.assess(enum=True)` on Polars, zstd 1": enum_sink_1,
    "`columns.assess` on Polars, CSV to CSV": csv_by_hand,
    "`creance-pay assess`, CSV to CSV": csv_job,
    "Polars by hand": by_hand,
    f"DuckDB {version('duckdb')}, SQL by hand": by_sql,
    "`columns.assess` on DuckDB": on_duckdb,
    OPENFISCA: by_openfisca,
    "`assess` in a loop": in_a_loop,
}
BOUNDS = {bound, bound_1, bound_cells}
# The loop takes minutes: it decides a fraction of the rows, and its time is multiplied.
SLOW = {"`assess` in a loop": 50}


def digest(path: Path) -> list[dict[str, object]]:
    """Return the number of rows and the sums of each code."""
    if path.with_suffix(".csv").exists():
        rows = pl.scan_csv(path.with_suffix(".csv"), infer_schema_length=None)
    else:
        rows = pl.scan_parquet(sorted(path.glob("*.parquet")) if path.is_dir() else path)
    rows = rows.with_columns(pl.col("code").cast(pl.String))
    sums = [pl.col(name).cast(pl.Int64).sum() for name in NUMBERS]
    crossed = (pl.col("id") % 1009 * pl.col("reasons")).sum().alias("crossed")
    return rows.group_by("code").agg(pl.len(), *sums, crossed).sort("code").collect().to_dicts()


def alone(name: str, source: Path, target: Path) -> None:
    """Run one contender in this process, and print its time and memory."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    CONTENDERS[name](source, target)
    after, end = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu": cpu, "wall": end - start, "memory": peak()}))


def peak() -> float:
    """Return the peak memory of this process, in MB; ``getrusage`` includes that of its parent."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


def run(name: str, folder: Path) -> dict[str, float]:
    """Run one contender in a process of its own."""
    slow = SLOW.get(name, 1)
    source, target = folder / f"in-{slow}.parquet", folder / "out"
    command = [sys.executable, __file__, "--alone", name, str(source), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "cpu": found["cpu"] * slow, "wall": found["wall"] * slow}


def clear(folder: Path) -> None:
    """Delete the output of a contender."""
    for path in folder.glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def measured(names: list[str], folder: Path, rounds: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the best round of each contender."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            if name not in SLOW or not found[name]:
                found[name].append(run(name, folder))
                clear(folder)
    for name, rows in found.items():
        yield name, {key: min(row[key] for row in rows) for key in rows[0]}


def check(names: list[str], folder: Path) -> None:
    """Compare the result of each contender with that of the command."""
    for slow in {SLOW.get(name, 1) for name in names}:
        source = folder / f"in-{slow}.parquet"
        job(source, folder / "out")
        expected = digest(folder / "out")
        clear(folder)
        for name in names:
            if CONTENDERS[name] not in BOUNDS and SLOW.get(name, 1) == slow:
                CONTENDERS[name](source, folder / "out")
                demand(digest(folder / "out") == expected, name)
                clear(folder)


def main() -> None:
    """Check, measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure the decision of millions of debts.")
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=int, help="the number of contenders; the bound is the first")
    parser.add_argument("--title", help="the title of the section, if it is not that of all contenders")
    options = parser.parse_args()
    if options.alone:
        name, source, target = options.alone
        alone(name, Path(source), Path(target))
        return
    names = list(CONTENDERS)[: options.only]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for slow in {SLOW.get(name, 1) for name in names}:
            source = folder / f"in-{slow}.parquet"
            make(source, options.rows // slow)
            if any("CSV" in name for name in names):
                pl.scan_parquet(source).sink_csv(source.with_suffix(".csv"))
            enum_sink_1(source, decided(source))
        check(names, folder)
        results = dict(measured(names, folder, options.rounds))
    bounds = [results[name]["cpu"] for name in names if CONTENDERS[name] in BOUNDS]
    rows = [
        (f"{options.rows:,}", name, f"{each['cpu']:.2f}", *(f"{each['cpu'] / bound:.2f}" for bound in bounds),
         f"{each['wall']:.2f}", "" if name in SLOW else f"{each['memory']:.0f}")
        for name, each in results.items()
    ]  # fmt: skip
    publish(
        options.title or f"{options.rows:,} debts, Parquet to Parquet",
        [
            f"CPU seconds, the best of {options.rounds} rounds in turns, each in a process of its own.",
            f"Machine: {machine()}; Polars {version('polars')}, Narwhals {version('narwhals')}.",
            f"Command: `benchmarks/batch.py {' '.join(map(shlex.quote, sys.argv[1:]))}`.",
            "Results were compared first.  *Times A*, *B*, *C*: the CPU time divided by that of the first three rows.",
            *(f"{name} decided {1 / slow:.0%} of the rows, once." for name, slow in SLOW.items() if name in names),
            "",
            *table(
                (
                    "debts",
                    "contender",
                    "CPU s",
                    *(f"times {letter}" for letter in "ABC"[: len(bounds)]),
                    "wall s",
                    "peak MB",
                ),
                rows,
            ),
        ],
    )


if __name__ == "__main__":
    main()
