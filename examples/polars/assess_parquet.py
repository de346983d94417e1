"""Decide the debts of Parquet files with Polars: ``python examples/polars/assess_parquet.py DEBTS DECIDED``.

DEBTS is a file or a pattern such as ``debts/*.parquet``, with the columns ``reference``, ``kind``, ``remaining`` (whole
cents) and ``open_online``; DECIDED is the file that receives all columns and the answers.  Rows stream through: nothing
is ever held whole, whatever the size.  It needs ``pip install 'creance-pay[batch]'``.
"""

import sys

import polars as pl

from creance_pay.rules import columns, policy_named


def main(debts: str, decided: str) -> None:
    """Decide, write, and say how many rows had which code."""
    columns.assess(pl.scan_parquet(debts), policy=policy_named("ameli-2019-11")).sink_parquet(decided)
    counts = pl.scan_parquet(decided).group_by("code").len().sort("code").collect()
    for code, count in counts.rows():
        print(code, count)


if __name__ == "__main__":
    main(*sys.argv[1:])
