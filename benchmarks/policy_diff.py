"""Measure the comparison of two policies over millions of debts: part of ``python3 dev.py bench``.

The bound copies the file, without a rule.  Each contender runs in this process, in turns; the result is the best round
of CPU time of all threads.
"""

import argparse
import tempfile
from importlib.metadata import version
from pathlib import Path

import attrs
import numpy as np
import polars as pl
from rounds import best, machine, publish, table

from creance_pay import DebtKind, Euros
from creance_pay.batch.changes import Change, count_changes
from creance_pay.rules import policy_named
from creance_pay.rules.comparison import compare

BEFORE = policy_named("ameli-2019-11")
AFTER = attrs.evolve(
    BEFORE,
    online_min=Euros(1000),
    notice_band_min=Euros(3000),
    notice_band_max=Euros(20_000),
    open_debt_kinds=["PFR", "FRR", "IND"],
)
NAMES = {name: name for name in ("reference", "kind", "remaining", "open_online")}
CHUNK = 2_000_000


def make(path: Path, rows: int) -> None:
    """Write synthetic debts of three kinds, with a person each."""
    chance = np.random.default_rng(20_261_126)

    def part(count: int) -> pl.DataFrame:
        caisse, day, number, person = (chance.integers(0, high, count) for high in (975, 366, 10**8, rows // 2 + 1))
        digits = pl.concat_str(
            pl.Series(11 + caisse).cast(pl.String).str.zfill(3),
            pl.lit("17"),
            pl.Series(1 + day).cast(pl.String).str.zfill(3),
            pl.Series(number).cast(pl.String).str.zfill(8),
            pl.lit("F"),
        )
        return pl.DataFrame({
            "kind": np.array(["FRR", "FRR", "PFR", "PFR", "IND"])[chance.integers(0, 5, count)],
            "remaining": chance.integers(0, 12_000, count),
            "open_online": chance.integers(0, 10, count) > 0,
            "debtor": person,
        }).with_columns(
            reference=digits, debtor=pl.concat_str(pl.lit("person-"), pl.col("debtor").cast(pl.String))
        )  # fmt: skip

    parts = [part(min(CHUNK, rows - start)) for start in range(0, rows, CHUNK)]
    pl.concat(parts).write_parquet(path)


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure the comparison of two policies over millions of debts.")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place) / "debts.parquet", Path(place) / "copy.parquet"
        make(source, options.rows)

        def counted(debtor: str | None) -> list[Change]:
            """Count the changes, and the people where a column identifies them."""
            return count_changes(source, before=BEFORE, after=AFTER, names=NAMES, debtor=debtor)

        found = best(
            {
                "copy without rules, Polars": lambda: pl.scan_parquet(source).sink_parquet(target),
                "`creance-pay policy diff`, debts and euros": lambda: counted(None),
                "`creance-pay policy diff`, debts, people and euros": lambda: counted("debtor"),
                "the regions of three kinds, without a file": lambda: [
                    compare(BEFORE, AFTER, kind=kind) for kind in (DebtKind.PFR, DebtKind.FRR, DebtKind.IND)
                ],
            },
            options.rounds,
            1,
        )
        changes = counted("debtor")
    first = found["copy without rules, Polars"]
    rows = [(f"{options.rows:,}", name, f"{spent / 1e6:.2f}", f"{spent / first:.2f}") for name, spent in found.items()]
    whole, *parts = (
        f"{each.debts:,} debts, {each.people:,} people, {each.remaining} EUR: "
        + (f"{each.before} to {each.after}." if each.before else "all that change.")
        for each in changes
    )
    publish(
        "Two policies over a file of debts",
        [
            f"CPU seconds, the best of {options.rounds} rounds in turns.",
            f"Machine: {machine()}; Polars {version('polars')}.",
            "*Times the copy* is the row's CPU time divided by that of a copy of the file.",
            "",
            *table(("debts", "contender", "CPU s", "times the copy"), rows),
            "",
            *(f"- {line}" for line in (whole, *parts)),
        ],
    )


if __name__ == "__main__":
    main()
