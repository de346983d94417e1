"""Decide the debts of Parquet files with Polars: ``python examples/polars/assess_parquet.py DEBTS DECIDED``.

DEBTS is a file or a pattern such as ``debts/*.parquet``, with the columns ``reference``, ``kind``, ``remaining`` (whole
cents) and ``open_online``.  DECIDED is the file to write, with all columns and the columns of the decision.  Rows are
streamed: memory does not depend on the size.  Install ``'creance-pay[batch]'`` first.
"""

import sys

import polars as pl

from creance_pay.rules import columns, policy_named


def main(debts: str, decided: str) -> None:
    """Decide the rows, write them, and print the number of rows of each code."""
    columns.assess(pl.scan_parquet(debts), policy=policy_named("ameli-2019-11")).sink_parquet(decided)
    counts = pl.scan_parquet(decided).group_by("code").len().sort("code").collect()
    for code, count in counts.rows():
        print(code, count)


if __name__ == "__main__":
    main(*sys.argv[1:])
