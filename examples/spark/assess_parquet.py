"""Decide the debts of Parquet files on a Spark cluster: ``spark-submit assess_parquet.py DEBTS DECIDED``.

DEBTS is a path that Spark reads as Parquet, with the columns ``reference``, ``kind``, ``remaining`` (whole cents) and
``open_online``.  DECIDED is the folder to create, with all columns and the columns of the decision.

Only the driver needs this library: install ``'creance-pay[spark]'`` there.  The executors run Spark's own expressions,
no Python.
"""

import sys

from pyspark.sql import SparkSession

from creance_pay.rules import columns, policy_named


def main(debts: str, decided: str) -> None:
    """Decide the rows, write them, and print the number of rows of each code."""
    session = SparkSession.builder.appName("creance-pay").getOrCreate()
    rows = columns.assess(session.read.parquet(debts), policy=policy_named("ameli-2019-11"))
    rows.write.parquet(decided)
    counts = session.read.parquet(decided).groupBy("code").count().orderBy("code").collect()
    for code, count in counts:
        print(code, count)
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
